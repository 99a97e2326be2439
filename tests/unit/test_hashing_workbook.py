"""Reading workbooks as the text that Excel shows: one sheet in four formats."""

from __future__ import annotations

import io
import re
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xlsxwriter

from shared.hashing.checks import Check, FileError
from shared.hashing.reading.dates import day_number, parse_dates
from shared.hashing.reading.headers import Layout
from shared.hashing.reading.sources import Source
from shared.hashing.reading.workbook import OLE_MAGIC, as_text
from shared.hashing.reading.workbook_ole import make_compound_file
from tests.support.hashing import read_whole
from tests.support.workbooks import (
    MAKERS,
    Cell,
    Error,
    Formula,
    Rows,
    Sheets,
    make,
    unzipped,
    xls,
    xlsx,
    zipped,
)

LAYOUT = Layout(
    {"number": ("bsn",), "on": ("datum",), "amount": ("bedrag",)},
    frozenset({"number", "on"}),
    "number",
)
HEADER = ("BSN", "datum", "bedrag")
DAY = date(2022, 8, 1)
KINDS = sorted(MAKERS)


def load(folder: Path, data: bytes, name: str = "source.xlsx") -> Source:
    path = folder / name
    path.write_bytes(data)
    return read_whole(path, LAYOUT)


def texts(source: Source, field: str) -> list[str]:
    found: list[str] = source.table.column(field).to_pylist()
    return found


def row_numbers(source: Source) -> list[int]:
    found: list[int] = source.table.column("row").to_pylist()
    return found


def changed(data: bytes, part: str, old: str, new: str) -> bytes:
    """An XLSX in which one thing is written in another way."""
    parts = unzipped(data)
    text = parts[part].decode()
    assert old in text
    return zipped({**parts, part: text.replace(old, new)})


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_texts_and_booleans_become_what_excel_shows(tmp_path: Path, kind: str) -> None:
    rows: Rows = [
        HEADER,
        [999000007, "1-8-2022", 1234.5],
        ["99900019", "20220801", 12],
        ["9990.00.020", "x", True],
        [99900007.0, "é", 0.1 + 0.2],
    ]
    source = load(tmp_path, make(kind, rows))
    assert texts(source, "number") == ["999000007", "99900019", "9990.00.020", "99900007"]
    assert texts(source, "on") == ["1-8-2022", "20220801", "x", "é"]
    assert texts(source, "amount") == ["1234,5", "12", "WAAR", "0,3"]
    assert row_numbers(source) == [2, 3, 4, 5]


@pytest.mark.parametrize("first_day_1904", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_dates_mean_the_same_day_however_they_are_kept(
    tmp_path: Path, kind: str, first_day_1904: bool
) -> None:
    serial = Sheets({}, first_day_1904=first_day_1904).serial(DAY)
    cells: list[Cell] = [DAY, serial, serial + 0.5, str(serial), "01-08-2022", 20220801]
    rows: Rows = [HEADER, *([999000007, cell, None] for cell in cells)]
    source = load(tmp_path, make(kind, rows, first_day_1904=first_day_1904))
    assert source.first_day_1904 is first_day_1904
    column = pa.array(texts(source, "on"), pa.string())
    dates = parse_dates(column, first_day_1904=source.first_day_1904)
    assert dates.days.tolist() == [day_number(DAY)] * len(cells)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_seen_and_never_read_as_an_empty_cell(tmp_path: Path, kind: str) -> None:
    rows: Rows = [HEADER, [Error("#N/A"), DAY, Error("#REF!")], [999000007, DAY, Error("#DIV/0!")]]
    source = load(tmp_path, make(kind, rows))
    assert texts(source, "number") == ["#N/A", "999000007"]
    assert texts(source, "amount") == ["#REF!", "#DIV/0!"]


@pytest.mark.parametrize("kind", ["xlsx", "xlsb", "ods"])
def test_of_a_formula_the_last_result_is_read(tmp_path: Path, kind: str) -> None:
    results: list[Cell] = [Formula(7.5), Formula("tekst"), Formula(Error())]
    rows: Rows = [HEADER, *([999000007, "x", cell] for cell in results)]
    assert texts(load(tmp_path, make(kind, rows)), "amount") == ["7,5", "tekst", "#N/A"]


def test_of_a_formula_in_xls_the_last_result_is_read(tmp_path: Path) -> None:
    empty = b"\x03" + bytes(5) + b"\xff\xff"
    row: list[Cell] = [999000007, "x", Formula(None)]
    data = xls(Sheets({"A": [HEADER, row, row, row]}))
    assert data.count(empty) == 3
    for result in (np.float64(7.5).tobytes(), b"\x02\x00\x2a\x00\x00\x00\xff\xff"):
        data = data.replace(empty, result, 1)
    assert texts(load(tmp_path, data), "amount") == ["7,5", "#N/A", ""]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_formula_that_was_never_calculated_is_seen(tmp_path: Path, kind: str) -> None:
    rows: Rows = [HEADER, [999000007, "x", Formula(None)], [999000019, "x", 1]]
    assert texts(load(tmp_path, make(kind, rows)), "amount") == ["#FORMULA!", "1"]


def test_a_formula_whose_result_is_an_empty_text_is_empty(tmp_path: Path) -> None:
    rows: Rows = [HEADER, [999000007, "x", Formula(None)]]
    data = changed(make("xlsx", rows), "xl/worksheets/sheet1.xml", 'r="C2"', 'r="C2" t="str"')
    assert texts(load(tmp_path, data), "amount") == [""]


@pytest.mark.parametrize("kind", KINDS)
def test_row_numbers_count_titles_and_empty_rows(tmp_path: Path, kind: str) -> None:
    rows: Rows = [
        [],
        [None, "Rapport"],
        [None, *HEADER],
        [None, 999000007, "x"],
        [],
        [None, 999000019, "y"],
        [None, "Totaal", None, 5],
    ]
    source = load(tmp_path, make(kind, rows))
    assert row_numbers(source) == [4, 6]
    assert source.set_aside[Check.ROW_EMPTY].tolist() == [5]
    assert source.set_aside[Check.ROW_TOTALS].tolist() == [7]
    assert source.read == 4


@pytest.mark.parametrize("kind", KINDS)
def test_the_sheet_with_the_columns_is_found_and_hidden_ones_are_not_read(
    tmp_path: Path, kind: str
) -> None:
    data: Rows = [HEADER, [999000007, "x"]]
    sheets: dict[str, Rows] = {"Toelichting": [["tekst"]], "Oud": data, "Data": data, "Leeg": []}
    source = load(tmp_path, MAKERS[kind](Sheets(sheets, hidden=["Oud"])))
    assert source.table.num_rows == 1
    with pytest.raises(FileError) as caught:
        load(tmp_path, MAKERS[kind](Sheets(sheets)))
    assert caught.value.check is Check.WORKBOOK_SHEETS


@pytest.mark.parametrize("kind", KINDS)
def test_a_sheet_read_in_many_pieces_is_the_same(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[list[int | str | Error | None]] = [
        [999000000 + k, f"tekst {k % 7}", None if k % 3 else Error()] for k in range(400)
    ]
    rows[20:20] = [[]] * 30
    rows[100:100] = [[999000007, "gelijk", 1]] * 50
    data = make(kind, [HEADER, *rows])
    whole = load(tmp_path, data)
    module = f"shared.hashing.reading.workbook_{kind}"
    monkeypatch.setattr(f"{module}.PIECE_BYTES", 600)
    monkeypatch.setattr(f"{module}.PIECE_CELLS", 40)
    monkeypatch.setattr("shared.hashing.reading.workbook_zip._CHUNK_BYTES", 100)
    parts = load(tmp_path, data)
    assert parts.table.to_pydict() == whole.table.to_pydict()
    assert parts.read == whole.read == 480
    assert parts.set_aside[Check.ROW_EMPTY].tolist() == list(range(22, 52))


@pytest.mark.parametrize("kind", KINDS)
def test_more_columns_than_any_export_has(tmp_path: Path, kind: str) -> None:
    if kind == "xls":
        rows: Rows = [[*HEADER, *map(str, range(250))], [999000007, "x", *range(251)]]
        assert load(tmp_path, make(kind, rows)).unread == 250
        return
    with pytest.raises(FileError) as caught:
        load(tmp_path, make(kind, [[*HEADER, *map(str, range(1_100))], [999000007, "x"]]))
    assert caught.value.check is Check.COLUMNS_TOO_MANY


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<c r="A2">', '<c\n r="A2" >'),
        ('<c r="A2">', "<c>"),
        ('r="A2"><v>999000007</v>', 'r="A2" t="inlineStr"><is><t>999000007</t></is>'),
        ("<sheetData>", '<sheetData xml:space="preserve">'),
    ],
)
def test_other_ways_of_writing_xlsx(tmp_path: Path, old: str, new: str) -> None:
    data = changed(make("xlsx", [HEADER, [999000007, "r=5"]]), "xl/worksheets/sheet1.xml", old, new)
    source = load(tmp_path, data)
    assert (texts(source, "number"), texts(source, "on")) == (["999000007"], ["r=5"])


def test_xlsx_with_a_namespace_prefix_and_iso_dates(tmp_path: Path) -> None:
    parts = unzipped(make("xlsx", [HEADER, [999000007, DAY, Formula(None)]]))
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    sheet = re.sub(r"<(/?)(\w)", r"<\1x:\2", sheet).replace("xmlns=", "xmlns:x=")
    sheet = re.sub(r's="1"><x:v>\d+', 't="d"><x:v>2022-08-01', sheet)
    source = load(tmp_path, zipped({**parts, "xl/worksheets/sheet1.xml": sheet}))
    assert texts(source, "on") == ["2022-08-01"]
    assert texts(source, "amount") == ["#FORMULA!"]


def test_a_workbook_that_asks_to_be_opened_read_only_is_read(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink) as book:
        book.read_only_recommended()
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "Overzicht")
        sheet.write_row(1, 0, HEADER)
        sheet.write_row(2, 0, [999000007, "x", 1])
        sheet.autofilter(1, 0, 2, 2)
    assert row_numbers(load(tmp_path, sink.getvalue())) == [3]


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
        (time(0, 0), "0"),
        (time(9, 30), "09:30:00"),
        ("x", "x"),
    ],
)
def test_cells_as_text(cell: int | float | str | bool | datetime | time, text: str) -> None:
    assert as_text(cell) == text


def encrypted_xls() -> bytes:
    """An XLS that starts with the record of a password in the place of its code page."""
    data = xls(Sheets({"A": [HEADER]}))
    code_page, password = b"\x42\x00\x02\x00\xb0\x04", b"\x2f\x00\x02\x00\x01\x00"
    assert code_page in data
    return data.replace(code_page, password, 1)


def encrypted_ods() -> bytes:
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    return zipped({**unzipped(make("ods", [HEADER])), "META-INF/manifest.xml": manifest})


ENTITIES = '<!DOCTYPE x [<!ENTITY a "b">]><workbook/>'


@pytest.mark.parametrize(
    ("data", "check"),
    [
        (make_compound_file("EncryptedPackage", b"x" * 9_000), Check.WORKBOOK_PASSWORD),
        (OLE_MAGIC + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), Check.WORKBOOK_PASSWORD),
        (encrypted_xls(), Check.WORKBOOK_PASSWORD),
        (encrypted_ods(), Check.WORKBOOK_PASSWORD),
        (make_compound_file("WordDocument", b"x" * 9_000), Check.FILE_NOT_A_TABLE),
        (zipped({"word/document.xml": "<w/>"}), Check.FILE_NOT_A_TABLE),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', Check.FILE_NOT_A_TABLE),
        (b"\xef\xbb\xbf<html><table><tr><td>bsn</td></tr></table>", Check.FILE_NOT_A_TABLE),
        (OLE_MAGIC + b"\0" * 600, Check.WORKBOOK_BROKEN),
        (b"PK\x03\x04 this is no zip", Check.WORKBOOK_BROKEN),
        (make("xlsx", [HEADER])[:-400], Check.WORKBOOK_BROKEN),
        (zipped({**unzipped(make("xlsx", [HEADER])), "xl/workbook.xml": ENTITIES}),
         Check.WORKBOOK_BROKEN),
        *((make(kind, []), Check.FILE_EMPTY) for kind in KINDS),
        *((make(kind, [HEADER]), Check.FILE_HEADER_ONLY) for kind in KINDS),
        *((make(kind, [["bsn", "x"], [999000007, 1]]), Check.COLUMNS_MISSING) for kind in KINDS),
        *((make(kind, [["bsn", "datum", "Datum "], [999000007, 1, 2]]), Check.COLUMNS_DOUBLE)
          for kind in KINDS),
    ],
)  # fmt: skip
def test_workbooks_that_cannot_be_used(tmp_path: Path, data: bytes, check: Check) -> None:
    with pytest.raises(FileError) as caught:
        load(tmp_path, data)
    assert caught.value.check is check
    assert caught.value.hint


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("workbook_zip.MAX_ENTRIES", 3),
        ("workbook_xlsx.MAX_STRINGS", 2),
        ("workbook_xlsx.MAX_STRING_BYTES", 100),
    ],
)
def test_a_workbook_beyond_a_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    data = xlsx(Sheets({"A": [HEADER, [999000007, "x"]]}))
    load(tmp_path, data)
    monkeypatch.setattr(f"shared.hashing.reading.{limit}", value)
    with pytest.raises(FileError) as caught:
        load(tmp_path, data)
    assert caught.value.check is Check.WORKBOOK_TOO_LARGE
