"""Reading CSV files: encodings, separators, row numbers and rows that are no data."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from shared.hashing.checks import Check, FileError
from shared.hashing.reading.headers import Layout
from shared.hashing.reading.sources import Source
from tests.support.hashing import read_whole

LAYOUT = Layout(
    {"number": ("bsn", "pgn"), "name": ("naam",), "town": ("plaats",)},
    frozenset({"number", "name"}),
    "number",
)


def load(folder: Path, data: bytes) -> Source:
    path = folder / "source.csv"
    path.write_bytes(data)
    return read_whole(path, LAYOUT)


def names(source: Source) -> list[str]:
    found: list[str] = source.table.column("name").to_pylist()
    return found


def refusal(folder: Path, data: bytes) -> Check:
    with pytest.raises(FileError) as caught:
        load(folder, data)
    assert caught.value.hint
    return caught.value.check


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (b"", "cp1252"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_line_ends(
    tmp_path: Path, mark: bytes, encoding: str, separator: str, line_end: str
) -> None:
    lines = ["BSN| Naam ", "999000007|Loïs €", "999000019|Zoë"]
    text = line_end.join(lines).replace("|", separator)
    assert names(load(tmp_path, mark + text.encode(encoding))) == ["Loïs €", "Zoë"]


def test_a_letter_that_is_cut_in_two_by_the_reading_is_whole(tmp_path: Path) -> None:
    body = "999000007;é\n" * 100_000
    source = load(tmp_path, f"bsn;naam\n{body}".encode())
    assert source.table.num_rows == 100_000
    assert set(names(source)) == {"é"}


def test_rows_have_the_numbers_that_excel_shows(tmp_path: Path) -> None:
    text = 'bsn;naam\n999000007;"a\nb;""c"""\n\n999000019;d\n999000020\n999000032;e;f\n999000044;g'
    source = load(tmp_path, text.encode())
    assert names(source) == ['a\nb;"c"', "d", "g"]
    assert source.table.column("row").to_pylist() == [2, 4, 7]
    assert source.set_aside[Check.ROW_EMPTY].tolist() == [3]
    assert source.set_aside[Check.ROW_RAGGED].tolist() == [5, 6]
    assert source.read == 6


def test_header_row_may_stand_under_a_title(tmp_path: Path) -> None:
    text = "sep=;\nRapport jeugdhulp\n\nbsn;naam;extra\n999000007;a;x\n"
    source = load(tmp_path, text.encode())
    assert names(source) == ["a"]
    assert source.table.column("row").to_pylist() == [5]


def test_totals_and_repeated_header_rows_are_set_aside(tmp_path: Path) -> None:
    text = (
        "bsn;naam\n999000007;a\nBSN;NAAM\n999000019;b\n;Eindtotaal\nTotaal 2;\n"
        "999000020;Totaalzorg\n"
    )
    source = load(tmp_path, text.encode())
    assert names(source) == ["a", "b", "Totaalzorg"]
    assert source.set_aside[Check.ROW_HEADER].tolist() == [3]
    assert source.set_aside[Check.ROW_TOTALS].tolist() == [5, 6]


def test_only_wanted_columns_are_loaded(tmp_path: Path) -> None:
    source = load(tmp_path, b"straat;bsn;naam\nDorp 1;999000007;a\n")
    assert source.table.column_names == ["number", "name", "row"]


@pytest.mark.parametrize(
    ("data", "check"),
    [
        (b"", Check.FILE_EMPTY),
        (b" \r\n", Check.FILE_EMPTY),
        (codecs.BOM_UTF8, Check.FILE_EMPTY),
        (b"bsn;naam", Check.FILE_HEADER_ONLY),
        (b"bsn;naam\r\n\r\n", Check.FILE_HEADER_ONLY),
        (b"bsn;naam\r\n;\r\n;\r\n", Check.FILE_HEADER_ONLY),
        (b"bsn;naam\n999000007;\x00a\n", Check.FILE_NUL),
        (b"bsn;naam\n999000007;\x81\xff\n", Check.FILE_ENCODING),
        (codecs.BOM_UTF8 + b"bsn;naam\n999000007;\xe9\n", Check.FILE_ENCODING),
        (codecs.BOM_UTF16_LE + b"b\x00s", Check.FILE_ENCODING),
        (b'bsn;naam\n999000007;"a\n999000019;b\n', Check.FILE_QUOTES),
        (b"<html><table>", Check.FILE_NOT_A_TABLE),
        (b"%PDF-1.7", Check.FILE_NOT_A_TABLE),
        (b"bsn;plaats\n999000007;x\n", Check.COLUMNS_MISSING),
        (b"999000007;a\n999000019;b\n", Check.COLUMNS_MISSING),
        (b"bsn|naam\n999000007|a\n", Check.COLUMNS_MISSING),
        (b"bsn;naam;Naam \n999000007;a;b\n", Check.COLUMNS_DOUBLE),
        (b";".join([b"bsn", b"naam", *[b"x"] * 9_998]) + b"\n", Check.COLUMNS_TOO_MANY),
        (b"x" * (1 << 20) + b"\n", Check.COLUMNS_TOO_MANY),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, data: bytes, check: Check) -> None:
    assert refusal(tmp_path, data) is check


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read_whole(tmp_path / "none.csv", LAYOUT)
    assert caught.value.check is Check.FILE_UNREADABLE
    assert caught.value.code == "file-unreadable"


def test_missing_columns_are_named_as_in_the_profile(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        load(tmp_path, b"999000007;a\n999000019;b\n")
    assert "bsn, naam" in caught.value.message or "naam, bsn" in caught.value.message
    assert "999000007" not in str(caught.value)
