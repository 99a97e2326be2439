"""The gate of a closed publisher for who signed in, and for who takes part no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from publisher.access.addresses import resource_at
from publisher.access.doorway import SESSION_COOKIE
from publisher.access.four_eyes import countersign
from publisher.access.gate import GatedRequests
from publisher.access.holding import mandate_of
from publisher.access.keys import told
from publisher.access.mandates import Mandates
from publisher.access.roles import MAY, AccessRole
from publisher.access.setting_up import sessions_of
from publisher.access.tokens import Tokens, Wanted, shown
from tests.support.access import agreement_ended, app_of, as_before, asking, fed_publisher
from tests.support.endpoints import endpoints
from tests.support.oidc import sign_in_settings
from tests.support.publishing import Publisher

OPEN = ("/healthz", "/static/", "/tallies/", "/aanmelden", "/en/aanmelden")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    with fed_publisher(tmp_path_factory.mktemp("regio")) as publisher:
        yield publisher


@pytest.fixture
def publisher(once: Publisher) -> Publisher:
    return as_before(once)


@pytest.fixture
def closed(publisher: Publisher) -> FastAPI:
    """With every page that there can be; nobody gets as far as the provider."""
    return app_of(publisher.region, **sign_in_settings(publisher.region, "http://127.0.0.1:1"))


def signed_in(publisher: Publisher, role: AccessRole) -> str:
    """The cookie of a session in a role, as signing in makes one."""
    releases, region = publisher.releases, publisher.region
    mandates = Mandates(releases.database, releases.identity)
    account = "a" * 64
    if role is AccessRole.APPROVER:
        proposal = mandates.propose(account, "goedkeurder-a", region.agreements, 90)
        card, other = releases.identity.card, region.identities["goedkeurder-b"]
        confirmed = countersign(proposal, card, card.fingerprint, other)
        mandates.confirm(confirmed, other.card, region.pinned_agreements)
    else:
        mandates.give(account, role, "Regio Voorbeeld", 90)
    with releases.database.reading() as session:
        mandate = mandate_of(session, account, releases.identity, region.clock())
    assert mandate is not None
    sessions = sessions_of(region.publisher_settings, releases.database, releases.identity)
    return f"{SESSION_COOKIE}={told(sessions.open(mandate))}"


@pytest.mark.parametrize("role", AccessRole)
def test_each_role_that_signed_in_gets_what_it_may_and_nothing_else(
    publisher: Publisher, closed: FastAPI, role: AccessRole
) -> None:
    asked = 0
    with asking(closed, cookie=signed_in(publisher, role)) as client:
        for method, path in sorted(endpoints(closed)):
            if path.startswith(OPEN):
                continue
            asked += 1
            answer = client.request(method, path.replace("{", "").replace("}", ""))
            assert answer.status_code < 500, path
            assert answer.status_code != 401, path
            is_refused = answer.status_code == 403 and b"access-not-allowed" in answer.content
            assert is_refused is (resource_at(path) not in MAY[role]), path
            assert answer.headers["cache-control"] in ("no-store", "private, no-cache")
    assert asked > 80


def test_figures_of_a_closed_publisher_are_for_who_takes_part(
    publisher: Publisher, closed: FastAPI
) -> None:
    """A token of an organisation that left opens no figures; that it left, the agreements say."""
    region, releases = publisher.region, publisher.releases
    wanted = Wanted("organisatie van gm0197", AccessRole.AUDITOR, MAY[AccessRole.AUDITOR], 90)
    _, secret = Tokens(releases.database, releases.identity).create(wanted)
    with asking(closed, shown(secret)) as client:
        assert client.get("/api/v1/releases").status_code == 200
        with agreement_ended(region, "gm0197"):
            for path in ("/", "/api/v1/releases", "/scholen"):
                refusal = client.get(path)
                found = (refusal.status_code, refusal.json()["code"])
                assert found == (403, "agreement-not-in-force")
            assert client.get("/toezicht").status_code == 200
        assert client.get("/api/v1/releases").status_code == 200
    with (
        asking(app_of(region, access="public"), shown(secret)) as client,
        agreement_ended(region, "gm0197"),
    ):
        assert client.get("/").status_code == 200  # as for everybody


def test_nothing_but_http_passes_the_gate() -> None:
    """A WebSocket has no rule here; the gate knows no routes and lets none through."""
    passed: list[str] = []
    sent: list[Message] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        passed.append(scope["type"])

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        sent.append(message)

    no_gate: Any = None  # nothing gets so far that it is asked
    gated = GatedRequests(app, no_gate, passed.append)
    for kind in ("websocket", "lifespan"):
        anyio.run(gated, {"type": kind, "path": "/"}, receive, send)
    assert passed == ["lifespan"]
    assert sent == [{"type": "websocket.close", "code": 1008}]
