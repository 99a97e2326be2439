"""How the cost grows with the population: the curve, its slope, its chart and an estimate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import altair as alt
import numpy as np

from benchmarks.linkage.running import OURS, Outcome
from benchmarks.linkage.scale import NATION, PROVINCE, REGION

EUROPE_PUPILS = 75_000_000
"""Children of four to eighteen in the European Union, rounded; an assumption, not a count."""
CORES = 2
HOUR = 3_600.0
CHART = "scaling.svg"
_COSTS: dict[str, Callable[[Outcome], float]] = {
    "CPU time": lambda each: each.cpu_seconds,
    "wall time": lambda each: each.wall_seconds,
    "peak memory": lambda each: each.peak_bytes,
}


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The exponent of the power law through the points, by least squares on logarithms."""
    return fit(points)[0]


def fit(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Exponent and logarithm of the factor of the power law through the points."""
    x, y = np.log(np.array(points, dtype=np.float64)).T
    exponent, constant = np.polyfit(x, y, 1)
    return float(exponent), float(constant)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a population would need, from the power laws through what was measured."""

    name: str
    pupils: int
    rows: int
    cpu_seconds: float
    wall_seconds: float
    peak_bytes: float

    @property
    def cores_for_an_hour(self) -> int:
        """Cores that are done within an hour, when shards are divided over them evenly."""
        return math.ceil(self.cpu_seconds / HOUR)


def estimates(curve: Sequence[Outcome]) -> list[Estimate]:
    """Region, province, nation and Europe on paper."""
    rows_per_pupil = sum(each.rows for each in curve) / sum(each.scale.pupils for each in curve)
    laws = [fit([(each.rows, of(each)) for each in curve]) for of in _COSTS.values()]
    found = []
    for name, pupils in (
        ("region", REGION.pupils),
        ("province", PROVINCE.pupils),
        ("nation", NATION.pupils),
        ("Europe", EUROPE_PUPILS),
    ):
        rows = round(pupils * rows_per_pupil)
        found.append(
            Estimate(
                name,
                pupils,
                rows,
                *(math.exp(constant) * rows**exponent for exponent, constant in laws),
            )
        )
    return found


def markdown(curve: Sequence[Outcome]) -> str:
    """The block of docs/scaling.md: what was measured, its slopes, and the estimate."""
    slopes = {name: slope([(each.rows, of(each)) for each in curve]) for name, of in _COSTS.items()}
    lines = [
        f"![Time by number of rows, for each contender]({CHART})",
        "",
        "| population | pupils a year | rows | wall s | CPU s | peak memory, MB |",
        "|---|--:|--:|--:|--:|--:|",
        *(
            f"| {each.scale.name} | {each.scale.pupils:,} | {each.rows:,} | "
            f"{each.wall_seconds:.1f} | {each.cpu_seconds:.1f} | {each.peak_bytes / 1e6:,.0f} |"
            for each in curve
        ),
        "",
        "Measured slopes (the exponent of the power law through these points): "
        + ", ".join(f"{name} {value:.2f}" for name, value in slopes.items())
        + ".",
        "",
        f"| on paper | pupils a year | rows | CPU s | wall s, {CORES} cores | peak memory, MB "
        "| cores for one hour |",
        "|---|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {each.name} | {each.pupils:,} | {each.rows:,} | {each.cpu_seconds:,.0f} | "
            f"{each.wall_seconds:,.0f} | {each.peak_bytes / 1e6:,.0f} | {each.cores_for_an_hour} |"
            for each in estimates(curve)
        ),
    ]
    return "\n".join(lines)


def draw(outcomes: Sequence[Outcome], curve: Sequence[Outcome], path: Path) -> None:
    """The chart: wall time against rows, both logarithmic, of everyone who ran."""
    points = [
        {"rows": each.rows, "seconds": each.wall_seconds, "contender": each.name}
        for each in (*outcomes, *curve)
        if each.ran
    ]
    base = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("rows:Q", scale=alt.Scale(type="log"), title="delivered rows"),
        y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="seconds on the clock"),
        color=alt.Color(
            "contender:N",
            scale=alt.Scale(domain=[OURS, "polars", "pandas"]),
            title=None,
        ),
        shape=alt.Shape("contender:N", scale=alt.Scale(domain=[OURS, "polars", "pandas"])),
    )
    chart = alt.layer(base.mark_line(opacity=0.6), base.mark_point(size=70, filled=True))
    chart.properties(width=520, height=340, title="The full tally, by size of the population").save(
        str(path)
    )
