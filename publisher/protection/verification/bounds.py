"""Integer bounds that follow from the relations alone, by propagation; no solver.

They prove one thing: that a withheld total cannot be lower, because its parts are known to be
positive. Only then may its alternative lie above the class of its rule.
"""

from __future__ import annotations

from publisher.protection.verification.claim import Claim, Relation

_PASSES = 20


class LeastPossible:
    """The least value of each quantity over all tables that a reader can believe in."""

    def __init__(self, claim: Claim) -> None:
        self._least = {key: claim.floor(key) for key in claim.true}
        # A parent by its published children says more than by its innermost groups: a child
        # that is known to be positive lifts it, wherever in the child its children are.
        sums = [
            Relation(((union.parent, 1), *((child, -1) for child in union.children)), 0, 0)
            for union in claim.unions
        ]
        for _ in range(_PASSES):
            tightened = [self._tighten(relation) for relation in (*claim.relations, *sums)]
            if not any(tightened):
                break

    def of(self, key: str) -> int:
        """A proven lower bound; the true least value may be higher."""
        return self._least[key]

    def _tighten(self, relation: Relation) -> bool:
        """``whole ≥ Σ parts - high``: raise the whole of a relation to what its parts need."""
        if relation.low is None:
            return False
        wholes = [(key, factor) for key, factor in relation.terms if factor > 0]
        if len(wholes) != 1 or wholes[0][1] != 1:
            return False
        whole = wholes[0][0]
        needed = relation.low - sum(
            factor * self._least[key] for key, factor in relation.terms if factor < 0
        )
        if needed <= self._least[whole]:
            return False
        self._least[whole] = needed
        return True
