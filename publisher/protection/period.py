"""Everything that is published of one period, block by block: counts, then what follows them.

Amounts and providers are withheld wherever their count is, so that they are solved after it; a
withheld amount does not withhold its count, so that nothing goes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from publisher.protection.amounts.judging import amounts_of
from publisher.protection.amounts.providers import protect_providers
from publisher.protection.amounts.solving import protect_amount
from publisher.protection.engine import Solution
from publisher.protection.grid import Grid
from publisher.protection.measures import PROVIDERS, RULES, Kind
from publisher.protection.rules import Rules


def protect_what_follows(
    grid: Grid, rules: Rules, period: int, counts: Solution, *, again: bool
) -> Solution:
    """The solution of the counts, with those of amounts and providers.

    Args:
        grid: with true values.
        rules: the parameters.
        period: code of the period.
        counts: what is withheld of the counts, with its proof.
        again: whether readers already have something of this period. Who is behind a change of
            an amount is not known from two tallies: it is then published by neither.

    Raises:
        ProtectionError: ``protection-unmet``.
    """
    hidden = counts.withheld
    if again:
        hidden |= {cell.key for cell in grid.cells(period) if RULES[cell.measure].kind in _COUNTED}
    solutions = [counts]
    solutions += [
        protect_amount(grid, rules, period, measure, hidden) for measure in amounts_of(grid)
    ]
    if grid.levels(PROVIDERS):
        solutions.append(protect_providers(grid, rules, period, hidden))
    return merged(solutions)


_COUNTED = (Kind.PERSONS, Kind.TRAJECTORIES)


def merged(solutions: Iterable[Solution]) -> Solution:
    """One solution of blocks that share no cell."""
    first, *others = solutions
    for other in others:
        first = replace(
            first,
            primary=first.primary | other.primary,
            secondary=first.secondary | other.secondary,
            certificates=(*first.certificates, *other.certificates),
            cost=first.cost + other.cost,
        )
    return first
