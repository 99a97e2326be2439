"""Any released table at any level: the figures as they are, with their address and files.

With a release in its address the page is a permanent reference: it shows that release and no
other, whatever is published after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import origin_of, permalink
from publisher.dashboard.findings import MOST_CATEGORIES, Findings
from publisher.dashboard.language import _, msg
from publisher.dashboard.pages.problems import empty, gone, none_yet
from publisher.dashboard.rendering import HOME, Page, render, reply
from publisher.dashboard.series import (
    SeriesRow,
    SeriesTable,
    column_heading,
    figure_at,
    nobody_counts,
    period_rows,
    period_words,
    turned,
)
from publisher.dashboard.site import Site
from publisher.dashboard.topics import Column, Part, split_by
from publisher.dashboard.units import kind_of, title_of
from publisher.dashboard.words import capital, heading_of
from publisher.downloads.words import LEVEL_WORDS
from shared.contract.periods import Period
from shared.reference import Level

_TITLE = msg("Alle cijfers verkennen")
_HREF = "/verkennen"
_ROWS_SHOWN = 400
"""A page stays small; the files have every row."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to show of a release; every part is one that the release has."""

    table: str
    measure: str
    level: Level
    unit: str
    period: Period


def routes(site: Site) -> APIRouter:
    """The address of the page."""
    router = APIRouter()

    @router.get(_HREF)
    def explore(
        request: Request,
        uitgave: str = "",
        tabel: str = "",
        maat: str = "",
        niveau: str = "",
        eenheid: str = "",
        periode: str = "",
    ) -> Response:
        """A table of a release: units by category, or the periods of one unit."""
        findings = site.shown(uitgave) if uitgave else site.latest()
        if findings is None:
            return gone(request, site, uitgave) if uitgave else none_yet(request, _HREF, site)
        if not any(shelf.units for shelf in findings.shelves.values()):
            return empty(request, _HREF)
        choice = _choice(findings, tabel, maat, niveau, eenheid, periode)
        key = ("explore", bool(uitgave), choice)
        html = site.page(findings, key, lambda: _html(findings, choice, pinned=bool(uitgave)))
        return reply(request, html)

    return router


def _choice(
    findings: Findings, table: str, measure: str, level: str, unit: str, period: str
) -> Choice:
    """The nearest choice that the release has: what is unknown is its first."""
    filled = {id_: shelf for id_, shelf in findings.shelves.items() if shelf.units}
    shelf = filled.get(table) or next(iter(filled.values()))
    levels = list(shelf.units)
    first = Level.MUNICIPALITY if Level.MUNICIPALITY in levels else levels[0]
    at = next((each for each in levels if each == level), first)
    measures = list(shelf.measures[at])
    when = next((each for each in findings.periods if str(each.code) == period), findings.latest)
    return Choice(
        table=shelf.table.id,
        measure=measure if measure in measures else measures[0],
        level=at,
        unit=unit if unit in shelf.units[at] else "",
        period=when,
    )


def _html(findings: Findings, choice: Choice, *, pinned: bool) -> bytes:
    shelf, release_id = findings.shelves[choice.table], findings.manifest.release_id
    asked = {
        "uitgave": release_id if pinned else "", "tabel": choice.table, "maat": choice.measure,
        "niveau": choice.level.value, "eenheid": choice.unit, "periode": str(choice.period.code),
    }  # fmt: skip
    query = urlencode({name: value for name, value in asked.items() if value})
    table = _readable(
        _of_unit(findings, choice) if choice.unit else _of_level(findings, choice), choice.table
    )
    part = Part(choice.table, (choice.measure,))
    crumbs = (HOME,)
    return render(
        "explore.html",
        Page(_(_TITLE), _HREF, crumbs, findings.manifest, f"{_HREF}?{query}"),
        choice=choice,
        pinned=pinned,
        release_id=release_id,
        tables=[(id_, _(each.table.title)) for id_, each in findings.shelves.items()],
        measures=[(id_, heading_of(findings, id_)) for id_ in shelf.measures[choice.level]],
        levels=[(level.value, capital(_(LEVEL_WORDS[level]))) for level in shelf.units],
        units=[(unit, title_of(choice.level, name))
               for unit, name in shelf.units[choice.level].items()],
        periods=[(str(each.code), each.label) for each in findings.periods],
        table=table,
        rows_shown=_ROWS_SHOWN,
        total=len(shelf.units[choice.level]),
        origin=origin_of(findings, part, choice.level, choice.unit or None),
        permalink=permalink(release_id, choice.table, choice.level, choice.unit or None),
    )  # fmt: skip


def _readable(shown: SeriesTable, table: str) -> SeriesTable:
    """Many categories, such as providers, below each other: columns would run off the page."""
    columns = len(shown.headings)
    if columns > MOST_CATEGORIES + 1 and columns > len(shown.rows):
        return turned(shown, _(split_by(table)) or shown.name_heading)
    return shown


def _columns(findings: Findings, choice: Choice) -> tuple[Column, ...]:
    """The total and every category of the chosen measure."""
    codes = ("", *findings.categories_of(choice.table))
    return tuple(Column(choice.table, choice.measure, code) for code in codes)


def _headings(findings: Findings, columns: tuple[Column, ...]) -> tuple[str, ...]:
    if len(columns) == 1:
        return (column_heading(findings, columns[0]),)
    rest = (column_heading(findings, column) for column in columns[1:])
    return (capital(_("totaal")), *rest)


def _of_level(findings: Findings, choice: Choice) -> SeriesTable:
    columns, period = _columns(findings, choice), choice.period
    named = sorted(
        (title_of(choice.level, name), unit)
        for unit, name in findings.units(choice.level, choice.table).items()
    )
    return SeriesTable(
        _caption(findings, choice, period_words(period)),
        capital(_(LEVEL_WORDS[choice.level])),
        _headings(findings, columns),
        tuple(
            SeriesRow(
                name,
                tuple(
                    figure_at(findings, choice.level, unit, column, period.code)
                    for column in columns
                ),
            )
            for name, unit in named[:_ROWS_SHOWN]
        ),
    )


def _of_unit(findings: Findings, choice: Choice) -> SeriesTable:
    columns = _columns(findings, choice)
    name = title_of(choice.level, findings.units(choice.level, choice.table)[choice.unit])
    return SeriesTable(
        _caption(findings, choice, name),
        _("Periode"),
        _headings(findings, columns),
        period_rows(
            findings,
            lambda period: tuple(
                figure_at(findings, choice.level, choice.unit, column, period) for column in columns
            ),
            lambda period: nobody_counts(findings, choice.level, choice.unit, period),
        ),
    )


def _caption(findings: Findings, choice: Choice, last: str) -> str:
    title = _(findings.shelves[choice.table].table.title)
    measure = heading_of(findings, choice.measure)
    kind = kind_of(choice.level)
    of = _(kind.list_label).lower() if kind and not choice.unit else _(LEVEL_WORDS[choice.level])
    return f"{title} ({measure.lower()}): {of}, {last}"
