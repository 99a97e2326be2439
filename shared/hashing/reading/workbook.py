"""Read a workbook (XLSX, XLS, XLSB, ODS) as the text that Excel shows.

A number loses its ``.0`` and gets a decimal comma; a date becomes ``2024-12-31``. Hidden sheets
are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from shared.hashing.checks import Check
from shared.hashing.reading.headers import SEARCHED_ROWS, Header, Layout, check_header, find_header
from shared.hashing.reading.loaded import Loaded
from shared.hashing.reading.workbook_ods import MIMETYPE, open_ods
from shared.hashing.reading.workbook_ole import MAGIC
from shared.hashing.reading.workbook_pieces import Book, Cell, Piece
from shared.hashing.reading.workbook_xls import open_xls
from shared.hashing.reading.workbook_xlsb import open_xlsb
from shared.hashing.reading.workbook_xlsx import open_xlsx
from shared.hashing.reading.workbook_zip import Package, targets

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = MAGIC
MAX_BLOCK_ROWS = 65_536

_Sheet = Callable[[], Iterator[Piece]]


def is_workbook(head: bytes) -> bool:
    """Whether a file that starts with ``head`` is a workbook, whatever its name says."""
    return head.startswith((ZIP_MAGIC, OLE_MAGIC))


def read_workbook(path: Path, layout: Layout) -> Iterator[Loaded]:
    """The wanted columns of the one visible sheet that has them, block by block.

    Raises:
        FileError: protected, broken, too large, empty, or without the wanted columns.
    """
    with _opened(path) as book:
        sheet, header = _one_sheet(book, layout)
        next_row = header.index + 2
        load = partial(_loaded, header, layout, book)
        for piece in sheet():
            skip = max(0, next_row - piece.first_row)
            rows, first_row = piece.rows[skip:], piece.first_row + skip
            if not rows:
                continue
            # Empty rows at the end of a piece are not in it; they are rows of the sheet.
            for start in range(next_row, first_row, MAX_BLOCK_ROWS):
                count = min(MAX_BLOCK_ROWS, first_row - start)
                yield load([[]] * count, 0, start)
            for start in range(0, len(rows), MAX_BLOCK_ROWS):
                some = rows[start : start + MAX_BLOCK_ROWS]
                yield load(some, piece.first_column, first_row + start)
            next_row = first_row + len(rows)


@contextmanager
def _opened(path: Path) -> Iterator[Book]:
    """The sheets of a workbook of any kind."""
    with path.open("rb") as file:
        head = file.read(len(OLE_MAGIC))
    if head.startswith(OLE_MAGIC):
        yield open_xls(path)
        return
    with Package(path) as package:
        if package.has("mimetype") and package.read("mimetype").strip() == MIMETYPE:
            yield open_ods(package)
            return
        documents = targets("", package.elements("_rels/.rels"), "officeDocument")
        main = next(iter(documents.values()), "xl/workbook.xml")
        kind = main.rpartition("/")[2]
        if not package.has(main) or not kind.startswith("workbook"):
            raise Check.FILE_NOT_A_TABLE.error()  # another zip, such as a Word document
        yield (open_xlsb if kind.endswith(".bin") else open_xlsx)(package, main)


def _one_sheet(book: Book, layout: Layout) -> tuple[_Sheet, Header]:
    """The sheet with the wanted columns, and where they are."""
    found = []
    for sheet in book.sheets:
        if texts := _top(sheet()):
            found.append((sheet, find_header(texts, layout)))
    if not found:
        raise Check.FILE_EMPTY.error()
    complete = [item for item in found if layout.required <= item[1].positions.keys()]
    if len(complete) > 1:
        raise Check.WORKBOOK_SHEETS.error()
    sheet, header = complete[0] if complete else max(found, key=lambda f: len(f[1].positions))
    check_header(header, layout)
    return sheet, header


def _top(pieces: Iterator[Piece]) -> list[list[str]]:
    """The texts of the first rows; nothing for an empty sheet."""
    texts: list[list[str]] = []
    for piece in pieces:
        texts += [[]] * (min(piece.first_row - 1, SEARCHED_ROWS) - len(texts))
        for row in piece.rows[: SEARCHED_ROWS - len(texts)]:
            texts.append([""] * piece.first_column + [as_text(cell) for cell in row])
        if len(texts) >= SEARCHED_ROWS:
            break
    return texts


def _loaded(
    header: Header,
    layout: Layout,
    book: Book,
    rows: Sequence[Sequence[Cell]],
    first_column: int,
    first_row: int,
) -> Loaded:
    columns = {}
    for field, position in header.positions.items():
        place = position - first_column
        texts = pa.array(
            (as_text(row[place]) if 0 <= place < len(row) else "" for row in rows), pa.string()
        )
        columns[field] = texts if field == layout.key else texts.dictionary_encode()
    numbers = np.arange(first_row, first_row + len(rows), dtype=np.int32)
    unread = header.width - len(set(header.positions.values()))
    return Loaded(pa.table(columns), numbers, np.empty(0, np.int32), unread, book.first_day_1904)


def as_text(cell: Cell) -> str:
    """The text of a cell as a Dutch Excel shows it, dates in ISO order."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "WAAR" if cell else "ONWAAR"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{cell:.15g}".replace(".", ",")
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if cell == time():
        return "0"  # a cell with a date format and no day; calamine sees midnight
    return str(cell)
