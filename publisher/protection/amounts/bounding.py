"""Which counts leave an amount too little room: classes of duration that bound its days.

Days of a whole lie between what the published classes of its parts allow. Where that is closer
than the rules ask, nothing that is withheld of the days helps: those classes have to go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.protection.amounts.judging import amounts_of, days_told, raised_by
from publisher.protection.amounts.problem import AmountProblem
from publisher.protection.certificates import Certificate
from publisher.protection.grid import Grid
from publisher.protection.layout import Leaves
from publisher.protection.measures import RULES
from publisher.protection.needs import needs_of
from publisher.protection.problem import Kind, Problem
from publisher.protection.rules import Rules
from publisher.protection.solver import WitnessModel, best_witness


def classes_in_the_way(
    grid: Grid,
    rules: Rules,
    period: int,
    counts: frozenset[str],
    proofs: Sequence[Certificate],
) -> frozenset[str]:
    """Keys of the published counts by class in every unit whose days they bound too closely.

    Args:
        grid: with true values.
        rules: the parameters.
        period: code of the period.
        counts: keys of the counts that are withheld.
        proofs: of the counts.
    """
    found: set[str] = set()
    for measure in amounts_of(grid):
        if RULES[measure].each[1] is None:
            continue
        raised = raised_by(proofs, grid, period, measure)
        amount = AmountProblem(grid, rules, period, measure, counts, raised)
        problem = amount.build(_every_cell(grid, period, measure))
        bounded = [amount.leaves[node] for node in sorted(_without_room(problem))]
        for leaves, keys in _published_classes(amount):
            if any(not leaves.isdisjoint(each) for each in bounded):
                found.update(keys)
    return frozenset(found)


def _every_cell(grid: Grid, period: int, measure: str) -> frozenset[str]:
    return frozenset(cell.key for cell in grid.cells(period) if cell.measure == measure)


def _without_room(problem: Problem) -> set[int]:
    """Quantities that cannot reach what they must, with everything withheld."""
    model = WitnessModel(problem)
    model.hide(place for place, node in enumerate(problem.nodes) if node.kind is Kind.CELL)
    return {
        problem.sensitive[position].node
        for position in range(len(problem.sensitive))
        for need in needs_of(problem, position, "up")
        if best_witness(model, need) is None
    }


def _published_classes(amount: AmountProblem) -> Iterator[tuple[Leaves, tuple[str, ...]]]:
    """Schools of every unit, with the keys of its classes where all of these are published."""
    for quantity in amount.quantities():
        for leaves, names in amount.layout(quantity).names.items():
            for name in names:
                told = days_told(amount.grid, quantity, amount.period, *name)
                if told is not None and amount.counts.isdisjoint(told.keys):
                    yield leaves, told.keys
