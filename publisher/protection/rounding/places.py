"""The cells of a rounded table, and what ties each to the exact tables of the release.

Neutral ground, for the side that rounds and for the side that verifies. A rounded table is the
lowest level of a table of the tally: the categories of its breakdown per school, or each of its
measures where it has no breakdown. What those are a part of is exact, in a table of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from publisher.protection.grid import Grid, quantity_key
from publisher.protection.keys import ATOM
from publisher.protection.measures import ACROSS, CLIENTS, RULES, Term, counts_persons
from publisher.protection.regions import region_units
from shared.contract.tally import Table
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
        category: of the breakdown; empty where the table has none.
        group: name of the innermost group of the exact tables that its school is in.
        alone: the group is this school alone, and an exact table shows or withholds it.
        whole: name of what it is a part of at its school: the total over categories, or the
            measure that is never smaller.
    """

    key: str
    school: str
    measure: str
    category: str
    true: int
    group: str
    alone: bool
    whole: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What the counts of one school in a rounded table are of their whole.

    Attributes:
        complete: together they are all of it, and none of them is left out.
        overlap: a child can be in several of them.
    """

    complete: bool
    overlap: bool

    @classmethod
    def of(cls, table: Table) -> Parts:
        """Categories are complete; measures beside each other are not."""
        return cls(complete=bool(table.breakdown), overlap=table.overlaps or not table.breakdown)


def check_roundable(table: RoundedTable, grid: Grid) -> None:
    """Refuse a rounded table that an exact table shows as well, or that cannot be made.

    Raises:
        PolicyError: ``rounding-impossible``.
    """
    held = grid.tables.get(table.of)
    if held is None or Level.SCHOOL not in held.levels:
        raise _impossible(table, "a table that is counted per school")
    measures = [CLIENTS] if held.breakdown else [measure.id for measure in held.measures]
    if not held.breakdown and not all(_is_part(measure) for measure in measures):
        raise _impossible(table, "categories of clients, or clients who are a part of others")
    for measure in measures:
        exact = grid.levels(measure, held.breakdown or None)
        if not exact:
            raise _impossible(table, "a table that is published at other levels as well")
        if Level.SCHOOL in exact:
            raise _impossible(table, "cells that no other table shows exactly")
        if any(Level.SCHOOL in grid.levels(each) for each in _tied_to(measure, held.breakdown)):
            raise _impossible(table, "counts that no other measure of a school is tied to")


def _is_part(measure: str) -> bool:
    """Whether it counts children who are a part of one other measure, and nothing more is known."""
    return counts_persons(measure) and len(RULES[measure].within) == 1


def _tied_to(measure: str, breakdown: str) -> frozenset[str]:
    """The measures that are at most, at least or counted by some of the counts of a table.

    What a rounded count tells of one of these is not proven. The whole is not among them: that
    relation is stated.
    """
    ours = partial(_is_of, measure, breakdown)
    tied = {
        other
        for relation in ACROSS
        if any(map(ours, (*relation.lesser, *relation.greater)))
        for other, part in (*relation.lesser, *relation.greater)
        if not ours((other, part))
    }
    if not breakdown:
        for other, rule in RULES.items():
            if measure in (*rule.within, rule.split_of, rule.counted, rule.behind):
                tied.add(other)
    return frozenset(tied)


def _is_of(measure: str, breakdown: str, term: Term) -> bool:
    """Whether a term of a relation is a count of a table."""
    of, part = term
    return part.partition("=")[0] == breakdown and (bool(breakdown) or of == measure)


def _whole(measure: str, grid: Grid) -> str:
    """The nearest measure that is never smaller and that is published per school, if any is."""
    whole = RULES[measure].within[0]
    while Level.SCHOOL not in grid.levels(whole) and len(RULES[whole].within) == 1:
        whole = RULES[whole].within[0]
    return whole


def cells_of_table(table: RoundedTable, grid: Grid, period: int) -> Iterator[RoundedCell]:
    """Every cell of a rounded table in a period, by school, category and measure."""
    definition = grid.tables[table.of]
    if definition.breakdown:
        counts = [(CLIENTS, code, CLIENTS) for code, _ in definition.categories]
    else:
        counts = [(each.id, "", _whole(each.id, grid)) for each in definition.measures]
    named = {
        measure: _groups(grid, period, measure, definition.breakdown) for measure, _, _ in counts
    }
    for school in grid.units(Level.SCHOOL, period):
        for measure, code, whole in counts:
            part = f"{definition.breakdown}={code}" if code else ""
            group = named[measure][school]
            yield RoundedCell(
                key=quantity_key(period, measure, Level.SCHOOL.value, school, part),
                school=school,
                measure=measure,
                category=code,
                true=grid.value(table.of, Level.SCHOOL, school, period, measure, code),
                group=quantity_key(period, measure, *group.name, part),
                alone=group.alone,
                whole=quantity_key(period, whole, Level.SCHOOL.value, school, ""),
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


def _groups(grid: Grid, period: int, measure: str, breakdown: str) -> dict[str, _Group]:
    """Per school the group that the published levels of a count tell apart."""
    units = region_units(grid, period, grid.levels(measure, breakdown or None))
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
        hint="a rounded table has the categories, or the measures, of one table, per school",
    )
