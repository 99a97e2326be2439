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
from shared.hashing.csv_file import Loaded, read_csv
from shared.hashing.headers import Layout, plain
from shared.hashing.workbook import is_workbook, read_workbook

ROW = "row"
ROWS_AT_ONCE = 262_144
_TOTALS = r"(?i)^\s*(sub|eind)?tota(a)?l\b"
_HEAD_BYTES = 8


@dataclass(frozen=True, slots=True)
class Source:
    """The data rows of one file.

    Attributes:
        table: a column of text per field that the file has, and ``row``: its number in Excel.
        read: rows under the header row, of any kind.
        set_aside: row numbers that are no data, by what they are.
    """

    table: pa.Table = field(repr=False)
    read: int
    set_aside: Mapping[Check, npt.NDArray[np.int32]] = field(repr=False)

    def parts(self) -> Iterator[Source]:
        """The same rows, some at a time, so that checking needs little memory."""
        first = self.table.slice(0, ROWS_AT_ONCE)
        others = self.table.num_rows - first.num_rows
        yield Source(first, self.read - others, self.set_aside)
        for start in range(ROWS_AT_ONCE, self.table.num_rows, ROWS_AT_ONCE):
            part = self.table.slice(start, ROWS_AT_ONCE)
            yield Source(part, part.num_rows, {})


def read(path: Path, layout: Layout) -> Source:
    """Read the wanted columns of ``path``.

    Raises:
        FileError: the file cannot be used at all; the hint says why, in the words of Excel.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise Check.FILE_UNREADABLE.error() from error
    if not head:
        raise Check.FILE_EMPTY.error()
    loaded = read_workbook(path, layout) if is_workbook(head) else read_csv(path, layout)
    source = _sift(loaded, layout)
    if not source.table.num_rows and not source.set_aside[Check.ROW_RAGGED].size:
        raise Check.FILE_HEADER_ONLY.error()
    return source


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
    return Source(table, len(loaded.rows) + len(loaded.ragged), set_aside)


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
