"""Rows of figures, for a table and for the chart beside it: over periods, categories or units.

Table and chart come from the same released cells, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from publisher.dashboard.figures import WITHHELD_SYMBOL, Figure, figure_of
from publisher.dashboard.findings import MAIN_TABLE, Findings
from publisher.dashboard.language import _
from publisher.dashboard.topics import Column, Part
from publisher.dashboard.words import capital, heading_of
from publisher.released import Cell
from shared.contract.periods import Period, PeriodKind
from shared.reference import Level

NARROW_COLUMNS = 2
"""Columns of figures that a narrow screen can show beside names."""
_PERIODS_OF_CATEGORIES = 3


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One row of figures: a period or a category with a figure per column."""

    name: str
    is_break: bool
    figures: tuple[Figure, ...]
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class SeriesTable:
    """The figures of one unit, by period (oldest first) or by category."""

    caption: str
    name_heading: str
    headings: tuple[str, ...]
    rows: tuple[SeriesRow, ...]

    @property
    def is_wide(self) -> bool:
        """Whether a narrow screen cannot show every column at once."""
        return len(self.headings) > NARROW_COLUMNS

    @property
    def has_break(self) -> bool:
        """Whether other municipalities took part in some period than in the one before."""
        return any(row.is_break for row in self.rows)

    @property
    def has_withheld(self) -> bool:
        """Whether a figure is left out for privacy."""
        return any(figure.text == WITHHELD_SYMBOL for row in self.rows for figure in row.figures)

    @property
    def has_value(self) -> bool:
        """Whether at least one figure is shown, beside a total that other tables have too."""
        return any(each.has_value for row in self.rows if not row.is_total for each in row.figures)


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
        tuple(
            SeriesRow(
                period.label,
                period.code in findings.breaks,
                tuple(figure_at(findings, level, unit, column, period.code) for column in shown),
            )
            for period in findings.periods
        ),
    )


def category_table(
    findings: Findings, level: Level, unit: str, part: Part, caption: str
) -> SeriesTable:
    """The categories of a part in the last periods."""
    periods = findings.periods[-_PERIODS_OF_CATEGORIES:]
    measure, table = part.measures[0], part.table
    categories = {"": _("totaal"), **findings.categories_of(table)}
    return SeriesTable(
        caption,
        heading_of(findings, measure),
        tuple(period.label for period in periods),
        tuple(
            SeriesRow(
                capital(_(label)),
                False,
                tuple(
                    figure_at(findings, level, unit, Column(table, measure, code), period.code)
                    for period in periods
                ),
                is_total=not code,
            )
            for code, label in categories.items()
        ),
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
