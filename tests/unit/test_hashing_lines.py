"""Declared lines: the same line twice, lines of nothing, and lines that are taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.hashing.checks import Check
from tests.support.care_files import deliver
from tests.support.hashing import Prepared, Row, records

CREDIT: Row = {"debet_credit": "C"}


def declared(folder: Path, *files: list[Row]) -> Prepared:
    return deliver(folder, {"assignments": [[{}]], "declarations": files})


def euros(prepared: Prepared) -> int:
    return sum(int(str(record["cost_eur"])) for record in records(prepared))


@pytest.mark.parametrize(
    ("files", "total", "again"),
    [
        ([[{}], [{}]], 900, 1),
        ([[{}, {}], [{}]], 1_800, 1),
        ([[{}], [{}, {}]], 1_800, 1),
        ([[{}], [{}], [{}, {}]], 1_800, 2),
        ([[{}, CREDIT], [{}, CREDIT]], 0, 2),
        ([[{}], [CREDIT]], 0, 0),
        ([[{}], [{"toegekend_bedrag_ct": "80000"}]], 1_700, 0),
        ([[{}], [{"periode_eind": "29-09-2022"}]], 1_800, 0),
        ([[{}], [{"bsn": "9990.00.007", "toewijzingnummer": "0001001"}]], 900, 1),
    ],
)
def test_a_line_that_two_exports_hold_counts_once(
    tmp_path: Path, files: list[list[Row]], total: int, again: int
) -> None:
    prepared = declared(tmp_path, *files)
    assert euros(prepared) == total
    assert prepared.report.count(Check.LINE_AGAIN) == again


def test_lines_that_one_file_holds_twice_count_twice_and_are_told(tmp_path: Path) -> None:
    prepared = declared(tmp_path, [{}, {}, {}])
    assert euros(prepared) == 2_700
    assert [count.code for count in prepared.report.counts] == [Check.LINE_DOUBLE.code]
    assert prepared.report.count(Check.LINE_DOUBLE) == 2


def test_a_reference_makes_sure(tmp_path: Path) -> None:
    same = {"productreferentie": "P-2022-0001"}
    prepared = declared(tmp_path, [same, same, {"productreferentie": "P-2022-0002"}])
    assert euros(prepared) == 1_800
    assert prepared.report.count(Check.LINE_AGAIN) == 1
    assert prepared.report.count(Check.LINE_DOUBLE) == 0


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize(
    ("rows", "total"),
    [
        ([{}, {"status_aanlevering": "3"}], 0),
        ([{}, {}, {"status_aanlevering": "3"}], 900),
        ([{"status_aanlevering": "3"}], 0),
        ([{}, {"status_aanlevering": "3", "toegekend_bedrag_ct": "1"}], 900),
        ([{}, {"status_aanlevering": "3"}, {"status_aanlevering": "03"}], 0),
        ([{"status_aanlevering": "2"}], 900),
    ],
)
def test_a_line_with_status_three_takes_the_same_line_back(
    tmp_path: Path, rows: list[Row], total: int, turn: int
) -> None:
    prepared = declared(tmp_path, rows[::turn])
    assert euros(prepared) == total


def test_a_line_is_taken_back_from_an_earlier_file_too(tmp_path: Path) -> None:
    assert euros(declared(tmp_path, [{}], [{"status_aanlevering": "3"}])) == 0


@pytest.mark.parametrize(
    ("row", "zero"),
    [
        ({"toegekend_bedrag_ct": "0", "geleverd_volume": "0"}, 1),
        ({"toegekend_bedrag_ct": "0", "geleverd_volume": ""}, 1),
        ({"toegekend_bedrag_ct": "0", "geleverd_volume": "0,5"}, 0),
        ({"geleverd_volume": "0"}, 0),
    ],
)
def test_lines_of_nothing_are_left_out(tmp_path: Path, row: Row, zero: int) -> None:
    prepared = declared(tmp_path, [row, {"toegekend_bedrag_ct": "5000"}])
    assert prepared.report.count(Check.LINE_ZERO) == zero
