"""Workbooks as a municipality exports them: numbers as numbers, dates as Excel dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import xlsxwriter

_EPOCH = date(1899, 12, 30)
_FIRST_EXCEL_DATE = date(1900, 3, 1)


def write_workbook(
    path: Path,
    columns: Sequence[str],
    rows: Sequence[Sequence[str | int | float | date | None]],
    *,
    numbers: frozenset[str],
    serials: frozenset[str],
) -> None:
    """Write one sheet; the same rows always give the same bytes.

    Args:
        path: of the new file.
        columns: names in the first row.
        rows: values; None leaves a cell empty.
        numbers: columns whose digits are typed as a number, so that leading zeros are lost.
        serials: date columns that lost their date format and show Excel's day numbers.
    """
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    book.set_properties({"created": datetime(2026, 8, 15), "title": "SYNTHETISCH"})
    sheet = book.add_worksheet("export")
    as_date = book.add_format({"num_format": "dd-mm-yyyy"})
    as_number = [name in numbers for name in columns]
    as_serial = [name in serials for name in columns]
    sheet.write_row(0, 0, columns)
    for line, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, date):
                day = (value - _EPOCH).days
                # Excel counts 1900 as a leap year: before March that year it is one day off.
                day -= value < _FIRST_EXCEL_DATE
                if as_serial[column]:
                    sheet.write_number(line, column, day)
                else:
                    sheet.write_number(line, column, day, as_date)
            elif isinstance(value, str) and not (as_number[column] and value.isdecimal()):
                sheet.write_string(line, column, value)
            else:
                sheet.write_number(line, column, float(value))
    book.close()
