"""The sheets of an ODS workbook, cut at the ends of rows.

Rows that repeat are written out, and empty ones only counted. A cell with an error, or with a
formula that was never calculated, becomes a text.

Source: OpenDocument 1.3, part 3, 9.1 (tables) and 19.384 to 19.385 (values).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from shared.hashing.checks import Check
from shared.hashing.reading.headers import MAX_COLUMNS
from shared.hashing.reading.workbook_pieces import (
    MAX_ROW,
    PIECE_BYTES,
    PIECE_CELLS,
    UNCALCULATED,
    Book,
    Piece,
    parse,
)
from shared.hashing.reading.workbook_zip import Package, Packed, elements, make_zip

MIMETYPE = b"application/vnd.oasis.opendocument.spreadsheet"
MAX_PROLOGUE_BYTES = 8 << 20
"""Styles stand before the first table."""
MAX_COPIED_BYTES = 64 << 20
"""Of rows that stand once in the file and many times in the sheet."""
_URN = "urn:oasis:names:tc:opendocument:xmlns"
_BEFORE = (
    f'<office:document-content xmlns:office="{_URN}:office:1.0" xmlns:table="{_URN}:table:1.0" '
    f'xmlns:text="{_URN}:text:1.0"><office:body><office:spreadsheet><table:table table:name="1">'
).encode()
_AFTER = b"</table:table></office:spreadsheet></office:body></office:document-content>"
_TABLE = re.compile(rb"<table:table(?:\s[^<>]*)?>")
_TABLE_END = b"</table:table>"
_STYLE_OF_TABLE = re.compile(rb'\btable:style-name="([^"]*)"')
_ROW = re.compile(rb"<table:table-row\b([^<>]*?)(/?)>")
_ROW_END = b"</table:table-row>"
_ROWS_REPEATED = re.compile(rb'\btable:number-rows-repeated="(\d{1,7})"')
_COLUMNS_REPEATED = re.compile(rb'\btable:number-columns-repeated="(\d{1,7})"')
_SPACES = re.compile(rb"\btext:c\b")
_FEW_SPACES = re.compile(rb'\btext:c="\d{1,4}"')
_CELL = re.compile(rb"<table:(?:covered-)?table-cell\b")
_CELL_START = re.compile(rb"<table:table-cell\b[^<>]*>")
_PADDING = re.compile(rb"(?:<table:(?:covered-)?table-cell\b(?:(?!office:|:formula)[^<>])*/>\s*)+$")
_ANNOTATION = re.compile(rb"<office:annotation\b.*?</office:annotation>", re.DOTALL)
_VALUE = re.compile(rb'\soffice:(?:string-)?value="[^"]*"')


def open_ods(package: Package) -> Book:
    """The visible sheets of the workbook."""
    if package.has("META-INF/manifest.xml"):
        manifest = package.elements("META-INF/manifest.xml")
        if any(element.name == "encryption-data" for element in manifest):
            raise Check.WORKBOOK_PASSWORD.error()
    hidden, first_day_1904 = _described(_prologue(package.stream("content.xml")))
    visible = [
        index
        for index, style in enumerate(_styles_of_tables(package.stream("content.xml")))
        if style not in hidden
    ]
    return Book(tuple(partial(_pieces, package, index) for index in visible), first_day_1904)


def _prologue(chunks: Iterator[bytes]) -> bytes:
    """Everything before the first table."""
    held = b""
    for chunk in chunks:
        held += chunk
        if found := _TABLE.search(held):
            return held[: found.start()]
        if len(held) > MAX_PROLOGUE_BYTES:
            raise Check.WORKBOOK_BROKEN.error()
    return held


def _described(prologue: bytes) -> tuple[set[str], bool]:
    """The styles of hidden tables, and whether numbers that are dates count from 1904."""
    hidden: set[str] = set()
    style, first_day_1904 = "", False
    for element in elements(prologue, whole=False):
        if element.name == "style":
            style = element.attributes.get("name", "")
        elif element.name == "table-properties" and element.attributes.get("display") == "false":
            hidden.add(style)
        elif element.name == "null-date":
            first_day_1904 = element.attributes.get("date-value", "").startswith("1904")
    return hidden, first_day_1904


def _styles_of_tables(chunks: Iterator[bytes]) -> Iterator[str]:
    """The style name of every table, in order."""
    held = b""
    for chunk in chunks:
        held += chunk
        end = 0
        for found in _TABLE.finditer(held):
            style = _STYLE_OF_TABLE.search(found[0])
            yield style[1].decode("utf-8", errors="replace") if style else ""
            end = found.end()
        held = held[max(end, held.rfind(b"<")) :]
        if len(held) > PIECE_BYTES:
            raise Check.WORKBOOK_BROKEN.error()


def _pieces(package: Package, index: int) -> Iterator[Piece]:
    common = [
        ("mimetype", Packed.of([MIMETYPE])),
        ("META-INF/manifest.xml", Packed.of([b"<manifest/>"])),
    ]
    for first_row, rows in _cut(_rows(package.stream("content.xml"), index)):
        content = Packed.of([_BEFORE, *rows, _AFTER])
        piece = parse(make_zip([*common, ("content.xml", content)]))
        if piece is not None:
            yield replace(piece, first_row=first_row + piece.first_row - 1)


def _cut(rows: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, list[bytes]]]:
    """The number of the first row, and rows that stand under each other."""
    held: list[bytes] = []
    first, size, width = 1, 0, 1
    for repeats, cells in rows:
        if first + len(held) + repeats - 1 > MAX_ROW and _is_filled(cells):
            raise Check.WORKBOOK_BROKEN.error()
        wider = max(width, _width(cells))
        if held and (
            not _is_filled(cells)
            or size > PIECE_BYTES
            or (len(held) + repeats) * wider > PIECE_CELLS
        ):
            yield first, held
            first += len(held)
            held, size, width = [], 0, 1
        if not _is_filled(cells):
            first += repeats
            continue
        if (repeats - 1) * len(cells) > MAX_COPIED_BYTES:
            raise Check.WORKBOOK_TOO_LARGE.error()
        width = max(width, _width(cells))
        for start in range(0, repeats, max(1, PIECE_CELLS // width)):
            if start:
                yield first, held
                first += len(held)
                held, size = [], 0
            copies = min(repeats - start, max(1, PIECE_CELLS // width))
            held += [b"<table:table-row>%s%s" % (cells, _ROW_END)] * copies
            size += copies * len(cells)
    if held:
        yield first, held


def _rows(chunks: Iterator[bytes], index: int) -> Iterator[tuple[int, bytes]]:
    """How often each row of one table stands there, and its cells."""
    held = _from_table(chunks, index)
    ended = False
    while True:
        *rows, held = held.split(_ROW_END)
        for row in rows:
            inside = row.partition(_TABLE_END)
            yield from _row(inside[0], complete=not inside[1])
            if inside[1]:
                return
        if _TABLE_END in held or ended:
            yield from _row(held.partition(_TABLE_END)[0], complete=False)
            return
        if len(held) > PIECE_BYTES:
            raise Check.WORKBOOK_BROKEN.error()
        chunk = next(chunks, b"")
        ended = not chunk
        held += chunk


def _from_table(chunks: Iterator[bytes], index: int) -> bytes:
    """What is read of a table when its start has been found."""
    held = b""
    for chunk in chunks:
        held += chunk
        end = 0
        for found in _TABLE.finditer(held):
            end = found.end()
            if index == 0:
                return held[end:]
            index -= 1
        held = held[max(end, held.rfind(b"<")) :]
    raise Check.WORKBOOK_BROKEN.error()


def _row(text: bytes, *, complete: bool) -> Iterator[tuple[int, bytes]]:
    """The rows without cells in ``text``, and then, where it is complete, the one at its end."""
    found = list(_ROW.finditer(text))
    full = [match for match in found if not match[2]]
    if len(full) != complete:
        raise Check.WORKBOOK_BROKEN.error()
    for match in found:
        (repeats,) = _numbers(match[1], b"number-rows-repeated", _ROWS_REPEATED) or [1]
        yield repeats, b"" if match[2] else _cleaned(text[match.end() :])


def _numbers(text: bytes, name: bytes, pattern: re.Pattern[bytes]) -> list[int]:
    """The numbers of an attribute, which must be written in the usual way: they cost memory."""
    found = [int(number) for number in pattern.findall(text)]
    if len(found) != text.count(name):
        raise Check.WORKBOOK_BROKEN.error()
    return found


def _cleaned(cells: bytes) -> bytes:
    """The cells without padding and notes, and with a text for errors."""
    cells = _PADDING.sub(b"", cells)
    if b"<office:annotation" in cells:
        cells = _ANNOTATION.sub(b"", cells)
    if b'"error"' in cells or b"table:formula" in cells:
        cells = _CELL_START.sub(_marked, cells)
    if len(_SPACES.findall(cells)) != len(_FEW_SPACES.findall(cells)):
        raise Check.WORKBOOK_BROKEN.error()
    return cells


def _marked(start: re.Match[bytes]) -> bytes:
    tag = start[0]
    if b'calcext:value-type="error"' in tag:
        return _VALUE.sub(b"", tag)  # so that the text in the cell counts: #N/A
    if b"table:formula" in tag and b"office:value-type" not in tag:
        value = f' office:value-type="string" office:string-value="{UNCALCULATED}"'
        return tag.replace(b"<table:table-cell", b"<table:table-cell" + value.encode(), 1)
    return tag


def _is_filled(cells: bytes) -> bool:
    return b"office:" in cells


def _width(cells: bytes) -> int:
    """Cells of a row.

    Raises:
        FileError: ``columns-too-many``.
    """
    repeated = _numbers(cells, b"number-columns-repeated", _COLUMNS_REPEATED)
    width = len(_CELL.findall(cells)) + sum(repeated)
    if width > MAX_COLUMNS:
        raise Check.COLUMNS_TOO_MANY.error()
    return width
