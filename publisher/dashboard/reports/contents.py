"""What stands in the report for an OOGO: one area, the chosen topics, and how to read them.

The report is for *op overeenstemming gericht overleg*, in which municipalities, school boards
and samenwerkingsverbanden have to agree. It is made of what pages are made of: released cells.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from publisher.dashboard.blocks import (
    MAIN_PART,
    ChartImage,
    Section,
    beside,
    has_low_coverage,
    key_figures,
    notes_within,
    origin_of,
    sections,
    trend_chart,
)
from publisher.dashboard.charts.data import ChartKey
from publisher.dashboard.charts.drawing import draw
from publisher.dashboard.charts.looks import LOOKS
from publisher.dashboard.charts.making import chart_data
from publisher.dashboard.findings import CLIENTS, MAIN_TABLE, RATE, Findings
from publisher.dashboard.language import _
from publisher.dashboard.pages.schools import school_table
from publisher.dashboard.rendering import Page, render
from publisher.dashboard.reports.printing import to_pdf
from publisher.dashboard.series import period_words, trend_table
from publisher.dashboard.topics import TOPICS, Column, Topic, held_parts
from publisher.dashboard.units import MUNICIPALITY, SWV_PO, SWV_VO, UnitKind
from publisher.dashboard.verdicts import development
from publisher.notes.shown import Notes

KINDS = (MUNICIPALITY, SWV_PO, SWV_VO)
"""The kinds of area that meet for an OOGO."""
ALWAYS = "gebruik"
"""The topic that every report begins with; readers choose among the others."""
_DRAWN = (Column(MAIN_TABLE, RATE), Column(MAIN_TABLE, CLIENTS))
_LOOK = "licht"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report that somebody asks for.

    Attributes:
        topics: ids of the chosen topics beside the first, in the order of the monitor.
    """

    kind: UnitKind
    unit: str
    topics: tuple[str, ...]


def offered(findings: Findings, kind: UnitKind, unit: str) -> tuple[Topic, ...]:
    """The topics that a report about an area can have beside the first."""
    return tuple(
        topic
        for topic in TOPICS
        if topic.id != ALWAYS and held_parts(findings, topic, kind.level, unit)
    )


def wanted_of(findings: Findings, kind: UnitKind, unit: str, chosen: Iterable[str]) -> Wanted:
    """A report of the chosen topics that the release has; of all, where none of them is known.

    One order and no topic twice, so that the same choice is always the same report.
    """
    known = tuple(topic.id for topic in offered(findings, kind, unit))
    asked = set(chosen)
    return Wanted(kind, unit, tuple(each for each in known if each in asked) or known)


def make_report(findings: Findings, wanted: Wanted, notes: Notes) -> bytes:
    """The report as a tagged PDF, in the spoken language; of the notes those about the area."""
    kind, unit = wanted.kind, wanted.unit
    at = (kind.level, unit)
    name = kind.title(findings.name_of(*at) or unit)
    title = _("Jeugdhulp en onderwijs: {name}", name=name)
    parts = sections(findings, *at, wanted.topics)
    chart = trend_chart(findings, *at, _DRAWN)
    codes = findings.schools_in(*at)
    html = render(
        "report.html",
        Page(title, kind.section, manifest=findings.manifest),
        kind=kind,
        release=findings.release,
        when=period_words(findings.latest),
        key_figures=key_figures(findings, *at),
        beside=beside(findings, *at),
        development=development(findings, *at),
        low_coverage=has_low_coverage(findings, *at),
        chart=chart,
        trend=trend_table(
            findings, *at, _("Leerlingen met jeugdhulp: {name}, per periode", name=name)
        ),
        origin=origin_of(findings, MAIN_PART, *at),
        sections=parts,
        schools=school_table(findings, codes) if codes else None,
        notes=notes_within(findings, notes, *at),
        image_name=_name,
    )
    return to_pdf(html.decode(), _drawn(findings, _charts(parts, chart)))


def _charts(parts: tuple[Section, ...], first: ChartImage | None) -> list[ChartImage]:
    others = (image for part in parts for _table, image, _origin in part.shown)
    return [image for image in (first, *others) if image is not None]


def _name(image: ChartImage) -> str:
    """What the document calls an image: its place among the charts of a release."""
    return image.looks[_LOOK]


def _drawn(findings: Findings, images: list[ChartImage]) -> dict[str, bytes]:
    return {_name(image): _draw(findings, image.key) for image in images}


def _draw(findings: Findings, key: ChartKey) -> bytes:
    data = chart_data(findings, key)
    assert data is not None, "a page has an image only where there is something to draw"
    return draw(data, LOOKS[_LOOK])
