"""One picture of every kind of page, to look at; ``make contact-sheet`` puts it in docs/."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

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
from tests.support.region_release import region_release

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=ABSENT)

_WIDE = Emulation("wide", 1200, {})
_SHOWN = {_WIDE.id: (_WIDE, 300), EMULATIONS[0].id: (EMULATIONS[0], 120),
          EMULATIONS[2].id: (EMULATIONS[2], 300)}  # fmt: skip
_PAGES = EVERY_PAGE if LONG or "MOJ_CONTACT_SHEET" in os.environ else EVERY_PAGE[-1:]


def test_the_contact_sheet_shows_every_page(tmp_path: Path) -> None:
    target = Path(os.environ.get("MOJ_CONTACT_SHEET", tmp_path / "sheet.jpg"))
    with (
        served(dashboard_app(region_release(), notes=lambda: NOTES)) as site,
        browsing() as browser,
    ):
        cells = []
        for address in _PAGES:
            for emulation, width in _SHOWN.values():
                with opened(browser, emulation) as (page, complaints):
                    page.goto(site + address)
                    settle(page)
                    assert complaints == [], address
                    shot = base64.b64encode(page.screenshot(type="jpeg", quality=60)).decode()
                cells.append(
                    f'<figure style="width:{width}px"><img width="{width}" '
                    f'src="data:image/jpeg;base64,{shot}"><figcaption>{address}</figcaption>'
                    "</figure>"
                )
        with opened(browser, Emulation("sheet", 1560, {})) as (page, _complaints):
            page.set_content(
                "<style>body{font:11px sans-serif;display:flex;flex-wrap:wrap;gap:8px}"
                "figure{margin:0}img{border:1px solid #999}</style>" + "".join(cells)
            )
            page.screenshot(path=target, type="jpeg", quality=55, full_page=True)
    assert target.stat().st_size > 1000
