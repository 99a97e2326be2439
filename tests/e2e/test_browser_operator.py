"""The pages of operator, privacy officer and approver in a real browser, as those of readers."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shared.round import TrustedRound
from tests.support.assurance import LONG
from tests.support.browser import (
    ABSENT,
    CHROMIUM,
    EMULATIONS,
    browsing,
    opened,
    scrolls_sideways,
    violations,
)
from tests.support.parties import MiniRegion
from tests.support.staff_pages import approver_pages, operator_pages

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=ABSENT)


def _wrong(addresses: tuple[str, ...]) -> dict[tuple[str, str], list[str]]:
    """What is wrong with pages, by look and address."""
    wrong: dict[tuple[str, str], list[str]] = {}
    with browsing() as browser:
        for emulation in EMULATIONS if LONG else EMULATIONS[:1]:
            with opened(browser, emulation) as (page, complaints):
                for address in addresses:
                    page.goto(address)
                    page.evaluate("for (const each of document.querySelectorAll('details'))"
                                  " { each.open = true; }")  # fmt: skip
                    found = violations(page)
                    found += ["scrolls sideways"] if scrolls_sideways(page) else []
                    found += complaints
                    complaints.clear()
                    wrong |= {(emulation.id, address): found} if found else {}
    return wrong


def test_those_of_operator_and_privacy_officer_are_accessible_and_quiet(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    with operator_pages(region, trusted) as addresses:
        assert _wrong(addresses) == {}


def test_those_of_the_approver_are_accessible_and_quiet(tmp_path: Path) -> None:
    with approver_pages(tmp_path) as addresses:
        shown = (*addresses, *map(_english, addresses)) if LONG else addresses[-1:]
        assert _wrong(shown) == {}


def _english(address: str) -> str:
    at = urlsplit(address)
    return f"{at.scheme}://{at.netloc}/en{at.path}"
