"""Amounts that readers have already, and that no correction touched: these are shown again.

Who is behind a change of an amount is not known from two tallies, so a changed amount is shown by
neither. A unit of which no school changed tells nothing that it did not tell before. Neutral
ground, for the side that protects and for the side that verifies.

Source: PROTECTION 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.protection.amounts.judging import amounts_of
from publisher.protection.grid import Grid, Inputs, quantity_key
from publisher.protection.measures import RULES
from publisher.protection.quantities import Quantity, quantities_of
from publisher.protection.regions import leaves_of, region_units, residence_leaf
from publisher.protection.time.earlier import Earlier
from shared.reference import Level


def kept_amounts(grid: Grid, earlier: Sequence[Earlier], period: int) -> frozenset[str]:
    """Keys of the amounts that are shown although the period was published before.

    Those that every earlier release showed, of units in which each school has the same amounts,
    of the same children, beside the same counts, as it had in all of them. None where the counts
    of one of these are gone, or where it was made of other schools.
    """
    before = [each for each in earlier if each.shown.get(period) or each.withheld.get(period)]
    grids = [each.grid for each in before if each.grid is not None]
    if len(grids) < len(before) or any(not _alike(grid, then) for then in grids):
        return frozenset()
    shown = [each.amounts.get(period, frozenset()) for each in before]
    told = frozenset.intersection(*shown) if shown else frozenset()
    found: set[str] = set()
    for measure in amounts_of(grid):
        amounts = _quantities(grid, measure)
        looked_at = (*amounts, *_quantities(grid, RULES[measure].counted))
        touched = frozenset(
            leaf
            for leaf in _leaves(grid, period)
            if any(_facts(grid, looked_at, period, leaf) != _facts(then, looked_at, period, leaf)
                   for then in grids)
        )  # fmt: skip
        for quantity in amounts:
            found.update(_untouched(grid, quantity, period, touched, told))
    return frozenset(found)


def _alike(now: Grid, then: Grid) -> bool:
    """Whether both count the same tables over the same schools, joined in the same way."""
    tables = {each.table for each in now.published}
    joined = [sorted(grid.reference.joint_units()) for grid in (now, then)]
    return (
        now.reference.schools == then.reference.schools
        and joined[0] == joined[1]
        and all(now.tables[name] == then.tables.get(name) for name in tables)
    )


def _leaves(grid: Grid, period: int) -> tuple[str, ...]:
    homes = (residence_leaf(unit) for unit in grid.units(Level.RESIDENCE, period))
    return (*leaves_of(grid, period), *homes)


def _quantities(grid: Grid, measure: str) -> list[Quantity]:
    return [each for each in quantities_of(grid, {RULES[measure].kind}) if each.measure == measure]


def _facts(
    grid: Grid, quantities: Sequence[Quantity], period: int, leaf: str
) -> list[tuple[int, Inputs]]:
    """All that is known of a school's amount and of the counts beside it, and who is behind."""
    return [quantity.leaf(grid, period, leaf) for quantity in quantities]


def _untouched(
    grid: Grid, quantity: Quantity, period: int, touched: frozenset[str], told: frozenset[str]
) -> Iterator[str]:
    """Cells that readers have, in every name of their schools, and of which none was touched."""
    names: dict[frozenset[str], list[str]] = {}
    for unit in region_units(grid, period, quantity.shown):
        key = quantity_key(period, quantity.measure, unit.level, unit.unit, quantity.part)
        names.setdefault(unit.leaves, []).append(key)
    for leaves, keys in names.items():
        if leaves and leaves.isdisjoint(touched) and told.issuperset(keys):
            yield from keys
