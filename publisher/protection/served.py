"""Which need is met by which witness, while a pattern is being searched for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.protection.needs import Need
from publisher.protection.problem import Problem
from publisher.protection.solver import Witness


class Served:
    """The needs of a block with their witnesses; one witness may serve many needs.

    Attributes:
        needs: in the problem's order; one may be replaced by what lies beyond its class.
        witness_of: per need its witness, None while it waits.
    """

    def __init__(self, problem: Problem, needs: Sequence[Need]) -> None:
        self.needs = list(needs)
        self.witness_of: list[Witness | None] = [None] * len(self.needs)
        self._node_of = [problem.sensitive[need.sensitive].node for need in self.needs]
        self._needs_at: dict[int, list[int]] = {}
        for number, node in enumerate(self._node_of):
            self._needs_at.setdefault(node, []).append(number)

    def waiting(self) -> Iterator[int]:
        """The numbers of the needs without a witness, also while others are served."""
        return (number for number, of in enumerate(self.witness_of) if of is None)

    def node_of(self, number: int) -> int:
        """The sensitive quantity that a need is about."""
        return self._node_of[number]

    def keep(self, witness: Witness) -> list[int]:
        """Serve every waiting need that the witness meets, not only the one it was made for."""
        served = [
            number
            for node in witness
            for number in self._needs_at.get(node, ())
            if self.witness_of[number] is None and self.needs[number].met_by(witness)
        ]
        for number in served:
            self.witness_of[number] = witness
        return served
