"""CSV in two spellings: for a Dutch Excel, and by RFC 4180 for programs.

Both have a header line, no comment lines, and an empty value wherever none was released.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from publisher.downloads.columns import DUTCH, ENGLISH, Column, Kind, Values, digits
from publisher.downloads.extract import Extract

_FORMULA_STARTERS = frozenset("=+-@\t\r\n＝＋－＠")
_BOM = b"\xef\xbb\xbf"


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a starter gets an apostrophe before it.

    Source: OWASP, CSV Injection.
    """
    return f"'{text}" if is_formula(text) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take ``text`` for a formula."""
    return text[:1] in _FORMULA_STARTERS and bool(text)


def nl_csv(extract: Extract) -> bytes:
    """CSV that a Dutch Excel opens with a double click: ``;``, decimal comma, BOM, CRLF."""
    return _BOM + _written(extract, DUTCH, delimiter=";", comma=",")


def rfc4180_csv(extract: Extract) -> bytes:
    """CSV for programs: comma, decimal point, UTF-8 without BOM, CRLF.

    Source: RFC 4180.
    """
    return _written(extract, ENGLISH, delimiter=",", comma=".")


def lines(header: Sequence[str], rows: Iterable[Sequence[str]], *, delimiter: str = ",") -> bytes:
    """A header and rows of text as CSV in UTF-8, with CRLF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _written(extract: Extract, columns: Sequence[Column], *, delimiter: str, comma: str) -> bytes:
    texts = (_texts(column, column.values(extract), comma) for column in columns)
    header = [column.name for column in columns]
    return lines(header, zip(*texts, strict=True), delimiter=delimiter)


def _texts(column: Column, values: Values, comma: str) -> list[str]:
    if column.kind is Kind.NUMBER:
        return digits(values, comma=comma)
    if column.kind is Kind.INTEGER:
        return [str(each) for each in values]
    return [neutral(each) for each in values]
