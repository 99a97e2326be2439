"""Declarations: which trajectory and period they land on."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.hashing.checks import Check
from tests.support.hashing import Row, care, records

LONG: Row = {"ingangsdatum": "01-07-2022", "einddatum": "31-08-2022"}


def costs(folder: Path, assignments: list[Row], declarations: list[Row]) -> list[tuple[int, int]]:
    found = records(care(folder, assignments, declarations))
    return [(int(str(r["period"])), int(str(r["cost_eur"]))) for r in found]


@pytest.mark.parametrize(
    ("row", "euros"),
    [
        ({}, 900),
        ({"toegekend_bedrag_ct": ""}, 1_000),
        ({"toegekend_bedrag_ct": "0"}, 0),
        ({"debet_credit": "C"}, -900),
        ({"debet_credit": "c", "toegekend_bedrag_ct": "-90000"}, -900),
        ({"toegekend_bedrag_ct": "90.000"}, 900),
        ({"toegekend_bedrag_ct": "50"}, 1),
        ({"toegekend_bedrag_ct": "49"}, 0),
    ],
)
def test_awarded_else_submitted_and_credit_is_negative(
    tmp_path: Path, row: Row, euros: int
) -> None:
    assert costs(tmp_path, [{}], [row]) == [(22, euros)]


def test_a_declaration_over_a_border_is_spread_by_day(tmp_path: Path) -> None:
    row = {"periode_begin": "22-07-2022", "periode_eind": "10-08-2022"}
    assert costs(tmp_path, [LONG], [row]) == [(21, 450), (22, 450)]


def test_what_falls_outside_the_round_is_not_counted(tmp_path: Path) -> None:
    assignment = {"ingangsdatum": "01-07-2021", "einddatum": "31-08-2021"}
    row = {"periode_begin": "22-07-2021", "periode_eind": "10-08-2021"}
    assert costs(tmp_path, [assignment], [row]) == [(21, 450)]


def test_a_part_in_a_period_without_care_goes_to_the_nearest(tmp_path: Path) -> None:
    prepared = care(tmp_path, [{**LONG, "einddatum": "31-07-2022"}], [
        {"periode_begin": "22-07-2022", "periode_eind": "10-08-2022"}
    ])  # fmt: skip
    assert [record["cost_eur"] for record in records(prepared)] == [900]
    assert prepared.report.count(Check.COST_MOVED) == 1


def test_credit_and_debit_lines_cancel_to_the_cent(tmp_path: Path) -> None:
    row = {"periode_begin": "13-07-2022", "periode_eind": "10-08-2022"}
    assert costs(tmp_path, [LONG], [row, {**row, "debet_credit": "C"}]) == [(21, 0), (22, 0)]


def test_without_assignment_number_the_child_and_provider_decide(tmp_path: Path) -> None:
    other = {"bsn": "999000019", "toewijzingnummer": "1002"}
    rows: list[Row] = [{"toewijzingnummer": ""}, {"bsn": "999000019", "toewijzingnummer": "77"}]
    found = records(care(tmp_path, [{}, other], rows))
    assert [record["cost_eur"] for record in found] == [900, 900]


def test_the_same_assignment_number_of_another_child_is_not_taken(tmp_path: Path) -> None:
    other = {"bsn": "999000019", "toewijzingnummer": "1001"}
    found = records(care(tmp_path, [{}, other], [{"bsn": "999000019"}]))
    assert {r["number"]: r["cost_eur"] for r in found} == {
        "bsn:999000007": 0,
        "bsn:999000019": 900,
    }


def test_an_unusable_number_leaves_the_assignment_number(tmp_path: Path) -> None:
    prepared = care(tmp_path, [{}], [{"bsn": "999000008", "toewijzingnummer": "001001"}])
    assert [record["cost_eur"] for record in records(prepared)] == [900]
    assert prepared.report.count(Check.DECLARATION_NUMBER) == 1


def test_of_two_trajectories_the_one_with_the_form_of_the_declaration(tmp_path: Path) -> None:
    day = {"productcategorie": "41", "productcode": "", "toewijzingnummer": "1002"}
    row = {"toewijzingnummer": "", "productcategorie": "41", "productcode": ""}
    found = records(care(tmp_path, [{}, day], [row]))
    assert {r["form"]: r["cost_eur"] for r in found} == {2: 0, 3: 900}


def test_half_days_of_day_treatment(tmp_path: Path) -> None:
    day: Row = {"productcategorie": "41", "productcode": "", **LONG}
    given: Row = {
        "eenheid": "16",
        "geleverd_volume": "10,5",
        "periode_begin": "22-07-2022",
        "periode_eind": "10-08-2022",
    }
    rows: list[Row] = [given, {**given, "geleverd_volume": "0,5", "debet_credit": "C"}]
    found = records(care(tmp_path, [day], [*rows, {**given, "eenheid": "04"}]))
    assert [record["half_days"] for record in found] == [5, 5]
    ambulatory = records(care(tmp_path, [LONG], [given]))
    assert [record["half_days"] for record in ambulatory] == [0, 0]


def test_declarations_without_any_assignment_are_reported(tmp_path: Path) -> None:
    prepared = care(tmp_path, [{"reden_wijziging": "13"}], [{}])
    assert prepared.report.count(Check.COST_UNMATCHED) == 1
    assert prepared.report.fatal == (Check.NOTHING_LEFT,)
