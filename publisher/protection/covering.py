"""Covers: sets of published cells of which at least one must be withheld.

Fischetti and Salazar-González state secondary suppression as an integer program over patterns
alone: a pattern protects a quantity if and only if it satisfies inequalities that come from the
dual of the reader's linear program. Here a need that cannot be met under a pattern gives one: by
duality every change that meets it must change one of the cells where the dual prices are not 0.
A cover that is found in this way is made smaller while the same linear program still proves it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import highspy
import numpy as np
import numpy.typing as npt

from publisher.protection.highs import check_ended, must, quiet_highs
from publisher.protection.needs import Move, Need
from publisher.protection.problem import Kind, Problem
from publisher.protection.relations import Relations

Cover = frozenset[int]
"""Nodes; a pattern that meets every need withholds at least one of them."""
_PRICE = 1e-7
_SHORTFALL = 1e-6


class CoverModel:
    """Asks what a need lacks under a pattern; what is withheld may change at no cost at all."""

    def __init__(
        self,
        problem: Problem,
        relations: Relations,
        hidden: Iterable[int],
        among: Iterable[int] | None = None,
    ) -> None:
        self._problem = problem
        self._relations = relations
        self._hidden = frozenset(hidden)
        nodes = problem.nodes
        every = range(len(nodes)) if among is None else sorted(among)
        self._nodes = [at for at in every if nodes[at].kind is not Kind.PUBLIC]
        self._at = {node: place for place, node in enumerate(self._nodes)}
        self._in_row: dict[int, list[int]] = {}
        for node in self._nodes:
            for row, _ in relations.rows_of[node]:
                self._in_row.setdefault(row, []).append(node)
        self._candidates = np.array(
            [nodes[n].kind is Kind.CELL and n not in self._hidden for n in self._nodes]
        )
        self._price = np.array([nodes[node].cost for node in self._nodes])
        self._down = np.array([float(nodes[n].true - nodes[n].floor) for n in self._nodes])
        ceilings = [nodes[n].ceiling for n in self._nodes]
        self._up = np.array(
            [
                math.inf if top is None else float(top - nodes[n].true)
                for n, top in zip(self._nodes, ceilings, strict=True)
            ]
        )
        self._highs = quiet_highs()
        must(self._highs.passModel(self._program()))
        self._slacks = self._highs.getBasis()
        self._withheld = np.zeros(len(self._nodes), dtype=np.bool_)
        self._all = np.arange(2 * len(self._nodes), dtype=np.int32)

    def withhold(self, pattern: Iterable[int]) -> None:
        """The cells withheld beside the primary ones, from now on."""
        self._withheld[:] = False
        self._withheld[[self._at[node] for node in pattern]] = True
        self._set_prices(self._candidates & ~self._withheld)

    def covers(self, need: Need) -> tuple[tuple[Cover, ...], frozenset[int]]:
        """Covers that this need asks for under the pattern, and all cells of a cheapest remedy.

        There are no covers where the linear program meets the need.
        """
        wide: set[int] = set()
        remedies: list[tuple[float, int, frozenset[int]]] = []
        for move in need.moves:
            lacking = self._lacking(move)
            if lacking is None:
                continue
            cost, cover, remedy = lacking
            if cost < _SHORTFALL:
                return (), remedy
            wide.update(cover)
            remedies.append((cost, len(remedies), remedy))
        if not remedies:
            return (), frozenset()
        return self._smaller(need, wide), min(remedies)[2]

    def _smaller(self, need: Need, wide: set[int]) -> tuple[Cover, ...]:
        """Covers inside a cover: near the need, and beyond what is near it."""
        near = self._near(need.moves[0].node) & wide
        found = []
        for part in (near, wide - near):
            if part and part != wide:
                smaller = self._proven(need, part)
                if smaller is not None:
                    found.append(smaller)
        if not found:
            smaller = self._proven(need, wide)
            found.append(frozenset(wide) if smaller is None else smaller)
        self._set_prices(self._candidates & ~self._withheld)
        return tuple(found)

    def _proven(self, need: Need, part: set[int]) -> Cover | None:
        """The part, or less of it, if the need cannot be met while only the part is published."""
        shown = np.zeros(len(self._nodes), dtype=np.bool_)
        shown[[self._at[node] for node in part]] = True
        self._set_prices(shown)
        cover: set[int] = set()
        for move in need.moves:
            lacking = self._lacking(move)
            if lacking is not None:
                if lacking[0] < _SHORTFALL:
                    return None
                cover.update(lacking[1])
        return frozenset(cover)

    def _near(self, node: int) -> set[int]:
        """Cells in a row with the node, or with what is withheld and tied to it."""
        seen, waiting, near = set[int](), [node], set[int]()
        while waiting:
            for row, _ in self._relations.rows_of[waiting.pop()]:
                if row in seen:
                    continue
                seen.add(row)
                for other in self._in_row.get(row, ()):
                    at = self._at[other]
                    if self._candidates[at] and not self._withheld[at]:
                        near.add(other)
                    else:
                        waiting.append(other)
        return near

    def _lacking(self, move: Move) -> tuple[float, set[int], frozenset[int]] | None:
        """Cost of the move, the cells of its dual prices, and the cells that it changes."""
        asked: dict[int, tuple[int, int | None]] = {
            node: (low, high) for node, low, high in move.guards
        }
        asked[move.node] = (move.low, move.high)
        for node, (low, high) in asked.items():
            self._set_range(node, float(low), math.inf if high is None else float(high))
        must(self._highs.setBasis(self._slacks))
        must(self._highs.run())
        answer = None
        if check_ended(self._highs.getModelStatus(), infeasible=True):
            solution = self._highs.getSolution()
            values = np.array(solution.col_value)
            prices = self._shown_prices[0::2] - np.array(solution.col_dual)[0::2]
            priced = ((prices > _PRICE) & (self._up > 0)) | ((prices < -_PRICE) & (self._down > 0))
            moved = np.maximum(values[0::2], values[1::2]) > _SHORTFALL
            answer = (
                float(self._highs.getInfo().objective_function_value),
                {self._nodes[at] for at in np.flatnonzero(priced & self._candidates)},
                frozenset(self._nodes[at] for at in np.flatnonzero(moved & self._candidates)),
            )
        for node in asked:
            self._set_range(node, -math.inf, math.inf)
        return answer

    def _set_range(self, node: int, least: float, most: float) -> None:
        at = self._at[node]
        least, most = max(least, -self._down[at]), min(most, self._up[at])
        self._highs.changeColBounds(2 * at, max(least, 0.0), max(most, 0.0))
        self._highs.changeColBounds(2 * at + 1, max(-most, 0.0), max(-least, 0.0))

    def _set_prices(self, shown: npt.NDArray[np.bool_]) -> None:
        self._shown_prices = np.repeat(np.where(shown, self._price, 0.0), 2)
        must(self._highs.changeColsCost(len(self._all), self._all, self._shown_prices))

    def _program(self) -> highspy.HighsLp:
        program = highspy.HighsLp()
        program.num_col_ = 2 * len(self._nodes)
        program.col_cost_ = np.zeros(program.num_col_)
        program.col_lower_ = np.zeros(program.num_col_)
        upper = np.empty(program.num_col_)
        upper[0::2], upper[1::2] = self._up, self._down
        program.col_upper_ = upper
        self._relations.write_rows(program, self._at)
        return program


class CoverMaster:
    """The cheapest pattern that satisfies every cover found so far, as an integer program."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._covers: dict[Cover, None] = {}

    def __len__(self) -> int:
        return len(self._covers)

    def add(self, cover: Cover) -> bool:
        """Add a cover; False where it was known."""
        new = cover not in self._covers
        self._covers[cover] = None
        return new

    def solve(self, nodes: int | None = None) -> tuple[Cover, float, bool]:
        """The cheapest pattern, a lower bound on every pattern's cost, and whether that is proved.

        Args:
            nodes: give up after so many nodes of the search tree; None never does.
        """
        covers = list(self._covers)
        cells = sorted({cell for cover in covers for cell in cover})
        at = {cell: place for place, cell in enumerate(cells)}
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = len(cells), len(covers)
        program.col_cost_ = np.array([self._problem.nodes[cell].cost for cell in cells])
        program.col_lower_, program.col_upper_ = np.zeros(len(cells)), np.ones(len(cells))
        program.row_lower_ = np.ones(len(covers))
        program.row_upper_ = np.full(len(covers), math.inf)
        matrix = program.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = np.cumsum([0, *map(len, covers)]).astype(np.int32)
        matrix.index_ = np.array([at[c] for cover in covers for c in sorted(cover)], dtype=np.int32)
        matrix.value_ = np.ones(len(matrix.index_))
        program.integrality_ = [highspy.HighsVarType.kInteger] * len(cells)
        highs = quiet_highs()
        must(highs.setOptionValue("presolve", "on"))
        must(highs.setOptionValue("mip_rel_gap", 0.0))
        if nodes is not None:
            must(highs.setOptionValue("mip_max_nodes", nodes))
        must(highs.passModel(program))
        must(highs.run())
        values = np.array(highs.getSolution().col_value)
        proved = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        pattern = frozenset(cells[place] for place in np.flatnonzero(values > 0.5))
        return pattern, float(highs.getInfo().mip_dual_bound), proved
