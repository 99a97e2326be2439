"""Independent blocks of a file: units that no level ties together are solved apart."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from publisher.protection.cellfile import TOTAL, Cells, Spec, level_units
from publisher.protection.cellproblem import CellProblem
from publisher.protection.effort import Effort
from publisher.protection.engine import Solution, protect_block
from publisher.protection.secondary import Progress


def split_into_blocks(spec: Spec, cells: Cells) -> tuple[Cells, ...]:
    """Split the cells into blocks between which no relation runs, in the order of units."""
    home = {unit: unit for unit in cells.units}

    def root(unit: str) -> str:
        while home[unit] != unit:
            home[unit] = home[home[unit]]
            unit = home[unit]
        return unit

    for together in level_units(spec, cells):
        first, *rest = sorted(together.members)
        for unit in rest:
            low, high = sorted((root(first), root(unit)))
            home[high] = low
    blocks: dict[str, list[str]] = {}
    for unit in cells.units:
        blocks.setdefault(root(unit), []).append(unit)
    return tuple(_only(cells, units) for units in blocks.values())


def _only(cells: Cells, units: Sequence[str]) -> Cells:
    categories = (TOTAL, *cells.categories)
    return Cells(
        tuple(units),
        cells.categories,
        {
            (unit, category): cells.counts[unit, category]
            for unit in units
            for category in categories
        },
        {unit: cells.places[unit] for unit in units},
        {unit: cells.denominators[unit] for unit in units if unit in cells.denominators},
    )


def protect_blocks(
    spec: Spec,
    blocks: Sequence[Cells],
    processes: int,
    effort: Effort = Effort.USUAL,
    progress: Progress | None = None,
) -> list[Solution]:
    """Protect every block; the number of processes changes the time only.

    Several blocks are divided over the processes; one alone has them all. ``progress`` is called
    with what is done and what there is in all.
    """
    report = progress or (lambda done, of: None)
    if processes == 1 or len(blocks) == 1:
        return [
            _protect(spec, effort, processes, block, partial(_report, report, place, len(blocks)))
            for place, block in enumerate(blocks)
        ]
    # Spawned, not forked: a fork would inherit the solver's threads.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        solutions = []
        for solution in pool.map(partial(_protect, spec, effort, 1), blocks):
            solutions.append(solution)
            report(len(solutions), len(blocks))
        return solutions


def _report(report: Progress, place: int, blocks: int, done: int, of: int) -> None:
    """What is done of one block, as a part of all."""
    report(100 * place + (100 * done // of if of else 100), 100 * blocks)


def _protect(
    spec: Spec, effort: Effort, processes: int, block: Cells, progress: Progress | None = None
) -> Solution:
    build = CellProblem.of(spec, block).build
    return protect_block(build, spec.rules, progress, effort=effort, processes=processes)
