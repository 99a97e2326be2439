"""The pages of who works on the monitor: operator, privacy officer and approver, served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from linker.oversight.operator_pages import create_operator_app
from publisher.access.addresses import APPROVALS, SIGN_IN
from publisher.access.doorway import SESSION_COOKIE
from shared.round import TrustedRound
from shared.service.ledger_page import LEDGER_PATH
from shared.service.logs import Log
from shared.service.oversight import PATH
from tests.support.access import asking
from tests.support.approving import ANNA, BOB, decide, proposed_desk
from tests.support.browser import served
from tests.support.oidc import sign_in
from tests.support.parties import ROUND, MiniRegion
from tests.support.rounds import children, deliver


@contextmanager
def operator_pages(region: MiniRegion, trusted: TrustedRound) -> Iterator[tuple[str, ...]]:
    """Addresses at the linker, of a round whose deliveries are there."""
    pages = create_operator_app(
        region.linker_settings, clock=region.clock, log=Log("t", StringIO())
    )
    with region.linker_client() as client:
        deliver(region, client, trusted, children())
        with served(pages) as operator, served(client.app) as service:
            yield (
                f"{operator}/operator",
                f"{operator}/operator/rounds/{ROUND}",
                f"{service}{PATH}",
                f"{service}{LEDGER_PATH}",
            )


@contextmanager
def approver_pages(folder: Path) -> Iterator[tuple[str, ...]]:
    """Addresses at the publisher, as the second approver has them: the first approved already."""
    with proposed_desk(folder) as desk:
        for who in (ANNA, BOB):
            desk.give_approver(who)
        with asking(desk.app) as first:
            sign_in(first, ANNA)
            assert decide(first, desk, "goedkeuren").status_code == 303
        with asking(desk.app) as second:
            sign_in(second, BOB)
            cookie = second.cookies[SESSION_COOKIE]
        with served(desk.app) as outside, served(_SignedIn(desk.app, cookie)) as inside:
            yield (
                f"{outside}{SIGN_IN}",
                f"{inside}{SIGN_IN}",
                f"{inside}{APPROVALS}",
                f"{inside}{desk.path}",
            )


class _SignedIn:
    """Sends a session along: a browser keeps its cookie over TLS only, which is not here."""

    def __init__(self, app: ASGIApp, cookie: str) -> None:
        self._app = app
        self._header = (b"cookie", f"{SESSION_COOKIE}={cookie}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = (*scope.get("headers", ()), self._header)
        await self._app({**scope, "headers": list(headers)}, receive, send)
