"""Profiles: one page for each school, municipality and so on, and a list of each kind."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import (
    MAIN_PART,
    ChartImage,
    Noted,
    UnitTable,
    beside,
    every_unit,
    has_low_coverage,
    image_of,
    key_figures,
    notes_about,
    notes_within,
    origin_of,
    provider_figure,
    sections,
    trend_chart,
)
from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.findings import CLIENTS, MAIN_TABLE, RATE, Findings
from publisher.dashboard.language import _, msg
from publisher.dashboard.pages.latest import page_of_latest
from publisher.dashboard.pages.problems import none_yet, unknown_unit
from publisher.dashboard.pages.schools import school_table
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.reports.contents import KINDS as REPORTED
from publisher.dashboard.reports.printing import may_print
from publisher.dashboard.series import (
    nobody_counts,
    period_words,
    trend_table,
)
from publisher.dashboard.site import Site
from publisher.dashboard.topics import TOPICS, Column
from publisher.dashboard.units import (
    MUNICIPALITY,
    RESIDENCE,
    SCHOOL,
    SCHOOL_TYPE,
    SWV_PO,
    SWV_VO,
    UNIT_KINDS,
    UnitKind,
    arrangement_address,
)
from publisher.dashboard.verdicts import development, share_of
from publisher.dashboard.words import capital
from shared.reference import School, municipality_key

_DRAWN = (Column(MAIN_TABLE, RATE), Column(MAIN_TABLE, CLIENTS))
_OTHER_TOPICS = tuple(topic.id for topic in TOPICS if topic.id != "gebruik")
_LISTS = (
    (msg("Gemeenten"), (MUNICIPALITY, RESIDENCE)),
    (msg("Samenwerkingsverbanden"), (SWV_PO, SWV_VO)),
    (msg("Schoolsoorten"), (SCHOOL_TYPE,)),
)
"""Lists of units on one page each; schools have a page of their own, with a search."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A public fact about a unit."""

    label: str
    value: str
    href: str = ""


def routes(site: Site) -> APIRouter:
    """The addresses of every kind of unit with a page of its own."""
    router = APIRouter()
    for title, kinds in _LISTS:
        _addevery_unit(router, site, title, kinds)
    for kind in UNIT_KINDS:
        _add_profile(router, site, kind)
    return router


def _add_profile(router: APIRouter, site: Site, kind: UnitKind) -> None:
    @router.get(f"/{kind.path}/{{unit}}", name=f"{kind.path}-profile")
    def profile(request: Request, unit: str) -> Response:
        """One unit: its figures of the last period and over the years."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, kind.section, site)
        if unit not in findings.units(kind.level):
            return unknown_unit(request, kind)
        notes = _notes(site, findings, kind, unit)
        key = (kind.path, unit, notes)
        html = site.page(findings, key, lambda: _profile_html(findings, kind, unit, notes))
        return reply(request, html)


def _addevery_unit(router: APIRouter, site: Site, title: str, kinds: tuple[UnitKind, ...]) -> None:
    section = kinds[0].section

    @router.get(section, name=f"{section}-list")
    def units(request: Request) -> Response:
        """Every unit of these kinds."""
        return page_of_latest(
            request, site, section, section, lambda findings: _list_html(findings, title, kinds)
        )


def _list_html(findings: Findings, title: str, kinds: tuple[UnitKind, ...]) -> bytes:
    held = [kind for kind in kinds if findings.units(kind.level)]
    page = Page(_(title), kinds[0].section, crumbs=(HOME,), manifest=findings.manifest)
    tables = [(kind, every_unit(findings, kind)) for kind in held]
    return render("units.html", page, tables=tables)


def _page(findings: Findings, kind: UnitKind, unit: str) -> Page:
    title = next(label for label, kinds in _TITLES if kind in kinds)
    crumbs: tuple[Crumb, ...] = (HOME, Crumb(title, kind.section))
    school = findings.school(unit) if kind is SCHOOL else None
    if school is not None:
        place = Crumb(findings.place_of(school), _place_address(school))
        crumbs = (HOME, Crumb(MUNICIPALITY.list_label, MUNICIPALITY.section), place)
    name = kind.title(findings.units(kind.level)[unit])
    return Page(name, kind.section, crumbs, findings.manifest, kind.address(unit))


_TITLES = (*_LISTS, (SCHOOL.list_label, (SCHOOL,)))


def _facts(findings: Findings, kind: UnitKind, unit: str) -> tuple[Fact, ...]:
    if kind is not SCHOOL:
        return ()
    code = Fact(_("Code van de vestiging"), unit)
    school = findings.school(unit)
    if school is None:
        return (code,)
    facts = [
        Fact(
            _("Schoolsoort"), capital(_(school.type.label)), SCHOOL_TYPE.address(school.type.value)
        ),
        Fact(_("Gemeente"), findings.place_of(school), _place_address(school)),
    ]
    for of, swv in ((SWV_PO, school.swv_po), (SWV_VO, school.swv_vo)):
        if swv in findings.units(of.level):
            name = findings.units(of.level)[swv]
            facts.append(Fact(_("Samenwerkingsverband"), name, of.address(swv)))
    facts += [
        Fact(_("Arrangement"), each.name, arrangement_address(each.number))
        for each in findings.arrangements
        if unit in each.schools
    ]
    return (*facts, code)


def _place_address(school: School) -> str:
    return MUNICIPALITY.address(municipality_key(school.municipality))


def _strip(findings: Findings, kind: UnitKind, unit: str) -> ChartImage | None:
    if kind not in (SCHOOL, SCHOOL_TYPE):
        return None
    return image_of(findings, ChartKey(ChartKind.STRIP, MAIN_TABLE, RATE, kind.level, unit))


def _schools(findings: Findings, kind: UnitKind, unit: str) -> UnitTable | None:
    codes = findings.schools_in(kind.level, unit) if kind.lists_schools else []
    if not codes:
        return None
    whole = None
    if kind is SCHOOL_TYPE:
        whole = share_of(findings, kind.level, unit, findings.latest.code)
    return school_table(findings, codes, beside=whole)


def _notes(site: Site, findings: Findings, kind: UnitKind, unit: str) -> tuple[Noted, ...]:
    if kind is SCHOOL:
        return notes_about(site.notes(), kind.level, unit)
    return notes_within(findings, site.notes(), kind.level, unit) if kind in REPORTED else ()


def _profile_html(findings: Findings, kind: UnitKind, unit: str, notes: tuple[Noted, ...]) -> bytes:
    at = (kind.level, unit)
    page = _page(findings, kind, unit)
    main = key_figures(findings, *at)
    return render(
        "profile.html",
        page,
        kind=kind,
        unit=unit,
        report=f"{kind.address(unit)}/oogo" if kind in REPORTED and may_print() else "",
        facts=_facts(findings, kind, unit),
        when=period_words(findings.latest),
        key_figures=(*main, *provider_figure(findings, *at)),
        beside=beside(findings, *at),
        development=development(findings, *at),
        notes=notes,
        nobody=nobody_counts(findings, *at, findings.latest.code),
        low_coverage=has_low_coverage(findings, *at),
        chart=trend_chart(findings, *at, _DRAWN),
        trend=trend_table(
            findings, *at, _("Leerlingen met jeugdhulp: {name}, per periode", name=page.title)
        ),
        origin=origin_of(findings, MAIN_PART, *at),
        strip=_strip(findings, kind, unit),
        sections=sections(findings, *at, _OTHER_TOPICS, whole=False),
        schools=_schools(findings, kind, unit),
    )
