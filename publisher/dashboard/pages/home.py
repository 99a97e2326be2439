"""The front page: the whole region, and the ways further in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import (
    MAIN_PART,
    UnitTable,
    every_unit,
    image_of,
    key_figures,
    latest_figures,
    origin_of,
    sections,
    trend_chart,
)
from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.findings import CLIENTS, MAIN_TABLE, RATE, Findings
from publisher.dashboard.language import _
from publisher.dashboard.pages.latest import page_of_latest
from publisher.dashboard.rendering import HOME, Page, render
from publisher.dashboard.series import (
    UnitRow,
    column_heading,
    period_words,
    profile_columns,
    trend_table,
)
from publisher.dashboard.site import Site
from publisher.dashboard.topics import Column, released_topics
from publisher.dashboard.units import MUNICIPALITY, REGION_UNIT, SCHOOL_TYPE, title_of
from publisher.dashboard.verdicts import development
from shared.reference import Level

_DRAWN = (Column(MAIN_TABLE, RATE), Column(MAIN_TABLE, CLIENTS))


def routes(site: Site) -> APIRouter:
    """The address of the front page."""
    router = APIRouter()

    @router.get("/")
    def home(request: Request) -> Response:
        """The region in the last period and over the years."""
        return page_of_latest(request, site, HOME.href, "home", _html)

    return router


def _html(findings: Findings) -> bytes:
    at = (Level.REGION, REGION_UNIT)
    region = findings.manifest.region_name
    title = _("Jeugdhulp en onderwijs, regio {region}", region=region)
    several = ChartKey(ChartKind.MULTIPLES, MAIN_TABLE, RATE, *at)
    is_compared = len(findings.units(MUNICIPALITY.level)) > 1
    return render(
        "home.html",
        Page(title, HOME.href, manifest=findings.manifest),
        when=period_words(findings.latest),
        key_figures=key_figures(findings, *at),
        development=development(findings, *at),
        chart=trend_chart(findings, *at, _DRAWN),
        trend=trend_table(findings, *at, _("Leerlingen met jeugdhulp in de regio, per periode")),
        origin=origin_of(findings, MAIN_PART, *at),
        sections=sections(findings, *at, ("vormen",), whole=False),
        topics=released_topics(findings),
        only=findings.only_municipality,
        several=image_of(findings, several) if is_compared else None,
        municipalities=every_unit(findings, MUNICIPALITY),
        school_types=every_unit(findings, SCHOOL_TYPE),
        whole=_whole(findings),
    )


def _whole(findings: Findings) -> UnitTable:
    units = [
        (Level.REGION, REGION_UNIT, _("Alle scholen in de regio")),
        *((level, unit, title_of(level, name))
          for level in (Level.ELSEWHERE, Level.TOTAL)
          for unit, name in findings.units(level).items()),
    ]  # fmt: skip
    columns = profile_columns(findings, Level.REGION)
    rows = tuple(
        UnitRow(
            name=name,
            code=unit,
            href="",
            facts=(),
            figures=latest_figures(findings, level, unit, columns),
        )
        for level, unit, name in units
    )
    when = period_words(findings.latest)
    return UnitTable(
        _("Alle leerlingen die in de regio wonen, {when}", when=when),
        _("Scholen"),
        (),
        tuple(column_heading(findings, column) for column in columns),
        rows,
        origin_of(findings, MAIN_PART),
    )
