"""CSV in two spellings: for a Dutch Excel, and by RFC 4180 for programs.

Both have a header line, no comment lines, and an empty value wherever none was released.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from publisher.downloads.extract import Extract
from publisher.downloads.words import LEVEL_WORDS, STATUS_WORDS, decimal_text
from publisher.released import Cell, cells_of

_FORMULA_STARTERS = frozenset("=+-@\t\r\n＝＋－＠")
_BOM = b"\xef\xbb\xbf"

_DUTCH_HEADER = (
    "kenmerk",
    "uitgave",
    "niveau",
    "eenheid",
    "naam",
    "periode",
    "categorie",
    "naam_categorie",
    "maat",
    "naam_maat",
    "waarde",
    "status",
    "uitleg_status",
)
_ENGLISH_HEADER = (
    "mark",
    "release",
    "level",
    "unit",
    "unit_label",
    "period",
    "period_label",
    "category",
    "category_label",
    "measure",
    "measure_label",
    "value",
    "status",
)


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a starter gets an apostrophe before it.

    Source: OWASP, CSV Injection.
    """
    return f"'{text}" if text[:1] in _FORMULA_STARTERS else text


def nl_csv(extract: Extract) -> bytes:
    """CSV that a Dutch Excel opens with a double click: ``;``, decimal comma, BOM, CRLF."""

    def row(cell: Cell) -> tuple[str, ...]:
        return (
            extract.mark,
            extract.manifest.release_id,
            LEVEL_WORDS[cell.level],
            neutral(cell.unit),
            neutral(cell.unit_label),
            cell.period_label,
            neutral(cell.category),
            neutral(cell.category_label),
            cell.measure,
            neutral(cell.measure_label),
            _number(cell, comma=","),
            cell.status.value,
            STATUS_WORDS[cell.status],
        )

    return _BOM + _written(extract, _DUTCH_HEADER, row, delimiter=";")


def rfc4180_csv(extract: Extract) -> bytes:
    """CSV for programs: comma, decimal point, UTF-8 without BOM, CRLF.

    Source: RFC 4180.
    """

    def row(cell: Cell) -> tuple[str, ...]:
        return (
            extract.mark,
            extract.manifest.release_id,
            cell.level.value,
            neutral(cell.unit),
            neutral(cell.unit_label),
            str(cell.period),
            cell.period_label,
            neutral(cell.category),
            neutral(cell.category_label),
            cell.measure,
            neutral(cell.measure_label),
            _number(cell, comma="."),
            cell.status.value,
        )

    return _written(extract, _ENGLISH_HEADER, row, delimiter=",")


def _number(cell: Cell, *, comma: str) -> str:
    return "" if cell.value is None else decimal_text(cell.value, cell.decimals, comma=comma)


def _written(
    extract: Extract,
    header: tuple[str, ...],
    row: Callable[[Cell], tuple[str, ...]],
    *,
    delimiter: str,
) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(row(cell) for cell in cells_of(extract.rows))
    return text.getvalue().encode()
