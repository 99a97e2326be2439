"""Which declared lines have been seen before: exports of two periods often overlap.

A line is known by all that it says. What stands in one file n times is taken to be there n times:
the source system wrote it so. What stands in two files is one line that was exported twice, so a
line counts as often as in the file that holds it most often.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


class SeenLines:
    """Counts of the lines of the file that is read now, and of the files before it."""

    def __init__(self) -> None:
        self._file = 0
        self._before = _Tally()
        self._now = _Tally()

    def judge(self, file: int, hashes: Hashes, alive: Mask) -> tuple[Mask, Mask]:
        """Which lines of a block an earlier file held, and which this file held already."""
        if file != self._file:
            self._before.keep_most(self._now)
            self._file, self._now = file, _Tally()
        again, double = np.zeros(len(hashes), np.bool_), np.zeros(len(hashes), np.bool_)
        rows = np.flatnonzero(alive)
        known, group, counts = np.unique(hashes[rows], return_inverse=True, return_counts=True)
        occurrence = _occurrences(group, counts) + self._now.of(known)[group]
        again[rows] = occurrence < self._before.of(known)[group]
        double[rows] = (occurrence > 0) & ~again[rows]
        self._now.add(known, counts.astype(np.int32))
        return again, double

    def take_back(self, hashes: Hashes) -> Mask:
        """Which of these lines were counted, each as often as it was counted at most."""
        self._before.keep_most(self._now)
        self._now = _Tally()
        known, group, counts = np.unique(hashes, return_inverse=True, return_counts=True)
        there = self._before.of(known)
        found: Mask = _occurrences(group, counts) < there[group]
        self._before.add(known[there > 0], -np.minimum(counts, there)[there > 0].astype(np.int32))
        return found


class _Tally:
    """How often each hash was seen.

    Hashes stand in sorted runs, each at least twice as long as the next, so that a block is added
    at little cost however many lines there are already.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Hashes, Counts]] = []

    def of(self, hashes: Hashes) -> Counts:
        """How often each was seen."""
        total = np.zeros(len(hashes), np.int32)
        for known, counts in self._runs:
            at, there = _find(known, hashes)
            total[there] = counts[at[there]]
        return total

    def add(self, hashes: Hashes, counts: Counts) -> None:
        """Add counts of distinct hashes, in order."""
        self._join(hashes, counts, np.add)

    def keep_most(self, other: _Tally) -> None:
        """Of each hash the higher count of the two."""
        for hashes, counts in other._runs:
            self._join(hashes, counts, np.maximum)

    def _join(self, hashes: Hashes, counts: Counts, join: np.ufunc) -> None:
        new = np.ones(len(hashes), np.bool_)
        for known, before in self._runs:
            at, there = _find(known, hashes)
            before[at[there]] = join(before[at[there]], counts[there])
            new &= ~there
        self._runs.append((hashes[new], counts[new]))
        while len(self._runs) > 1 and 2 * len(self._runs[-1][0]) > len(self._runs[-2][0]):
            (low, low_counts), (high, high_counts) = self._runs.pop(), self._runs.pop()
            place = np.searchsorted(high, low)
            merged = np.insert(high_counts, place, low_counts)
            self._runs.append((np.insert(high, place, low), merged))


def _find(known: Hashes, hashes: Hashes) -> tuple[npt.NDArray[np.intp], Mask]:
    """Where each hash would stand in sorted ``known``, and whether it does."""
    if not len(known):
        return np.zeros(len(hashes), np.intp), np.zeros(len(hashes), np.bool_)
    at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    there: Mask = known[at] == hashes
    return at, there


def _occurrences(group: npt.NDArray[np.intp], counts: npt.NDArray[np.intp]) -> Counts:
    """Per element how many of its group come before it."""
    order = np.argsort(group, kind="stable")
    begins = np.cumsum(counts) - counts
    result = np.empty(len(group), np.int32)
    result[order] = np.arange(len(group)) - np.repeat(begins, counts)
    return result
