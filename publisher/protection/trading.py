"""The cheapest cells that can take the place of some others, while the rest stays withheld.

What lacks an alternative once the cells are published again asks for covers (``covering``); the
cheapest set of cells that satisfies all of them is taken if it costs less and integer witnesses
prove it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from publisher.protection.covering import CoverMaster, CoverModel
from publisher.protection.needs import Need
from publisher.protection.problem import Kind, Problem
from publisher.protection.relations import Relations
from publisher.protection.solver import Witness, WitnessModel

GAIN = 1e-6
"""A pattern is cheaper where it costs so much less."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to look, counted in rounds and branches and never in seconds.

    Attributes:
        rounds: covers are collected, and the cheapest pattern looked for, so many times.
        branches: nodes of the search tree of one integer program; None is no limit.
        gap: stop where no pattern can be cheaper by more than this share of the cost.
        thorough: prove a pattern with integer programs where nothing quicker does.
        beside: so many nodes of other neighbourhoods take part in one.
    """

    rounds: int
    branches: int | None
    gap: float
    thorough: bool
    beside: int


@dataclass(frozen=True, slots=True)
class Trade:
    """What is asked.

    Attributes:
        kept: cells withheld beside the primary ones, whatever comes.
        freed: cells that are published again unless they are chosen once more.
        among: nodes that may change; all others keep their value.
        needs: by number, those that relied on a freed cell.
    """

    kept: frozenset[int]
    freed: frozenset[int]
    among: frozenset[int]
    needs: tuple[tuple[int, Need], ...]


@dataclass(frozen=True, slots=True)
class Bargain:
    """What was found.

    Attributes:
        cells: in the place of the freed ones; the same where nothing cheaper was proved.
        witnesses: by number, for every need of the trade; none where the cells are the same.
        bound: no cells that do what the freed ones did cost less.
    """

    cells: frozenset[int]
    witnesses: dict[int, Witness] = field(default_factory=dict)
    bound: float = 0.0


class Trader:
    """Answers trades in one block; remembers nothing between them."""

    def __init__(self, problem: Problem, relations: Relations, primary: frozenset[int]) -> None:
        self._problem = problem
        self._relations = relations
        self._fixed = primary.union(
            at for at, node in enumerate(problem.nodes) if node.kind is Kind.LATENT
        )
        self.cells = frozenset(
            at
            for at, node in enumerate(problem.nodes)
            if node.kind is Kind.CELL and at not in primary
        )

    def cost(self, cells: frozenset[int]) -> float:
        """What withholding the cells costs."""
        return sum(self._problem.nodes[cell].cost for cell in sorted(cells))

    def best(self, trade: Trade, patience: Patience) -> Bargain:
        """The cheapest cells that were found and proved."""
        model = CoverModel(
            self._problem, self._relations, self._fixed | trade.kept, sorted(trade.among)
        )
        master = CoverMaster(self._problem)
        known: dict[int, list[frozenset[int]]] = {number: [] for number, _ in trade.needs}
        best, trial, bound = Bargain(trade.freed), frozenset[int](), 0.0
        for _ in range(patience.rounds):
            whole = _served(model, master, trial, trade, known)
            if whole is None:
                break
            cheaper = self.cost(whole) < self.cost(best.cells) - GAIN
            witnesses = self._proof(whole, trade, patience) if cheaper else None
            if witnesses is not None:
                best = Bargain(whole, witnesses)
            if whole == trial:
                if witnesses is not None or not cheaper:
                    break
                # Fractions meet every need and integers do not: something more is withheld.
                master.add(self.cells.intersection(trade.among) - trade.kept - whole)
            trial, bound, _ = master.solve(patience.branches)
            cost = self.cost(best.cells)
            if bound >= cost - max(GAIN, patience.gap * cost):
                break
        return Bargain(best.cells, best.witnesses, min(bound, self.cost(best.cells)))

    def _proof(
        self, cells: frozenset[int], trade: Trade, patience: Patience
    ) -> dict[int, Witness] | None:
        """Integer witnesses for every need, if there are."""
        model = WitnessModel(self._problem, self._relations, sorted(trade.among))
        model.hide(sorted(trade.among & (trade.kept | cells | self._fixed)))
        found: dict[int, Witness] = {}
        for number, need in trade.needs:
            witness = next((w for w in found.values() if need.met_by(w)), None)
            for move in need.moves:
                if witness is None:
                    witness = model.cheapest(move, thorough=patience.thorough)
            if witness is None:
                return None
            found[number] = witness
        return found


def _served(
    model: CoverModel,
    master: CoverMaster,
    trial: frozenset[int],
    trade: Trade,
    known: dict[int, list[frozenset[int]]],
) -> frozenset[int] | None:
    """The trial with remedies for what it leaves unmet, each of which gives covers."""
    model.withhold(trial)
    for number, need in trade.needs:
        if any(cells <= trial for cells in known[number]):
            continue
        covers, remedy = model.covers(need)
        known[number].append(remedy)
        if covers:
            if not remedy:
                return None
            for cover in covers:
                master.add(cover)
            trial |= remedy
            model.withhold(trial)
    return trial
