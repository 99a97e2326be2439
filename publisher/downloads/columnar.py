"""Parquet of an extract, for programs: numbers as numbers, and nothing beside the rows.

The signed bytes of a table hold whole numbers with their decimals apart; they stand in the data
package. This file has the columns of the CSV instead, so that nobody divides by ten in vain.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from publisher.downloads.columns import ENGLISH, Column, Kind, numbers
from publisher.downloads.extract import Extract

_ROWS_PER_GROUP = 20_000
_TYPES = {Kind.TEXT: pa.string(), Kind.INTEGER: pa.int32(), Kind.NUMBER: pa.float64()}


def parquet(extract: Extract) -> bytes:
    """Parquet without statistics, which could tell of what was filtered away; same bytes always."""
    return b"".join(parquet_parts(extract))


def parquet_parts(extract: Extract) -> Iterator[bytes]:
    """The same file in pieces; each is a group of rows of its own, the last the footer."""
    sink = _Pieces()
    names = [column.name for column in ENGLISH]
    schema = pa.schema([pa.field(column.name, _TYPES[column.kind]) for column in ENGLISH])
    with pq.ParquetWriter(sink, schema, compression="zstd", write_statistics=False) as writer:
        for part in extract.parts(_ROWS_PER_GROUP):
            writer.write_table(pa.table([_array(column, part) for column in ENGLISH], names=names))
            yield sink.taken()
    yield sink.taken()


class _Pieces(io.RawIOBase):
    """A file that keeps only what was written since the last time it was taken."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        """It can be written, and nothing else."""
        return True

    def tell(self) -> int:
        """How much was written in all; the footer tells by it where each group stands."""
        return self._written

    def write(self, data: Any) -> int:
        """Take bytes."""
        piece = bytes(data)
        self._pieces.append(piece)
        self._written += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _array(column: Column, extract: Extract) -> pa.Array:
    values = column.values(extract)
    if column.kind is Kind.NUMBER:
        values = numbers(values)
    return pa.array(values, _TYPES[column.kind])
