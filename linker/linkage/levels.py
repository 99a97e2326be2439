"""The cells of every level: of a range of its units at a time, so that memory stays bounded.

Units of a range are whole, and their cells follow one another in the tally, so that what was made
of ranges is put together as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from linker.linkage.cells import CellWriter, PublicCell
from linker.linkage.count_stages import Place
from linker.linkage.counting import plan
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
from shared.contract.tally import CELLS, Table
from shared.reference import Level, Reference

FACTS_AT_ONCE = 400_000
"""About so many facts are made cells of at once by one thread."""

_ABOVE = frozenset({Level.TYPE, Level.SECTOR, Level.MUNICIPALITY, Level.TYPE_MUNICIPALITY,
                    Level.REGION, Level.ELSEWHERE, Level.TOTAL})  # fmt: skip
"""Levels of which a unit is of whole types in whole municipalities."""

_Key = tuple[str, str, int]


def cells_of(
    facts: FactsOf,
    reference: Reference,
    tables: Sequence[Table],
    rule: PercentRule,
    public: Sequence[PublicCell],
    threads: int = 1,
    at_once: int = FACTS_AT_ONCE,
) -> pa.Table:
    """Every cell of the catalogue, sorted by key.

    Args:
        threads: so many ranges of units are made beside one another.
        at_once: facts of a range, unless one unit has more.
    """
    levels = levels_of(reference)
    keyed = {family.key: key_codes(family.key, reference)
             for family in plan().families if family.key}  # fmt: skip
    known: dict[tuple[str, Level], list[PublicCell]] = {}
    for cell in public:
        known.setdefault((cell.table, cell.level), []).append(cell)
    maker = _Maker(CellWriter(tables, levels, keyed), tables, rule, known)
    found: dict[_Key, pa.Table] = {}

    def make(pool: ThreadPoolExecutor, some: Sequence[LevelUnits], facts: FactsOf) -> None:
        whole: list[_Range] = []
        for level in some:
            mine = {key: each for key, each in facts.items() if key[1] is place_of(level)}
            ranges = level.ranges(_sizes(mine), at_once)
            if len(ranges) == 1:
                whole.append(_Range(level, mine))
            elif ranges:
                for cells in pool.map(maker.cells, _divided(ranges, mine)):
                    found.update(cells)
        for cells in pool.map(maker.cells, whole):
            found.update(cells)

    with ThreadPoolExecutor(threads) as pool:
        make(pool, [level for level in levels if level.level not in _ABOVE], facts)
        parts, above = merged([level for level in levels if level.level in _ABOVE])
        schools = [key for key in facts if key[1] is Place.SCHOOL]
        rolled_up = pool.map(parts.rolled_up, map(facts.__getitem__, schools))
        make(pool, above, dict(zip(schools, rolled_up, strict=True)))
    ordered = [found.pop(key) for key in sorted(found)]
    return pa.concat_tables(ordered) if ordered else CELLS.empty_table()


@dataclass(frozen=True, slots=True)
class _Range:
    """Some units, and which facts are of their places.

    Attributes:
        rows: numbers of the facts, as ``facts`` has them; None where it is all of them.
    """

    level: LevelUnits
    facts: FactsOf
    rows: Mapping[FactsKey, Ints] | None = None

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


def _divided(ranges: Sequence[LevelUnits], facts: FactsOf) -> Iterator[_Range]:
    """Every range with its facts, looked for once and not once for every range."""
    rows = {key: _rows_of(ranges, each.keys[1]) for key, each in facts.items()}
    for number, level in enumerate(ranges):
        yield _Range(level, facts, {key: found[number] for key, found in rows.items()})


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
class _Maker:
    """Makes the cells of ranges of units.

    Attributes:
        public: cells that come from the reference bundle, by table and level.
    """

    writer: CellWriter
    tables: Sequence[Table]
    rule: PercentRule
    public: Mapping[tuple[str, Level], Sequence[PublicCell]]

    def cells(self, chosen: _Range) -> dict[_Key, pa.Table]:
        """The cells of every table, by table, level and first unit."""
        level, facts = chosen.level, chosen.taken()
        found: dict[_Key, pa.Table] = {}
        families = {
            family.name: FamilyAtLevel.of(family, level, facts)
            for family in plan().families
            if any(level.level in column.levels for column in plan().columns
                   if column.family == family.name)
        }  # fmt: skip
        names = set(level.shown_units)
        for table in self.tables:
            if level.level in table.levels:
                known = self.public.get((table.id, level.level), ())
                blocks = list(self._blocks(table.id, level, families, facts))
                found[table.id, level.level.value, level.shown.start] = self.writer.table(
                    table, level, blocks, [cell for cell in known if cell.unit in names]
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
