"""What stands around every chart: its title, its source, its axes and its colours."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

import altair as alt

from publisher.dashboard.charts.data import ChartData
from publisher.dashboard.charts.looks import Look, Theme
from publisher.dashboard.language import _
from publisher.downloads.words import WITHHELD

Drawing = alt.LayerChart | alt.FacetChart | alt.VConcatChart
"""What the drawing library gives for layers on, or under, each other."""

LINE_HEIGHT = 15
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_FEW_VALUES = 5
_PADDING = {"left": 10, "top": 10, "right": 26, "bottom": 10}
"""Pixels; on the right some more, for a reader whose letters are wider than those of ``_FONT``."""
_LETTER, _BOLD_LETTER = 0.6, 0.68
"""Width of a letter in parts of its size, in the widest fonts that readers have in place of it."""
_TITLE_SIZE, _SUBTITLE_SIZE, SMALL_SIZE = 17, 13, 12
"""Pixels; the last is of labels and of the line that says where figures come from."""
LINE_BREAK = "|"
"""In labels of more than one line; an axis splits them again."""
SPLIT_LINES = f"split(datum.label, '{LINE_BREAK}')"


def rows_of(rows: list[dict[str, Any]]) -> alt.Chart:
    """A chart over rows that stand in the image itself."""
    return alt.Chart(alt.InlineData(rows))


def value_axis(data: ChartData, title: str | None) -> alt.Axis:
    """The axis of the values: few ticks, whole numbers where the values are whole."""
    if data.decimals:
        return alt.Axis(title=title, tickCount=_FEW_VALUES)
    return alt.Axis(title=title, tickCount=_FEW_VALUES, tickMinStep=1, format=number_format(data))


def number_format(data: ChartData) -> str:
    """How the drawing library writes the values."""
    return f",.{data.decimals}f"


def from_zero(data: ChartData, room: float = 1.0) -> alt.Scale:
    """A scale that starts at zero and ends at ``room`` times the highest released value."""
    # At least 1, so that a chart of zeros has a range.
    highest = max(1.0, data.mean or 0.0, *(point.value for point in data.points))
    return alt.Scale(domain=[0, highest * room], nice=True)


def room_for(lines: Iterable[str]) -> int:
    """Pixels that the longest of the lines beside an axis needs."""
    return round(_LETTER * SMALL_SIZE * max(map(len, lines), default=0))


def lines_within(text: str, width: int, size: int, letter: float = _LETTER) -> list[str]:
    """A text in lines that fit in so many pixels, also in the widest letters."""
    return textwrap.wrap(text, max(1, int(width / (letter * size))))


def title_of(data: ChartData, look: Look, width: int, beside: int = 0) -> alt.TitleParams:
    """Title, what is shown, the synthetic mark, and the key of shortened notes.

    Args:
        data: of the chart.
        look: whose colours it has.
        width: of the plot, in pixels.
        beside: pixels of the labels on its left, over which the title begins.
    """
    key = look.format.key if any(_(WITHHELD) in note for note in data.notes) else ""
    under = [
        line
        for text in (data.subtitle, data.mark, key)
        for line in lines_within(text, width + beside, _SUBTITLE_SIZE)
    ]
    return alt.TitleParams(
        text=lines_within(data.title, width + beside, _TITLE_SIZE, _BOLD_LETTER),
        subtitle=under,
        anchor="start",
        frame="bounds" if beside else "group",
        fontSize=_TITLE_SIZE,
        subtitleFontSize=_SUBTITLE_SIZE,
        subtitlePadding=6,
        offset=14,
        color=look.theme.ink,
        subtitleColor=look.theme.ink,
    )


def source_line(data: ChartData, look: Look, y: int, width: int, beside: int = 0) -> alt.Chart:
    """Where the figures come from, ``y`` pixels under the top of the plot; as wide as a title."""
    line: alt.Chart = rows_of([{}]).mark_text(
        text=lines_within(data.source, width + beside, SMALL_SIZE),
        x=-beside,
        y=y,
        align="left",
        fontSize=SMALL_SIZE,
        color=look.theme.ink,
    )
    return line


def configured(chart: Drawing, theme: Theme) -> dict[str, Any]:
    """The specification of a chart in the colours of a theme."""
    axis: dict[str, Any] = {
        "labelColor": theme.ink,
        "titleColor": theme.ink,
        "labelFontSize": SMALL_SIZE,
        "titleFontSize": SMALL_SIZE,
        "titleFontWeight": "normal",
        "domainColor": theme.faint,
        "tickColor": theme.faint,
        "gridColor": theme.faint,
        "gridOpacity": 0.6,
    }
    legend = {"labelColor": theme.ink, "labelFontSize": 13}
    whole = (
        chart.configure(font=_FONT, padding=_PADDING)
        .configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_legend(**legend)
        .configure_header(labelColor=theme.ink)
    )
    specification: dict[str, Any] = whole.to_dict(validate=False)
    return specification
