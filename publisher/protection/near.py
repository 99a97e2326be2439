"""Neighbourhoods: quantities that short relations tie together, mostly those of a municipality."""

from __future__ import annotations

from collections.abc import Iterable

from publisher.protection.needs import Need
from publisher.protection.problem import Kind, Problem
from publisher.protection.relations import Relations
from publisher.protection.solver import Witness, WitnessModel, best_witness

MOST = 2000
"""Most nodes in one neighbourhood: twenty schools by nine forms and six years, with totals."""


def neighbourhoods(
    problem: Problem, most: int, among: Iterable[int] | None = None
) -> tuple[tuple[int, ...], ...]:
    """Nodes that short rows tie together, at most so many, in order of their first node.

    Args:
        problem: whose rows they are.
        most: nodes in one neighbourhood.
        among: nodes that there are; a row is as long as it has nodes among them.
    """
    count = len(problem.nodes)
    home, size = list(range(count)), [1] * count
    nodes = range(count) if among is None else sorted(among)
    rows = [tuple(node for node, _ in row.terms) for row in problem.rows]
    if among is not None:
        present = set(nodes)
        rows = [kept for row in rows if (kept := tuple(n for n in row if n in present))]

    def root(node: int) -> int:
        while home[node] != node:
            home[node] = home[home[node]]
            node = home[node]
        return node

    for row in sorted(rows, key=len):
        first, *rest = sorted({root(node) for node in row})
        if size[first] + sum(size[other] for other in rest) <= most:
            for other in rest:
                home[other] = first
                size[first] += size[other]
    found: dict[int, list[int]] = {}
    for node in nodes:
        found.setdefault(root(node), []).append(node)
    return tuple(map(tuple, found.values()))


class NearModels:
    """A model per neighbourhood, in which everything outside keeps its value."""

    def __init__(self, problem: Problem, relations: Relations, hidden: Iterable[int]) -> None:
        self._problem = problem
        self._relations = relations
        self._hidden = set(hidden)
        self._nodes = neighbourhoods(problem, MOST)
        self._home = {node: at for at, nodes in enumerate(self._nodes) for node in nodes}
        self._models: dict[int, WitnessModel] = {}

    def best(self, need: Need) -> Witness | None:
        """The cheapest change near by that meets the need."""
        asked = {move.node for move in need.moves}
        asked.update(guard for move in need.moves for guard, _, _ in move.guards)
        homes = {self._home[node] for node in asked}
        if len(homes) != 1:
            return None
        return best_witness(self._model(homes.pop()), need)

    def hide(self, nodes: Iterable[int]) -> None:
        """These are withheld from now on."""
        for node in nodes:
            self._hidden.add(node)
            if self._home[node] in self._models:
                self._models[self._home[node]].hide((node,))

    def _model(self, home: int) -> WitnessModel:
        if home not in self._models:
            nodes = self._nodes[home]
            model = WitnessModel(self._problem, self._relations, nodes)
            cells = [node for node in nodes if self._problem.nodes[node].kind is Kind.CELL]
            model.hide(node for node in cells if node in self._hidden)
            model.offer(node for node in cells if node not in self._hidden)
            self._models[home] = model
        return self._models[home]
