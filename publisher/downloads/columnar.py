"""Parquet of an extract, for programs: numbers as numbers, and nothing beside the rows.

The signed bytes of a table hold whole numbers with their decimals apart; they stand in the data
package. This file has the columns of the CSV instead, so that nobody divides by ten in vain.
"""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq

from publisher.downloads.columns import ENGLISH, Column, Kind, numbers
from publisher.downloads.extract import Extract

_TYPES = {Kind.TEXT: pa.string(), Kind.INTEGER: pa.int32(), Kind.NUMBER: pa.float64()}


def parquet(extract: Extract) -> bytes:
    """Parquet without statistics, which could tell of what was filtered away; same bytes always."""
    arrays = [_array(column, extract) for column in ENGLISH]
    table = pa.table(arrays, names=[column.name for column in ENGLISH])
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_statistics=False)
    return sink.getvalue()


def _array(column: Column, extract: Extract) -> pa.Array:
    values = column.values(extract)
    if column.kind is Kind.NUMBER:
        values = numbers(values)
    return pa.array(values, _TYPES[column.kind])
