"""What is withheld, in parts between which no relation runs: small programs instead of one large.

A published quantity keeps its value, so a relation ties only those that are withheld. Where an
equation is left with one, that one is exposed and cannot move; what can move falls apart, mostly
by municipality.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from publisher.protection.near import neighbourhoods
from publisher.protection.needs import Move
from publisher.protection.problem import Problem
from publisher.protection.relations import Relations
from publisher.protection.solver import Witness, WitnessModel

_LARGE = 400
"""A part of more nodes has corners."""
_CORNER = 300
"""Most nodes in a corner: what is withheld in one or two municipalities."""


class HiddenParts:
    """Finds changes among withheld and latent quantities alone.

    A large part is looked at in corners first: what short relations tie together, while the
    rest of the part keeps its value too.
    """

    def __init__(self, problem: Problem, relations: Relations, hidden: Iterable[int]) -> None:
        self._problem = problem
        self._relations = relations
        self._open = set(hidden)
        self._places: list[frozenset[int]] = []
        self._models: dict[int, WitnessModel] = {}
        self._part_of: dict[int, int] = {}
        self._corner_of: dict[int, int] = {}
        for nodes in parts_of(problem, relations, self._open):
            self._add(nodes, self._part_of)
            if len(nodes) > _LARGE:
                for corner in neighbourhoods(problem, _CORNER, nodes):
                    self._add(corner, self._corner_of)

    def cheapest(self, move: Move, *, everywhere: bool = True) -> Witness | None:
        """A small change that makes the move, by the quick means only.

        Args:
            move: what has to change.
            everywhere: also look beyond the corner of a large part.
        """
        places = [self._corner_of.get(move.node), self._part_of.get(move.node)]
        if not everywhere and places[0] is not None:
            places.pop()
        for place in places:
            witness = None if place is None else self._within(place, move)
            if witness is not None:
                return witness
        return None

    def close(self, node: int) -> None:
        """This one is published after all."""
        self._open.discard(node)
        for model in self._models_with(node):
            model.close((node,))

    def hide(self, node: int) -> None:
        """It is withheld again."""
        self._open.add(node)
        for model in self._models_with(node):
            model.hide((node,))

    def _add(self, nodes: Sequence[int], place_of: dict[int, int]) -> None:
        place_of.update(dict.fromkeys(nodes, len(self._places)))
        self._places.append(frozenset(nodes))

    def _within(self, place: int, move: Move) -> Witness | None:
        guards = []
        for guard in move.guards:
            if guard[0] in self._places[place]:
                guards.append(guard)
            elif not guard[1] <= 0 <= guard[2]:
                return None
        return self._model(place).cheapest(replace(move, guards=tuple(guards)), thorough=False)

    def _models_with(self, node: int) -> list[WitnessModel]:
        places = (self._part_of.get(node), self._corner_of.get(node))
        return [self._models[place] for place in places if place in self._models]

    def _model(self, place: int) -> WitnessModel:
        if place not in self._models:
            nodes = sorted(self._places[place])
            model = WitnessModel(self._problem, self._relations, nodes)
            model.hide(node for node in nodes if node in self._open)
            # Latent nodes start open in a model; all that can be closed are cells.
            self._models[place] = model
        return self._models[place]


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
