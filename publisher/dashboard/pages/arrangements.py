"""Arrangements: what was agreed, and its schools before and after beside comparable schools."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import (
    ChartImage,
    Noted,
    Origin,
    UnitTable,
    image_of,
    notes_about,
    origin_of,
)
from publisher.dashboard.blocks.joint import COST, LUMP_SUM, TABLE, before_and_after, cost_table
from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.findings import CLIENTS, PUPILS, RATE, Findings
from publisher.dashboard.language import _, day, msg, number
from publisher.dashboard.pages.latest import page_of_latest
from publisher.dashboard.pages.problems import none_yet, not_found
from publisher.dashboard.pages.schools import school_table
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.series import SeriesTable, trend_table
from publisher.dashboard.site import Site
from publisher.dashboard.topics import Column, Part
from publisher.dashboard.units import ARRANGEMENTS, arrangement_address
from shared.reference import Arrangement, Level

_LIST = Crumb(msg("Arrangementen"), ARRANGEMENTS)
_MEASURES = (RATE, CLIENTS, PUPILS)


def routes(site: Site) -> APIRouter:
    """The addresses of the list and of each arrangement."""
    router = APIRouter()

    @router.get(ARRANGEMENTS)
    def arrangements(request: Request) -> Response:
        """Every arrangement of the region."""
        return page_of_latest(request, site, _LIST.href, "arrangements", _list_html)

    @router.get(f"{ARRANGEMENTS}/{{number}}")
    def arrangement(request: Request, number: str) -> Response:
        """One arrangement."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, _LIST.href, site)
        found = {str(each.number): each for each in findings.arrangements}.get(number)
        if found is None:
            return _unknown(request)
        notes = notes_about(site.notes(), Level.ARRANGEMENT, number)
        key = ("arrangement", number, notes)
        html = site.page(findings, key, lambda: _html(findings, found, notes))
        return reply(request, html)

    return router


def _unknown(request: Request) -> Response:
    return not_found(
        request,
        _("Dit arrangement is er niet"),
        _("Controleer het nummer in het adres, of kies een arrangement uit de lijst."),
        _LIST,
    )


def _list_html(findings: Findings) -> bytes:
    page = Page(_(_LIST.label), _LIST.href, (HOME,), findings.manifest)
    starts = {each.number: _day(each.starts_on) for each in findings.arrangements}
    return render("arrangements.html", page, joint=findings.arrangements, starts=starts)


def _html(findings: Findings, joint: Arrangement, notes: tuple[Noted, ...]) -> bytes:
    unit = str(joint.number)
    held = unit in findings.units(Level.ARRANGEMENT, TABLE)
    address = arrangement_address(joint.number)
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
        compared=before_and_after(findings, joint) if held else None,
        costs=cost_table(findings, joint) if held else None,
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
    measures = findings.measures_of(TABLE, Level.ARRANGEMENT, (*_MEASURES, COST, LUMP_SUM))
    return origin_of(findings, Part(TABLE, measures), Level.ARRANGEMENT, unit)


def _day(text: str) -> str:
    try:
        return day(date.fromisoformat(text))
    except ValueError:  # the bundle lets a region write a month or a year
        return text
