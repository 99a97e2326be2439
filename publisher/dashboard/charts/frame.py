"""What stands around every chart: its title, its source, its axes and its colours."""

from __future__ import annotations

import textwrap
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


def title_of(data: ChartData, look: Look) -> alt.TitleParams:
    """Title, what is shown, the synthetic mark, and the key of shortened notes."""
    key = look.format.key if any(_(WITHHELD) in note for note in data.notes) else ""
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


def source_line(data: ChartData, look: Look, y: int) -> alt.Chart:
    """The line that says where the figures come from, ``y`` pixels under the top of the plot."""
    line: alt.Chart = rows_of([{}]).mark_text(
        text=textwrap.wrap(data.source, look.format.subtitle_characters),
        x=0,
        y=y,
        align="left",
        fontSize=12,
        color=look.theme.ink,
    )
    return line


def configured(chart: Drawing, theme: Theme) -> dict[str, Any]:
    """The specification of a chart in the colours of a theme."""
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
    whole = (
        chart.configure(font=_FONT, padding=_PADDING)
        .configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_legend(**legend)
        .configure_header(labelColor=theme.ink)
    )
    specification: dict[str, Any] = whole.to_dict(validate=False)
    return specification
