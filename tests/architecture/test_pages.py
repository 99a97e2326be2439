"""Pages that are made from tables in the code are as those tables make them."""

from __future__ import annotations

import re

from deploy.make_pages import BESIDE_HASHER, PAGE, ROOT, messages_page, raised_codes
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
