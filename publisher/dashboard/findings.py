"""A release arranged for looking things up, with the public facts about its units."""

from __future__ import annotations

from functools import cached_property

from publisher.dashboard.shelf import Shelf
from publisher.released import Cell, Manifest, MeasureNote, Release
from shared.contract.periods import Period
from shared.reference import (
    Arrangement,
    Level,
    Municipality,
    ProviderGroup,
    Reference,
    School,
    municipality_key,
)

MAIN_TABLE = "pupils_and_clients"
FORM_TABLE = "clients_by_form"
PROVIDER_TABLE = "clients_by_provider"
PUPILS = "pupils"
CLIENTS = "clients"
RATE = "clients_per_100_pupils"
COVERAGE = "coverage_percent"
MOST_CATEGORIES = 15
"""A page shows no more of one table, such as providers; the files have them all."""
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
        self.shelves = {table.id: Shelf(table) for table in release.tables}

    @property
    def manifest(self) -> Manifest:
        """What the approvers signed."""
        return self.release.manifest

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """Periods of the release, oldest first."""
        return tuple(sorted(self.manifest.periods, key=lambda period: period.code))

    @cached_property
    def delivered(self) -> tuple[Period, ...]:
        """Periods in which at least one municipality took part, oldest first."""
        return tuple(each for each in self.periods if self.manifest.covered.get(str(each.code)))

    @cached_property
    def latest(self) -> Period:
        """The last period about which anything was delivered; that is the one that pages show."""
        return (self.delivered or self.periods)[-1]

    @cached_property
    def breaks(self) -> frozenset[int]:
        """Codes of periods in which other municipalities took part than in the one before.

        A period without deliveries is none of them: the next is set beside the last delivered.
        """
        covered = self.manifest.covered
        pairs = zip(self.delivered, self.delivered[1:], strict=False)
        return frozenset(
            now.code
            for before, now in pairs
            if set(covered.get(str(before.code), ())) != set(covered.get(str(now.code), ()))
        )

    @property
    def only_municipality(self) -> str:
        """The name of the one municipality that took part in the last period; else empty."""
        codes = self.manifest.covered.get(str(self.latest.code), ())
        if len(codes) != 1:
            return ""
        key = municipality_key(codes[0])
        return self.name_of(Level.RESIDENCE, key) or self.name_of(Level.MUNICIPALITY, key) or key

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
        """A released cell, or None where the release has none.

        Of a period without deliveries there is none: a number would say that nobody had care.
        """
        if self.delivered and not self.manifest.covered.get(str(period)):
            return None
        shelf = self.shelves.get(table)
        return None if shelf is None else shelf.cell(level, unit, period, category, measure)

    def units(self, level: Level, table: str = MAIN_TABLE) -> dict[str, str]:
        """Every released unit of a level with its name, in the order of the release."""
        shelf = self.shelves.get(table)
        return {} if shelf is None else shelf.units.get(level, {})

    @cached_property
    def measure_labels(self) -> dict[str, str]:
        """Dutch name of each measure, as released."""
        return {
            measure: label
            for shelf in self.shelves.values()
            for measures in shelf.measures.values()
            for measure, label in measures.items()
        }

    @cached_property
    def notes(self) -> dict[str, MeasureNote]:
        """What was signed about each measure."""
        return {note.id: note for note in self.manifest.measures}

    def measures(self, level: Level) -> tuple[str, ...]:
        """The measures that profiles show at a level: those that the release has there."""
        return self.measures_of(MAIN_TABLE, level, PROFILE_MEASURES)

    def measures_of(self, table: str, level: Level, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Which of some measures a table has at a level, in the wanted order."""
        shelf = self.shelves.get(table)
        held = {} if shelf is None else shelf.measures.get(level, {})
        return tuple(measure for measure in wanted if measure in held)

    def categories_of(self, table: str) -> dict[str, str]:
        """The categories of a table with their Dutch names; none where it has no split."""
        shelf = self.shelves.get(table)
        return {} if shelf is None else shelf.categories

    def leading_categories(
        self, table: str, measure: str, level: Level = Level.REGION, unit: str = "region"
    ) -> dict[str, str]:
        """The categories that a page shows of a unit: all, or of many the largest, largest first.

        Only what is released of the last period decides which of many are the largest: one
        without a value, or with 0, is none of them.
        """
        every = self.categories_of(table)
        if len(every) <= MOST_CATEGORIES:
            return every
        sizes = {
            code: cell.value
            for code in every
            for cell in (
                self.cell(level, unit, measure, self.latest.code, table=table, category=code),
            )
            if cell is not None and cell.value
        }
        largest = sorted(sizes, key=lambda code: -sizes[code])[:MOST_CATEGORIES]
        return {code: every[code] for code in largest}

    @cached_property
    def _names(self) -> dict[tuple[Level, str], str]:
        return {
            (level, unit): label
            for shelf in self.shelves.values()
            for level, units in shelf.units.items()
            for unit, label in units.items()
        }

    def name_of(self, level: Level, unit: str) -> str | None:
        """The released name of a unit, or None where no table has it."""
        return self._names.get((level, unit))

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

    @property
    def municipalities(self) -> tuple[Municipality, ...]:
        """The municipalities that the reference names, of the region and around it."""
        return self._reference.municipalities if self._reference else ()

    @property
    def arrangements(self) -> tuple[Arrangement, ...]:
        """The arrangements of the region, where the reference is at hand."""
        return self._reference.arrangements if self._reference else ()

    @property
    def provider_groups(self) -> tuple[ProviderGroup, ...]:
        """The providers that the reference names, large and small."""
        return self._reference.provider_groups if self._reference else ()
