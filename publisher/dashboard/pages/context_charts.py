"""Charts of figures from elsewhere: one area over the periods, a share beside the country."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.api.answers import answer
from publisher.context.figures import COUNTRY, Indicator, Kind
from publisher.context.shown import Context
from publisher.dashboard.charts.data import ChartData, ChartKind, Point
from publisher.dashboard.charts.drawing import draw, draw_slide
from publisher.dashboard.charts.looks import LOOKS
from publisher.dashboard.language import _, day, spoken
from publisher.dashboard.pages.context_views import Area, Places, periods_shown
from publisher.dashboard.site import Site
from publisher.downloads.cache import Cache
from publisher.downloads.words import MARK
from shared.errors import NotFoundError

_DRAWERS: dict[str, tuple[Callable[..., bytes], str]] = {
    "svg": (draw, "image/svg+xml"),
    "png": (draw_slide, "image/png"),
}
_KEPT = 512
_KEY_CHARACTERS = 16
"""Of the key of what was imported; enough that another import has another address."""
_FEWEST_VALUES = 2


@dataclass(frozen=True, slots=True)
class ContextImage:
    """A chart as a page shows it: an address per look, one as PNG, and its words."""

    looks: dict[str, str]
    slide: str
    alt: str


def routes(site: Site) -> APIRouter:
    """The address of every chart of figures from elsewhere."""
    router = APIRouter()
    drawn: Cache[tuple[str, ...], bytes | None] = Cache(_KEPT)

    @router.get("/context/grafieken/{shown}/{indicator}/{unit}/{look}.{suffix}")
    def chart(
        request: Request, shown: str, indicator: str, unit: str, look: str, suffix: str
    ) -> Response:
        """One chart in one look, of what is imported now."""
        findings = site.latest()
        places = Places(site.context(), findings)
        known = next((each for each in places.context.indicators if each.id == indicator), None)
        area = next((each for each in places.every if each.unit == unit), None)
        image = None
        if (
            known is not None
            and area is not None
            and look in LOOKS
            and suffix in _DRAWERS
            and shown == places.context.key[:_KEY_CHARACTERS]
        ):
            release = "" if findings is None else findings.release.sha256
            key = (spoken().code, places.context.key, release, indicator, unit, look, suffix)
            image = drawn.get(key, lambda: _drawn(places, known, area, look, suffix))
        if image is None:
            raise NotFoundError("chart-unknown", "expected a chart of figures that are imported")
        return answer(request, image, _DRAWERS[suffix][1])

    return router


def _drawn(
    places: Places, indicator: Indicator, area: Area, look: str, suffix: str
) -> bytes | None:
    data = chart_of(places, indicator, area)
    return None if data is None else _DRAWERS[suffix][0](data, LOOKS[look])


def image_of(places: Places, indicator: Indicator, area: Area) -> ContextImage | None:
    """A chart as a page shows it, or None where a table tells as much."""
    data = chart_of(places, indicator, area)
    if data is None:
        return None
    shown = places.context.key[:_KEY_CHARACTERS]
    start = f"/context/grafieken/{shown}/{indicator.id}/{area.unit}"
    looks = {look: f"{start}/{look}.svg" for look in LOOKS}
    return ContextImage(looks, f"{start}/licht.png", data.alt)


def chart_of(places: Places, indicator: Indicator, area: Area) -> ChartData | None:
    """The data of the chart of an area; None under two figures.

    Only a share stands beside that of the country: numbers of people differ too much in size.
    """
    context, code = places.context, spoken().code
    periods = periods_shown(context, indicator)
    areas = [area]
    if indicator.kind is Kind.SHARE and area.members != (COUNTRY,):
        areas.append(places.country)
    points = [point for each in areas for point in _points(context, indicator, each, periods)]
    if sum(point.series == area.name for point in points) < _FEWEST_VALUES:
        return None
    label, unit = indicator.label.in_language(code), indicator.unit.in_language(code)
    years = f"{periods[0]} – {periods[-1]}"
    held = [each.name for each in areas if any(point.series == each.name for point in points)]
    return ChartData(
        kind=ChartKind.TREND,
        title=area.name,
        subtitle=f"{label}, {unit}, {years}",
        mark=_mark(context, indicator),
        value_title=unit,
        axis=periods,
        notes=("",) * len(periods),
        series=tuple(held),
        points=tuple(points),
        decimals=indicator.decimals,
        source=_source(context, indicator),
        alt=_(
            "Lijngrafiek van {name}: {label}, {years}. De cijfers staan in de tabel.",
            name=area.name, label=label, years=years,
        ),
    )  # fmt: skip


def _points(
    context: Context, indicator: Indicator, area: Area, periods: tuple[str, ...]
) -> list[Point]:
    """A point per period; a period without a figure ends the line."""
    found, run = [], 0
    for period in periods:
        amount = context.amount(indicator, area.members, period)
        if amount is None:
            run += 1
        else:
            value = amount.value / 10**amount.decimals
            found.append(Point(period, value, area.name, f"{area.unit}-{run}"))
    return found


def _mark(context: Context, indicator: Indicator) -> str:
    return _(MARK) if any(each.synthetic for each in context.origins(indicator)) else ""


def _source(context: Context, indicator: Indicator) -> str:
    return " ".join(
        _(
            "Bron: {holder}, {title} ({licence}), opgehaald op {day}.",
            holder=each.source.holder, title=each.source.title, licence=each.source.licence,
            day=day(date.fromisoformat(each.retrieved_on)),
        )
        for each in context.origins(indicator)
    )  # fmt: skip
