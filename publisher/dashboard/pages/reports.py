"""The report for an OOGO: a page on which readers choose topics, and the PDF that follows."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from publisher.api.answers import answer
from publisher.dashboard.findings import Findings
from publisher.dashboard.language import _, msg, spoken
from publisher.dashboard.pages.problems import none_yet, unknown_unit
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.reports.contents import KINDS, make_report, offered, wanted_of
from publisher.dashboard.site import Site
from publisher.dashboard.units import UnitKind
from publisher.downloads.cache import Cache
from shared.errors import BusyError

PDF = "application/pdf"
_TITLE = msg("Rapport voor overleg")
_REPORTS_KEPT = 32
_WAIT_SECONDS = 20.0
_MOST_ASKED = 50


class Printer:
    """Makes reports one at a time and keeps the last ones.

    A report takes seconds of a processor. Who asks while others are being made waits a while,
    and is then asked to come back; pages do not become slow by it.
    """

    def __init__(self) -> None:
        self._kept: Cache[Hashable, bytes] = Cache(_REPORTS_KEPT)
        self._one_at_a_time = Lock()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """What was made for ``key``, or what ``make`` makes when it is its turn.

        Raises:
            BusyError: ``report-busy``.
        """
        return self._kept.get(key, lambda: self._made(make))

    def _made(self, make: Callable[[], bytes]) -> bytes:
        if not self._one_at_a_time.acquire(timeout=_WAIT_SECONDS):
            raise BusyError(
                "report-busy",
                "expected to make one report at a time, found others waiting",
                hint="ask again in a minute",
            )
        try:
            return make()
        finally:
            self._one_at_a_time.release()


def routes(site: Site) -> APIRouter:
    """The addresses of the choice and of the report, for each kind of area."""
    router, printer = APIRouter(), Printer()
    for kind in KINDS:
        _add(router, site, printer, kind)
    return router


def _add(router: APIRouter, site: Site, printer: Printer, kind: UnitKind) -> None:
    @router.get(f"/{kind.path}/{{unit}}/oogo", name=f"{kind.path}-report-choice")
    def choice(request: Request, unit: str) -> Response:
        """Which topics the report can have."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, kind.section, site)
        if unit not in findings.units(kind.level):
            return unknown_unit(request, kind)
        key = ("report-choice", kind.path, unit)
        return reply(request, site.page(findings, key, lambda: _choice(findings, kind, unit)))

    @router.get(f"/{kind.path}/{{unit}}/oogo.pdf", name=f"{kind.path}-report")
    def report(
        request: Request, unit: str, onderwerp: Annotated[list[str] | None, Query()] = None
    ) -> Response:
        """The report about the latest release."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, kind.section, site)
        if unit not in findings.units(kind.level):
            return unknown_unit(request, kind)
        wanted = wanted_of(findings, kind, unit, (onderwerp or ())[:_MOST_ASKED])
        release, notes = findings.release, site.notes()
        key = (spoken().code, release.sha256, release.state, wanted, notes)
        pdf = printer.get(key, lambda: make_report(findings, wanted, notes))
        name = f"oogo-{unit}-{findings.manifest.release_id}-{spoken().code}.pdf"
        return answer(request, pdf, PDF, file_name=name)


def _choice(findings: Findings, kind: UnitKind, unit: str) -> bytes:
    name = kind.title(findings.units(kind.level)[unit])
    own = kind.address(unit)
    crumbs = (HOME, Crumb(kind.list_label, kind.section), Crumb(name, own))
    return render(
        "report_choice.html",
        Page(_(_TITLE), kind.section, crumbs, findings.manifest, f"{own}/oogo"),
        name=name,
        action=f"{own}/oogo.pdf",
        topics=offered(findings, kind, unit),
    )
