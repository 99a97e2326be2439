"""CSV in two spellings: for a Dutch Excel, and by RFC 4180 for programs.

Both have a header line, no comment lines, and an empty value wherever none was released. Each
can be written piece by piece, so that a long table needs no more memory than a short one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from publisher.downloads.columns import DUTCH, ENGLISH, Column, Kind, Values, digits
from publisher.downloads.extract import Extract

_FORMULA_STARTERS = frozenset("=+-@\t\r\n＝＋－＠")
ROWS_AT_ONCE = 5_000
"""Rows of a piece of a file: so few that the first is there at once."""
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
    return b"".join(nl_csv_parts(extract))


def nl_csv_parts(extract: Extract) -> Iterator[bytes]:
    """The same file in pieces."""
    yield _BOM
    yield from _written(extract, DUTCH, delimiter=";", comma=",")


def rfc4180_csv(extract: Extract) -> bytes:
    """CSV for programs: comma, decimal point, UTF-8 without BOM, CRLF.

    Source: RFC 4180.
    """
    return b"".join(rfc4180_csv_parts(extract))


def rfc4180_csv_parts(extract: Extract) -> Iterator[bytes]:
    """The same file in pieces."""
    yield from _written(extract, ENGLISH, delimiter=",", comma=".")


def lines(header: Sequence[str], rows: Iterable[Sequence[str]], *, delimiter: str = ",") -> bytes:
    """A header and rows of text as CSV in UTF-8, with CRLF."""
    return _lines([header, *rows], delimiter)


def _lines(rows: Iterable[Sequence[str]], delimiter: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _written(
    extract: Extract, columns: Sequence[Column], *, delimiter: str, comma: str
) -> Iterator[bytes]:
    yield _lines([[column.name for column in columns]], delimiter)
    for part in extract.parts(ROWS_AT_ONCE):
        texts = (_texts(column, column.values(part), comma) for column in columns)
        yield _lines(zip(*texts, strict=True), delimiter)


def _texts(column: Column, values: Values, comma: str) -> list[str]:
    if column.kind is Kind.NUMBER:
        return digits(values, comma=comma)
    if column.kind is Kind.INTEGER:
        return [str(each) for each in values]
    return [neutral(each) for each in values]
