"""Every address of signing in and approving: who gets what, and that no form makes it fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from publisher.access.four_eyes import countersign
from publisher.access.mandates import Mandates, account_of
from publisher.access.roles import AccessRole
from publisher.store import ReleaseRow
from tests.support.access import app_of, asking, fed_publisher
from tests.support.endpoints import Endpoint, ask_everything, endpoints, full_description
from tests.support.narrow_policy import narrow_policy
from tests.support.oidc import running_provider, sign_in, sign_in_settings
from tests.support.parties import ROUND
from tests.support.publishing import RELEASE, Publisher

APPROVER, OTHER = "goedkeurder-a", "goedkeurder-b"
KNOWN = {"release_id": RELEASE}
OURS = r"(/en)?/(aanmelden|goedkeuren)(/.*)?"
"""The addresses of this module; the others are in test_service_endpoints."""

# What each gets that signs in, and that does not. A form without its token is refused: 403.
_READING = {"anyone": 401, "analyst": 403, "auditor": 403, "operator": 403, "approver": 200}
_DECIDING = _READING | {"approver": 403}
_ALL = {"anyone": 200, "analyst": 200, "auditor": 200, "operator": 200, "approver": 200}
_BACK = dict.fromkeys(_ALL, 403)
_OUT = dict.fromkeys(_ALL, 403) | {"anyone": 401}
TABLE: dict[Endpoint, dict[str, int]] = {
    ("GET", "/aanmelden"): _ALL,
    ("GET", "/en/aanmelden"): _ALL,
    ("GET", "/aanmelden/start"): dict.fromkeys(_ALL, 303),
    ("GET", "/aanmelden/terug"): _BACK,
    ("POST", "/aanmelden/uit"): _OUT,
    **{
        (method, f"{language}/goedkeuren{path}"): statuses
        for language in ("", "/en")
        for method, path, statuses in (
            ("GET", "", _READING),
            ("GET", "/{release_id}", _READING),
            ("GET", "/{release_id}/pakket.zip", _READING),
            ("POST", "/{release_id}", _DECIDING),
        )
    },
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider() as address:
        yield address


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    """With a release that was just proposed, under a policy that lets the page count."""
    folder: Path = tmp_path_factory.mktemp("regio")
    policy = narrow_policy()
    counted = policy.replace('accepted = ["offline"]', 'accepted = ["offline", "page"]')
    with fed_publisher(folder, counted) as publisher:
        publisher.releases.stage(ROUND)
        publisher.submit(folder / "pakket")
        yield publisher


@pytest.fixture(scope="module")
def app(publisher: Publisher, issuer: str) -> FastAPI:
    return app_of(publisher.region, access="public", **sign_in_settings(publisher.region, issuer))


@pytest.fixture(scope="module")
def roles(publisher: Publisher, issuer: str) -> dict[str, str]:
    """Who signs in as what, each with a role."""
    region = publisher.region
    mandates = Mandates(publisher.releases.database, region.identities["publicist"])
    for role in AccessRole:
        account = account_of(mandates.identity, issuer, role)
        if role is not AccessRole.APPROVER:
            mandates.give(account, role, "Regio", 90)
            continue
        proposal = mandates.propose(account, APPROVER, region.agreements, 90)
        card, other = mandates.identity.card, region.identities[OTHER]
        confirmed = countersign(proposal, card, card.fingerprint, other)
        mandates.confirm(confirmed, other.card, region.pinned_agreements)
    return {role.value: role.value for role in AccessRole}


def test_the_table_names_every_address_of_signing_in_and_approving(app: FastAPI) -> None:
    assert {each for each in endpoints(app) if re.fullmatch(OURS, each[1])} == set(TABLE)


@pytest.mark.parametrize("role", _ALL)
def test_what_each_gets_who_signs_in(app: FastAPI, roles: dict[str, str], role: str) -> None:
    with asking(app) as client:
        if role in roles:
            assert sign_in(client, roles[role]).status_code == 303
        found = {
            (method, path): client.request(method, path.format(**KNOWN)).status_code
            for method, path in TABLE
        }
    assert found == {endpoint: statuses[role] for endpoint, statuses in TABLE.items()}


def token_of(client: TestClient) -> str:
    """The token that the forms of this session carry."""
    page = client.get("/aanmelden").text
    (found,) = re.findall(r'name="form_token" value="([A-Za-z0-9_-]{43})"', page)
    return str(found)


@pytest.mark.parametrize("role", ["anyone", "analyst", "approver"])
def test_nothing_that_is_asked_or_sent_makes_it_fail(
    publisher: Publisher, app: FastAPI, roles: dict[str, str], role: str
) -> None:
    """With forms that are right in every field but some, by somebody who is signed in."""
    with publisher.releases.database.reading() as session:
        sha256 = session.get_one(ReleaseRow, RELEASE).sha256
    with asking(app) as client:
        token = ""
        if role in roles:
            sign_in(client, roles[role])
            token = token_of(client)
        decision = {
            "form_token": token, "release": sha256, "decision": "wijzigen", "reason": "",
        }  # fmt: skip
        forms = {f"{language}/goedkeuren/{{release_id}}": decision for language in ("", "/en")} | {
            "/aanmelden/uit": {"form_token": ""}
        }
        description = full_description(app, KNOWN, forms, OURS)
        asked = ask_everything(client, description, frozenset({RELEASE, sha256}))
        assert asked >= len(TABLE)
        if role in roles:
            assert token_of(client) == token  # whatever was sent, the session still runs
