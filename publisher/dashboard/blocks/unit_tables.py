"""Tables of units: schools or areas below each other, with figures of one period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from publisher.dashboard.blocks.origins import Origin, origin_of
from publisher.dashboard.blocks.sections import MAIN_PART
from publisher.dashboard.figures import Figure
from publisher.dashboard.findings import Findings
from publisher.dashboard.language import _
from publisher.dashboard.series import (
    NARROW_COLUMNS,
    SCREEN_COLUMNS,
    UnitRow,
    by_name,
    column_heading,
    figure_at,
    period_words,
    profile_columns,
)
from publisher.dashboard.topics import Column
from publisher.dashboard.units import UnitKind
from publisher.dashboard.words import capital
from publisher.downloads.words import LEVEL_WORDS
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class UnitTable:
    """Units below each other with their figures of one period.

    Attributes:
        origin: where the figures come from; None where the page says so itself.
    """

    caption: str
    name_heading: str
    fact_headings: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[UnitRow, ...]
    origin: Origin | None = None

    @property
    def is_wide(self) -> bool:
        """Whether a narrow screen cannot show every column at once."""
        return len(self.fact_headings) + len(self.headings) > NARROW_COLUMNS

    @property
    def is_very_wide(self) -> bool:
        """Whether a wide screen cannot show every column at once either."""
        return len(self.fact_headings) + len(self.headings) > SCREEN_COLUMNS


def unit_table(
    findings: Findings,
    kind: UnitKind,
    rows: tuple[UnitRow, ...],
    columns: tuple[Column, ...],
    *,
    caption: str = "",
    fact_headings: tuple[str, ...] = (),
    origin: Origin | None = None,
) -> UnitTable:
    """Rows of units under the headings of their columns."""
    what = _(
        "Leerlingen met jeugdhulp: {places}, {when}",
        places=_(kind.list_label).lower(),
        when=period_words(findings.latest),
    )
    headings = tuple(column_heading(findings, column) for column in columns)
    return UnitTable(
        caption or what,
        _apart(_(kind.noun).capitalize(), headings),
        tuple(_apart(each, headings) for each in fact_headings),
        headings,
        rows,
        origin,
    )


def _apart(heading: str, others: tuple[str, ...]) -> str:
    """The heading of a place; in full where a figure has the same: a municipality refers too."""
    full = capital(_(LEVEL_WORDS[Level.MUNICIPALITY]))
    return full if heading in others else heading


def unit_rows(
    findings: Findings,
    kind: UnitKind,
    units: Iterable[str],
    columns: tuple[Column, ...] | None = None,
    *,
    with_facts: bool = False,
) -> tuple[UnitRow, ...]:
    """The given units with their figures of the last period, in the given order."""
    shown = profile_columns(findings, kind.level) if columns is None else columns
    return tuple(
        UnitRow(
            name=kind.title(findings.name_of(kind.level, unit) or unit),
            code=unit,
            href=kind.address(unit),
            facts=_facts(findings, unit) if with_facts else (),
            figures=latest_figures(findings, kind.level, unit, shown),
            choice=f"{kind.level}:{unit}",
        )
        for unit in units
    )


def latest_figures(
    findings: Findings, level: Level, unit: str, columns: Iterable[Column]
) -> tuple[Figure, ...]:
    """Figures of a unit in the last period, in the given order of columns."""
    return tuple(
        figure_at(findings, level, unit, column, findings.latest.code) for column in columns
    )


def _facts(findings: Findings, school: str) -> tuple[str, ...]:
    known = findings.school(school)
    return ("", "") if known is None else (findings.place_of(known), _(known.type.label))


def every_unit(findings: Findings, kind: UnitKind) -> UnitTable:
    """Every unit of a kind, by name, with the figures of its own page."""
    rows = by_name(unit_rows(findings, kind, findings.units(kind.level)))
    origin = origin_of(findings, MAIN_PART, kind.level)
    return unit_table(findings, kind, rows, profile_columns(findings, kind.level), origin=origin)
