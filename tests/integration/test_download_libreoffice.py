"""Files opened by LibreOffice with a Dutch locale: numbers are numbers, names stay names."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from python_calamine import CalamineWorkbook

from publisher.downloads.extract import Extract
from publisher.downloads.formats import format_of
from tests.support.downloads import TABLE, extract
from tests.support.releases import FORMULA_SCHOOL, SCRIPT_SCHOOL, reference

DUTCH = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>nl-NL</value></prop></item>
</oor:items>
"""
CSV_FILTER = "CSV:59,34,76,1,,1043,false,{detect}"
"""``;``, quotes, UTF-8, from the first line, Dutch; and whether it looks for dates and the like."""
CONVERT_SECONDS = 240
Rows = list[dict[str, object]]


def opened(folder: Path, name: str, data: bytes, *filter_: str) -> dict[str, Rows]:
    """What LibreOffice makes of a file: its sheets, saved anew and read back."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("soffice is absent; .ci/run installs it")
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(DUTCH, encoding="utf-8")
    (folder / name).write_bytes(data)
    own = f"-env:UserInstallation=file://{quote(str(profile))}"
    subprocess.run(
        [program, own, "--headless", "--norestore", *filter_,
         "--convert-to", "ods", "--outdir", str(folder / "out"), str(folder / name)],
        check=True, capture_output=True, timeout=CONVERT_SECONDS,
    )  # fmt: skip
    saved = folder / "out" / f"{Path(name).stem}.ods"
    book = CalamineWorkbook.from_filelike(io.BytesIO(saved.read_bytes()))
    sheets: dict[str, Rows] = {}
    for sheet in book.sheet_names:
        header, *rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        sheets[sheet] = [dict(zip(map(str, header), row, strict=True)) for row in rows]
    return sheets


def check(rows: Rows, taken: Extract) -> None:
    """Every row of the extract, number by number and name by name."""
    cells = taken.rows.to_pylist()
    assert len(rows) == len(cells)
    for row, cell in zip(rows, cells, strict=True):
        value = None if cell["value"] is None else cell["value"] / 10 ** cell["decimals"]
        assert row["waarde"] == ("" if value is None else value)
        assert isinstance(row["waarde"], float if value is not None else str)
        assert (row["eenheid"], row["status"]) == (cell["unit"], cell["status"])
        assert row["periode"] == cell["period_label"]  # 2024/2025 is no date


def names(rows: Rows) -> dict[object, object]:
    return {row["eenheid"]: row["naam"] for row in rows}


def test_a_workbook_opens_with_its_numbers_and_names(tmp_path: Path) -> None:
    sheets = opened(tmp_path, "tabel.xlsx", format_of("xlsx").write(extract()))
    assert list(sheets) == ["Omslag", "Inhoud", "Toelichting", TABLE]
    check(sheets[TABLE], extract())
    known = {school.code: school.name for school in reference().schools}
    found = names(sheets[TABLE])
    for school in (FORMULA_SCHOOL, SCRIPT_SCHOOL):
        assert found[school] == known[school]


@pytest.mark.parametrize("detect", ["false", "true"])
def test_the_dutch_csv_opens_with_its_numbers_and_names(tmp_path: Path, detect: str) -> None:
    data = format_of("nl-csv").write(extract())
    sheets = opened(tmp_path, "tabel.csv", data, f"--infilter={CSV_FILTER.format(detect=detect)}")
    (rows,) = sheets.values()
    check(rows, extract())
    known = {school.code: school.name for school in reference().schools}
    # A name that begins like a formula keeps its apostrophe: it was not computed.
    assert names(rows)[FORMULA_SCHOOL] == f"'{known[FORMULA_SCHOOL]}"
