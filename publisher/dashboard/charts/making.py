"""From released cells to what a chart shows.

A hidden year has no point and ends the line; the next shown year starts a new one. So does a
year in which other municipalities took part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

from publisher.dashboard.charts.data import (
    ChartData,
    ChartKey,
    ChartKind,
    Point,
    decimals_of,
    number_of,
)
from publisher.dashboard.charts.telling import (
    in_words,
    label_of,
    mark_of,
    note_of,
    source_of,
    start_of,
    status_note,
    this_words,
    unit_title,
    years_of,
)
from publisher.dashboard.chosen import MOST_UNITS, SEPARATOR, chosen_of, names_of
from publisher.dashboard.findings import RATE, Findings
from publisher.dashboard.language import _
from publisher.dashboard.series import cell_at, period_words
from publisher.dashboard.topics import Column
from publisher.dashboard.units import REGION_UNIT, title_of
from publisher.dashboard.words import capital, table_title
from publisher.released import Cell
from shared.reference import Level

_COMPARED = frozenset(
    {
        RATE, "cost_per_client", "cost_per_pupil", "mean_days_ended", "mean_days_running",
        "largest_provider_percent", "planned_end_percent", "half_days_per_client",
    }
)  # fmt: skip
"""Measures of which a part and the whole can stand on one axis."""
_FEWEST_VALUES = 2


def chart_data(findings: Findings, key: ChartKey) -> ChartData | None:
    """The data of a chart, or None where a table tells as much: under two values but 0."""
    is_one = key.kind is not ChartKind.BESIDE
    if is_one and findings.name_of(key.level, key.unit) is None:
        return None
    data = _BUILDERS[key.kind](findings, key) if key.table in findings.shelves else None
    if data is None or not data.points:
        return None
    counts = _OWN.get(key.kind, _WHOLE)(data.series)
    own = [each for each in data.points if each.series in counts and each.value]
    return data if len(own) >= _FEWEST_VALUES else None


_WHOLE = itemgetter(slice(None))
_OWN: dict[ChartKind, Callable[[tuple[str, ...]], tuple[str, ...]]] = {
    ChartKind.TREND: itemgetter(slice(1)),
    ChartKind.MULTIPLES: itemgetter(slice(-1)),
    ChartKind.BESIDE: itemgetter(slice(-1)),
}
"""The lines that a chart is about; any other is there to compare with."""


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
    name, label = unit_title(findings, key), label_of(findings, key)
    years = years_of(findings)
    start = start_of(findings, key)
    return ChartData(
        kind=key.kind,
        title=name,
        subtitle=f"{capital(label)}, {years}",
        mark=mark_of(findings),
        value_title=label,
        axis=tuple(period.label for period in findings.periods),
        notes=tuple(
            note_of(cell, period, findings, start)
            for cell, period in zip(own.cells, findings.periods, strict=True)
        ),
        series=tuple(line.series for line in lines),
        points=tuple(point for line in lines for point in _points(line, findings)),
        decimals=decimals_of(own.cells),
        source=source_of(findings),
        alt=in_words(_("Lijngrafiek van {name}: {label}, {years}."), name, label, years),
    )


def _compared(findings: Findings, key: ChartKey) -> list[_Line]:
    """The lines beside that of the unit; counts of groups of another size are no comparison."""
    if key.measure not in _COMPARED or key.level is Level.REGION:
        return []
    if key.level is Level.ARRANGEMENT:
        beside = (Level.COMPARISON, key.unit, _("vergelijkbare scholen"))
    else:
        beside = (Level.REGION, REGION_UNIT, _("alle scholen in de regio"))
    line = _line(findings, key, *beside)
    return [line] if line.has_value else []


def _bars(findings: Findings, key: ChartKey) -> ChartData | None:
    period = findings.latest
    categories = findings.leading_categories(key.table, key.measure, key.level, key.unit)
    cells = {
        capital(_(label)): cell_at(
            findings, key.level, key.unit, Column(key.table, key.measure, code), period.code
        )
        for code, label in categories.items()
    }
    name, title = unit_title(findings, key), table_title(findings, key.table, len(categories))
    when, own = period_words(period), this_words(key.level)
    return ChartData(
        kind=key.kind,
        title=name,
        subtitle=f"{title}, {when}",
        mark=mark_of(findings),
        value_title=label_of(findings, key),
        axis=tuple(cells),
        notes=tuple(status_note(cell) for cell in cells.values()),
        series=(own,),
        points=tuple(
            Point(label, number_of(cell), own, label)
            for label, cell in cells.items()
            if cell is not None and cell.value is not None
        ),
        decimals=decimals_of(tuple(cells.values())),
        source=source_of(findings),
        alt=in_words(_("Staafgrafiek van {name}: {label}, {years}."), name, title, when),
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
    label, when = label_of(findings, key), period_words(period)
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
        decimals=decimals_of(tuple(schools.values())),
        source=source_of(findings),
        alt=in_words(_("Elke stip is een school: {name}, {label}, {years}."), title, label, when),
        mean=None if whole is None or whole.value is None else number_of(whole),
    )  # fmt: skip


def _multiples(findings: Findings, key: ChartKey) -> ChartData:
    lines = [
        _line(findings, key, Level.MUNICIPALITY, unit, name)
        for unit, name in sorted(
            findings.units(Level.MUNICIPALITY, key.table).items(), key=lambda item: item[1]
        )
    ]
    region = findings.manifest.region_name
    return _panels(
        findings, key, lines, _("Elke gemeente naast regio {region}", region=region),
        _("Kleine lijngrafieken, één voor elke gemeente: {label}, {years}."),
    )  # fmt: skip


def _beside(findings: Findings, key: ChartKey) -> ChartData | None:
    asked = key.unit.split(SEPARATOR)
    chosen = chosen_of(findings, asked)
    # One address per chart: nothing that is not there, nothing twice.
    is_plain = len(chosen) == len(asked) <= MOST_UNITS
    if not is_plain or key.measure not in _COMPARED or key.level is not Level.REGION:
        return None
    names = names_of(findings, chosen)
    lines = [
        _line(findings, key, each.kind.level, each.unit, name)
        for each, name in zip(chosen, names, strict=True)
    ]
    return _panels(
        findings, key, lines, _("Naast elkaar, en naast de regio"),
        _("Kleine lijngrafieken op één schaal: {name}; {label}, {years}."),
    )  # fmt: skip


def _panels(
    findings: Findings, key: ChartKey, lines: list[_Line], title: str, told: str
) -> ChartData:
    """A small chart per line, all on one scale, each with the line of the region."""
    shown = [line for line in lines if line.has_value]
    whole = _line(findings, key, Level.REGION, REGION_UNIT, _("alle scholen in de regio"))
    label, years = label_of(findings, key), years_of(findings)
    points = tuple(point for line in (*shown, whole) for point in _points(line, findings))
    return ChartData(
        kind=key.kind,
        title=title,
        subtitle=_("{label}, {years}; streepjes: alle scholen in de regio", label=capital(label),
                   years=years),
        mark=mark_of(findings),
        value_title=label,
        axis=tuple(period.label for period in findings.periods),
        notes=(),
        series=(*(line.series for line in shown), whole.series),
        points=points if shown else (),
        decimals=decimals_of(whole.cells),
        source=source_of(findings),
        alt=in_words(told, ", ".join(line.series for line in shown), label, years),
    )  # fmt: skip


_BUILDERS: dict[ChartKind, Callable[[Findings, ChartKey], ChartData | None]] = {
    ChartKind.TREND: _trend,
    ChartKind.BARS: _bars,
    ChartKind.STRIP: _strip,
    ChartKind.MULTIPLES: _multiples,
    ChartKind.BESIDE: _beside,
}


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
