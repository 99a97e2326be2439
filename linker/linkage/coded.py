"""Cells of one table as numbers, for whoever checks a tally: each key is one integer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.tally import CELL_KEY
from shared.errors import StateError

Ints = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]

_PERIODS = 256
MUNICIPALITIES = 10_000
"""More than a code of a municipality can be."""


def tables_of(cells: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The cells of each table; texts have the same numbers in all of them."""
    cells = cells.unify_dictionaries()
    if not len(cells):
        return
    words, codes = _decoded(cells.column("table"))
    bounds = np.flatnonzero(np.diff(codes, prepend=-1))
    if len(bounds) == len(np.unique(codes)):  # each table stands together: no copy
        for start, end in zip(bounds, np.append(bounds[1:], len(codes)), strict=True):
            yield words[codes[start]], cells.slice(start, end - start)
        return
    for code in np.unique(codes):
        yield words[code], cells.filter(pa.array(codes == code))


def in_periods(cells: pa.Table, periods: Sequence[int]) -> pa.Table:
    """The cells of these periods; the table itself where it has no others."""
    chosen = pc.is_in(cells.column("period"), pa.array(periods, pa.uint8()))
    return cells if pc.all(chosen).as_py() else cells.filter(chosen)


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of a dictionary, and the number of each."""

    texts: list[str]
    numbers: dict[str, int]


class Lexicon:
    """Dictionaries that were read before: those of a tally are long, and every range has them."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int], tuple[pa.Array, Words]] = {}
        self._lock = Lock()

    def words(self, dictionary: pa.Array) -> Words:
        """The texts of a dictionary, read once for as long as this object is."""
        buffers = dictionary.buffers()
        address = buffers[2].address if buffers[2] is not None else 0
        place = (address, dictionary.offset, len(dictionary))
        with self._lock:
            # It is kept, so that no other dictionary can come to lie at its address.
            if place not in self._known:
                texts = dictionary.to_pylist()
                numbers = {text: number for number, text in enumerate(texts)}
                self._known[place] = dictionary, Words(texts, numbers)
            return self._known[place][1]


@dataclass(frozen=True)
class Coded:
    """Cells of one table by column; texts are numbers in ``words``.

    Attributes:
        codes: level, unit, period, category and measure.
        numbers: value and protection inputs.
        starts: where the contributions to each cell begin, and where the last ends.
        owner: the cell that a contribution is to, in the order of the cells.
        municipality: who makes it.
        clients: how many children.
    """

    cells: pa.Table
    lexicon: dict[str, Words]
    codes: dict[str, Ints]
    numbers: dict[str, Ints]
    starts: Ints
    owner: Ints
    municipality: Ints
    clients: Ints

    @classmethod
    def of(cls, cells: pa.Table, lexicon: Lexicon | None = None) -> Coded:
        """Read cells of one table in the schema ``CELLS``.

        Args:
            lexicon: of whoever reads more cells with the same dictionaries.
        """
        lexicon = lexicon or Lexicon()
        words: dict[str, Words] = {}
        codes: dict[str, Ints] = {}
        numbers: dict[str, Ints] = {}
        for name in cells.column_names:
            column = cells.column(name)
            if name != "table" and pa.types.is_dictionary(column.type):
                one = _one(column)
                words[name] = lexicon.words(one.dictionary)
                codes[name] = one.indices.to_numpy()
            elif pa.types.is_integer(column.type):
                numbers[name] = column.to_numpy()
        codes["period"] = numbers.pop("period")
        lists = _one(cells.column("contributions"))
        pairs = lists.flatten()
        starts = lists.offsets.to_numpy()
        return cls(
            cells,
            words,
            codes,
            numbers,
            starts - starts[0],
            pc.list_parent_indices(lists).to_numpy(),
            pairs.field("municipality").to_numpy(),
            pairs.field("clients").to_numpy(),
        )

    def __len__(self) -> int:
        return len(self.codes["period"])

    def number(self, column: str, word: str) -> int:
        """The code of a text; one beyond all codes where no cell of any table has it."""
        words = self.lexicon[column]
        return words.numbers.get(word, len(words.texts))

    @cached_property
    def words(self) -> dict[str, list[str]]:
        """The text of every number, by column."""
        return {column: words.texts for column, words in self.lexicon.items()}

    def having(self, column: str, words: Sequence[str]) -> Flags:
        """Which cells have one of these texts."""
        chosen = np.zeros(len(self.words[column]) + 1, np.bool_)
        chosen[[self.number(column, word) for word in words]] = True
        chosen[-1] = False
        found: Flags = chosen[self.codes[column]]
        return found

    @cached_property
    def total(self) -> Flags:
        """Which cells are a total over categories."""
        return self.having("category", [""])

    @cached_property
    def places(self) -> Ints:
        """Number of the level and unit of each cell, the same in every table."""
        return self.place(self.codes["level"], self.codes["unit"])

    def place(self, level: Ints | int, unit: Ints | int) -> Ints:
        """The number of a level and a unit."""
        return np.asarray(level, np.int64) * (len(self.words["unit"]) + 1) + unit

    def place_of(self, level: str, unit: str) -> int:
        """The number of a level and a unit by their texts; -1 where there is no such cell."""
        codes = self.number("level", level), self.number("unit", unit)
        known = codes[0] < len(self.words["level"]) and codes[1] < len(self.words["unit"])
        return int(self.place(*codes)) if known else -1

    @cached_property
    def keys(self) -> Ints:
        """One integer per cell: place, period, category and measure."""
        return self.key(np.arange(len(self)))

    def key(
        self,
        rows: Ints,
        place: Ints | None = None,
        *,
        category: int | None = None,
        measure: int | None = None,
    ) -> Ints:
        """The keys of some cells, with another place, category or measure where it is given."""
        packed = (self.places[rows] if place is None else place).astype(np.int64)
        packed = packed * _PERIODS + self.codes["period"][rows]
        for name, other in (("category", category), ("measure", measure)):
            code = self.codes[name][rows] if other is None else other
            packed = packed * (len(self.words[name]) + 1) + code
        return packed

    @cached_property
    def _sorted(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.keys, kind="stable")
        return self.keys[order], order

    def find(self, keys: Ints) -> Ints:
        """The cell of each key; -1 where there is none."""
        known, order = self._sorted
        if not len(known):
            return np.full(len(keys), -1)
        at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        return np.where(known[at] == keys, order[at], -1)

    @cached_property
    def doubles(self) -> Ints:
        """Cells whose key another cell has too."""
        known, order = self._sorted
        found: Ints = order[1:][known[1:] == known[:-1]]
        return found

    def told(self, cells: Ints) -> tuple[Ints, Ints]:
        """Every contribution to some cells: number of the cell among them, and its own place."""
        starts = self.starts[cells]
        return spread(starts, self.starts[cells + 1] - starts)

    def added(self, cells: Ints, values: Ints) -> Ints:
        """The sum of values per cell."""
        return added(cells, values, len(self))

    def refuse(self, law: str, rows: Ints | Flags, columns: Sequence[str] = CELL_KEY) -> None:
        """Raise for the first of these cells.

        Raises:
            StateError: ``tally-breaks-law``, naming the law and the place, never a value.
        """
        rows = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        if len(rows):
            first = self.cells.select(list(columns)).slice(int(rows.min()), 1).to_pylist()[0]
            raise broken(law, first)


def added(places: Ints, values: Ints, size: int) -> Ints:
    """The sum of values per place, exact: sums of a tally are far below 2 to the 53rd."""
    return np.bincount(places, weights=values, minlength=size).astype(np.int64)


def largest(places: Ints, values: Ints, size: int) -> Ints:
    """The largest value per place, at least 0."""
    found = np.zeros(size, np.int64)
    np.maximum.at(found, places, values)
    return found


def spread(starts: Ints, times: Ints) -> tuple[Ints, Ints]:
    """Runs written out: the number of the run, and the place that begins at its start."""
    rows = np.repeat(np.arange(len(times)), times)
    return rows, np.arange(len(rows)) + np.repeat(starts - (np.cumsum(times) - times), times)


def broken(law: str, place: dict[str, Any]) -> StateError:
    """The error for a law that is broken at a place."""
    named = ", ".join(f"{name} {value or '(total)'}" for name, value in place.items())
    return StateError(
        "tally-breaks-law",
        f"expected a tally that obeys the law {law}, got one that breaks it at {named}",
        hint="nothing was sent; this is a fault in the linkage, report it with this message",
    )


def _one(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found.chunk(0) if isinstance(found, pa.ChunkedArray) else found


def _decoded(column: pa.ChunkedArray) -> tuple[list[str], Ints]:
    one = _one(column)
    return one.dictionary.to_pylist(), one.indices.to_numpy()
