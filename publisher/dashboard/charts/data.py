"""What a chart is: its kind and address, its points, its title, its source and its words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from publisher.released import Cell
from shared.reference import Level


class ChartKind(StrEnum):
    """A chart that pages can show; the value stands in its address."""

    TREND = "verloop"  # a measure over the periods, beside the region where that compares
    BARS = "staven"  # a measure by category in the last period
    STRIP = "spreiding"  # the schools of a type around its mean, in the last period
    MULTIPLES = "per-gemeente"  # a measure over the periods, one small chart per municipality
    BESIDE = "naast-elkaar"  # likewise, one per unit that somebody chose


@dataclass(frozen=True, slots=True)
class ChartKey:
    """Which chart: its kind, what it measures and the unit that it is about.

    Attributes:
        unit: of the level; of chosen units, which can be of any level, each as it was chosen.
    """

    kind: ChartKind
    table: str
    measure: str
    level: Level
    unit: str

    def address(self, release_id: str, look: str, suffix: str) -> str:
        """Where the image is, in one look."""
        return (
            f"/grafieken/{release_id}/{self.kind}/{self.table}/{self.measure}/"
            f"{quote(self.level)}/{quote(self.unit)}/{look}.{suffix}"
        )


@dataclass(frozen=True, slots=True)
class Point:
    """One released value: where it stands, what it is, and which line it belongs to."""

    at: str
    value: float
    series: str
    line: str


@dataclass(frozen=True, slots=True)
class ChartData:
    """Everything that a chart shows.

    Attributes:
        axis: labels of all places along the axis in order, the ones without a value too.
        notes: under a label of the axis: why there is no value, or that the trend breaks.
        decimals: of the values.
        mean: of all units that are shown, where the chart compares with it.
        alt: the chart in words, for whoever cannot see it.
    """

    kind: ChartKind
    title: str
    subtitle: str
    mark: str
    value_title: str
    axis: tuple[str, ...]
    notes: tuple[str, ...]
    series: tuple[str, ...]
    points: tuple[Point, ...]
    decimals: int
    source: str
    alt: str
    mean: float | None = None


def number_of(cell: Cell) -> float:
    """A released value as a number to draw."""
    assert cell.value is not None
    return float(cell.value / 10**cell.decimals)


def decimals_of(cells: tuple[Cell | None, ...]) -> int:
    """The decimals of the values in these cells."""
    return max((cell.decimals for cell in cells if cell is not None), default=0)
