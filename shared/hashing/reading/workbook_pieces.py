"""Hand a workbook to calamine piece by piece.

calamine reads a sheet as a whole and needs about 66 bytes a cell: 300 MB for 200,000 rows of 22
columns. So the sheet is cut into pieces of some thousands of rows, and calamine reads each piece
as a workbook of its own that holds nothing else: no links, no macros, no other sheets.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from shared.hashing.checks import Check

PIECE_BYTES = 4 << 20
"""Of XML or of records, before calamine reads them."""
PIECE_CELLS = 1_000_000
"""Cells in the rectangle around what is filled: calamine also keeps the empty ones."""
MAX_ROW = 1_048_576
"""The last row that Excel has."""
CELL_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?",
    0x24: "#NUM!", 0x2A: "#N/A", 0x2B: "#GETTING_DATA",
}  # fmt: skip
"""What an error code in a binary workbook is called."""
UNCALCULATED = "#FORMULA!"
"""Stands in a cell whose formula was never calculated; Excel itself would calculate it."""
_PANIC_MODULE = "pyo3_runtime"

Cell = int | float | str | bool | date | datetime | time | timedelta


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows that stand under each other.

    Attributes:
        first_row: row number of the first one, as Excel shows it.
        first_column: columns to the left that are not in ``rows``.
    """

    first_row: int
    first_column: int
    rows: list[list[Cell]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Book:
    """The visible sheets of a workbook; each gives its pieces from the first row on.

    Attributes:
        first_day_1904: numbers that are dates count from 1904.
    """

    sheets: tuple[Callable[[], Iterator[Piece]], ...]
    first_day_1904: bool


def parse(workbook: bytes) -> Piece | None:
    """What is filled in the only sheet of a small workbook; None where nothing is.

    Raises:
        FileError: ``workbook-broken`` or ``workbook-password``.
    """
    with _quiet():
        try:
            with CalamineWorkbook.from_object(io.BytesIO(workbook)) as opened:
                sheet = opened.get_sheet_by_index(0)
                rows = sheet.to_python()
                start = sheet.start
        except PasswordError:
            raise Check.WORKBOOK_PASSWORD.error() from None
        except (CalamineError, OSError, ValueError, OverflowError):
            raise Check.WORKBOOK_BROKEN.error() from None  # its own text may hold a cell's
        except BaseException as error:
            if type(error).__module__ != _PANIC_MODULE:
                raise
            raise Check.WORKBOOK_BROKEN.error() from None  # calamine's own mistake
    if start is None or not rows:
        return None
    return Piece(start[0] + 1, start[1], rows)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a native library prints when it panics off the screen: it can quote a cell."""
    try:
        kept = os.dup(2)
    except OSError:  # started without stderr: nothing can be printed
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 a descriptor, not a path
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
