"""Read a CSV file as text: encoding and separator are found, never guessed from content.

Encoding: byte order mark, else strict UTF-8, else strict Windows-1252. Separator: the one of
``;`` ``,`` tab with which the header row has the wanted columns. Only those columns are loaded.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from shared.hashing.checks import Check
from shared.hashing.headers import SEARCHED_ROWS, Header, Layout, check_header, find_header

SEPARATORS = (";", ",", "\t")
_SAMPLE_BYTES = 1 << 20
_SCAN_BYTES = 1 << 20
_MARKUP = (b"<", b"%PDF", b"PK\x03\x04")
_WIDE_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The wanted columns of one file.

    Attributes:
        table: a column per field that was found; the key as strings, others as dictionaries.
        rows: row number per row as Excel shows it.
        ragged: row numbers of the rows with another number of cells than the header row.
    """

    table: pa.Table
    rows: npt.NDArray[np.int32]
    ragged: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Text:
    source: Path | bytes
    encoding: str
    start: int
    quoted: bool

    def open_at(self, offset: int) -> pa.NativeFile:
        """The bytes from ``offset`` after the byte order mark."""
        if isinstance(self.source, bytes):
            file = pa.BufferReader(self.source)
        else:
            file = pa.OSFile(str(self.source))
        file.seek(self.start + offset)
        return file


def read_csv(path: Path, layout: Layout) -> Loaded:
    """Load the wanted columns.

    Raises:
        FileError: the file is empty, not text, in no known encoding, or lacks columns.
    """
    text = _scan(path)
    with text.open_at(0) as file:
        sample = file.read(_SAMPLE_BYTES)
    if not sample.strip():
        raise Check.FILE_EMPTY.error()
    if sample.lstrip().startswith(_MARKUP):
        raise Check.FILE_NOT_A_TABLE.error()
    ends = _record_ends(sample)
    if not ends:
        raise Check.COLUMNS_TOO_MANY.error()
    records = [
        sample[start:end].decode(text.encoding, errors="replace")
        for start, end in zip([0, *ends], ends, strict=False)
    ]
    separator, header = _find_separator(records, layout)
    check_header(header, layout)
    offset = ends[header.index]
    with text.open_at(offset) as file:
        if not file.read(_SAMPLE_BYTES).strip():
            raise Check.FILE_HEADER_ONLY.error()
    return _load(text, offset, separator, header, layout)


def _scan(path: Path) -> _Text:
    """Find the encoding, and refuse what is not text, in one pass without loading the file."""
    try:
        with path.open("rb") as file:
            head = file.read(len(codecs.BOM_UTF8))
            for mark, name in _WIDE_MARKS.items():
                if head.startswith(mark):
                    return _widened(path.read_bytes()[len(mark) :], name)
            start = len(codecs.BOM_UTF8) if head == codecs.BOM_UTF8 else 0
            file.seek(start)
            encoding, quotes = _scan_bytes(iter(lambda: file.read(_SCAN_BYTES), b""), start > 0)
    except OSError as error:
        raise Check.FILE_UNREADABLE.error() from error
    return _checked_quotes(_Text(path, encoding, start, quotes > 0), quotes)


def _widened(data: bytes, name: str) -> _Text:
    """A UTF-16 file ("Unicode-tekst" in Excel) as UTF-8."""
    try:
        utf8 = data.decode(name).encode("utf-8")
    except UnicodeDecodeError:
        raise Check.FILE_ENCODING.error() from None  # the error's own text holds the bytes
    if b"\0" in utf8:
        raise Check.FILE_NUL.error()
    quotes = utf8.count(b'"')
    return _checked_quotes(_Text(utf8, "utf-8", 0, quotes > 0), quotes)


def _checked_quotes(text: _Text, quotes: int) -> _Text:
    # In a sound file quotes come in pairs. An odd one swallows rows without a trace.
    if quotes % 2:
        raise Check.FILE_QUOTES.error()
    return text


def _scan_bytes(chunks: Iterator[bytes], marked: bool) -> tuple[str, int]:
    """The encoding and the number of quotes; refuses NUL."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8 = cp1252 = True
    quotes = 0
    for chunk in chunks:
        if b"\0" in chunk:
            raise Check.FILE_NUL.error()
        quotes += chunk.count(b'"')
        if utf8 and not (chunk.isascii() and decoder.getstate()[0] == b""):
            utf8 = _decodes(decoder, chunk)
        if cp1252 and not chunk.isascii():
            cp1252 = _decodes(codecs.getincrementaldecoder("cp1252")(), chunk)  # one byte a letter
    utf8 = utf8 and _decodes(decoder, b"", final=True)
    if utf8:
        return "utf-8", quotes
    if marked or not cp1252:
        raise Check.FILE_ENCODING.error()
    return "cp1252", quotes


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _record_ends(sample: bytes) -> list[int]:
    """Offsets just after the first records; a line end between quotes ends no record."""
    ends: list[int] = []
    quoted = False
    for index, byte in enumerate(sample):
        if byte == ord('"'):
            quoted = not quoted
        elif not quoted and (
            byte == ord("\n") or (byte == ord("\r") and sample[index + 1 : index + 2] != b"\n")
        ):
            ends.append(index + 1)
            if len(ends) == SEARCHED_ROWS:
                return ends
    if len(sample) < _SAMPLE_BYTES and (not ends or ends[-1] < len(sample)):
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


def _load(text: _Text, offset: int, separator: str, header: Header, layout: Layout) -> Loaded:
    ragged: list[int] = []

    def collect(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row.number or 0)
        return "skip"

    def parse(*, threads: bool) -> pa.Table:
        return _parse(text, offset, separator, header, layout, threads, collect)

    try:
        table = parse(threads=True)
        if ragged:
            # Only the single-threaded reader can say which rows it skipped.
            ragged.clear()
            table = parse(threads=False)
    except pa.ArrowInvalid:
        raise Check.FILE_NOT_A_TABLE.error() from None  # Arrow's own text quotes the row
    skipped = np.array(sorted(ragged), np.int64)
    numbers = np.delete(np.arange(table.num_rows + len(skipped), dtype=np.int32), skipped - 1)
    above = header.index + 2  # Excel counts from 1, and the header row is one
    return Loaded(table, numbers + np.int32(above), (skipped - 1 + above).astype(np.int32))


def _parse(
    text: _Text,
    offset: int,
    separator: str,
    header: Header,
    layout: Layout,
    threads: bool,
    handler: arrow_csv.InvalidRowHandler,
) -> pa.Table:
    names = [f"column{position}" for position in range(header.width)]
    wanted = [names[position] for position in header.positions.values()]
    types = {
        names[position]: pa.string()
        if field == layout.key
        else pa.dictionary(pa.int32(), pa.string())
        for field, position in header.positions.items()
    }
    with text.open_at(offset) as file:
        table = arrow_csv.read_csv(
            file,
            read_options=arrow_csv.ReadOptions(
                column_names=names, use_threads=threads, encoding=text.encoding
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator,
                newlines_in_values=text.quoted,
                ignore_empty_lines=False,
                invalid_row_handler=handler,
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(dict.fromkeys(wanted)),
                column_types=types,
                strings_can_be_null=False,
            ),
        )
    columns = {field: table.column(names[p]) for field, p in header.positions.items()}
    return pa.table(columns).unify_dictionaries()
