"""From the data of a chart to an image: on this machine, without network, byte for byte.

Source: Vega-Lite 6.4 through vl-convert, which renders in this process.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import vl_convert

from publisher.dashboard.charts.data import ChartData, ChartKind
from publisher.dashboard.charts.frame import Drawing, configured
from publisher.dashboard.charts.lines import multiples, trend
from publisher.dashboard.charts.looks import Look
from publisher.dashboard.charts.places import bars, strip
from publisher.dashboard.language import spoken
from shared.canonical import sha256_hex

_VEGA_LITE = "6.4"
_SLIDE_SCALE = 3

_DRAWERS: dict[ChartKind, Callable[[ChartData, Look], Drawing]] = {
    ChartKind.TREND: trend,
    ChartKind.BARS: bars,
    ChartKind.STRIP: strip,
    ChartKind.MULTIPLES: multiples,
    ChartKind.BESIDE: multiples,
}


def draw(data: ChartData, look: Look) -> bytes:
    """The chart as SVG; the same data and look give the same bytes."""
    svg: str = vl_convert.vegalite_to_svg(
        _specification(data, look),
        vl_version=_VEGA_LITE,
        format_locale=spoken().chart_locale,
        allowed_base_urls=[],
    )
    return _described(svg, data).encode()


def draw_slide(data: ChartData, look: Look) -> bytes:
    """The chart as PNG for a slide, with the line that says where it comes from in it."""
    png: bytes = vl_convert.vegalite_to_png(
        _specification(data, look),
        vl_version=_VEGA_LITE,
        format_locale=spoken().chart_locale,
        allowed_base_urls=[],
        scale=_SLIDE_SCALE,
    )
    return png


def _specification(data: ChartData, look: Look) -> dict[str, Any]:
    chart = _DRAWERS[data.kind](data, look).properties(background=look.theme.paper)
    return configured(chart, look.theme)


def _described(svg: str, data: ChartData) -> str:
    # Pages give the same words as alt text; these serve whoever opens the image by itself.
    key = sha256_hex(data.alt.encode())[:8]
    opening, rest = svg.split(">", 1)
    return (
        f'{opening} role="img" aria-labelledby="t{key} d{key}">'
        f'<title id="t{key}">{escape(data.title)}</title>'
        f'<desc id="d{key}">{escape(" ".join(filter(None, (data.alt, data.mark))))}</desc>{rest}'
    )
