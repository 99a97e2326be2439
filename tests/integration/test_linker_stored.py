"""What the linker keeps of one supplier: a stolen key fills no disk, and doubt is not forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from linker.intake.deliveries import MOST_UNDECIDED, decide_delivery
from linker.intake.reasons import Reason
from linker.store import DeliveryRow, DeliveryState
from shared.envelope import read_header
from shared.round import TrustedRound
from tests.support.mirrors import looks_like_citizen_numbers
from tests.support.parties import (
    Letter,
    MiniRegion,
    care_table,
    enrolment_table,
    pseudonym,
    seal_letter,
)

ROWS = [{"pseudonym": pseudonym(number)} for number in range(5)]
Seal = Callable[..., Letter]


@pytest.fixture
def client(region: MiniRegion, trusted: TrustedRound) -> Iterator[TestClient]:
    with region.linker_client() as client:
        yield client


@pytest.fixture
def care(region: MiniRegion, trusted: TrustedRound) -> Seal:
    return partial(seal_letter, region, trusted, "gm0197", care_table(ROWS), "care/1")


@pytest.fixture
def enrolment(region: MiniRegion, trusted: TrustedRound) -> Seal:
    return partial(seal_letter, region, trusted, "duo", enrolment_table(ROWS), "enrolment/1")


def put(client: TestClient, letter: Letter) -> Response:
    return client.put(f"/envelopes/{letter.address}", content=letter.data)


def code_of(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_stolen_key_cannot_leave_more_deliveries_than_a_person_can_decide(
    region: MiniRegion,
    client: TestClient,
    care: Seal,
    enrolment: Seal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("linker.intake.deliveries.MOST_UNDECIDED", 3)
    begun = [care(last=0) for _ in range(3)]
    assert {put(client, each).status_code for each in begun} == {201}
    assert code_of(put(client, care(last=0))) == (409, "too-many-undecided")
    assert code_of(put(client, care())) == (409, "too-many-undecided")
    assert put(client, enrolment()).status_code == 201  # another supplier has its own
    ends = care(delivery=begun[0].context.delivery, part=2, previous=begun[0].address)
    assert put(client, ends).status_code == 201  # what was begun can be finished
    assert put(client, care(supersedes=begun[0].context.delivery)).status_code == 201


def test_a_stolen_key_cannot_fill_the_disk(
    region: MiniRegion,
    client: TestClient,
    care: Seal,
    enrolment: Seal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    letters = [care(last=0) for _ in range(2)]
    size = read_header(letters[1].data).seal.bytes
    monkeypatch.setattr("linker.intake.deliveries.MOST_BYTES", len(letters[0].data) + size - 1)
    assert put(client, letters[0]).status_code == 201
    assert code_of(put(client, letters[1])) == (409, "too-much-stored")
    assert put(client, enrolment()).status_code == 201
    database = region.linker_database()
    decide_delivery(database, letters[0].context.delivery, accept=False)
    database.close()
    assert put(client, letters[1]).status_code == 201


def test_a_clean_part_after_a_suspicious_one_leaves_the_delivery_held(
    region: MiniRegion, client: TestClient, care: Seal, trusted: TrustedRound
) -> None:
    rows = looks_like_citizen_numbers()
    first = seal_letter(region, trusted, "gm0197", rows, "care/1", last=0)
    ends = care(delivery=first.context.delivery, part=2, previous=first.address)
    assert {put(client, each).status_code for each in (first, ends)} == {201}
    database = region.linker_database()
    with database.reading() as session:
        delivery = session.get_one(DeliveryRow, first.context.delivery)
        assert (delivery.state, delivery.held_for) == (DeliveryState.HELD, Reason.PROVIDERS.code())
    database.close()


def test_the_formats_say_how_many_may_wait() -> None:
    formats = Path(__file__).parents[2] / "docs" / "formats.md"
    assert f"at most {MOST_UNDECIDED} deliveries incomplete or held" in formats.read_text("utf-8")
