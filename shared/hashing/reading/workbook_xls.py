"""The sheets of an XLS workbook: BIFF5 or BIFF8 records, cut where a row begins.

Of the workbook only formats and shared texts reach calamine, and of a sheet only cells.

Source: MS-XLS 2.3.2 (record numbers), 2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from shared.hashing.checks import Check, FileError
from shared.hashing.reading.workbook_ole import CompoundFile, make_compound_file
from shared.hashing.reading.workbook_pieces import (
    CELL_ERRORS,
    PIECE_BYTES,
    PIECE_CELLS,
    Book,
    Piece,
    parse,
)

STREAMS = ("Workbook", "Book")
MAX_SHARED_BYTES = 64 << 20
_BOF, _EOF, _CONTINUE, _FILE_PASSWORD = 0x809, 0x0A, 0x3C, 0x2F
_CODE_PAGE, _DATE_MODE, _FORMAT, _XF, _BOUND_SHEET, _TEXTS = 0x42, 0x22, 0x41E, 0xE0, 0x85, 0xFC
_NUMBER, _LABEL, _BOOL_OR_ERROR, _STRING, _RK = 0x203, 0x204, 0x205, 0x207, 0x27E
_SHARED_LABEL, _SEVERAL_RK, _FORMULA, _RICH_LABEL = 0xFD, 0xBD, 0x06, 0xD6
_LEAST = {
    _NUMBER: 14, _LABEL: 10, _BOOL_OR_ERROR: 8, _RK: 10, _SHARED_LABEL: 10, _SEVERAL_RK: 12,
    _FORMULA: 20, _RICH_LABEL: 10,
}  # fmt: skip
"""The cells, and bytes that each has at least."""
_ENCRYPTED = "EncryptedPackage"
_BEGINNING = 1 << 20
_BIFF8 = 0x600
_WORKSHEET = 0x10
_MAX_COLUMN = 255

Record = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class _Globals:
    """What all sheets share, as records."""

    start: bytes
    formats: bytes
    texts: bytes
    positions: tuple[int, ...] = field(default=())
    first_day_1904: bool = False

    @property
    def is_biff8(self) -> bool:
        return int.from_bytes(self.start[:2], "little") == _BIFF8


def open_xls(path: Path) -> Book:
    """The visible sheets.

    Raises:
        FileError: ``file-not-a-table``, ``workbook-broken`` or ``workbook-password``.
    """
    try:
        file = CompoundFile(path)
    except FileError:
        # What is damaged can still show that it has a password; then that comes first.
        with path.open("rb") as whole:
            beginning = whole.read(_BEGINNING)
        if _ENCRYPTED.encode("utf-16-le") in beginning:
            raise Check.WORKBOOK_PASSWORD.error() from None
        raise
    if file.has(_ENCRYPTED):
        raise Check.WORKBOOK_PASSWORD.error()
    name = next((name for name in STREAMS if file.has(name)), "")
    if not name:
        raise Check.FILE_NOT_A_TABLE.error()
    shared = _read_globals(_records(file.stream(name)))
    sheets = tuple(partial(_pieces, file, name, shared, at) for at in shared.positions)
    return Book(sheets, shared.first_day_1904)


def _records(chunks: Iterator[bytes]) -> Iterator[Record]:
    held, at = b"", 0
    for chunk in chunks:
        held, at = held[at:] + chunk, 0
        while at + 4 <= len(held):
            kind, size = struct.unpack_from("<2H", held, at)
            if at + 4 + size > len(held):
                break
            yield kind, held[at + 4 : at + 4 + size]
            at += 4 + size


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<2H", kind, len(data)) + data


def _read_globals(records: Iterator[Record]) -> _Globals:
    kind, start = next(records, (0, b""))
    if kind != _BOF or len(start) < 4:
        raise Check.WORKBOOK_BROKEN.error()
    formats, texts = bytearray(), bytearray()
    positions: list[int] = []
    first_day_1904, before = False, kind
    for kind, data in records:
        if kind == _EOF:
            break
        if kind == _FILE_PASSWORD:
            raise Check.WORKBOOK_PASSWORD.error()
        if kind == _DATE_MODE:
            first_day_1904 = data[:1] == b"\1"
        if kind in (_CODE_PAGE, _DATE_MODE, _FORMAT, _XF) and len(data) >= 2:
            formats += _record(kind, data)
        elif kind == _BOUND_SHEET and len(data) >= 6 and data[4] & 0x3F == 0 and data[5] == 0:
            positions.append(int.from_bytes(data[:4], "little"))
        elif kind == _TEXTS or (kind == _CONTINUE and before == _TEXTS):
            texts += _record(kind, data)
            kind = _TEXTS
            if len(texts) > MAX_SHARED_BYTES:
                raise Check.WORKBOOK_TOO_LARGE.error()
        before = kind
    else:
        raise Check.WORKBOOK_BROKEN.error()
    if len(texts) >= 12:
        # Room is made for as many texts as the record says; a text has three bytes at least.
        (count,) = struct.unpack_from("<I", texts, 8)
        struct.pack_into("<I", texts, 8, min(count, len(texts) // 3))
    shared = _Globals(start, bytes(formats), bytes(texts))
    return replace(shared, positions=tuple(positions), first_day_1904=first_day_1904)


def _pieces(file: CompoundFile, name: str, shared: _Globals, at: int) -> Iterator[Piece]:
    for cells in _cut(_cells(_records(file.stream(name, at)), shared)):
        piece = parse(make_compound_file(STREAMS[not shared.is_biff8], _one_sheet(shared, cells)))
        if piece is not None:
            yield piece


def _one_sheet(shared: _Globals, cells: bytes) -> bytes:
    """The stream of a workbook with one sheet."""
    name = b"\1\0A" if shared.is_biff8 else b"\1A"
    size = len(_record(_BOUND_SHEET, bytes(6) + name))
    before = _record(_BOF, shared.start) + shared.formats
    after = shared.texts + _record(_EOF)
    position = len(before) + size + len(after)
    bound = _record(_BOUND_SHEET, struct.pack("<I2x", position) + name)
    sheet = shared.start[:2] + struct.pack("<H", _WORKSHEET) + shared.start[4:]
    return b"".join((before, bound, after, _record(_BOF, sheet), cells, _record(_EOF)))


def _cells(records: Iterator[Record], shared: _Globals) -> Iterator[Record]:
    """The cells of one sheet; what is drawn in it is left out."""
    if next(records, (0, b""))[0] != _BOF:
        raise Check.WORKBOOK_BROKEN.error()
    depth = 1
    for kind, data in records:
        depth += (kind == _BOF) - (kind == _EOF)
        if not depth:
            return
        if depth == 1 and (kind in _LEAST or kind == _STRING):
            yield _sound(kind, data, is_biff8=shared.is_biff8)
    raise Check.WORKBOOK_BROKEN.error()


def _sound(kind: int, data: bytes, *, is_biff8: bool) -> Record:
    """A cell that calamine can read; an error becomes a text, for which it would give nothing."""
    if len(data) < _LEAST.get(kind, 4):
        raise Check.WORKBOOK_BROKEN.error()
    if kind == _RICH_LABEL:
        return _LABEL, data
    if kind == _BOOL_OR_ERROR and data[7]:
        return _LABEL, data[:6] + _text(data[6], is_biff8)
    if kind == _FORMULA:
        if data[12:14] == b"\xff\xff" and data[6] == 2:
            return _LABEL, data[:6] + _text(data[8], is_biff8)
        return _FORMULA, data[:20] + bytes(2)  # its result, without the formula
    if kind == _SEVERAL_RK:
        first, last = int.from_bytes(data[2:4], "little"), int.from_bytes(data[-2:], "little")
        if not first <= last <= _MAX_COLUMN or len(data) != 6 + 6 * (last - first + 1):
            raise Check.WORKBOOK_BROKEN.error()
    return kind, data


def _text(error: int, is_biff8: bool) -> bytes:
    name = CELL_ERRORS.get(error, CELL_ERRORS[0x0F]).encode("ascii")
    return struct.pack("<H", len(name)) + b"\0" * is_biff8 + name


def _cut(cells: Iterator[Record]) -> Iterator[bytes]:
    """Records of cells, for some rows at a time."""
    held = bytearray()
    first = last = -1
    width = 1
    for kind, data in cells:
        if kind != _STRING:  # the text of the formula before it
            row, column = struct.unpack_from("<2H", data)
            if column > _MAX_COLUMN or row < first:
                raise Check.WORKBOOK_BROKEN.error()
            end = int.from_bytes(data[-2:], "little") if kind == _SEVERAL_RK else column
            wider = max(width, end + 1)
            area = (max(row, last) - first + 1) * wider
            if held and row > last and (len(held) > PIECE_BYTES or area > PIECE_CELLS):
                yield bytes(held)
                held, first, last, wider = bytearray(), -1, -1, end + 1
            first = row if first < 0 else first
            last, width = max(row, last), wider
        held += _record(kind, data)
    if held:
        yield bytes(held)
