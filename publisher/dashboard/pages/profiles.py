"""Profiles: one page for each school, municipality and school type, and a list of each."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import (
    UnitTable,
    forms_chart,
    key_figures,
    trend_chart,
    unit_files,
    unit_headings,
    unit_rows,
)
from publisher.dashboard.chart_data import period_words
from publisher.dashboard.figures import figure_of
from publisher.dashboard.findings import RATE, Findings
from publisher.dashboard.pages.problems import none_yet, not_found
from publisher.dashboard.pages.schools import school_table
from publisher.dashboard.rendering import HOME, Crumb, Page, show
from publisher.dashboard.series import by_name, form_rows, trend_table
from publisher.dashboard.site import Site
from publisher.dashboard.units import MUNICIPALITY, REGION_UNIT, SCHOOL, UNIT_KINDS, UnitKind
from shared.reference import Level, municipality_key


def routes(site: Site) -> APIRouter:
    """The addresses of every kind of unit with a page of its own."""
    router = APIRouter()
    for kind in UNIT_KINDS:
        _add_profile(router, site, kind)
        if kind is not SCHOOL:  # the list of schools has a search, on a page of its own
            _add_list(router, site, kind)
    return router


def _add_profile(router: APIRouter, site: Site, kind: UnitKind) -> None:
    @router.get(f"/{kind.path}/{{unit}}", name=f"{kind.path}-profile")
    def profile(request: Request, unit: str) -> Response:
        """One unit: its figures of the last period and over the years."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, f"/{kind.path}")
        if unit not in findings.units(kind.level):
            return not_found(
                request,
                f"Deze {kind.noun} staat niet in de cijfers",
                "Controleer de code in het adres. Misschien is de naam of de code veranderd, "
                f"of hoort deze {kind.noun} niet bij de regio.",
                Crumb(kind.list_label, f"/{kind.path}"),
            )
        return show(
            request, "profile.html", _page(findings, kind, unit), **_view(findings, kind, unit)
        )


def _add_list(router: APIRouter, site: Site, kind: UnitKind) -> None:
    @router.get(f"/{kind.path}", name=f"{kind.path}-list")
    def units(request: Request) -> Response:
        """Every unit of this kind."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, f"/{kind.path}")
        rows = by_name(unit_rows(findings, kind, findings.units(kind.level)))
        table = UnitTable(
            f"{kind.list_label}, {period_words(findings.latest)}",
            kind.noun.capitalize(),
            (),
            unit_headings(findings, kind.level),
            rows,
        )
        page = Page(kind.list_label, f"/{kind.path}", crumbs=(HOME,), manifest=findings.manifest)
        return show(request, "units.html", page, table=table, kind=kind)


def _page(findings: Findings, kind: UnitKind, unit: str) -> Page:
    crumbs = [HOME, Crumb(kind.list_label, f"/{kind.path}")]
    school = findings.school(unit) if kind is SCHOOL else None
    if school is not None:
        place = MUNICIPALITY.address(municipality_key(school.municipality))
        crumbs = [HOME, Crumb("Gemeenten", "/gemeenten"), Crumb(findings.place_of(school), place)]
    return Page(
        findings.units(kind.level)[unit],
        f"/{kind.path}",
        crumbs=tuple(crumbs),
        manifest=findings.manifest,
    )


def _view(findings: Findings, kind: UnitKind, unit: str) -> dict[str, Any]:
    name = findings.units(kind.level)[unit]
    at = (kind.level, unit)
    latest = findings.latest
    schools = findings.schools_in(kind.level, unit) if kind.lists_schools else []
    return {
        "kind": kind,
        "unit": unit,
        "school": findings.school(unit) if kind is SCHOOL else None,
        "region": findings.manifest.region_name,
        "when": period_words(latest),
        "key_figures": key_figures(findings, *at),
        "compared": figure_of(findings.cell(Level.REGION, REGION_UNIT, RATE, latest.code)),
        "chart": trend_chart(findings, *at),
        "trend": trend_table(findings, *at, f"{name}, per jaar"),
        "forms_chart": forms_chart(findings, *at),
        "forms": form_rows(findings, *at, latest.code),
        "schools": school_table(findings, schools) if schools else None,
        "files": unit_files(findings, *at),
    }
