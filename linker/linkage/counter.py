"""Counting shard after shard.

Persons are divided over shards; a person is in exactly one, and a pupil is at one school per
period, so every count is a sum over shards, and the largest amounts are the largest of any.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Protocol

import pyarrow as pa

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
from linker.linkage.counting import Family, plan
from linker.linkage.database import Stage
from linker.linkage.facts import Facts, densely, matrix_of
from linker.linkage.rollup import PUPILS, ROWS, FactsOf

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

    def hands(self) -> Sequence[Engine]:
        """What may be asked beside one another: each knows its own stages and relations."""


class Totals:
    """Facts of the shards that were counted so far; more than one thread may add to them."""

    def __init__(self) -> None:
        self._parts: dict[_Key, list[Facts]] = {}
        self._lock = Lock()

    def add_pupils(self, engine: Engine) -> None:
        """Count the pupils of the shard that the engine holds."""
        for place in Place:
            pupils = engine.fetch(pupils_counted(place))
            self._merge((PUPILS, place, ""), Facts.of(pupils, matrix_of(pupils, "n_")))

    def add_care(self, engine: Engine) -> None:
        """Count the care of the clients that the engine holds."""
        for key, facts in care_counted(engine):
            self._merge(key, facts)

    def _merge(self, key: _Key, facts: Facts) -> None:
        # As in a tournament: what was added up is added again only to as much that was not.
        while True:
            with self._lock:
                parts = self._parts.setdefault(key, [])
                if not parts or len(parts[-1]) > 2 * len(facts):
                    parts.append(facts)
                    return
                other = parts.pop()
            facts = Facts.together([other, facts])

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


def care_counted(engine: Engine) -> Iterator[tuple[_Key, Facts]]:
    """The care of the clients that the engine holds, as facts."""
    for family in plan().families:
        for grain in Grain:
            engine.define(holders(family, grain))
            for place in Place:
                yield (family.name, place, grain.value), _facts(engine, family, place, grain)
        engine.drop(HOLDERS)
        if family.rows:
            for place in Place:
                rows = engine.fetch(rows_counted(family, place))
                yield (family.name, place, ROWS), Facts.of(rows, counts_of(rows, family.rows))


def _facts(engine: Engine, family: Family, place: Place, grain: Grain) -> Facts:
    tops = grain is Grain.CLIENT and bool(family.amounts)
    stage = counted(family, place, tops=tops)
    if not tops:
        answer = engine.fetch(stage)
        return Facts.of(answer, counts_of(answer, family.flags))
    engine.define(stage)
    answer = engine.fetch(FIRSTS)
    second = engine.fetch(seconds(family, place))
    engine.drop(stage.name)
    return Facts.of(answer, counts_of(answer, family.flags), second)


def give_back() -> None:
    """Give the system back what was freed between what is kept; else a nation needs it twice."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # of the C library of GNU; others have their own ways
        trim(0)
    pa.default_memory_pool().release_unused()
