"""Every endpoint of both services: who gets what, and that no input makes it fail or echo."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from linker import app as linker_app
from linker.oversight.operator_pages import create_operator_app
from publisher import app as publisher_app
from shared.envelope import EnvelopeKind, read_header
from shared.identity import Role
from shared.round import TrustedRound
from shared.service.logs import Log
from shared.statement import Statement
from tests.support.endpoints import (
    Endpoint,
    ask_everything,
    described,
    endpoints,
    full_description,
)
from tests.support.parties import (
    ROUND,
    Letter,
    MiniRegion,
    care_table,
    identity,
    pseudonym,
    seal_letter,
)
from tests.support.publishing import RELEASE, Publisher

TABLE = "pupils_and_clients"
OPEN = {"anyone": 200}

# Who may do what. There are no accounts: an envelope is the credential of who sends it, and what
# can be read is for everyone. `anyone` asks without an envelope.
LINKER: dict[Endpoint, dict[str, int]] = {
    ("PUT", "/envelopes/{sha256}"): {
        "anyone": 400, "stranger": 400, "impostor": 403, "supplier": 201, "linker": 403,
    },
    ("GET", "/envelopes/{sha256}"): OPEN,
    ("GET", "/envelopes/{sha256}/mirror"): OPEN,
    ("GET", "/rounds/{round_id}"): OPEN,
    ("GET", "/toezicht"): OPEN,
    ("GET", "/toezicht/opmaak.css"): OPEN,
    ("GET", "/toezicht/icoon.svg"): OPEN,
    ("GET", "/toezicht/logboek"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/metrics"): OPEN,
    ("GET", "/openapi.json"): OPEN,
}  # fmt: skip

OPERATOR: dict[Endpoint, dict[str, int]] = {
    ("GET", "/operator"): {"anyone": 400, "operator": 200},
    ("GET", "/operator/rounds/{round_id}"): {"anyone": 400, "operator": 200},
    ("GET", "/operator/rounds/{round_id}/koppeling"): {"anyone": 400, "operator": 409},
    ("GET", "/operator/opmaak.css"): {"anyone": 400, "operator": 200},
    ("GET", "/operator/icoon.svg"): {"anyone": 400, "operator": 200},
    ("GET", "/metrics"): {"anyone": 400, "operator": 200},
}

PAGES: dict[str, dict[str, int]] = {
    "/": OPEN,
    "/aanbieders": OPEN,
    "/aanbieders/{group}": {"anyone": 404},
    "/arrangementen": OPEN,
    "/arrangementen/{number}": {"anyone": 404},
    "/context": OPEN,
    "/context/gemeenten/{unit}": {"anyone": 404},
    "/context/grafieken/{shown}/{indicator}/{unit}/{look}.{suffix}": {"anyone": 404},
    "/context/land": OPEN,
    "/context/samenwerkingsverbanden/{unit}": {"anyone": 404},
    "/context/vragenlijsten/{group}": {"anyone": 404},
    "/gemeenten": OPEN,
    "/gemeenten/{unit}": {"anyone": 404},
    "/gemeenten/{unit}/oogo": {"anyone": 404},
    "/gemeenten/{unit}/oogo.pdf": {"anyone": 404},
    "/grafieken/{release_id}/{kind}/{table}/{measure}/{level}/{unit}/{look}.{suffix}": {
        "anyone": 404,
    },
    "/methode": OPEN,
    "/onderwerpen": OPEN,
    "/onderwerpen/{topic_id}": {"anyone": 404},
    "/releases": OPEN,
    "/releases/{release_id}": OPEN,
    "/samenwerkingsverbanden": OPEN,
    "/samenwerkingsverbanden-po/{unit}": {"anyone": 404},
    "/samenwerkingsverbanden-po/{unit}/oogo": {"anyone": 404},
    "/samenwerkingsverbanden-po/{unit}/oogo.pdf": {"anyone": 404},
    "/samenwerkingsverbanden-vo/{unit}": {"anyone": 404},
    "/samenwerkingsverbanden-vo/{unit}/oogo": {"anyone": 404},
    "/samenwerkingsverbanden-vo/{unit}/oogo.pdf": {"anyone": 404},
    "/scholen": OPEN,
    "/scholen/{unit}": OPEN,
    "/schoolsoorten": OPEN,
    "/schoolsoorten/{unit}": {"anyone": 404},
    "/toegankelijkheid": OPEN,
    "/verantwoording": OPEN,
    "/vergelijken": OPEN,
    "/verkennen": OPEN,
    "/wijzigingen": OPEN,
    "/woongemeenten/{unit}": {"anyone": 404},
}  # fmt: skip
"""Pages of the dashboard, which stand there once in every language."""

PUBLISHER: dict[Endpoint, dict[str, int]] = {
    ("PUT", "/tallies/{sha256}"): {
        "anyone": 400, "stranger": 403, "supplier": 403, "linker": 200,
    },
    ("GET", "/api/v1/releases"): OPEN,
    ("GET", "/api/v1/releases/{releaseId}"): OPEN,
    ("GET", "/api/v1/releases/{releaseId}/statement"): OPEN,
    ("GET", "/api/v1/releases/{releaseId}/tables"): OPEN,
    ("GET", "/api/v1/releases/{releaseId}/tables/{tableId}"): OPEN,
    ("GET", "/api/v1/releases/{releaseId}/tables/{tableId}/downloads/{formatId}"): OPEN,
    ("GET", "/api/v1/releases/{releaseId}/tables/{tableId}/observations"): OPEN,
    ("GET", "/api/v1/releases/{releaseId}/downloads/{formatId}"): OPEN,
    ("GET", "/api/v1/releases/{releaseId}/changes"): OPEN,
    ("GET", "/api/v1/releases/{releaseId}/indicators"): OPEN,
    ("GET", "/api/v1/releases/{releaseId}/areas"): OPEN,
    ("GET", "/api/v1/releases/{releaseId}/schools"): OPEN,
    ("GET", "/api/v1/calendar"): OPEN,
    ("GET", "/api/v1/governance-documents"): OPEN,
    ("GET", "/api/v1/openapi.json"): OPEN,
    **{("GET", language + path): each for language in ("", "/en") for path, each in PAGES.items()},
    ("GET", "/en"): OPEN,
    ("GET", "/static/icon.svg"): OPEN,
    ("GET", "/static/monitor.css"): OPEN,
    ("GET", "/uitgaven.atom"): OPEN,
    ("GET", "/catalogus.jsonld"): OPEN,
    ("GET", "/toezicht"): OPEN,
    ("GET", "/toezicht/opmaak.css"): OPEN,
    ("GET", "/toezicht/icoon.svg"): OPEN,
    ("GET", "/toezicht/logboek"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/metrics"): OPEN,
}  # fmt: skip

KNOWN = {
    "round_id": ROUND,
    "releaseId": RELEASE,
    "release_id": RELEASE,
    "tableId": TABLE,
    "formatId": "xlsx",
    "unit": "99XA00",
    "kind": "rate",
    "level": "school",
    "look": "licht",
}

OWN = frozenset(KNOWN.values())

Apps = dict[str, FastAPI]


def linker_of(region: MiniRegion) -> FastAPI:
    return linker_app.create_app(
        region.linker_settings.model_copy(update={"request_burst": 10**6}),
        clock=region.clock, log=Log("t", io.StringIO()),
    )  # fmt: skip


def publisher_of(region: MiniRegion) -> FastAPI:
    return publisher_app.create_app(
        region.publisher_settings.model_copy(update={"request_burst": 10**6}),
        clock=region.clock, log=Log("t", io.StringIO()),
    )  # fmt: skip


def operator_of(region: MiniRegion) -> FastAPI:
    return create_operator_app(region.linker_settings, clock=region.clock,
                               log=Log("t", io.StringIO()))  # fmt: skip


@contextmanager
def asking(app: FastAPI, host: str = "testserver") -> Iterator[TestClient]:
    with TestClient(app, base_url=f"http://{host}", raise_server_exceptions=False) as client:
        yield client


TABLES = {"linker": LINKER, "operator": OPERATOR, "publisher": PUBLISHER}
MAKERS: dict[str, Callable[[MiniRegion], FastAPI]] = {
    "linker": linker_of, "operator": operator_of, "publisher": publisher_of,
}  # fmt: skip


@pytest.mark.parametrize("service", TABLES)
def test_the_table_names_every_endpoint_and_no_other(region: MiniRegion, service: str) -> None:
    app = MAKERS[service](region)
    found = endpoints(app)
    assert found == set(TABLES[service])
    if service != "operator":  # that has no description: nobody else calls it
        assert described(app) <= found


# --- who gets what -----------------------------------------------------------------------------


def letter_as(region: MiniRegion, trusted: TrustedRound, role: str) -> Letter:
    """An envelope to the linker in a role."""
    table = care_table([{"pseudonym": pseudonym(number)} for number in range(5)])
    if role == "stranger":
        region.identities["vreemde"] = identity("vreemde", Role.SUPPLIER)
        return seal_letter(region, trusted, "vreemde", table, "care/1")
    if role == "impostor":
        forger = identity("gm0197", Role.SUPPLIER)
        return seal_letter(region, trusted, "gm0197", table, "care/1", signer=forger)
    party = {"supplier": "gm0197", "linker": "koppelaar"}[role]
    return seal_letter(region, trusted, party, table, "care/1")


@pytest.mark.parametrize("role", ["stranger", "impostor", "supplier", "linker"])
def test_who_may_deliver(region: MiniRegion, trusted: TrustedRound, role: str) -> None:
    letter = letter_as(region, trusted, role)
    expected = LINKER["PUT", "/envelopes/{sha256}"][role]
    with asking(linker_of(region)) as client:
        answer = client.put(f"/envelopes/{letter.address}", content=letter.data)
    assert answer.status_code == expected, answer.text


def fill(path: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        path = path.replace("{" + name + "}", value)
    return path


def statuses(app: FastAPI, table: dict[Endpoint, dict[str, int]], role: str, host: str,
             known: dict[str, str]) -> dict[Endpoint, int]:  # fmt: skip
    """What a role without an envelope gets at every endpoint that has an answer for it."""
    found = {}
    with asking(app, host) as client:
        for (method, path), expected in table.items():
            if role in expected:
                found[method, path] = client.request(method, fill(path, known)).status_code
    return found


def expected_for(table: dict[Endpoint, dict[str, int]], role: str) -> dict[Endpoint, int]:
    return {endpoint: roles[role] for endpoint, roles in table.items() if role in roles}


def test_what_anyone_gets_of_the_linker(region: MiniRegion, trusted: TrustedRound) -> None:
    app = linker_of(region)
    letter = letter_as(region, trusted, "supplier")
    with asking(app) as client:
        client.put(f"/envelopes/{letter.address}", content=letter.data)
    known = {**KNOWN, "sha256": letter.address}
    assert statuses(app, LINKER, "anyone", "koppelaar", known) == expected_for(LINKER, "anyone")


@pytest.mark.parametrize(("role", "host"), [("anyone", "koppelaar"), ("operator", "localhost")])
def test_who_sees_the_pages_of_the_operator(
    region: MiniRegion, trusted: TrustedRound, role: str, host: str
) -> None:
    app = operator_of(region)
    assert statuses(app, OPERATOR, role, host, KNOWN) == expected_for(OPERATOR, role)


@pytest.fixture
def published(publisher: Publisher, tmp_path: Path) -> Publisher:
    """A publisher with a published release."""
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    return publisher


def test_what_anyone_gets_of_the_publisher_and_who_may_deliver_a_tally(
    published: Publisher, accepted: Statement, trusted: TrustedRound
) -> None:
    region = published.region
    app = publisher_of(region)
    address = read_header(published.envelope).sha256
    known = {**KNOWN, "sha256": address}
    assert statuses(app, PUBLISHER, "anyone", "publicist", known) == expected_for(
        PUBLISHER, "anyone"
    )
    table = care_table([{"pseudonym": pseudonym(1)}])
    as_tally: dict[str, Any] = {
        "kind": EnvelopeKind.TALLY,
        "agreement": "",
        "rows": 0,
        "recipient": "publicist",
        "revision": 2,
    }
    region.identities["vreemde"] = identity("vreemde", Role.LINKER)
    roles = PUBLISHER["PUT", "/tallies/{sha256}"]
    with asking(app) as client:
        for role, party in (("supplier", "gm0197"), ("stranger", "vreemde")):
            letter = seal_letter(region, trusted, party, table, "tally/1", **as_tally)
            answer = client.put(f"/tallies/{letter.address}", content=letter.data)
            assert answer.status_code == roles[role], answer.text
        answer = client.put(f"/tallies/{address}", content=published.envelope)
        assert answer.status_code == roles["linker"]


# --- whatever is asked -------------------------------------------------------------------------


def test_nothing_that_is_asked_of_a_linker_makes_it_fail(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    app = linker_of(region)
    letter = letter_as(region, trusted, "supplier")
    with asking(app) as client:
        client.put(f"/envelopes/{letter.address}", content=letter.data)
    known = {**KNOWN, "sha256": letter.address}
    with asking(app) as client:
        assert ask_everything(client, full_description(app, known), OWN) >= len(LINKER)
    operator = operator_of(region)
    with asking(operator, "localhost") as client:
        assert ask_everything(client, full_description(operator, known), OWN) >= len(OPERATOR)


def test_nothing_that_is_asked_of_a_publisher_makes_it_fail(published: Publisher) -> None:
    known = {**KNOWN, "sha256": read_header(published.envelope).sha256}
    app = publisher_of(published.region)
    with asking(app) as client:
        assert ask_everything(client, full_description(app, known), OWN) >= len(PUBLISHER)
