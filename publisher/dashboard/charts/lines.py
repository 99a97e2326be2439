"""Lines over the periods: of one unit, or of several, each beside the region."""

from __future__ import annotations

import textwrap

import altair as alt

from publisher.dashboard.charts.data import ChartData, ChartKind, Point
from publisher.dashboard.charts.frame import (
    LINE_BREAK,
    LINE_HEIGHT,
    SPLIT_LINES,
    Drawing,
    from_zero,
    number_format,
    rows_of,
    source_line,
    title_of,
    value_axis,
)
from publisher.dashboard.charts.looks import Look
from publisher.dashboard.language import number

_ROOM_UNDER = 0.12
"""Part of the highest value; a figure under a lower point would touch the axis."""
_PANEL_ROOM_UNDER = 0.25
"""Likewise in a small chart."""
_ROOM_ABOVE = 1.2
"""Over the highest value, so that a figure above a point stays within its small chart."""
_LABEL_CHARACTERS = 18
_CHARACTER = 7
"""Width of one character of a name or a figure, in pixels; rather too much than too little."""
_BESIDE_THE_AXIS = 4
"""Characters of a name that fit over the labels of the axis."""
_NAME_GAP = 8
"""Between the last point and a name, beside half of the figure that stands over the point."""
_LABEL_ROOM = 38
"""Height of a name of two lines, in pixels."""


def trend(data: ChartData, look: Look) -> Drawing:
    """A line that ends where a year is hidden, with its figures and its name beside it."""
    ticks = {
        label: LINE_BREAK.join(look.format.lines_below(label, note))
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
            labelExpr=SPLIT_LINES,
            labelAngle=0,
            labelOverlap=False,
            title=None,
        ),
    )
    names = _names(data, look)
    y = alt.Y("value:Q", scale=from_zero(data), axis=value_axis(data, None))
    colour, dash = _line_styles(data, look, with_legend=not names)
    base = rows_of(rows).encode(x=x, y=y, color=colour)
    own = base.transform_filter(alt.datum.series == data.series[0])
    figure = alt.Text("value:Q", format=number_format(data))
    deepest = max(tick.count(LINE_BREAK) for tick in ticks.values()) + 1
    gap = _NAME_GAP + _CHARACTER * _last_figure(data) // 2
    width = look.format.trend_width - (gap + _longest_line(data.series) if names else 0)
    layers = [
        base.mark_line(strokeWidth=2.5).encode(detail="line:N", strokeDash=dash),
        base.mark_point(filled=True, size=55, opacity=1),
        *(
            own.transform_filter(alt.datum.under == under)
            .mark_text(dy=dy, fontSize=13, fontWeight="bold")
            .encode(text=figure)
            for under, dy in ((False, -13), (True, 16))
        ),
        *(_name(base, name, gap, dy, ticks[data.axis[-1]]) for name, dy in names),
        source_line(
            data,
            look,
            look.format.height + 22 + LINE_HEIGHT * (deepest + 1),
            look.format.trend_width,
        ),
    ]
    return alt.layer(*layers).properties(
        width=width,
        height=look.format.height,
        title=title_of(data, look, look.format.trend_width),
    )


def multiples(data: ChartData, look: Look) -> Drawing:
    """One small chart per unit, all on one scale, each with the line of the region."""
    *units, region = data.series
    # Municipalities are many, and known by a short name.
    wide = 4 if data.kind is ChartKind.MULTIPLES else 3
    columns = 2 if look.format.labels_above else wide
    width = look.format.trend_width // columns - (44 if columns > 2 else 30)
    panels = [_panel(data, look, name, region, width) for name in units]
    rows = [
        alt.hconcat(*panels[at : at + columns], spacing=18) for at in range(0, len(panels), columns)
    ]
    whole = look.format.trend_width // columns * min(columns, len(panels))
    foot = alt.layer(source_line(data, look, 0, whole)).properties(width=width, height=10)
    return alt.vconcat(*rows, foot, spacing=14).properties(title=title_of(data, look, whole))


def _panel(data: ChartData, look: Look, name: str, region: str, width: int) -> Drawing:
    rows = [
        {"at": each.at, "value": each.value, "series": each.series, "line": each.line}
        for each in data.points
        if each.series in (name, region)
    ]
    ends = {data.axis[0]: data.axis[0][2:4], data.axis[-1]: data.axis[-1][2:4]}
    shown = " : ".join(f"datum.label == '{label}' ? '’{year}'" for label, year in ends.items())
    x = alt.X(
        "at:N",
        scale=alt.Scale(domain=list(data.axis)),
        axis=alt.Axis(title=None, labelAngle=0, ticks=False, labelExpr=f"{shown} : ''"),
    )
    y = alt.Y("value:Q", scale=from_zero(data, room=_ROOM_ABOVE), axis=value_axis(data, None))
    ink, other = look.theme.lines
    base = rows_of(rows).encode(x=x, y=y, detail="line:N")
    own = base.transform_filter(alt.datum.series == name)
    last = own.transform_filter(alt.datum.at == data.axis[-1])
    under = any(
        _reads_under(data, each, beside=region, room=_PANEL_ROOM_UNDER)
        for each in data.points
        if (each.series, each.at) == (name, data.axis[-1])
    )
    title = alt.TitleParams(
        textwrap.wrap(name, width // _CHARACTER + _BESIDE_THE_AXIS),
        anchor="start",
        frame="group",
        fontSize=13,
        color=look.theme.ink,
    )
    return alt.layer(
        base.transform_filter(alt.datum.series == region).mark_line(
            color=other, strokeWidth=1.5, strokeDash=[6, 4]
        ),
        own.mark_line(color=ink, strokeWidth=2.5),
        own.mark_point(color=ink, filled=True, size=20, opacity=1),
        last.mark_text(color=ink, dy=14 if under else -10, fontSize=12, fontWeight="bold").encode(
            text=alt.Text("value:Q", format=number_format(data))
        ),
    ).properties(width=width, height=110, title=title)


def _names(data: ChartData, look: Look) -> list[tuple[str, int]]:
    """The name of each line, with how far it stands above or below its last point.

    None where a legend reads better: on narrow screens, or where a line ends before the last
    period.
    """
    ends = {each.series: each.value for each in data.points if each.at == data.axis[-1]}
    if look.format.labels_above or len(data.series) < 2 or len(ends) < len(data.series):
        return []
    highest = max(1.0, *(each.value for each in data.points))
    first, second = sorted(data.series, key=lambda name: -ends[name])
    apart = (ends[first] - ends[second]) / highest * look.format.height
    push = max(0, round((_LABEL_ROOM - apart) / 2))
    return [(first, -push), (second, push)]


def _last_figure(data: ChartData) -> int:
    """Characters of the figure at the last point of the unit's own line."""
    ends = [each.value for each in data.points if each.series == data.series[0]]
    return len(number(round(ends[-1] * 10**data.decimals), data.decimals))


def _longest_line(names: tuple[str, ...]) -> int:
    lines = (line for name in names for line in textwrap.wrap(name, _LABEL_CHARACTERS))
    return _CHARACTER * max(len(line) for line in lines)


def _name(base: alt.Chart, name: str, dx: int, dy: int, last: str) -> alt.Chart:
    named: alt.Chart = base.transform_filter(
        (alt.datum.series == name) & (alt.datum.at == last)
    ).mark_text(
        align="left",
        baseline="middle",
        dx=dx,
        dy=dy,
        fontSize=13,
        text=textwrap.wrap(name, _LABEL_CHARACTERS),
    )
    return named


def _line_styles(
    data: ChartData, look: Look, *, with_legend: bool
) -> tuple[alt.Color, alt.StrokeDash]:
    series = list(data.series)
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
        legend=legend if with_legend and len(series) > 1 else None,
    )
    scale = alt.Scale(domain=series, range=[[1, 0], [6, 4]])
    shown = legend if with_legend and len(series) > 1 else None
    return colour, alt.StrokeDash("series:N", scale=scale, legend=shown)


def _reads_under(data: ChartData, own: Point, beside: str = "", room: float = _ROOM_UNDER) -> bool:
    """Whether a figure stands under its point, so that no other line runs through it.

    Args:
        beside: the only other line that counts; every other one without it.
        room: part of the highest value that a figure under a point needs.
    """
    others = [
        each.value
        for each in data.points
        if each.at == own.at and each.series != own.series and beside in ("", each.series)
    ]
    has_room = own.value > room * max(each.value for each in data.points)
    return has_room and any(other >= own.value for other in others)
