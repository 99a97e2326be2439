"""Cells between the moment that they are made and the moment that they are written.

Cells are made by ranges of units, all tables of a range together; they are read table by table.
With a sealed file what is held of them is where they lie, however many there are. Without one they
are held themselves: those of a region are fewer than what they are made of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

import pyarrow as pa

from linker.linkage.sealed_file import Chunk, SealedFile, packed, place_of, unpacked
from shared.contract.tally import CELLS

CellsKey = tuple[str, str, int]
"""Table, level, and number of the first unit of a range."""

_PURPOSE = b"MOJ/1 staged cells"
_COMPRESSION = "lz4"
_WORDS = tuple(field.name for field in CELLS if pa.types.is_dictionary(field.type))


@dataclass(frozen=True, slots=True)
class _Kept:
    """The cells of a range: themselves, or where they lie.

    Attributes:
        ends: the first unit and the last.
    """

    rows: int
    ends: tuple[str, str]
    cells: pa.Table | None
    chunk: Chunk | None


class CellStore:
    """The cells of one tally, which all have the same dictionaries; several threads may add.

    Args:
        file: where they are staged; without one they are held.
    """

    def __init__(self, file: SealedFile | None = None) -> None:
        self._file = file
        self._kept: dict[CellsKey, _Kept] = {}
        self._dictionaries: dict[str, pa.Array] = {}
        self._lock = Lock()

    @classmethod
    def of(cls, cells: pa.Table) -> CellStore:
        """Cells that are held as they are, in their order."""
        store = cls()
        store.add(("", "", 0), cells)
        return store

    def __len__(self) -> int:
        return sum(kept.rows for kept in self._kept.values())

    def add(self, key: CellsKey, cells: pa.Table) -> None:
        """Keep the cells of a range, sorted by key.

        Raises:
            StorageError: ``staging-full``.
        """
        if not len(cells):
            return
        first, last = (cells.column("unit")[place].as_py() for place in (0, len(cells) - 1))
        if self._file is None:
            kept = _Kept(len(cells), (first, last), cells, None)
        else:
            # Numbers instead of texts: the texts are the same in all chunks, and many.
            one = cells.combine_chunks()
            columns = {name: one.column(name).chunk(0) for name in one.column_names}
            coded = pa.table(
                {name: column.indices if name in _WORDS else column
                 for name, column in columns.items()}
            )  # fmt: skip
            place = place_of(_PURPOSE, *key)
            chunk = self._file.write(packed(coded, _COMPRESSION), place)
            kept = _Kept(len(cells), (first, last), None, chunk)
            with self._lock:
                if not self._dictionaries:
                    self._dictionaries = {name: columns[name].dictionary for name in _WORDS}
        with self._lock:
            self._kept[key] = kept

    def sizes(self) -> dict[str, int]:
        """How many cells each table has, for those that have any."""
        found: Counter[str] = Counter()
        for (table, _, _), kept in sorted(self._kept.items()):
            found[table] += kept.rows
        return dict(found)

    def ranges(self, table: str | None = None, level: str | None = None) -> list[CellsKey]:
        """Which ranges there are, in the order of a tally."""
        return sorted(
            key for key in self._kept
            if table in (None, key[0]) and level in (None, key[1])
        )  # fmt: skip

    def ends(self, key: CellsKey) -> tuple[str, str]:
        """The first unit of a range and the last."""
        return self._kept[key].ends

    def read(self, key: CellsKey) -> pa.Table:
        """The cells of a range.

        Raises:
            TrustError: ``staged-chunk-altered``.
        """
        kept = self._kept[key]
        if kept.chunk is None or self._file is None:
            assert kept.cells is not None
            return kept.cells
        table, level, start = key
        what = f"the chunk of table {table} at level {level} from unit {start + 1}"
        coded = unpacked(self._file.read(kept.chunk, place_of(_PURPOSE, *key), what))
        columns = [
            pa.DictionaryArray.from_arrays(column.combine_chunks(), self._dictionaries[name])
            if name in _WORDS
            else column
            for name, column in zip(coded.column_names, coded.columns, strict=True)
        ]
        return pa.Table.from_arrays(columns, schema=CELLS)

    def in_order(self) -> Iterator[pa.Table]:
        """All cells, range after range, in the order of a tally."""
        for key in self.ranges():
            yield self.read(key)

    def table(self) -> pa.Table:
        """All cells at once."""
        found = list(self.in_order())
        return pa.concat_tables(found) if found else CELLS.empty_table()
