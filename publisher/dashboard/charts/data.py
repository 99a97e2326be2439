"""What a chart shows: points from released cells, its title, its source and its words.

A hidden year has no point and ends the line; the next shown year starts a new one. So does a
year in which other municipalities took part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from publisher.dashboard.findings import RATE, Findings
from publisher.dashboard.language import _
from publisher.dashboard.series import cell_at, period_words
from publisher.dashboard.topics import Column
from publisher.dashboard.units import REGION_UNIT, kind_of, title_of
from publisher.dashboard.words import capital
from publisher.downloads.words import MARK, STATUS_WORDS
from publisher.released import Cell, CellStatus
from shared.contract.periods import Period
from shared.reference import Level

_COMPARED = frozenset(
    {
        RATE, "cost_per_client", "cost_per_pupil", "mean_days_ended", "mean_days_running",
        "largest_provider_percent", "planned_end_percent", "half_days_per_client",
    }
)  # fmt: skip
"""Measures of which a part and the whole can stand on one axis."""
_MOST_BARS = 15
_FEWEST_VALUES = 2


class ChartKind(StrEnum):
    """A chart that pages can show; the value stands in its address."""

    TREND = "verloop"  # a measure over the periods, beside the region where that compares
    BARS = "staven"  # a measure by category in the last period
    STRIP = "spreiding"  # the schools of a type around its mean, in the last period
    MULTIPLES = "per-gemeente"  # a measure over the periods, one small chart per municipality


@dataclass(frozen=True, slots=True)
class ChartKey:
    """Which chart: its kind, what it measures and the unit that it is about."""

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


def chart_data(findings: Findings, key: ChartKey) -> ChartData | None:
    """The data of a chart, or None where a table tells as much: under two values but 0."""
    if findings.name_of(key.level, key.unit) is None or key.table not in findings.shelves:
        return None
    data = _BUILDERS[key.kind](findings, key)
    if data is None or not data.points:
        return None
    counts = data.series if key.kind is ChartKind.STRIP else data.series[:1]
    own = [each for each in data.points if each.series in counts and each.value]
    return data if len(own) >= _FEWEST_VALUES else None


@dataclass(frozen=True, slots=True)
class _Line:
    """The cells of one unit over the periods."""

    series: str
    cells: tuple[Cell | None, ...]

    @property
    def has_value(self) -> bool:
        return any(cell is not None and cell.value is not None for cell in self.cells)


def _trend(findings: Findings, key: ChartKey) -> ChartData | None:
    own = _line(findings, key, key.level, key.unit, this_words(key.level))
    lines = [own, *_compared(findings, key)]
    name, label = unit_title(findings, key), _label(findings, key)
    years = _years(findings)
    start = _start_of(findings, key)
    return ChartData(
        kind=key.kind,
        title=name,
        subtitle=f"{capital(label)}, {years}",
        mark=mark_of(findings),
        value_title=label,
        axis=tuple(period.label for period in findings.periods),
        notes=tuple(
            _note(cell, period, findings, start)
            for cell, period in zip(own.cells, findings.periods, strict=True)
        ),
        series=tuple(line.series for line in lines),
        points=tuple(point for line in lines for point in _points(line, findings)),
        decimals=_decimals(own.cells),
        source=source_of(findings),
        alt=_alt(_("Lijngrafiek van {name}: {label}, {years}."), name, label, years),
    )


def _compared(findings: Findings, key: ChartKey) -> list[_Line]:
    """The lines beside that of the unit."""
    if key.level is Level.ARRANGEMENT:
        beside = (Level.COMPARISON, key.unit, _("vergelijkbare scholen"))
    elif key.level is not Level.REGION and key.measure in _COMPARED:
        beside = (Level.REGION, REGION_UNIT, _("alle scholen in de regio"))
    else:
        return []
    line = _line(findings, key, *beside)
    return [line] if line.has_value else []


def _bars(findings: Findings, key: ChartKey) -> ChartData | None:
    categories, period = findings.categories_of(key.table), findings.latest
    cells = {
        capital(_(label)): cell_at(
            findings, key.level, key.unit, Column(key.table, key.measure, code), period.code
        )
        for code, label in categories.items()
    }
    if len(cells) > _MOST_BARS:  # such as providers: the ones with a figure, most first
        shown = {label: cell for label, cell in cells.items() if cell and cell.value is not None}
        most = sorted(shown, key=lambda label: -number_of(shown[label]))
        cells = {label: shown[label] for label in most[:_MOST_BARS]}
    name, title = unit_title(findings, key), _(findings.shelves[key.table].table.title)
    when, own = period_words(period), this_words(key.level)
    return ChartData(
        kind=key.kind,
        title=name,
        subtitle=f"{title}, {when}",
        mark=mark_of(findings),
        value_title=_label(findings, key),
        axis=tuple(cells),
        notes=tuple(_status_note(cell) for cell in cells.values()),
        series=(own,),
        points=tuple(
            Point(label, number_of(cell), own, label)
            for label, cell in cells.items()
            if cell is not None and cell.value is not None
        ),
        decimals=_decimals(tuple(cells.values())),
        source=source_of(findings),
        alt=_alt(_("Staafgrafiek van {name}: {label}, {years}."), name, title, when),
    )


def _strip(findings: Findings, key: ChartKey) -> ChartData | None:
    """Schools of a type; for a school those of its own type, with itself pointed out."""
    own_type = key.unit
    if key.level is Level.SCHOOL:
        school = findings.school(key.unit)
        own_type = "" if school is None else school.type.value
    kind, period = findings.name_of(Level.TYPE, own_type), findings.latest
    if kind is None:
        return None
    column = Column(key.table, key.measure)
    whole = None
    if key.measure in _COMPARED:  # a number of people or providers of all schools is no mean
        whole = cell_at(findings, Level.TYPE, own_type, column, period.code)
    schools = {
        code: cell_at(findings, Level.SCHOOL, code, column, period.code)
        for code in findings.schools_in(Level.TYPE, own_type)
    }
    names = findings.units(Level.SCHOOL)
    others, own = _("scholen van deze soort"), _("deze school")
    points = tuple(
        Point(names[code], number_of(cell), own if code == key.unit else others, code)
        for code, cell in schools.items()
        if cell is not None and cell.value is not None
    )
    if key.level is Level.SCHOOL and not any(point.series == own for point in points):
        return None
    label, when = _label(findings, key), period_words(period)
    title = title_of(Level.TYPE, kind)
    return ChartData(
        kind=key.kind,
        title=title if key.level is Level.TYPE else unit_title(findings, key),
        subtitle=_("{label}: scholen voor {kind}, {when}", label=capital(label), kind=_(kind),
                   when=when),
        mark=mark_of(findings),
        value_title=label,
        axis=tuple(point.at for point in sorted(points, key=lambda each: (-each.value, each.at))),
        notes=(),
        series=(others, own),
        points=points,
        decimals=_decimals(tuple(schools.values())),
        source=source_of(findings),
        alt=_alt(_("Elke stip is een school: {name}, {label}, {years}."), title, label, when),
        mean=None if whole is None or whole.value is None else number_of(whole),
    )  # fmt: skip


def _multiples(findings: Findings, key: ChartKey) -> ChartData | None:
    lines = [
        _line(findings, key, Level.MUNICIPALITY, unit, name)
        for unit, name in sorted(
            findings.units(Level.MUNICIPALITY, key.table).items(), key=lambda item: item[1]
        )
    ]
    shown = [line for line in lines if line.has_value]
    whole = _line(findings, key, Level.REGION, REGION_UNIT, _("alle scholen in de regio"))
    label, years = _label(findings, key), _years(findings)
    points = tuple(point for line in (*shown, whole) for point in _points(line, findings))
    return ChartData(
        kind=key.kind,
        title=_("Elke gemeente naast de regio"),
        subtitle=_("{label}, {years}; streepjes: alle scholen in de regio", label=capital(label),
                   years=years),
        mark=mark_of(findings),
        value_title=label,
        axis=tuple(period.label for period in findings.periods),
        notes=(),
        series=(*(line.series for line in shown), whole.series),
        points=points if shown else (),
        decimals=_decimals(whole.cells),
        source=source_of(findings),
        alt=_alt(_("Kleine lijngrafieken, één voor elke gemeente: {label}, {years}."), "", label,
                 years),
    )  # fmt: skip


_BUILDERS: dict[ChartKind, Callable[[Findings, ChartKey], ChartData | None]] = {
    ChartKind.TREND: _trend,
    ChartKind.BARS: _bars,
    ChartKind.STRIP: _strip,
    ChartKind.MULTIPLES: _multiples,
}


def number_of(cell: Cell) -> float:
    """A released value as a number to draw."""
    assert cell.value is not None
    return float(cell.value / 10**cell.decimals)


def this_words(level: Level) -> str:
    """How a chart names the line of its own unit."""
    kind = kind_of(level)
    if kind is not None:
        return _(kind.this)
    if level is Level.ARRANGEMENT:
        return _("scholen met het arrangement")
    return _("alle scholen")


def mark_of(findings: Findings) -> str:
    """The synthetic mark, or nothing."""
    return _(MARK) if findings.manifest.synthetic else ""


def source_of(findings: Findings) -> str:
    """The line under a chart that says where it comes from."""
    release = findings.manifest.release_id
    return _("Bron: Monitor Onderwijs-Jeugdhulp, uitgave {release}", release=release)


def unit_title(findings: Findings, key: ChartKey) -> str:
    """The unit of a chart as its title."""
    name = findings.name_of(key.level, key.unit) or key.unit
    if key.level is Level.REGION:
        return _("{name}: alle scholen in de regio", name=name)
    return title_of(key.level, name)


def _alt(text: str, name: str, label: str, years: str) -> str:
    told = text.format(name=name, label=label, years=years)
    return f"{told} {_('Dezelfde cijfers staan in de tabel bij deze grafiek.')}"


def _label(findings: Findings, key: ChartKey) -> str:
    return _(findings.measure_labels.get(key.measure, key.measure))


def _years(findings: Findings) -> str:
    first, last = findings.periods[0].label, findings.latest.label
    return _("{first} tot en met {last}", first=first, last=last)


def _line(findings: Findings, key: ChartKey, level: Level, unit: str, series: str) -> _Line:
    column = Column(key.table, key.measure)
    cells = (cell_at(findings, level, unit, column, p.code) for p in findings.periods)
    return _Line(series, tuple(cells))


def _points(own: _Line, findings: Findings) -> list[Point]:
    points, line = [], 0
    for cell, period in zip(own.cells, findings.periods, strict=True):
        if period.code in findings.breaks:
            line += 1
        if cell is None or cell.value is None:
            line += 1
        else:
            points.append(Point(period.label, number_of(cell), own.series, f"{own.series} {line}"))
    return points


def _start_of(findings: Findings, key: ChartKey) -> str:
    """The day on which the arrangement of a chart starts, as it stands in the bundle."""
    if key.level is not Level.ARRANGEMENT:
        return ""
    joint = (each for each in findings.arrangements if str(each.number) == key.unit)
    return next((each.starts_on for each in joint), "")


def _note(cell: Cell | None, period: Period, findings: Findings, start: str) -> str:
    notes = [_status_note(cell)]
    if period.code in findings.breaks:
        notes.append(_("trendbreuk"))
    if start and period.starts_on.isoformat() <= start <= period.ends_on.isoformat():
        notes.append(_("start"))
    return ", ".join(note for note in notes if note)


def _status_note(cell: Cell | None) -> str:
    if cell is None:
        return _(STATUS_WORDS[CellStatus.NOT_AVAILABLE])
    return "" if cell.value is not None else _(STATUS_WORDS[cell.status])


def _decimals(cells: tuple[Cell | None, ...]) -> int:
    return max((cell.decimals for cell in cells if cell is not None), default=0)
