"""The grid of a release: every cell that policy lets be published, with its true value.

Neutral ground: it says which cells exist and what they count, for the side that protects and
for the side that verifies. A combination that the tally does not hold is a true zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from publisher.protection.keys import key_of
from publisher.protection.measures import BREAKDOWNS, LUMP_SUM, RULES, Kind, is_public
from shared.contract.tally import CELL_KEY, Table, Tally
from shared.errors import ProtectionError
from shared.reference import JOINT_LEVELS, UNKNOWN_TYPE, Level, Reference

CellValues: TypeAlias = Mapping[tuple[str, str, str, int, str, str], int]
LEVEL_ORDER = {level: place for place, level in enumerate(Level)}

_ABOVE_TYPES = (
    Level.TYPE_MUNICIPALITY, Level.MUNICIPALITY, Level.TYPE, Level.SECTOR, Level.REGION,
    Level.ELSEWHERE, Level.TOTAL, Level.RESIDENCE,
)  # fmt: skip
"""Levels whose units are made of school types in municipalities."""


@dataclass(frozen=True, slots=True)
class Published:
    """One table with the levels at which policy lets it be published.

    Attributes:
        sensitive: whether its parts tell something sensitive of children.
    """

    table: str
    levels: tuple[Level, ...]
    sensitive: bool = True


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the linker says about who is behind a cell.

    Attributes:
        children: with a row that counts in it, whatever it measures.
        of_supplier: per delivering municipality, the children whom it can itself place in it.
        providers: distinct provider groups.
        widths: how uncertain an amount must stay upward, over clients, providers and suppliers.
        dominated: bits of the dimensions in which one contributor has too large a share.
    """

    children: int = 0
    of_supplier: tuple[tuple[int, int], ...] = ()
    providers: int = 0
    widths: tuple[int, int, int] = (0, 0, 0)
    dominated: int = 0


_NOBODY = Inputs()


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell of one table.

    Attributes:
        part: breakdown and category, as in ``form=2``; empty for a total. Totals of different
            tables are one quantity, with one key and one status.
    """

    table: str
    level: Level
    unit: str
    period: int
    category: str
    measure: str
    part: str

    @property
    def place_in_tally(self) -> tuple[str, str, str, int, str, str]:
        """Where the tally keeps its value: ``CELL_KEY``."""
        return (
            self.table, self.level.value, self.unit, self.period, self.category, self.measure,
        )  # fmt: skip

    @property
    def place_in_release(self) -> tuple[str, int, str, int, str, str]:
        """Sorts the cells of a release: levels in their own order, innermost first."""
        return (
            self.table, LEVEL_ORDER[self.level], self.unit, self.period, self.category,
            self.measure,
        )  # fmt: skip

    @property
    def key(self) -> str:
        """Name of the quantity in certificates; the table is no part of it."""
        return quantity_key(self.period, self.measure, self.level.value, self.unit, self.part)


def quantity_key(period: int, measure: str, level: str, unit: str, part: str) -> str:
    """Name of a quantity, published or latent."""
    return key_of(str(period), measure, level, unit, part)


@dataclass(frozen=True)
class Grid:
    """A tally, the reference and what is published, ready to be asked.

    Attributes:
        values: true value per cell of the tally, by ``CELL_KEY``.
        published: what policy lets be published, in the order given.
        inputs: who is behind a cell, by ``CELL_KEY``.
        numbers: keys of the numbers of providers that this release shows, where that is known;
            None while it is still to be decided, and all that are published may be.
    """

    reference: Reference
    tables: Mapping[str, Table]
    periods: tuple[int, ...]
    values: CellValues
    published: tuple[Published, ...]
    covered: Mapping[int, tuple[str, ...]]
    inputs: Mapping[tuple[str, str, str, int, str, str], Inputs]
    numbers: frozenset[str] | None = None

    @classmethod
    def of(cls, tally: Tally, reference: Reference, published: Sequence[Published]) -> Grid:
        """Read a tally.

        Raises:
            ProtectionError: ``table-unknown`` or ``level-unknown`` where policy names what the
                tally does not hold, ``measure-unknown`` where no rule covers a measure.
        """
        header = tally.header
        tables = {table.id: table for table in header.tables}
        for wanted in published:
            _check_published(wanted, tables)
        columns = [tally.cells.column(name).to_pylist() for name in (*CELL_KEY, "value")]
        values = {tuple(row[:6]): row[6] for row in zip(*columns, strict=True)}
        present: dict[int, dict[str, None]] = {}
        for _, level, unit, period, _, _ in values:
            if level == Level.RESIDENCE.value:
                present.setdefault(period, {})[unit] = None
        covered = {
            period.code: tuple(
                sorted(
                    {f"GM{code:04d}" for code in header.covered.get(str(period.code), ())}
                    | set(present.get(period.code, ()))
                )
            )
            for period in header.periods
        }
        periods = tuple(sorted(period.code for period in header.periods))
        return cls(reference, tables, periods, values, tuple(published), covered, _inputs(tally))

    @cached_property
    def represents(self) -> Mapping[str, str]:
        """The type in a municipality that the first school of each stands for."""
        first: dict[str, str] = {}
        for school in sorted(self.reference.schools, key=lambda school: school.code):
            unit = school.units().get(Level.TYPE_MUNICIPALITY)
            if school.in_region and unit is not None:
                first.setdefault(unit, school.code)
        return {code: unit for unit, code in first.items()}

    @cached_property
    def _joint_units(self) -> tuple[tuple[Level, str, str], ...]:
        return tuple(self.reference.joint_units())

    def units(self, level: Level, period: int) -> tuple[str, ...]:
        """Every unit of a level, sorted: from the reference, and what the tally adds."""
        if level is Level.RESIDENCE:
            return self.covered[period]
        if level in JOINT_LEVELS:
            return tuple(sorted({unit for at, _, unit in self._joint_units if at is level}))
        known = {
            unit
            for school in self.reference.schools
            if (unit := school.units().get(level)) is not None
        }
        if level is Level.ELSEWHERE:
            known |= {UNKNOWN_TYPE} | {key[2] for key in self.values if key[1] == level.value}
        return tuple(sorted(known))

    def value(
        self, table: str, level: Level, unit: str, period: int, measure: str, category: str = ""
    ) -> int:
        """True value of a cell; 0 where the tally holds none."""
        table = self._holding(table, level, measure, category)
        return self.values.get((table, level.value, unit, period, category, measure), 0)

    def inputs_of(
        self, table: str, level: Level, unit: str, period: int, measure: str, category: str = ""
    ) -> Inputs:
        """Who is behind a cell; nobody where the tally holds none."""
        table = self._holding(table, level, measure, category)
        return self.inputs.get((table, level.value, unit, period, category, measure), _NOBODY)

    def _holding(self, table: str, level: Level, measure: str, category: str) -> str:
        """The table; for a total at a level that it lacks, one that holds it there."""
        if category or level in self.tables[table].levels:
            return table
        return next(
            (
                each.id
                for each in self.tables.values()
                if level in each.levels and measure in {item.id for item in each.measures}
            ),
            table,
        )

    def true_value(self, cell: GridCell) -> int | None:
        """True value of a cell; None only of public figures that are not there: never 0."""
        held = self.values.get(cell.place_in_tally)
        return held if held is not None or is_public(cell.measure) else 0

    def levels(self, measure: str, breakdown: str | None = None) -> tuple[Level, ...]:
        """Levels at which a measure is published: with a breakdown, or in any table."""
        chosen = {
            level
            for wanted in self.published
            if breakdown is None or self.tables[wanted.table].breakdown == breakdown
            for level in wanted.levels
            if measure in {item.id for item in self.tables[wanted.table].measures}
        }
        return tuple(sorted(chosen, key=LEVEL_ORDER.__getitem__))

    def holder(self, measure: str) -> str:
        """A table of the tally that holds the measure's totals at every level it can have."""
        holding = [
            table
            for table in self.tables.values()
            if measure in {item.id for item in table.measures}
        ]
        return max(holding, key=lambda table: (not table.breakdown, len(table.levels))).id

    def cells(self, period: int) -> Iterator[GridCell]:
        """Every cell to be published of a period, in the order of the release."""
        for wanted in sorted(self.published, key=lambda item: item.table):
            table = self.tables[wanted.table]
            categories = ["", *sorted(code for code, _ in table.categories)]
            for level in sorted(wanted.levels, key=LEVEL_ORDER.__getitem__):
                for unit in self.units(level, period):
                    for category in categories:
                        part = f"{table.breakdown}={category}" if category else ""
                        for measure in measures_of(table, category):
                            if measure == LUMP_SUM and level is not Level.ARRANGEMENT:
                                continue
                            yield GridCell(table.id, level, unit, period, category, measure, part)


def measures_of(table: Table, category: str) -> tuple[str, ...]:
    """The measures that are published in a category, sorted; ``""`` is the total.

    Days are not split by class of duration: they would tell how many there are of each class.
    """
    by_duration = table.breakdown == "duration" and category
    kinds = {measure.id: RULES[measure.id].kind for measure in table.measures}
    return tuple(
        id_
        for id_, kind in sorted(kinds.items())
        if kind is not Kind.NEVER and not (by_duration and kind is Kind.AMOUNT)
    )


def _inputs(tally: Tally) -> dict[tuple[str, str, str, int, str, str], Inputs]:
    names = (
        *CELL_KEY, "value", "contributors", "contributions", "providers", "protect_clients",
        "protect_providers", "protect_suppliers", "dominated",
    )  # fmt: skip
    columns = [tally.cells.column(name).to_pylist() for name in names]
    return {
        row[:6]: Inputs(
            row[6] if row[7] is None else row[7],
            tuple((each["municipality"], each["clients"]) for each in row[8] or ()),
            row[9] or 0,
            (row[10] or 0, row[11] or 0, row[12] or 0),
            row[13] or 0,
        )
        for row in zip(*columns, strict=True)
    }


def _totals_of_schools(table: Table, tables: Mapping[str, Table]) -> bool:
    """Whether it has totals only, each of which another table counts per school."""
    counted = {
        measure.id
        for each in tables.values()
        if Level.SCHOOL in each.levels
        for measure in each.measures
    }
    measures = {
        measure.id for measure in table.measures if RULES[measure.id].kind is not Kind.PUBLIC
    }
    return not table.breakdown and measures <= counted


def _check_published(wanted: Published, tables: Mapping[str, Table]) -> None:
    table = tables.get(wanted.table)
    if table is None:
        raise ProtectionError(
            "table-unknown", f"expected table {wanted.table!r} in the tally, found none"
        )
    missing = [level.value for level in wanted.levels if level not in table.levels]
    if missing:
        raise ProtectionError(
            "level-unknown", f"expected level {missing[0]!r} in table {table.id!r} of the tally"
        )
    if Level.SCHOOL not in table.levels:
        allowed = {*_ABOVE_TYPES, *(JOINT_LEVELS if _totals_of_schools(table, tables) else ())}
        crossing = [level.value for level in wanted.levels if level not in allowed]
        if crossing:
            raise ProtectionError(
                "level-unknown",
                f"table {table.id!r} is not counted per school, and level {crossing[0]!r} is no "
                "sum of school types in municipalities",
                hint="publish it at levels that types in municipalities add up to",
            )
    unknown = {measure.id for measure in table.measures} - set(RULES)
    if unknown or (table.breakdown and table.breakdown not in BREAKDOWNS):
        raise ProtectionError(
            "measure-unknown",
            f"table {table.id!r} has a measure or categories for which there is no protection rule",
            hint="publish the table only when rules for it exist",
        )
