"""More than 500 hostile and broken files, given to the real command line.

Each ends in exit code 0 or 2 with a coded line or a report, within 300 MB, without a traceback,
without a digit of the file on the screen or in the report, and with nothing left behind. What a
file made by hand must give stands with it in tests/support/hostile*.py.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hostile import (
    NUMBERS,
    TEMPLATES,
    Case,
    mutated,
    one_schema,
    rows_of,
    spoiled,
    table,
)
from tests.support.hostile_desk import HostileDesk, hostile_desk, judge
from tests.support.hostile_workbooks import bombs, broken, deceiving
from tests.support.parties import ROUND
from tests.support.workbooks import make, unzipped

GROUPS = {"spoiled": spoiled, "one schema": one_schema, "mutated": lambda: mutated(30),
          "broken workbooks": broken, "bombs": bombs, "deceiving workbooks": deceiving}  # fmt: skip
MEBIBYTE = 1 << 20
CARE, _, OBJECTION = TEMPLATES


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileDesk]:
    with hostile_desk(tmp_path_factory.mktemp("vijandig")) as desk:
        yield desk


@pytest.mark.parametrize("group", list(GROUPS))
def test_files(desk: HostileDesk, group: str) -> None:
    assert desk.problems(GROUPS[group]()) == []


def test_there_are_more_than_300_files() -> None:
    names = [case.name for cases in (spoiled, one_schema, deceiving) for case in cases()]
    assert len(names) == len(set(names))
    assert len(names) + 30 + 4 * 26 + 3 * 16 > 400


def check(desk: HostileDesk, schema: str, path: Path, code: str, *more: str | Path) -> None:
    """What is given is refused, with this code of an error or a finding."""
    ran = desk.run(schema, "check", schema, path, "--round", ROUND, *more)
    assert judge(ran, NUMBERS) == []
    assert ran.code == 2
    assert code in ran.shown


def big(path: Path, *parts: tuple[bytes, int]) -> Path:
    """A file of parts that repeat."""
    with path.open("wb") as file:
        for data, count in parts:
            many = max(1, MEBIBYTE // len(data))
            for _ in range(count // many):
                file.write(data * many)
            file.write(data * (count % many))
    return path


def test_a_line_of_a_gigabyte(desk: HostileDesk, tmp_path: Path) -> None:
    path = big(tmp_path / "letters.csv", (b"a", 1024 * MEBIBYTE))
    check(desk, CARE, path, "2014")
    path.unlink()
    with path.open("wb") as file:
        file.truncate(1024 * MEBIBYTE)
    check(desk, CARE, path, "2005")


@pytest.mark.parametrize(("cell", "code"), [(b"x", "2006"), (b";", "2006"), (b'""', "2007")])
def test_a_sound_beginning_and_then_a_line_of_200_megabytes(
    desk: HostileDesk, tmp_path: Path, cell: bytes, code: str
) -> None:
    beginning = table(OBJECTION).encode()
    path = big(tmp_path / "lang.csv", (beginning, 1), (cell, 200 * MEBIBYTE // len(cell)))
    check(desk, OBJECTION, path, code)
    path.unlink()


def test_a_million_rows_of_totals(desk: HostileDesk, tmp_path: Path) -> None:
    path = big(tmp_path / "totaal.csv", (b"bsn;naam\r\n", 1), (b"Totaal;999000007\r\n", 1_000_001))
    check(desk, OBJECTION, path, "1.000.001 keer")


def test_a_workbook_of_200_000_rows_and_22_columns(desk: HostileDesk, tmp_path: Path) -> None:
    """calamine alone would need some 350 MB for this sheet."""
    path = tmp_path / "groot.xlsx"
    large_workbook(path, 200_000)
    ran = desk.run(CARE, "check", CARE, path, "--round", ROUND, "--json")
    assert judge(ran, NUMBERS) == []
    assert json.loads(ran.out)["total"]["read"] == 200_000


def large_workbook(path: Path, count: int) -> None:
    """An XLSX whose sheet repeats the rows of a sound one."""
    rows = rows_of(CARE)
    sheet = "xl/worksheets/sheet1.xml"
    parts = unzipped(make("xlsx", rows))
    text = parts[sheet].decode()
    start, end = text.index('<row r="2"'), text.index("</sheetData>")
    several = text[start:end]
    pattern = re.sub(r'r="([A-Z]*)(\d)"', r'r="\1{\2}"', several)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as container:
        for name, data in parts.items():
            if name != sheet:
                container.writestr(name, data)
        with container.open(sheet, "w") as out:
            out.write(text[:start].encode())
            step = len(rows) - 1
            for first in range(2, count + 2, step):
                places = ["", "", *range(first, first + step)]
                out.write(pattern.format(*places).encode())
            out.write(text[end:].encode())


def test_a_large_file_in_utf_16(desk: HostileDesk, tmp_path: Path) -> None:
    head, row = (line.encode("utf-16-le") for line in ("bsn;naam\r\n", "999000007;é\r\n"))
    path = big(tmp_path / "breed.csv", (b"\xff\xfe" + head, 1), (row, 500_000))
    ran = desk.run(OBJECTION, "check", OBJECTION, path, "--round", ROUND)
    assert judge(ran, NUMBERS) == []
    assert (ran.code, "3601" in ran.out) == (0, True)


def test_what_is_no_file(desk: HostileDesk, tmp_path: Path) -> None:
    folder = tmp_path / "999000007"
    folder.mkdir()
    pipe, loop = tmp_path / "pijp", tmp_path / "rond"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for path in (folder, pipe, loop, Path(os.devnull), Path("/dev/zero"), Path("/proc/self/mem")):
        check(desk, CARE, path, "2001")
    check(desk, CARE, tmp_path / "999000007.csv", "source-missing")
    check(desk, CARE, tmp_path / ("9" * 300), "file-problem")


def test_an_output_that_is_an_input(desk: HostileDesk, tmp_path: Path) -> None:
    source = tmp_path / "999000007.csv"
    source.write_text(table(CARE))
    before = source.read_bytes()
    check(desk, CARE, source, "output-is-input", "--report", source)
    linked = tmp_path / "ander.csv"
    linked.hardlink_to(source)
    check(desk, CARE, source, "output-is-input", "--report", linked)
    for out in (source, tmp_path):
        ran = desk.run(CARE, "seal", CARE, source, "--round", ROUND, "--out", out)
        assert judge(ran, NUMBERS) == []
        assert ran.code == 2
    assert source.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["999000007.csv", "ander.csv"]


def test_one_bad_file_beside_a_good_one_stops_both(desk: HostileDesk, tmp_path: Path) -> None:
    good, bad = tmp_path / "goed.csv", tmp_path / "fout.csv"
    good.write_text(table(CARE))
    bad.write_bytes(b"\0" * 10)
    out = tmp_path / "uit"
    for files in ((good, bad), (bad, good), (good, "--declarations", bad)):
        ran = desk.run(CARE, "seal", CARE, *files, "--round", ROUND, "--out", out)
        assert judge(ran, NUMBERS) == []
        assert (ran.code, "2005" in ran.out, out.exists()) == (2, True, False)


def test_the_judge_sees_what_is_wrong(desk: HostileDesk) -> None:
    sound = Case("sound", CARE, table(CARE).encode(), frozenset(), fatal=True)
    (problem,) = desk.problems([sound])
    assert problem == "sound (check): accepted"
