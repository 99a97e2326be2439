"""What intake answers to the same envelope again, and what a refusal says and never repeats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from linker.rounds.lifecycle import close_round
from linker.store import RefusalRow
from shared.errors import BusyError
from shared.round import TrustedRound
from tests.support.letters import Seal, put, sealer
from tests.support.parties import ROUND, MiniRegion
from tests.support.rounds import EVERY_DELIVERY

PLANTED = "999000007"


@pytest.fixture
def client(region: MiniRegion, trusted: TrustedRound) -> Iterator[TestClient]:
    with region.linker_client() as client:
        yield client


@pytest.fixture
def seal(region: MiniRegion, trusted: TrustedRound) -> Seal:
    return sealer(region, trusted)


# --- the same envelope again -------------------------------------------------------------------


def test_a_replay_gets_its_receipt_whatever_ended_since(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter = seal()
    first = put(client, letter)
    text = region.agreements_path.read_text()

    def same_again() -> None:
        again = put(client, letter)
        assert (again.status_code, again.content) == (200, first.content)

    region.agreements_path.write_text(text.replace("2027-10-05", "2026-10-04"))
    assert put(client, seal()).json()["code"] == "agreement-not-in-force"
    same_again()
    region.agreements_path.write_text(text)
    region.clock.forward(10 * 366)  # cards are over
    assert put(client, seal()).json()["code"] == "card-not-valid"
    same_again()
    region.clock.forward(-10 * 366)
    database = region.linker_database()
    close_round(database, ROUND, without=EVERY_DELIVERY)
    database.close()
    same_again()


def test_a_replay_of_another_header_over_known_bytes_is_no_replay(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter = seal()
    put(client, letter)
    lines = letter.data.split(b"\n", 3)
    lines[1] = lines[1].replace(b'"rows":5', b'"rows":6')
    answer = client.put(f"/envelopes/{letter.address}", content=b"\n".join(lines))
    assert (answer.status_code, answer.json()["code"]) == (403, "signature-invalid")


# --- what a refusal says -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"round_id": f"r{PLANTED}"},
        {"recipient": f"a{PLANTED}"},
        {"agreement": PLANTED},
        {"schema_name": f"a/{PLANTED}"},
        {"calibration": f"{PLANTED:0>64}"},
        {"policy": f"{PLANTED:0<64}"},
        {"round_statement": f"{PLANTED:0<64}"},
        {"supersedes": f"{PLANTED:0<32}"},
        {"previous": f"{PLANTED:0<64}"},
        {"part": 9_000, "delivery": f"{PLANTED:0<32}"},
        {"tool": f"hasher {PLANTED}", "recipient": "publicist"},
        {"party": f"a{PLANTED}"},
    ],
)
def test_no_refusal_repeats_what_a_header_said(
    region: MiniRegion, client: TestClient, seal: Seal, changes: dict[str, Any]
) -> None:
    if "party" in changes:
        region.identities[changes["party"]] = region.identities["gm0197"]
    answer = put(client, seal(**changes))
    assert 400 <= answer.status_code < 500
    assert PLANTED not in answer.text + "".join(answer.headers.values())
    assert answer.json()["hint"]


def test_a_service_that_has_no_time_counts_no_refusal_of_the_supplier(
    region: MiniRegion, client: TestClient, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise BusyError("no-room", "expected room, found none")

    monkeypatch.setattr("linker.intake.steps.check_body", busy)
    answer = put(client, seal())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    database = region.linker_database()
    with database.reading() as session:
        assert session.scalars(select(RefusalRow)).all() == []
    database.close()
