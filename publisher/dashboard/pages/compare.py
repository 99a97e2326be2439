"""Up to five units of any kind beside each other."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import ChartImage, Origin, image_of, origin_of, subject_of
from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.chosen import MOST_UNITS, SEPARATOR, Chosen, chosen_of, names_of
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
from publisher.dashboard.units import UNIT_KINDS
from shared.reference import Level

_TITLE = msg("Vergelijken")
_HREF = "/vergelijken"
_MOST_ASKED = 100


def routes(site: Site) -> APIRouter:
    """The address of the comparison."""
    router = APIRouter()

    @router.get(_HREF)
    def compare(request: Request, kies: Annotated[list[str] | None, Query()] = None) -> Response:
        """The chosen units; the first five where more are chosen, none where none is known."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, _HREF, site)
        known = chosen_of(findings, (kies or ())[:_MOST_ASKED])
        view = (known[:MOST_UNITS], len(known) > MOST_UNITS)
        key = ("compare", *view)
        return reply(request, site.page(findings, key, lambda: _html(findings, *view)))

    return router


def _html(findings: Findings, chosen: tuple[Chosen, ...], too_many: bool) -> bytes:
    query = urlencode([("kies", each.text) for each in chosen])
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
        chosen=[each.text for each in chosen],
        units=[
            (name, each.kind.address(each.unit))
            for name, each in zip(names_of(findings, chosen), chosen, strict=True)
        ],
        most=MOST_UNITS,
        too_many=too_many,
        tables=_tables(findings, chosen) if chosen else [],
        chart=_chart(findings, chosen) if chosen else None,
    )


def _chart(findings: Findings, chosen: tuple[Chosen, ...]) -> ChartImage | None:
    units = SEPARATOR.join(each.text for each in chosen)
    return image_of(findings, ChartKey(ChartKind.BESIDE, MAIN_TABLE, RATE, Level.REGION, units))


def _tables(findings: Findings, chosen: tuple[Chosen, ...]) -> list[tuple[SeriesTable, Origin]]:
    """Rates over the periods, then every topic in the last one; a unit is a column."""
    names = names_of(findings, chosen)
    rate = Part(MAIN_TABLE, (RATE,))
    tables = [(_over_periods(findings, chosen, names), origin_of(findings, rate))]
    for topic in TOPICS:
        for part in topic.parts:
            if part.table in findings.shelves and (rows := _rows(findings, chosen, part)):
                caption = f"{subject_of(findings, topic, part)}, {period_words(findings.latest)}"
                table = SeriesTable(caption, _(part.by or topic.title), names, rows)
                tables.append((table, origin_of(findings, part)))
    return tables


def _over_periods(
    findings: Findings, chosen: tuple[Chosen, ...], names: tuple[str, ...]
) -> SeriesTable:
    column = Column(MAIN_TABLE, RATE)
    rows = period_rows(
        findings,
        lambda period: tuple(
            figure_at(findings, each.kind.level, each.unit, column, period) for each in chosen
        ),
    )
    return SeriesTable(_("Leerlingen met jeugdhulp per 100 leerlingen"), _("Periode"), names, rows)


def _rows(findings: Findings, chosen: tuple[Chosen, ...], part: Part) -> tuple[SeriesRow, ...]:
    held = Part(part.table, _measures(findings, chosen, part), part.by)
    if not held.measures:
        return ()
    period = findings.latest.code
    return tuple(
        SeriesRow(
            column_heading(findings, column),
            tuple(
                figure_at(findings, each.kind.level, each.unit, column, period) for each in chosen
            ),
        )
        for column in columns_of(findings, held)
    )


def _measures(findings: Findings, chosen: tuple[Chosen, ...], part: Part) -> tuple[str, ...]:
    levels: set[Level] = {each.kind.level for each in chosen}
    return tuple(
        measure
        for measure in part.measures
        if any(findings.measures_of(part.table, level, (measure,)) for level in levels)
    )
