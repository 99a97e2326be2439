"""Closing, linking, the outbox and the destruction of a round."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from linker.linkage.engine import link
from linker.rounds.lifecycle import close_round, status_on
from linker.rounds.retention import Retention
from linker.store import DeliveryRow, OutboxRow, PartRow, RoundState
from linker.tallying import outbox
from linker.tallying.making import make_tally
from shared.contract.tally import Tally
from shared.destruction import Destruction, Reason
from shared.envelope import open_body, read_header
from shared.errors import ConfigurationError, StateError, TrustError
from shared.ledger import verify_ledger
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
    pseudonym,
    seal_letter,
)
from tests.support.rounds import (
    EVERY_DELIVERY,
    SETTINGS,
    Children,
    children,
    deliver,
    linked,
    publisher_of,
    take,
)


def tally_of(region: MiniRegion, database: Database) -> Tally:
    return make_tally(database, region.identities["koppelaar"], region.linker_keys, ROUND, SETTINGS)


def test_a_tally_counts_what_was_delivered(region: MiniRegion, trusted: TrustedRound) -> None:
    of = children(count=300)
    tally, _ = linked(region, trusted, of)
    cells = {
        (row["table"], row["level"], row["unit"], row["period"], row["category"], row["measure"]):
        row["value"] for row in tally.cells.to_pylist()
    }  # fmt: skip
    for period in (24, 25):
        pupils = sum(row["period"] == period for row in of.enrolments)
        clients = sum(row["period"] == period for rows in of.care.values() for row in rows)
        place = ("pupils_and_clients", "total", "total", period, "")
        assert cells[(*place, "pupils")] == pupils == 300
        assert cells[(*place, "clients")] == clients


def test_an_objection_takes_a_child_out_of_everything(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    of = children(count=200)
    with region.linker_client() as client:
        deliver(region, client, trusted, of)
        letter = seal_letter(region, trusted, "gm0197", objection_table([3, 4]), "objection/1")
        assert client.put(f"/envelopes/{letter.address}", content=letter.data).status_code == 201
    database = region.linker_database()
    close_round(database, ROUND, without=EVERY_DELIVERY)
    tally = tally_of(region, database)
    database.close()
    total = [
        row["value"]
        for row in tally.cells.to_pylist()
        if (row["table"], row["level"], row["measure"]) == ("pupils_and_clients", "total", "pupils")
    ]
    assert total == [198, 198]


def test_only_municipalities_with_both_deliveries_are_covered(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    """A pilot: Doetinchem has not delivered care yet, so its residents are no population."""
    of = children(count=200)
    pilot = Children(of.enrolments, {197: of.care[197]})
    tally, _ = linked(region, trusted, pilot)
    assert set(tally.header.covered.values()) == {(197,)}
    residences = {row["unit"] for row in tally.cells.to_pylist() if row["level"] == "residence"}
    assert residences == {"GM0197"}


def test_a_period_without_a_row_of_care_is_not_covered(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    of = children(count=200)
    care = {**of.care, 222: [row for row in of.care[222] if row["period"] == 25]}
    tally, _ = linked(region, trusted, Children(of.enrolments, care))
    assert tally.header.covered == {"24": (197,), "25": (197, 222)}


def test_nothing_delivered_is_nothing_linked(region: MiniRegion, trusted: TrustedRound) -> None:
    database = region.linker_database()
    close_round(database, ROUND, without=EVERY_DELIVERY)
    with pytest.raises(StateError, match="nothing-covered"):
        tally_of(region, database)
    assert status_on(database, ROUND, region.clock)["state"] == "closed"
    database.close()


def test_a_round_is_not_closed_while_a_delivery_is_missing(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    of = children(count=100)
    with region.linker_client() as client:
        deliver(region, client, trusted, Children(of.enrolments, {197: of.care[197]}))
    database = region.linker_database()
    with pytest.raises(StateError, match="deliveries-missing") as refused:
        close_round(database, ROUND)
    assert "gm0222:care/1" in refused.value.message
    assert "objection" not in refused.value.message
    close_round(database, ROUND, without=frozenset({("gm0222", "care/1")}))
    assert status_on(database, ROUND, region.clock)["state"] == "closed"
    database.close()


def test_quality_tells_rows_as_delivered(region: MiniRegion, trusted: TrustedRound) -> None:
    """Rows after objections would tell how many of them there are."""
    of = children(count=200)
    with region.linker_client() as client:
        deliver(region, client, trusted, of)
        letter = seal_letter(region, trusted, "gm0197", objection_table([3, 4]), "objection/1")
        assert client.put(f"/envelopes/{letter.address}", content=letter.data).status_code == 201
    database = region.linker_database()
    close_round(database, ROUND)
    rows = {(q.supplier, q.schema_name): q.rows for q in tally_of(region, database).header.quality}
    database.close()
    assert rows[("duo", "enrolment/1")] == len(of.enrolments)
    assert rows[("gm0197", "care/1")] == len(of.care[197])


def test_an_open_round_is_not_linked(region: MiniRegion, trusted: TrustedRound) -> None:
    database = region.linker_database()
    with pytest.raises(StateError, match="round-state"):
        tally_of(region, database)
    database.close()


def test_a_failing_engine_leaves_the_round_linkable(
    region: MiniRegion, trusted: TrustedRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    with region.linker_client() as client:
        deliver(region, client, trusted, children(count=100))
    database = region.linker_database()
    close_round(database, ROUND, without=EVERY_DELIVERY)

    def fails(*_: object) -> None:
        raise StateError("linkage-out-of-memory", "expected enough memory")

    monkeypatch.setattr("linker.tallying.making.link", fails)
    with pytest.raises(StateError, match="out-of-memory"):
        tally_of(region, database)
    monkeypatch.setattr("linker.tallying.making.link", link)
    assert tally_of(region, database).header.revision == 1
    with pytest.raises(StateError, match="round-state"):
        tally_of(region, database)
    database.close()


def test_the_tally_names_the_ciphertexts_that_it_was_made_of(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    tally, envelope = linked(region, trusted, children(count=100))
    database = region.linker_database()
    with database.reading() as session:
        parts = sorted(part.sha256 for part in session.scalars(select(PartRow)))
    database.close()
    assert list(tally.header.inputs) == parts
    assert read_header(envelope).context.rows == 0


# --- outbox ------------------------------------------------------------------------------------


@pytest.fixture
def sending(
    region: MiniRegion, accepted: Statement, monkeypatch: pytest.MonkeyPatch
) -> dict[str, object]:
    """A publisher behind ``httpx2.put``, which a test can take down."""
    releases = publisher_of(region, accepted)
    wire: dict[str, object] = {"up": True, "puts": 0, "releases": releases}

    def put(_url: str, *, content: bytes, **_: object) -> httpx2.Response:
        wire["puts"] = int(str(wire["puts"])) + 1
        if wire["up"] is False:
            raise httpx2.ConnectError("down")
        if wire["up"] == "answer lost":
            take(releases, content)
            raise httpx2.ReadTimeout("lost")
        if wire["up"] == "other receipt":
            other = Statement.from_bytes(take(releases, content)).read(Kind.RECEIPT, Receipt)
            changed = other.model_copy(update={"outcome": Outcome.PART_STORED})
            forged = Statement.make(Kind.RECEIPT, changed, releases.identity)
            return httpx2.Response(201, content=forged.to_bytes())
        return httpx2.Response(201, content=take(releases, content))

    monkeypatch.setattr(httpx2, "put", put)
    return wire


def send(region: MiniRegion) -> list[str]:
    database = region.linker_database()
    try:
        card = region.identities["publicist"].card
        return outbox.send_pending(database, "http://publicist", card)
    finally:
        database.close()


def test_a_tally_stays_until_it_is_acknowledged_and_is_taken_once(
    region: MiniRegion, trusted: TrustedRound, sending: dict[str, object]
) -> None:
    linked(region, trusted, children(count=100))
    for up in (False, "answer lost"):
        sending["up"] = up
        with pytest.raises(StateError, match="publisher-unreachable"):
            send(region)
    sending["up"] = True
    assert send(region) == [ROUND]
    assert send(region) == []
    assert sending["puts"] == 3
    database = region.linker_database()
    with database.reading() as session:
        assert session.scalars(select(OutboxRow)).one().attempts == 3
    assert status_on(database, ROUND, region.clock)["state"] == "sent"
    database.close()


def test_a_receipt_for_something_else_is_not_an_acknowledgement(
    region: MiniRegion, trusted: TrustedRound, sending: dict[str, object]
) -> None:
    linked(region, trusted, children(count=100))
    sending["up"] = "other receipt"
    with pytest.raises(TrustError, match="receipt-differs"):
        send(region)
    sending["up"] = True
    assert send(region) == [ROUND]


# --- destruction -------------------------------------------------------------------------------


def retention(region: MiniRegion, database: Database) -> Retention:
    return Retention(database, region.linker_keys, region.identities["koppelaar"])


def test_a_destroyed_round_opens_nothing_any_more(
    region: MiniRegion, trusted: TrustedRound, tmp_path: Path
) -> None:
    linked(region, trusted, children(count=100))
    database = region.linker_database()
    with database.reading() as session:
        kept = [part.envelope for part in session.scalars(select(PartRow))]
    key = region.linker_keys.opening_key(ROUND)
    statement = retention(region, database).destroy(ROUND, Reason.REQUEST)
    body = statement.read(Kind.DESTRUCTION, Destruction)
    assert (body.round_id, body.objects) == (ROUND, len(kept) + 1)
    assert not region.linker_keys.exists(ROUND)
    with pytest.raises(StateError, match="round-key-absent"):
        region.linker_keys.opening_key(ROUND)
    # A restored backup holds ciphertext, and only the key that is gone would open it.
    envelope = kept[0]
    assert envelope is not None
    header = read_header(envelope)
    assert open_body(header, envelope[header.size :], key)
    with database.reading() as session:
        assert {part.envelope for part in session.scalars(select(PartRow))} == {None}
        assert {row.envelope for row in session.scalars(select(OutboxRow))} == {None}
        events = [entry.event.value for entry in entries(session.connection())]
        lines = [entry.line() for entry in entries(session.connection())]
    assert events[-2:] == ["destroying", "destroyed"]
    verify_ledger(lines, region.identities["koppelaar"].card)
    with pytest.raises(StateError, match="round-destroyed"):
        retention(region, database).destroy(ROUND, Reason.REQUEST)
    database.close()


@pytest.mark.parametrize("after", ["announced", "key"])
def test_an_interrupted_destruction_is_finished(
    region: MiniRegion, trusted: TrustedRound, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(region, trusted, children(count=100))
    database = region.linker_database()
    keys = region.linker_keys
    real = type(keys).destroy

    def stops(self: object, round_id: str) -> None:
        if after == "key":
            real(keys, round_id)
        raise KeyboardInterrupt

    monkeypatch.setattr(type(keys), "destroy", stops)
    with pytest.raises(KeyboardInterrupt):
        retention(region, database).destroy(ROUND, Reason.REQUEST)
    monkeypatch.setattr(type(keys), "destroy", real)
    done = list(retention(region, database).retain(region.clock(), clock_confirmed=True))
    assert len(done) == 1
    assert not keys.exists(ROUND)
    database.close()


def test_a_round_is_destroyed_at_its_term_even_when_it_was_never_closed(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    database = region.linker_database()
    days = 30 + region.policy.policy.retention.input_after_close_days
    region.clock.forward(days)
    assert list(retention(region, database).retain(region.clock(), clock_confirmed=True)) == []
    region.clock.forward(1)
    with pytest.raises(ConfigurationError, match="clock-ahead"):
        list(retention(region, database).retain(region.clock()))
    done = list(retention(region, database).retain(region.clock(), clock_confirmed=True))
    assert len(done) == 1
    assert status_on(database, ROUND, region.clock)["state"] == RoundState.DESTROYED
    database.close()


def test_what_the_operator_sees_is_ids_and_states(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    with region.linker_client() as client:
        of = Children(
            [{"pseudonym": pseudonym(1)}],
            {197: [{"pseudonym": pseudonym(1)}], 222: [{"pseudonym": pseudonym(2)}]},
        )
        deliver(region, client, trusted, of)
    database = region.linker_database()
    status = status_on(database, ROUND, region.clock)
    with database.reading() as session:
        ids = {row.delivery_id for row in session.scalars(select(DeliveryRow))}
    database.close()
    shown = json.dumps(status)
    assert pseudonym(1).hex() not in shown
    states = {
        (line["supplier"], line["schema"]): [d["state"] for d in line["deliveries"]]
        for line in status["matrix"]
    }
    assert states[("gm0197", "care/1")] == ["current"]
    assert states[("gm0222", "objection/1")] == []
    assert {d["id"] for line in status["matrix"] for d in line["deliveries"]} == ids
    assert care_table([]).num_rows == enrolment_table([]).num_rows == 0
