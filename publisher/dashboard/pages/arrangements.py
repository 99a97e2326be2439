"""Arrangements: what was agreed, and its schools before and after beside comparable schools."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import (
    ChartImage,
    Origin,
    UnitTable,
    image_of,
    origin_of,
)
from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.findings import RATE, Findings
from publisher.dashboard.language import _, day, msg, number
from publisher.dashboard.pages.problems import none_yet, not_found
from publisher.dashboard.pages.schools import school_table
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.series import SeriesTable, trend_table
from publisher.dashboard.site import Site
from publisher.dashboard.topics import Column, Part
from publisher.dashboard.verdicts import Direction, Share, change
from publisher.notes.shown import Shown
from publisher.released import Cell
from shared.contract.periods import Period
from shared.reference import Arrangement, Level

_LIST = Crumb(msg("Arrangementen"), "/arrangementen")
TABLE = "arrangement_schools"
_MEASURES = (RATE, "clients", "pupils", "cost_eur", "lump_sum_eur")


@dataclass(frozen=True, slots=True)
class Moved:
    """How far one group of schools moved from the last year before the start to the last year.

    Attributes:
        before: per 100 pupils, in the last shown period that ended before the start.
        low: of the 95 % interval of the change, per 100 pupils.
    """

    group: str
    before: str
    after: str
    low: str
    high: str
    direction: Direction


def routes(site: Site) -> APIRouter:
    """The addresses of the list and of each arrangement."""
    router = APIRouter()

    @router.get("/arrangementen")
    def arrangements(request: Request) -> Response:
        """Every arrangement of the region."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, _LIST.href, site)
        return reply(request, site.page(findings, "arrangements", lambda: _list_html(findings)))

    @router.get("/arrangementen/{number}")
    def arrangement(request: Request, number: str) -> Response:
        """One arrangement."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, _LIST.href, site)
        found = next((each for each in findings.arrangements if str(each.number) == number), None)
        if found is None:
            return not_found(
                request,
                _("Dit arrangement is er niet"),
                _("Controleer het nummer in het adres, of kies een arrangement uit de lijst."),
                _LIST,
            )
        notes = site.notes().about(Level.ARRANGEMENT, number)
        key = ("arrangement", number, notes)
        html = site.page(findings, key, lambda: _html(findings, found, notes))
        return reply(request, html)

    return router


def _list_html(findings: Findings) -> bytes:
    page = Page(_(_LIST.label), _LIST.href, (HOME,), findings.manifest)
    starts = {each.number: _day(each.starts_on) for each in findings.arrangements}
    return render("arrangements.html", page, joint=findings.arrangements, starts=starts)


def _html(findings: Findings, joint: Arrangement, notes: tuple[Shown, ...]) -> bytes:
    unit = str(joint.number)
    held = unit in findings.units(Level.ARRANGEMENT, TABLE)
    address = f"{_LIST.href}/{unit}"
    known = findings.units(Level.SCHOOL)
    return render(
        "arrangement.html",
        Page(joint.name, _LIST.href, (HOME, _LIST), findings.manifest, address),
        joint=joint,
        notes=notes,
        starts=_day(joint.starts_on),
        lump_sum=number(joint.lump_sum_eur),
        held=held,
        own=_table(findings, Level.ARRANGEMENT, unit, _("Scholen met het arrangement")),
        others=_table(findings, Level.COMPARISON, unit, _("Vergelijkbare scholen")),
        chart=_chart(findings, unit),
        origin=_origin(findings, unit) if held else None,
        moved=_moved(findings, joint),
        schools=_schools(findings, [code for code in joint.schools if code in known]),
    )


def _schools(findings: Findings, codes: list[str]) -> UnitTable | None:
    return school_table(findings, codes) if codes else None


def _table(findings: Findings, level: Level, unit: str, caption: str) -> SeriesTable | None:
    if unit not in findings.units(level, TABLE):
        return None
    measures = findings.measures_of(TABLE, level, _MEASURES)
    columns = tuple(Column(TABLE, measure) for measure in measures)
    return trend_table(findings, level, unit, caption, columns)


def _chart(findings: Findings, unit: str) -> ChartImage | None:
    for measure in findings.measures_of(TABLE, Level.ARRANGEMENT, _MEASURES[:2]):
        key = ChartKey(ChartKind.TREND, TABLE, measure, Level.ARRANGEMENT, unit)
        if (image := image_of(findings, key)) is not None:
            return image
    return None


def _origin(findings: Findings, unit: str) -> Origin:
    measures = findings.measures_of(TABLE, Level.ARRANGEMENT, _MEASURES)
    return origin_of(findings, Part(TABLE, measures), Level.ARRANGEMENT, unit)


def _moved(findings: Findings, joint: Arrangement) -> tuple[Moved, ...]:
    """Both groups of schools from before the start to the last period, where that is shown."""
    before = [p for p in findings.periods if p.ends_on.isoformat() < joint.starts_on]
    last = findings.latest
    if not before or last.starts_on.isoformat() < joint.starts_on:
        return ()
    broken = any(before[-1].code < code <= last.code for code in findings.breaks)
    groups = (
        (Level.ARRANGEMENT, _("Scholen met het arrangement")),
        (Level.COMPARISON, _("Vergelijkbare scholen")),
    )
    found = (_moved_of(findings, level, str(joint.number), before[-1], name)
             for level, name in groups)  # fmt: skip
    return () if broken else tuple(each for each in found if each is not None)


def _moved_of(
    findings: Findings, level: Level, unit: str, before: Period, name: str
) -> Moved | None:
    first = _share(findings, level, unit, before.code)
    second = _share(findings, level, unit, findings.latest.code)
    if first is None or second is None:
        return None
    low, high = change(first, second)
    direction = Direction.SAME
    if low > 0 or high < 0:
        direction = Direction.MORE if low > 0 else Direction.LESS
    return Moved(
        name, _per_100(first.rate), _per_100(second.rate), _per_100(low), _per_100(high), direction
    )


def _share(findings: Findings, level: Level, unit: str, period: int) -> Share | None:
    clients, pupils = (
        findings.cell(level, unit, measure, period, table=TABLE)
        for measure in ("clients", "pupils")
    )
    return Share(*counts) if (counts := _counts(clients, pupils)) else None


def _counts(clients: Cell | None, pupils: Cell | None) -> tuple[int, int] | None:
    if clients is None or pupils is None or clients.value is None or not pupils.value:
        return None
    return (clients.value, pupils.value) if clients.value <= pupils.value else None


def _per_100(rate: float) -> str:
    return number(round(rate * 1000), 1)


def _day(text: str) -> str:
    try:
        return day(date.fromisoformat(text))
    except ValueError:  # the bundle lets a region write a month or a year
        return text
