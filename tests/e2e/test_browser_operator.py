"""The pages of the operator and the privacy officer in a real browser, as those of readers."""

from __future__ import annotations

from io import StringIO

import pytest

from linker.oversight.operator_pages import create_operator_app
from shared.round import TrustedRound
from shared.service.ledger_page import LEDGER_PATH
from shared.service.logs import Log
from shared.service.oversight import PATH
from tests.support.assurance import LONG
from tests.support.browser import (
    ABSENT,
    CHROMIUM,
    EMULATIONS,
    browsing,
    opened,
    scrolls_sideways,
    served,
    violations,
)
from tests.support.parties import ROUND, MiniRegion

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=ABSENT)


def test_they_are_accessible_and_quiet_in_every_look(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    pages = create_operator_app(
        region.linker_settings, clock=region.clock, log=Log("t", StringIO())
    )
    wrong: dict[tuple[str, str], list[str]] = {}
    with (
        region.linker_client() as client,
        served(pages) as operator,
        served(client.app) as service,  # type: ignore[arg-type]  # Starlette's type is wider
        browsing() as browser,
    ):
        addresses = (
            f"{operator}/operator",
            f"{operator}/operator/rounds/{ROUND}",
            f"{service}{PATH}",
            f"{service}{LEDGER_PATH}",
        )
        for emulation in EMULATIONS if LONG else EMULATIONS[:1]:
            with opened(browser, emulation) as (page, complaints):
                for address in addresses:
                    page.goto(address)
                    found = violations(page)
                    found += ["scrolls sideways"] if scrolls_sideways(page) else []
                    found += complaints
                    complaints.clear()
                    wrong |= {(emulation.id, address): found} if found else {}
    assert wrong == {}
