"""Counting every shard: as many beside one another as the engine has hands.

Persons are divided over shards, so it does not matter which hand counts which, or when: facts and
figures are sums. A shard is read when a hand is free, and dropped when it is counted. Care of
clients is counted at once where there is one shard, else when all shards have been read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Generic, TypeVar

import pyarrow as pa

from linker.linkage.carrying import Carried, carried
from linker.linkage.counter import Engine, Totals, care_counted, give_back
from linker.linkage.database import Stage
from linker.linkage.gathering import Gathering
from linker.linkage.inputs import Inputs
from linker.linkage.quality_stages import OBJECTED_PERSONS, care_quality, enrolment_quality
from linker.linkage.relations import reference_relations
from linker.linkage.sealed_file import SealedFile
from linker.linkage.stages import DOUBLE_CLAIMS, person_stages
from shared.contract.periods import Period
from shared.reference import Reference

Item = TypeVar("Item")


@dataclass(slots=True)
class Figures:
    """Figures about deliveries; each adds up over shards."""

    quality: list[pa.Table] = field(default_factory=list)
    objected: list[pa.Table] = field(default_factory=list)
    double_claims: int = 0

    def add(self, engine: Engine, periods: Sequence[Period]) -> None:
        """Ask for the figures of the shard that the engine holds."""
        self.quality += [engine.fetch(enrolment_quality(periods)), engine.fetch(care_quality())]
        self.objected.append(engine.fetch(OBJECTED_PERSONS))
        self.double_claims += int(engine.fetch(DOUBLE_CLAIMS)["double_claims"][0].as_py())

    def take(self, other: Figures) -> None:
        """Add the figures of other shards."""
        self.quality += other.quality
        self.objected += other.objected
        self.double_claims += other.double_claims


class Counting:
    """Counts all shards of one linkage.

    Args:
        engine: what counts.
        reference: the bundle that the round pins.
        covered: per period code, the municipalities whose residents are the population.
        periods: the periods of the round.
        count: how many shards there are.
        begin: told of every step that begins.
        file: where rows of care wait that would take too much memory.
        gathering: where facts of care go, instead of to the totals, if there are more shards.
    """

    def __init__(
        self,
        engine: Engine,
        reference: Reference,
        covered: Mapping[int, Collection[int]],
        periods: Sequence[Period],
        count: int,
        begin: Callable[[str], None],
        file: SealedFile | None = None,
        gathering: Gathering | None = None,
    ) -> None:
        self._hands = engine.hands()[:count]
        self._public = reference_relations(reference, covered)
        self._periods = periods
        self._count = count
        self._begin = begin
        self._carried = Carried(reference, count, file) if count > 1 else None
        self._gathering = gathering
        self.totals = Totals()
        self.figures = Figures()

    def count(self, shards: Iterable[Inputs]) -> None:
        """Count every shard, and then what they carried."""
        with ThreadPoolExecutor(len(self._hands)) as pool:
            queue = _Queue(shards, self._count, self._begin)
            for found in pool.map(partial(self._count_shards, queue), self._hands):
                self.figures.take(found)
            if self._carried is not None:
                self._begin("care")
                parts = _Queue(map(self._carried.take, range(self._count)), self._count)
                list(pool.map(partial(self._count_parts, parts), self._hands))

    def _count_shards(self, queue: _Queue[Inputs], hand: Engine) -> Figures:
        figures = Figures()
        for name, relation in self._public.items():
            hand.load(name, relation)
        with queue:
            while (found := queue.next()) is not None:
                self._count_shard(hand, *found, figures)
                del found
        return figures

    def _count_shard(self, hand: Engine, number: int, inputs: Inputs, figures: Figures) -> None:
        """Count the persons of one shard; after it the engine holds none of them."""
        relations = {
            "enrolment_rows": inputs.enrolment_rows,
            "care_rows": inputs.care_rows,
            "objection_rows": inputs.objection_rows,
        }
        for name, rows in relations.items():
            hand.load(name, rows)
        for stage in person_stages():
            hand.define(stage)
        figures.add(hand, self._periods)
        self.totals.add_pupils(hand)
        hand.drop("pupils")
        if self._carried is None:
            self.totals.add_care(hand)
        else:
            self._carried.add(number, hand.fetch(carried()))
        for stage in person_stages():
            if stage.kept:
                hand.drop(stage.name)
        for name, rows in relations.items():
            hand.load(name, rows.schema.empty_table())
        give_back()

    def _count_parts(self, queue: _Queue[dict[str, pa.Table]], hand: Engine) -> None:
        with queue:
            while (found := queue.next()) is not None:
                _, relations = found
                for name, rows in relations.items():
                    hand.load(_taken(name), rows)
                    hand.define(Stage(name, f"SELECT * FROM {_taken(name)}"))  # noqa: S608 - ours
                    hand.load(_taken(name), rows.schema.empty_table())
                del found, relations, rows
                if self._gathering is None:
                    self.totals.add_care(hand)
                else:
                    self._gathering.add(dict(care_counted(hand)))
                for name in ("client_care", "clients"):
                    hand.drop(name)


def _taken(name: str) -> str:
    return f"taken_{name}"


def _silent(_step: str) -> None:
    """Parts are no steps of their own: they are many and short."""


class _Queue(Generic[Item]):
    """Hands out item after item, to one at a time; after a failure no more."""

    def __init__(
        self, items: Iterable[Item], count: int, begin: Callable[[str], None] = _silent
    ) -> None:
        self._items = iter(items)
        self._count = count
        self._begin = begin
        self._begun = 0
        self._lock = Lock()
        self._failed = False

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._failed = True

    def next(self) -> tuple[int, Item] | None:
        """The next item and its number; None where there is none, or a hand has failed."""
        with self._lock:
            if self._failed:
                return None
            if self._begun == self._count:
                if next(self._items, None) is not None:
                    raise RuntimeError("more shards than were announced")
                return None
            self._begun += 1
            self._begin(f"shard {self._begun}")
            return self._begun, next(self._items)
