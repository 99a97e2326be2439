"""Every check has a planted mistake that it finds, and no other check has it too."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import xlsxwriter

from shared.hashing.checks import BY_CODE, Check, Effect
from shared.hashing.reading.workbook import OLE_MAGIC
from tests.support.hashing import (
    ASSIGNMENT,
    DECLARATION,
    PUPIL,
    Prepared,
    Row,
    care,
    pupils,
    run,
    table_text,
    write_table,
)

PUPIL_MISTAKES: dict[Check, Row] = {
    Check.NUMBER_EMPTY: {"pgn": ""},
    Check.NUMBER_CHARACTERS: {"pgn": "9,99E+08"},
    Check.NUMBER_LENGTH: {"pgn": "9990000"},
    Check.NUMBER_CHECKSUM: {"pgn": "999000008"},
    Check.NUMBER_SENTINEL: {"pgn": "999999999"},
    Check.NUMBER_OTHER_TYPE: {"pgn_type": "O"},
    Check.BIRTH_UNUSABLE: {"geboortedatum": "01-01-1900"},
    Check.DATE_PARTIAL: {"geboortedatum": "20120000"},
    Check.BIRTH_AFTER_START: {"geboortedatum": "01-01-2023"},
    Check.PERIOD_UNUSABLE: {"schooljaar": "x", "peildatum": ""},
    Check.PERIOD_OTHER: {"schooljaar": "2015/2016", "peildatum": ""},
    Check.PERIOD_CONFLICT: {"peildatum": "01-10-2021"},
    Check.NOT_ENROLLED: {"datum_inschrijving": "02-10-2022"},
    Check.ENROLLED_UNUSABLE: {"datum_uitschrijving": "31-02-2023"},
    Check.ENROLLED_EMPTY: {"datum_inschrijving": ""},
    Check.RESIDENCE_UNUSABLE: {"woongemeente": "Aalten"},
    Check.RESIDENCE_OTHER: {"woongemeente": "0222"},
    Check.SCHOOL_UNUSABLE: {"vestigingscode": "99X000"},
    Check.EDUCATION_UNKNOWN: {"onderwijssoort": "MAVO"},
    Check.MAIN_UNKNOWN: {"hoofdinschrijving": ""},
}
CARE_MISTAKES: dict[Check, Row] = {
    Check.CELL_ERROR: {"toewijzingnummer": "#N/B"},
    Check.START_UNUSABLE: {"ingangsdatum": ""},
    Check.END_UNUSABLE: {"einddatum": "onbekend"},
    Check.END_BEFORE_START: {"einddatum": "31-08-2022"},
    Check.AGE_ADULT: {"geboortedatum": "01-09-1999"},
    Check.CARE_REMOVED: {"reden_wijziging": "13"},
    Check.CATEGORY_UNKNOWN: {"productcategorie": "99"},
    Check.PROVIDER_UNUSABLE: {"aanbieder_agb": ""},
    Check.PROVIDER_PADDED: {"aanbieder_agb": "6012345"},
    Check.PROVIDER_TYPE: {"aanbieder_agb": "99012345"},
    Check.REFERRER_EMPTY: {"verwijzer": ""},
    Check.REFERRER_UNKNOWN: {"verwijzer": "09"},
    Check.FUNDING_EMPTY: {"leveringsvorm": ""},
    Check.FUNDING_UNKNOWN: {"leveringsvorm": "ZVW"},
    Check.END_REASON_UNKNOWN: {"reden_beeindiging": "99"},
    Check.MUNICIPALITY_UNUSABLE: {"gemeentecode": "Aalten"},
    Check.MUNICIPALITY_OTHER: {"gemeentecode": "0222"},
    Check.CARE_OUTSIDE: {"ingangsdatum": "01-09-2010", "einddatum": "02-09-2010",
                         "geboortedatum": "01-01-2005"},
    Check.NOT_YOUTH_CARE: {"productcategorie": "48", "productcode": ""},
    Check.DAYS_CAPPED: {"ingangsdatum": "01-09-1990", "geboortedatum": "01-01-1985"},
}  # fmt: skip
COST_MISTAKES: dict[Check, Row] = {
    Check.COST_UNMATCHED: {"bsn": "999000032", "toewijzingnummer": "9"},
    Check.AMOUNT_UNUSABLE: {"toegekend_bedrag_ct": "900,50"},
    Check.AMOUNT_TOO_LARGE: {"toegekend_bedrag_ct": "100000001"},
    Check.DECLARED_PERIOD_UNUSABLE: {"periode_eind": "31-08-2022"},
    Check.SIGN_UNKNOWN: {"debet_credit": "X"},
    Check.VOLUME_UNUSABLE: {"eenheid": "16", "geleverd_volume": "veel"},
    Check.COST_OUTSIDE: {"periode_begin": "01-09-2015", "periode_eind": "02-09-2015"},
    Check.COST_MOVED: {"periode_begin": "01-07-2022", "periode_eind": "30-09-2022"},
    Check.DECLARATION_NUMBER: {"bsn": ""},
}
HEADER = ";".join(PUPIL)
FILE_MISTAKES: dict[Check, bytes] = {
    Check.FILE_EMPTY: b"",
    Check.FILE_HEADER_ONLY: HEADER.encode(),
    Check.FILE_ENCODING: table_text(PUPIL, [{"leerjaar": "\x81"}]).encode("latin-1"),
    Check.FILE_NUL: table_text(PUPIL, [{"leerjaar": "\0"}]).encode(),
    Check.FILE_NOT_A_TABLE: b"<!DOCTYPE html>",
    Check.FILE_QUOTES: table_text(PUPIL, [{}]).encode() + b'"',
    Check.WORKBOOK_PASSWORD: OLE_MAGIC + "EncryptedPackage".encode("utf-16-le"),
    Check.WORKBOOK_BROKEN: b"PK\x03\x04",
    Check.COLUMNS_MISSING: table_text(PUPIL, [{}]).replace("vestigingscode", "x").encode(),
    Check.COLUMNS_DOUBLE: table_text(PUPIL, [{}]).replace("leerjaar", "PGN").encode(),
    Check.COLUMNS_TOO_MANY: (HEADER + ";x" * 10_000 + "\n").encode(),
}
GOOD = ({"pgn": "999000019"}, {"pgn": "999000020"})


def codes(prepared: Prepared) -> list[int]:
    return [count.code for count in prepared.report.counts]


@pytest.mark.parametrize("check", PUPIL_MISTAKES, ids=lambda check: check.slug)
def test_mistakes_in_pupils(tmp_path: Path, check: Check) -> None:
    prepared = pupils(tmp_path, PUPIL_MISTAKES[check], *GOOD)
    assert codes(prepared) == [check.code]
    assert prepared.table.num_rows == 3 - check.effect.drops
    assert not prepared.report.fatal


@pytest.mark.parametrize("check", CARE_MISTAKES, ids=lambda check: check.slug)
def test_mistakes_in_assignments(tmp_path: Path, check: Check) -> None:
    good = [{"bsn": row["pgn"]} for row in GOOD]
    prepared = care(tmp_path, [CARE_MISTAKES[check], *good])
    also = {Check.AGE_ADULT.code} if check is Check.DAYS_CAPPED else set()
    assert set(codes(prepared)) - also == {check.code}
    assert not prepared.report.fatal


@pytest.mark.parametrize("check", COST_MISTAKES, ids=lambda check: check.slug)
def test_mistakes_in_declarations(tmp_path: Path, check: Check) -> None:
    prepared = care(tmp_path, [{}], [{}, {"geleverd_volume": "7"}, COST_MISTAKES[check]])
    assert codes(prepared) == [check.code]
    assert not prepared.report.fatal
    finding = prepared.report.findings[0]
    assert (finding.role, finding.file, finding.row) == ("declarations", 1, 4)


@pytest.mark.parametrize("check", FILE_MISTAKES, ids=lambda check: check.slug)
def test_mistakes_in_files(tmp_path: Path, check: Check) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(FILE_MISTAKES[check])
    good = write_table(tmp_path / "good.csv", PUPIL, GOOD)
    prepared = run("enrolment/1", {"pupils": [path, good]})
    assert codes(prepared) == [check.code]
    assert prepared.report.fatal == (check,)
    assert prepared.table.num_rows == len(GOOD)


def two_sheets() -> bytes:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink) as book:
        for name in ("A", "B"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, list(PUPIL))
            sheet.write_row(1, 0, list(PUPIL.values()))
    return sink.getvalue()


OTHERS: dict[Check, str] = {
    Check.FILE_UNREADABLE: "below",
    Check.WORKBOOK_SHEETS: "below",
    Check.WORKBOOK_TOO_LARGE: "test_hashing_workbook",
    Check.ROLE_MISSING: "below",
    Check.ROWS_MOSTLY_REFUSED: "below",
    Check.NOTHING_LEFT: "below",
    Check.ROW_EMPTY: "below",
    Check.ROW_HEADER: "below",
    Check.ROW_TOTALS: "below",
    Check.ROW_RAGGED: "below",
    Check.COST_CAPPED: "below",
    Check.OBJECTION_DOUBLE: "below",
    Check.LINK_USED: "test_hashing_links",
    Check.LINK_NOT_EDUCATION: "test_hashing_links",
    Check.LINK_CITIZEN_UNUSABLE: "test_hashing_links",
    Check.LINK_CONFLICT: "test_hashing_links",
    Check.CARE_CORRECTED: "test_hashing_corrections",
    Check.CARE_WITHDRAWN: "test_hashing_corrections",
    Check.BIRTH_DIFFERS: "test_hashing_corrections",
    Check.CARE_ONE_DAY: "test_hashing_corrections",
    Check.START_UNMATCHED: "test_hashing_starts",
    Check.START_WITHDRAWN: "test_hashing_starts",
    Check.START_DATES_UNUSABLE: "test_hashing_starts",
    Check.START_KEY_EMPTY: "test_hashing_starts",
    Check.LINE_AGAIN: "test_hashing_lines",
    Check.LINE_DOUBLE: "test_hashing_lines",
    Check.LINE_ZERO: "test_hashing_lines",
    Check.LINE_WITHDRAWN: "below",
    Check.FORM_UNKNOWN: "test_hashing_other_profiles",
    Check.PROVIDER_NONE: "test_hashing_budgets",
    Check.ROW_COST_UNUSABLE: "test_hashing_budgets",
    Check.BUDGET_TAKEN: "test_hashing_budgets",
    Check.ROW_COST_ZERO: "test_hashing_budgets",
}


def test_every_check_is_planted_somewhere() -> None:
    planted = [*PUPIL_MISTAKES, *CARE_MISTAKES, *COST_MISTAKES, *FILE_MISTAKES, *OTHERS]
    assert sorted(check.code for check in planted) == sorted(BY_CODE)


@pytest.mark.parametrize("check", OTHERS, ids=lambda check: check.slug)
def test_a_mistake_that_is_planted_elsewhere_is_planted_there(check: Check) -> None:
    name = OTHERS[check]
    module = Path(__file__) if name == "below" else Path(__file__).with_name(f"{name}.py")
    mentions = module.read_text(encoding="utf-8").count(f"Check.{check.name}")
    assert mentions > (name == "below")


def test_files_that_are_missing_or_ambiguous(tmp_path: Path) -> None:
    missing = run("enrolment/1", {"pupils": [tmp_path / "none.csv"]})
    assert Check.FILE_UNREADABLE in missing.report.fatal
    (tmp_path / "two.xlsx").write_bytes(two_sheets())
    ambiguous = run("enrolment/1", {"pupils": [tmp_path / "two.xlsx"]})
    assert Check.WORKBOOK_SHEETS in ambiguous.report.fatal
    declarations = write_table(tmp_path / "d.csv", DECLARATION, [{}])
    half = run("care/1", {"declarations": [declarations]})
    assert Check.ROLE_MISSING in half.report.fatal


def test_rows_that_are_no_data(tmp_path: Path) -> None:
    lines = table_text(PUPIL, [{}, *GOOD]).split("\r\n")
    width = len(PUPIL) - 1
    text = "\r\n".join([*lines[:2], "", lines[0].upper(), *lines[2:4], "Totaal" + ";" * width, "x"])
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8")
    prepared = run("enrolment/1", {"pupils": [path]})
    expected = [Check.ROW_EMPTY, Check.ROW_HEADER, Check.ROW_TOTALS, Check.ROW_RAGGED]
    assert codes(prepared) == [check.code for check in expected]
    assert [f.row for f in prepared.report.findings] == [3, 4, 7, 8]
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
