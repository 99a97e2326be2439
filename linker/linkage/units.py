"""Which places make up the units of every level: schools, and municipalities of residence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from linker.linkage.facts import Facts, Ints
from linker.linkage.relations import UNKNOWN_SCHOOL_NO
from shared.reference import ALL_LEVELS, UNKNOWN_SCHOOL_UNITS, Arrangement, Level, Reference


@dataclass(frozen=True, slots=True)
class LevelUnits:
    """The units of one level.

    Attributes:
        units: their keys, sorted; a place in it is the number of the unit.
        places: numbers of schools, or municipalities of residence, sorted; once per unit of
            which they are a part.
        unit: number of the unit that the place is a part of, beside each place.
    """

    level: Level
    units: tuple[str, ...]
    places: Ints
    unit: Ints

    @classmethod
    def of(
        cls, level: Level, pairs: list[tuple[int, str]], others: Iterable[str] = ()
    ) -> LevelUnits:
        """The level whose units are made of these places; other units have none."""
        units = tuple(sorted({unit for _, unit in pairs} | set(others)))
        number = {unit: place for place, unit in enumerate(units)}
        pairs = sorted(pairs)
        places = np.array([place for place, _ in pairs], np.int64)
        return cls(level, units, places, np.array([number[unit] for _, unit in pairs], np.int64))

    def rolled_up(self, facts: Facts) -> Facts:
        """Facts of the units of this level, from facts of its places; others are left out.

        Places that are parts of the same units are added up once, before they are parts of many:
        every arrangement is compared with thousands of schools, but of few types.
        """
        known, start = np.unique(self.places, return_index=True)
        together = np.split(self.unit, start[1:]) if len(known) else []
        alike = {tuple(each.tolist()): 0 for each in together}
        numbers = {units: number for number, units in enumerate(alike)}
        group = np.array([numbers[tuple(each.tolist())] for each in together], np.int64)
        at = np.searchsorted(known, facts.place)
        inside = np.flatnonzero(np.isin(facts.place, known))
        if all(len(units) == 1 for units in alike):
            unit = np.array([units[0] for units in alike], np.int64)
            return facts.grouped(inside, unit[group[at[inside]]] if len(inside) else inside)
        added = facts.grouped(inside, group[at[inside]] if len(inside) else inside)
        sizes = np.array([len(units) for units in alike], np.int64)
        first = np.cumsum(sizes) - sizes
        units = np.array([unit for units in alike for unit in units], np.int64)
        times = sizes[added.place]
        rows = np.repeat(np.arange(len(added)), times)
        nth = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
        return added.grouped(rows, units[first[added.place[rows]] + nth])


def levels_of(reference: Reference) -> tuple[LevelUnits, ...]:
    """Every level with its units and their places."""
    pairs: dict[Level, list[tuple[int, str]]] = {level: [] for level in Level}
    for number, units in _schools(reference):
        for level, unit in units.items():
            pairs[level].append((number, unit))
    for municipality in reference.municipalities:
        pairs[Level.RESIDENCE].append((municipality.code, municipality.key))
    numbers = {school.code: number for number, school in enumerate(reference.schools, start=1)}
    for level, code, unit in joint_units(reference):
        pairs[level].append((numbers[code], unit))
    joint = [str(each.number) for each in reference.arrangements]
    return (
        *(LevelUnits.of(level, pairs[level]) for level in ALL_LEVELS),
        *(LevelUnits.of(level, pairs[level], joint) for level in _JOINT),
    )


_JOINT = (Level.ARRANGEMENT, Level.COMPARISON)


def _schools(reference: Reference) -> Iterator[tuple[int, dict[Level, str]]]:
    yield UNKNOWN_SCHOOL_NO, UNKNOWN_SCHOOL_UNITS
    for number, school in enumerate(reference.schools, start=1):
        yield number, school.units()


def joint_units(reference: Reference) -> Iterator[tuple[Level, str, str]]:
    """Level, school and unit of what is counted around arrangements.

    A school is compared with an arrangement when it is in the region, of a type of the
    arrangement's own schools there, and in no arrangement at all.
    """
    taken = {code for joint in reference.arrangements for code in joint.schools}
    free = [each for each in reference.schools if each.in_region and each.code not in taken]
    for joint in reference.arrangements:
        members = _members(joint, reference)
        types = {reference.school_by_code[code].type for code in members}
        for code in members:
            yield Level.ARRANGEMENT, code, str(joint.number)
        for school in free:
            if school.type in types:
                yield Level.COMPARISON, school.code, str(joint.number)


def _members(joint: Arrangement, reference: Reference) -> list[str]:
    known = reference.school_by_code
    return [
        code for code in dict.fromkeys(joint.schools) if code in known and known[code].in_region
    ]
