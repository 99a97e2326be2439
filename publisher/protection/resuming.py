"""What a round hands to the next: its pattern, and the witnesses that still hold.

The next round asks for a little more and withholds a little more. A witness stays one whatever
else is withheld; so only what is new, or what relied on something that changed, is searched again.
Quantities are known by their keys: those that have none are sums or differences of others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from publisher.protection.problem import Kind, Problem
from publisher.protection.relations import Relations
from publisher.protection.solver import Witness

Change = tuple[tuple[str, int], ...]
"""Change per quantity that has a key, sorted."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The end of a round.

    Attributes:
        withheld: keys of the cells withheld beside the sensitive ones.
        changes: the distinct witnesses.
        pruned: whether each of those cells is needed; not where the round was broken off.
    """

    withheld: frozenset[str] = frozenset()
    changes: tuple[Change, ...] = ()
    pruned: bool = True

    @classmethod
    def of(
        cls,
        problem: Problem,
        withheld: frozenset[int],
        witnesses: tuple[tuple[int, tuple[tuple[int, int], ...]], ...],
        *,
        pruned: bool = True,
        before: tuple[Change, ...] = (),
    ) -> Remembered:
        """Remember a pattern of a problem, with witnesses of ``before`` that it may do without."""
        nodes = problem.nodes
        changes = {
            tuple(sorted((nodes[at].keys[0], step) for at, step in steps if nodes[at].keys)): None
            for _, steps in witnesses
        }
        cells = frozenset(key for node in withheld for key in nodes[node].keys)
        return cls(cells, tuple(dict.fromkeys((*changes, *before))), pruned)

    def cells(self, problem: Problem) -> list[int]:
        """The cells of the pattern in another problem, in order."""
        return [
            place
            for place, node in enumerate(problem.nodes)
            if node.kind is Kind.CELL and not self.withheld.isdisjoint(node.keys)
        ]

    def witnesses(
        self, problem: Problem, relations: Relations, hidden: frozenset[int]
    ) -> Iterator[Witness]:
        """The witnesses that are still one when ``hidden`` is what is withheld."""
        place_of = {key: at for at, node in enumerate(problem.nodes) for key in node.keys}
        nameless = [at for at, node in enumerate(problem.nodes) if not node.keys]
        for change in self.changes:
            if not all(key in place_of for key, _ in change):
                continue
            witness = {place_of[key]: step for key, step in change}
            _complete(witness, nameless, problem, relations)
            changed = (problem.nodes[at].kind is Kind.LATENT or at in hidden for at in witness)
            if all(changed) and relations.allow(witness):
                yield witness


def _complete(
    witness: Witness, nameless: list[int], problem: Problem, relations: Relations
) -> None:
    """Add what follows: a quantity without a key is told by one equation of others."""
    steps: Mapping[int, int] = dict(witness)
    for node in nameless:
        for number, factor in relations.rows_of[node]:
            row = problem.rows[number]
            if row.low == row.high and abs(factor) == 1:
                rest = sum(f * steps.get(at, 0) for at, f in row.terms if at != node)
                if rest:
                    witness[node] = -rest * factor
                break
