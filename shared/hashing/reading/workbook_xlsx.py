"""The sheets of an XLSX workbook, cut at the ends of rows.

Only four things of the file reach calamine: rows, shared texts, styles, and from which day dates
count. A cell with an error, or with a formula that was never calculated, becomes a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
from shared.hashing.reading.workbook_zip import (
    Element,
    Package,
    Packed,
    make_zip,
    relations_of,
    targets,
)

MAX_STRINGS = 2_000_000
MAX_STRING_BYTES = 96 << 20
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_START = re.compile(rb"<(\w+:)?sheetData(?:\s[^>]*)?(/?)>")
_STRING = re.compile(rb"<(?:\w+:)?si[\s/>]")
_REFERENCE = re.compile(rb'r="([A-Z]{0,3}\d{1,7})"')
_OTHER_REFERENCE = re.compile(rb'<[^<>]*\sr\s*=\s*(?!"[A-Z]{0,3}\d{1,7}")')
_SPACED_REFERENCE = re.compile(rb"r\s+=")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_FORMULA = re.compile(
    rb"(<(?:\w+:)?c\b)([^<>]*)>\s*<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v\b[^<>]*>\s*</(?:\w+:)?v>)?\s*(</(?:\w+:)?c>)"
)
_TYPE = re.compile(rb'\st="[^"]*"')
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = b"0123456789"


def open_xlsx(package: Package, workbook: str) -> Book:
    """The visible sheets of the workbook whose main part is ``workbook``."""
    described = package.elements(workbook)
    relations = package.elements(relations_of(workbook))
    properties = next((e for e in described if e.name == "workbookPr"), Element("", {}))
    first_day_1904 = properties.attributes.get("date1904", "0") in {"1", "true"}
    common = [
        ("[Content_Types].xml", _packed(f'<Types xmlns="{_PACKAGE}/content-types"/>')),
        ("_rels/.rels", _packed(_relations("officeDocument"))),
        ("xl/workbook.xml", _packed(_workbook(first_day_1904))),
        ("xl/_rels/workbook.xml.rels", _packed(_relations("worksheet", "styles",
                                                           "sharedStrings"))),
    ]  # fmt: skip
    for kind in ("styles", "sharedStrings"):
        name = next(iter(targets(workbook, relations, kind).values()), "")
        if package.has(name):
            chunks = package.stream(name, MAX_STRING_BYTES)
            common.append((f"xl/{kind}.xml", Packed.of(_counted(chunks))))
    paths = targets(workbook, relations, "worksheet")
    visible = [
        paths[element.attributes.get("id", "")]
        for element in described
        if element.name == "sheet"
        and element.attributes.get("state", "visible") == "visible"
        and element.attributes.get("id", "") in paths
    ]
    sheets = tuple(partial(_pieces, package, path, common) for path in visible)
    return Book(sheets, first_day_1904)


def _packed(text: str) -> Packed:
    return Packed.of([b'<?xml version="1.0" encoding="UTF-8"?>', text.encode()])


def _workbook(first_day_1904: bool) -> str:
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}">'
        f'<workbookPr date1904="{int(first_day_1904)}"/>'
        '<sheets><sheet name="1" sheetId="1" r:id="worksheet"/></sheets></workbook>'
    )


def _relations(*kinds: str) -> str:
    places = {"officeDocument": "xl/workbook.xml", "worksheet": "worksheets/sheet1.xml"}
    inner = "".join(
        f'<Relationship Id="{kind}" Type="{_RELATION}/{kind}" '
        f'Target="{places.get(kind, f"{kind}.xml")}"/>'
        for kind in kinds
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def _counted(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The shared texts, as long as there are not too many: each costs memory, also an empty one."""
    count = 0
    for chunk in chunks:
        count += len(_STRING.findall(chunk))
        if count > MAX_STRINGS:
            raise Check.WORKBOOK_TOO_LARGE.error()
        yield chunk


def _pieces(package: Package, path: str, common: list[tuple[str, Packed]]) -> Iterator[Piece]:
    for rows in _cut(package.stream(path)):
        marked = _marked(rows)
        for some in _bounded(marked):
            sheet = Packed.of([f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode(), some,
                               b"</sheetData></worksheet>"])  # fmt: skip
            piece = parse(make_zip([*common, ("xl/worksheets/sheet1.xml", sheet)]))
            if piece is not None:
                yield piece


def _cut(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The text between ``<sheetData>`` and its end, in pieces of whole rows."""
    buffer = b""
    start = None
    for chunk in chunks:
        buffer += chunk
        start = _START.search(buffer)
        if start or len(buffer) > PIECE_BYTES:
            break
    if start is None:
        raise Check.WORKBOOK_BROKEN.error()
    if start[2]:
        return
    prefix = start[1] or b""
    row_end, end = b"</" + prefix + b"row>", b"</" + prefix + b"sheetData"
    held = [buffer[start.end() :]]
    size, searched = len(held[0]), end in held[0]
    while not searched:
        chunk = next(chunks, b"")
        if not chunk:
            raise Check.WORKBOOK_BROKEN.error()
        searched = end in held[-1][-len(end) :] + chunk
        held.append(chunk)
        size += len(chunk)
        if size >= PIECE_BYTES and not searched:
            whole, _, rest = b"".join(held).rpartition(row_end)
            if not whole:
                raise Check.WORKBOOK_BROKEN.error()  # a row without an end
            yield whole + row_end
            held, size = [rest], len(rest)
    rows = b"".join(held).partition(end)[0]
    if rows.strip():
        yield rows


def _marked(rows: bytes) -> bytes:
    """Errors, and formulas without a result, as text: calamine would give nothing for them."""
    rows = rows.replace(b' t="e"', b' t="str"')
    if b"</f>" in rows or b":f>" in rows or b"<f" in rows:
        rows = _FORMULA.sub(_result, rows)
    return rows


def _result(cell: re.Match[bytes]) -> bytes:
    opening, attributes, closing = cell.groups()
    kind = _TYPE.search(attributes)
    if kind and kind[0] == b' t="str"':
        return cell[0]  # calculated, and the result is an empty text
    prefix = opening[1:-1]
    kept = _TYPE.sub(b"", attributes)
    return b'%s%s t="str"><%sv>%s</%sv>%s' % (
        opening, kept, prefix, UNCALCULATED.encode(), prefix, closing,
    )  # fmt: skip


def _bounded(rows: bytes) -> Iterator[bytes]:
    """The rows in pieces whose rectangle is small enough.

    Raises:
        FileError: ``columns-too-many`` or ``workbook-broken``.
    """
    if _cells(rows) <= PIECE_CELLS:
        yield rows
        return
    starts = [match.start() for match in _ROW.finditer(rows)]
    if len(starts) < 2:  # one row, with cells that say that they are elsewhere
        raise Check.WORKBOOK_BROKEN.error()
    middle = starts[len(starts) // 2]
    yield from _bounded(rows[:middle])
    yield from _bounded(rows[middle:])


def _cells(rows: bytes) -> int:
    """Cells in the rectangle around everything that is filled."""
    references = _REFERENCE.findall(rows)
    # Rare: r= in a text, or a cell whose place cannot be seen beforehand.
    is_rare = len(references) != rows.count(b"r=") or _SPACED_REFERENCE.search(rows)
    if is_rare and _OTHER_REFERENCE.search(rows):
        raise Check.WORKBOOK_BROKEN.error()
    together = b" ".join(references)
    numbers = {int(row) for row in set(together.translate(None, _LETTERS).split())} or {1}
    columns = together.translate(None, _DIGITS).split()
    width = max((_column(letters) for letters in set(columns)), default=0)
    at_most = rows.count(b"<c") + rows.count(b":c")
    if at_most > len(columns) and len(_CELL.findall(rows)) > len(columns):
        # Cells without a place stand side by side.
        parts = _ROW.split(rows)
        numbers |= {max(numbers) + len(parts)}
        width += max(len(_CELL.findall(part)) for part in parts)
    if width > MAX_COLUMNS:
        raise Check.COLUMNS_TOO_MANY.error()
    if max(numbers) > MAX_ROW:
        raise Check.WORKBOOK_BROKEN.error()
    return (max(numbers) - min(numbers) + 1) * width


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
