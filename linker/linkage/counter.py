"""Counting shard after shard, and the cells of all of them together.

Persons are divided over shards; a person is in exactly one, and a pupil is at one school per
period, so every count is a sum over shards, and the largest amounts are the largest of any.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Protocol

import pyarrow as pa

from linker.linkage.cells import CellWriter, PublicCell
from linker.linkage.count_stages import (
    FIRSTS,
    HOLDERS,
    Grain,
    Place,
    counted,
    counts_of,
    holders,
    pupils_counted,
    rows_counted,
    seconds,
)
from linker.linkage.counting import Family, Flag, plan
from linker.linkage.database import Stage
from linker.linkage.definitions import Quantity
from linker.linkage.facts import Facts, densely, matrix_of
from linker.linkage.protecting import PercentRule
from linker.linkage.relations import key_codes
from linker.linkage.rollup import PUPILS, ROWS, Block, FactsOf, FamilyAtLevel, pupils_block
from linker.linkage.units import LevelUnits, levels_of, merged
from shared.contract.tally import CELLS, Table
from shared.reference import Level, Reference

_Key = tuple[str, Place, str]


class Engine(Protocol):
    """What a linkage asks of an engine; ``Database`` is one."""

    def load(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table known as ``name``; a later load of the name replaces it."""

    def define(self, stage: Stage) -> None:
        """Make a stage known by its name; a later definition replaces it."""

    def fetch(self, stage: Stage) -> pa.Table:
        """The rows of a stage."""

    def drop(self, name: str) -> None:
        """Forget a stage or relation, if it is there."""


class Totals:
    """Facts of the shards that were counted so far."""

    def __init__(self) -> None:
        self._parts: dict[_Key, list[Facts]] = {}

    def add(self, engine: Engine) -> None:
        """Count the persons of the shard that the engine holds."""
        merging: Future[None] | None = None
        # The engine counts on while its answer is merged; no more than one answer waits.
        with ThreadPoolExecutor(1) as beside:
            for key, read in _counted(engine):
                if merging is not None:
                    merging.result()
                merging = beside.submit(self._merge, key, read)
            if merging is not None:
                merging.result()

    def _merge(self, key: _Key, read: Callable[[], Facts]) -> None:
        parts = self._parts.setdefault(key, [])
        parts.append(read())
        # As in a tournament: what was added up is added again only to as much that was not.
        while len(parts) > 1 and len(parts[-2]) <= 2 * len(parts[-1]):
            parts[-2:] = [Facts.together(parts[-2:])]

    def facts(self) -> FactsOf:
        """What was counted, over all shards; those without a provider are no provider's."""
        found: dict[_Key, Facts] = {}
        providers: list[_Key] = []
        for key in list(self._parts):
            facts = Facts.together(self._parts.pop(key))
            if key[2] == Grain.PROVIDER.value:
                facts = facts.taken(facts.extra != 0)
                providers.append(key)
            found[key] = facts
        dense = densely([found[key] for key in providers])
        return found | dict(zip(providers, dense, strict=True))


def _counted(engine: Engine) -> Iterator[tuple[_Key, Callable[[], Facts]]]:
    """What the engine answers, to be read as facts wherever there is time."""
    for place in Place:
        yield (PUPILS, place, ""), partial(_pupils, engine.fetch(pupils_counted(place)))
    engine.drop("pupils")
    for family in plan().families:
        for grain in Grain:
            engine.define(holders(family, grain))
            for place in Place:
                yield (family.name, place, grain.value), _facts(engine, family, place, grain)
        engine.drop(HOLDERS)
        if family.rows:
            for place in Place:
                rows = engine.fetch(rows_counted(family, place))
                yield (family.name, place, ROWS), partial(_read, rows, family.rows)


def _facts(engine: Engine, family: Family, place: Place, grain: Grain) -> Callable[[], Facts]:
    tops = grain is Grain.CLIENT and bool(family.amounts)
    stage = counted(family, place, tops=tops)
    if not tops:
        return partial(_read, engine.fetch(stage), family.flags)
    engine.define(stage)
    answer = engine.fetch(FIRSTS)
    second = engine.fetch(seconds(family, place))
    engine.drop(stage.name)
    return partial(_read, answer, family.flags, second)


def _pupils(answer: pa.Table) -> Facts:
    return Facts.of(answer, matrix_of(answer, "n_"))


def _read(answer: pa.Table, flags: Sequence[Flag], second: pa.Table | None = None) -> Facts:
    return Facts.of(answer, counts_of(answer, flags), second)


def give_back() -> None:
    """Give the system back what was freed between what is kept; else a nation needs it twice."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # of the C library of GNU; others have their own ways
        trim(0)
    pa.default_memory_pool().release_unused()


def cells_of(
    facts: FactsOf,
    reference: Reference,
    tables: Sequence[Table],
    rule: PercentRule,
    public: Sequence[PublicCell],
    threads: int = 1,
) -> pa.Table:
    """Every cell of the catalogue, sorted by key.

    Args:
        threads: so many levels are made beside one another.
    """
    levels = levels_of(reference)
    keyed = {family.key: key_codes(family.key, reference)
             for family in plan().families if family.key}  # fmt: skip
    writer = CellWriter(tables, levels, keyed)
    known: dict[tuple[str, Level], list[PublicCell]] = {}
    for cell in public:
        known.setdefault((cell.table, cell.level), []).append(cell)
    found: dict[tuple[str, str], pa.Table] = {}

    def made(level: LevelUnits) -> dict[tuple[str, str], pa.Table]:
        cells = dict(_cells_at(level, facts, writer, tables, rule, known))
        give_back()
        return cells

    with ThreadPoolExecutor(threads) as pool:
        for each in pool.map(made, [level for level in levels if level.level not in _ABOVE]):
            found |= each
        parts, above = merged([level for level in levels if level.level in _ABOVE])
        names = [key for key in facts if key[1] is Place.SCHOOL]
        facts = dict(zip(names, pool.map(parts.rolled_up, map(facts.__getitem__, names)),
                         strict=True))  # fmt: skip
        for each in pool.map(made, above):
            found |= each
    ordered = [found.pop(key) for key in sorted(found)]
    return pa.concat_tables(ordered) if ordered else CELLS.empty_table()


_ABOVE = frozenset({Level.TYPE, Level.SECTOR, Level.MUNICIPALITY, Level.TYPE_MUNICIPALITY,
                    Level.REGION, Level.ELSEWHERE, Level.TOTAL})  # fmt: skip
"""Levels of which a unit is of whole types in whole municipalities."""


def _cells_at(
    level: LevelUnits,
    facts: FactsOf,
    writer: CellWriter,
    tables: Sequence[Table],
    rule: PercentRule,
    public: Mapping[tuple[str, Level], Sequence[PublicCell]],
) -> Iterator[tuple[tuple[str, str], pa.Table]]:
    """The cells of every table at one level, by table and level."""
    families = {
        family.name: FamilyAtLevel.of(family, level, facts)
        for family in plan().families
        if any(level.level in column.levels for column in plan().columns
               if column.family == family.name)
    }  # fmt: skip
    for table in tables:
        if level.level in table.levels:
            blocks = list(_blocks(table.id, level, families, facts, rule))
            known = public.get((table.id, level.level), ())
            yield (table.id, level.level.value), writer.table(table, level, blocks, known)


def _blocks(
    table: str,
    level: LevelUnits,
    families: dict[str, FamilyAtLevel],
    facts: FactsOf,
    rule: PercentRule,
) -> Iterator[Block]:
    for column in plan().columns:
        if column.table != table:
            continue
        if column.quantity in (Quantity.PUPILS, Quantity.NOT_COVERED):
            yield pupils_block(column, level, facts)
        elif column.quantity is not Quantity.PUBLIC:
            yield families[column.family].block(column, rule)
