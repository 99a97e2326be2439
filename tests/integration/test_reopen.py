"""A round that is reopened: late deliveries, a higher revision, and nothing kept longer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from linker.linkage.engine import link
from linker.rounds.lifecycle import close_round, status_on
from linker.rounds.reopening import ReopenReason
from linker.rounds.retention import destroy_by
from linker.store import RoundRow
from linker.tallying import making as tallying
from shared.errors import InputError, StateError
from shared.ledger import Event
from shared.receipt import Outcome, Receipt
from shared.round import TrustedRound
from shared.state.database import Database
from shared.statement import Kind, Statement
from tests.support.parties import (
    ROUND,
    MiniRegion,
    care_table,
    enrolment_table,
    seal_letter,
)
from tests.support.reopening import delivered, events, make, object_to, pupils, reopen, sealed
from tests.support.rounds import (
    EVERY_DELIVERY,
    Children,
    children,
)


@pytest.fixture
def database(region: MiniRegion) -> Iterator[Database]:
    made = region.linker_database()
    yield made
    made.close()


@pytest.fixture
def of() -> Children:
    return children(count=100)


# --- what is counted then ----------------------------------------------------------------------


def test_an_objection_after_a_reopening_is_in_the_next_revision(
    region: MiniRegion, trusted: TrustedRound, database: Database, of: Children
) -> None:
    delivered(region, trusted, of)
    close_round(database, ROUND)
    first = make(region, database)
    assert object_to(region, trusted, [3, 4]) == 409
    reopen(region, database)
    assert object_to(region, trusted, [3, 4]) == 201
    close_round(database, ROUND)
    second = make(region, database)
    assert (first.header.revision, second.header.revision) == (1, 2)
    assert (pupils(first), pupils(second)) == ([100, 100], [98, 98])
    assert len(second.header.inputs) == len(first.header.inputs) + 1


def test_a_correction_supersedes_what_was_linked(
    region: MiniRegion, trusted: TrustedRound, database: Database, of: Children
) -> None:
    delivered(region, trusted, of)
    close_round(database, ROUND)
    make(region, database)
    status = status_on(database, ROUND, region.clock)
    (line,) = [each for each in status["matrix"] if each["schema"] == "enrolment/1"]
    old = line["deliveries"][0]["id"]
    reopen(region, database, ReopenReason.CORRECTION)
    corrected = enrolment_table(of.enrolments[: 2 * 90])
    letter = seal_letter(region, trusted, "duo", corrected, "enrolment/1", supersedes=old)
    with region.linker_client() as client:
        answer = client.put(f"/envelopes/{letter.address}", content=letter.data)
    receipt = Statement.from_bytes(answer.content).read(Kind.RECEIPT, Receipt)
    assert receipt.outcome is Outcome.DELIVERY_CURRENT
    close_round(database, ROUND)
    assert pupils(make(region, database)) == [90, 90]


def test_a_round_that_is_reopened_is_closed_like_any_other(
    region: MiniRegion, trusted: TrustedRound, database: Database, of: Children
) -> None:
    delivered(region, trusted, Children(of.enrolments, {197: of.care[197]}))
    close_round(database, ROUND, without=EVERY_DELIVERY)
    reopen(region, database)
    with pytest.raises(StateError, match="deliveries-missing"):
        close_round(database, ROUND)
    letter = seal_letter(region, trusted, "gm0222", care_table(of.care[222]), "care/1")
    with region.linker_client() as client:
        assert client.put(f"/envelopes/{letter.address}", content=letter.data).status_code == 201
    close_round(database, ROUND)
    assert set(make(region, database).header.covered.values()) == {(197, 222)}


# --- until when --------------------------------------------------------------------------------


def test_deliveries_are_taken_up_to_and_including_the_last_day(
    region: MiniRegion, trusted: TrustedRound, database: Database
) -> None:
    close_round(database, ROUND, without=EVERY_DELIVERY)
    region.clock.now = region.clock().replace(hour=23) + timedelta(days=40)  # past closes_on
    reopen(region, database, days=2)
    with region.linker_client() as client:
        shown = client.get(f"/rounds/{ROUND}").json()
    assert shown["state"] == "open"
    assert shown["closesOn"] == (region.clock().date() + timedelta(days=2)).isoformat()
    region.clock.forward(2)
    assert object_to(region, trusted, [1]) == 201
    region.clock.forward(1)
    assert object_to(region, trusted, [2]) == 409


def test_a_round_past_its_day_takes_nothing_until_it_is_closed_and_reopened(
    region: MiniRegion, trusted: TrustedRound, database: Database
) -> None:
    region.clock.forward(31)
    assert object_to(region, trusted, [1]) == 409
    with pytest.raises(StateError, match="round-state"):
        reopen(region, database)
    close_round(database, ROUND, without=EVERY_DELIVERY)
    reopen(region, database)
    assert object_to(region, trusted, [1]) == 201


def test_a_reopening_keeps_nothing_longer(
    region: MiniRegion, trusted: TrustedRound, database: Database
) -> None:
    def term() -> str:
        with database.reading() as session:
            return destroy_by(session.get_one(RoundRow, ROUND)).isoformat()

    close_round(database, ROUND, without=EVERY_DELIVERY)
    ends = term()
    for _ in range(3):
        region.clock.forward(20)
        reopen(region, database)
        assert term() == ends
        close_round(database, ROUND, without=EVERY_DELIVERY)
        assert term() == ends


def test_a_last_day_lies_before_the_end_of_the_term_and_not_in_the_past(
    region: MiniRegion, trusted: TrustedRound, database: Database
) -> None:
    close_round(database, ROUND, without=EVERY_DELIVERY)
    days = region.policy.policy.retention.input_after_close_days
    with pytest.raises(StateError, match="reopen-beyond-term"):
        reopen(region, database, days=days)
    with pytest.raises(InputError, match="reopen-in-past"):
        reopen(region, database, days=-1)
    assert status_on(database, ROUND, region.clock)["state"] == "closed"
    reopen(region, database, days=days - 1)
    close_round(database, ROUND, without=EVERY_DELIVERY)
    region.clock.forward(days)
    with pytest.raises(StateError, match="reopen-beyond-term"):
        reopen(region, database, days=0)


@pytest.mark.parametrize("state", ["open", "destroying", "destroyed"])
def test_only_a_round_that_is_closed_is_reopened(
    region: MiniRegion, trusted: TrustedRound, database: Database, state: str
) -> None:
    with database.transaction() as tx:
        tx.session.get_one(RoundRow, ROUND).state = state  # type: ignore[assignment]
    with pytest.raises(StateError, match="round-state"):
        reopen(region, database)


# --- the ledger, and what was queued -----------------------------------------------------------


def test_the_ledger_names_the_reason_the_revision_and_the_day(
    region: MiniRegion, trusted: TrustedRound, database: Database, of: Children
) -> None:
    delivered(region, trusted, of)
    close_round(database, ROUND)
    make(region, database)
    reopen(region, database, ReopenReason.ERROR)
    (queued,) = [body["envelope"] for event, body in events(database) if event == "tally_queued"]
    assert events(database)[-2:] == [
        (
            Event.ROUND_REOPENED,
            {"round": ROUND, "reason": "error", "revision": 1, "until": "2026-10-12"},
        ),
        (Event.TALLY_WITHDRAWN, {"round": ROUND, "envelope": queued}),
    ]


def test_a_link_that_began_before_a_reopening_is_refused_when_it_ends(
    region: MiniRegion,
    trusted: TrustedRound,
    database: Database,
    of: Children,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delivered(region, trusted, of)
    close_round(database, ROUND)

    def meanwhile(*arguments: object) -> object:
        monkeypatch.setattr(tallying, "link", link)
        reopen(region, database)
        assert object_to(region, trusted, [5]) == 201
        close_round(database, ROUND)
        return link(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(tallying, "link", meanwhile)
    with pytest.raises(StateError, match="round-changed"):
        make(region, database)
    assert sealed(database) == []
    assert pupils(make(region, database)) == [99, 99]
