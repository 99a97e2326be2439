"""Units as sets of leaves: which schools a published or a latent unit is made of.

A leaf is a school location in the region, or an ``elsewhere`` unit, of which the tally knows
no schools. A municipality of residence is a leaf of its own, in no other unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product

from publisher.protection.grid import Grid
from shared.reference import JOINT_LEVELS, SCHOOL_LEVELS, Level

REST = "~rest"
BOTH = "~both"
BEYOND = "~beyond"
_CROSSING = (
    (Level.MUNICIPALITY, Level.SWV_PO),
    (Level.MUNICIPALITY, Level.SWV_VO),
    (Level.TYPE, Level.SWV_PO),
    (Level.TYPE, Level.SWV_VO),
)
"""Boundaries that cut through each other: what two units share is never shown, but told."""
_AROUND_JOINT = (
    Level.BOARD, Level.TYPE, Level.SECTOR, Level.MUNICIPALITY, Level.TYPE_MUNICIPALITY,
    Level.SWV_PO, Level.SWV_VO, Level.REGION,
)  # fmt: skip
"""Units that an arrangement, or the schools it is compared with, can be subtracted from."""
_WITHIN_REGION = frozenset(
    level.value
    for level in (*SCHOOL_LEVELS, *JOINT_LEVELS)
    if level not in (Level.REGION, Level.ELSEWHERE, Level.TOTAL)
)


@dataclass(frozen=True, slots=True)
class RegionUnit:
    """One unit of one level, as the set of its leaves."""

    level: str
    unit: str
    leaves: frozenset[str]


def leaves_of(grid: Grid, period: int) -> tuple[str, ...]:
    """Every leaf of the population, sorted: schools in the region, then the units elsewhere."""
    return (
        *sorted(schools_of(grid)),
        *(elsewhere_leaf(unit) for unit in grid.units(Level.ELSEWHERE, period)),
    )


def schools_of(grid: Grid) -> frozenset[str]:
    """Every leaf that is a school location in the region."""
    return frozenset(school.code for school in grid.reference.schools if school.in_region)


def elsewhere_leaf(unit: str) -> str:
    """The leaf of an ``elsewhere`` unit."""
    return f"elsewhere {unit}"


def region_units(grid: Grid, period: int, levels: Iterable[Level]) -> tuple[RegionUnit, ...]:
    """The published units of the given levels, in order of level and key."""
    members: dict[tuple[Level, str], set[str]] = {}
    for school in grid.reference.schools:
        if school.in_region:
            for level, unit in school.units().items():
                members.setdefault((level, unit), set()).add(school.code)
    for level, school_code, unit in grid.reference.joint_units():
        members.setdefault((level, unit), set()).add(school_code)
    for unit in grid.units(Level.ELSEWHERE, period):
        members[Level.ELSEWHERE, unit] = {elsewhere_leaf(unit)}
        members.setdefault((Level.TOTAL, "total"), set()).add(elsewhere_leaf(unit))
    for unit in grid.units(Level.RESIDENCE, period):
        members[Level.RESIDENCE, unit] = {residence_leaf(unit)}
    return tuple(
        RegionUnit(level.value, unit, frozenset(members.get((level, unit), ())))
        for level in levels
        for unit in grid.units(level, period)
    )


def latent_units(units: Iterable[RegionUnit], schools: frozenset[str]) -> tuple[RegionUnit, ...]:
    """Groups that no cell shows but published sums can tell: rests and crossings.

    The rest of a level that does not cover every school (no board, no SWV), and what a
    municipality or school type shares with an SWV; and what a unit shares with an arrangement or
    with the schools that it is compared with, and has beyond these.

    Args:
        units: the published units.
        schools: every leaf that is a school in the region.
    """
    by_level: dict[str, list[RegionUnit]] = {}
    for unit in units:
        by_level.setdefault(unit.level, []).append(unit)
    latent = []
    for level, of_level in by_level.items():
        if level not in _WITHIN_REGION:
            continue
        rest = frozenset(schools.difference(*(unit.leaves for unit in of_level)))
        if rest:
            latent.append(RegionUnit(REST, level, rest))
    for one, other in _CROSSING:
        for left, right in product(by_level.get(one.value, ()), by_level.get(other.value, ())):
            shared = left.leaves & right.leaves
            if shared:
                name = f"{left.level}={left.unit}+{right.level}={right.unit}"
                latent.append(RegionUnit(BOTH, name, shared))
    return (*latent, *_around_joint(by_level))


def _around_joint(by_level: Mapping[str, Sequence[RegionUnit]]) -> Iterator[RegionUnit]:
    """What two units share, and what either has beyond it, of which one is of an arrangement."""
    joint = [unit for level in JOINT_LEVELS for unit in by_level.get(level.value, ())]
    around = [unit for level in _AROUND_JOINT for unit in by_level.get(level.value, ())]
    for left, right in chain(product(around, joint), combinations(joint, 2)):
        shared = left.leaves & right.leaves
        if not shared:
            continue
        one, other = f"{left.level}={left.unit}", f"{right.level}={right.unit}"
        for kind, name, leaves in (
            (BOTH, f"{one}+{other}", shared),
            (BEYOND, f"{one}-{other}", left.leaves - right.leaves),
            (BEYOND, f"{other}-{one}", right.leaves - left.leaves),
        ):
            if leaves:
                yield RegionUnit(kind, name, leaves)


def residence_leaf(unit: str) -> str:
    """The leaf of a municipality of residence; a cut of its own, in no other unit."""
    return f"residence {unit}"
