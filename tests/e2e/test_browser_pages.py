"""In a real browser: no violation, no complaint, nothing too wide, in every look and language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.assurance import LONG, recorded
from tests.support.browser import (
    ABSENT,
    CHROMIUM,
    EMULATIONS,
    Emulation,
    browsing,
    charts_of,
    cut_texts,
    opened,
    scrolls_sideways,
    served,
    violations,
)
from tests.support.dashboards import EVERY_PAGE, NOTES, QUESTIONS, Question, dashboard_app
from tests.support.region_release import PRIMARY, region_release

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=ABSENT)

_FEW = ("/", "/onderwerpen/kosten", "/verantwoording", "/verkennen")
"""Pages of ``make test``, which together have every part; ``make test-browser`` has them all."""
PAGES = EVERY_PAGE if LONG else _FEW


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served(dashboard_app(region_release(), notes=lambda: NOTES)) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.mark.parametrize("prefix", ["", "/en"], ids=["nl", "en"])
@pytest.mark.parametrize("emulation", EMULATIONS, ids=lambda each: each.id)
def test_pages_are_accessible_and_quiet(
    site: str, browser: Browser, emulation: Emulation, prefix: str
) -> None:
    wrong: dict[str, list[str]] = {}
    with (
        recorded("pages in a browser, by language and look", None) as tally,
        opened(browser, emulation) as (page, complaints),
    ):
        for address in PAGES:
            page.goto(site + prefix + address)
            found = violations(page)
            found += ["scrolls sideways"] if scrolls_sideways(page) else []
            found += complaints
            complaints.clear()
            tally.add(passed=not found)
            wrong |= {address: found} if found else {}
    assert wrong == {}


def test_nothing_of_a_chart_is_cut(site: str, browser: Browser) -> None:
    """Also in the letters of a reader who lacks those that the chart was drawn with."""
    cut: dict[str, list[str]] = {}
    seen: set[str] = set()
    with opened(browser, EMULATIONS[2]) as (page, _complaints):
        for address in (prefix + each for each in PAGES for prefix in ("", "/en")):
            page.goto(site + address)
            for chart in charts_of(page):
                if chart not in seen:
                    seen.add(chart)
                    page.goto(site + chart)
                    cut |= {chart: found} if (found := cut_texts(page)) else {}
    assert len(seen) > len(PAGES)
    assert cut == {}


@pytest.mark.parametrize("question", QUESTIONS if LONG else QUESTIONS[:2], ids=lambda each: each.id)
def test_questions_are_answered_by_clicking(
    site: str, browser: Browser, question: Question
) -> None:
    with opened(browser, EMULATIONS[2]) as (page, complaints):
        page.goto(site)
        for click in question.clicks:
            if click.startswith("/scholen?zoek="):
                page.get_by_role("searchbox").fill(click.removeprefix("/scholen?zoek="))
                page.get_by_role("button", name="Zoeken").click()
            else:
                page.locator(f'a[href="{click}"]').first.click()
        assert question.answer in page.locator("main").inner_text()
        assert complaints == []


def test_a_page_is_reached_by_keyboard_and_begins_with_a_way_past_the_menu(
    site: str, browser: Browser
) -> None:
    with opened(browser, EMULATIONS[0]) as (page, _complaints):
        page.goto(f"{site}/scholen/{PRIMARY}")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#inhoud"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "inhoud"
