"""Values side by side in one period: bars by category, and schools around their mean."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

import altair as alt

from publisher.dashboard.charts.data import ChartData
from publisher.dashboard.charts.frame import (
    Drawing,
    from_zero,
    number_format,
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
_LANES = 7
_STRIP_HEIGHT = 130


def bars(data: ChartData, look: Look) -> Drawing:
    """A bar per category; the note of one without a value is words, never a length."""
    values = {point.at: point.value for point in data.points}
    rows = [
        {"at": label, "value": values.get(label), "note": note}
        for label, note in zip_longest(data.axis, data.notes, fillvalue="")
    ]
    above, ink = look.format.labels_above, look.theme.ink
    axis = alt.Axis(title=None, labelLimit=260, ticks=False, labels=not above)
    down = 10 if above else 0
    y = alt.Y("at:N", sort=list(data.axis), axis=axis)
    x = alt.X("value:Q", scale=from_zero(data), axis=value_axis(data, data.value_title))
    base = rows_of(rows).encode(y=y)
    shown = base.transform_filter("isValid(datum.value)")
    text: dict[str, Any] = {"align": "left", "fontSize": 13, "color": ink, "dy": down}
    height = look.format.bar * len(data.axis)
    layers = [
        shown.mark_bar(color=look.theme.lines[0], height=16, yOffset=down).encode(x=x),
        shown.mark_text(dx=5, **text).encode(
            x=x, text=alt.Text("value:Q", format=number_format(data))
        ),
        base.transform_filter("datum.note != ''")
        .mark_text(x=5, fontStyle="italic", **text)
        .encode(text="note:N"),
        source_line(data, look, height + _SOURCE_BELOW),
    ]
    if above:
        layers.append(base.mark_text(**{**text, "x": 3, "dy": -9}).encode(text="at:N"))
    return alt.layer(*layers).properties(
        width=look.format.bar_width, height=height, title=_without_key(data, look)
    )


def strip(data: ChartData, look: Look) -> Drawing:
    """A dot per school and a line at the mean of all schools of the type."""
    named = len(data.points) <= _NAMED and not look.format.labels_above
    others, own = data.series
    rows = [
        {
            "name": each.at,
            "value": each.value,
            "series": each.series,
            # Lanes by rank keep dots of alike schools apart, the same way every time.
            "lane": place % _LANES,
        }
        for place, each in enumerate(sorted(data.points, key=lambda p: (-p.value, p.line)))
    ]
    height = 24 * len(rows) if named else _STRIP_HEIGHT
    width = look.format.bar_width if named else look.format.trend_width
    x = alt.X("value:Q", scale=from_zero(data), axis=value_axis(data, data.value_title))
    y: alt.Y = alt.Y("lane:Q", axis=None, scale=alt.Scale(domain=[-1, _LANES]))
    if named:
        axis = alt.Axis(title=None, ticks=False, labelLimit=240)
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
            dx=12, align="left", fontSize=13, fontWeight="bold", color=look.theme.ink
        ).encode(text=alt.Text("value:Q", format=number_format(data))),
        source_line(data, look, height + _SOURCE_BELOW),
    ]
    return alt.layer(*layers).properties(width=width, height=height, title=title_of(data, look))


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


def _without_key(data: ChartData, look: Look) -> alt.TitleParams:
    """Bars write their notes in full, so that no key is needed."""
    title = title_of(data, look)
    if look.format.key and look.format.key in title.subtitle:
        title.subtitle = [line for line in title.subtitle if line != look.format.key]
    return title
