"""Rows of figures over the periods, for a table and for the chart beside it.

Table and chart come from the same points, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from publisher.dashboard.figures import WITHHELD_SYMBOL, Figure, figure_of
from publisher.dashboard.findings import FORM_TABLE, Findings
from publisher.dashboard.words import heading_of
from publisher.released import Cell
from shared.reference import Level

NARROW_COLUMNS = 2
"""Columns of figures that a narrow screen can show beside names."""


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One period of a trend table: its name and a figure per measure."""

    period: str
    is_break: bool
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class TrendTable:
    """The figures of one unit over the periods, oldest first."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[TrendRow, ...]

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


def trend_table(findings: Findings, level: Level, unit: str, caption: str) -> TrendTable:
    """The profile measures of a unit in every period."""
    measures = findings.measures(level)
    return TrendTable(
        caption,
        tuple(heading_of(measure, findings.measure_labels[measure]) for measure in measures),
        tuple(
            TrendRow(
                period.label,
                period.code in findings.breaks,
                tuple(
                    figure_of(findings.cell(level, unit, measure, period.code))
                    for measure in measures
                ),
            )
            for period in findings.periods
        ),
    )


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit in a list, with its figures of one period.

    Attributes:
        facts: further text columns, such as the municipality of a school.
    """

    name: str
    code: str
    href: str
    facts: tuple[str, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class FormRow:
    """One form of help with its number of clients."""

    name: str
    figure: Figure


def form_rows(findings: Findings, level: Level, unit: str, period: int) -> tuple[FormRow, ...]:
    """Clients by form of help in one period; empty where the release has no such split."""
    return tuple(
        FormRow(label, figure_of(form_cell(findings, level, unit, period, category)))
        for category, label in findings.categories(level, unit).items()
    )


def form_cell(
    findings: Findings, level: Level, unit: str, period: int, category: str
) -> Cell | None:
    """The clients of one form of help."""
    return findings.cell(level, unit, "clients", period, table=FORM_TABLE, category=category)


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
