"""Pages that are made from tables in the code are as those tables make them."""

from __future__ import annotations

import re

import pytest

from deploy.make_indicators import indicators_page, with_measures
from deploy.make_pages import (
    BESIDE_HASHER,
    INDICATORS,
    METHODOLOGY,
    PAGE,
    ROOT,
    messages_page,
    raised_codes,
)
from linker.linkage.definitions import MeasureDefinition, definitions
from linker.linkage.indicators import DERIVED, TABLES
from shared.errors import ConfigurationError, InputError, StateError
from shared.hashing.checks import Check


def test_the_page_of_findings_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == messages_page(), "run python -m deploy.make_pages"


def test_the_page_has_every_finding_once() -> None:
    codes = re.findall(r"^### (\d{4}) ", messages_page(), re.MULTILINE)
    assert codes == [str(code) for code in sorted(check.code for check in Check)]


def test_the_page_has_every_error_of_the_hasher_with_its_exit_code() -> None:
    page = messages_page()
    raised = raised_codes(ROOT / "shared", BESIDE_HASHER)
    slugs = {check.slug for check in Check}
    for code, status in raised.items():
        row = re.search(rf"^\| `{code}` \|.*\| (\d+) \|$", page, re.MULTILINE)
        assert (row and int(row[1])) == status or code in slugs, code
    assert raised["pins-missing"] == ConfigurationError.exit_code
    assert raised["file-exists"] == InputError.exit_code
    assert raised["round-not-imported"] == StateError.exit_code
    assert "round-key-absent" not in raised


def test_no_line_of_the_page_breaks_a_table() -> None:
    rows = [line for line in messages_page().splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {3, 5}


def test_the_fiches_of_the_indicators_are_up_to_date() -> None:
    page = INDICATORS.read_text(encoding="utf-8")
    assert page == indicators_page(), "run python -m deploy.make_pages"


def test_the_methodology_is_made_of_the_definitions_that_are_counted_by() -> None:
    page = METHODOLOGY.read_text(encoding="utf-8")
    assert page == with_measures(page), "run python -m deploy.make_pages"


@pytest.mark.parametrize(
    "measure", [*definitions().measures, *definitions().derived], ids=lambda each: str(each.id)
)
def test_a_fiche_has_its_headings_in_their_order(measure: MeasureDefinition) -> None:
    title = f"{measure.label[0].upper()}{measure.label[1:]}"
    (fiche,) = re.findall(
        rf"^### {re.escape(title)}\n(.*?)(?=^#|\Z)", indicators_page(), re.MULTILINE | re.DOTALL
    )
    assert re.findall(r"^- \*\*(.+?):\*\* \S", fiche, re.MULTILINE) == [
        "Definitie", "Toelichting", "Basisinformatie", "Uitzondering", "Databron", "Actualisatie",
        "Validiteit en betrouwbaarheid",
    ]  # fmt: skip


def test_the_methodology_has_what_the_tally_says_of_every_table_and_measure() -> None:
    page = METHODOLOGY.read_text(encoding="utf-8")
    assert re.findall(r"#### Table `(\w+)`", page) == [each.id for each in TABLES]
    for table in TABLES:
        assert f"#### Table `{table.id}`: {table.title}\n" in page
        for code, label in table.categories:
            assert f"`{code}` {label}" in page
    for measure in (*(each for table in TABLES for each in table.measures), *DERIVED):
        (definition,) = re.findall(
            rf"^#### `{measure.id}`: [^\n]*\n\n(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL
        )
        for name, text in measure.model_dump(exclude={"id", "label"}).items():
            assert not text or f"| {name.capitalize()} | {text} |\n" in definition


def test_no_line_of_the_methodology_breaks_a_table() -> None:
    page = METHODOLOGY.read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {3}
