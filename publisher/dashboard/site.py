"""What all pages share: the reader, the findings of a release, and what was made from them."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from publisher.api.lookup import SHOWN_STATES
from publisher.context.shown import Context
from publisher.dashboard.charts.data import ChartKey
from publisher.dashboard.charts.drawing import draw, draw_slide
from publisher.dashboard.charts.looks import LOOKS
from publisher.dashboard.charts.making import chart_data
from publisher.dashboard.findings import Findings
from publisher.dashboard.governance import Governance
from publisher.dashboard.language import spoken
from publisher.downloads.cache import Cache
from publisher.notes.shown import Notes
from publisher.released import Release, ReleaseReader
from shared.reference import Reference

ReferenceOf = Callable[[Release], Reference | None]
"""Finds the public reference bundle that a release pins; None where it is not at hand."""
GovernanceNow = Callable[[], Governance | None]
"""Reads what is declared about the processing; None where it is not at hand."""

ContextNow = Callable[[], Context]
"""Reads what was imported from elsewhere."""
NotesNow = Callable[[], Notes]
"""Reads the notes that the publisher keeps beside its releases."""

_DRAWERS = {"svg": draw, "png": draw_slide}
_RELEASES_KEPT = 4
_CHARTS_KEPT = 1024
_PAGES_KEPT = 512


class Site:
    """The releases behind the pages, with what was made from them kept in memory."""

    def __init__(
        self,
        reader: ReleaseReader,
        reference_of: ReferenceOf,
        governance: GovernanceNow,
        context: ContextNow,
        notes: NotesNow,
    ) -> None:
        self.reader = reader
        self.governance = governance
        self.context = context
        self.notes = notes
        self._reference_of = reference_of
        self._findings: Cache[tuple[str, str], Findings] = Cache(_RELEASES_KEPT)
        self._pages: Cache[tuple[str, str, str, Hashable], bytes] = Cache(_PAGES_KEPT)
        self._charts: Cache[tuple[str, str, ChartKey, str, str], bytes | None] = Cache(_CHARTS_KEPT)

    def latest(self) -> Findings | None:
        """The findings that pages show, or None while nothing is published."""
        release = self.reader.latest()
        return None if release is None else self.findings(release)

    def shown(self, release_id: str) -> Findings | None:
        """The findings of a release whose figures may be read, or None."""
        release = self.reader.find(release_id)
        if release is None or release.state not in SHOWN_STATES:
            return None
        return self.findings(release)

    def findings(self, release: Release) -> Findings:
        """A release arranged for looking things up."""
        return self._findings.get(
            (release.sha256, release.state),
            lambda: Findings(release, self._reference_of(release)),
        )

    def page(self, findings: Findings, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """A page about a release: what was made for ``key`` before, or what ``make`` makes now."""
        release = findings.release
        return self._pages.get((spoken().code, release.sha256, release.state, key), make)

    def chart(self, release_id: str, key: ChartKey, look: str, suffix: str) -> bytes | None:
        """A chart as an image, or None where there is nothing to draw or nothing may be shown."""
        findings = self.shown(release_id)
        if findings is None or look not in LOOKS or suffix not in _DRAWERS:
            return None

        def make() -> bytes | None:
            data = chart_data(findings, key)
            return None if data is None else _DRAWERS[suffix](data, LOOKS[look])

        return self._charts.get((spoken().code, findings.release.sha256, key, look, suffix), make)
