"""One picture of every kind of page, to look at; ``make contact-sheet`` puts it in docs/."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from shared.round import TrustedRound
from tests.support.assurance import LONG
from tests.support.browser import (
    ABSENT,
    CHROMIUM,
    EMULATIONS,
    Emulation,
    browsing,
    opened,
    served,
    settle,
)
from tests.support.dashboards import EVERY_PAGE, NOTES, dashboard_app
from tests.support.parties import MiniRegion
from tests.support.region_release import region_release
from tests.support.staff_pages import approver_pages, operator_pages

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=ABSENT)

_WIDE = Emulation("wide", 1200, {})
_SHOWN = ((_WIDE, 300), (EMULATIONS[0], 120), (EMULATIONS[2], 300))
_EVERYTHING = LONG or "MOJ_CONTACT_SHEET" in os.environ


@contextmanager
def _pages(folder: Path, region: MiniRegion, trusted: TrustedRound) -> Iterator[tuple[str, ...]]:
    """Addresses of every kind of page; of one outside ``make contact-sheet``."""
    with served(dashboard_app(region_release(), notes=lambda: NOTES)) as site:
        readers = tuple(f"{site}{address}" for address in EVERY_PAGE)
        if not _EVERYTHING:
            yield readers[-1:]
            return
        with operator_pages(region, trusted) as operator, approver_pages(folder) as approver:
            yield readers + approver + operator


def test_the_contact_sheet_shows_every_page(
    tmp_path: Path, region: MiniRegion, trusted: TrustedRound
) -> None:
    target = Path(os.environ.get("MOJ_CONTACT_SHEET", tmp_path / "sheet.jpg"))
    folder = tmp_path / "goedkeuren"
    folder.mkdir()
    with _pages(folder, region, trusted) as addresses, browsing() as browser:
        cells = [_cell(browser, each, look, width) for each in addresses for look, width in _SHOWN]
        with opened(browser, Emulation("sheet", 1560, {})) as (page, _complaints):
            page.set_content(
                "<style>body{font:11px sans-serif;display:flex;flex-wrap:wrap;gap:8px}"
                "figure{margin:0}img{border:1px solid #999}</style>" + "".join(cells)
            )
            page.screenshot(path=target, type="jpeg", quality=55, full_page=True)
    assert target.stat().st_size > 1000


def _cell(browser: Browser, address: str, look: Emulation, width: int) -> str:
    """The top of a page in one look, with its address below it."""
    with opened(browser, look) as (page, complaints):
        page.goto(address)
        settle(page)
        assert complaints == [], address
        shot = base64.b64encode(page.screenshot(type="jpeg", quality=60)).decode()
    path = urlsplit(address)._replace(scheme="", netloc="").geturl()
    return (
        f'<figure style="width:{width}px"><img width="{width}" '
        f'src="data:image/jpeg;base64,{shot}"><figcaption>{path}</figcaption></figure>'
    )
