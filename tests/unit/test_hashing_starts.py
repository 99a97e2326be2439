"""Start and stop messages: when the care of an assignment really began and stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.contract.codes import EndReason
from shared.hashing.checks import Check
from shared.hashing.roles import FileRole
from tests.support.care_files import counted, deliver
from tests.support.hashing import Prepared, Row, records

STOP: Row = {"begindatum": "", "einddatum": "31-10-2022", "reden_beeindiging": "32"}


def told(folder: Path, *messages: Row, assignment: Row | None = None) -> Prepared:
    return deliver(folder, {"assignments": [[assignment or {}]], "starts": [messages]})


def span(prepared: Prepared) -> tuple[object, ...]:
    (record,) = records(prepared)
    return record["days_in_period"], record["days_since_start"], record["end_reason"]


def test_messages_go_before_the_assignment(tmp_path: Path) -> None:
    assert span(told(tmp_path, {}, STOP)) == (31, 31, EndReason.BY_CLIENT)


def test_messages_go_before_real_dates_beside_the_assignment(tmp_path: Path) -> None:
    beside = {"datum_start_zorg": "05-09-2022", "datum_stop_zorg": "06-09-2022"}
    assert span(told(tmp_path, {}, STOP, assignment=beside)) == (31, 31, EndReason.BY_CLIENT)


def test_what_no_message_says_stays_as_it_was(tmp_path: Path) -> None:
    assert span(told(tmp_path, {})) == (92, 92, EndReason.AS_PLANNED)
    assert span(told(tmp_path, STOP)) == (61, 61, EndReason.BY_CLIENT)


@pytest.mark.parametrize("turn", [1, -1])
def test_the_earliest_start_and_the_last_stop_count(tmp_path: Path, turn: int) -> None:
    messages: list[Row] = [
        {"begindatum": "10-09-2022"},
        {"begindatum": "20-09-2022"},
        STOP,
        {**STOP, "einddatum": "30-11-2022", "reden_beeindiging": "31"},
    ]
    assert span(told(tmp_path, *messages[::turn])) == (82, 82, EndReason.AS_PLANNED)


def test_a_start_after_the_last_stop_means_that_care_goes_on(tmp_path: Path) -> None:
    pause = {**STOP, "reden_beeindiging": "20"}
    again = {"begindatum": "01-12-2022"}
    assert span(told(tmp_path, {}, pause, again)) == (92, 92, EndReason.AS_PLANNED)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_message_with_status_three_takes_the_same_message_back(tmp_path: Path, turn: int) -> None:
    messages: list[Row] = [{}, STOP, {**STOP, "status_aanlevering": "3"}]
    prepared = told(tmp_path, *messages[::turn])
    assert span(prepared) == (92, 92, EndReason.AS_PLANNED)
    assert prepared.report.count(Check.START_WITHDRAWN) == 2
    assert counted(prepared, FileRole.STARTS) == (3, 1, 0, 2)


def test_a_message_about_another_child_is_not_taken(tmp_path: Path) -> None:
    prepared = told(tmp_path, {"bsn": "999000019"}, {"toewijzingnummer": "7"})
    assert span(prepared) == (122, 122, EndReason.AS_PLANNED)
    assert prepared.report.count(Check.START_UNMATCHED) == 2
    assert counted(prepared, FileRole.STARTS) == (2, 0, 0, 2)


@pytest.mark.parametrize(
    ("row", "check"),
    [
        ({"begindatum": ""}, Check.START_DATES_UNUSABLE),
        ({"begindatum": "31-02-2022"}, Check.START_DATES_UNUSABLE),
        ({"toewijzingnummer": ""}, Check.START_KEY_EMPTY),
        ({"bsn": "999000008"}, Check.NUMBER_CHECKSUM),
    ],
)
def test_messages_that_cannot_be_used(tmp_path: Path, row: Row, check: Check) -> None:
    prepared = told(tmp_path, {}, row)
    assert [count.code for count in prepared.report.counts] == [check.code]
    assert span(prepared) == (92, 92, EndReason.AS_PLANNED)


def test_starts_and_stops_may_stand_in_two_files(tmp_path: Path) -> None:
    prepared = deliver(tmp_path, {"assignments": [[{}]], "starts": [[{}], [STOP]]})
    assert span(prepared) == (31, 31, EndReason.BY_CLIENT)
