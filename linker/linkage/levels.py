"""The cells of every level: of a range of its units at a time, so that memory stays bounded.

Units of a range are whole, and their cells follow one another in the tally, so that what was made
of ranges is put together as it is. Here all facts are in memory; ``gathering`` has them staged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pyarrow as pa

from linker.linkage.cell_store import CellsKey, CellStore
from linker.linkage.cells import CellWriter, PublicCell
from linker.linkage.count_stages import Place
from linker.linkage.counting import Family, plan
from linker.linkage.definitions import Quantity
from linker.linkage.facts import Ints, Keys
from linker.linkage.protecting import PercentRule
from linker.linkage.relations import key_codes
from linker.linkage.rollup import (
    Block,
    FactsKey,
    FactsOf,
    FamilyAtLevel,
    place_of,
    pupils_block,
)
from linker.linkage.units import LevelUnits, levels_of, merged
from shared.contract.tally import Table
from shared.reference import Level, Reference

FACTS_AT_ONCE = 400_000
"""About so many facts are made cells of at once by one thread."""

ABOVE = frozenset({Level.TYPE, Level.SECTOR, Level.MUNICIPALITY, Level.TYPE_MUNICIPALITY,
                    Level.REGION, Level.ELSEWHERE, Level.TOTAL})  # fmt: skip
"""Levels of which a unit is of whole types in whole municipalities."""

Take = Callable[[Mapping[CellsKey, pa.Table]], None]
"""Takes the cells of a range, of all its tables."""


def cells_of(
    facts: FactsOf,
    reference: Reference,
    tables: Sequence[Table],
    rule: PercentRule,
    public: Sequence[PublicCell],
    threads: int = 1,
    at_once: int = FACTS_AT_ONCE,
) -> pa.Table:
    """Every cell of the catalogue, sorted by key; see ``make_cells``."""
    store = CellStore()

    def take(found: Mapping[CellsKey, pa.Table]) -> None:
        for key, cells in found.items():
            store.add(key, cells)

    make_cells(facts, Maker.of(reference, tables, rule, public), take, threads, at_once)
    return store.table()


def make_cells(
    facts: FactsOf, maker: Maker, take: Take, threads: int = 1, at_once: int = FACTS_AT_ONCE
) -> None:
    """Make every cell of the catalogue.

    Args:
        take: called for every range of units, from more than one thread.
        threads: so many ranges of units are made beside one another.
        at_once: facts of a range, unless one unit has more.
    """

    def make(pool: ThreadPoolExecutor, some: Sequence[LevelUnits], facts: FactsOf) -> None:
        whole: list[Range] = []
        for level in some:
            mine = {key: each for key, each in facts.items() if key[1] is place_of(level)}
            ranges = level.ranges(_sizes(mine), at_once)
            if len(ranges) == 1:
                whole.append(Range(level, mine))
            elif ranges:
                list(pool.map(lambda each: take(maker.cells(each)), _divided(ranges, mine)))
        list(pool.map(lambda each: take(maker.cells(each)), whole))

    levels = maker.levels
    with ThreadPoolExecutor(threads) as pool:
        make(pool, [level for level in levels if level.level not in ABOVE], facts)
        parts, above = merged([level for level in levels if level.level in ABOVE])
        schools = [key for key in facts if key[1] is Place.SCHOOL]
        rolled_up = pool.map(parts.rolled_up, map(facts.__getitem__, schools))
        make(pool, above, dict(zip(schools, rolled_up, strict=True)))


@dataclass(frozen=True, slots=True)
class Range:
    """Some units, and which facts are of their places.

    Attributes:
        rows: numbers of the facts, as ``facts`` has them; None where it is all of them.
        families: what the facts are of.
        period: whose facts they are; None where it is those of all periods.
    """

    level: LevelUnits
    facts: FactsOf
    rows: Mapping[FactsKey, Ints] | None = None
    families: Sequence[Family] = field(default_factory=lambda: plan().families)
    period: int | None = None

    def taken(self) -> FactsOf:
        """The facts of the range alone."""
        if self.rows is None:
            return self.facts
        return {key: self.facts[key].taken(rows) for key, rows in self.rows.items()}


def _sizes(facts: FactsOf) -> Ints:
    """How many facts each place has."""
    places = 1 + max((int(each.keys[1].max(initial=0)) for each in facts.values()), default=0)
    sizes = np.zeros(places, np.int64)
    for each in facts.values():
        sizes += np.bincount(each.keys[1], minlength=places)
    return sizes


def _divided(ranges: Sequence[LevelUnits], facts: FactsOf) -> Iterator[Range]:
    """Every range with its facts, looked for once and not once for every range."""
    rows = {key: _rows_of(ranges, each.keys[1]) for key, each in facts.items()}
    for number, level in enumerate(ranges):
        yield Range(level, facts, {key: found[number] for key, found in rows.items()})


def _rows_of(ranges: Sequence[LevelUnits], places: Keys) -> list[Ints]:
    """Per range the rows of which the place is a part of one of its units."""
    most = max(int(places.max(initial=0)), *(int(each.parts.places.max(initial=0))
                                             for each in ranges))  # fmt: skip
    if _overlap(ranges):
        inside = np.zeros((len(ranges), most + 1), np.bool_)
        for number, each in enumerate(ranges):
            inside[number, each.parts.places] = True
        return [np.flatnonzero(known[places]) for known in inside]
    range_of = np.full(most + 1, len(ranges), np.int16)
    for number, each in enumerate(ranges):
        range_of[each.parts.places] = number
    chosen = range_of[places]
    order = np.argsort(chosen, kind="stable")
    bounds = np.searchsorted(chosen[order], np.arange(len(ranges) + 1))
    return [order[start:end] for start, end in pairwise(bounds)]


def _overlap(ranges: Sequence[LevelUnits]) -> bool:
    """Whether a place is a part of units in more than one range."""
    places = np.concatenate([each.parts.places for each in ranges])
    return len(np.unique(places)) < len(places)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the cells of ranges of units.

    Attributes:
        levels: every level with its units.
        public: cells that come from the reference bundle, by table and level.
    """

    levels: tuple[LevelUnits, ...]
    writer: CellWriter
    tables: Sequence[Table]
    rule: PercentRule
    public: Mapping[tuple[str, Level], Sequence[PublicCell]]

    @classmethod
    def of(
        cls,
        reference: Reference,
        tables: Sequence[Table],
        rule: PercentRule,
        public: Sequence[PublicCell],
    ) -> Maker:
        """What makes the cells of one tally."""
        levels = levels_of(reference)
        keyed = {family.key: key_codes(family.key, reference)
                 for family in plan().families if family.key}  # fmt: skip
        known: dict[tuple[str, Level], list[PublicCell]] = {}
        for cell in public:
            known.setdefault((cell.table, cell.level), []).append(cell)
        return cls(levels, CellWriter(tables, levels, keyed), tables, rule, known)

    def cells(self, chosen: Range) -> dict[CellsKey, pa.Table]:
        """The cells of every table, by table, level and first unit."""
        level, facts, period = chosen.level, chosen.taken(), chosen.period
        found: dict[CellsKey, pa.Table] = {}
        families = {
            family.name: FamilyAtLevel.of(family, level, facts)
            for family in chosen.families
            if any(level.level in column.levels for column in plan().columns
                   if column.family == family.name)
        }  # fmt: skip
        names = set(level.shown_units)
        for table in self.tables:
            if level.level in table.levels:
                public = [
                    cell
                    for cell in self.public.get((table.id, level.level), ())
                    if cell.unit in names and period in (None, cell.period)
                ]
                blocks = list(self._blocks(table.id, level, families, facts))
                found[table.id, level.level.value, level.shown.start] = self.writer.table(
                    table, level, blocks, public
                )
        return found

    def _blocks(
        self, table: str, level: LevelUnits, families: Mapping[str, FamilyAtLevel], facts: FactsOf
    ) -> Iterator[Block]:
        for column in plan().columns:
            if column.table != table:
                continue
            if column.quantity in (Quantity.PUPILS, Quantity.NOT_COVERED):
                yield pupils_block(column, level, facts)
            elif column.quantity is not Quantity.PUBLIC:
                yield families[column.family].block(column, self.rule)
