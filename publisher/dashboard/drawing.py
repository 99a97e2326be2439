"""From the data of a chart to an SVG image: on this machine, without network, byte for byte.

Source: Vega-Lite 6.4 through vl-convert, which renders in this process.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from html import escape
from itertools import zip_longest
from typing import Any

import altair as alt
import vl_convert

from publisher.dashboard.chart_data import ChartData, ChartKind, Point
from publisher.dashboard.looks import Look, Theme
from shared.canonical import sha256_hex

_VEGA_LITE = "6.4"
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_LINE_BREAK = "|"
_LINE_HEIGHT = 15
_ROOM_UNDER = 0.12
"""Part of the highest value; a figure under a lower point would touch the axis."""


def draw(data: ChartData, look: Look) -> bytes:
    """The chart as SVG; the same data and look give the same bytes."""
    layers, width, height, below = _DRAWERS[data.kind](data, look)
    source = _source_line(data, look, height + below)
    chart = alt.layer(*layers, source).properties(
        width=width, height=height, title=_title(data, look), background=look.theme.paper
    )
    svg = vl_convert.vegalite_to_svg(
        _configured(chart, look.theme),
        vl_version=_VEGA_LITE,
        format_locale="nl-NL",
        allowed_base_urls=[],
    )
    return _described(svg, data).encode()


_Drawn = tuple[list[alt.Chart], int, int, int]
"""Layers, width, height, and how far under the plot the source line stands."""


def _trend(data: ChartData, look: Look) -> _Drawn:
    ticks = {
        label: _LINE_BREAK.join(look.format.lines_below(label, note))
        for label, note in zip(data.axis, data.notes, strict=True)
    }
    rows = [
        {
            "at": ticks[each.at],
            "value": each.value,
            "series": each.series,
            "line": each.line,
            "under": _reads_under(data, each),
        }
        # Later rows lie on top: the unit's own line over the one that it is compared with.
        for each in sorted(data.points, key=lambda point: point.series == data.series[0])
    ]
    x = alt.X(
        "at:N",
        scale=alt.Scale(domain=list(ticks.values())),
        axis=alt.Axis(
            labelExpr=f"split(datum.label, '{_LINE_BREAK}')",
            labelAngle=0,
            labelOverlap=False,
            title=None,
        ),
    )
    y = alt.Y("value:Q", scale=_from_zero(data), axis=_value_axis(data, None))
    colour, dash = _line_styles(list(data.series), look)
    base = _chart(rows).encode(x=x, y=y, color=colour)
    own = base.transform_filter(alt.datum.series == data.series[0])
    figure = alt.Text("value:Q", format=_number_format(data))
    layers = [
        base.mark_line(strokeWidth=2.5).encode(detail="line:N", strokeDash=dash),
        base.mark_point(filled=True, size=55, opacity=1),
        *(
            own.transform_filter(alt.datum.under == under)
            .mark_text(dy=dy, fontSize=13, fontWeight="bold")
            .encode(text=figure)
            for under, dy in ((False, -13), (True, 16))
        ),
    ]
    deepest = max(tick.count(_LINE_BREAK) for tick in ticks.values()) + 1
    return layers, look.format.trend_width, look.format.height, 22 + _LINE_HEIGHT * (deepest + 1)


def _line_styles(series: list[str], look: Look) -> tuple[alt.Color, alt.StrokeDash]:
    legend = alt.Legend(
        title=None,
        orient="top",
        symbolType="stroke",
        symbolSize=400,
        labelLimit=400,
        columns=1 if look.format.labels_above else 2,
    )
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=series, range=list(look.theme.lines[: len(series)])),
        legend=legend if len(series) > 1 else None,
    )
    scale = alt.Scale(domain=series, range=[[1, 0], [6, 4]])
    return colour, alt.StrokeDash("series:N", scale=scale)


def _reads_under(data: ChartData, own: Point) -> bool:
    """Whether a figure stands under its point, so that no other line runs through it."""
    others = [each.value for each in data.points if each.at == own.at and each.series != own.series]
    has_room = own.value > _ROOM_UNDER * max(each.value for each in data.points)
    return has_room and any(other >= own.value for other in others)


def _bars(data: ChartData, look: Look) -> _Drawn:
    values = {point.at: point.value for point in data.points}
    rows = [
        {"at": label, "value": values.get(label), "note": note}
        for label, note in zip_longest(data.axis, data.notes, fillvalue="")
    ]
    above, ink = look.format.labels_above, look.theme.ink
    axis = alt.Axis(title=None, labelLimit=260, ticks=False, labels=not above)
    down = 10 if above else 0
    y = alt.Y("at:N", sort=list(data.axis), axis=axis)
    x = alt.X("value:Q", scale=_from_zero(data), axis=_value_axis(data, data.value_title))
    base = _chart(rows).encode(y=y)
    shown = base.transform_filter("isValid(datum.value)")
    text: dict[str, Any] = {"align": "left", "fontSize": 13, "color": ink, "dy": down}
    layers = [
        shown.mark_bar(color=look.theme.lines[0], height=16, yOffset=down).encode(x=x),
        shown.mark_text(dx=5, **text).encode(
            x=x, text=alt.Text("value:Q", format=_number_format(data))
        ),
        # The note of a bar without a value starts at the axis and is words, never a length.
        base.transform_filter("datum.note != ''")
        .mark_text(x=5, fontStyle="italic", **text)
        .encode(text="note:N"),
    ]
    if above:
        layers.append(base.mark_text(**{**text, "x": 3, "dy": -9}).encode(text="at:N"))
    return layers, look.format.bar_width, look.format.bar * len(data.axis), 62


_DRAWERS: dict[ChartKind, Callable[[ChartData, Look], _Drawn]] = {
    ChartKind.RATE: _trend,
    ChartKind.CLIENTS: _trend,
    ChartKind.FORMS: _bars,
}


def _from_zero(data: ChartData) -> alt.Scale:
    # From released values only; at least 1, so that a chart of zeros has a range.
    return alt.Scale(domain=[0, max(1.0, *(point.value for point in data.points))], nice=True)


def _value_axis(data: ChartData, title: str | None) -> alt.Axis:
    if data.kind is ChartKind.RATE:
        return alt.Axis(title=title, tickCount=5)
    return alt.Axis(title=title, tickCount=5, tickMinStep=1, format=_number_format(data))


def _number_format(data: ChartData) -> str:
    return ".1f" if data.kind is ChartKind.RATE else ",.0f"


def _title(data: ChartData, look: Look) -> alt.TitleParams:
    key = look.format.key if any(data.notes) and data.kind is not ChartKind.FORMS else ""
    under = [
        line
        for text in (data.subtitle, data.mark, key)
        for line in textwrap.wrap(text, look.format.subtitle_characters)
    ]
    return alt.TitleParams(
        text=textwrap.wrap(data.title, look.format.title_characters),
        subtitle=under,
        anchor="start",
        frame="group",
        fontSize=17,
        subtitleFontSize=13,
        subtitlePadding=6,
        offset=14,
        color=look.theme.ink,
        subtitleColor=look.theme.ink,
    )


def _chart(rows: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(rows))


def _source_line(data: ChartData, look: Look, y: int) -> alt.Chart:
    line: alt.Chart = _chart([{}]).mark_text(
        text=textwrap.wrap(data.source, look.format.subtitle_characters),
        x=0,
        y=y,
        align="left",
        fontSize=12,
        color=look.theme.ink,
    )
    return line


def _configured(chart: alt.LayerChart | alt.FacetChart, theme: Theme) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "labelColor": theme.ink,
        "titleColor": theme.ink,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "domainColor": theme.faint,
        "tickColor": theme.faint,
        "gridColor": theme.faint,
        "gridOpacity": 0.6,
    }
    legend = {"labelColor": theme.ink, "labelFontSize": 13}
    configured = (
        chart.configure(font=_FONT, padding=10)
        .configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_legend(**legend)
    )
    specification: dict[str, Any] = configured.to_dict(validate=False)
    return specification


def _described(svg: str, data: ChartData) -> str:
    # Pages give the same words as alt text; these serve whoever opens the image by itself.
    key = sha256_hex(data.alt.encode())[:8]
    opening, rest = svg.split(">", 1)
    return (
        f'{opening} role="img" aria-labelledby="t{key} d{key}">'
        f'<title id="t{key}">{escape(data.title)}</title>'
        f'<desc id="d{key}">{escape(" ".join(filter(None, (data.alt, data.mark))))}</desc>{rest}'
    )
