"""The first rows of a file, whatever it was saved as, to see what its columns are.

What stands in them is looked at and forgotten: no value is shown, logged or kept.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.codes import PROVIDER_TYPES
from shared.hashing.checks import Check
from shared.hashing.normalise import Reason, normalise_column
from shared.hashing.reading.amounts import AmountState, parse_hundredths
from shared.hashing.reading.csv_file import SEPARATORS
from shared.hashing.reading.csv_text import open_text
from shared.hashing.reading.dates import DateState, parse_dates
from shared.hashing.reading.workbook import _opened as opened_book
from shared.hashing.reading.workbook import as_text, is_workbook

ROWS = 200
_ENOUGH = 0.8
_HEAD_BYTES = 8
_WRITTEN_DATE = r"^(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|(19|20)\d{6})$"
_SERIAL = r"^\d{5}([.,]0+)?$"
_AGB = rf"^(?:{'|'.join(sorted(PROVIDER_TYPES))})\d{{6}}$"
_SCHOOL = r"^\d{2}[A-Za-z]{2}(\d{2})?$"
_CODE = r"^[0-9A-Za-z-]{1,8}$"

Rows = list[list[str]]


class Shape(StrEnum):
    """What the cells of a column look like."""

    EMPTY = "empty"
    NUMBER = "number"  # most pass the elfproef
    DATE = "date"
    SERIAL = "serial"  # five digits: a date as Excel counts, or a code
    PROVIDER = "provider"  # AGB code
    SCHOOL = "school"  # BRIN
    AMOUNT = "amount"  # with decimals
    INTEGER = "integer"
    CODE = "code"  # a few letters and digits
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the header row, and the shape of its first cells."""

    header: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first rows of a CSV file or of one visible sheet of a workbook."""

    rows: Rows = field(repr=False)

    def columns(self, header: int) -> tuple[Column, ...]:
        """The columns, when row ``header`` is the header row."""
        below = self.rows[header + 1 :]
        return tuple(
            Column(name.strip(), shape_of([row[at].strip() for row in below if at < len(row)]))
            for at, name in enumerate(self.rows[header])
        )


def first_rows(path: Path) -> list[Sheet]:
    """The first rows of a CSV file, or of every visible sheet of a workbook.

    Raises:
        FileError: the file cannot be used; the hint says why, in the words of Excel.
    """
    try:
        if not path.is_file():
            raise Check.FILE_UNREADABLE.error()
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise Check.FILE_UNREADABLE.error() from error
    if not head:
        raise Check.FILE_EMPTY.error()
    if not is_workbook(head):
        _, sample = open_text(path)
        return [Sheet(_split(sample.decode("utf-8", errors="replace")))]
    sheets = []
    with opened_book(path) as book:
        for sheet in book.sheets:
            rows: Rows = []
            for piece in islice(sheet(), 2):
                rows += [[]] * max(0, piece.first_row - 1 - len(rows))
                rows += [
                    [""] * piece.first_column + [as_text(cell) for cell in row]
                    for row in piece.rows[:ROWS]
                ]
            if rows:
                sheets.append(Sheet(rows[:ROWS]))
    if not sheets:
        raise Check.FILE_EMPTY.error()
    return sheets


def _split(text: str) -> Rows:
    """The rows with the separator that gives most rows the same number of cells, above one."""
    found: list[tuple[int, Rows]] = []
    for separator in SEPARATORS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            rows = list(islice(reader, ROWS))
        except csv.Error:  # a cell beyond the limit of the csv module
            continue
        width, count = Counter(len(row) for row in rows).most_common(1)[0]
        found.append((count * (width - 1), rows))
    if not found:
        raise Check.FILE_NOT_A_TABLE.error()
    return max(found, key=lambda item: item[0])[1]


def shape_of(cells: list[str]) -> Shape:
    """What most of the cells look like; only their shape is told."""
    texts = pa.array([cell for cell in cells if cell], pa.string())
    if not len(texts):
        return Shape.EMPTY

    def most(pattern: str) -> bool:
        return bool(np.mean(pc.match_substring_regex(texts, pattern).to_numpy(False)) >= _ENOUGH)

    dates = np.isin(parse_dates(texts).states, (DateState.OK, DateState.PARTIAL, DateState.EMPTY))
    if most(_WRITTEN_DATE) and np.mean(dates) >= _ENOUGH:
        return Shape.DATE  # first: without its hyphens a date can pass the elfproef
    if np.mean(normalise_column(texts).reasons == Reason.OK) >= _ENOUGH:
        return Shape.NUMBER
    for shape, pattern in (
        (Shape.PROVIDER, _AGB),
        (Shape.SERIAL, _SERIAL),
        (Shape.SCHOOL, _SCHOOL),
        (Shape.INTEGER, r"^-?\d+$"),
    ):
        if most(pattern):
            return shape
    amounts = parse_hundredths(texts).is_state(AmountState.OK)
    if np.mean(amounts) >= _ENOUGH:
        return Shape.AMOUNT
    return Shape.CODE if most(_CODE) else Shape.TEXT
