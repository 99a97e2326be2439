"""Protect a period of which readers already have something."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.protection.catalogue import PeriodProblem
from publisher.protection.engine import Solution
from publisher.protection.grid import Grid
from publisher.protection.rules import Rules
from publisher.protection.secondary import Progress
from publisher.protection.time.earlier import Version, counted_cells, over_all_levels
from publisher.protection.time.joint import protect_again


def protect_period_again(
    grid: Grid,
    rules: Rules,
    period: int,
    versions: Sequence[Version],
    progress: Progress | None = None,
) -> Solution:
    """Protect a period together with every earlier release of it.

    Args:
        grid: what is released, with true values.
        rules: the parameters.
        period: code of the period.
        versions: what was published before, newest first.
        progress: called with needs done and needs in all.

    Raises:
        ProtectionError: ``correction-waits``.
    """
    whole = over_all_levels(grid, [version.grid.published for version in versions])
    before = [
        (version, PeriodProblem(version.grid, version.rules, period).build(frozenset()))
        for version in versions
    ]
    return protect_again(
        PeriodProblem(whole, rules, period).build,
        before,
        grid,
        counted_cells(grid, period),
        rules,
        progress,
    )
