"""From blocks of counts to the cells of a tally, sorted by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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

    def table(
        self, table: Table, level: LevelUnits, blocks: Sequence[Block], public: Sequence[PublicCell]
    ) -> pa.Table:
        """The cells of one table at one level."""
        units = self._units.numbers(level.units)
        parts = [self._part(block, units) for block in blocks]
        parts.append(self._public(public))
        cells = _Part.together(parts)
        packed = (cells.unit * PERIODS + cells.period) * len(self._categories) + cells.category
        order = np.argsort(packed * len(self._measures) + cells.measure, kind="stable")
        numbers = {
            "table": self._tables.repeated(table.id, len(order)),
            "level": self._levels.repeated(level.level.value, len(order)),
            "unit": self._units.array(cells.unit[order]),
            "period": cells.period[order],
            "category": self._categories.array(cells.category[order]),
            "measure": self._measures.array(cells.measure[order]),
            "contributions": _lists(cells.contributions, order),
            **{name: values[order] for name, values in cells.numbers.items()},
        }
        arrays = [
            value if isinstance(value, pa.Array) else pa.array(value.astype(_numpy(field.type)))
            for field in CELLS
            for value in (numbers[field.name],)
        ]
        return pa.Table.from_arrays(arrays, schema=CELLS)

    def _part(self, block: Block, units: Ints) -> _Part:
        kept = np.flatnonzero(present(block))
        number = np.full(len(block.value), -1, np.int64)
        number[kept] = np.arange(len(kept))
        told = block.contributions
        return _Part(
            units[block.unit[kept]],
            block.period[kept],
            self._category(block.column, block.key[kept]),
            np.full(len(kept), self._measures.number(block.column.measure)),
            {
                "value": block.value[kept],
                "contributors": block.contributors[kept],
                "providers": block.providers[kept],
                "largest_share": block.share[kept],
                "protect_clients": block.widths[0][kept],
                "protect_providers": block.widths[1][kept],
                "protect_suppliers": block.widths[2][kept],
                "dominated": block.dominated[kept],
            },
            Contributions(number[told.owner], told.municipality, told.clients),
        )

    def _category(self, column: CellColumn, keys: Ints) -> Ints:
        if column.category is not None:
            return np.full(len(keys), self._categories.number(column.category))
        return self._categories.numbers(self._key_codes[column.family])[keys]

    def _public(self, cells: Sequence[PublicCell]) -> _Part:
        nothing = np.zeros(len(cells), np.int64)
        values = np.array([cell.value for cell in cells], np.int64)
        return _Part(
            self._units.numbers(cell.unit for cell in cells),
            np.array([cell.period for cell in cells], np.int64),
            np.full(len(cells), self._categories.number("")),
            self._measures.numbers(cell.measure for cell in cells),
            dict.fromkeys(_NUMBERS, nothing) | {"value": values},
            Contributions.none(),
        )


_NUMBERS = ("value", "contributors", "providers", "largest_share", "protect_clients",
            "protect_providers", "protect_suppliers", "dominated")  # fmt: skip


class _Words:
    """Texts numbered in their order, and columns of them."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(sorted(set(words)))
        self._number = {word: number for number, word in enumerate(self._words)}
        self._dictionary = pa.array(self._words, pa.string())

    def __len__(self) -> int:
        return len(self._words)

    def number(self, word: str) -> int:
        return self._number[word]

    def numbers(self, words: Iterable[str]) -> Ints:
        return np.array([self._number[word] for word in words], np.int64)

    def array(self, numbers: Ints) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(numbers.astype("i4")), self._dictionary)

    def repeated(self, word: str, times: int) -> pa.DictionaryArray:
        return self.array(np.full(times, self.number(word)))


@dataclass(frozen=True, slots=True)
class _Part:
    """Some cells, as numbers."""

    unit: Ints
    period: Ints
    category: Ints
    measure: Ints
    numbers: dict[str, Ints]
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


def _numpy(type_: pa.DataType) -> npt.DTypeLike:
    found: npt.DTypeLike = type_.to_pandas_dtype()
    return found
