"""Which places make up the units of every level: schools, and municipalities of residence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from linker.linkage.facts import Facts, Ints, run_starts
from linker.linkage.relations import UNKNOWN_SCHOOL_NO
from shared.reference import ALL_LEVELS, JOINT_LEVELS, UNKNOWN_SCHOOL_UNITS, Level, Reference


@dataclass(frozen=True, slots=True)
class Parts:
    """Which places are a part of which units; a place can be a part of more than one.

    Places that are parts of the same units are *alike*: they are added up once, before they are
    parts of many. Every arrangement is compared with thousands of schools, but of few types.

    Attributes:
        places: numbers of the places, sorted.
        group: beside each place the number of its group of alike places.
        sizes: of how many units each group is a part.
        units: numbers of these units, group after group.
    """

    places: Ints
    group: Ints
    sizes: Ints
    units: Ints

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Parts:
        """Read pairs of a place and a unit."""
        units_of: dict[int, list[int]] = {}
        for place, unit in sorted(pairs):
            units_of.setdefault(place, []).append(unit)
        groups: dict[tuple[int, ...], int] = {}
        group = [groups.setdefault(tuple(units), len(groups)) for units in units_of.values()]
        return cls(
            np.array(list(units_of), np.int64),
            np.array(group, np.int64),
            np.array([len(units) for units in groups], np.int64),
            np.array([unit for units in groups for unit in units], np.int64),
        )

    def within(self, chosen: range) -> Parts:
        """The parts of some of the units only."""
        inside = (self.units >= chosen.start) & (self.units < chosen.stop)
        group = np.repeat(np.arange(len(self.sizes)), self.sizes)[inside]
        sizes = np.bincount(group, minlength=len(self.sizes))
        number = np.cumsum(sizes > 0) - 1
        kept = sizes[self.group] > 0
        return Parts(
            self.places[kept], number[self.group[kept]], sizes[sizes > 0], self.units[inside]
        )

    def sizes_of_units(self, sizes: Ints, units: int) -> Ints:
        """What the places of each unit hold together, given what each place holds."""
        known = self.places < len(sizes)
        held = np.bincount(
            self.group[known], weights=sizes[self.places[known]], minlength=len(self.sizes)
        )
        found = np.bincount(self.units, weights=np.repeat(held, self.sizes), minlength=units)
        return found.astype(np.int64)

    def rolled_up(self, facts: Facts) -> Facts:
        """Facts of the units, from facts of their places; others are left out."""
        places = facts.keys[1]
        known = np.full(int(max(self.places.max(initial=0), places.max(initial=0))) + 1, -1)
        known[self.places] = self.group
        group = known[places]
        inside = np.flatnonzero(group >= 0)
        group = group[inside]
        if (self.sizes == 1).all():
            return facts.grouped(inside, self.units[group])
        added = facts.grouped(inside, group)
        first = np.cumsum(self.sizes) - self.sizes
        times = self.sizes[added.place]
        rows = np.repeat(np.arange(len(added)), times)
        nth = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
        return added.grouped(rows, self.units[first[added.place[rows]] + nth])


@dataclass(frozen=True, slots=True)
class LevelUnits:
    """The units of one level.

    Attributes:
        units: their keys, sorted; a place in it is the number of the unit.
        parts: schools, or municipalities of residence, that make them up.
        shown: of which units these are the parts; of all of them, unless it is a range.
    """

    level: Level
    units: tuple[str, ...]
    parts: Parts
    shown: range

    @classmethod
    def of(
        cls, level: Level, pairs: list[tuple[int, str]], others: Iterable[str] = ()
    ) -> LevelUnits:
        """The level whose units are made of these places; other units have none."""
        units = tuple(sorted({unit for _, unit in pairs} | set(others)))
        number = {unit: place for place, unit in enumerate(units)}
        parts = Parts.of((place, number[unit]) for place, unit in pairs)
        return cls(level, units, parts, range(len(units)))

    @property
    def shown_units(self) -> tuple[str, ...]:
        """The keys of the units that are shown."""
        return self.units[self.shown.start : self.shown.stop]

    def ranges(self, sizes: Ints, at_once: int) -> list[LevelUnits]:
        """The level as ranges of units, each of about so much.

        Args:
            sizes: how much each place holds.
        """
        before = np.cumsum(self.parts.sizes_of_units(sizes, len(self.units)))
        bounds = run_starts(before // at_once).tolist()
        return [
            replace(self, parts=self.parts.within(range(*bound)), shown=range(*bound))
            for bound in pairwise([*bounds, len(self.units)])
        ]


def merged(levels: Sequence[LevelUnits]) -> tuple[Parts, tuple[LevelUnits, ...]]:
    """Places that are alike at all of these levels as one place, and the levels made of those.

    Thousands of schools are a part of hundreds of units each of a type and a municipality; what
    is added up once for all levels above those need not be added up for each.
    """
    units_of: dict[int, list[tuple[int, int]]] = {}
    for number, level in enumerate(levels):
        for place, group in zip(level.parts.places.tolist(), level.parts.group.tolist(),
                                strict=True):  # fmt: skip
            units_of.setdefault(place, []).append((number, group))
    numbers: dict[tuple[tuple[int, int], ...], int] = {}
    pairs = [(place, numbers.setdefault(tuple(units_of[place]), len(numbers)))
             for place in sorted(units_of)]  # fmt: skip
    group_of: list[dict[int, int]] = [{} for _ in levels]
    for groups, number in numbers.items():
        for level_number, group in groups:
            group_of[level_number][number] = group
    restated = (
        replace(
            level, parts=replace(level.parts, places=_array(known), group=_array(known.values()))
        )
        for level, known in zip(levels, group_of, strict=True)
    )
    return Parts.of(pairs), tuple(restated)


def _array(numbers: Iterable[int]) -> Ints:
    return np.array(list(numbers), np.int64)


def levels_of(reference: Reference) -> tuple[LevelUnits, ...]:
    """Every level with its units and their places."""
    pairs: dict[Level, list[tuple[int, str]]] = {level: [] for level in Level}
    for number, units in _schools(reference):
        for level, unit in units.items():
            pairs[level].append((number, unit))
    for municipality in reference.municipalities:
        pairs[Level.RESIDENCE].append((municipality.code, municipality.key))
    numbers = {school.code: number for number, school in enumerate(reference.schools, start=1)}
    for level, code, unit in reference.joint_units():
        pairs[level].append((numbers[code], unit))
    joint = [str(each.number) for each in reference.arrangements]
    return (
        *(LevelUnits.of(level, pairs[level]) for level in ALL_LEVELS),
        *(LevelUnits.of(level, pairs[level], joint) for level in JOINT_LEVELS),
    )


def _schools(reference: Reference) -> Iterator[tuple[int, dict[Level, str]]]:
    yield UNKNOWN_SCHOOL_NO, UNKNOWN_SCHOOL_UNITS
    for number, school in enumerate(reference.schools, start=1):
        yield number, school.units()
