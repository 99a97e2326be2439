"""A publisher whose figures are for known readers only, and those readers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from linker.rounds.lifecycle import accept_round
from publisher.access.roles import MAY, TOKEN_ROLES, AccessRole, Resource
from publisher.access.tokens import Tokens, Wanted, shown
from publisher.app import create_app
from publisher.releasing.releases import Releases
from publisher.settings import Settings
from publisher.store import AccessLogRow, MandateRow, SessionRow, SignInRow, TokenRow
from shared.service.logs import Log
from tests.support.parties import NOW, MiniRegion, make_region
from tests.support.publishing import Publisher, publisher_with_tally

BASE = "https://testserver"
"""Over TLS, as cookies of sessions need it."""


def app_of(region: MiniRegion, log: io.StringIO | None = None, **changes: Any) -> FastAPI:
    settings = region.publisher_settings.model_copy(
        update={"request_burst": 10**6, "access": "closed", **changes}
    )
    return create_app(
        Settings.model_validate(settings.model_dump()),
        clock=region.clock,
        log=Log("t", log or io.StringIO()),
    )


@contextmanager
def asking(app: FastAPI, token: str = "", **headers: str) -> Iterator[TestClient]:
    """A client that sends a token with everything."""
    sent = {"authorization": f"Bearer {token}"} if token else {}
    with TestClient(
        app, base_url=BASE, raise_server_exceptions=False, headers={**sent, **headers},
        follow_redirects=False,
    ) as client:  # fmt: skip
        yield client


@dataclass(frozen=True)
class Given:
    """A token as somebody has it."""

    token_id: str
    text: str


def give(
    releases: Releases,
    role: AccessRole = AccessRole.ANALYST,
    scopes: frozenset[Resource] | None = None,
    area: str = "",
    days: int = 90,
) -> Given:
    wanted = Wanted("Regio Voorbeeld", role, scopes or MAY[role], days, area)
    token_id, secret = Tokens(releases.database, releases.identity).create(wanted)
    return Given(token_id, shown(secret))


def one_of_each(releases: Releases) -> dict[AccessRole, Given]:
    """A token per role that a program can have, with every scope of the role."""
    return {role: give(releases, role) for role in TOKEN_ROLES}


@contextmanager
def fed_publisher(folder: Path, policy: str | None = None) -> Iterator[Publisher]:
    """A publisher that took a tally, for the tests of a whole module."""
    region = make_region(folder, policy=policy)
    database = region.linker_database()
    accepted = accept_round(
        database, region.identities["koppelaar"], region.linker_keys, region.files(),
        region.pinned_agreements, region.clock,
    )  # fmt: skip
    database.close()
    makes = publisher_with_tally(region, accepted, region.trusted(accepted))
    publisher = next(makes)
    yield publisher
    assert next(makes, None) is None


@contextmanager
def agreement_ended(region: MiniRegion, party: str) -> Iterator[None]:
    """Until the end of the block the agreement of a party is one of before today."""
    before = region.agreements_path.read_text(encoding="utf-8")
    yesterday = region.clock().date() - timedelta(days=1)
    blocks = [
        re.sub(r"in_force_until = \S+", f"in_force_until = {yesterday}", each)
        if f'party = "{party}"\n' in each
        else each
        for each in before.split("[[agreements]]")
    ]
    region.agreements_path.write_text("[[agreements]]".join(blocks), encoding="utf-8")
    assert region.agreements_path.read_text(encoding="utf-8") != before
    yield
    region.agreements_path.write_text(before, encoding="utf-8")


def as_before(publisher: Publisher) -> Publisher:
    """The same publisher on its first day, with nobody who may see anything."""
    publisher.region.clock.now = NOW
    with publisher.releases.database.transaction() as tx:
        for table in (AccessLogRow, MandateRow, SessionRow, SignInRow, TokenRow):
            tx.session.query(table).delete()
    return publisher
