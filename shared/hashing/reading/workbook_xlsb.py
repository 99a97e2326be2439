"""The sheets of an XLSB workbook: BIFF12 records, cut at the start of rows.

A record is its type and its length, seven bits a byte, and its bytes.

Source: MS-XLSB 2.1.4 (records), 2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial

from shared.hashing.checks import Check
from shared.hashing.reading.headers import MAX_COLUMNS
from shared.hashing.reading.workbook_pieces import (
    CELL_ERRORS,
    MAX_ROW,
    PIECE_BYTES,
    PIECE_CELLS,
    Book,
    Piece,
    parse,
)
from shared.hashing.reading.workbook_zip import Package, Packed, make_zip, relations_of, targets

MAX_STRING_BYTES = 32 << 20
MAX_RECORD_BYTES = 1 << 20
_ROW, _RK, _ERROR, _FORMULA_ERROR, _TEXT, _RICH_TEXT = 0, 2, 3, 11, 6, 62
_CELLS = frozenset({_RK, _ERROR, 4, 5, _TEXT, 7, 8, 9, 10, _FORMULA_ERROR, _RICH_TEXT})
_LEAST = {_RK: 12, 4: 9, 5: 16, 7: 12, 8: 12, 9: 16, 10: 9}
"""Bytes that calamine reads of a cell without looking whether they are there."""
_SHEET, _DIMENSION, _DATA, _END_DATA = 129, 148, 145, 146
_PROPERTIES, _BUNDLE, _END_BUNDLES, _AFTER_NAMES = 153, 156, 144, 157
_NO_RELATION = 0xFFFFFFFF
_FORMATS = "http://schemas.openxmlformats.org/package/2006/relationships"
_RELATIONS = (
    f'<Relationships xmlns="{_FORMATS}"><Relationship Id="rId1" Type="worksheet" '
    'Target="worksheets/sheet1.bin"/></Relationships>'
)


def open_xlsb(package: Package, workbook: str) -> Book:
    """The visible sheets of the workbook whose main part is ``workbook``."""
    relations = package.elements(relations_of(workbook))
    paths = targets(workbook, relations, "worksheet")
    first_day_1904, visible = _described(package, workbook)
    common = [
        ("[Content_Types].xml", Packed.of([b"<Types/>"])),
        ("xl/workbook.bin", Packed.of([_workbook(first_day_1904)])),
        ("xl/_rels/workbook.bin.rels", Packed.of([_RELATIONS.encode()])),
    ]
    for kind in ("styles", "sharedStrings"):
        name = next(iter(targets(workbook, relations, kind).values()), "")
        if package.has(name):
            chunks = package.stream(name, MAX_STRING_BYTES)
            common.append((f"xl/{kind}.bin", Packed.of(chunks)))
    sheets = tuple(
        partial(_pieces, package, paths[relation], common)
        for relation in visible
        if relation in paths
    )
    return Book(sheets, first_day_1904)


def _described(package: Package, workbook: str) -> tuple[bool, list[str]]:
    """Whether dates count from 1904, and the relations of the visible sheets."""
    first_day_1904, visible = False, []
    for kind, data in _records(package.stream(workbook)):
        if kind == _PROPERTIES and data:
            first_day_1904 = bool(data[0] & 1)
        elif kind == _BUNDLE and len(data) >= 12:
            state, _, length = struct.unpack_from("<3I", data)
            if state == 0 and length != _NO_RELATION:
                visible.append(data[12 : 12 + 2 * length].decode("utf-16-le", errors="replace"))
        elif kind == _END_BUNDLES:
            break
    return first_day_1904, visible


def _records(chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Type and bytes of every record."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        at = 0
        while found := _next(held, at):
            kind, start, end = found
            yield kind, bytes(held[start:end])
            at = end
        del held[:at]
    if held:
        raise Check.WORKBOOK_BROKEN.error()


def _next(held: bytearray, at: int) -> tuple[int, int, int] | None:
    """Type, start and end of the record at ``at``; None where it is not whole yet."""
    try:
        kind = held[at]
        at += 1
        if kind & 0x80:
            kind = kind & 0x7F | (held[at] & 0x7F) << 7
            at += 1
        size = 0
        for shift in (0, 7, 14, 21):
            byte = held[at]
            at += 1
            size |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
    except IndexError:
        return None
    if size > MAX_RECORD_BYTES:
        raise Check.WORKBOOK_BROKEN.error()
    return (kind, at, at + size) if at + size <= len(held) else None


def record(kind: int, data: bytes = b"") -> bytes:
    """A record as bytes."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(data)
    while True:
        more = size > 0x7F
        head += bytes([size & 0x7F | 0x80 * more])
        size >>= 7
        if not more:
            return head + data


def wide(text: str) -> bytes:
    """A text with its length."""
    encoded = text.encode("utf-16-le")
    return struct.pack("<I", len(encoded) // 2) + encoded


def _workbook(first_day_1904: bool) -> bytes:
    bundle = struct.pack("<2I", 0, 1) + wide("rId1") + wide("1")
    return b"".join(
        (
            record(_PROPERTIES, struct.pack("<2I", int(first_day_1904), 0) + wide("")),
            record(_BUNDLE, bundle),
            record(_END_BUNDLES),
            record(_AFTER_NAMES, bytes(26)),
        )
    )


def _pieces(package: Package, path: str, common: list[tuple[str, Packed]]) -> Iterator[Piece]:
    for first, last, rows in _cut(_records(package.stream(path))):
        sheet = [record(_SHEET), record(_DIMENSION, struct.pack("<4I", first, last, 0, 0)),
                 record(_DATA), rows, record(_END_DATA)]  # fmt: skip
        piece = parse(make_zip([*common, ("xl/worksheets/sheet1.bin", Packed.of(sheet))]))
        if piece is not None:
            yield piece


def _cut(records: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, int, bytes]]:
    """First row, last row and the records of both and what is between, for some rows at a time."""
    held = bytearray()
    first = row = -1
    width = 1
    for kind, data in records:
        if kind == _END_DATA:
            break
        if kind == _ROW and len(data) >= 4:
            (next_row,) = struct.unpack_from("<I", data)
            if not row < next_row < MAX_ROW:
                raise Check.WORKBOOK_BROKEN.error()
            if held and (len(held) > PIECE_BYTES or (next_row - first + 1) * width > PIECE_CELLS):
                yield first, row, bytes(held)
                held, first, width = bytearray(), -1, 1
            row = next_row
            first = row if first < 0 else first
            held += record(_ROW, struct.pack("<I", row))
        elif kind in _CELLS and row >= 0:
            kind, data = _sound(kind, data)
            width = max(width, int.from_bytes(data[:4], "little") + 1)
            if width > MAX_COLUMNS:
                raise Check.COLUMNS_TOO_MANY.error()
            held += record(kind, data)
    else:
        raise Check.WORKBOOK_BROKEN.error()
    if held:
        yield first, row, bytes(held)


def _sound(kind: int, data: bytes) -> tuple[int, bytes]:
    """A cell that calamine can read; an error becomes a text, for which it would give nothing."""
    if len(data) < _LEAST.get(kind, 9):
        raise Check.WORKBOOK_BROKEN.error()
    if kind in (_ERROR, _FORMULA_ERROR):
        return _TEXT, data[:8] + wide(CELL_ERRORS.get(data[8], CELL_ERRORS[0x0F]))
    if kind == _RICH_TEXT:
        return _TEXT, data[:8] + data[9:]
    return kind, data
