"""How overlapping units add up: the innermost groups, and one sparse equation per unit.

Units are sets of leaves (schools). Leaves that stand in exactly the same units form a group,
the finest thing that published sums can tell apart. Each unit equals a sum of smaller units
where they tile it, else of groups; both say the same, the first with fewer terms.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Leaf = TypeVar("Leaf", bound=Hashable)


@dataclass(frozen=True, slots=True)
class SumPlan(Generic[Leaf]):
    """Distinct sets of leaves with the equations between them.

    Attributes:
        sets: every distinct unit and every group, widest first, each as a set of leaves.
        groups: positions in ``sets`` of the innermost groups, which partition the leaves.
        equations: (whole, parts), positions in ``sets``; none for a group.
    """

    sets: tuple[frozenset[Leaf], ...]
    groups: tuple[int, ...]
    equations: tuple[tuple[int, tuple[int, ...]], ...]

    def positions(self) -> dict[frozenset[Leaf], int]:
        """Where each set stands."""
        return {members: position for position, members in enumerate(self.sets)}

    def groups_within(self, members: Iterable[Leaf]) -> tuple[int, ...]:
        """The groups that make up a union of groups."""
        wanted = frozenset(members)
        return tuple(group for group in self.groups if self.sets[group] <= wanted)


def plan_sums(leaves: Sequence[Leaf], units: Iterable[frozenset[Leaf]]) -> SumPlan[Leaf]:
    """Plan the relations between ``units``, each a set of ``leaves``; empty units are ignored.

    The order of the result follows the order of ``leaves``, never a hash.
    """
    bit = {leaf: 1 << place for place, leaf in enumerate(leaves)}
    distinct = [unit for unit in dict.fromkeys(units) if unit]
    masks = {sum(bit[leaf] for leaf in unit): None for unit in distinct}
    group_masks = _groups(leaves, distinct, bit)
    ordered = sorted(
        masks | dict.fromkeys(group_masks), key=lambda mask: (-mask.bit_count(), _lowest(mask))
    )
    position = {mask: place for place, mask in enumerate(ordered)}
    grouped = frozenset(group_masks)
    leaves_in = {mask: tuple(_leaves_in(mask, leaves)) for mask in ordered}
    holding: dict[int, list[int]] = {}
    for mask in ordered:
        for leaf in leaves_in[mask]:
            holding.setdefault(bit[leaf], []).append(mask)
    equations = tuple(
        (place, tuple(position[part] for part in _tile(mask, holding)))
        for place, mask in enumerate(ordered)
        if mask not in grouped
    )
    members = tuple(frozenset(leaves_in[mask]) for mask in ordered)
    return SumPlan(members, tuple(position[mask] for mask in group_masks), equations)


def _groups(
    leaves: Sequence[Leaf], units: Sequence[frozenset[Leaf]], bit: Mapping[Leaf, int]
) -> list[int]:
    signature: dict[Leaf, list[int]] = {leaf: [] for leaf in leaves}
    for number, unit in enumerate(units):
        for leaf in unit:
            signature[leaf].append(number)
    by_signature: dict[tuple[int, ...], int] = {}
    for leaf in leaves:
        within = tuple(signature[leaf])
        by_signature[within] = by_signature.get(within, 0) | bit[leaf]
    return list(by_signature.values())


def _lowest(mask: int) -> tuple[int, int]:
    return (mask & -mask).bit_length(), mask


def _leaves_in(mask: int, leaves: Sequence[Leaf]) -> Iterator[Leaf]:
    while mask:
        lowest = mask & -mask
        yield leaves[lowest.bit_length() - 1]
        mask ^= lowest


def _tile(mask: int, holding: Mapping[int, Sequence[int]]) -> list[int]:
    """Disjoint smaller sets that cover the mask: for each first leaf the widest that fits.

    ``holding`` names the sets around each leaf, widest first; a group always fits.
    """
    rest, parts = mask, []
    while rest:
        part = next(
            candidate
            for candidate in holding[rest & -rest]
            if candidate != mask and candidate & rest == candidate
        )
        parts.append(part)
        rest ^= part
    return parts
