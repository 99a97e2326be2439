"""XLSX: a cover, the contents, notes, and one table per sheet.

Written with XlsxWriter: it gives every part of the file a fixed date, so that the same extract
gives the same bytes, and it computes and caches nothing. Its mode for constant memory is not
used: that writes temporary files.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

from publisher.downloads.columns import DUTCH, Column, Kind, numbers
from publisher.downloads.extract import Extract
from publisher.downloads.legend import CODEBOOK_HEADER, codebook, footnotes
from publisher.downloads.separated import is_formula
from shared.errors import InputError

_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
MAX_ROWS = 1_048_575
"""Rows below the header that Excel can hold on one sheet."""
_SHEET_NAME = 31
_NOT_IN_XML = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})


def xlsx(extract: Extract) -> bytes:
    """A workbook with one table."""
    return workbook((extract,))


def workbook(extracts: Sequence[Extract]) -> bytes:
    """A workbook with a sheet for each of several tables of one release.

    Raises:
        InputError: ``table-too-long``.
    """
    for extract in extracts:
        if extract.rows.num_rows > MAX_ROWS:
            raise InputError(
                "table-too-long",
                f"expected at most {MAX_ROWS} rows on a sheet, found more",
                hint="choose a municipality or period, or take the table as CSV or Parquet",
            )
    sink = io.BytesIO()
    book = _Book(sink, extracts)
    for extract, sheet in zip(extracts, book.sheets, strict=True):
        book.write_table(extract, sheet)
    book.close()
    return sink.getvalue()


class _Book:
    """A workbook while it is written."""

    def __init__(self, sink: io.BytesIO, extracts: Sequence[Extract]) -> None:
        manifest = extracts[0].manifest
        self._book = xlsxwriter.Workbook(sink, _OPTIONS)
        self._book.set_properties(
            {
                "title": manifest.title,
                "author": manifest.region_name,
                "comments": extracts[0].mark,
                "created": manifest.made_at.replace(tzinfo=None),
            }
        )
        self._bold = self._book.add_format({"bold": True})
        self._wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._quoted = self._book.add_format({"quote_prefix": True})
        self._mark = extracts[0].mark
        self._write_cover(extracts)
        self.sheets = _sheet_names(extracts)
        self._write_contents(extracts)
        self._write_notes(extracts)

    def close(self) -> None:
        """Write everything to the sink."""
        self._book.close()

    def _sheet(self, name: str, widths: Sequence[int]) -> Any:
        sheet = self._book.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        if self._mark:
            sheet.set_header(f"&C{self._mark}")
        return sheet

    def _write_cover(self, extracts: Sequence[Extract]) -> None:
        manifest = extracts[0].manifest
        sheet = self._sheet("Omslag", (24, 90))
        area = extracts[0].filters.area
        facts: list[tuple[str, str]] = [
            ("Titel", manifest.title),
            ("Kenmerk", self._mark),
            ("Uitgave", manifest.release_id),
            ("Versie", manifest.version),
            ("Stand", "voorlopig" if manifest.provisional else "definitief"),
            ("Regio", manifest.region_name),
            ("Selectie", "alle rijen" if extracts[0].is_whole else "een deel van de rijen"),
            ("Gebied", area or ""),
            ("Periodes", ", ".join(period.label for period in manifest.periods)),
            ("Beleid", manifest.policy_version),
            ("DPIA", manifest.dpia_version),
            ("Programma", manifest.software),
            *(("Bron", source) for source in manifest.sources),
        ]
        for row, (name, text) in enumerate(each for each in facts if each[1]):
            sheet.write_string(row, 0, name, self._bold)
            self._write_text(sheet, row, 1, text)

    def _write_contents(self, extracts: Sequence[Extract]) -> None:
        sheet = self._sheet("Inhoud", (32, 70, 12))
        self._write_header(sheet, ("blad", "tabel", "rijen"))
        for row, (extract, name) in enumerate(zip(extracts, self.sheets, strict=True), start=1):
            sheet.write_string(row, 0, name)
            self._write_text(sheet, row, 1, extract.table.title)
            sheet.write_number(row, 2, extract.rows.num_rows)

    def _write_notes(self, extracts: Sequence[Extract]) -> None:
        sheet = self._sheet("Toelichting", (14, 26, 44, 100))
        self._write_header(sheet, CODEBOOK_HEADER)
        notes = (("voetnoot", str(n), "", text) for n, text in enumerate(footnotes(extracts), 1))
        rows: Iterable[tuple[str, ...]] = (*notes, *codebook(extracts))
        for row, cells in enumerate(rows, start=1):
            for column, text in enumerate(cells):
                self._write_text(sheet, row, column, text)

    def _write_header(self, sheet: Any, names: Sequence[str]) -> None:
        for column, name in enumerate(names):
            sheet.write_string(0, column, name, self._bold)
        sheet.freeze_panes(1, 0)

    def _write_text(self, sheet: Any, row: int, column: int, text: str) -> None:
        """Text as text: Excel marks a cell that looks like a formula as quoted, and shows it so."""
        text = text.translate(_NOT_IN_XML)
        sheet.write_string(row, column, text, self._quoted if is_formula(text) else None)

    def write_table(self, extract: Extract, name: str) -> None:
        """Write a table on a sheet of its own; an empty cell has no value and no cache."""
        sheet = self._sheet(name, [max(12, len(column.name) + 2) for column in DUTCH])
        self._write_header(sheet, [column.name for column in DUTCH])
        for place, column in enumerate(DUTCH):
            self._write_column(sheet, place, column, extract)
        sheet.autofilter(0, 0, max(extract.rows.num_rows, 1), len(DUTCH) - 1)

    def _write_column(self, sheet: Any, place: int, column: Column, extract: Extract) -> None:
        values = column.values(extract)
        if column.kind is Kind.NUMBER:
            for row, number in enumerate(numbers(values), start=1):
                if number is not None:
                    sheet.write_number(row, place, number)
            return
        for row, text in enumerate(values, start=1):
            if text:
                self._write_text(sheet, row, place, str(text))


def _sheet_names(extracts: Sequence[Extract]) -> list[str]:
    """A name per table, in the length that Excel allows, each once."""
    names: list[str] = []
    for extract in extracts:
        name, number = extract.table.id[:_SHEET_NAME], 2
        while name in names:
            name = f"{extract.table.id[: _SHEET_NAME - 3]}_{number}"
            number += 1
        names.append(name)
    return names
