"""The last resort: zeros that are mostly shown, and that leave a sensitive number no alternative.

A policy that withholds zeros of splits shows those of totals: nobody at this school started care.
Where such a zero stands beside a few children, it can tell what a rule withholds, whatever else
is hidden: nobody started, so nobody of them is new. Then it is withheld as well.
"""

from __future__ import annotations

from dataclasses import replace

from publisher.protection.needs import Need
from publisher.protection.problem import BASE_COST, Kind, Node, Problem
from publisher.protection.relations import Relations
from publisher.protection.solver import WitnessModel, best_witness

_DEAR = 1000.0
"""So many cells are rather withheld than one more zero of the reserve."""


class Reserves:
    """Asks which zeros have to go, with everything else withheld that may be."""

    def __init__(self, problem: Problem, relations: Relations) -> None:
        self._problem = problem
        self._relations = relations
        self._zeros = frozenset(
            place for place in problem.reserve if problem.nodes[place].kind is Kind.PUBLIC
        )
        self._model: WitnessModel | None = None

    def asked_by(self, need: Need) -> frozenset[int]:
        """The zeros of the cheapest change that meets a need; none where nothing meets it."""
        if not self._zeros:
            return frozenset()
        model = self._model = self._model or self._all_open()
        witness = best_witness(model, need) or best_witness(
            model, Need(need.sensitive, need.beyond)
        )
        opened = self._zeros.intersection(witness or ())
        model.hide(sorted(opened))
        return opened

    def _all_open(self) -> WitnessModel:
        """What may be withheld is; the zeros are offered, so that few of them are taken."""
        nodes = tuple(
            _as_cell(node) if place in self._zeros else node
            for place, node in enumerate(self._problem.nodes)
        )
        model = WitnessModel(replace(self._problem, nodes=nodes), self._relations)
        model.hide(at for at, node in enumerate(self._problem.nodes) if node.kind is Kind.CELL)
        model.offer(sorted(self._zeros))
        return model


def _as_cell(node: Node) -> Node:
    return replace(node, kind=Kind.CELL, cost=_DEAR * BASE_COST * len(node.keys))
