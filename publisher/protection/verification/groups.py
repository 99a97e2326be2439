"""Does a release tell a small group that no cell names, by sums and differences alone?

A group is told where its parts, each counted once, are a combination of published cells. That
is decided on sparse rows, modulo a prime: in whole numbers, without a solver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from publisher.protection.verification.claim import Additive, Claim

_MODULUS = 2**31 - 1
Sparse = dict[str, int]


def tells_small_group(claim: Claim) -> bool:
    """Whether it tells a group below the threshold that two cells, or one and its parts, make."""
    return any(_tells(claim, additive) for additive in claim.additive)


def _tells(claim: Claim, additive: Additive) -> bool:
    groups = {*_small_groups(claim, additive), *_small_rests(claim, additive)}
    if not groups:
        return False
    published = Combinations()
    for row in sorted(_published(claim, additive), key=len):
        published.add(row)
    return any(published.make(dict.fromkeys(sorted(group), 1)) for group in groups)


def _published(claim: Claim, additive: Additive) -> Iterator[Sparse]:
    """What a reader knows: published cells, parts of a published zero, cuts that tie."""
    for cell, parts in additive.parts.items():
        if cell not in claim.withheld:
            yield dict.fromkeys(parts, 1)
            if not claim.true[cell]:
                yield from ({part: 1} for part in parts)
    for tie in additive.ties:
        yield dict(tie)


def _small_groups(claim: Claim, additive: Additive) -> Iterator[frozenset[str]]:
    """What two cells share, have beyond each other, or are together."""
    true = claim.true
    for cut in additive.pairs:
        for one, other in combinations(cut, 2):
            left, right = additive.parts[one], additive.parts[other]
            shared = left & right
            if not shared:
                if 1 <= true[one] + true[other] < additive.threshold:
                    yield left | right
                continue
            within = sum(true[part] for part in shared)
            for value, rest in ((within, shared), (true[one] - within, left - right),
                                (true[other] - within, right - left)):  # fmt: skip
                if 1 <= value < additive.threshold:
                    yield rest


def _small_rests(claim: Claim, additive: Additive) -> Iterator[frozenset[str]]:
    """What is left of a cell without its published parts: first those of one level, then others."""
    published = [cell for cell in additive.parts if cell not in claim.withheld]
    for whole in {cell: None for cut in additive.pairs for cell in cut}:
        all_parts = additive.parts[whole]
        inside = [cell for cell in published if additive.parts[cell] < all_parts]
        for level in additive.levels:
            rest = all_parts
            of_level = [cell for cell in inside if cell in level]
            for cell in (*of_level, *inside):
                if additive.parts[cell] <= rest:
                    rest -= additive.parts[cell]
            if 1 <= sum(claim.true[part] for part in rest) < additive.threshold:
                yield rest


class Combinations:
    """Everything that sums and differences of some rows can make."""

    def __init__(self) -> None:
        self._leading: dict[str, Sparse] = {}

    def add(self, row: Mapping[str, int]) -> None:
        """Add a row, unless the others already make it."""
        left = self._remainder(row)
        if left:
            lead = min(left)
            inverse = pow(left[lead], -1, _MODULUS)
            self._leading[lead] = {
                part: factor * inverse % _MODULUS for part, factor in left.items()
            }

    def make(self, row: Mapping[str, int]) -> bool:
        """Whether the rows make this one."""
        return not self._remainder(row)

    def _remainder(self, row: Mapping[str, int]) -> Sparse:
        """The row after elimination, as soon as no row leads with what it starts with."""
        left = dict(row)
        while left:
            lead = min(left)
            if lead not in self._leading:
                break
            times = left[lead]
            for part, factor in self._leading[lead].items():
                value = (left.get(part, 0) - times * factor) % _MODULUS
                if value:
                    left[part] = value
                else:
                    left.pop(part, None)
        return left
