"""Read a CSV file as text, block by block; only the wanted columns are loaded.

Separator: the one of ``;`` ``,`` tab with which the header row has the wanted columns.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from shared.hashing.checks import Check
from shared.hashing.reading.csv_text import SAMPLE_BYTES, CsvText, open_text
from shared.hashing.reading.headers import SEARCHED_ROWS, Header, Layout, check_header, find_header
from shared.hashing.reading.loaded import Loaded

SEPARATORS = (";", ",", "\t")
BLOCK_BYTES = 1 << 21
"""Rows are parsed in blocks of about this size."""
MAX_RECORD_BYTES = 1 << 23
"""A record beyond this is no row: a quote or a line end is missing."""
_QUOTE = ord('"')


def read_csv(path: Path, layout: Layout) -> Iterator[Loaded]:
    """Load the wanted columns, some megabytes at a time.

    Raises:
        FileError: the file is empty, not text, in no known encoding, or lacks columns.
    """
    text, sample = open_text(path)
    ends = _record_ends(sample)
    if not ends:
        raise Check.COLUMNS_TOO_MANY.error()
    records = [
        sample[start:end].decode("utf-8", errors="replace")
        for start, end in zip([0, *ends], ends, strict=False)
    ]
    parser = _Parser(*_find_separator(records, layout), layout, text.quoted)
    check_header(parser.header, layout)
    row = parser.header.index + 2  # Excel counts from 1, and the header row is one
    for block in _blocks(text, ends[parser.header.index]):
        loaded = parser.load(block, row)
        row += len(loaded.rows) + len(loaded.ragged)
        yield loaded


def _record_ends(sample: bytes) -> list[int]:
    """Offsets just after the first records; a line end between quotes ends no record."""
    ends: list[int] = []
    quoted = False
    for index, byte in enumerate(sample):
        if byte == _QUOTE:
            quoted = not quoted
        elif not quoted and (
            byte == ord("\n") or (byte == ord("\r") and sample[index + 1 : index + 2] != b"\n")
        ):
            ends.append(index + 1)
            if len(ends) == SEARCHED_ROWS:
                return ends
    if len(sample) < SAMPLE_BYTES and (not ends or ends[-1] < len(sample)):
        ends.append(len(sample))
    return ends


def _find_separator(records: list[str], layout: Layout) -> tuple[str, Header]:
    """The separator with which the header row shows most of the wanted columns."""
    found = []
    for separator in SEPARATORS:
        cells = [_cells(record, separator) for record in records]
        found.append((separator, find_header(cells, layout)))
    return max(found, key=lambda item: len(item[1].positions))


def _cells(record: str, separator: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(record, newline=""), delimiter=separator), [])
    except csv.Error:  # a cell beyond the csv module's limit is no column name
        return []


def _blocks(text: CsvText, offset: int) -> Iterator[bytes]:
    """The records from ``offset`` on, in blocks that end where a record ends."""
    held = bytearray()
    for piece in text.pieces():
        skipped = min(offset, len(piece))
        offset -= skipped
        held += piece[skipped:] if skipped else piece
        if len(held) >= BLOCK_BYTES:
            end = _last_end(held, text.quoted)
            if end:
                yield bytes(memoryview(held)[:end])
                held = held[end:]
            elif len(held) > BLOCK_BYTES + MAX_RECORD_BYTES:
                raise (Check.FILE_QUOTES if text.quoted else Check.FILE_NOT_A_TABLE).error()
    if held:
        yield bytes(held)


def _last_end(block: bytearray, quoted: bool) -> int:
    """Offset just after the last record that is whole; 0 where there is none."""
    mark = b"\n" if b"\n" in block else b"\r"
    if not quoted:
        return block.rfind(mark) + 1
    letters = np.frombuffer(block, np.uint8)
    outside = np.logical_not(np.logical_xor.accumulate(letters == _QUOTE))
    ends = np.flatnonzero(outside & (letters == mark[0]))
    return int(ends[-1]) + 1 if ends.size else 0


@dataclass(frozen=True, slots=True)
class _Parser:
    separator: str
    header: Header
    layout: Layout
    quoted: bool

    def load(self, block: bytes, row: int) -> Loaded:
        """The rows of one block, of which the first is number ``row``."""
        ragged: list[int] = []

        def collect(invalid: arrow_csv.InvalidRow) -> str:
            ragged.append(invalid.number or 0)
            return "skip"

        try:
            table = self._parse(block, True, collect)
            if ragged:
                # Only the single-threaded reader can say which rows it skipped.
                ragged.clear()
                table = self._parse(block, False, collect)
        except pa.ArrowInvalid:
            raise Check.FILE_NOT_A_TABLE.error() from None  # Arrow's own text quotes the row
        skipped = np.array(sorted(ragged), np.int64)
        every = np.arange(row, row + table.num_rows + len(skipped), dtype=np.int32)
        return Loaded(
            table,
            np.delete(every, skipped - 1),
            every[skipped - 1],
            self.header.width - len(set(self.header.positions.values())),
        )

    def _parse(self, block: bytes, threads: bool, handler: arrow_csv.InvalidRowHandler) -> pa.Table:
        positions = self.header.positions
        names = [f"column{position}" for position in range(self.header.width)]
        types = {
            names[position]: pa.string()
            if field == self.layout.key
            else pa.dictionary(pa.int32(), pa.string())
            for field, position in positions.items()
        }
        table = arrow_csv.read_csv(
            pa.BufferReader(block),
            read_options=arrow_csv.ReadOptions(
                column_names=names, use_threads=threads, block_size=MAX_RECORD_BYTES
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.separator,
                newlines_in_values=self.quoted,
                ignore_empty_lines=False,
                invalid_row_handler=handler,
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(dict.fromkeys(names[p] for p in positions.values())),
                column_types=types,
                strings_can_be_null=False,
            ),
        )
        columns = {field: table.column(names[p]) for field, p in positions.items()}
        return pa.table(columns).unify_dictionaries()
