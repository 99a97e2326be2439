"""Providers: one page for each that is large enough, and the list of these.

A provider is no place but a category of a table, so its page turns that table around: where its
clients go to school. It has one where the release shows its number for the whole region.
"""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import KeyFigure, UnitTable, origin_of, unit_rows
from publisher.dashboard.figures import Figure, figure_of
from publisher.dashboard.findings import CLIENTS, PROVIDER_TABLE, Findings
from publisher.dashboard.language import _, msg
from publisher.dashboard.pages.latest import page_of_latest
from publisher.dashboard.pages.problems import none_yet, not_found
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.series import (
    SeriesTable,
    UnitRow,
    by_name,
    cell_at,
    figure_at,
    period_words,
    trend_table,
)
from publisher.dashboard.site import Site
from publisher.dashboard.topics import Column, Part
from publisher.dashboard.units import (
    MUNICIPALITY,
    PROVIDERS,
    REGION_UNIT,
    SCHOOL_TYPE,
    SWV_PO,
    SWV_VO,
    UnitKind,
    provider_address,
)
from shared.reference import Level, ProviderGroup

_LIST = Crumb(msg("Aanbieders"), PROVIDERS)
_TOPICS = Crumb(msg("Onderwerpen"), "/onderwerpen")
_KINDS = (MUNICIPALITY, SWV_PO, SWV_VO, SCHOOL_TYPE)
"""No schools: one provider has too few clients at one school to be shown."""
_PART = Part(PROVIDER_TABLE, (CLIENTS,))
_ALL = Column(PROVIDER_TABLE, CLIENTS)


def routes(site: Site) -> APIRouter:
    """The addresses of the list and of each provider."""
    router = APIRouter()

    @router.get(PROVIDERS)
    def providers(request: Request) -> Response:
        """Every provider of which the latest release shows a number."""
        return page_of_latest(request, site, _TOPICS.href, "providers", _list_html)

    @router.get(f"{PROVIDERS}/{{group}}")
    def provider(request: Request, group: str) -> Response:
        """One provider."""
        findings = site.latest()
        if findings is None:
            return none_yet(request, _TOPICS.href, site)
        found = next((each for each in _large_enough(findings) if each.group == group), None)
        if found is None:
            return _too_small_or_unknown(request)
        html = site.page(findings, ("provider", group), lambda: _html(findings, found))
        return reply(request, html)

    return router


def _too_small_or_unknown(request: Request) -> Response:
    """One answer to both; the files name every provider, also with ■ or 0 in place of a number."""
    return not_found(
        request,
        _("Deze aanbieder staat niet in de cijfers"),
        _(
            "Misschien klopt het adres niet. Of wij tonen het aantal leerlingen niet, om de "
            "privacy te beschermen: dan heeft een aanbieder geen eigen pagina."
        ),
        _LIST,
    )


def _large_enough(findings: Findings) -> tuple[ProviderGroup, ...]:
    return tuple(each for each in findings.provider_groups if _latest(findings, each).order)


def _latest(findings: Findings, provider: ProviderGroup) -> Figure:
    return figure_at(findings, Level.REGION, REGION_UNIT, _own(provider), findings.latest.code)


def _own(provider: ProviderGroup) -> Column:
    return Column(PROVIDER_TABLE, CLIENTS, provider.group)


def _list_html(findings: Findings) -> bytes:
    page = Page(_(_LIST.label), _TOPICS.href, (HOME, _TOPICS), findings.manifest, PROVIDERS)
    names = findings.categories_of(PROVIDER_TABLE)
    rows = tuple(
        UnitRow(
            names[each.group], each.group, provider_address(each.group), (),
            (_latest(findings, each),),
        )
        for each in _large_enough(findings)
    )  # fmt: skip
    table = None
    if rows:
        caption = _(
            "Leerlingen met jeugdhulp per aanbieder, {when}", when=period_words(findings.latest)
        )
        table = UnitTable(caption, _("Aanbieder"), (), (_("Met jeugdhulp"),), by_name(rows))
    origin = origin_of(findings, _PART, Level.REGION, REGION_UNIT) if table else None
    return render("providers.html", page, table=table, origin=origin)


def _html(findings: Findings, provider: ProviderGroup) -> bytes:
    page = Page(
        provider.name, _TOPICS.href, (HOME, _TOPICS, _LIST), findings.manifest,
        provider_address(provider.group),
    )  # fmt: skip
    return render(
        "provider.html",
        page,
        when=period_words(findings.latest),
        key_figures=_key_figures(findings, provider),
        trend=_trend(findings, provider),
        origin=origin_of(findings, _PART, Level.REGION, REGION_UNIT),
        places=[
            (kind, _where(findings, kind, provider), origin_of(findings, _PART, kind.level))
            for kind in _KINDS
            if findings.units(kind.level, PROVIDER_TABLE)
        ],
    )


def _key_figures(findings: Findings, provider: ProviderGroup) -> tuple[KeyFigure, ...]:
    whole = figure_of(cell_at(findings, Level.REGION, REGION_UNIT, _ALL, findings.latest.code))
    return (
        KeyFigure(
            _("Leerlingen met hulp van deze aanbieder"), _latest(findings, provider),
            _("Een leerling kan ook hulp van andere aanbieders krijgen."),
        ),
        KeyFigure(_("Alle leerlingen met jeugdhulp"), whole),
    )  # fmt: skip


def _headings() -> tuple[str, ...]:
    return _("Bij deze aanbieder"), _("Alle leerlingen met jeugdhulp")


def _trend(findings: Findings, provider: ProviderGroup) -> SeriesTable:
    caption = _("Leerlingen met hulp van {name}, per periode", name=provider.name)
    columns = (_own(provider), _ALL)
    found = trend_table(findings, Level.REGION, REGION_UNIT, caption, columns)
    return replace(found, headings=_headings())


def _where(findings: Findings, kind: UnitKind, provider: ProviderGroup) -> UnitTable:
    units = findings.units(kind.level, PROVIDER_TABLE)
    caption = _(
        "Leerlingen met hulp van {name}: {places}, {when}",
        name=provider.name,
        places=_(kind.list_label).lower(),
        when=period_words(findings.latest),
    )
    rows = by_name(unit_rows(findings, kind, units, (_own(provider), _ALL)))
    return UnitTable(caption, _(kind.noun).capitalize(), (), _headings(), rows)
