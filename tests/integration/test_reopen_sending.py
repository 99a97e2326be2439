"""A tally on its way while its round is reopened: sent once, replaced, or not sent any more."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from sqlalchemy import select

from linker.rounds.lifecycle import close_round, status_on
from linker.store import OutboxRow, RoundRow, RoundState
from linker.tallying import outbox
from publisher.store import TallyRow
from shared.envelope import read_header
from shared.errors import MonitorError, StateError, TrustError
from shared.ledger import Event
from shared.receipt import Receipt
from shared.round import TrustedRound
from shared.state.database import Database
from shared.statement import Kind, Statement
from tests.support.parties import (
    ROUND,
    MiniRegion,
)
from tests.support.reopening import delivered, events, make, reopen, sealed
from tests.support.rounds import (
    Children,
    children,
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


def test_an_answer_that_the_publisher_did_not_sign_acknowledges_nothing(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(_url: str, *, content: bytes, **_: object) -> httpx2.Response:
        receipt = Statement.from_bytes(take(wire.releases, content)).read(Kind.RECEIPT, Receipt)
        forged = Statement.make(Kind.RECEIPT, receipt, wire.region.identities["koppelaar"])
        return httpx2.Response(201, content=forged.to_bytes())

    monkeypatch.setattr(httpx2, "put", put)
    with pytest.raises(TrustError):
        wire.send()
    assert [row.revision for row in outbox.pending(wire.database)] == [1]
    assert status_on(wire.database, ROUND, wire.region.clock)["state"] == "linked"


def test_a_tally_of_another_round_stays_in_the_outbox(wire: Wire) -> None:
    with wire.database.transaction() as tx:
        own = tx.session.get_one(RoundRow, ROUND)
        copied = ("statement", "register_statement", "reference", "policy", "opened_at")
        same = {name: getattr(own, name) for name in copied}
        tx.session.add(RoundRow(round_id="andere-ronde", state=RoundState.LINKED, **same))
        tx.session.flush()
        tx.session.add(
            OutboxRow(
                sha256="0" * 64,
                round_id="andere-ronde",
                revision=1,
                envelope=b"sealed",
                created_at=tx.now,
            )
        )
    reopen(wire.region, wire.database)
    assert [row.round_id for row in outbox.pending(wire.database)] == ["andere-ronde"]


def test_a_tally_that_is_acknowledged_twice_is_entered_once(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs of the command send the same tally; the publisher answers both alike."""
    real = wire.put

    def put(url: str, *, content: bytes, **more: object) -> httpx2.Response:
        monkeypatch.setattr(httpx2, "put", real)
        assert wire.send() == [ROUND]
        return real(url, content=content, **more)

    monkeypatch.setattr(httpx2, "put", put)
    assert wire.send() == [ROUND]
    said = [event for event, _ in events(wire.database)]
    assert said.count(Event.TALLY_ACKNOWLEDGED) == 1


def test_a_tally_that_is_withdrawn_before_its_turn_is_not_sent(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = outbox.pending(wire.database)
    monkeypatch.setattr(outbox, "pending", lambda _: found)
    reopen(wire.region, wire.database)
    assert wire.send() == []
    assert wire.tallies() == []


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
