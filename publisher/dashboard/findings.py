"""A release arranged for looking things up: any cell, any unit, in no time."""

from __future__ import annotations

from functools import cached_property

from publisher.released import Cell, Manifest, Release, cells_of
from shared.contract.periods import Period
from shared.reference import Level, Reference, School, municipality_key

MAIN_TABLE = "pupils_and_clients"
FORM_TABLE = "clients_by_form"
PUPILS = "pupils"
CLIENTS = "clients"
RATE = "clients_per_100_pupils"
COVERAGE = "coverage_percent"
PROFILE_MEASURES = (PUPILS, CLIENTS, RATE, COVERAGE)
"""Measures of the main table that pages show, in this order; any other stays in the files."""


class Findings:
    """Every released cell of one release by its key, with the public facts about its units.

    Args:
        reference: the bundle that the release pins, or None where it is not at hand; pages
            then leave out in which municipality a school stands.
    """

    def __init__(self, release: Release, reference: Reference | None = None) -> None:
        self.release = release
        self._reference = reference
        self._cells: dict[tuple[str, Level, str, int, str, str], Cell] = {}
        for table in release.tables:
            for cell in cells_of(table.cells):
                key = (table.id, cell.level, cell.unit, cell.period, cell.category, cell.measure)
                self._cells[key] = cell

    @property
    def manifest(self) -> Manifest:
        """What the approvers signed."""
        return self.release.manifest

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """Periods of the release, oldest first."""
        return tuple(sorted(self.manifest.periods, key=lambda period: period.code))

    @property
    def latest(self) -> Period:
        """The last period of the release."""
        return self.periods[-1]

    @cached_property
    def breaks(self) -> frozenset[int]:
        """Codes of periods in which other municipalities took part than in the one before."""
        covered = self.manifest.covered
        pairs = zip(self.periods, self.periods[1:], strict=False)
        return frozenset(
            now.code
            for before, now in pairs
            if set(covered.get(str(before.code), ())) != set(covered.get(str(now.code), ()))
        )

    def cell(
        self,
        level: Level,
        unit: str,
        measure: str,
        period: int,
        *,
        table: str = MAIN_TABLE,
        category: str = "",
    ) -> Cell | None:
        """A released cell, or None where the release has none."""
        return self._cells.get((table, level, unit, period, category, measure))

    @cached_property
    def _units(self) -> dict[Level, dict[str, str]]:
        units: dict[Level, dict[str, str]] = {level: {} for level in Level}
        for table, level, unit, *_ in self._cells:
            if table == MAIN_TABLE:
                units[level].setdefault(unit, "")
        for cell in self._cells.values():
            if cell.unit in units[cell.level]:
                units[cell.level][cell.unit] = cell.unit_label
        return units

    def units(self, level: Level) -> dict[str, str]:
        """Every released unit of a level with its name, in the order of the release."""
        return self._units[level]

    @cached_property
    def measure_labels(self) -> dict[str, str]:
        """Dutch name of each measure, as released."""
        return {cell.measure: cell.measure_label for cell in self._cells.values()}

    def measures(self, level: Level) -> tuple[str, ...]:
        """The measures that pages show at a level: those that the release has there."""
        return tuple(
            measure for measure in PROFILE_MEASURES if measure in self._measures.get(level, ())
        )

    @cached_property
    def _measures(self) -> dict[Level, set[str]]:
        found: dict[Level, set[str]] = {}
        for table, level, _, _, _, measure in self._cells:
            if table == MAIN_TABLE:
                found.setdefault(level, set()).add(measure)
        return found

    def categories(self, level: Level, unit: str) -> dict[str, str]:
        """Forms of help that the release has for a unit, with their Dutch names."""
        found = self._categories.get((level, unit), {})
        return dict(sorted(found.items(), key=lambda item: int(item[0])))

    @cached_property
    def _categories(self) -> dict[tuple[Level, str], dict[str, str]]:
        found: dict[tuple[Level, str], dict[str, str]] = {}
        for (table, level, unit, _, category, _), cell in self._cells.items():
            if table == FORM_TABLE and category:
                found.setdefault((level, unit), {})[category] = cell.category_label
        return found

    @property
    def knows_schools(self) -> bool:
        """Whether the public facts about schools are at hand."""
        return self._reference is not None

    def schools_in(self, level: Level, unit: str) -> list[str]:
        """Codes of the released schools in a unit; none where the reference is not at hand."""
        found = ((code, self.school(code)) for code in self.units(Level.SCHOOL))
        return [code for code, school in found if school and school.units().get(level) == unit]

    def place_of(self, school: School) -> str:
        """The name of the municipality in which a school stands."""
        key = municipality_key(school.municipality)
        return self._reference.label(Level.MUNICIPALITY, key) if self._reference else key

    def school(self, code: str) -> School | None:
        """Public facts about a released school, where the reference is at hand."""
        return self._reference.school_by_code.get(code) if self._reference else None
