"""What a chart shows: points from released cells, its title, its source and its words.

A hidden year has no point and ends the line; the next shown year starts a new one. So does a
year in which other municipalities took part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from publisher.dashboard.findings import CLIENTS, RATE, Findings
from publisher.dashboard.series import form_cell
from publisher.dashboard.units import REGION_UNIT, UNIT_KINDS
from publisher.dashboard.words import capital
from publisher.downloads.words import MARK, STATUS_WORDS
from publisher.released import Cell, CellStatus
from shared.contract.periods import Period, PeriodKind
from shared.reference import Level


class ChartKind(StrEnum):
    """A chart that pages can show; the value stands in its address."""

    RATE = "per-100"  # clients per 100 pupils over the periods, beside the region
    CLIENTS = "aantallen"  # clients over the periods, where no rate is shown
    FORMS = "vormen"  # clients by form of help in the last period


@dataclass(frozen=True, slots=True)
class ChartKey:
    """Which chart: its kind and the unit that it is about."""

    kind: ChartKind
    level: Level
    unit: str

    def address(self, release_id: str, look: str) -> str:
        """Where the SVG is, in one look."""
        return f"/grafieken/{release_id}/{self.kind}/{self.level}/{self.unit}/{look}.svg"


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
    source: str
    alt: str


def chart_data(findings: Findings, key: ChartKey) -> ChartData | None:
    """The data of a chart, or None where not one value of the unit was released."""
    data = _BUILDERS[key.kind](findings, key)
    return data if data is not None and data.points else None


def _rate(findings: Findings, key: ChartKey) -> ChartData | None:
    return _trend(findings, key, RATE, compared=key.unit != REGION_UNIT)


def _clients(findings: Findings, key: ChartKey) -> ChartData | None:
    return _trend(findings, key, CLIENTS, compared=False)


def _trend(findings: Findings, key: ChartKey, measure: str, *, compared: bool) -> ChartData | None:
    name = _name(findings, key)
    if name is None:
        return None
    own = _this(key.level)
    lines = [(own, _cells(findings, key.level, key.unit, measure))]
    if not any(cell is not None and cell.value is not None for cell in lines[0][1]):
        return None
    if compared:
        whole = _cells(findings, Level.REGION, REGION_UNIT, measure)
        lines.append(("alle scholen in de regio", whole))
    label = findings.measure_labels[measure]
    years = f"{findings.periods[0].label} tot en met {findings.latest.label}"
    points = tuple(point for series, cells in lines for point in _points(series, cells, findings))
    return ChartData(
        kind=key.kind,
        title=name,
        subtitle=f"{capital(label)}, {years}",
        mark=_mark(findings),
        value_title=label,
        axis=tuple(period.label for period in findings.periods),
        notes=tuple(
            _note(cell, period, findings)
            for cell, period in zip(lines[0][1], findings.periods, strict=True)
        ),
        series=tuple(series for series, _ in lines),
        points=points,
        source=_source(findings),
        alt=(
            f"Lijngrafiek van {name}: {label}, {years}. "
            "Dezelfde cijfers staan in de tabel bij deze grafiek."
        ),
    )


def _forms(findings: Findings, key: ChartKey) -> ChartData | None:
    name = _name(findings, key)
    categories = findings.categories(key.level, key.unit)
    if name is None or not categories:
        return None
    period = findings.latest
    cells = {
        label: form_cell(findings, key.level, key.unit, period.code, category)
        for category, label in categories.items()
    }
    when = period_words(period)
    return ChartData(
        kind=key.kind,
        title=name,
        subtitle=f"Leerlingen met jeugdhulp naar vorm van hulp, {when}",
        mark=_mark(findings),
        value_title="leerlingen met jeugdhulp",
        axis=tuple(cells),
        notes=tuple(_status_note(cell) for cell in cells.values()),
        series=(_this(key.level),),
        points=tuple(
            Point(label, number_of(cell), _this(key.level), label)
            for label, cell in cells.items()
            if cell is not None and cell.value is not None
        ),
        source=_source(findings),
        alt=(
            f"Staafgrafiek van {name}: leerlingen met jeugdhulp naar vorm van hulp, {when}. "
            "Dezelfde cijfers staan in de tabel bij deze grafiek."
        ),
    )


_BUILDERS: dict[ChartKind, Callable[[Findings, ChartKey], ChartData | None]] = {
    ChartKind.RATE: _rate,
    ChartKind.CLIENTS: _clients,
    ChartKind.FORMS: _forms,
}


def number_of(cell: Cell) -> float:
    """A released value as a number to draw."""
    assert cell.value is not None
    return float(cell.value / 10**cell.decimals)


def period_words(period: Period) -> str:
    """``schooljaar 2023/2024`` or ``jaar 2023``."""
    kind = "schooljaar" if period.kind is PeriodKind.SCHOOL_YEAR else "jaar"
    return f"{kind} {period.label}"


def _cells(findings: Findings, level: Level, unit: str, measure: str) -> tuple[Cell | None, ...]:
    return tuple(findings.cell(level, unit, measure, period.code) for period in findings.periods)


def _points(series: str, cells: tuple[Cell | None, ...], findings: Findings) -> list[Point]:
    points, line = [], 0
    for cell, period in zip(cells, findings.periods, strict=True):
        if period.code in findings.breaks:
            line += 1
        if cell is None or cell.value is None:
            line += 1
        else:
            points.append(Point(period.label, number_of(cell), series, f"{series} {line}"))
    return points


def _note(cell: Cell | None, period: Period, findings: Findings) -> str:
    notes = [_status_note(cell)]
    if period.code in findings.breaks:
        notes.append("trendbreuk")
    return ", ".join(note for note in notes if note)


def _status_note(cell: Cell | None) -> str:
    if cell is None:
        return STATUS_WORDS[CellStatus.NOT_AVAILABLE]
    if cell.value is not None:
        return ""
    return STATUS_WORDS[cell.status]


def _name(findings: Findings, key: ChartKey) -> str | None:
    name = findings.units(key.level).get(key.unit)
    if name is not None and key.level is Level.REGION:
        return f"{name}: alle scholen in de regio"
    return name and capital(name)


def _this(level: Level) -> str:
    return next((kind.this for kind in UNIT_KINDS if kind.level is level), "alle scholen")


def _mark(findings: Findings) -> str:
    return MARK if findings.manifest.synthetic else ""


def _source(findings: Findings) -> str:
    manifest = findings.manifest
    return f"Bron: Monitor Onderwijs-Jeugdhulp, uitgave {manifest.release_id}"
