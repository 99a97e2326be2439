"""Every check has a planted mistake that it finds, and no other check has it too."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.hashing.checks import BY_CODE, Check, Effect
from shared.hashing.delivering.prepare import prepare
from shared.hashing.systems.profile import shipped_profile
from tests.support.hashing import (
    AALTEN,
    ASSIGNMENT,
    DECLARATION,
    PERIODS,
    PROFILES,
    PUPIL,
    Prepared,
    Row,
    care,
    collect,
    pupils,
    run,
    table_text,
    write_table,
)
from tests.support.mistakes import (
    COST_MISTAKES,
    FILE_MISTAKES,
    GOOD,
    HEADER,
    NO_DATA,
    PUPIL_MISTAKES,
    mistakes,
)

MISTAKES = mistakes()


def codes(prepared: Prepared) -> list[int]:
    return [count.code for count in prepared.report.counts]


def prepare_mistake(folder: Path, check: Check) -> Prepared:
    mistake = MISTAKES[check]
    profile = shipped_profile(mistake.profile or PROFILES[mistake.schema])
    files = mistake.write(folder)
    return collect(prepare(mistake.schema, files, profile, PERIODS, (AALTEN,)), mistake.schema)


def test_every_check_has_a_planted_mistake() -> None:
    # A file that was not given has no content: see below.
    assert sorted(check.code for check in (*MISTAKES, Check.ROLE_MISSING)) == sorted(BY_CODE)


@pytest.mark.parametrize("check", MISTAKES, ids=lambda check: check.slug)
def test_a_planted_mistake_is_found_and_no_other(tmp_path: Path, check: Check) -> None:
    prepared = prepare_mistake(tmp_path, check)
    also = {each.code for each in MISTAKES[check].also}
    assert set(codes(prepared)) - also == {check.code}
    assert set(prepared.report.fatal) - MISTAKES[check].also == (
        {check} if check.effect is Effect.FATAL else set()
    )


@pytest.mark.parametrize("check", PUPIL_MISTAKES, ids=lambda check: check.slug)
def test_a_mistake_in_a_pupil_costs_no_other_row(tmp_path: Path, check: Check) -> None:
    assert prepare_mistake(tmp_path, check).table.num_rows == 3 - check.effect.drops


@pytest.mark.parametrize("check", COST_MISTAKES, ids=lambda check: check.slug)
def test_a_mistake_in_a_declaration_is_found_in_its_place(tmp_path: Path, check: Check) -> None:
    finding = prepare_mistake(tmp_path, check).report.findings[0]
    assert (finding.role, finding.file, finding.row) == ("declarations", 1, 4)


@pytest.mark.parametrize("check", FILE_MISTAKES, ids=lambda check: check.slug)
def test_a_file_that_cannot_be_read_costs_no_other_file(tmp_path: Path, check: Check) -> None:
    assert prepare_mistake(tmp_path, check).table.num_rows == len(GOOD)


def test_files_that_are_missing(tmp_path: Path) -> None:
    missing = run("enrolment/1", {"pupils": [tmp_path / "none.csv"]})
    assert Check.FILE_UNREADABLE in missing.report.fatal
    declarations = write_table(tmp_path / "d.csv", DECLARATION, [{}])
    half = run("care/1", {"declarations": [declarations]})
    assert Check.ROLE_MISSING in half.report.fatal


def test_rows_that_are_no_data(tmp_path: Path) -> None:
    prepared = prepare_mistake(tmp_path, Check.ROW_EMPTY)
    assert [(f.code, f.row) for f in prepared.report.findings] == [
        (check.code, row) for check, row in NO_DATA.items()
    ]
    counts = prepared.report.files[0]
    assert (counts.read, counts.kept, counts.refused, counts.left_out) == (7, 3, 1, 3)


def test_more_than_half_refused_is_fatal_and_half_is_not(tmp_path: Path) -> None:
    bad: Row = {"pgn": "999000008"}
    assert not pupils(tmp_path, bad, bad, *GOOD).report.fatal
    assert pupils(tmp_path, bad, bad, bad, *GOOD).report.fatal == (Check.ROWS_MOSTLY_REFUSED,)


def test_another_separator_in_the_rows_than_in_the_header_row_is_fatal(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    body = table_text(PUPIL, [{}, *GOOD], ",").split("\r\n", 1)[1]
    path.write_text(f"{HEADER}\r\n{body}", encoding="utf-8")
    prepared = run("enrolment/1", {"pupils": [path]})
    assert Check.ROWS_MOSTLY_REFUSED in prepared.report.fatal
    assert prepared.report.count(Check.ROW_RAGGED) == 3


def test_nothing_left_is_fatal(tmp_path: Path) -> None:
    prepared = pupils(tmp_path, {"woongemeente": "0222"})
    assert prepared.report.fatal == (Check.NOTHING_LEFT,)


def test_costs_beyond_the_contract_are_capped(tmp_path: Path) -> None:
    prepared = care(tmp_path, [{}], [{"toegekend_bedrag_ct": "100000000"}] * 11)
    assert prepared.report.count(Check.COST_CAPPED) == 1
    assert prepared.table.column("cost_eur").to_pylist() == [9_999_999]


def test_a_declaration_that_is_taken_back(tmp_path: Path) -> None:
    template = {**DECLARATION, "status_aanlevering": ""}
    rows: list[Row] = [{}, {"status_aanlevering": "3"}]
    files = {
        "assignments": [write_table(tmp_path / "a.csv", ASSIGNMENT, [{}])],
        "declarations": [write_table(tmp_path / "d.csv", template, rows)],
    }
    report = run("care/1", files).report
    assert [count.code for count in report.counts] == [Check.LINE_WITHDRAWN.code]
    assert (report.findings[0].row, report.findings[0].shape) == (3, "N")


def test_a_number_twice_in_the_objections(tmp_path: Path) -> None:
    path = write_table(
        tmp_path / "b.csv", {"bsn": ""}, [{"bsn": "999000007"}, {"bsn": "9990.00.007"}]
    )
    prepared = run("objection/1", {"objections": [path]})
    assert codes(prepared) == [Check.OBJECTION_DOUBLE.code]
    assert prepared.table.num_rows == 1


def test_fatal_codes_start_with_two_and_warnings_with_three() -> None:
    for check in Check:
        assert check.code // 1000 == (2 if check.effect is Effect.FATAL else 3)
        assert check.text.endswith(".")
        assert check.fix.endswith(".")


def test_templates_themselves_give_no_finding(tmp_path: Path) -> None:
    assert not pupils(tmp_path, {}).report.counts
    assert not care(tmp_path, [{}], [{}]).report.counts
    assert ASSIGNMENT["bsn"] == DECLARATION["bsn"]
