"""Rows of figures, for a table and for the chart beside it: over periods, categories or units.

Table and chart come from the same released cells, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from publisher.dashboard.figures import WITHHELD_SYMBOL, Figure, figure_of
from publisher.dashboard.findings import CLIENTS, MAIN_TABLE, PUPILS, Findings
from publisher.dashboard.language import _, msg
from publisher.dashboard.topics import Column, Part
from publisher.dashboard.words import capital, heading_of
from publisher.released import Cell
from shared.contract.periods import Period, PeriodKind
from shared.reference import Level

NARROW_COLUMNS = 2
"""Columns of figures that a narrow screen can show beside names."""
BESIDE_COLUMNS = 4
"""Columns of figures that a table can have beside a chart."""
SCREEN_COLUMNS = 8
"""Columns that a wide screen can show beside names."""
_PERIODS_OF_CATEGORIES = 3


class RowNote(StrEnum):
    """What to know of a period before its figures; the words stand beside its name."""

    BREAK = msg("trendbreuk")
    EMPTY = msg("niets geleverd")
    NOBODY = msg("niemand telt mee")


ROW_NOTES = {
    RowNote.BREAK: msg(
        "vanaf deze periode doen andere gemeenten mee dan in de periode ervoor. Vergelijk cijfers "
        "van vóór en na een trendbreuk niet met elkaar."
    ),
    RowNote.EMPTY: msg(
        "over deze periode heeft geen enkele gemeente gegevens geleverd. Er zijn dan geen cijfers; "
        "dat is iets anders dan 0."
    ),
    RowNote.NOBODY: msg(
        "in deze periode woonde hier geen enkele leerling in een gemeente die gegevens leverde. "
        "Een 0 zegt dan niet dat er geen jeugdhulp was."
    ),
}
"""What each note means."""


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One row of figures: a period or a category with a figure per column."""

    name: str
    figures: tuple[Figure, ...]
    notes: tuple[RowNote, ...] = ()
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class SeriesTable:
    """The figures of one unit, by period (oldest first) or by category.

    Attributes:
        total_elsewhere: the total of the categories stands in the table that a profile starts with.
        column_notes: what to know of periods that are columns.
    """

    caption: str
    name_heading: str
    headings: tuple[str, ...]
    rows: tuple[SeriesRow, ...]
    total_elsewhere: bool = False
    column_notes: tuple[RowNote, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether a narrow screen cannot show every column at once."""
        return len(self.headings) > NARROW_COLUMNS

    @property
    def fits_beside(self) -> bool:
        """Whether the table can stand beside a chart; else it stands under it."""
        return len(self.headings) <= BESIDE_COLUMNS

    @property
    def is_very_wide(self) -> bool:
        """Whether a wide screen cannot show every column at once either."""
        return len(self.headings) > SCREEN_COLUMNS

    @property
    def notes(self) -> tuple[RowNote, ...]:
        """Every note that a row has, each once."""
        found = {*self.column_notes, *(note for row in self.rows for note in row.notes)}
        return tuple(note for note in RowNote if note in found)

    @property
    def has_withheld(self) -> bool:
        """Whether a figure is left out for privacy."""
        return any(figure.text == WITHHELD_SYMBOL for row in self.rows for figure in row.figures)

    @property
    def has_value(self) -> bool:
        """Whether at least one figure is shown, beside a total that other tables have too."""
        return any(each.has_value for row in self.rows if not row.is_total for each in row.figures)


def turned(table: SeriesTable, name_heading: str) -> SeriesTable:
    """Rows as columns and columns as rows; what to know of a row then stands above its column."""
    return replace(
        table,
        name_heading=name_heading,
        headings=tuple(
            f"{row.name} ({', '.join(_(note) for note in row.notes)})" if row.notes else row.name
            for row in table.rows
        ),
        rows=tuple(
            SeriesRow(heading, tuple(row.figures[at] for row in table.rows))
            for at, heading in enumerate(table.headings)
        ),
        column_notes=table.notes,
    )


def cell_at(
    findings: Findings, level: Level, unit: str, column: Column, period: int
) -> Cell | None:
    """The released cell of a column."""
    return findings.cell(
        level, unit, column.measure, period, table=column.table, category=column.category
    )


def figure_at(findings: Findings, level: Level, unit: str, column: Column, period: int) -> Figure:
    """The figure of a column."""
    return figure_of(cell_at(findings, level, unit, column, period))


def column_heading(findings: Findings, column: Column) -> str:
    """What stands above a column: its category, or its measure."""
    if column.category:
        return capital(_(findings.categories_of(column.table)[column.category]))
    return heading_of(findings, column.measure)


def profile_columns(findings: Findings, level: Level) -> tuple[Column, ...]:
    """The columns that every profile starts with."""
    return tuple(Column(MAIN_TABLE, measure) for measure in findings.measures(level))


def trend_table(
    findings: Findings,
    level: Level,
    unit: str,
    caption: str,
    columns: tuple[Column, ...] | None = None,
) -> SeriesTable:
    """Columns of a unit in every period; without ``columns`` those of a profile."""
    shown = profile_columns(findings, level) if columns is None else columns
    return SeriesTable(
        caption,
        _("Periode"),
        tuple(column_heading(findings, column) for column in shown),
        period_rows(
            findings,
            lambda period: tuple(
                figure_at(findings, level, unit, column, period) for column in shown
            ),
            lambda period: nobody_counts(findings, level, unit, period),
        ),
    )


def period_rows(
    findings: Findings,
    figures: Callable[[int], tuple[Figure, ...]],
    is_nobody: Callable[[int], bool] = lambda _period: False,
) -> tuple[SeriesRow, ...]:
    """A row per period, oldest first, with what to know of the period.

    Args:
        figures: of the period with this code.
        is_nobody: whether in the period with this code no pupil counts.
    """
    return tuple(
        SeriesRow(period.label, figures(period.code), _notes(findings, period, is_nobody))
        for period in findings.periods
    )


def _notes(
    findings: Findings, period: Period, is_nobody: Callable[[int], bool]
) -> tuple[RowNote, ...]:
    if findings.delivered and period not in findings.delivered:
        return (RowNote.EMPTY,)
    broken = (RowNote.BREAK,) if period.code in findings.breaks else ()
    return (*broken, RowNote.NOBODY) if is_nobody(period.code) else broken


def nobody_counts(findings: Findings, level: Level, unit: str, period: int) -> bool:
    """Whether a unit has a released 0 pupils in a period, so that its other zeros say nothing."""
    pupils = findings.cell(level, unit, PUPILS, period)
    return pupils is not None and pupils.value == 0


def category_table(
    findings: Findings, level: Level, unit: str, part: Part, caption: str
) -> SeriesTable:
    """The categories of a part in the last periods, under their total where the table has it."""
    periods = findings.periods[-_PERIODS_OF_CATEGORIES:]
    measure, table = part.measures[0], part.table
    categories = findings.leading_categories(table, measure, level, unit)
    whole = Column(table, measure)
    if any(cell_at(findings, level, unit, whole, each.code) is not None for each in periods):
        categories = {"": _("totaal"), **categories}
    return SeriesTable(
        caption,
        _(part.by),
        tuple(period.label for period in periods),
        tuple(
            SeriesRow(
                capital(_(label)),
                tuple(
                    figure_at(findings, level, unit, Column(table, measure, code), period.code)
                    for period in periods
                ),
                is_total=not code,
            )
            for code, label in categories.items()
        ),
        total_elsewhere="" not in categories and measure == CLIENTS,
    )


def period_words(period: Period) -> str:
    """``schooljaar 2023/2024`` or ``jaar 2023``."""
    if period.kind is PeriodKind.SCHOOL_YEAR:
        return _("schooljaar {label}", label=period.label)
    return _("jaar {label}", label=period.label)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit in a list, with its figures of one period.

    Attributes:
        facts: further text columns, such as the municipality of a school.
        choice: how the page to compare calls it; empty where it cannot be chosen.
    """

    name: str
    code: str
    href: str
    facts: tuple[str, ...]
    figures: tuple[Figure, ...]
    choice: str = ""


def by_name(rows: Iterable[UnitRow]) -> tuple[UnitRow, ...]:
    """Rows in order of name, and of code where names are the same."""
    return tuple(sorted(rows, key=lambda row: (row.name.casefold(), row.code)))


def by_figure(rows: Iterable[UnitRow], column: int) -> tuple[UnitRow, ...]:
    """Rows from the highest figure of a column down; rows without one last, by name.

    Only released values decide, so that the order tells nothing of a withheld one.
    """
    return tuple(sorted(by_name(rows), key=lambda row: _descending(row.figures[column])))


def _descending(figure: Figure) -> tuple[bool, int]:
    return (figure.order is None, -(figure.order or 0))
