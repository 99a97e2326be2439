"""Curves as SVG, drawn by hand: two axes on a logarithmic scale, one line per contender."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

Point = tuple[float, float]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 700, 360, 64, 240, 34, 46
COLOURS = ("#1f4e79", "#c05a00", "#2e7d32", "#7b1fa2", "#8a8a00", "#00838f", "#ad1457", "#5d4037")
MARKS = ("●", "■", "▲", "◆", "▼", "✚", "★", "○")


def draw(title: str, unit: str, lines: Mapping[str, Sequence[Point]]) -> str:
    """One picture; every line has a colour and a mark of its own."""
    points = [point for line in lines.values() for point in line]
    horizontal = _Scale([x for x, _ in points], LEFT, WIDTH - RIGHT)
    vertical = _Scale([max(y, 0.1) for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>{escape(title)}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<text x="{LEFT}" y="20" font-weight="bold">{escape(title)}</text>'
    ]
    for x in sorted({x for x, _ in points}):
        at = horizontal(x)
        parts.append(
            f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
            f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{x:,.0f}</text>'
        )
    for power in _powers([max(y, 0.1) for _, y in points]):
        at = vertical(10.0**power)
        parts.append(
            f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#ddd"/>'
            f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
        )
    for number, (name, line) in enumerate(lines.items()):
        colour, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
        places = [(horizontal(x), vertical(max(y, 0.1))) for x, y in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<text x="{x:.1f}" y="{y + 4:.1f}" fill="{colour}" text-anchor="middle">{mark}</text>'
            for x, y in places
        ]
        parts.append(
            f'<text x="{WIDTH - RIGHT + 12}" y="{TOP + 16 + 18 * number}" fill="{colour}">'
            f"{mark} {escape(name)}</text>"
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">schools'
        f'</text><text x="14" y="{HEIGHT / 2}" text-anchor="middle" '
        f'transform="rotate(-90 14 {HEIGHT / 2})">{escape(unit)}</text></svg>'
    )
    return "\n".join(parts) + "\n"


def _powers(values: Sequence[float]) -> range:
    return range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)


class _Scale:
    """A place on the paper for each value; whole powers of ten at both ends of the ordinate."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = math.log10(min(values)), math.log10(max(values))
        if start > end:
            low, high = math.floor(low), math.ceil(high)
        self._low, self._span = low, max(high - low, 1e-9)
        self._start, self._length = start, end - start

    def __call__(self, value: float) -> float:
        return self._start + self._length * (math.log10(value) - self._low) / self._span
