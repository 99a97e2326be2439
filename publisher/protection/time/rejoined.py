"""Arrangements that were of other schools in an earlier release: units with a name of their own.

A number stands for the same arrangement in every release, and a name for the same schools in all
releases of a period. Where the schools of an arrangement changed, or those that it is compared
with, its number in the earlier release is another one. What two such units tell together follows
from their schools, which have the same names. Neutral ground, for the side that protects and for
the side that verifies.

Source: PROTECTION 6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from publisher.protection.grid import Grid
from shared.canonical import sha256_hex
from shared.reference import JOINT_LEVELS, Reference

Cell = TypeVar("Cell")
Place = tuple[str, str, str, int, str, str]

_JOINT = frozenset(level.value for level in JOINT_LEVELS)
_ABOVE_NUMBERS = 65_536
"""No arrangement of a bundle has a number as high as this."""


def other_numbers(then: Reference, now: Reference) -> dict[str, str]:
    """The number that stands for each arrangement of other schools than now.

    It follows from these schools, so that two earlier releases that agree use the same.
    """
    before, after = _schools(then), _schools(now)
    return {
        number: str(_ABOVE_NUMBERS + int(sha256_hex(repr((number, schools)).encode())[:12], 16))
        for number, schools in before.items()
        if number in after and after[number] != schools
    }


def renumbered(grid: Grid, numbers: Mapping[str, str]) -> Grid:
    """The counts of an earlier release, with these numbers for its arrangements."""
    if not numbers:
        return grid
    joint = tuple(
        each.model_copy(update={"number": int(numbers.get(str(each.number), each.number))})
        for each in grid.reference.arrangements
    )
    return replace(
        grid,
        reference=grid.reference.model_copy(update={"arrangements": joint}),
        values=_moved(grid.values, numbers),
        inputs=_moved(grid.inputs, numbers),
    )


def renumbering(numbers: Mapping[str, str]) -> Callable[[str], str]:
    """What the key of a quantity of the earlier release is called instead."""

    def key_of_other(key: str) -> str:
        period, measure, level, unit, part = key.split("/")
        if level not in _JOINT or unit not in numbers:
            return key
        return "/".join((period, measure, level, numbers[unit], part))

    return key_of_other


def _schools(reference: Reference) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for level, school, number in reference.joint_units():
        found.setdefault(number, []).append((level.value, school))
    return {number: sorted(schools) for number, schools in found.items()}


def _moved(cells: Mapping[Place, Cell], numbers: Mapping[str, str]) -> dict[Place, Cell]:
    return {
        (place[0], place[1], numbers.get(place[2], place[2]), *place[3:])
        if place[1] in _JOINT
        else place: cell
        for place, cell in cells.items()
    }
