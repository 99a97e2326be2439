"""The specification of the primary rules runs: every row of docs/dpia/suppression.toml."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from deploy.make_pages import SUPPRESSION
from deploy.make_suppression import rules, suppression_page
from publisher.protection.primary import (
    Rule,
    amount_dominated,
    below_threshold,
    changed_by_few,
    few_providers,
    group_disclosed,
    rate_unreliable,
    remainder_disclosed,
    supplier_remainder_disclosed,
    zero_withheld,
)
from shared.policy import Protection
from tests.support.small_tables import protect_small, small_spec

DECISIONS: dict[str, Callable[..., bool]] = {
    "amount_dominated": amount_dominated,
    "below_threshold": below_threshold,
    "changed_by_few": changed_by_few,
    "few_providers": few_providers,
    "group_disclosed": group_disclosed,
    "rate_unreliable": rate_unreliable,
    "remainder_disclosed": remainder_disclosed,
    "supplier_remainder_disclosed": supplier_remainder_disclosed,
    "zero_withheld": lambda zeros, split, parent, shown, least: zero_withheld(
        zeros, split=split, parent=parent, parent_shown=shown, least=least
    ),
}
CHAPTERS = {rule["id"]: rule for rule in rules()}
BEYOND_CELLS = {Rule.MARGIN, Rule.CLOSING, Rule.ROUNDED}
"""Rules that no single cell can show: groups without a cell, what a pattern opens, roundings."""


def _decisions() -> Iterator[object]:
    for name, rule in CHAPTERS.items():
        table = rule.get("decides", {"rows": []})
        for row in table["rows"]:
            yield pytest.param(table["function"], row, id=f"{name}-{row}")


@pytest.mark.parametrize(("function", "row"), list(_decisions()))
def test_a_rule_decides_as_specified(function: str, row: Sequence[Any]) -> None:
    *arguments, status = row
    assert DECISIONS[function](*arguments) is (status == "c")


@pytest.mark.parametrize("name", [name for name, rule in CHAPTERS.items() if "shows" in rule])
def test_a_file_shows_what_is_specified(name: str) -> None:
    table = CHAPTERS[name]["shows"]
    spec = small_spec(
        table["levels"], denominator="d" in table["columns"], **table.get("rules", {})
    )
    rows = [dict(zip(table["columns"], row, strict=False)) for row in table["rows"]]
    small = protect_small(spec, rows)
    expected = {f"unit/{row[0].replace(' ', '%20')}/" for row in table["rows"] if row[-1] == "c"}
    found = {key.replace(" ", "%20") for key in small.hidden if key.startswith("unit/")}
    assert found == expected


def test_every_rule_of_the_code_has_a_chapter() -> None:
    assert {rule.value for rule in Rule} - {rule.value for rule in BEYOND_CELLS} <= set(CHAPTERS)


def test_every_decision_has_a_row() -> None:
    assert {rule["decides"]["function"] for rule in CHAPTERS.values() if "decides" in rule} == set(
        DECISIONS
    )


def test_every_chapter_names_parameters_that_exist() -> None:
    named = {name for rule in CHAPTERS.values() for name in rule["policy"]}
    assert named <= set(Protection.model_fields)


def test_the_page_says_what_the_specification_says() -> None:
    page = SUPPRESSION.read_text(encoding="utf-8")
    assert page == suppression_page(), "run python -m deploy.make_pages"
