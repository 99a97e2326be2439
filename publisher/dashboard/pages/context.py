"""Figures from elsewhere beside the monitor's own: per municipality, SWV, region and country."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.context.figures import Indicator
from publisher.context.surveys.questions import Group, questionnaires
from publisher.dashboard.blocks import KeyFigure, key_figures
from publisher.dashboard.language import _, msg, spoken
from publisher.dashboard.pages.context_charts import image_of
from publisher.dashboard.pages.context_surveys import survey_of
from publisher.dashboard.pages.context_views import (
    Area,
    IndicatorText,
    Places,
    over_time,
    overview,
    text_of,
)
from publisher.dashboard.pages.problems import not_found
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.series import SeriesRow
from publisher.dashboard.site import Site
from publisher.dashboard.units import kind_of

HERE = Crumb(msg("Cijfers uit andere bronnen"), "/context")


def routes(site: Site) -> APIRouter:
    """The addresses of the overview, of every area and of every questionnaire."""
    router = APIRouter()

    @router.get(HERE.href)
    def context(request: Request) -> Response:
        """Every indicator for every area, and the ways further in."""
        places = Places(site.context(), site.latest())
        return _answer(site, request, places, "overview", lambda: _overview_html(places))

    @router.get("/context/land")
    def country(request: Request) -> Response:
        """The country over the periods."""
        return _area_page(site, request, "/context/land")

    @router.get("/context/gemeenten/{unit}")
    def municipality(request: Request, unit: str) -> Response:
        """One municipality over the periods."""
        return _area_page(site, request, f"/context/gemeenten/{unit}")

    @router.get("/context/samenwerkingsverbanden/{unit}")
    def swv(request: Request, unit: str) -> Response:
        """One samenwerkingsverband over the periods."""
        return _area_page(site, request, f"/context/samenwerkingsverbanden/{unit}")

    @router.get("/context/vragenlijsten/{group}")
    def survey(request: Request, group: str) -> Response:
        """The outcomes of one questionnaire."""
        return _survey_page(site, request, group)

    return router


def _area_page(site: Site, request: Request, address: str) -> Response:
    """The page of the area with this address, or that there is none."""
    places = Places(site.context(), site.latest())
    found = next((each for each in places.every if each.address == address), None)
    if found is None:
        return not_found(
            request,
            _("Over dit gebied zijn geen cijfers uit andere bronnen"),
            _("Controleer het adres, of kies een gebied uit de lijst."),
            HERE,
        )
    return _answer(site, request, places, address, lambda: _area_html(places, found))


def _survey_page(site: Site, request: Request, group: str) -> Response:
    """The page of the questionnaire with this id, or that there is none."""
    found = next((each for each in questionnaires().groups if each.id == group), None)
    if found is None:
        return not_found(
            request,
            _("Deze vragenlijst is er niet"),
            _("Controleer het adres, of kies een vragenlijst uit de lijst."),
            HERE,
        )
    places = Places(site.context(), site.latest())
    return _answer(site, request, places, ("survey", group), lambda: _survey_html(places, found))


def _answer(
    site: Site, request: Request, places: Places, key: Hashable, make: Callable[[], bytes]
) -> Response:
    """A page about an import and a release, made once for both."""
    if places.findings is None:
        return reply(request, make())
    whole_key = ("context", places.context.key, key)
    return reply(request, site.page(places.findings, whole_key, make))


def _overview_html(places: Places) -> bytes:
    context, language = places.context, spoken().code
    themes = [
        (theme.id, theme.title.in_language(language), indicators)
        for theme, indicators in context.themes
    ]
    return render(
        "context.html",
        _page(places, _(HERE.label), HERE.href, (HOME,)),
        is_empty=context.is_empty,
        has_release=places.findings is not None,
        places=places,
        themes=[
            (id_, title, overview(places, indicators, title), _texts(places, indicators))
            for id_, title, indicators in themes
        ],
        surveys=[
            (group.title.in_language(language), _survey_address(group),
             any(each.group == group.id for each in context.surveys))
            for group in questionnaires().groups
        ],
    )  # fmt: skip


def _area_html(places: Places, area: Area) -> bytes:
    context, language = places.context, spoken().code
    sections = []
    for theme, indicators in context.themes:
        tables = [
            (over_time(places, each, area), text_of(context, each), image_of(places, each, area))
            for each in indicators
        ]
        # An indicator of which this area has no figure at all is left out, not shown as a gap.
        held = [each for each in tables if _has_own(each[0].rows)]
        if held:
            sections.append((theme.id, theme.title.in_language(language), held))
    kind = kind_of(area.own[0]) if area.own else None
    return render(
        "context_area.html",
        _page(places, area.name, area.address, (HOME, HERE)),
        area=area,
        is_empty=context.is_empty,
        sections=sections,
        own=_own_figures(places, area),
        own_address=kind.address(area.own[1]) if kind and area.own else "",
    )


def _survey_html(places: Places, group: Group) -> bytes:
    found = survey_of(places.context, group)
    title = _("Vragenlijst: {group}", group=group.title.in_language(spoken().code))
    return render(
        "context_survey.html",
        _page(places, title, _survey_address(group), (HOME, HERE)),
        survey=found,
    )


def _page(places: Places, title: str, address: str, crumbs: tuple[Crumb, ...]) -> Page:
    manifest = None if places.findings is None else places.findings.manifest
    return Page(title, HERE.href, crumbs, manifest, address)


def _survey_address(group: Group) -> str:
    return f"/context/vragenlijsten/{group.id}"


def _texts(places: Places, indicators: tuple[Indicator, ...]) -> list[IndicatorText]:
    return [text_of(places.context, each) for each in indicators]


def _own_figures(places: Places, area: Area) -> tuple[KeyFigure, ...]:
    if places.findings is None or area.own is None:
        return ()
    return key_figures(places.findings, *area.own)


def _has_own(rows: tuple[SeriesRow, ...]) -> bool:
    return any(row.figures[0].has_value for row in rows)
