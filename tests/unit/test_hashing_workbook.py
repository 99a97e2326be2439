"""Reading workbooks as the text that Excel shows."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from shared.hashing.checks import Check, FileError
from shared.hashing.headers import Layout
from shared.hashing.sources import Source, read
from shared.hashing.workbook import OLE_MAGIC, as_text

LAYOUT = Layout(
    {"number": ("bsn",), "on": ("datum",), "amount": ("bedrag",)},
    frozenset({"number", "on"}),
    "number",
)
Sheets = dict[str, list[list[object]]]


def workbook(sheets: Sheets, hidden: tuple[str, ...] = ()) -> bytes:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink) as book:
        dates = book.add_format({"num_format": "dd-mm-yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(y, x, cell, dates)
                    elif cell is not None:
                        sheet.write(y, x, cell)
    return sink.getvalue()


def load(folder: Path, data: bytes, name: str = "source.xlsx") -> Source:
    path = folder / name
    path.write_bytes(data)
    return read(path, LAYOUT)


HEADER: list[object] = ["BSN", "datum", "bedrag"]


def test_numbers_dates_and_amounts_become_text(tmp_path: Path) -> None:
    rows = [HEADER, [999000007, date(2022, 8, 1), 1234.5], ["9990.00.019", 44774, 12]]
    table = load(tmp_path, workbook({"A": rows})).table
    assert table.column("number").to_pylist() == ["999000007", "9990.00.019"]
    assert table.column("on").to_pylist() == ["2022-08-01", "44774"]
    assert table.column("amount").to_pylist() == ["1234,5", "12"]
    assert table.column("row").to_pylist() == [2, 3]


def test_row_numbers_count_empty_rows_and_titles(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [],
        [None, "Rapport"],
        [None, *HEADER],
        [None, 999000007, "x"],
        [],
        [None, 999000019, "y"],
        [None, "Totaal", None, 5],
    ]
    source = load(tmp_path, workbook({"A": rows}))
    assert source.table.column("row").to_pylist() == [4, 6]
    assert source.set_aside[Check.ROW_EMPTY].tolist() == [5]
    assert source.set_aside[Check.ROW_TOTALS].tolist() == [7]


def test_the_sheet_with_the_columns_is_found_and_hidden_ones_are_not_read(tmp_path: Path) -> None:
    data: list[list[object]] = [HEADER, [999000007, "x"]]
    sheets: Sheets = {"Toelichting": [["tekst"]], "Oud": data, "Data": data}
    source = load(tmp_path, workbook(sheets, hidden=("Oud",)))
    assert source.table.num_rows == 1
    with pytest.raises(FileError) as caught:
        load(tmp_path, workbook(sheets))
    assert caught.value.check is Check.WORKBOOK_SHEETS


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (999000007.0, "999000007"),
        (7, "7"),
        (0.1 + 0.2, "0,3"),
        (True, "WAAR"),
        (False, "ONWAAR"),
        (datetime(2022, 8, 1), "2022-08-01"),
        (datetime(2022, 8, 1, 12, 30), "2022-08-01T12:30:00"),
        ("x", "x"),
    ],
)
def test_cells_as_text(cell: int | float | str | bool | datetime, text: str) -> None:
    assert as_text(cell) == text


def test_an_ods_file(tmp_path: Path) -> None:
    cells = "".join(
        f"<table:table-row>{row}</table:table-row>"
        for row in (
            "".join(
                f'<table:table-cell office:value-type="string"><text:p>{name}</text:p>'
                "</table:table-cell>"
                for name in ("bsn", "datum")
            ),
            '<table:table-cell office:value-type="float" office:value="999000007"/>'
            '<table:table-cell office:value-type="date" office:date-value="2022-08-01"/>',
        )
    )
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="A">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as container:
        container.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        container.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
            'manifest:1.0"/>',
        )
        container.writestr("content.xml", content)
    table = load(tmp_path, sink.getvalue(), "source.ods").table
    assert table.column("number").to_pylist() == ["999000007"]
    assert table.column("on").to_pylist() == ["2022-08-01"]


@pytest.mark.parametrize(
    ("data", "check"),
    [
        (OLE_MAGIC + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), Check.WORKBOOK_PASSWORD),
        (OLE_MAGIC + b"\0" * 600, Check.WORKBOOK_BROKEN),
        (b"PK\x03\x04 this is no zip", Check.WORKBOOK_BROKEN),
        (workbook({"A": [HEADER]})[:-400], Check.WORKBOOK_BROKEN),
        (workbook({"A": []}), Check.FILE_EMPTY),
        (workbook({"A": [HEADER]}), Check.FILE_HEADER_ONLY),
        (workbook({"A": [["bsn", "x"], [999000007, 1]]}), Check.COLUMNS_MISSING),
        (workbook({"A": [["bsn", "datum", "Datum "], [999000007, 1, 2]]}), Check.COLUMNS_DOUBLE),
    ],
)
def test_workbooks_that_cannot_be_used(tmp_path: Path, data: bytes, check: Check) -> None:
    with pytest.raises(FileError) as caught:
        load(tmp_path, data)
    assert caught.value.check is check
    assert caught.value.hint


def test_a_zip_that_unpacks_to_too_much_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.hashing.workbook.MAX_UNPACKED_BYTES", 100)
    with pytest.raises(FileError) as caught:
        load(tmp_path, workbook({"A": [HEADER, [999000007, "x"]]}))
    assert caught.value.check is Check.WORKBOOK_TOO_LARGE
