"""What an engine counted, as columns of numbers that can be added up by any key.

Counts and sums are matrices with a row per column of the answer, in the narrowest integers that
hold them: a nation has millions of rows of hundreds of columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.int32]
Matrix = npt.NDArray[np.integer]

_NARROW = (np.uint8, np.uint16, np.int32)
PERIODS = 128
"""More than a code of a period can be."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of counts, each at a period, a place, a category key and an extra key.

    Attributes:
        keys: four rows: period, place, category key and extra (a municipality or a provider
            group, where the grain has one, else 0); one column per fact, as in the others. Each
            fits in 32 bits, which is half of what the facts of a nation would take.
        counts: one row per count.
        amounts: one row per sum.
        first: the largest amount of one holder, where that was asked for, else no rows.
        second: the second largest.
    """

    keys: Keys
    counts: Matrix
    amounts: Matrix
    first: Matrix
    second: Matrix

    def __len__(self) -> int:
        return int(self.keys.shape[1])

    @property
    def period(self) -> Ints:
        """Code of the period of each fact."""
        return _row(self.keys, 0)

    @property
    def place(self) -> Ints:
        """Number of the school, the municipality of residence, or the unit."""
        return _row(self.keys, 1)

    @property
    def key(self) -> Ints:
        """Number of the category, where the family has keys."""
        return _row(self.keys, 2)

    @property
    def extra(self) -> Ints:
        """Number of the municipality that delivered, or of the provider group."""
        return _row(self.keys, 3)

    @classmethod
    def of(cls, table: pa.Table, counts: Matrix, seconds: pa.Table | None = None) -> Facts:
        """Read an answer of the engine, and the second largest amounts that belong to it."""
        keys = _columns(table, ("period", "place", "key", "extra"))
        second = matrix_of(table, "second_")
        if seconds is not None:
            ours = np.lexsort(keys[2::-1])
            theirs = np.lexsort(_columns(seconds, ("key", "place", "period")))
            back = np.empty_like(ours)
            back[ours] = theirs
            second = matrix_of(seconds, "second_")[:, back]
        return cls(keys, counts, matrix_of(table, "a_"), matrix_of(table, "first_"), second)

    @classmethod
    def together(cls, parts: Sequence[Facts]) -> Facts:
        """The same facts, counted over all parts."""
        if len(parts) == 1:
            return parts[0]
        joined = cls.joined(parts)
        return joined.grouped(np.arange(len(joined)), joined.place)

    @classmethod
    def joined(cls, parts: Sequence[Facts]) -> Facts:
        """The facts of all parts, not added up."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.keys for part in parts], axis=1),
            np.concatenate([part.counts for part in parts], axis=1),
            np.concatenate([part.amounts for part in parts], axis=1),
            np.concatenate([part.first for part in parts], axis=1),
            np.concatenate([part.second for part in parts], axis=1),
        )

    def grouped(self, rows: Ints, places: Ints) -> Facts:
        """Facts of other places: each of ``rows`` is added to the place beside it."""
        keys = self.keys[:, rows]
        keys[1] = places
        packed = pack(keys)
        if (packed[1:] > packed[:-1]).all():  # nothing to add up, as of schools to schools
            return replace(self.taken(rows), keys=keys)
        order = np.argsort(packed, kind="stable")
        starts = run_starts(packed[order])
        picked = rows[order]
        first, second = _largest_two(self.first, self.second, picked, starts)
        return Facts(
            keys[:, order[starts]],
            _added(self.counts, picked, starts),
            _added(self.amounts, picked, starts),
            first,
            second,
        )

    def taken(self, which: Ints | npt.NDArray[np.bool_]) -> Facts:
        """Only the facts at these places, or for which this holds."""
        return Facts(
            self.keys[:, which],
            self.counts[:, which],
            self.amounts[:, which],
            self.first[:, which],
            self.second[:, which],
        )

    def with_keys(self, row: int, values: Ints) -> Facts:
        """The same facts with one of their four keys replaced."""
        keys = self.keys.copy()
        keys[row] = values
        return replace(self, keys=keys)


def pack(four: Keys) -> Ints:
    """One number per fact, that sorts by place, period, key and extra."""
    period, place, key, extra = four.astype(np.int64)
    if not _fits(place, key, extra):  # numbers of providers have gaps: close them
        extra = np.unique(extra, return_inverse=True)[1].astype(np.int64)
    if not _fits(place, key, extra):
        raise RuntimeError("more places, categories and providers than one number can hold")
    keys, extras = int(key.max(initial=0)) + 1, int(extra.max(initial=0)) + 1
    packed: Ints = ((place * PERIODS + period) * keys + key) * extras + extra
    return packed


def _fits(place: Ints, key: Ints, extra: Ints) -> bool:
    place_keys = (int(place.max(initial=0)) + 1) * PERIODS * (int(key.max(initial=0)) + 1)
    return place_keys * (int(extra.max(initial=0)) + 1) < 1 << 63


def run_starts(keys: Ints) -> Ints:
    """Where each run of equal keys begins."""
    if not len(keys):
        return np.zeros(0, np.int64)
    return np.concatenate([[0], 1 + np.flatnonzero(keys[1:] != keys[:-1])])


def densely(parts: Sequence[Facts]) -> list[Facts]:
    """The same facts with extra keys numbered from 0 in their order, so that they pack."""
    if not parts:
        return []
    known = np.unique(np.concatenate([part.extra for part in parts]))
    return [part.with_keys(3, np.searchsorted(known, part.extra)) for part in parts]


def _row(matrix: Keys, row: int) -> Ints:
    found: Ints = matrix[row].astype(np.int64)
    return found


def _columns(table: pa.Table, names: Sequence[str]) -> Keys:
    found = np.empty((len(names), table.num_rows), np.int32)
    for row, name in enumerate(names):
        found[row] = table.column(name).to_numpy()
    return found


def matrix_of(table: pa.Table, prefix: str) -> Matrix:
    """The columns whose names start so, a row each."""
    names = [name for name in table.column_names if name.startswith(prefix)]
    return stacked((table.column(name).to_numpy() for name in names), table.num_rows)


def stacked(lines: Iterable[Ints], length: int) -> Matrix:
    """Lines as the rows of a matrix in the fewest bytes, never all of them at full width."""
    narrowed = [_narrow(line) for line in lines]
    if not narrowed:
        return np.zeros((0, length), np.uint8)
    return np.array(narrowed, dtype=np.result_type(*narrowed))


def _narrow(line: Ints) -> npt.NDArray[np.integer]:
    """The same numbers in fewer bytes, where they fit."""
    low, high = int(line.min(initial=0)), int(line.max(initial=0))
    for type_ in _NARROW:
        if np.iinfo(type_).min <= low and high <= np.iinfo(type_).max:
            return line.astype(type_)
    return line


def _added(matrix: Matrix, rows: Ints, starts: Ints) -> Matrix:
    if not len(starts):
        return np.zeros((len(matrix), 0), np.uint8)
    ends = np.append(starts[1:], len(rows)) - 1
    return stacked((_run_sums(values.take(rows), ends) for values in matrix), len(starts))


def _run_sums(values: npt.NDArray[np.integer], ends: Ints) -> Ints:
    """The sum of each run that ends there: half the time that ``np.add.reduceat`` takes."""
    sums = np.cumsum(values, dtype=np.int64)[ends]
    sums[1:] -= sums[:-1].copy()
    return sums


def _largest_two(first: Matrix, second: Matrix, rows: Ints, starts: Ints) -> tuple[Matrix, Matrix]:
    """The two largest amounts of one holder over groups of facts of which both are known."""
    if not len(starts):
        return (np.zeros((len(first), 0), np.uint8),) * 2
    lengths = np.diff(starts, append=len(rows))
    largest, next_ = [], []
    for one, two in zip(first, second, strict=True):
        ones, twos = one[rows], two[rows]
        top = np.maximum.reduceat(ones, starts)
        is_top = ones == np.repeat(top, lengths)
        ties = np.add.reduceat(is_top, starts, dtype=np.int64)
        below = np.maximum.reduceat(np.where(is_top, twos, ones), starts)
        largest.append(top)
        next_.append(np.where(ties > 1, top, below))
    return stacked(largest, len(starts)), stacked(next_, len(starts))
