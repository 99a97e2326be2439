"""Integer arithmetic over the relations of a block: is a change possible at all?"""

from __future__ import annotations

from collections.abc import Mapping

from publisher.protection.problem import Problem


class Relations:
    """The rows of a problem, indexed by the nodes that they tie.

    Attributes:
        truth: per row, its value in the true table.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.truth = [
            sum(factor * problem.nodes[node].true for node, factor in row.terms)
            for row in problem.rows
        ]
        self._rows_of: list[list[tuple[int, int]]] = [[] for _ in problem.nodes]
        for number, row in enumerate(problem.rows):
            for node, factor in row.terms:
                self._rows_of[node].append((number, factor))

    def allow(self, witness: Mapping[int, int]) -> bool:
        """Whether the alternative satisfies every bound and every row."""
        totals: dict[int, int] = {}
        for place, step in witness.items():
            node = self._problem.nodes[place]
            value = node.true + step
            if value < node.floor or (node.ceiling is not None and value > node.ceiling):
                return False
            for number, factor in self._rows_of[place]:
                totals[number] = totals.get(number, self.truth[number]) + factor * step
        return all(self._within(number, total) for number, total in totals.items())

    def _within(self, number: int, total: int) -> bool:
        row = self._problem.rows[number]
        return (row.low is None or row.low <= total) and (row.high is None or total <= row.high)
