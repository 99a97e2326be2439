"""From blocks of counts to the cells of a tally, sorted by key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linker.linkage.counting import CellColumn
from linker.linkage.facts import PERIODS, Ints
from linker.linkage.rollup import Block, Contributions, present
from linker.linkage.units import LevelUnits
from shared.contract.tally import CELLS, Table
from shared.reference import Level

Numbers = npt.NDArray[np.integer]
_CONTRIBUTIONS = CELLS.field("contributions").type


@dataclass(frozen=True, slots=True)
class PublicCell:
    """A cell that comes from the reference bundle."""

    table: str
    level: Level
    unit: str
    period: int
    measure: str
    value: int


class CellWriter:
    """Makes Arrow tables of cells, all with the same dictionaries of text."""

    def __init__(
        self,
        tables: Sequence[Table],
        levels: Sequence[LevelUnits],
        key_codes: Mapping[str, Sequence[str]],
    ) -> None:
        """Number every text in the order of the texts.

        Args:
            tables: the catalogue.
            levels: every level with its units.
            key_codes: per keyed breakdown the category of each key.
        """
        self._tables = _Words(table.id for table in tables)
        self._levels = _Words(level.level.value for level in levels)
        self._units = _Words(unit for level in levels for unit in level.units)
        codes = {"", *(code for table in tables for code, _ in table.categories)}
        self._categories = _Words(codes | {each for keys in key_codes.values() for each in keys})
        self._measures = _Words(measure.id for table in tables for measure in table.measures)
        self._key_codes = key_codes
        self._units_of = {level.level: self._units.numbers(level.units) for level in levels}
        self._zeros = _Zeros()

    def table(
        self, table: Table, level: LevelUnits, blocks: Sequence[Block], public: Sequence[PublicCell]
    ) -> pa.Table:
        """The cells of one table at one level, or at a range of its units."""
        units = self._units_of[level.level]
        cells = _Part.together([*(self._part(block, units) for block in blocks),
                                self._public(public)])  # fmt: skip
        packed = cells.unit.astype(np.int64) * PERIODS + cells.period
        packed = (packed * len(self._categories) + cells.category) * len(self._measures)
        order = np.argsort(packed + cells.measure, kind="stable")
        arrays = {
            "table": self._tables.repeated(table.id, len(order)),
            "level": self._levels.repeated(level.level.value, len(order)),
            "unit": self._units.array(cells.unit[order]),
            "period": pa.array(cells.period[order]),
            "category": self._categories.array(cells.category[order]),
            "measure": self._measures.array(cells.measure[order]),
            "contributions": _lists(cells.contributions, order),
            **{name: self._zeros.array(values, order) for name, values in cells.numbers.items()},
        }
        return pa.Table.from_arrays([arrays[field.name] for field in CELLS], schema=CELLS)

    def _part(self, block: Block, units: Ints) -> _Part:
        kept = np.flatnonzero(present(block))
        number = np.full(len(block.value), -1, np.int64)
        number[kept] = np.arange(len(kept))
        told = block.contributions
        numbers = (block.value, block.contributors, block.providers, block.share, *block.widths,
                   block.dominated)  # fmt: skip
        return _Part(
            units[block.unit[kept]].astype(np.int32),
            block.period[kept].astype(np.uint8),
            self._category(block.column, block.key[kept]),
            np.full(len(kept), self._measures.number(block.column.measure), np.int32),
            {
                name: values[kept].astype(_TYPES[name])
                for name, values in zip(_NUMBERS, numbers, strict=True)
            },
            Contributions(number[told.owner], told.municipality, told.clients),
        )

    def _category(self, column: CellColumn, keys: Ints) -> npt.NDArray[np.int32]:
        if column.category is not None:
            return np.full(len(keys), self._categories.number(column.category), np.int32)
        return self._categories.numbers(self._key_codes[column.family])[keys].astype(np.int32)

    def _public(self, cells: Sequence[PublicCell]) -> _Part:
        values = {"value": np.array([cell.value for cell in cells], np.int64)}
        return _Part(
            self._units.numbers(cell.unit for cell in cells).astype(np.int32),
            np.array([cell.period for cell in cells], np.uint8),
            np.full(len(cells), self._categories.number(""), np.int32),
            self._measures.numbers(cell.measure for cell in cells).astype(np.int32),
            {name: np.zeros(len(cells), type_) for name, type_ in _TYPES.items()} | values,
            Contributions.none(),
        )


_NUMBERS = ("value", "contributors", "providers", "largest_share", "protect_clients",
            "protect_providers", "protect_suppliers", "dominated")  # fmt: skip
_TYPES = {name: np.dtype(CELLS.field(name).type.to_pandas_dtype()) for name in _NUMBERS}


class _Zeros:
    """Columns of numbers; those of only zeros share their memory, which most of a tally has."""

    def __init__(self) -> None:
        self._longest: dict[str, pa.Array] = {}

    def array(self, values: Numbers, order: Ints) -> pa.Array:
        if values.any():
            return pa.array(values[order])
        return _longest(self._longest, str(values.dtype), len(values),
                        lambda length: pa.array(np.zeros(length, values.dtype)))  # fmt: skip


def _longest(
    known: dict[str, pa.Array], name: str, length: int, make: Callable[[int], pa.Array]
) -> pa.Array:
    """An array of equal values: the start of the longest that was made, where it reaches."""
    found = known.get(name)
    if found is None or len(found) < length:
        found = known[name] = make(length)
    return found.slice(0, length)


class _Words:
    """Texts numbered in their order, and columns of them."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(sorted(set(words)))
        self._number = {word: number for number, word in enumerate(self._words)}
        self._dictionary = pa.array(self._words, pa.string())
        self._longest: dict[str, pa.Array] = {}

    def __len__(self) -> int:
        return len(self._words)

    def number(self, word: str) -> int:
        return self._number[word]

    def numbers(self, words: Iterable[str]) -> Ints:
        return np.array([self._number[word] for word in words], np.int64)

    def array(self, numbers: npt.NDArray[np.int32]) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(numbers), self._dictionary)

    def repeated(self, word: str, times: int) -> pa.Array:
        return _longest(
            self._longest,
            word,
            times,
            lambda length: self.array(np.full(length, self.number(word), np.int32)),
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """Some cells, as numbers."""

    unit: npt.NDArray[np.int32]
    period: npt.NDArray[np.uint8]
    category: npt.NDArray[np.int32]
    measure: npt.NDArray[np.int32]
    numbers: dict[str, Numbers]
    contributions: Contributions

    @classmethod
    def together(cls, parts: Sequence[_Part]) -> _Part:
        """All cells of some parts; contributions keep their cells."""
        before = np.cumsum([0, *(len(part.unit) for part in parts[:-1])])
        told = [part.contributions for part in parts]
        return cls(
            np.concatenate([part.unit for part in parts]),
            np.concatenate([part.period for part in parts]),
            np.concatenate([part.category for part in parts]),
            np.concatenate([part.measure for part in parts]),
            {name: np.concatenate([part.numbers[name] for part in parts]) for name in _NUMBERS},
            Contributions(
                np.concatenate([each.owner + n for each, n in zip(told, before, strict=True)]),
                np.concatenate([each.municipality for each in told]),
                np.concatenate([each.clients for each in told]),
            ),
        )


def _lists(told: Contributions, order: Ints) -> pa.ListArray:
    """Contributions of each cell in the order of the cells, by municipality."""
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    owner = rank[told.owner]
    sorted_ = np.argsort(owner, kind="stable")
    lengths = np.bincount(owner, minlength=len(order))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    pairs = pa.StructArray.from_arrays(
        [
            pa.array(told.municipality[sorted_].astype(np.uint16)),
            pa.array(told.clients[sorted_].astype(np.int32)),
        ],
        fields=list(_CONTRIBUTIONS.value_type),
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pairs, type=_CONTRIBUTIONS)
