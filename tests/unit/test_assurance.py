from __future__ import annotations

from pathlib import Path

import pytest

from deploy.make_assurance import FOLDER_VARIABLE, PROMISED, Row, page, read_rows, renewed
from tests.support import assurance
from tests.support.assurance import record, recorded


def test_records_of_one_name_are_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(assurance.FOLDER_VARIABLE, str(tmp_path))
    record("races", 500, 500, 2, 61.2)
    record("Bombs", 40, 39, None, 2.0)
    record("races", 500, 499, 1, 60.0)
    bombs, races = read_rows(tmp_path)
    assert bombs.line() == "| Bombs | 40 | 39 | - | - | 2 s |  |  |"
    assert races.line() == "| races | 1,000 | 999 | - | 1, 2 | 2 min 01 s |  |  |"
    assert f"{bombs.line()}\n{races.line()}\n" in page([bombs, races])


def test_a_row_that_is_tried_again_replaces_the_one_of_before() -> None:
    old, stays = Row("bombs", 40, 40, (), 1.0, "aaa", "2026-01-01"), Row("disk full", 9, 9, (1,), 1)
    rows = renewed([old, stays], [Row("bombs", 41, 41, (), 2.0)], "bbb", "2026-02-02")
    assert rows == [Row("bombs", 41, 41, (), 2.0, "bbb", "2026-02-02"), stays]


def test_what_was_promised_and_not_tried_is_named() -> None:
    name = min(PROMISED)
    assert f"- {name}\n" in page([])
    assert f"- {name}\n" not in page([Row(name, 1, 1, (), 1.0)])


@pytest.mark.parametrize(
    ("count", "passed", "fault"),
    [
        (PROMISED["bombs"], PROMISED["bombs"], None),
        (PROMISED["bombs"], PROMISED["bombs"] - 1, "bombs: 1 of 40 did not pass"),
        (PROMISED["bombs"] - 1, PROMISED["bombs"] - 1, "bombs: 39 tried of 40 promised"),
    ],
)
def test_a_row_with_too_few_cases_is_a_fault(count: int, passed: int, fault: str | None) -> None:
    assert Row("bombs", count, passed, (), 1.0).fault() == fault


def _fail_after_two() -> None:
    with recorded("halves", seed=4) as tally:
        tally.add(passed=True)
        tally.add(passed=False)
        raise ZeroDivisionError


def test_a_test_that_fails_half_way_is_recorded_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(assurance.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        _fail_after_two()
    (row,) = read_rows(tmp_path)
    assert (row.count, row.passed, row.seeds) == (2, 1, (4,))


def test_nothing_is_kept_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(assurance.FOLDER_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    record("races", 1, 1, None, 0.0)
    assert not list(tmp_path.iterdir())


def test_recorder_and_page_agree_on_the_folder() -> None:
    assert assurance.FOLDER_VARIABLE == FOLDER_VARIABLE
    assert "make test-long" in page([])
