"""After the search: neighbourhood by neighbourhood, is there a cheaper pattern?

The cells of one neighbourhood (mostly a municipality) are published again while everything else
stays withheld. What then lacks an alternative asks for covers, and the cheapest set of cells that
satisfies all of them takes the place of the old ones if it costs less and integer witnesses
prove it. Inside a neighbourhood that is the optimum; the whole only ever gets cheaper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from publisher.protection.covering import CoverMaster, CoverModel
from publisher.protection.near import neighbourhoods
from publisher.protection.needs import Need
from publisher.protection.problem import Kind, Problem
from publisher.protection.relations import Relations
from publisher.protection.solver import Witness, WitnessModel

_MOST = 400
"""Most nodes in a neighbourhood: larger ones take longer and gain little."""
_BESIDE = 200
"""So many nodes of other neighbourhoods take part in one."""
_GAIN = 1e-6


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to look, counted in rounds and branches and never in seconds.

    Attributes:
        rounds: covers are collected, and the cheapest pattern looked for, so many times.
        branches: nodes of the search tree of one integer program; None is no limit.
        thorough: prove a pattern with integer programs where nothing quicker does.
    """

    rounds: int
    branches: int | None
    thorough: bool


LOCAL = Effort(12, 500, thorough=False)
EXACT = Effort(80, None, thorough=True)


class Improver:
    """Makes a pattern cheaper; holds which cells each need is known to rely on."""

    def __init__(
        self,
        problem: Problem,
        relations: Relations,
        primary: frozenset[int],
        needs: Sequence[Need],
        witness_of: list[Witness | None],
    ) -> None:
        self._problem = problem
        self._relations = relations
        self._needs = needs
        self._witness_of = witness_of
        self._cells = frozenset(
            at
            for at, node in enumerate(problem.nodes)
            if node.kind is Kind.CELL and at not in primary
        )
        self._fixed = primary.union(
            at for at, node in enumerate(problem.nodes) if node.kind is Kind.LATENT
        )
        self._moving: dict[int, Witness] = {}
        for witness in witness_of:
            self._note(witness or {})
        self._relies_on = [self._cells.intersection(witness or ()) for witness in witness_of]

    def improve(self, pattern: frozenset[int], done: Callable[[int, int], None]) -> frozenset[int]:
        """A pattern that costs at most as much; witnesses are replaced in place."""
        places = neighbourhoods(self._problem, _MOST)
        for number, nodes in enumerate(places):
            done(number, len(places))
            freed = pattern.intersection(nodes)
            if freed:
                best, _ = self._best(pattern - freed, freed, nodes, LOCAL)
                pattern = (pattern - freed) | best
        return pattern

    def optimum(self, pattern: frozenset[int]) -> tuple[frozenset[int], float]:
        """The cheapest pattern that was found, and what no pattern can cost less than."""
        return self._best(frozenset(), pattern, range(len(self._problem.nodes)), EXACT)

    def _cost(self, cells: frozenset[int]) -> float:
        return sum(self._problem.nodes[cell].cost for cell in sorted(cells))

    def _best(
        self, kept: frozenset[int], freed: frozenset[int], nodes: Sequence[int], effort: Effort
    ) -> tuple[frozenset[int], float]:
        """The cheapest cells found that do what the freed ones did, and a bound on any such."""
        todo = [at for at, cells in enumerate(self._relies_on) if not cells <= kept]
        among = set(nodes).union(*(self._witness_of[at] or () for at in todo))
        among.update(node for at in todo for node in self._needs[at].asked)
        among.update(self._beside(nodes))
        model = CoverModel(self._problem, self._relations, self._fixed | kept, among)
        master = CoverMaster(self._problem)
        known: dict[int, list[frozenset[int]]] = {at: [] for at in todo}
        best, trial, bound = freed, frozenset[int](), 0.0
        for _ in range(effort.rounds):
            whole = self._served(model, master, trial, todo, known)
            if whole is None:
                break
            cheaper = self._cost(whole) < self._cost(best) - _GAIN
            proved = cheaper and self._proved(kept | whole, todo, among, thorough=effort.thorough)
            if proved:
                best = whole
            if whole == trial:
                if proved or not cheaper:
                    break
                # Fractions meet every need and integers do not: something more is withheld.
                master.add(self._cells.intersection(among) - kept - whole)
            trial, bound, _ = master.solve(effort.branches)
            if bound >= self._cost(best) - _GAIN:
                break
        return best, min(bound, self._cost(best))

    def _beside(self, nodes: Sequence[int]) -> set[int]:
        """What moves where the neighbourhood meets others: short witnesses on shared rows."""
        rows = {row for node in nodes for row, _ in self._relations.rows_of[node]}
        edge = {node for row in sorted(rows) for node, _ in self._problem.rows[row].terms}
        moving = [self._moving[node] for node in edge.difference(nodes) if node in self._moving]
        beside: set[int] = set()
        for witness in sorted(moving, key=lambda witness: (len(witness), sorted(witness))):
            if len(beside) >= _BESIDE:
                break
            beside.update(witness)
        return beside

    def _note(self, witness: Witness) -> None:
        """Keep the shortest witness that moves each node."""
        for node in witness:
            held = self._moving.get(node)
            if held is None or len(witness) < len(held):
                self._moving[node] = witness

    def _served(
        self,
        model: CoverModel,
        master: CoverMaster,
        trial: frozenset[int],
        todo: list[int],
        known: dict[int, list[frozenset[int]]],
    ) -> frozenset[int] | None:
        """The trial with remedies for what it leaves unmet, each of which gives covers."""
        model.withhold(trial)
        for at in todo:
            if any(cells <= trial for cells in known[at]):
                continue
            covers, remedy = model.covers(self._needs[at])
            known[at].append(remedy)
            if covers:
                if not remedy:
                    return None
                for cover in covers:
                    master.add(cover)
                trial |= remedy
                model.withhold(trial)
        return trial

    def _proved(
        self, pattern: frozenset[int], todo: list[int], among: set[int], *, thorough: bool
    ) -> bool:
        """Whether integer witnesses serve every need; then they replace the old ones."""
        model = WitnessModel(self._problem, self._relations, sorted(among))
        model.hide(sorted(among & (pattern | self._fixed)))
        found: dict[int, Witness] = {}
        for at in todo:
            for witness in found.values():
                if self._needs[at].met_by(witness):
                    found[at] = witness
                    break
            else:
                for move in self._needs[at].moves:
                    new = model.cheapest(move, thorough=thorough)
                    if new is not None:
                        found[at] = new
                        break
                else:
                    return False
        for at, witness in found.items():
            self._witness_of[at] = witness
            self._relies_on[at] = self._cells.intersection(witness)
            self._note(witness)
        return True
