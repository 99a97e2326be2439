"""The form of a delivery part's Parquet file: as docs/formats.md, section 9, has it, or refused.

A Parquet file has room for much beside its rows: the largest pseudonym in statistics, an index,
notes of a column, bytes between the columns, and the order of the rows itself. A part has none of
it. What is read here is the footer only; ``check_order`` needs the rows.

Source: DESIGN 3.4 and 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from shared.contract.columns import WireSchema
from shared.contract.deliveries import OBJECTION, OBJECTION_BLOCK
from shared.errors import InputError

CODECS: Final = frozenset({"ZSTD", "UNCOMPRESSED"})
ENCODINGS: Final = frozenset({"PLAIN", "RLE", "RLE_DICTIONARY"})

_MAGIC_BYTES: Final = 4
_TAIL_BYTES: Final = 8  # length of the footer, and the magic once more
_WRITER: Final = re.compile(r"[ -~]{0,120}")

Numbers = npt.NDArray[np.int64] | npt.NDArray[np.uint64]


def check_form(metadata: pq.FileMetaData, size: int) -> None:
    """Refuse a file in another form, or with bytes or notes beside its columns.

    Args:
        metadata: the footer.
        size: bytes of the whole file.

    Raises:
        InputError: ``parquet-form-differs``.
    """
    if not _WRITER.fullmatch(metadata.created_by or ""):
        raise _differs("the name of the program that wrote it in short", "something else")
    if not metadata.num_rows:
        raise _differs("at least one row", "none")
    at = _MAGIC_BYTES
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if group.sorting_columns:
            raise _differs("no note of how the rows are sorted", "one")
        for place in range(group.num_columns):
            column = group.column(place)
            _check_column(column, metadata.schema.column(place).name)
            at = _end_of(column, at)
    if at + metadata.serialized_size + _TAIL_BYTES != size:
        raise _differs("columns and a footer that fill the file", "bytes beside them")


def _check_column(column: pq.ColumnChunkMetaData, name: str) -> None:
    if column.compression not in CODECS:
        raise _differs("zstd or no compression", "another one")
    if not set(column.encodings) <= ENCODINGS:
        raise _differs(f"encodings of {', '.join(sorted(ENCODINGS))}", "another one")
    if name == "pseudonym" and column.has_dictionary_page:
        raise _differs("pseudonyms without a dictionary", "one")
    if column.is_stats_set or column.statistics is not None or column.is_geo_stats_set:
        raise _differs("no statistics of a column", "some")
    beside = (column.metadata, column.file_path, column.bloom_filter_offset)
    if any(beside) or column.has_offset_index or column.has_column_index:
        raise _differs("nothing beside the values of a column", "an index or a note")


def _end_of(column: pq.ColumnChunkMetaData, at: int) -> int:
    """Where the bytes of a column end, which begin where those of the one before it ended."""
    first = column.data_page_offset
    if column.has_dictionary_page:
        first = min(first, column.dictionary_page_offset)
    if first != at or column.total_compressed_size < 0:
        raise _differs("columns that follow each other", "bytes between them")
    return at + int(column.total_compressed_size)


def check_padded(rows: int, schema: WireSchema) -> None:
    """Refuse objections that are not padded to whole blocks.

    Raises:
        InputError: ``objections-not-padded``.
    """
    if schema.name == OBJECTION.name and (rows == 0 or rows % OBJECTION_BLOCK):
        raise InputError(
            "objections-not-padded",
            f"expected objections in whole blocks of {OBJECTION_BLOCK} rows, found another number",
            hint="nobody needs to know how many there are; seal again with the hasher",
        )


def check_order(table: pa.Table, schema: WireSchema) -> None:
    """Refuse rows that are not sorted by pseudonym, then by every other column in order.

    Sorted rows say nothing about the order in which the source has them.

    Raises:
        InputError: ``rows-not-sorted``.
    """
    alike = np.ones(max(table.num_rows - 1, 0), np.bool_)
    for column in schema.columns:
        for numbers in _sortable(table[column.name]):
            earlier, later = numbers[:-1], numbers[1:]
            if np.any(alike & (later < earlier)):
                raise InputError(
                    "rows-not-sorted",
                    f"expected rows of {schema.name} sorted by pseudonym and then by the other "
                    "columns, found them in another order",
                    hint="seal the source file with the hasher, which sorts each part",
                )
            alike &= later == earlier
            if not alike.any():
                return


def _sortable(values: pa.ChunkedArray) -> Iterator[Numbers]:
    """Numbers that sort as the values do; several for bytes that do not fit in one."""
    if not pa.types.is_fixed_size_binary(values.type):
        yield values.cast(pa.int64()).to_numpy()
        return
    width = values.type.byte_width
    whole = np.zeros((len(values), -(-width // 8) * 8), np.uint8)
    done = 0
    for chunk in values.chunks:
        octets = np.frombuffer(chunk.buffers()[1], np.uint8, len(chunk) * width,
                               chunk.offset * width)  # fmt: skip
        whole[done : done + len(chunk), :width] = octets.reshape(-1, width)
        done += len(chunk)
    for word in whole.view(">u8").T:
        yield word.astype(np.uint64)


def _differs(expected: str, found: str) -> InputError:
    return InputError(
        "parquet-form-differs",
        f"expected {expected} in the Parquet file, found {found}",
        hint="nothing was stored; seal the source file with the hasher, never by hand",
    )
