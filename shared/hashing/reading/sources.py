"""Read a source file as text, whatever it was saved as, and set aside what is no data.

Everything is text until a check has looked at it: a number that Excel changed is still seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.hashing.checks import Check
from shared.hashing.reading.csv_file import read_csv
from shared.hashing.reading.headers import Layout, plain
from shared.hashing.reading.loaded import Loaded
from shared.hashing.reading.workbook import is_workbook, read_workbook

ROW = "row"
_TOTALS = r"(?i)^\s*(sub|eind)?tota(a)?l\b"
_HEAD_BYTES = 8


@dataclass(frozen=True, slots=True)
class Source:
    """A block of rows of one file.

    Attributes:
        table: a column of text per field that the file has, and ``row``: its number in Excel.
        read: rows under the header row, of any kind.
        set_aside: row numbers that are no data, by what they are.
        unread: number of columns of the file that are never loaded.
        first_day_1904: numbers that are dates count from 1904.
    """

    table: pa.Table = field(repr=False)
    read: int
    set_aside: Mapping[Check, npt.NDArray[np.int32]] = field(repr=False)
    unread: int = 0
    first_day_1904: bool = False


def read(path: Path, layout: Layout) -> Iterator[Source]:
    """Read the wanted columns of ``path``, block by block.

    Raises:
        FileError: the file cannot be used; the hint says why, in the words of Excel.
    """
    try:
        if not path.is_file():  # a folder, a pipe or a device never ends
            raise Check.FILE_UNREADABLE.error()
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise Check.FILE_UNREADABLE.error() from error
    if not head:
        raise Check.FILE_EMPTY.error()
    some = False
    for loaded in (read_workbook if is_workbook(head) else read_csv)(path, layout):
        source = _sift(loaded, layout)
        some = some or source.table.num_rows > 0 or source.set_aside[Check.ROW_RAGGED].size > 0
        yield source
    if not some:
        raise Check.FILE_HEADER_ONLY.error()


def _sift(loaded: Loaded, layout: Layout) -> Source:
    """Set aside empty rows, repeated header rows and totals rows."""
    table = loaded.table.append_column(ROW, pa.array(loaded.rows))
    suspects = np.flatnonzero(_starts_odd(table.column(layout.key)))
    kinds = _kinds(table.drop_columns([ROW]).take(pa.array(suspects)), layout)
    set_aside = {check: loaded.rows[suspects[mask]] for check, mask in kinds.items()}
    set_aside[Check.ROW_RAGGED] = loaded.ragged
    dropped = suspects[np.logical_or.reduce(list(kinds.values()))]
    if dropped.size:
        keep = np.ones(table.num_rows, np.bool_)
        keep[dropped] = False
        table = table.filter(pa.array(keep))
    read = len(loaded.rows) + len(loaded.ragged)
    return Source(table, read, set_aside, loaded.unread, loaded.first_day_1904)


def _starts_odd(keys: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Rows whose key does not start with a digit; only those can be something else than data."""
    if not len(keys):
        return np.zeros(0, np.bool_)
    first = pc.ascii_is_decimal(pc.utf8_slice_codeunits(keys, 0, 1))
    odd: npt.NDArray[np.bool_] = ~first.to_numpy()
    return odd


def _kinds(suspects: pa.Table, layout: Layout) -> dict[Check, npt.NDArray[np.bool_]]:
    texts = [[(value or "").strip() for value in column.to_pylist()] for column in suspects.columns]
    names = {plain(name) for name in layout.headers[layout.key]}
    keys = [value.strip() for value in suspects.column(layout.key).to_pylist()]
    empty = _all_empty(texts, len(keys))
    header = np.array([plain(key) in names for key in keys], np.bool_)
    keyless = np.array([not any(mark.isdigit() for mark in key) for key in keys], np.bool_)
    totals = np.zeros(len(keys), np.bool_)
    for name, column in zip(suspects.column_names, suspects.columns, strict=True):
        found = pc.match_substring_regex(column.cast(pa.string()), _TOTALS).to_numpy()
        # A provider may be called Totaalzorg: with a number beside it, the row is data.
        totals |= found.astype(np.bool_) & (keyless | (name == layout.key))
    return {
        Check.ROW_EMPTY: empty,
        Check.ROW_HEADER: header & ~empty,
        Check.ROW_TOTALS: totals & ~header & ~empty,
    }


def _all_empty(texts: list[list[str]], count: int) -> npt.NDArray[np.bool_]:
    """Rows in which every column is empty."""
    empty = np.ones(count, np.bool_)
    for column in texts:
        empty &= np.array([not value for value in column], np.bool_)
    return empty
