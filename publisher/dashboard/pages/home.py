"""The front page: the whole region, and the ways further in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import (
    UnitTable,
    forms_chart,
    key_figures,
    latest_figures,
    trend_chart,
    unit_files,
    unit_headings,
    unit_rows,
)
from publisher.dashboard.chart_data import period_words
from publisher.dashboard.findings import Findings
from publisher.dashboard.pages.problems import none_yet
from publisher.dashboard.rendering import HOME, Page, render, reply
from publisher.dashboard.series import UnitRow, by_name, form_rows, trend_table
from publisher.dashboard.site import Site
from publisher.dashboard.units import MUNICIPALITY, REGION_UNIT, SCHOOL_TYPE, UnitKind
from publisher.dashboard.words import capital
from shared.reference import Level


def routes(site: Site) -> APIRouter:
    """The address of the front page."""
    router = APIRouter()

    @router.get("/")
    def home(request: Request) -> Response:
        """The region in the last period and over the years."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, HOME.href)
        return reply(request, site.page(findings, "home", lambda: _html(findings)))

    return router


def _html(findings: Findings) -> bytes:
    at = (Level.REGION, REGION_UNIT)
    when = period_words(findings.latest)
    title = f"Jeugdhulp en onderwijs, regio {findings.manifest.region_name}"
    return render(
        "home.html",
        Page(title, HOME.href, manifest=findings.manifest),
        when=when,
        key_figures=key_figures(findings, *at),
        chart=trend_chart(findings, *at),
        trend=trend_table(findings, *at, "Alle scholen in de regio, per periode"),
        forms_chart=forms_chart(findings, *at),
        forms=form_rows(findings, *at, findings.latest.code),
        municipalities=_overview(findings, MUNICIPALITY, f"Gemeenten, {when}"),
        school_types=_overview(findings, SCHOOL_TYPE, f"Schoolsoorten, {when}"),
        whole=_whole(findings, f"Alle leerlingen die in de regio wonen, {when}"),
        files=unit_files(findings, *at),
    )


def _overview(findings: Findings, kind: UnitKind, caption: str) -> UnitTable:
    rows = unit_rows(findings, kind, findings.units(kind.level))
    headings = unit_headings(findings, kind.level)
    return UnitTable(caption, kind.noun.capitalize(), (), headings, by_name(rows))


def _whole(findings: Findings, caption: str) -> UnitTable:
    units = [
        (Level.REGION, REGION_UNIT, "Alle scholen in de regio"),
        *((Level.ELSEWHERE, *named) for named in findings.units(Level.ELSEWHERE).items()),
        *((Level.TOTAL, *named) for named in findings.units(Level.TOTAL).items()),
    ]
    rows = tuple(
        UnitRow(
            name=capital(name),
            code=unit,
            href="",
            facts=(),
            figures=latest_figures(findings, level, unit, findings.measures(Level.REGION)),
        )
        for level, unit, name in units
    )
    return UnitTable(caption, "Scholen", (), unit_headings(findings, Level.REGION), rows)
