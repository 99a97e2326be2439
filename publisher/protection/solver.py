"""The linear programs: the cheapest change of a table that moves one quantity enough.

Two columns per node (up and down) over the relations of a block, in HiGHS with one thread and
without presolve. Every solve starts from the basis of slacks: changing nothing costs nothing, so
that basis is dual feasible whatever is withheld, a few dual pivots away from the answer, and it
remembers no earlier solve: the same question has the same answer in any order. A change is
returned in integers only, and only after its rows have been checked in integer arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import highspy
import numpy as np
import numpy.typing as npt

from publisher.protection.highs import check_ended, integral_values, must, quiet_highs
from publisher.protection.needs import Move, Need
from publisher.protection.problem import Kind, Problem
from publisher.protection.relations import Relations

HIDDEN_COST = 0.002
"""Cost per step of a quantity that is hidden anyway: nearly free, so that witnesses stay small."""
_TOLERANCE = 1e-6
_DIVES = 40
_DENOMINATORS = (1, 2, 3)
"""A fractional change is often whole when it is made two or three times as large."""

Witness = dict[int, int]
"""Change per node that differs from the truth; all others keep their value."""


class WitnessModel:
    """One model of a block, or of some nodes while all others keep their value.

    Every published node is closed until it is opened.
    """

    def __init__(
        self,
        problem: Problem,
        relations: Relations | None = None,
        nodes: Sequence[int] | None = None,
    ) -> None:
        self._problem = problem
        self._relations = relations or Relations(problem)
        self._nodes = [
            place
            for place in (range(len(problem.nodes)) if nodes is None else nodes)
            if problem.nodes[place].kind is not Kind.PUBLIC
        ]
        self._column = {node: 2 * place for place, node in enumerate(self._nodes)}
        self._cost = {node: problem.nodes[node].cost for node in self._nodes}
        self._open: set[int] = set()
        self._conditions: dict[int, tuple[int, int | None]] = {}
        self._lowest: Mapping[int, int] = {}
        self._highs = quiet_highs()
        must(self._highs.passModel(self._program()))
        self._slacks = self._highs.getBasis()
        self.hide(node for node in self._nodes if problem.nodes[node].kind is Kind.LATENT)

    def hide(self, nodes: Iterable[int]) -> None:
        """These are withheld (or latent): their change is nearly free from now on."""
        for node in nodes:
            self._set_cost(node, HIDDEN_COST)
            self._open.add(node)
            self._set_bounds(node)

    def offer(self, nodes: Iterable[int]) -> None:
        """These are published, but may be withheld at their cost."""
        for node in nodes:
            self._set_cost(node, self._problem.nodes[node].cost)
            self._open.add(node)
            self._set_bounds(node)

    def close(self, nodes: Iterable[int]) -> None:
        """These are published and stay so."""
        for node in nodes:
            self._open.discard(node)
            self._set_bounds(node)

    def cheapest(self, move: Move, *, thorough: bool = True) -> Witness | None:
        """The cheapest change that makes the move, or None where nothing can make it.

        Args:
            move: what has to change, and by how much.
            thorough: also solve integer programs, which are slow, before giving up.
        """
        if move.node not in self._open or self._outside(move):
            return None
        self._face(move.lowest)
        self._conditions = {node: (low, high) for node, low, high in move.guards}
        self._conditions[move.node] = (move.low, move.high)
        touched = tuple(self._conditions)
        for node in touched:
            self._set_bounds(node)
        witness = self._integral(move, thorough) if self._run() else None
        self._conditions = {}
        for node in touched:
            self._set_bounds(node)
        return witness

    def is_hidden(self, node: int) -> bool:
        """Whether the node may change at next to no cost."""
        return node in self._open and self._cost[node] <= HIDDEN_COST

    def cost_of(self, witness: Witness) -> float:
        """What withholding costs that the witness asks for."""
        return sum(self._cost[node] for node in witness if not self.is_hidden(node))

    def _face(self, lowest: Mapping[int, int]) -> None:
        """From now on every quantity that is named changes by no less than that."""
        if lowest is self._lowest:
            return
        named = self._lowest.keys() | lowest.keys()
        self._lowest = lowest
        for node in sorted(named & self._column.keys()):
            self._set_bounds(node)

    def _outside(self, move: Move) -> bool:
        """Whether the move ends where no reader thinks it possible."""
        known = self._problem.nodes[move.node]
        if move.upward:
            return known.ceiling is not None and known.true + move.low > known.ceiling
        return move.high is not None and known.true + move.high < known.floor

    def _set_cost(self, node: int, cost: float) -> None:
        self._cost[node] = cost
        column = self._column[node]
        self._highs.changeColCost(column, cost)
        self._highs.changeColCost(column + 1, cost)

    def _set_bounds(self, node: int, fixed: int | None = None) -> None:
        """Allow what a reader thinks possible, within the conditions of this solve, if any."""
        bounds = self._problem.nodes[node]
        least, most = -math.inf, math.inf
        if node not in self._open:
            least = most = 0
        elif fixed is not None:
            least = most = fixed
        elif node in self._conditions:
            low, high = self._conditions[node]
            least, most = low, math.inf if high is None else high
        least = max(least, bounds.floor - bounds.true, self._lowest.get(node, -math.inf))
        if bounds.ceiling is not None:
            most = min(most, bounds.ceiling - bounds.true)
        column = self._column[node]
        self._highs.changeColBounds(column, max(least, 0.0), max(most, 0.0))
        self._highs.changeColBounds(column + 1, max(-most, 0.0), max(-least, 0.0))

    def _run(self) -> bool:
        """Solve; whether there is a change at all."""
        must(self._highs.setBasis(self._slacks))
        must(self._highs.run())
        return check_ended(self._highs.getModelStatus(), infeasible=True)

    def _integral(self, move: Move, thorough: bool) -> Witness | None:
        """The change in integers: as found, a multiple of it, by diving, else as a program."""
        values = np.array(self._highs.getSolution().col_value)
        for factor in _DENOMINATORS:
            witness = self._made(move, factor * values)
            if witness is not None:
                return witness
        witness = self._dived(move, values)
        return self._repaired(move, values) if witness is None and thorough else witness

    def _dived(self, move: Move, values: npt.NDArray[np.float64]) -> Witness | None:
        """Close the first quantity that moves by a fraction, or fix it at whole steps; again."""
        fixed: list[int] = []
        witness: Witness | None = None
        for _ in range(_DIVES):
            steps = values[0::2] - values[1::2]
            place = int(np.argmax(np.abs(steps - np.rint(steps)) > _TOLERANCE))
            node = self._nodes[place]
            fixed.append(node)
            down, up = math.floor(steps[place]), math.ceil(steps[place])
            for step in sorted((down, up), key=abs):
                self._set_bounds(node, fixed=step)
                if self._run():
                    break
            else:
                break
            values = np.array(self._highs.getSolution().col_value)
            witness = self._made(move, values)
            if witness is not None:
                break
        for node in fixed:
            self._set_bounds(node)
        return witness

    def _made(self, move: Move, values: npt.NDArray[np.float64]) -> Witness | None:
        """The values as a change in integers, if they are one, hold every row and make it."""
        steps = values[0::2] - values[1::2]
        whole = np.rint(steps)
        if np.abs(steps - whole).max(initial=0.0) > _TOLERANCE:
            return None
        witness = {self._nodes[place]: int(whole[place]) for place in np.flatnonzero(whole)}
        return witness if move.made_by(witness) and self._relations.allow(witness) else None

    def _repaired(self, move: Move, values: npt.NDArray[np.float64]) -> Witness | None:
        """An integer program over the support, over what is hidden, or over everything.

        Smaller programs first: they mostly suffice, and keep the witness small.
        """
        program = self._highs.getLp()
        moved = values > _TOLERANCE
        hidden = np.array(program.col_cost_) <= HIDDEN_COST
        for allowed in (moved, moved | hidden, np.ones_like(moved)):
            whole = integral_values(program, allowed)
            if whole is not None:
                return self._made(move, whole)
        return None

    def _program(self) -> highspy.HighsLp:
        program = highspy.HighsLp()
        columns = 2 * len(self._nodes)
        program.num_col_ = columns
        program.col_cost_ = np.repeat([self._cost[node] for node in self._nodes], 2)
        program.col_lower_ = np.zeros(columns)
        program.col_upper_ = np.zeros(columns)
        self._relations.write_rows(
            program, {node: column // 2 for node, column in self._column.items()}
        )
        return program


def best_witness(model: WitnessModel, need: Need) -> Witness | None:
    """The cheapest of the witnesses for the moves of a need."""
    found = [witness for move in need.moves if (witness := model.cheapest(move)) is not None]
    return min(found, key=model.cost_of, default=None)
