"""From pupil files to enrolment rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.contract.codes import Education
from shared.contract.deliveries import ENROLMENT
from shared.hashing.checks import Check
from shared.hashing.deriving.context import NUMBER
from tests.support.hashing import PUPIL, Row, pupils, records, run, write_table


def test_a_pupil_becomes_one_row(tmp_path: Path) -> None:
    prepared = pupils(tmp_path, {})
    assert records(prepared) == [
        {
            "number": "bsn:999000007",
            "period": 22,
            "school": b"99XA00",
            "education": Education.AS_SCHOOL,
            "residence": 197,
            "age": 10,
            "linkable": True,
            "main": True,
        }
    ]
    wire = [field.name for field in ENROLMENT.arrow]
    assert prepared.table.column_names == [NUMBER, *wire[1:]]
    assert not prepared.report.counts


@pytest.mark.parametrize(
    ("came", "left", "enrolled"),
    [
        ("01-10-2022", "", True),
        ("02-10-2022", "", False),
        ("01-08-2022", "01-10-2022", False),
        ("01-08-2022", "02-10-2022", True),
        ("01-08-2022", "31-07-2023", True),
        ("01-01-1900", "", True),
        ("", "", True),
    ],
)
def test_enrolled_on_the_first_of_october(
    tmp_path: Path, came: str, left: str, enrolled: bool
) -> None:
    row = {"datum_inschrijving": came, "datum_uitschrijving": left}
    prepared = pupils(tmp_path, row, {"pgn": "999000019"})
    assert prepared.table.num_rows == 1 + enrolled
    assert prepared.report.count(Check.NOT_ENROLLED) == (not enrolled)


@pytest.mark.parametrize(
    ("school_year", "counted_on", "period"),
    [
        ("2022/2023", "", 22),
        ("2022-2023", "", 22),
        ("2022", "", 22),
        ("2022/23", "", 22),
        ("", "01-10-2022", 22),
        ("", "01-02-2023", 22),
        ("", "44835", 22),
        ("2023/2024", "01-10-2023", 23),
        ("2022/2023", "01-10-2023", 22),
    ],
)
def test_period_of_a_row(tmp_path: Path, school_year: str, counted_on: str, period: int) -> None:
    prepared = pupils(tmp_path, {"schooljaar": school_year, "peildatum": counted_on})
    assert [record["period"] for record in records(prepared)] == [period]
    conflict = (school_year, counted_on) == ("2022/2023", "01-10-2023")
    assert prepared.report.count(Check.PERIOD_CONFLICT) == conflict


@pytest.mark.parametrize(
    ("born", "age"),
    [("01-10-2012", 10), ("02-10-2012", 9), ("29-02-2012", 10), ("20120000", 10), ("40910", 10)],
)
def test_age_on_the_reference_date(tmp_path: Path, born: str, age: int) -> None:
    assert records(pupils(tmp_path, {"geboortedatum": born}))[0]["age"] == age


def test_codes_of_schools_education_and_residence(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"vestigingscode": "99xa00", "onderwijssoort": "havo", "woongemeente": "GM0197"},
        {"vestigingscode": "", "vestiging": "1", "onderwijssoort": "MBO-4", "woongemeente": "197"},
        {"vestigingscode": "", "vestiging": "02", "onderwijssoort": "VMBO-GT"},
    ]
    numbers = ("999000007", "999000019", "999000020")
    found = records(
        pupils(tmp_path, *({**r, "pgn": n} for r, n in zip(rows, numbers, strict=True)))
    )
    assert [record["school"] for record in found] == [b"99XA00", b"99XA01", b"99XA02"]
    education = [Education.HAVO, Education.MBO_4, Education.VMBO_GT]
    assert [record["education"] for record in found] == education
    assert {record["residence"] for record in found} == {197}


def test_a_pupil_with_an_onderwijsnummer_is_there_but_not_linkable(tmp_path: Path) -> None:
    prepared = pupils(tmp_path, {"pgn": "109900012", "pgn_type": "O"})
    assert records(prepared)[0]["linkable"] is False
    assert records(prepared)[0]["number"] == "onr:109900012"


def test_several_files_are_one_delivery(tmp_path: Path) -> None:
    first = write_table(tmp_path / "a.csv", PUPIL, [{}, {"pgn": "999000019"}])
    second = write_table(tmp_path / "b.csv", PUPIL, [{"schooljaar": "2023/2024"}], "cp1252")
    prepared = run("enrolment/1", {"pupils": [first, second]})
    assert prepared.table.num_rows == 3
    assert [(f.file, f.read, f.kept) for f in prepared.report.files] == [(1, 2, 2), (2, 1, 1)]
