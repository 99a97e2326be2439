"""Parents and children between levels, for the rule on unions of withheld children."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

Leaf = TypeVar("Leaf", bound=Hashable)


def families_of(
    sets: Sequence[frozenset[Leaf]], levels: Sequence[Sequence[int]]
) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Every unit with the units of another level that tile it (at least two of them).

    Args:
        sets: units and groups as sets of leaves.
        levels: per level the positions of its units in ``sets``; those that overlap tile nothing.
    """
    families: dict[tuple[int, tuple[int, ...]], None] = {}
    for finer in levels:
        home = {leaf: place for place in finer for leaf in sets[place]}
        for parent in dict.fromkeys(place for level in levels for place in level):
            children = {home.get(leaf) for leaf in sets[parent]}
            within = tuple(sorted(child for child in children if child is not None))
            if None in children or len(within) < 2:
                continue
            if sum(len(sets[child]) for child in within) == len(sets[parent]):
                families[parent, within] = None
    return tuple(families)
