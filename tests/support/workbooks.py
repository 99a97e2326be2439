"""The same sheets as XLSX, XLS, XLSB or ODS, made here so that every kind of cell can be in them.

XLSX comes from xlsxwriter and XLS from xlwt; XLSB and ODS are written out by hand. None of it
uses the code that reads workbooks.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter
import xlwt  # type: ignore[import-untyped]

ERROR_CODES = {"#NULL!": 0, "#DIV/0!": 7, "#VALUE!": 15, "#REF!": 23, "#N/A": 42}
DAY_ZERO = {False: date(1899, 12, 30), True: date(1904, 1, 1)}


@dataclass(frozen=True)
class Error:
    """A cell with an error."""

    text: str = "#N/A"


@dataclass(frozen=True)
class Formula:
    """A cell with a formula, and what it gave when it was last calculated; None if never."""

    result: float | str | Error | None


Cell = str | int | float | bool | date | Error | Formula | None
Rows = Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Sheets:
    """What to write."""

    rows: Mapping[str, Rows]
    hidden: Sequence[str] = ()
    first_day_1904: bool = False

    def serial(self, day: date) -> int:
        return (day - DAY_ZERO[self.first_day_1904]).days


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in parts.items():
            container.writestr(name, data)
    return sink.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as container:
        return {name: container.read(name) for name in container.namelist()}


def xlsx(sheets: Sheets) -> bytes:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"date_1904": sheets.first_day_1904}) as book:
        dates = book.add_format({"num_format": "dd-mm-yyyy"})
        for name, rows in sheets.rows.items():
            sheet = book.add_worksheet(name)
            if name in sheets.hidden:
                sheet.hide()
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(y, x, cell, dates)
                    elif isinstance(cell, Error):
                        sheet.write_formula(y, x, "=NA()", None, cell.text)
                    elif isinstance(cell, Formula):
                        result = cell.result.text if isinstance(cell.result, Error) else cell.result
                        sheet.write_formula(y, x, "=1+1", None, "" if result is None else result)
                    elif cell is not None:
                        sheet.write(y, x, cell)
    return sink.getvalue()


def xls(sheets: Sheets) -> bytes:
    book = xlwt.Workbook()
    book.dates_1904 = sheets.first_day_1904
    dates = xlwt.easyxf(num_format_str="dd-mm-yyyy")
    for name, rows in sheets.rows.items():
        sheet = book.add_sheet(name)
        sheet.visibility = int(name in sheets.hidden)
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write(y, x, sheets.serial(cell), dates)
                elif isinstance(cell, Error):
                    sheet.row(y).set_cell_error(x, ERROR_CODES[cell.text])
                elif isinstance(cell, Formula):
                    sheet.write(y, x, xlwt.Formula("1+1"))
                elif cell is not None:
                    sheet.write(y, x, cell)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def record(kind: int, data: bytes = b"") -> bytes:
    """A BIFF12 record."""
    head = bytes([kind]) if kind < 128 else bytes([kind % 128 + 128, kind // 128])
    size = len(data)
    while size > 127:
        head += bytes([size % 128 + 128])
        size //= 128
    return head + bytes([size]) + data


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(sheets: Sheets) -> bytes:
    texts: dict[str, int] = {}
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _relations([("rId1", "officeDocument", "xl/workbook.bin")]),
    }
    bundles, relations = [], []
    for number, (name, rows) in enumerate(sheets.rows.items(), start=1):
        parts[f"xl/worksheets/sheet{number}.bin"] = _xlsb_sheet(sheets, rows, texts)
        state = int(name in sheets.hidden)
        data = struct.pack("<2I", state, number) + wide(f"rId{number}") + wide(name)
        bundles.append(record(156, data))
        relations.append((f"rId{number}", "worksheet", f"worksheets/sheet{number}.bin"))
    relations += [("rId98", "styles", "styles.bin"), ("rId99", "sharedStrings",
                                                     "sharedStrings.bin")]  # fmt: skip
    parts["xl/_rels/workbook.bin.rels"] = _relations(relations)
    properties = record(153, struct.pack("<2I", sheets.first_day_1904, 0) + wide(""))
    parts["xl/workbook.bin"] = b"".join(
        (record(131), properties, record(143), *bundles, record(144), record(157, bytes(26)),
         record(132))
    )  # fmt: skip
    items = [record(19, b"\0" + wide(text)) for text in texts]
    count = struct.pack("<2I", len(texts), len(texts))
    parts["xl/sharedStrings.bin"] = b"".join((record(159, count), *items, record(160)))
    formats = record(615, struct.pack("<I", 1)) + record(44, struct.pack("<H", 164) + wide(
        "dd\\-mm\\-yyyy")) + record(616)  # fmt: skip
    styles = [record(47, struct.pack("<2H12x", 0, number)) for number in (0, 164)]
    cells = b"".join((record(617, struct.pack("<I", 2)), *styles, record(618)))
    parts["xl/styles.bin"] = record(278) + formats + cells + record(279)
    return zipped(parts)


def _relations(items: Sequence[tuple[str, str, str]]) -> str:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    inner = "".join(
        f'<Relationship Id="{id_}" Type="{office}/{kind}" Target="{target}"/>'
        for id_, kind, target in items
    )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{package}">{inner}</Relationships>'


def _xlsb_sheet(sheets: Sheets, rows: Rows, texts: dict[str, int]) -> bytes:
    width = max((len(row) for row in rows), default=1)
    out = [record(129), record(148, struct.pack("<4I", 0, len(rows), 0, width)), record(145)]
    for y, row in enumerate(rows):
        if any(cell is not None for cell in row):
            out.append(record(0, struct.pack("<2IH3xI", y, 0, 300, 0)))
        for x, cell in enumerate(row):
            style = int(isinstance(cell, date))
            start = struct.pack("<2I", x, style)
            match cell:
                case None:
                    continue
                case bool():
                    out.append(record(4, start + bytes([cell])))
                case str():
                    index = texts.setdefault(cell, len(texts))
                    out.append(record(7, start + struct.pack("<I", index)))
                case date():
                    number = sheets.serial(cell) << 2 | 2
                    out.append(record(2, start + struct.pack("<I", number)))
                case int() | float():
                    out.append(record(5, start + struct.pack("<d", cell)))
                case Error():
                    out.append(record(3, start + bytes([ERROR_CODES[cell.text]])))
                case Formula(result=str() as text):
                    out.append(record(8, start + wide(text) + bytes(10)))
                case Formula(result=Error() as error):
                    out.append(record(11, start + bytes([ERROR_CODES[error.text]]) + bytes(10)))
                case Formula(result=result):
                    assert not isinstance(result, str | Error)
                    out.append(record(9, start + struct.pack("<d", result or 0) + bytes(10)))
    return b"".join([*out, record(146), record(130)])


def ods(sheets: Sheets) -> bytes:
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(
        f'xmlns:{name}="{urn}:{name}:1.0"' for name in ("office", "table", "text", "style")
    )
    tables = "".join(
        f'<table:table table:name={quoteattr(name)} table:style-name="'
        f'{"ta2" if name in sheets.hidden else "ta1"}">'
        '<table:table-column table:number-columns-repeated="16384"/>'
        f"{''.join(map(_ods_row, rows))}"
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row></table:table>'
        for name, rows in sheets.rows.items()
    )
    zero = DAY_ZERO[sheets.first_day_1904].isoformat()
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        '<office:automatic-styles><style:style style:name="ta1" style:family="table">'
        '<style:table-properties table:display="true"/></style:style>'
        '<style:style style:name="ta2" style:family="table">'
        '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
        "<office:body><office:spreadsheet><table:calculation-settings>"
        f'<table:null-date table:date-value="{zero}"/></table:calculation-settings>{tables}'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = f'<manifest:manifest xmlns:manifest="{urn}:manifest:1.0"/>'
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": manifest,
            "content.xml": content,
        }
    )


def _ods_row(row: Sequence[Cell]) -> str:
    padding = '<table:table-cell table:number-columns-repeated="16364"/>'
    return f"<table:table-row>{''.join(map(_ods_cell, row))}{padding}</table:table-row>"


def _ods_cell(cell: Cell, formula: str = "") -> str:
    def made(kind: str, value: str, text: object) -> str:
        return (
            f'<table:table-cell{formula} office:value-type="{kind}"{value}>'
            f"<text:p>{escape(str(text))}</text:p></table:table-cell>"
        )

    match cell:
        case None:
            return "<table:table-cell/>"
        case bool():
            return made("boolean", f' office:boolean-value="{str(cell).lower()}"', cell)
        case str():
            return made("string", "", cell)
        case date():
            return made("date", f' office:date-value="{cell.isoformat()}"', cell)
        case int() | float():
            return made("float", f' office:value="{cell}"', cell)
        case Error():
            return made("string", ' office:string-value="" calcext:value-type="error"', cell.text)
        case Formula(result=None):
            return '<table:table-cell table:formula="of:=1+1"/>'
        case Formula(result=result):
            return _ods_cell(result, ' table:formula="of:=1+1"')


MAKERS: Mapping[str, Callable[[Sheets], bytes]] = {
    "xlsx": xlsx, "xls": xls, "xlsb": xlsb, "ods": ods,
}  # fmt: skip


def make(kind: str, rows: Rows, *, first_day_1904: bool = False) -> bytes:
    """A workbook of one sheet."""
    return MAKERS[kind](Sheets({"Blad1": rows}, first_day_1904=first_day_1904))
