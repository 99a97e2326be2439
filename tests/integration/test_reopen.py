"""A round that is reopened: late deliveries, a higher revision, and nothing kept longer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from linker import outbox, tallying
from linker.linkage.engine import link
from linker.reopening import ReopenReason, reopen_round
from linker.retention import destroy_by
from linker.rounds import close_round, status_on
from linker.store import OutboxRow, RoundRow
from linker.tallying import make_tally
from publisher.store import TallyRow
from shared.contract.tally import Tally
from shared.envelope import read_header
from shared.errors import InputError, MonitorError, StateError
from shared.ledger import Event
from shared.receipt import Outcome, Receipt
from shared.round import TrustedRound
from shared.state.database import Database
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement
from tests.support.parties import (
    ROUND,
    MiniRegion,
    care_table,
    enrolment_table,
    objection_table,
    seal_letter,
)
from tests.support.rounds import (
    EVERY_DELIVERY,
    SETTINGS,
    Children,
    children,
    deliver,
    publisher_of,
    take,
)


@pytest.fixture
def database(region: MiniRegion) -> Iterator[Database]:
    made = region.linker_database()
    yield made
    made.close()


@pytest.fixture
def of() -> Children:
    return children(count=100)


def make(region: MiniRegion, database: Database) -> Tally:
    return make_tally(database, region.identities["koppelaar"], region.linker_keys, ROUND, SETTINGS)


def delivered(region: MiniRegion, trusted: TrustedRound, of: Children) -> None:
    with region.linker_client() as client:
        deliver(region, client, trusted, of)


def reopen(
    region: MiniRegion,
    database: Database,
    reason: ReopenReason = ReopenReason.LATE,
    *,
    days: int = 7,
) -> None:
    until = region.clock().date() + timedelta(days=days)
    reopen_round(database, ROUND, reason, until)


def object_to(region: MiniRegion, trusted: TrustedRound, numbers: list[int]) -> int:
    """Send a list of objections; the status of the answer."""
    letter = seal_letter(region, trusted, "gm0197", objection_table(numbers), "objection/1")
    with region.linker_client() as client:
        return client.put(f"/envelopes/{letter.address}", content=letter.data).status_code


def pupils(tally: Tally) -> list[int]:
    return [
        row["value"]
        for row in tally.cells.to_pylist()
        if (row["level"], row["measure"]) == ("total", "pupils")
    ]


def events(database: Database) -> list[tuple[Event, dict[str, object]]]:
    with database.reading() as session:
        return [(e.event, json.loads(e.body)) for e in entries(session.connection())]


def sealed(database: Database) -> list[tuple[int, bool]]:
    """Per tally in the outbox its revision, and whether its body is there."""
    with database.reading() as session:
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.revision))
        return [(row.revision, row.envelope is not None) for row in rows]


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


class Wire:
    """A publisher behind ``httpx2.put``; what happens there before or after it took a tally."""

    def __init__(self, region: MiniRegion, accepted: Statement, database: Database) -> None:
        self.region, self.database = region, database
        self.releases = publisher_of(region, accepted)
        self.answer_is_lost = self.reopens = False

    def put(self, _url: str, *, content: bytes, **_: object) -> httpx2.Response:
        receipt = take(self.releases, content)
        if self.reopens:
            reopen(self.region, self.database)
        if self.answer_is_lost:
            raise httpx2.ReadTimeout("lost")
        return httpx2.Response(201, content=receipt)

    def send(self) -> list[str]:
        card = self.region.identities["publicist"].card
        return outbox.send_pending(self.database, "http://publicist", card)

    def tallies(self) -> list[tuple[int, bool]]:
        with self.releases.database.reading() as session:
            rows = session.scalars(select(TallyRow).order_by(TallyRow.revision))
            return [(row.revision, row.envelope is not None) for row in rows]


@pytest.fixture
def wire(
    region: MiniRegion,
    accepted: Statement,
    trusted: TrustedRound,
    database: Database,
    of: Children,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Wire]:
    """A linked round, with the publisher at the other end."""
    delivered(region, trusted, of)
    close_round(database, ROUND)
    make(region, database)
    made = Wire(region, accepted, database)
    monkeypatch.setattr(httpx2, "put", made.put)
    yield made
    made.releases.database.close()


def again(wire: Wire) -> None:
    close_round(wire.database, ROUND)
    make(wire.region, wire.database)


def test_a_tally_that_was_not_acknowledged_is_not_sent_any_more(wire: Wire) -> None:
    reopen(wire.region, wire.database)
    assert sealed(wire.database) == [(1, False)]
    assert wire.send() == []
    again(wire)
    assert wire.send() == [ROUND]
    assert wire.tallies() == [(2, True)]
    assert status_on(wire.database, ROUND, wire.region.clock)["state"] == "sent"


def test_a_higher_revision_replaces_the_tally_that_the_publisher_has(wire: Wire) -> None:
    assert wire.send() == [ROUND]
    reopen(wire.region, wire.database)
    assert Event.TALLY_WITHDRAWN not in [event for event, _ in events(wire.database)]
    again(wire)
    assert wire.send() == [ROUND]
    assert wire.tallies() == [(1, False), (2, True)]
    superseded = [
        body for event, body in events(wire.releases.database) if event == "tally_superseded"
    ]
    assert [body["revision"] for body in superseded] == [1]
    assert wire.releases.stage(ROUND).release_id == f"{ROUND}-v2.0"


def test_a_withdrawn_tally_of_which_the_answer_was_lost_does_not_stop_the_next(wire: Wire) -> None:
    wire.answer_is_lost = True
    with pytest.raises(StateError, match="publisher-unreachable"):
        wire.send()
    wire.answer_is_lost = False
    reopen(wire.region, wire.database)
    again(wire)
    assert wire.send() == [ROUND]
    assert wire.tallies() == [(1, False), (2, True)]


def test_an_acknowledgement_of_an_earlier_revision_does_not_close_the_round_again(
    wire: Wire,
) -> None:
    """The round is reopened while its tally is on the way: the answer comes into an open round."""
    wire.reopens = True
    assert wire.send() == [ROUND]
    assert status_on(wire.database, ROUND, wire.region.clock)["state"] == "open"
    wire.reopens = False
    again(wire)
    assert status_on(wire.database, ROUND, wire.region.clock)["state"] == "linked"
    assert wire.send() == [ROUND]
    assert wire.tallies() == [(1, False), (2, True)]


def test_an_acknowledgement_after_the_next_link_says_nothing_of_the_next_tally(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = wire.put

    def put(url: str, *, content: bytes, **more: object) -> httpx2.Response:
        answer = real(url, content=content, **more)
        monkeypatch.setattr(httpx2, "put", real)
        reopen(wire.region, wire.database)
        again(wire)
        return answer

    monkeypatch.setattr(httpx2, "put", put)
    wire.send()
    assert status_on(wire.database, ROUND, wire.region.clock)["state"] == "linked"
    assert wire.send() == [ROUND]
    assert status_on(wire.database, ROUND, wire.region.clock)["state"] == "sent"


def test_a_release_of_an_earlier_revision_is_not_published_any_more(wire: Wire) -> None:
    wire.send()
    manifest = wire.releases.stage(ROUND)
    reopen(wire.region, wire.database)
    again(wire)
    wire.send()
    with pytest.raises(MonitorError, match="tally-newer"):
        wire.releases.verify(manifest.release_id)


def test_a_lower_revision_is_not_taken_after_a_higher_one(wire: Wire) -> None:
    with wire.database.reading() as session:
        first = session.scalars(select(OutboxRow.envelope)).one()
    reopen(wire.region, wire.database)
    again(wire)
    wire.send()
    assert first is not None
    assert read_header(first).context.revision == 1
    with pytest.raises(StateError, match="revision-not-higher"):
        take(wire.releases, first)
