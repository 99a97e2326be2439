"""Profiles: one page for each school, municipality and school type, and a list of each."""

from __future__ import annotations

from dataclasses import dataclass

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
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.series import by_name, form_rows, trend_table
from publisher.dashboard.site import Site
from publisher.dashboard.units import (
    MUNICIPALITY,
    REGION_UNIT,
    SCHOOL,
    SCHOOL_TYPE,
    UNIT_KINDS,
    UnitKind,
)
from publisher.dashboard.words import capital
from shared.reference import Level, School, municipality_key


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
                Crumb(f"Alle {kind.list_label.lower()}", f"/{kind.path}"),
            )
        html = site.page(findings, (kind.path, unit), lambda: _profile_html(findings, kind, unit))
        return reply(request, html)


def _add_list(router: APIRouter, site: Site, kind: UnitKind) -> None:
    @router.get(f"/{kind.path}", name=f"{kind.path}-list")
    def units(request: Request) -> Response:
        """Every unit of this kind."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, f"/{kind.path}")
        html = site.page(findings, kind.path, lambda: _list_html(findings, kind))
        return reply(request, html)


def _list_html(findings: Findings, kind: UnitKind) -> bytes:
    rows = by_name(unit_rows(findings, kind, findings.units(kind.level)))
    table = UnitTable(
        f"{kind.list_label}, {period_words(findings.latest)}",
        kind.noun.capitalize(),
        (),
        unit_headings(findings, kind.level),
        rows,
    )
    page = Page(kind.list_label, f"/{kind.path}", crumbs=(HOME,), manifest=findings.manifest)
    return render("units.html", page, table=table, kind=kind)


@dataclass(frozen=True, slots=True)
class Fact:
    """A public fact about a unit."""

    label: str
    value: str
    href: str = ""


def _page(findings: Findings, kind: UnitKind, unit: str) -> Page:
    crumbs: tuple[Crumb, ...] = (HOME, Crumb(kind.list_label, f"/{kind.path}"))
    school = findings.school(unit) if kind is SCHOOL else None
    if school is not None:
        place = Crumb(findings.place_of(school), _place_address(school))
        crumbs = (HOME, Crumb(MUNICIPALITY.list_label, f"/{MUNICIPALITY.path}"), place)
    title = kind.title(findings.units(kind.level)[unit])
    return Page(title, f"/{kind.path}", crumbs=crumbs, manifest=findings.manifest)


def _facts(findings: Findings, kind: UnitKind, unit: str) -> tuple[Fact, ...]:
    if kind is not SCHOOL:
        return ()
    code = Fact("Code van de vestiging", unit)
    school = findings.school(unit)
    if school is None:
        return (code,)
    return (
        Fact("Schoolsoort", capital(school.type.label), SCHOOL_TYPE.address(school.type)),
        Fact("Gemeente", findings.place_of(school), _place_address(school)),
        code,
    )


def _place_address(school: School) -> str:
    return MUNICIPALITY.address(municipality_key(school.municipality))


def _profile_html(findings: Findings, kind: UnitKind, unit: str) -> bytes:
    at, when = (kind.level, unit), period_words(findings.latest)
    page = _page(findings, kind, unit)
    trend = trend_table(findings, *at, f"{page.title}, per periode")
    region_rate = findings.cell(Level.REGION, REGION_UNIT, RATE, findings.latest.code)
    schools = findings.schools_in(*at) if kind.lists_schools else []
    return render(
        "profile.html",
        page,
        kind=kind,
        facts=_facts(findings, kind, unit),
        when=when,
        key_figures=key_figures(findings, *at),
        compared=figure_of(region_rate),
        chart=trend_chart(findings, *at),
        trend=trend,
        forms_chart=forms_chart(findings, *at),
        forms=form_rows(findings, *at, findings.latest.code),
        schools=school_table(findings, schools) if schools else None,
        files=unit_files(findings, *at),
    )
