"""Hostile and broken workbooks: cut, with flipped bits, and made to cost memory or to deceive."""

from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO

from shared.hashing.checks import Check
from tests.support.hostile import NUMBERS, SEED, TEMPLATES, Case, rows_of
from tests.support.workbooks import (
    MAKERS,
    Error,
    Formula,
    Rows,
    Sheets,
    make,
    record,
    unzipped,
    wide,
    xlsx,
    zipped,
)

CARE, PUPILS, OBJECTION = TEMPLATES
SHEET, CONTENT = "xl/worksheets/sheet1.xml", "content.xml"
_LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "999000007"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">'
    '<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">]>'
)


def sound(schema: str, kind: str) -> bytes:
    """A workbook in which nothing is wrong."""
    return make(kind, rows_of(schema))


def broken() -> Iterator[Case]:
    """Every kind of workbook, cut and with flipped bits, packed and inside its parts."""
    generator = random.Random(SEED)
    schemas = list(TEMPLATES)
    for number, kind in enumerate(MAKERS):
        data = {schema: sound(schema, kind) for schema in schemas}
        for turn in range(10):
            schema = schemas[(turn + number) % 3]
            cut = len(data[schema]) * (turn + 1) // 11
            yield Case(f"{kind} cut at {cut}", schema, data[schema][:cut], fatal=True,
                       suffix=f".{kind}")  # fmt: skip
        for turn in range(16):
            schema = schemas[(turn + number) % 3]
            flipped = flip(data[schema], generator, 1 + turn)
            yield Case(f"{kind} flipped {turn}", schema, flipped, suffix=f".{kind}")
        if kind == "xls":
            continue
        for turn in range(16):
            schema = schemas[(turn + number) % 3]
            parts = unzipped(data[schema])
            name = generator.choice([name for name in parts if len(parts[name]) > 20])
            parts[name] = flip(parts[name], generator, 1 + turn // 2)
            yield Case(f"{kind} flipped inside {turn}", schema, zipped(parts), suffix=f".{kind}")


def flip(data: bytes, generator: random.Random, count: int) -> bytes:
    """Change some bits."""
    changed = bytearray(data)
    for _ in range(count):
        changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
    return bytes(changed)


def with_parts(kind: str, parts: Mapping[str, str | bytes]) -> bytes:
    """A sound list of objections with other or more parts."""
    return zipped({**unzipped(sound(OBJECTION, kind)), **parts})


def with_rows(kind: str, rows: str) -> bytes:
    """A sound list of objections with these rows instead, as they stand in the file."""
    part, start, end = (
        (SHEET, "<sheetData>", "</sheetData>")
        if kind == "xlsx"
        else (CONTENT, '<table:table-column table:number-columns-repeated="16384"/>',
              "</table:table>")
    )  # fmt: skip
    text = unzipped(sound(OBJECTION, kind))[part].decode()
    before, after = text.split(start)[0] + start, text[text.index(end) :]
    return with_parts(kind, {part: before + rows + after})


HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>bsn</t></is></c></row>'
CELL = '<c r="{at}"><v>999000007</v></c>'
ODS_HEAD = ('<table:table-row><table:table-cell office:value-type="string"><text:p>bsn</text:p>'
            "</table:table-cell></table:table-row>")  # fmt: skip
ODS_CELL = '<table:table-cell{more} office:value-type="float" office:value="999000007"/>'


def _ods_rows(*rows: tuple[str, str]) -> bytes:
    body = "".join(f"<table:table-row{of_row}>{ODS_CELL.format(more=of_cell)}</table:table-row>"
                   for of_row, of_cell in rows)  # fmt: skip
    return with_rows("ods", ODS_HEAD + body)


def bombs() -> Iterator[Case]:
    """Small files that would take much memory, time or stack."""
    far = HEAD + f'<row r="2">{CELL.format(at="A2")}{CELL.format(at="XFD2")}</row>'
    low = HEAD + f'<row r="2">{CELL.format(at="A1048576")}</row>'
    lower = HEAD + f'<row r="9999999">{CELL.format(at="A9999999")}</row>'
    hidden = HEAD + "<row r='2'><c\tr='XFD1048576'><v>999000007</v></c></row>"
    stair = HEAD + "".join(
        f'<row r="{n}">{CELL.format(at=f"{chr(64 + n // 9_000)}{n}")}</row>'
        for n in range(9_000, 230_000, 4)
    )
    no_place = HEAD + "<row>" + "<c><v>9</v></c>" * 100_000 + "</row>" + "<row/>" * 50_000
    end = '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    wide_, broken_ = Check.COLUMNS_TOO_MANY, Check.WORKBOOK_BROKEN
    for name, rows, found in (
        ("the last column", far, wide_), ("the last row by its cell", low, None),
        ("a row beyond the last", lower, broken_), ("a hidden place", hidden, broken_),
        ("a stair of cells", stair, None), ("cells without a place", no_place, wide_),
        ("a row without an end", HEAD + "<row r='2'>" + "x" * (20 << 20), broken_),
        ("20 million spaces", " " * (20 << 20), broken_), ("deep", HEAD + "<a>" * 300_000, None),
    ):  # fmt: skip
        checks = None if found is None else frozenset({found})
        yield Case(f"xlsx, {name}", OBJECTION, with_rows("xlsx", rows), checks, suffix=".xlsx")
    last = HEAD + '<row r="2">' + CELL.format(at="A2") + "</row>" + end
    yield Case("xlsx, the last row", OBJECTION, with_rows("xlsx", last),
               frozenset({Check.ROW_EMPTY, Check.NUMBER_CHARACTERS}), suffix=".xlsx")  # fmt: skip
    strings = "xl/sharedStrings.xml"
    too_large = frozenset({Check.WORKBOOK_TOO_LARGE})
    for name, part, data in (
        ("12 million texts", strings, "<sst>" + "<si/>" * 12_000_000 + "</sst>"),
        ("one text of 150 MB", strings, "<sst><si><t>" + "9" * (150 << 20) + "</t></si></sst>"),
        ("a description of 6 MB", "xl/workbook.xml", " " * (6 << 20)),
    ):
        yield Case(f"xlsx, {name}", OBJECTION, with_parts("xlsx", {part: data}), too_large, True,
                   ".xlsx")  # fmt: skip
    many = {f"xl/media/{n}": "" for n in range(12_000)}
    yield Case("xlsx, 12,000 parts", OBJECTION, with_parts("xlsx", many), too_large, True, ".xlsx")
    for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"):
        text = unzipped(sound(OBJECTION, "xlsx"))[part].decode()
        head, _, body = text.partition("?>")
        laughing = with_parts("xlsx", {part: f"{head}?>{_LAUGHS}{body}"})
        yield Case(f"xlsx, entities in {part}", OBJECTION, laughing, frozenset({broken_}), True,
                   ".xlsx")  # fmt: skip
    for part in (SHEET, strings, "xl/styles.xml"):
        text = unzipped(sound(OBJECTION, "xlsx"))[part].decode()
        text = text.replace("?>", f"?>{_LAUGHS}", 1).replace("<t>bsn", "<t>&f;bsn")
        yield Case(f"xlsx, entities in {part}", OBJECTION, with_parts("xlsx", {part: text}),
                   suffix=".xlsx")  # fmt: skip
    yield from _ods_bombs()
    yield from _binary_bombs()


def _ods_bombs() -> Iterator[Case]:
    columns, rows = " table:number-columns-repeated=", " table:number-rows-repeated="
    broken_ = Check.WORKBOOK_BROKEN
    spaces = (
        f'{ODS_HEAD}<table:table-row><table:table-cell office:value-type="string"><text:p>'
        '<text:s text:c="{n}"/></text:p></table:table-cell></table:table-row>'
    )
    for name, data, found in (
        ("a column repeated", _ods_rows(("", f'{columns}"9999999"')), Check.COLUMNS_TOO_MANY),
        ("a column repeated 1e18 times", _ods_rows(("", f'{columns}"{10**18}"')), broken_),
        ("a column repeated oddly", _ods_rows(("", f"{columns}'9999999'")), broken_),
        ("a row repeated", _ods_rows((f'{rows}"1048000"', "")), None),
        ("a row repeated beyond the last", _ods_rows((f'{rows}"9999999"', "")), broken_),
        ("a row repeated 1e18 times", _ods_rows((f'{rows}"{10**18}"', "")), broken_),
        ("rows and columns repeated", _ods_rows((f'{rows}"1000000"', f'{columns}"900"')), None),
        ("many spaces", with_rows("ods", spaces.format(n=10**9)), broken_),
        ("spaces", with_rows("ods", spaces.format(n=9_999)), None),
        ("a row without an end", with_rows("ods", "<table:table-row>" + " " * (20 << 20)), broken_),
        ("entities", with_parts("ods", {CONTENT: _LAUGHS + "<a/>"}), broken_),
        ("nothing in it", with_parts("ods", {CONTENT: ""}), None),
        ("another type", with_parts("ods", {"mimetype": "x"}), Check.FILE_NOT_A_TABLE),
    ):
        checks = None if found is None else frozenset({found})
        yield Case(f"ods, {name}", OBJECTION, data, checks, suffix=".ods")


def _binary_bombs() -> Iterator[Case]:
    part = "xl/worksheets/sheet1.bin"
    broken_ = frozenset({Check.WORKBOOK_BROKEN})

    def sheet(*records: bytes) -> bytes:
        inside = b"".join((record(129), record(148, bytes(16)), record(145), *records, record(146)))
        return with_parts("xlsb", {part: inside})

    def row(number: int) -> bytes:
        return record(0, struct.pack("<I", number) + bytes(13))

    def cell(column: int, kind: int, data: bytes) -> bytes:
        return record(kind, struct.pack("<2I", column, 0) + data)

    far = cell(0x3FFF, 6, wide("bsn"))
    for name, data, found in (
        ("the last column", sheet(row(0), far), frozenset({Check.COLUMNS_TOO_MANY})),
        ("a column beyond", sheet(row(0), cell(0xFFFFFFFF, 6, wide("bsn"))),
         frozenset({Check.COLUMNS_TOO_MANY})),
        ("a row beyond", sheet(row(0xFFFFFFF0), cell(0, 6, wide("bsn"))), broken_),
        ("rows that go back", sheet(row(5), cell(0, 6, wide("bsn")), row(2)), broken_),
        ("a text longer than its cell", sheet(row(0), cell(0, 6, b"\xff\xff\xff\x7f")), broken_),
        ("a text that is not there", sheet(row(0), cell(0, 7, b"\xff\xff\xff\x00")), broken_),
        ("a short cell", sheet(row(0), record(5, bytes(9))), broken_),
        ("a record of 200 MB", sheet(row(0), b"\x05\xff\xff\xff\x5f"), broken_),
        ("no end", with_parts("xlsb", {part: record(129) + record(145)}), broken_),
        ("10 million texts", with_parts("xlsb", {"xl/sharedStrings.bin":
         record(159, bytes(8)) + record(19, b"\0" + wide("")) * 10_000_000}),
         frozenset({Check.WORKBOOK_TOO_LARGE})),
    ):  # fmt: skip
        yield Case(f"xlsb, {name}", OBJECTION, data, found, True, ".xlsb")
    for name, data in _compound_bombs():
        yield Case(f"xls, {name}", OBJECTION, data, suffix=".xls")


def _compound_bombs() -> Iterator[tuple[str, bytes]]:
    """Compound files whose tables lie, and records that do."""
    data = sound(OBJECTION, "xls")
    (table,) = struct.unpack_from("<I", data, 76)
    at = (table + 1) * 512
    yield "a chain that goes round", data[:at] + struct.pack("<128I", *[0] * 128) + data[at + 512 :]
    yield "a chain out of the file", data[:at] + b"\xf0\xff\xff\x7f" * 128 + data[at + 512 :]
    for offset in (30, 32, 44, 48, 56, 60, 64, 68, 72, 76):
        yield f"a header that lies at {offset}", (
            data[:offset] + b"\xf0\xff\xff\x7f"[: 2 if offset < 44 else 4]
            + data[offset + (2 if offset < 44 else 4) :])  # fmt: skip
    entry = data.index("Workbook".encode("utf-16-le"))
    yield "a stream of 4 GB", data[: entry + 120] + b"\xff\xff\xff\xff" + data[entry + 124 :]
    dimensions = data.index(b"\x00\x02\x0e\x00")
    yield "endless dimensions", data[: dimensions + 4] + b"\0\0\0\0" + b"\xff" * 4 + b"\0\0" + (
        b"\xff\xff" + data[dimensions + 16 :])  # fmt: skip
    texts = data.index(b"\xfc\x00")
    yield "2 billion texts", data[: texts + 8] + b"\xff\xff\xff\x7f" + data[texts + 12 :]
    label = data.index(b"\xfd\x00\x0a\x00")
    yield "a cell in the last corner", data[: label + 4] + b"\xff\xff\xff\x00" + data[label + 8 :]
    yield "a cell beyond the last column", data[: label + 4] + b"\xff" * 4 + data[label + 8 :]
    yield "a text that is not there", data[: label + 10] + b"\xff\xff\xff\x7f" + data[label + 14 :]


def deceiving() -> Iterator[Case]:
    """Workbooks that say one thing and are another, or hold more than a table."""
    rows: Rows = rows_of(CARE)
    head, first, *others = rows
    none: frozenset[Check] = frozenset()
    formulas: Rows = [head, ["=cmd|' /c calc'!A1", *first[1:]], *others]
    errors: Rows = [head, [Error(), *first[1:]], *others]
    fresh: Rows = [head, [Formula(None), *first[1:]], *others]
    letters, cell = Check.NUMBER_CHARACTERS, Check.CELL_ERROR
    for kind in MAKERS:
        wide_: Rows = [[*row, *["x"] * (200 if kind == "xls" else 990)] for row in rows]
        for name, data, found in (
            ("sound", make(kind, rows), none),
            ("numbers", make(kind, [head, *([int(n), *first[1:]] for n in NUMBERS)]), none),
            ("errors", make(kind, errors), frozenset({letters, cell})),
            ("a title and totals", make(kind, [["Export"], *rows, ["Totaal"]]),
             frozenset({Check.ROW_TOTALS})),
            ("two sheets", MAKERS[kind](Sheets({"A": rows, "B": rows})),
             frozenset({Check.WORKBOOK_SHEETS})),
            ("all sheets hidden but an empty one", MAKERS[kind](
                Sheets({"A": [], "B": rows}, hidden=["B"])), frozenset({Check.FILE_EMPTY})),
            ("many columns", make(kind, wide_), none if kind == "xls" else
             frozenset({Check.COLUMNS_TOO_MANY})),
        ):  # fmt: skip
            yield Case(f"{kind}, {name}", CARE, data, found, suffix=f".{kind}")
        yield Case(f"{kind}, by another name", CARE, make(kind, rows), none, False, ".csv")
        if kind != "xlsx":  # whose writer would make a formula of it
            yield Case(f"{kind}, a formula as text", CARE, make(kind, formulas),
                       frozenset({letters}), suffix=f".{kind}")  # fmt: skip
    for kind in ("xlsx", "ods"):
        yield Case(f"{kind}, never calculated", CARE, make(kind, fresh),
                   frozenset({letters, cell}), suffix=f".{kind}")  # fmt: skip
    text = xlsx(Sheets({"A": [[str(cell) for cell in row] for row in rows]}))
    link: dict[str, str | bytes] = {
            "xl/externalLinks/externalLink1.xml": '<externalLink r:id="x"/>',
            "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0", "../../etc/passwd": "x",
            "/abs/xl/workbook.xml": "x", "xl\\evil": "x"}  # fmt: skip
    yield Case("xlsx, links, macros and odd names", CARE, zipped({**unzipped(text), **link}), none,
               False, ".xlsm")  # fmt: skip
    strange = unzipped(text)["xl/workbook.xml"].replace(b"UTF-8", b"UVF-8")
    yield Case("xlsx, an unknown encoding", CARE, zipped({**unzipped(text), "xl/workbook.xml":
               strange}), frozenset({Check.WORKBOOK_BROKEN}), True, ".xlsx")  # fmt: skip
    yield Case("two entries of one name", CARE, _twice(text), none, False, ".xlsx")
    yield Case("a zip with a password", CARE, _locked(text), frozenset({Check.WORKBOOK_BROKEN}),
               True, ".xlsx")  # fmt: skip
    yield Case("a word document", CARE, zipped({"word/document.xml": "<w/>"}),
               frozenset({Check.FILE_NOT_A_TABLE}), True, ".docx")  # fmt: skip
    relations = "xl/_rels/workbook.xml.rels"
    moved = unzipped(text)[relations].replace(b'"worksheets/', b'"../../../../etc/')
    yield Case("xlsx, a sheet outside", CARE, zipped({**unzipped(text), relations: moved}), None,
               True, ".xlsx")  # fmt: skip


def _twice(data: bytes) -> bytes:
    sink = BytesIO(data)
    with zipfile.ZipFile(sink, "a") as container:
        info = zipfile.ZipInfo("XL/worksheets/SHEET1.xml")
        container.writestr(info, container.read(SHEET))
    return sink.getvalue()


def _locked(data: bytes) -> bytes:
    """The same with the mark of encryption on every entry."""
    locked = bytearray(data)
    at = 0
    while (at := locked.find(b"PK\x01\x02", at)) >= 0:
        locked[at + 8] |= 1
        at += 4
    return bytes(locked)
