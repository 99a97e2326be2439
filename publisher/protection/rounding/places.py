"""The cells of a rounded table, and what ties each to the exact tables of the release.

Neutral ground, for the side that rounds and for the side that verifies. A rounded table has the
categories of a breakdown per school, and no totals: those are exact in a table of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from publisher.protection.grid import Grid, quantity_key
from publisher.protection.keys import ATOM
from publisher.protection.measures import ACROSS, CLIENTS
from publisher.protection.regions import region_units
from shared.errors import PolicyError
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class RoundedTable:
    """A table that the policy lets be published rounded.

    Attributes:
        id: of the released table.
        of: the table of the tally that it is the lowest level of.
    """

    id: str
    of: str


@dataclass(frozen=True, slots=True)
class RoundedCell:
    """One count of a rounded table.

    Attributes:
        key: its name in certificates, and what its rounding is drawn from.
        group: name of the innermost group of the exact tables that its school is in.
        alone: the group is this school alone, and an exact table shows or withholds it.
        total: name of the school's total over categories.
    """

    key: str
    school: str
    category: str
    true: int
    group: str
    alone: bool
    total: str


def check_roundable(table: RoundedTable, grid: Grid) -> None:
    """Refuse a rounded table that an exact table shows as well, or that cannot be made.

    Raises:
        PolicyError: ``rounding-impossible``.
    """
    held = grid.tables.get(table.of)
    exact = grid.levels(CLIENTS, held.breakdown) if held else ()
    if held is None or not held.breakdown or Level.SCHOOL not in held.levels or not exact:
        raise _impossible(table, "a table with categories that is counted per school")
    if Level.SCHOOL in exact:
        raise _impossible(table, "cells that no other table shows exactly")
    if any(Level.SCHOOL in grid.levels(measure) for measure in _tied_to(held.breakdown)):
        raise _impossible(table, "categories that no measure of a school is tied to")


def _tied_to(breakdown: str) -> frozenset[str]:
    """The measures that are at most, or at least, some of the categories of a breakdown.

    What a rounded count tells of one of these is not proven.
    """
    return frozenset(
        measure
        for relation in ACROSS
        if any(_is_of(part, breakdown) for _, part in (*relation.lesser, *relation.greater))
        for measure, part in (*relation.lesser, *relation.greater)
        if not _is_of(part, breakdown)
    )


def _is_of(part: str, breakdown: str) -> bool:
    return part.partition("=")[0] == breakdown


def cells_of_table(table: RoundedTable, grid: Grid, period: int) -> Iterator[RoundedCell]:
    """Every cell of a rounded table in a period, by school and category."""
    definition = grid.tables[table.of]
    schools = grid.units(Level.SCHOOL, period)
    named = _groups(grid, period, definition.breakdown)
    for school in schools:
        group = named[school]
        for code, _ in definition.categories:
            part = f"{definition.breakdown}={code}"
            yield RoundedCell(
                key=quantity_key(period, CLIENTS, Level.SCHOOL.value, school, part),
                school=school,
                category=code,
                true=grid.value(table.of, Level.SCHOOL, school, period, CLIENTS, code),
                group=quantity_key(period, CLIENTS, *group.name, part),
                alone=group.alone,
                total=quantity_key(period, CLIENTS, Level.SCHOOL.value, school, ""),
            )


def gathered(named: Iterable[tuple[str, RoundedCell]]) -> Mapping[str, tuple[RoundedCell, ...]]:
    """The cells by name, in their order."""
    found: dict[str, list[RoundedCell]] = {}
    for name, cell in named:
        found.setdefault(name, []).append(cell)
    return {name: tuple(cells) for name, cells in found.items()}


@dataclass(frozen=True, slots=True)
class _Group:
    name: tuple[str, str]
    alone: bool


def _groups(grid: Grid, period: int, breakdown: str) -> dict[str, _Group]:
    """Per school the group that the published levels of the breakdown tell apart."""
    units = region_units(grid, period, grid.levels(CLIENTS, breakdown))
    around: dict[str, list[int]] = {}
    for number, unit in enumerate(units):
        for leaf in unit.leaves:
            around.setdefault(leaf, []).append(number)
    alike: dict[tuple[int, ...], set[str]] = {}
    for leaf, within in around.items():
        alike.setdefault(tuple(within), set()).add(leaf)
    cell_of = {unit.leaves: (unit.level, unit.unit) for unit in reversed(units)}
    found = {}
    for members in alike.values():
        leaves = frozenset(members)
        shown = cell_of.get(leaves)
        group = _Group(shown or (ATOM, min(leaves)), shown is not None and len(leaves) == 1)
        found.update(dict.fromkeys(leaves, group))
    return found


def _impossible(table: RoundedTable, expected: str) -> PolicyError:
    return PolicyError(
        "rounding-impossible",
        f"table {table.id}: expected {expected}",
        hint="a rounded table has the categories of one table of the tally, per school",
    )
