"""Values side by side in one period: bars by category, and schools around their mean."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import altair as alt

from publisher.dashboard.charts.data import ChartData
from publisher.dashboard.charts.frame import (
    LINE_BREAK,
    LINE_HEIGHT,
    SMALL_SIZE,
    SPLIT_LINES,
    Drawing,
    from_zero,
    lines_within,
    number_format,
    room_for,
    rows_of,
    source_line,
    title_of,
    value_axis,
)
from publisher.dashboard.charts.looks import Look
from publisher.dashboard.language import _, number

_SOURCE_BELOW = 62
_NAMED = 14
"""Up to this many schools stand under each other by name; more stand in one strip."""
_BESIDE = 230
"""Pixels for labels beside an axis; longer ones continue on the next line."""
_FIGURE_SIZE = 13
_LANES = 7
_STRIP_HEIGHT = 130


def bars(data: ChartData, look: Look) -> Drawing:
    """A bar per category; the note of one without a value is words, never a length."""
    above, ink = look.format.labels_above, look.theme.ink
    width = look.format.bar_width
    of_label = (width, _FIGURE_SIZE) if above else (_BESIDE, SMALL_SIZE)
    labels = [_label(name, *of_label) for name in data.axis]
    values = {point.at: point.value for point in data.points}
    rows = [
        {"at": label, "value": values.get(at), "note": note}
        for at, label, note in zip_longest(data.axis, labels, data.notes, fillvalue="")
    ]
    deepest = max(label.count(LINE_BREAK) for label in labels)
    beside = 0 if above else _room_beside(labels)
    axis = alt.Axis(
        title=None, labelExpr=SPLIT_LINES, labelLimit=0, minExtent=beside, ticks=False,
        labels=not above,
    )  # fmt: skip
    down = 10 + deepest * LINE_HEIGHT // 2 if above else 0
    y = alt.Y("at:N", sort=list(labels), axis=axis)
    x = alt.X("value:Q", scale=from_zero(data), axis=value_axis(data, data.value_title))
    base = rows_of(rows).encode(y=y)
    shown = base.transform_filter("isValid(datum.value)")
    text: dict[str, Any] = {"align": "left", "fontSize": _FIGURE_SIZE, "color": ink, "dy": down}
    height = (look.format.bar + (deepest * LINE_HEIGHT if above else 0)) * len(labels)
    layers = [
        shown.mark_bar(color=look.theme.lines[0], height=16, yOffset=down).encode(x=x),
        shown.mark_text(dx=5, **text).encode(
            x=x, text=alt.Text("value:Q", format=number_format(data))
        ),
        base.transform_filter("datum.note != ''")
        .mark_text(x=5, fontStyle="italic", **text)
        .encode(text="note:N"),
        source_line(data, look, height + _SOURCE_BELOW, width, beside),
    ]
    if above:
        layers += [
            base.transform_filter(alt.FieldOneOfPredicate("at", of_lines))
            .mark_text(**{**text, "x": 3, "dy": down - 19 - lines * LINE_HEIGHT},
                       lineBreak=LINE_BREAK, lineHeight=LINE_HEIGHT)
            .encode(text="at:N")
            for lines in range(deepest + 1)
            if (of_lines := [each for each in labels if each.count(LINE_BREAK) == lines])
        ]  # fmt: skip
    title = _without_key(look, title_of(data, look, width, beside))
    return alt.layer(*layers).properties(width=width, height=height, title=title)


def _label(name: str, width: int = _BESIDE, size: int = SMALL_SIZE) -> str:
    """A name in lines that fit in so many pixels."""
    return LINE_BREAK.join(lines_within(name, width, size)) or name


def _room_beside(labels: Iterable[str]) -> int:
    return room_for(line for label in labels for line in label.split(LINE_BREAK))


def strip(data: ChartData, look: Look) -> Drawing:
    """A dot per school and a line at the mean of all schools of the type."""
    named = len(data.points) <= _NAMED and not look.format.labels_above
    others, own = data.series
    ranked = sorted(data.points, key=lambda point: (-point.value, point.line))
    rows = [
        {
            "name": _label(each.at),
            "value": each.value,
            "series": each.series,
            # Lanes by rank keep dots of alike schools apart, the same way every time.
            "lane": place % _LANES,
        }
        for place, each in enumerate(ranked)
    ]
    height = 24 * len(rows) if named else _STRIP_HEIGHT
    width = look.format.bar_width if named else look.format.trend_width
    x = alt.X("value:Q", scale=from_zero(data), axis=value_axis(data, data.value_title))
    beside = 0
    y: alt.Y = alt.Y("lane:Q", axis=None, scale=alt.Scale(domain=[-1, _LANES]))
    if named:
        beside = _room_beside(str(row["name"]) for row in rows)
        axis = alt.Axis(
            title=None, labelExpr=SPLIT_LINES, labelLimit=0, minExtent=beside, ticks=False
        )
        y = alt.Y("name:N", sort=[str(row["name"]) for row in rows], axis=axis)
    base = rows_of(rows).encode(x=x, y=y)
    blue, orange = look.theme.lines
    pointed = base.transform_filter(alt.datum.series == own)
    layers = [
        *_mean(data, look, x),
        base.transform_filter(alt.datum.series == others).mark_point(
            filled=True, size=70, opacity=0.75, color=blue
        ),
        pointed.mark_point(filled=True, size=190, opacity=1, color=orange, shape="diamond"),
        pointed.mark_text(
            dx=12, align="left", fontSize=_FIGURE_SIZE, fontWeight="bold", color=look.theme.ink
        ).encode(text=alt.Text("value:Q", format=number_format(data))),
        source_line(data, look, height + _SOURCE_BELOW, width, beside),
    ]
    title = title_of(data, look, width, beside)
    return alt.layer(*layers).properties(width=width, height=height, title=title)


def _mean(data: ChartData, look: Look, x: alt.X) -> list[alt.Chart]:
    if data.mean is None:
        return []
    words = _("alle scholen samen: {value}", value=_spelled(data, data.mean))
    base = rows_of([{"value": data.mean, "words": words}]).encode(x=x)
    return [
        base.mark_rule(color=look.theme.ink, strokeDash=[6, 4], strokeWidth=2),
        base.mark_text(y=-6, align="left", dx=-4, fontSize=12, color=look.theme.ink).encode(
            text="words:N"
        ),
    ]


def _spelled(data: ChartData, value: float) -> str:
    return number(round(value * 10**data.decimals), data.decimals)


def _without_key(look: Look, title: alt.TitleParams) -> alt.TitleParams:
    """Bars write their notes in full, so that no key is needed."""
    if look.format.key and look.format.key in title.subtitle:
        title.subtitle = [line for line in title.subtitle if line != look.format.key]
    return title
