"""Integer bounds that follow from the relations alone, by propagation; no solver.

They prove one thing: that a withheld total cannot be lower, because its parts are known to be
positive. Only then may its alternative lie above the class of its rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from publisher.protection.verification.claim import Claim, Relation, Terms

_PASSES = 20
Bound = int | float
"""An integer, or an infinity where nothing bounds a quantity."""


class LeastPossible:
    """Bounds of each quantity over all tables that a reader can believe in."""

    def __init__(self, claim: Claim) -> None:
        self._least: dict[str, Bound] = {key: claim.floor(key) for key in claim.true}
        self._most: dict[str, Bound] = {
            key: math.inf if claim.is_hidden(key) else true for key, true in claim.true.items()
        }
        self._relations = [
            reduced for relation in claim.relations if (reduced := _unknown_part(claim, relation))
        ]
        self._of: dict[str, list[int]] = {}
        for number, (terms, _, _) in enumerate(self._relations):
            for key, _ in terms:
                self._of.setdefault(key, []).append(number)
        self._sums = [pair for pair in map(_sum_of, claim.relations) if pair is not None]
        waiting = set(range(len(self._relations)))
        for _ in range(_PASSES):
            waiting = self._propagate(waiting)
            if not waiting and not (waiting := self._lift()):
                break

    def of(self, key: str) -> Bound:
        """A proven lower bound; the true least value may be higher."""
        return self._least[key]

    def _propagate(self, numbers: set[int]) -> set[int]:
        """Tighten these relations in order; those that what they found makes worth another look."""
        again: set[int] = set()
        for number in sorted(numbers):
            for key in self._tighten(*self._relations[number]):
                again.update(self._of[key])
        return again

    def _tighten(self, terms: Terms, low: Bound, high: Bound) -> list[str]:
        """Bound every term by what the relation leaves when the others are at their extremes."""
        ranges = [self._range(key, factor) for key, factor in terms]
        lows, highs = _Total(low for low, _ in ranges), _Total(high for _, high in ranges)
        tightened = []
        for (key, factor), (least, most) in zip(terms, ranges, strict=True):
            least_term, most_term = low - highs.without(most), high - lows.without(least)
            if factor < 0:
                least_term, most_term = -most_term, -least_term
            size = abs(factor)
            if self._narrow(key, _up(least_term, size), _down(most_term, size)):
                tightened.append(key)
        return tightened

    def _lift(self) -> set[int]:
        """A unit that is known to be positive lifts every unit around it.

        Both are sums of innermost groups of which none need be positive by itself; what units
        without a group in common add to their groups, their surroundings must add as well.
        """
        gains = sorted(
            (
                (gain, whole, parts)
                for whole, parts in self._sums
                if (gain := self._least[whole] - self._sum_of_least(parts)) > 0
            ),
            key=lambda found: (-found[0], found[1]),
        )
        around: dict[str, list[int]] = {}
        for number, (_, _, within) in enumerate(gains):
            for part in within:
                around.setdefault(part, []).append(number)
        lifted: set[int] = set()
        for whole, parts in self._sums:
            bound, left = self._sum_of_least(parts), set(parts)
            for number in sorted({at for part in parts for at in around.get(part, ())}):
                gain, _, within = gains[number]
                if within <= left:
                    bound += gain
                    left -= within
            if self._narrow(whole, bound, math.inf):
                lifted.update(self._of.get(whole, ()))
        return lifted

    def _sum_of_least(self, parts: frozenset[str]) -> Bound:
        return sum(self._least[part] for part in parts)

    def _range(self, key: str, factor: int) -> tuple[Bound, Bound]:
        low, high = factor * self._least[key], factor * self._most[key]
        return (low, high) if factor > 0 else (high, low)

    def _narrow(self, key: str, least: Bound, most: Bound) -> bool:
        narrower = least > self._least[key] or most < self._most[key]
        self._least[key] = max(self._least[key], least)
        self._most[key] = min(self._most[key], most)
        return narrower


class _Total:
    """A sum from which one term can be left out, also where some terms are infinite."""

    def __init__(self, terms: Iterable[Bound]) -> None:
        self._finite: Bound = 0
        self._infinite: list[Bound] = []
        for term in terms:
            if math.isinf(term):
                self._infinite.append(term)
            else:
                self._finite += term

    def without(self, term: Bound) -> Bound:
        """The sum of all other terms; all infinite terms of a sum have one sign."""
        left = len(self._infinite) - math.isinf(term)
        if left:
            return self._infinite[0]
        return self._finite if math.isinf(term) else self._finite - term


def _unknown_part(claim: Claim, relation: Relation) -> tuple[Terms, Bound, Bound] | None:
    """A relation over what a reader does not see; what is published moves to its bounds."""
    terms = tuple(term for term in relation.terms if claim.is_hidden(term[0]))
    if not terms:
        return None
    known = sum(
        factor * claim.true[key] for key, factor in relation.terms if not claim.is_hidden(key)
    )
    return (
        terms,
        -math.inf if relation.low is None else relation.low - known,
        math.inf if relation.high is None else relation.high - known,
    )


def _sum_of(relation: Relation) -> tuple[str, frozenset[str]] | None:
    """The whole and the parts of a relation that says: the whole is the sum of its parts."""
    wholes = [key for key, factor in relation.terms if factor == 1]
    parts = frozenset(key for key, factor in relation.terms if factor == -1)
    exact = relation.low == relation.high == 0
    if not exact or len(wholes) != 1 or len(parts) + 1 != len(relation.terms):
        return None
    return wholes[0], parts


def _up(value: Bound, size: int) -> Bound:
    return value if math.isinf(value) else -(-value // size)


def _down(value: Bound, size: int) -> Bound:
    return value if math.isinf(value) else value // size
