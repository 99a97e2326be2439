"""Read a workbook (XLSX, XLS, XLSB, ODS) as the text that Excel shows.

A number loses its ``.0`` and gets a decimal comma; a date becomes ``2024-12-31``. Hidden sheets
are not read.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from shared.hashing.checks import Check
from shared.hashing.csv_file import Loaded
from shared.hashing.headers import SEARCHED_ROWS, Header, Layout, check_header, find_header

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_UNPACKED_BYTES = 2 << 30
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

Cell = int | float | str | bool | date | datetime | time | timedelta


def is_workbook(head: bytes) -> bool:
    """Whether a file that starts with ``head`` is a workbook, whatever its name says."""
    return head.startswith((ZIP_MAGIC, OLE_MAGIC))


def read_workbook(path: Path, layout: Layout) -> Loaded:
    """Load the wanted columns of the one visible sheet that has them.

    Raises:
        FileError: protected, broken, too large, empty, or without the wanted columns.
    """
    data = path.read_bytes()
    _check_container(data)
    try:
        with CalamineWorkbook.from_object(io.BytesIO(data)) as workbook:
            found = [
                (rows, find_header([_texts(row) for row in rows[:SEARCHED_ROWS]], layout))
                for rows in (list(sheet.iter_rows()) for sheet in _visible(workbook))
                if rows
            ]
    except PasswordError:
        raise Check.WORKBOOK_PASSWORD.error() from None
    except (CalamineError, OSError, ValueError):
        raise Check.WORKBOOK_BROKEN.error() from None  # its own text may hold what a cell says
    rows, header = _one_sheet(found, layout)
    body = rows[header.index + 1 :]
    if not body:
        raise Check.FILE_HEADER_ONLY.error()
    return _loaded(body, header, layout)


def _check_container(data: bytes) -> None:
    if data.startswith(OLE_MAGIC):
        if _ENCRYPTED in data:
            raise Check.WORKBOOK_PASSWORD.error()
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            unpacked = sum(item.file_size for item in container.infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Check.WORKBOOK_BROKEN.error() from None
    if unpacked > MAX_UNPACKED_BYTES:
        raise Check.WORKBOOK_TOO_LARGE.error()


def _visible(workbook: CalamineWorkbook) -> list[CalamineSheet]:
    return [
        workbook.get_sheet_by_name(sheet.name)
        for sheet in workbook.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _one_sheet(
    found: Sequence[tuple[list[list[Cell]], Header]], layout: Layout
) -> tuple[list[list[Cell]], Header]:
    if not found:
        raise Check.FILE_EMPTY.error()
    complete = [item for item in found if layout.required <= item[1].positions.keys()]
    if len(complete) > 1:
        raise Check.WORKBOOK_SHEETS.error()
    rows, header = complete[0] if complete else max(found, key=lambda f: len(f[1].positions))
    check_header(header, layout)
    return rows, header


def _loaded(body: list[list[Cell]], header: Header, layout: Layout) -> Loaded:
    columns = {}
    for field, position in header.positions.items():
        texts = pa.array(
            (as_text(row[position]) if position < len(row) else "" for row in body), pa.string()
        )
        columns[field] = texts if field == layout.key else texts.dictionary_encode()
    first = header.index + 2
    rows = np.arange(first, first + len(body), dtype=np.int32)
    return Loaded(pa.table(columns), rows, np.empty(0, np.int32))


def _texts(row: Sequence[Cell]) -> list[str]:
    return [as_text(cell) for cell in row]


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
    return str(cell)
