"""What is withheld, in parts between which no relation runs: small programs instead of one large.

A published quantity keeps its value, so a relation ties only those that are withheld. Where an
equation is left with one, that one is exposed and cannot move; what can move falls apart, mostly
by municipality.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from publisher.protection.needs import Move
from publisher.protection.problem import Problem
from publisher.protection.relations import Relations
from publisher.protection.solver import Witness, WitnessModel


class HiddenParts:
    """Finds changes among withheld and latent quantities alone."""

    def __init__(self, problem: Problem, relations: Relations, hidden: Iterable[int]) -> None:
        self._problem = problem
        self._relations = relations
        self._nodes = parts_of(problem, relations, hidden)
        self._part_of = {node: at for at, nodes in enumerate(self._nodes) for node in nodes}
        self._models: dict[int, WitnessModel] = {}

    def cheapest(self, move: Move) -> Witness | None:
        """A small change that makes the move, by the quick means only."""
        part = self._part_of.get(move.node)
        if part is None:
            return None
        guards = []
        for guard in move.guards:
            if self._part_of.get(guard[0]) == part:
                guards.append(guard)
            elif not guard[1] <= 0 <= guard[2]:
                return None
        return self._model(part).cheapest(replace(move, guards=tuple(guards)), thorough=False)

    def close(self, node: int) -> None:
        """This one is published after all."""
        if node in self._part_of:
            self._model(self._part_of[node]).close((node,))

    def hide(self, node: int) -> None:
        """It is withheld again."""
        if node in self._part_of:
            self._model(self._part_of[node]).hide((node,))

    def _model(self, part: int) -> WitnessModel:
        if part not in self._models:
            model = WitnessModel(self._problem, self._relations, self._nodes[part])
            model.hide(self._nodes[part])
            self._models[part] = model
        return self._models[part]


def parts_of(
    problem: Problem, relations: Relations, hidden: Iterable[int]
) -> tuple[Sequence[int], ...]:
    """The withheld nodes that are not alone in an equation, in parts, each in order."""
    left = set(hidden)
    within: dict[int, set[int]] = {}
    for node in left:
        for row, _ in relations.rows_of[node]:
            within.setdefault(row, set()).add(node)
    waiting = [row for row, nodes in within.items() if len(nodes) == 1]
    while waiting:
        row = waiting.pop()
        if len(within[row]) != 1 or problem.rows[row].low != problem.rows[row].high:
            continue
        (node,) = within[row]
        left.discard(node)
        for other, _ in relations.rows_of[node]:
            within[other].discard(node)
            if len(within[other]) == 1:
                waiting.append(other)
    home = {node: node for node in left}

    def root(node: int) -> int:
        while home[node] != node:
            home[node] = home[home[node]]
            node = home[node]
        return node

    for nodes in filter(None, within.values()):
        first, *rest = sorted(nodes)
        for node in rest:
            low, high = sorted((root(first), root(node)))
            home[high] = low
    parts: dict[int, list[int]] = {}
    for node in sorted(left):
        parts.setdefault(root(node), []).append(node)
    return tuple(parts.values())
