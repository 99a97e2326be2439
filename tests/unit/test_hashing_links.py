"""The koppelfile: pupils known by an education number get the citizen number that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from shared.hashing.checks import Check
from tests.support.care_files import deliver
from tests.support.hashing import Prepared, Row, records

EDUCATION = "109900012"
PUPIL_ROW: Row = {"pgn": EDUCATION, "pgn_type": "O"}


def linked(folder: Path, *links: Row) -> Prepared:
    files: dict[str, list[Sequence[Row]]] = {
        "pupils": [[PUPIL_ROW, {"pgn": "999000020"}]],
        "links": [links],
    }
    return deliver(folder, files, "duo-leerplicht")


def first(prepared: Prepared) -> tuple[object, object]:
    record = records(prepared)[0]
    return record["number"], record["linkable"]


def test_a_pupil_gets_the_number_that_the_file_has(tmp_path: Path) -> None:
    prepared = linked(tmp_path, {})
    assert first(prepared) == ("bsn:999000007", True)
    assert prepared.report.count(Check.LINK_USED) == 1
    assert records(prepared)[1]["number"] == "bsn:999000020"


def test_without_a_link_a_pupil_stays_not_linkable(tmp_path: Path) -> None:
    assert first(linked(tmp_path, {"onderwijsnummer": "109900024"})) == (f"onr:{EDUCATION}", False)


def test_two_numbers_for_one_pupil_are_no_link(tmp_path: Path) -> None:
    prepared = linked(tmp_path, {}, {"bsn": "999000019"}, {"onderwijsnummer": "109900024"})
    assert first(prepared) == (f"onr:{EDUCATION}", False)
    assert prepared.report.count(Check.LINK_CONFLICT) == 2
    again = linked(tmp_path, {}, {"bsn": "9990.00.007"})
    assert first(again) == ("bsn:999000007", True)


def test_rows_of_the_file_that_cannot_be_used(tmp_path: Path) -> None:
    rows: list[Row] = [
        {},
        {"onderwijsnummer": "999000019"},
        {"onderwijsnummer": "109900024", "bsn": ""},
        {"onderwijsnummer": "109900036", "bsn": "999999999"},
        {"onderwijsnummer": "109900048", "bsn": "999000008"},
        {},
        {},
    ]
    prepared = linked(tmp_path, *rows)
    assert first(prepared) == ("bsn:999000007", True)
    assert prepared.report.count(Check.LINK_NOT_EDUCATION) == 1
    assert prepared.report.count(Check.LINK_CITIZEN_UNUSABLE) == 3


def test_the_citizen_number_links_to_care(tmp_path: Path) -> None:
    care = deliver(tmp_path, {"assignments": [[{}]]})
    assert {record["number"] for record in records(care)} == {first(linked(tmp_path, {}))[0]}


def test_one_regional_file_is_one_delivery_for_all_municipalities(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"pgn": "999000007", "woongemeente": "0197"},
        {"pgn": "999000019", "woongemeente": "0222"},
        {"pgn": "999000020", "woongemeente": "1509"},
        {"pgn": "999000032", "woongemeente": "0344"},
    ]
    prepared = deliver(
        tmp_path, {"pupils": [rows]}, "duo-leerplicht", municipalities=(197, 222, 1509)
    )
    assert [record["residence"] for record in records(prepared)] == [197, 222, 1509]
    assert not prepared.report.fatal
    assert prepared.report.count(Check.RESIDENCE_OTHER) == 1
