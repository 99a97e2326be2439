"""Everything that is published of one period, block by block: counts, then what follows them.

Amounts and providers are withheld wherever their count is, so that they are solved after it; a
withheld amount does not withhold its count. One thing goes back: classes of duration that bound
days more closely than the rules allow are withheld, and the counts are solved again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from publisher.protection.amounts.bounding import classes_in_the_way
from publisher.protection.amounts.judging import amounts_of
from publisher.protection.amounts.providers import protect_providers
from publisher.protection.amounts.solving import protect_amount
from publisher.protection.catalogue import PeriodProblem
from publisher.protection.engine import Solution, protect_block
from publisher.protection.grid import Grid
from publisher.protection.measures import PROVIDERS, RULES, Kind
from publisher.protection.problem import Problem
from publisher.protection.rules import Rules
from publisher.protection.secondary import Progress
from shared.errors import ProtectionError


def protect_period(
    grid: Grid, rules: Rules, period: int, progress: Progress | None = None
) -> Solution:
    """Protect a period of which readers have nothing yet.

    Args:
        grid: with true values.
        rules: the parameters.
        period: code of the period.
        progress: called with needs done and needs in all.

    Raises:
        ProtectionError: ``protection-unmet``.
    """
    problem = PeriodProblem(grid, rules, period)
    start: frozenset[str] = frozenset()
    while True:
        build = partial(_build, problem, start)
        counts = protect_block(build, rules, progress, settle_first=True)
        try:
            return protect_what_follows(grid, rules, period, counts)
        except ProtectionError as error:
            if error.code != "protection-unmet":
                raise
            more = classes_in_the_way(grid, rules, period, counts.withheld, counts.certificates)
            if more <= start:
                raise
            start |= more


def _build(problem: PeriodProblem, start: frozenset[str], closed: frozenset[str]) -> Problem:
    return problem.build(start | closed)


def protect_what_follows(grid: Grid, rules: Rules, period: int, counts: Solution) -> Solution:
    """The solution of the counts, with those of amounts and providers.

    Args:
        grid: with true values.
        rules: the parameters.
        period: code of the period.
        counts: what is withheld of the counts, with its proof.

    Raises:
        ProtectionError: ``protection-unmet``.
    """
    return _with_blocks(grid, rules, period, counts, counts.withheld, frozenset())


def protect_what_follows_again(
    grid: Grid, rules: Rules, period: int, counts: Solution, kept: frozenset[str]
) -> Solution:
    """The same where readers already have something of the period.

    Who is behind a change of an amount is not known from two tallies: it is withheld, and so is
    every number of providers.

    Args:
        grid: with true values.
        rules: the parameters.
        period: code of the period.
        counts: what is withheld of the counts, with its proof.
        kept: keys of amounts that readers have and that no change touched.

    Raises:
        ProtectionError: ``protection-unmet``.
    """
    hidden = counts.withheld | {
        cell.key for cell in grid.cells(period) if RULES[cell.measure].kind in _COUNTED
    }
    try:
        return _with_blocks(grid, rules, period, counts, hidden, kept)
    except ProtectionError as error:
        if error.code != "protection-unmet" or not kept:
            raise
        return _with_blocks(grid, rules, period, counts, hidden, frozenset())


def _with_blocks(
    grid: Grid,
    rules: Rules,
    period: int,
    counts: Solution,
    hidden: frozenset[str],
    kept: frozenset[str],
) -> Solution:
    solutions = [counts]
    solutions += [
        protect_amount(grid, rules, period, measure, hidden, counts.certificates, kept)
        for measure in amounts_of(grid)
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
