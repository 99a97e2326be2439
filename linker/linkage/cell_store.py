"""Cells between the moment that they are made and the moment that they are written.

Cells are made by ranges of units, all tables of a range together; they are read table by table. Of
the highest levels the periods are made and kept one by one. With a sealed file what is held of
cells is where they lie, however many there are. Without one they are held themselves: those of a
region are fewer than what they are made of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linker.linkage.sealed_file import Chunk, SealedFile, packed, place_of, unpacked
from shared.contract.tally import CELLS

CellsKey = tuple[str, str, int]
"""Table, level, and number of the first unit of a range."""

_PURPOSE = b"MOJ/1 staged cells"
_COMPRESSION = "lz4"
_WORDS = tuple(field.name for field in CELLS if pa.types.is_dictionary(field.type))


def _all(cells: pa.Table) -> pa.Table:
    return cells


@dataclass(frozen=True, slots=True)
class _Kept:
    """The cells of a range, or of some of its periods: themselves, or where they lie.

    Attributes:
        ends: the first unit and the last.
    """

    rows: int
    periods: frozenset[int]
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
        self._kept: dict[CellsKey, list[_Kept]] = {}
        self._dictionaries: dict[str, pa.Array] = {}
        self._lock = Lock()

    @classmethod
    def of(cls, cells: pa.Table) -> CellStore:
        """Cells that are held as they are, in their order."""
        store = cls()
        store.add(("", "", 0), cells)
        return store

    def __len__(self) -> int:
        return sum(self.sizes().values())

    def add(self, key: CellsKey, cells: pa.Table) -> None:
        """Keep the cells of a range, sorted by key: all of them, or those of some periods.

        Raises:
            StorageError: ``staging-full``.
        """
        if not len(cells):
            return
        first, last = (cells.column("unit")[place].as_py() for place in (0, len(cells) - 1))
        periods = frozenset(pc.unique(cells.column("period")).to_pylist())
        with self._lock:
            pieces = self._kept.setdefault(key, [])
            number = len(pieces)
            if any(not periods.isdisjoint(each.periods) for each in pieces):
                raise RuntimeError(f"cells of {key[:2]} were made twice of one period")
            kept = _Kept(len(cells), periods, (first, last), cells, None)
            pieces.append(kept)
        if self._file is not None:
            pieces[number] = replace(kept, cells=None, chunk=self._written(key, number, cells))

    def _written(self, key: CellsKey, number: int, cells: pa.Table) -> Chunk:
        # Numbers instead of texts: the texts are the same in all chunks, and many.
        assert self._file is not None
        one = cells.combine_chunks()
        columns = {name: one.column(name).chunk(0) for name in one.column_names}
        with self._lock:
            if not self._dictionaries:
                self._dictionaries = {name: columns[name].dictionary for name in _WORDS}
        coded = pa.table(
            {name: column.indices if name in _WORDS else column
             for name, column in columns.items()}
        )  # fmt: skip
        return self._file.write(packed(coded, _COMPRESSION), place_of(_PURPOSE, *key, number))

    def sizes(self) -> dict[str, int]:
        """How many cells each table has, for those that have any."""
        found: Counter[str] = Counter()
        for (table, _, _), pieces in sorted(self._kept.items()):
            found[table] += sum(kept.rows for kept in pieces)
        return dict(found)

    def ranges(self, table: str | None = None, level: str | None = None) -> list[CellsKey]:
        """Which ranges there are, in the order of a tally."""
        return sorted(
            key for key in self._kept
            if table in (None, key[0]) and level in (None, key[1])
        )  # fmt: skip

    def ends(self, key: CellsKey) -> tuple[str, str]:
        """The first unit of a range and the last."""
        firsts, lasts = zip(*(kept.ends for kept in self._kept[key]), strict=True)
        return min(firsts), max(lasts)

    def read(self, key: CellsKey, keep: Callable[[pa.Table], pa.Table] = _all) -> pa.Table:
        """The cells of a range, of all its periods.

        Args:
            keep: gives those of some cells that are wanted, before they are put together.

        Raises:
            TrustError: ``staged-chunk-altered``.
        """
        pieces = [keep(self._piece(key, number)) for number in range(len(self._kept[key]))]
        if len(pieces) == 1:
            return pieces[0]
        whole = pa.concat_tables(pieces).combine_chunks()
        if not len(whole):  # nothing of it was wanted, and there is no chunk
            return whole
        unit = whole.column("unit").chunk(0).indices.to_numpy()
        return whole.take(pa.array(np.lexsort((whole.column("period").to_numpy(), unit))))

    def _piece(self, key: CellsKey, number: int) -> pa.Table:
        kept = self._kept[key][number]
        if kept.chunk is None or self._file is None:
            assert kept.cells is not None
            return kept.cells
        table, level, start = key
        what = f"the chunk of table {table} at level {level} from unit {start + 1}"
        coded = unpacked(self._file.read(kept.chunk, place_of(_PURPOSE, *key, number), what))
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
