"""From the data of a chart to an SVG image: on this machine, without network, byte for byte.

Source: Vega-Lite 6.4 through vl-convert, which renders in this process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import altair as alt
import vl_convert

from publisher.dashboard.chart_data import ChartData, ChartKind
from shared.canonical import sha256_hex

_VEGA_LITE = "6.4"
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_WIDTH = 560
_HEIGHT = 260
_BAR = 30
_LINE_BREAK = "|"
_NOTE_WIDTH = 14


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours that differ enough from the paper (WCAG 1.4.11) and from each other."""

    paper: str
    ink: str
    faint: str
    lines: tuple[str, str]


THEMES = {
    "licht": Theme("#ffffff", "#1b1f24", "#c9d1d9", ("#0b5a8a", "#9a4a00")),
    "donker": Theme("#161b22", "#e6edf3", "#444c56", ("#79c0ff", "#f0a35e")),
}


def draw(data: ChartData, theme: Theme) -> bytes:
    """The chart as SVG; the same data and theme give the same bytes."""
    layers = _DRAWERS[data.kind](data, theme)
    chart = alt.layer(*layers, _source_line(data, theme)).properties(
        width=_WIDTH, height=_height(data), title=_title(data, theme), background=theme.paper
    )
    svg = vl_convert.vegalite_to_svg(
        _configured(chart, theme).to_dict(validate=False),
        vl_version=_VEGA_LITE,
        format_locale="nl-NL",
        allowed_base_urls=[],
    )
    return _described(svg, data).encode()


def _lines(data: ChartData, theme: Theme) -> list[alt.Chart]:
    rows = [
        {
            "at": _tick(data, point.at),
            "value": point.value,
            "series": point.series,
            "line": point.line,
        }
        for point in data.points
    ]
    x = alt.X(
        "at:N",
        scale=alt.Scale(domain=[_tick(data, label) for label in data.axis]),
        axis=alt.Axis(labelExpr=f"split(datum.label, '{_LINE_BREAK}')", labelAngle=0, title=None),
    )
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(domain=[0, _top(data)], nice=True),
        axis=alt.Axis(title=None, tickCount=5),
    )
    scale = {"domain": list(data.series)}
    legend = alt.Legend(
        title=None, orient="top", symbolType="stroke", symbolSize=900, labelLimit=400
    )
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(**scale, range=list(theme.lines[: len(data.series)])),
        legend=legend if len(data.series) > 1 else None,
    )
    dash = alt.StrokeDash(
        "series:N",
        scale=alt.Scale(**scale, range=[[1, 0], [6, 4]]),
        legend=legend if len(data.series) > 1 else None,
    )
    base = alt.Chart(alt.Data(values=rows)).encode(x=x, y=y, color=colour)
    own = base.transform_filter(alt.datum.series == data.series[0])
    return [
        base.mark_line(strokeWidth=2.5).encode(detail="line:N", strokeDash=dash),
        base.mark_point(filled=True, size=55, opacity=1),
        own.mark_text(dy=-13, fontSize=13, fontWeight="bold").encode(
            text=alt.Text("value:Q", format=_number_format(data))
        ),
    ]


def _bars(data: ChartData, theme: Theme) -> list[alt.Chart]:
    values = {point.at: point.value for point in data.points}
    rows = [
        {"at": label, "value": values.get(label), "shown": label in values, "note": note}
        for label, note in zip(data.axis, data.notes, strict=True)
    ]
    order = list(data.axis)
    y = alt.Y("at:N", sort=order, axis=alt.Axis(title=None, labelLimit=260, ticks=False))
    x = alt.X(
        "value:Q",
        scale=alt.Scale(domain=[0, _top(data)], nice=True),
        axis=alt.Axis(title=data.value_title, tickCount=5),
    )
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    shown = base.transform_filter(alt.datum.shown)
    return [
        shown.mark_bar(color=theme.lines[0], height=16).encode(x=x),
        shown.mark_text(align="left", dx=5, fontSize=13, color=theme.ink).encode(
            x=x, text=alt.Text("value:Q", format=_number_format(data))
        ),
        # The note of a bar without a value starts at the axis and is words, never a length.
        base.transform_filter(alt.datum.note != "")
        .mark_text(align="left", x=5, fontSize=13, fontStyle="italic", color=theme.ink)
        .encode(text="note:N"),
    ]


_DRAWERS: dict[ChartKind, Callable[[ChartData, Theme], list[alt.Chart]]] = {
    ChartKind.RATE: _lines,
    ChartKind.CLIENTS: _lines,
    ChartKind.FORMS: _bars,
}


def _height(data: ChartData) -> int:
    return _BAR * len(data.axis) if data.kind is ChartKind.FORMS else _HEIGHT


def _top(data: ChartData) -> float:
    # From released values only, so that the axis tells nothing of a withheld one.
    return max(1, *(point.value for point in data.points))


def _tick(data: ChartData, label: str) -> str:
    note = data.notes[data.axis.index(label)]
    lines = [label]
    for word in note.split():
        if len(lines) > 1 and len(lines[-1]) + len(word) < _NOTE_WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return _LINE_BREAK.join(lines)


def _number_format(data: ChartData) -> str:
    return ".1f" if data.kind is ChartKind.RATE else ",.0f"


def _title(data: ChartData, theme: Theme) -> alt.TitleParams:
    return alt.TitleParams(
        text=data.title,
        subtitle=[line for line in (data.subtitle, data.mark) if line],
        anchor="start",
        frame="group",
        fontSize=17,
        subtitleFontSize=13,
        subtitlePadding=6,
        offset=14,
        limit=_WIDTH,
        color=theme.ink,
        subtitleColor=theme.ink,
    )


def _source_line(data: ChartData, theme: Theme) -> alt.Chart:
    if data.kind is ChartKind.FORMS:
        below = _height(data) + 66
    else:
        lines = max(_tick(data, label).count(_LINE_BREAK) for label in data.axis)
        below = _height(data) + 45 + 14 * lines
    return alt.Chart(alt.Data(values=[{}])).mark_text(
        text=data.source, x=0, y=below, align="left", fontSize=12, color=theme.ink
    )


def _configured(chart: alt.LayerChart, theme: Theme) -> alt.LayerChart:
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
    return (
        chart.configure(font=_FONT, padding=10)
        .configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_legend(**legend)
    )


def _described(svg: str, data: ChartData) -> str:
    # Pages give the same words as alt text; these serve whoever opens the image by itself.
    key = sha256_hex(data.alt.encode())[:8]
    opening, rest = svg.split(">", 1)
    return (
        f'{opening} role="img" aria-labelledby="t{key} d{key}">'
        f'<title id="t{key}">{escape(data.title)}</title>'
        f'<desc id="d{key}">{escape(" ".join(filter(None, (data.alt, data.mark))))}</desc>{rest}'
    )
