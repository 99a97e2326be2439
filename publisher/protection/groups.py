"""Small groups that no cell names, but that published sums tell by subtraction.

A group is a set of innermost groups (columns). Published units are rows of zeros and ones over
them; a group is told exactly if and only if it lies in the row space of those rows. That is
decided by elimination modulo a prime: exact, deterministic, without a solver and without
floating point. Which groups are asked about: for every two units what they share, what either
has beyond the other, and both together where they share nothing; and what is left of a unit
without its published parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from publisher.protection.primary import Rule
from publisher.protection.problem import Additive, Kind, Node, Problem, Row, Sensitive

Group = tuple[str, ...]
"""Names of the innermost groups that it is the sum of."""
Integers = NDArray[np.int64]

_PRIME = 2**31 - 1
"""Products of two residues stay below 2**62, and sums of 2**31 residues below 2**62."""
_LEVEL = 1


def told_groups(problem: Problem, hidden: frozenset[int]) -> frozenset[Group]:
    """Groups below their threshold that published cells tell exactly.

    Args:
        problem: with its additive quantities.
        hidden: nodes that are withheld.
    """
    return frozenset(
        tuple(problem.nodes[additive.columns[column]].keys[0] for column in np.flatnonzero(group))
        for additive in problem.additive
        for group in _told(problem, additive, hidden)
    )


def with_groups(problem: Problem, groups: Iterable[Group]) -> Problem:
    """The problem in which these groups are latent quantities that need an alternative."""
    node_of = {key: place for place, node in enumerate(problem.nodes) for key in node.keys}
    nodes, rows, sensitive = list[Node](), list[Row](), list[Sensitive]()
    for group in sorted(groups):
        parts = [node_of[key] for key in group]
        place = len(problem.nodes) + len(nodes)
        true = sum(problem.nodes[part].true for part in parts)
        nodes.append(Node((), true, 0, None, Kind.LATENT, 0.0))
        rows.append(Row(((place, 1), *((part, -1) for part in parts)), 0, 0))
        sensitive.append(Sensitive(place, Rule.MARGIN, _LEVEL, 0, None))
    return replace(
        problem,
        nodes=(*problem.nodes, *nodes),
        rows=(*problem.rows, *rows),
        sensitive=(*problem.sensitive, *sensitive),
    )


def _told(problem: Problem, additive: Additive, hidden: frozenset[int]) -> Integers:
    """The groups of one quantity, each a row of zeros and ones over its columns."""
    values = np.array([problem.nodes[node].true for node in additive.columns], dtype=np.int64)
    units = np.zeros((len(additive.units), len(values)), dtype=np.int64)
    for row, (_, columns) in zip(units, additive.units, strict=True):
        row[list(columns)] = 1
    shown = np.array([node not in hidden for node, _ in additive.units], dtype=np.bool_)
    pairs = _small_groups(units, values, additive)
    rests = _small_rests(units, values, additive, shown)
    groups = np.unique(np.vstack([pairs, rests]), axis=0)
    if not len(groups) or not shown.any():
        return groups[:0]
    # Nothing is negative: a published zero tells every part of it.
    known = units[shown & (units @ values == 0)].any(axis=0)
    rows = np.vstack([units[shown], np.array(additive.ties, np.int64).reshape(-1, len(values))])
    known, rows = _without_known(rows, known)
    return groups[in_row_space(rows, groups[:, ~known])]


def _small_groups(units: Integers, values: Integers, additive: Additive) -> Integers:
    """Every group of two units whose true value is positive and below the threshold."""
    found = []
    for cut in additive.pairs:
        of_cut = units[list(cut)]
        both, shared = (of_cut * values) @ of_cut.T, of_cut @ of_cut.T
        alone = np.diag(both)
        differences, sums = alone[:, None] - both, alone[:, None] + alone[None, :]
        for total, possible, make in (
            (both, shared > 0, np.multiply),
            (differences, shared > 0, _without),
            (sums, shared == 0, np.add),
        ):
            small = (total >= 1) & (total < additive.threshold) & possible
            left, right = np.nonzero(small)
            found.append(make(of_cut[left], of_cut[right]))
    return np.vstack([units[:0], *found])


def _small_rests(
    units: Integers, values: Integers, additive: Additive, shown: NDArray[np.bool_]
) -> Integers:
    """Every small rest of a unit without its published parts.

    Per level: first the published units of that level inside, then whatever other published
    units still fit in what is left, in the order of the units.
    """
    masks = [sum(1 << column for column in columns) for _, columns in additive.units]
    published = np.flatnonzero(shown).tolist()
    rests: dict[int, None] = {}
    for whole in sorted({place for cut in additive.pairs for place in cut}):
        inside = [at for at in published if masks[at] & ~masks[whole] == 0 and at != whole]
        for level in map(frozenset, additive.levels):
            rest = masks[whole]
            first = [at for at in inside if at in level]
            for part in (*first, *inside):
                if masks[part] & ~rest == 0:
                    rest ^= masks[part]
            rests[rest] = None
    found = np.array(
        [[rest >> column & 1 for column in range(len(values))] for rest in rests], dtype=np.int64
    ).reshape(-1, len(values))
    few = found @ values
    return found[(few >= 1) & (few < additive.threshold)]


def _without(left: Integers, right: Integers) -> Integers:
    return left * (1 - right)


def _without_known(rows: Integers, known: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], Integers]:
    """Leave out columns that are told on their own, until no row is left with just one."""
    while True:
        alone = rows[np.count_nonzero(rows[:, ~known], axis=1) == 1]
        more = known | (alone != 0).any(axis=0)
        if (more == known).all():
            return known, np.unique(rows[:, ~known], axis=0)
        known = more


def in_row_space(rows: Integers, groups: Integers) -> NDArray[np.bool_]:
    """Which groups are a combination of the rows."""
    reduced, pivots = _reduced(rows)
    free = np.setdiff1d(np.arange(rows.shape[1]), pivots)
    left = groups[:, free] - groups[:, pivots] @ reduced[:, free]
    return np.asarray((left % _PRIME == 0).all(axis=1), dtype=np.bool_)


def _reduced(rows: Integers) -> tuple[Integers, Integers]:
    """Reduced row echelon form modulo the prime, without empty rows, and its pivots."""
    rows, pivots = rows % _PRIME, list[int]()
    for column in range(rows.shape[1]):
        rank = len(pivots)
        candidates = np.flatnonzero(rows[rank:, column])
        if not len(candidates):
            continue
        rows[[rank, rank + candidates[0]]] = rows[[rank + candidates[0], rank]]
        rows[rank] = rows[rank] * pow(int(rows[rank, column]), -1, _PRIME) % _PRIME
        others = np.flatnonzero(rows[:, column])
        others = others[others != rank]
        rows[others] = (rows[others] - rows[others, column, None] * rows[rank]) % _PRIME
        pivots.append(column)
    return rows[: len(pivots)], np.array(pivots, dtype=np.int64)
