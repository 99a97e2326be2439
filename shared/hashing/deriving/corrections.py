"""Which rows of an assignment count, when a source system tells its history.

An assignment number is one product for one child. Where it stands in the files more than once:

1. If one of its rows says that it was removed (JZ002 = 13, or status 3), none of them counts.
2. A row counts unless a later row of the same number overlaps it. What is later: first the date
   and time of assignment; without those, a row with a reason for a change is later than one
   without; then the one that ends last, then the one that starts last.
3. Rows whose care does not overlap are parts of one assignment that were written apart; both count.

The same number with another product, for another child or in another municipality is another
assignment. The order of rows and files makes no difference.

Source: DOMAIN 1.1 (JZ002) and 1.2 (JW301: a change is sent again under the same number).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from shared.hashing.deriving.assignments import Records
from shared.hashing.deriving.keys import NO_KEY, row_hashes

_SAME = ("person", "municipality", "key", "line")
_RANK = ("stamp", "changed", "end", "start")
_TIES = ("provider", "form", "domain", "referrer", "funding", "end_reason", "born", "cents")
"""Only so that the outcome is the same in any order; rows that are alike in all are alike."""

Mask = npt.NDArray[np.bool_]


def withdrawn(sound: Records, removed: Records) -> Mask:
    """Rows whose assignment is removed by another row."""
    gone: Mask = np.isin(_assignment(sound), _assignment(removed)) & (sound["key"] != NO_KEY)
    return gone


def replaced(records: Records) -> Mask:
    """Rows that a later row of the same assignment replaces."""
    result: Mask = np.zeros(len(records), np.bool_)
    numbered = np.flatnonzero(records["key"] != NO_KEY)
    assignment = _assignment(records[numbered])
    _, group, sizes = np.unique(assignment, return_inverse=True, return_counts=True)
    several = numbered[sizes[group] > 1]
    groups = group[sizes[group] > 1]
    some = records[several]
    ranks = [some[name] for name in (*_RANK, *_TIES)]
    order = np.lexsort((*reversed(ranks), groups))
    edges = np.flatnonzero(np.diff(groups[order], prepend=-1, append=-1))
    for first, last in pairwise(edges.tolist()):
        rows = several[order[first:last]]
        result[rows] = _overlapped_later(records["start"][rows], records["end"][rows])
    return result


def _overlapped_later(start: npt.NDArray[np.int32], end: npt.NDArray[np.int32]) -> list[bool]:
    """Of the rows of one assignment from first to latest: whether a later one overlaps each."""
    return [
        bool(((start[index + 1 :] <= end[index]) & (end[index + 1 :] >= start[index])).any())
        for index in range(len(start))
    ]


def _assignment(records: Records) -> npt.NDArray[np.uint64]:
    return row_hashes([records[name].astype(np.int64) for name in _SAME])
