"""The relations of a block: in integers, is a change possible at all; and as rows of a program."""

from __future__ import annotations

import math
from collections.abc import Mapping

import highspy
import numpy as np

from publisher.protection.problem import Problem


class Relations:
    """The rows of a problem, indexed by the nodes that they tie.

    Attributes:
        truth: per row, its value in the true table.
        rows_of: per node, the rows that it stands in, each with its factor.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.truth = [
            sum(factor * problem.nodes[node].true for node, factor in row.terms)
            for row in problem.rows
        ]
        self.rows_of: list[list[tuple[int, int]]] = [[] for _ in problem.nodes]
        for number, row in enumerate(problem.rows):
            for node, factor in row.terms:
                self.rows_of[node].append((number, factor))

    def allow(self, witness: Mapping[int, int]) -> bool:
        """Whether the alternative satisfies every bound and every row."""
        totals: dict[int, int] = {}
        for place, step in witness.items():
            node = self._problem.nodes[place]
            value = node.true + step
            if value < node.floor or (node.ceiling is not None and value > node.ceiling):
                return False
            for number, factor in self.rows_of[place]:
                totals[number] = totals.get(number, self.truth[number]) + factor * step
        return all(self._within(number, total) for number, total in totals.items())

    def write_rows(self, program: highspy.HighsLp, place_of: Mapping[int, int]) -> None:
        """State the relations over changes of some nodes; all others keep their value.

        Args:
            program: gets its rows and matrix; a node has two columns, up and down.
            place_of: place of each node; its columns are twice that, and the next.
        """
        touched: dict[int, list[tuple[int, int]]] = {}
        for node, place in place_of.items():
            for number, factor in self.rows_of[node]:
                touched.setdefault(number, []).append((2 * place, factor))
        rows = [(self._problem.rows[number], self.truth[number]) for number in touched]
        program.num_row_ = len(rows)
        program.row_lower_ = np.array(
            [-math.inf if row.low is None else float(row.low - truth) for row, truth in rows]
        )
        program.row_upper_ = np.array(
            [math.inf if row.high is None else float(row.high - truth) for row, truth in rows]
        )
        terms = [term for of_row in touched.values() for term in of_row]
        columns = np.array([column for column, _ in terms], dtype=np.int32)
        factors = np.array([factor for _, factor in terms], dtype=np.float64)
        matrix = program.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        lengths = [0, *(2 * len(of_row) for of_row in touched.values())]
        matrix.start_ = np.cumsum(lengths).astype(np.int32)
        matrix.index_ = np.column_stack((columns, columns + 1)).ravel()
        matrix.value_ = np.column_stack((factors, -factors)).ravel()

    def _within(self, number: int, total: int) -> bool:
        row = self._problem.rows[number]
        return (row.low is None or row.low <= total) and (row.high is None or total <= row.high)
