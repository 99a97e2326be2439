"""Which rows count of an assignment that stands in the files more than once."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.hashing.checks import Check
from shared.hashing.roles import FileRole
from tests.support.care_files import counted, deliver
from tests.support.hashing import Row, records

PARENT = "999000019"
SHORTER: Row = {"einddatum": "30-09-2022"}


def days(folder: Path, *rows: Row) -> list[int]:
    found = records(deliver(folder, {"assignments": [rows]}))
    return sorted(int(str(record["days_in_period"])) for record in found)


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"toewijzingsdatum": "01-08-2022"}, {"toewijzingsdatum": "02-08-2022", **SHORTER}),
        (
            {"toewijzingsdatum": "01-08-2022", "toewijzingstijd": "09:59"},
            {"toewijzingsdatum": "01-08-2022", "toewijzingstijd": "10:00:00", **SHORTER},
        ),
        ({}, {"toewijzingsdatum": "02-08-2022", **SHORTER}),
        ({}, {"reden_wijziging": "05", **SHORTER}),
        ({}, {"reden_wijziging": "14", **SHORTER}),
        (
            {"toewijzingsdatum": "01-08-2022", "reden_wijziging": "04"},
            {"toewijzingsdatum": "02-08-2022", **SHORTER},
        ),
        ({"einddatum": "10-09-2022"}, SHORTER),
        ({"productcode": "45a49"}, {"toewijzingnummer": "0001001", "reden_wijziging": "05",
                                    **SHORTER}),
    ],
)  # fmt: skip
def test_the_later_row_of_an_assignment_counts(
    tmp_path: Path, earlier: Row, later: Row, turn: int
) -> None:
    prepared = deliver(tmp_path, {"assignments": [[earlier, later][::turn]]})
    assert [record["days_in_period"] for record in records(prepared)] == [30]
    assert prepared.report.count(Check.CARE_CORRECTED) == 1
    assert prepared.report.findings[0].row == (2 if turn == 1 else 3)
    assert counted(prepared, FileRole.ASSIGNMENTS) == (2, 1, 0, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"productcode": "45A48"},
        {"toewijzingnummer": "1002"},
        {"bsn": "999000020"},
        {"toewijzingnummer": ""},
        {"ingangsdatum": "01-01-2023", "einddatum": "31-01-2023"},
    ],
)
def test_another_product_number_child_or_time_is_no_correction(tmp_path: Path, other: Row) -> None:
    prepared = deliver(tmp_path, {"assignments": [[{}, {"reden_wijziging": "05"} | dict(other)]]})
    assert prepared.report.count(Check.CARE_CORRECTED) == 0


def test_the_same_number_in_another_municipality_is_another_assignment(tmp_path: Path) -> None:
    rows: list[Row] = [{}, {"gemeentecode": "0222", "reden_wijziging": "05"}]
    prepared = deliver(tmp_path, {"assignments": [rows]}, municipalities=(197, 222))
    assert prepared.report.count(Check.CARE_CORRECTED) == 0


def test_rows_of_two_files_correct_each_other(tmp_path: Path) -> None:
    prepared = deliver(tmp_path, {"assignments": [[{"reden_wijziging": "05", **SHORTER}], [{}]]})
    assert [record["days_in_period"] for record in records(prepared)] == [30]
    finding = prepared.report.findings[0]
    assert (finding.file, finding.row) == (2, 2)


@pytest.mark.parametrize("mark", [{"reden_wijziging": "13"}, {"status_aanlevering": "3"}])
@pytest.mark.parametrize("turn", [1, -1])
def test_a_removed_assignment_takes_its_earlier_rows_with_it(
    tmp_path: Path, mark: Row, turn: int
) -> None:
    other = {"toewijzingnummer": "1002", "productcategorie": "41", "productcode": "41A11"}
    removed = {**mark, "einddatum": "01-09-2022"}
    prepared = deliver(tmp_path, {"assignments": [[*[{}, removed][::turn], other]]})
    assert [record["form"] for record in records(prepared)] == [3]
    assert prepared.report.count(Check.CARE_WITHDRAWN) == 1
    assert prepared.report.count(Check.CARE_REMOVED) == 1
    assert counted(prepared, FileRole.ASSIGNMENTS) == (3, 1, 0, 2)


def test_removing_one_product_leaves_the_other(tmp_path: Path) -> None:
    rows: list[Row] = [{}, {"productcode": "45A48", "reden_wijziging": "13"}]
    assert days(tmp_path, *rows) == [122]


def test_a_removed_row_without_number_removes_nothing_else(tmp_path: Path) -> None:
    rows: list[Row] = [{"toewijzingnummer": ""}, {"toewijzingnummer": "", "reden_wijziging": "13"}]
    assert days(tmp_path, *rows) == [122]


def test_care_of_one_day_counts_and_is_told(tmp_path: Path) -> None:
    prepared = deliver(tmp_path, {"assignments": [[{"einddatum": "01-09-2022"}]]})
    assert [record["days_in_period"] for record in records(prepared)] == [1]
    assert [count.code for count in prepared.report.counts] == [Check.CARE_ONE_DAY.code]


def test_one_number_with_two_dates_of_birth_is_told(tmp_path: Path) -> None:
    rows: list[Row] = [
        {},
        {"toewijzingnummer": "1002", "geboortedatum": "15-03-1984"},
        {"toewijzingnummer": "1003", "bsn": PARENT},
        {"toewijzingnummer": "1004", "bsn": PARENT, "geboortedatum": "20120000"},
    ]
    prepared = deliver(tmp_path, {"assignments": [rows]})
    assert prepared.report.count(Check.BIRTH_DIFFERS) == 2
    assert prepared.report.count(Check.AGE_ADULT) == 1
    told = [f.row for f in prepared.report.findings if f.code == Check.BIRTH_DIFFERS.code]
    assert told == [2, 3]
