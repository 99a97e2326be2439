"""Solve one amount: suppress upward, then close unions of too few children."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from publisher.protection.amounts.judging import raised_by
from publisher.protection.amounts.problem import AmountProblem, Family
from publisher.protection.certificates import Certificate
from publisher.protection.engine import Solution, protect_block
from publisher.protection.grid import Grid
from publisher.protection.problem import Problem
from publisher.protection.rules import Rules


def protect_amount(
    grid: Grid,
    rules: Rules,
    period: int,
    measure: str,
    counts: frozenset[str],
    proofs: Iterable[Certificate],
    kept: frozenset[str] = frozenset(),
) -> Solution:
    """Protect one amount of one period.

    Args:
        grid: with true values.
        rules: the parameters.
        period: code of the period.
        measure: the amount.
        counts: keys of the counts that are withheld.
        proofs: of the counts.
        kept: keys of cells that readers have already, and keep.

    Raises:
        ProtectionError: ``protection-unmet``.
    """
    raised = raised_by(proofs, grid, period, measure)
    problem = AmountProblem(grid, rules, period, measure, counts, raised, kept)
    upward = replace(rules, direction="up")
    closed: frozenset[str] = frozenset()
    while True:
        solution = protect_block(partial(_build, problem, closed), upward)
        if not rules.union:
            return solution
        more = _missing(problem.families, solution.withheld, rules.split_threshold)
        if more <= closed:
            return solution
        closed |= more


def _build(problem: AmountProblem, start: frozenset[str], closed: frozenset[str]) -> Problem:
    return problem.build(start | closed)


def _missing(
    families: Iterable[Family], withheld: frozenset[str], threshold: int
) -> frozenset[str]:
    """For each published parent whose withheld parts are of too few children: one part more."""
    found: set[str] = set()
    for family in families:
        if not withheld.isdisjoint(family.parent):
            continue
        few = sum(children for keys, children in family.parts if not withheld.isdisjoint(keys))
        if 1 <= few < threshold:
            shown = [
                (children, keys)
                for keys, children in family.parts
                if children and withheld.isdisjoint(keys)
            ]
            enough = [part for part in shown if few + part[0] >= threshold]
            best = min(enough) if enough else max(shown, default=(0, family.parent))
            found.update(best[1])
    return frozenset(found)
