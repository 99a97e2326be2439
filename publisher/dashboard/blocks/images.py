"""Charts as pages show them: the addresses of every look, and the words beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.charts.looks import LOOKS
from publisher.dashboard.charts.making import chart_data
from publisher.dashboard.findings import Findings
from publisher.dashboard.topics import Column
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class ChartImage:
    """A chart as a page shows it.

    Attributes:
        looks: address of the chart per name of a look.
        slide: address of the same chart as PNG.
        key: names the chart, for whoever draws it elsewhere than on a page.
    """

    looks: dict[str, str]
    slide: str
    alt: str
    key: ChartKey


def image_of(findings: Findings, key: ChartKey) -> ChartImage | None:
    """A chart as a page shows it, or None where nothing of it was released."""
    data = chart_data(findings, key)
    if data is None:
        return None
    release_id = findings.manifest.release_id
    looks = {look: key.address(release_id, look, "svg") for look in LOOKS}
    return ChartImage(looks, key.address(release_id, "licht", "png"), data.alt, key)


def trend_chart(
    findings: Findings, level: Level, unit: str, columns: Iterable[Column]
) -> ChartImage | None:
    """The chart over the periods of the first column of which anything was released."""
    for column in columns:
        key = ChartKey(ChartKind.TREND, column.table, column.measure, level, unit)
        if (image := image_of(findings, key)) is not None:
            return image
    return None
