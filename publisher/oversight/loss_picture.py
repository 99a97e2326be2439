"""A picture of where information is lost: one bar per level, as SVG.

Source: Vega-Lite 6.4 through vl-convert, which renders in this process and asks no network.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import altair as alt
import vl_convert

from publisher.downloads.words import LEVEL_WORDS
from publisher.oversight.report_words import whole
from shared.reference import Level

Bar = tuple[Level, int, int, int]
"""A level with its cells: shown, withheld by themselves, withheld for others."""

KINDS = ("getoond", "zelf te veel zeggend", "om een ander cijfer te beschermen")
_COLOURS = ("#cfd8dc", "#a10000", "#e58a00")
_VEGA_LITE = "6.4"
_TITLE = "Cellen per niveau: getoond en niet getoond"


def loss_picture(bars: Iterable[Bar]) -> str:
    """The picture; the same figures give the same bytes."""
    found = tuple(bars)
    chart = (
        alt.Chart(alt.InlineData(values=list(_rows(found))))
        .mark_bar()
        .encode(
            alt.X("cells:Q").stack("normalize").title("aandeel van de cellen").axis(format="%"),
            alt.Y("level:N").sort(None).title(None).axis(labelLimit=320),
            alt.Color("kind:N")
            .title(None)
            .scale(domain=list(KINDS), range=list(_COLOURS))
            .legend(orient="top", labelLimit=320),
            alt.Order("order:Q"),
        )
        .properties(width=520, height=alt.Step(26), title=_TITLE)
        .configure(font="Liberation Sans, Arial, Helvetica, sans-serif")
    )
    svg: str = vl_convert.vegalite_to_svg(
        chart.to_dict(), vl_version=_VEGA_LITE, format_locale="nl-NL", allowed_base_urls=[]
    )
    opening, rest = svg.split(">", 1)
    return f'{opening} role="img" aria-label="{escape(described(found))}">{rest}'


def described(bars: Iterable[Bar]) -> str:
    """The picture in words."""
    levels = (
        f"{LEVEL_WORDS[level]} {whole(own + other)} van {whole(shown + own + other)}"
        for level, shown, own, other in bars
    )
    return f"Niet getoonde cellen per niveau: {'; '.join(levels)}."


def _rows(bars: Iterable[Bar]) -> Iterable[dict[str, Any]]:
    for level, *cells in bars:
        for order, (kind, count) in enumerate(zip(KINDS, cells, strict=True)):
            yield {"level": LEVEL_WORDS[level], "kind": kind, "cells": count, "order": order}
