"""Up to five units of any kind beside each other."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import ChartImage, Origin, origin_of, subject_of, trend_chart
from publisher.dashboard.findings import MAIN_TABLE, RATE, Findings
from publisher.dashboard.language import _, msg
from publisher.dashboard.pages.problems import none_yet
from publisher.dashboard.rendering import HOME, Page, render, reply
from publisher.dashboard.series import (
    SeriesRow,
    SeriesTable,
    column_heading,
    figure_at,
    period_rows,
    period_words,
)
from publisher.dashboard.site import Site
from publisher.dashboard.topics import TOPICS, Column, Part, columns_of
from publisher.dashboard.units import UNIT_KINDS, UnitKind
from shared.reference import Level

MOST_UNITS = 5
_TITLE = msg("Vergelijken")
_HREF = "/vergelijken"

_Chosen = tuple[UnitKind, str]


def routes(site: Site) -> APIRouter:
    """The address of the comparison."""
    router = APIRouter()

    @router.get(_HREF)
    def compare(request: Request, kies: Annotated[list[str] | None, Query()] = None) -> Response:
        """The chosen units; the first five where more are chosen, none where none is known."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, _HREF, site)
        asked = tuple(dict.fromkeys(kies or ()))
        known = [found for each in asked[:100] if (found := _unit_of(findings, each))]
        chosen = tuple(known[:MOST_UNITS])
        view = (chosen, len(known) > MOST_UNITS)
        key = ("compare", tuple((kind.path, unit) for kind, unit in chosen), view[1])
        return reply(request, site.page(findings, key, lambda: _html(findings, *view)))

    return router


def _unit_of(findings: Findings, choice: str) -> _Chosen | None:
    """The unit of a choice such as ``school:01AB00``, or None where the release has none."""
    level, _colon, unit = choice.partition(":")
    for kind in UNIT_KINDS:
        if kind.level == level and unit in findings.units(kind.level):
            return kind, unit
    return None


def _html(findings: Findings, chosen: tuple[_Chosen, ...], too_many: bool) -> bytes:
    query = urlencode([("kies", f"{kind.level}:{unit}") for kind, unit in chosen])
    page = Page(
        _(_TITLE), _HREF, (HOME,), findings.manifest, f"{_HREF}?{query}" if query else _HREF
    )
    options = [
        (kind, sorted(((name, unit) for unit, name in findings.units(kind.level).items())))
        for kind in UNIT_KINDS
    ]
    return render(
        "compare.html",
        page,
        options=[(kind, named) for kind, named in options if named],
        chosen=[f"{kind.level}:{unit}" for kind, unit in chosen],
        units=[_name(findings, *each) for each in chosen],
        most=MOST_UNITS,
        too_many=too_many,
        tables=_tables(findings, chosen) if chosen else [],
        charts=_charts(findings, chosen),
    )


def _name(findings: Findings, kind: UnitKind, unit: str) -> tuple[str, str]:
    return kind.title(findings.units(kind.level)[unit]), kind.address(unit)


def _charts(findings: Findings, chosen: tuple[_Chosen, ...]) -> list[ChartImage]:
    column = (Column(MAIN_TABLE, RATE),)
    images = (trend_chart(findings, kind.level, unit, column) for kind, unit in chosen)
    return [image for image in images if image is not None]


def _tables(findings: Findings, chosen: tuple[_Chosen, ...]) -> list[tuple[SeriesTable, Origin]]:
    """Rates over the periods, then every topic in the last one; a unit is a column."""
    names = tuple(_name(findings, *each)[0] for each in chosen)
    rate = Part(MAIN_TABLE, (RATE,))
    tables = [(_over_periods(findings, chosen, names), origin_of(findings, rate))]
    for topic in TOPICS:
        for part in topic.parts:
            if part.table in findings.shelves and (rows := _rows(findings, chosen, part)):
                caption = f"{subject_of(findings, topic, part)}, {period_words(findings.latest)}"
                table = SeriesTable(caption, _(topic.title), names, rows)
                tables.append((table, origin_of(findings, part)))
    return tables


def _over_periods(
    findings: Findings, chosen: tuple[_Chosen, ...], names: tuple[str, ...]
) -> SeriesTable:
    column = Column(MAIN_TABLE, RATE)
    rows = period_rows(
        findings,
        lambda period: tuple(
            figure_at(findings, kind.level, unit, column, period) for kind, unit in chosen
        ),
    )
    return SeriesTable(_("Leerlingen met jeugdhulp per 100 leerlingen"), _("Periode"), names, rows)


def _rows(findings: Findings, chosen: tuple[_Chosen, ...], part: Part) -> tuple[SeriesRow, ...]:
    held = Part(part.table, _measures(findings, chosen, part), part.split)
    if not held.measures:
        return ()
    period = findings.latest.code
    return tuple(
        SeriesRow(
            column_heading(findings, column),
            tuple(figure_at(findings, kind.level, unit, column, period) for kind, unit in chosen),
        )
        for column in columns_of(findings, held)
    )


def _measures(findings: Findings, chosen: tuple[_Chosen, ...], part: Part) -> tuple[str, ...]:
    levels: set[Level] = {kind.level for kind, _unit in chosen}
    return tuple(
        measure
        for measure in part.measures
        if any(findings.measures_of(part.table, level, (measure,)) for level in levels)
    )
