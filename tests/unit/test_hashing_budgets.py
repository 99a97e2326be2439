"""Personal budgets (pgb), and amounts that stand on the rows of care themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.contract.codes import Funding
from shared.hashing.checks import Check
from tests.support.care_files import deliver
from tests.support.hashing import Prepared, Row, records

PRESENT: Row = {"bsn": "999000020"}


def budgets(folder: Path, *rows: Row) -> Prepared:
    return deliver(folder, {"assignments": [[PRESENT]], "pgb": [rows]})


def of_child(prepared: Prepared) -> list[dict[str, object]]:
    return [record for record in records(prepared) if record["number"] == "bsn:999000007"]


def codes(prepared: Prepared) -> list[int]:
    return [count.code for count in prepared.report.counts]


def test_a_budget_without_agb_code_is_care_without_a_provider(tmp_path: Path) -> None:
    prepared = budgets(tmp_path, {})
    (record,) = of_child(prepared)
    assert record["provider"] == b"00000000"
    assert record["funding"] == Funding.PERSONAL_BUDGET
    assert (record["days_in_period"], record["cost_eur"]) == (30, 1_500)
    assert codes(prepared) == [Check.PROVIDER_NONE.code]


def test_a_budget_with_a_wrong_agb_code_is_refused(tmp_path: Path) -> None:
    prepared = budgets(tmp_path, {"agb": "99012345"}, {"agb": "1"}, {"agb": "73731234"})
    assert [record["provider"] for record in of_child(prepared)] == [b"73731234"]
    assert prepared.report.count(Check.PROVIDER_TYPE) == 1
    assert prepared.report.count(Check.PROVIDER_UNUSABLE) == 1


def test_an_assignment_in_kind_needs_a_provider_and_a_budget_does_not(tmp_path: Path) -> None:
    rows: list[Row] = [{"aanbieder_agb": ""}, {"aanbieder_agb": "", "leveringsvorm": "PGB"}]
    prepared = deliver(tmp_path, {"assignments": [[*rows, PRESENT]]})
    assert [record["funding"] for record in of_child(prepared)] == [Funding.PERSONAL_BUDGET]
    assert prepared.report.count(Check.PROVIDER_UNUSABLE) == 1


def test_what_was_spent_goes_before_the_budget(tmp_path: Path) -> None:
    assert of_child(budgets(tmp_path, {"besteed_bedrag": "10,00"}))[0]["cost_eur"] == 10
    prepared = budgets(tmp_path, {"besteed_bedrag": ""})
    assert of_child(prepared)[0]["cost_eur"] == 2_000
    assert Check.BUDGET_TAKEN.code in codes(prepared)


@pytest.mark.parametrize(
    ("row", "check"),
    [
        ({"besteed_bedrag": "0"}, Check.ROW_COST_ZERO),
        ({"besteed_bedrag": "veel"}, Check.ROW_COST_UNUSABLE),
    ],
)
def test_budgets_of_nothing_still_count_as_care(tmp_path: Path, row: Row, check: Check) -> None:
    prepared = budgets(tmp_path, {**row, "agb": "73731234"})
    assert of_child(prepared)[0]["cost_eur"] == 0
    assert codes(prepared) == [check.code]


def test_the_amount_is_spread_over_the_days_of_its_row(tmp_path: Path) -> None:
    row = {"ingangsdatum": "01-07-2022", "einddatum": "31-08-2022", "besteed_bedrag": "620"}
    found = of_child(budgets(tmp_path, row))
    assert [(r["period"], r["cost_eur"]) for r in found] == [(21, 310), (22, 310)]


def test_a_running_budget_is_spread_until_the_end_of_the_round(tmp_path: Path) -> None:
    row = {"ingangsdatum": "01-08-2022", "einddatum": "", "besteed_bedrag": "731"}
    found = of_child(budgets(tmp_path, row))
    assert [(r["period"], r["cost_eur"]) for r in found] == [(22, 365), (23, 366)]


def test_budgets_and_declarations_of_one_child_stay_apart(tmp_path: Path) -> None:
    files: dict[str, list[list[Row]]] = {
        "assignments": [[{}]],
        "pgb": [[{"agb": "73731234"}]],
        "declarations": [[{}]],
    }
    found = records(deliver(tmp_path, files))
    costs = {record["funding"]: record["cost_eur"] for record in found}
    assert costs == {Funding.IN_KIND: 900, Funding.PERSONAL_BUDGET: 1_500}
