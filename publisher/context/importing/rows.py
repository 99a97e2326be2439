"""The rows of an original file as text: no value is guessed, every place can be named."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.errors import InputError

MAX_BYTES = 256 * 2**20
"""More than any table of these holders; what is larger is no such file."""
_HINT = "download the file again as its holder publishes it, and change nothing in it"


@dataclass(frozen=True, slots=True)
class Row:
    """A row with the number of its line, counted from 1 as an editor does."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as read: its columns and its rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def wrong(code: str, line: int, column: str, expected: str) -> InputError:
    """The error about one place of a file; it names the place and never what stands there."""
    place = f"line {line}" + (f", column {column}" if column else "")
    return InputError(code, f"expected {expected} on {place}, found something else", hint=_HINT)


def read_sheet(data: bytes) -> Sheet:
    """Read a file with ``;`` or ``,``, with or without a BOM, in UTF-8 or cp1252.

    Raises:
        InputError: ``context-file-large``, ``context-not-text``, ``context-file-empty``,
            ``context-column-twice`` or ``context-row-length``.
    """
    if len(data) > MAX_BYTES:
        raise InputError(
            "context-file-large",
            f"expected at most {MAX_BYTES} bytes, found more",
            hint="choose the regions and years that you need when you download it",
        )
    text = _decoded(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        columns = tuple(name.strip() for name in next(reader, []))
        if not any(columns):
            raise InputError("context-file-empty", "expected a row of headings", hint=_HINT)
        _check_distinct(columns)
        return Sheet(columns, tuple(_rows(reader, columns)))
    except csv.Error as error:
        raise wrong("context-row-length", reader.line_num, "", "whole quoted cells") from error


def _decoded(data: bytes) -> str:
    if b"\0" in data:
        raise InputError(
            "context-not-text",
            "expected a file of text, found bytes that are none",
            hint="choose CSV as the form to download; a workbook or a zip file is not read",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _separator(text: str) -> str:
    heading = text.partition("\n")[0]
    return ";" if heading.count(";") >= heading.count(",") else ","


def _check_distinct(columns: Sequence[str]) -> None:
    seen = set[str]()
    for name in columns:
        if name and name in seen:
            raise wrong("context-column-twice", 1, name, "every column once")
        seen.add(name)


def _rows(reader: Iterator[list[str]], columns: Sequence[str]) -> Iterator[Row]:
    for cells in reader:
        line: int = reader.line_num  # type: ignore[attr-defined]  # csv's reader has it
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise wrong("context-row-length", line, "", f"{len(columns)} cells")
        yield Row(line, {n: c.strip() for n, c in zip(columns, cells, strict=True)})
