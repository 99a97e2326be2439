"""Guards of the state of which mutating the code showed that no other test would miss them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import func, select

from linker.intake.judging import figures_term, forget_figures
from linker.rounds.retention import Retention
from linker.store import (
    DeliveryRow,
    DeliveryState,
    FigureRow,
    LinkageFigureRow,
    LinkageRow,
    PartRow,
)
from publisher.history import changed_cells
from publisher.intake.steps import Intake
from publisher.released import ReleasedTable
from publisher.store import TallyRow
from shared.destruction import Destruction, Kept, Reason
from shared.envelope import EnvelopeKind, check_body, read_header
from shared.errors import (
    ConfigurationError,
    MonitorError,
    StateError,
    TooManyError,
    TrustError,
)
from shared.redaction import Secret
from shared.round import TrustedRound
from shared.service import rates
from shared.state import round_keys
from shared.state.database import Database, Transaction
from shared.state.destroying import Steps, destroy_round
from shared.state.round_keys import RoundKeys
from shared.state.sealed import open_at_rest, seal_at_rest
from tests.support.parties import (
    ROUND,
    MiniRegion,
    care_table,
    objection_table,
    pseudonym,
    seal_letter,
)
from tests.support.publishing import Publisher, resealed

ONE_CHILD = care_table([{"pseudonym": pseudonym(1), "period": 25}])
KEY = Secret(bytes(range(32)))


@pytest.fixture
def database(region: MiniRegion, trusted: TrustedRound) -> Iterator[Database]:
    made = region.linker_database()
    yield made
    made.close()


@pytest.fixture
def retention(region: MiniRegion, database: Database) -> Retention:
    return Retention(database, region.linker_keys, region.identities["koppelaar"])


# --- what goes with a round --------------------------------------------------------------------


@pytest.mark.parametrize("state", list(DeliveryState))
def test_a_body_goes_with_its_round_whatever_became_of_its_delivery(
    region: MiniRegion,
    trusted: TrustedRound,
    database: Database,
    retention: Retention,
    state: DeliveryState,
) -> None:
    letter = seal_letter(region, trusted, "gm0197", ONE_CHILD, "care/1", last=0)
    with region.linker_client() as client:
        assert client.put(f"/envelopes/{letter.address}", content=letter.data).status_code == 201
    with database.transaction() as tx:
        tx.session.get_one(DeliveryRow, letter.context.delivery).state = state
    retention.destroy(ROUND, Reason.REQUEST)
    with database.reading() as session:
        assert session.scalars(select(PartRow.envelope)).all() == [None]


def keep_figures(region: MiniRegion, database: Database, *, of_a_linkage: bool) -> None:
    """One figure that has reached its term, of a delivery or of a linkage."""
    with database.transaction() as tx:
        made_at = tx.now - figures_term(region.policy.policy)
        if of_a_linkage:
            place = {"round_id": ROUND, "revision": 1}
            tx.session.add(LinkageRow(**place, made_at=made_at, manifest=b"{}", tally_mac="0" * 64))
            tx.session.flush()
            tx.session.add(
                LinkageFigureRow(
                    **place, supplier="gm0197", schema_name="care/1", name="linked", value=90
                )
            )
            return
        tx.session.add(
            DeliveryRow(
                delivery_id="0" * 32,
                round_id=ROUND,
                supplier="gm0197",
                schema_name="care/1",
                state=DeliveryState.CURRENT,
                supersedes="",
                rows=100,
                created_at=made_at,
            )
        )
        tx.session.flush()
        tx.session.add(FigureRow(delivery_id="0" * 32, name="form", percent=90))


def figures(database: Database) -> int:
    with database.reading() as session:
        counts = [
            session.scalar(select(func.count()).select_from(row))
            for row in (FigureRow, LinkageFigureRow)
        ]
    return sum(count or 0 for count in counts)


@pytest.mark.parametrize("of_a_linkage", [False, True])
def test_figures_past_their_term_go_with_a_round_that_is_destroyed(
    region: MiniRegion, database: Database, retention: Retention, of_a_linkage: bool
) -> None:
    keep_figures(region, database, of_a_linkage=of_a_linkage)
    assert figures(database) == 1
    retention.destroy(ROUND, Reason.REQUEST)
    assert figures(database) == 0


@pytest.mark.parametrize("of_a_linkage", [False, True])
def test_figures_end_at_their_term_whatever_they_are_of(
    region: MiniRegion, database: Database, retention: Retention, of_a_linkage: bool
) -> None:
    keep_figures(region, database, of_a_linkage=of_a_linkage)
    now, policy = region.clock(), region.policy.policy
    assert [each.what for each in retention.due(now - timedelta(seconds=1), policy)] == []
    assert [each.what for each in retention.retain(now, policy=policy)] == [Kept.FIGURES]
    assert figures(database) == 0


@pytest.mark.parametrize("state", [DeliveryState.SUPERSEDED, DeliveryState.REJECTED])
def test_figures_of_what_is_no_delivery_any_more_go(
    region: MiniRegion, database: Database, state: DeliveryState
) -> None:
    keep_figures(region, database, of_a_linkage=False)
    term = figures_term(region.policy.policy) + timedelta(days=1)
    assert database.run(lambda tx: forget_figures(tx, term)) == 0
    with database.transaction() as tx:
        tx.session.get_one(DeliveryRow, "0" * 32).state = state
    assert database.run(lambda tx: forget_figures(tx, term)) == 1
    assert figures(database) == 0


# --- the parts of a delivery -------------------------------------------------------------------


def test_nobody_adds_a_part_to_the_delivery_of_another(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    """The id of a delivery and the hash of its part are no secrets."""
    first = seal_letter(region, trusted, "gm0197", ONE_CHILD, "care/1", last=0)
    next_part: dict[str, Any] = {
        "delivery": first.context.delivery,
        "part": 2,
        "previous": first.address,
        "supersedes": "",
    }
    others = [
        seal_letter(region, trusted, "gm0222", ONE_CHILD, "care/1", **next_part),
        seal_letter(region, trusted, "gm0197", objection_table([1]), "objection/1", **next_part),
        seal_letter(
            region, trusted, "gm0197", ONE_CHILD, "care/1", **{**next_part, "supersedes": "1" * 32}
        ),
    ]
    with region.linker_client() as client:
        assert client.put(f"/envelopes/{first.address}", content=first.data).status_code == 201
        for each in others:
            answer = client.put(f"/envelopes/{each.address}", content=each.data)
            assert (answer.status_code, answer.json()["code"]) == (409, "part-out-of-order")


# --- the key of a round ------------------------------------------------------------------------


def test_a_second_key_of_a_round_never_takes_the_place_of_the_first(tmp_path: Path) -> None:
    keys = RoundKeys(tmp_path / "sleutels")
    keys.create(ROUND)
    first = keys.public_bytes(ROUND)
    with pytest.raises(StateError, match="round-key-exists"):
        keys.create(ROUND)
    assert keys.public_bytes(ROUND) == first


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    keys = RoundKeys(tmp_path / "sleutels")
    keys.create(ROUND)
    keys.link_seed(ROUND)
    (keys.folder / ROUND / "round.seed").chmod(0o640)
    with pytest.raises(ConfigurationError):
        keys.link_seed(ROUND)


def test_a_new_key_is_on_disk_with_the_folders_that_lead_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a crash loses the key to which a supplier sealed."""
    synced: list[Path] = []
    monkeypatch.setattr(round_keys, "sync_folder", synced.append)
    keys = RoundKeys(tmp_path / "sleutels")
    keys.create(ROUND)
    assert synced == [keys.folder]


def test_what_is_sealed_at_rest_is_never_sealed_the_same_way_twice() -> None:
    boxes = {seal_at_rest(KEY, ("linkage", "1"), b"the same") for _ in range(8)}
    assert len({box[:12] for box in boxes}) == 8


def test_what_is_sealed_at_rest_opens_as_what_it_is_only() -> None:
    box = seal_at_rest(KEY, ("linkage", "1"), b"a report")
    assert open_at_rest(KEY, ("linkage", "1"), box) == b"a report"
    for other in (("linkage", "2"), ("linkage1",), ("linkage", "1", "")):
        with pytest.raises(TrustError, match="document-altered"):
            open_at_rest(KEY, other, box)


class _StoppedError(Exception):
    """The machine stops here."""


def test_each_round_keeps_the_reason_for_which_its_own_destruction_began(
    region: MiniRegion, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: set[str] = set()
    keys = region.linker_keys

    def destroy(round_id: str, reason: Reason) -> str:
        def announce(_tx: Transaction) -> bool:
            is_new = round_id not in announced
            announced.add(round_id)
            return is_new

        steps = Steps(announce, lambda _tx: 0, lambda _tx, _statement: None)
        identity = region.identities["koppelaar"]
        statement = destroy_round(database, keys, identity, round_id, reason, steps)
        return Destruction.of(statement).reason

    def stops(_keys: RoundKeys, _round_id: str) -> None:
        raise _StoppedError

    for round_id in ("eerste-ronde", "tweede-ronde"):
        keys.create(round_id)
    assert destroy("eerste-ronde", Reason.REQUEST) == Reason.REQUEST
    with monkeypatch.context() as patch:
        patch.setattr(RoundKeys, "destroy", stops)
        with pytest.raises(_StoppedError):
            destroy("tweede-ronde", Reason.INCIDENT)
    assert destroy("tweede-ronde", Reason.TERM) == Reason.INCIDENT


# --- the intake of tallies ---------------------------------------------------------------------


def intake_of(publisher: Publisher) -> Intake:
    releases = publisher.releases
    return Intake(releases.database, releases.identity, releases.keys)


def refused(publisher: Publisher, address: str, envelope: bytes, body: bytes) -> str:
    """The code with which a tally at an address is refused."""
    intake = intake_of(publisher)
    with pytest.raises(MonitorError) as found:
        intake.store(intake.admit(address, envelope), body)
    return found.value.code


def test_a_tally_is_what_its_header_and_its_address_say(publisher: Publisher) -> None:
    envelope = resealed(publisher, publisher.tally, revision=2)
    header = read_header(envelope)
    body = envelope[header.size :]
    assert refused(publisher, "0" * 64, envelope, body) == "address-differs"
    for altered in (body[:-1], body + b"\x00", b"\x00" * len(body)):
        assert refused(publisher, header.sha256, envelope, altered) == "body-altered"
    changes: tuple[dict[str, Any], ...] = (
        {"recipient": "ander", "revision": 2},
        {"kind": EnvelopeKind.DELIVERY, "revision": 0},
    )
    for each in changes:
        other = resealed(publisher, publisher.tally, **each)
        assert refused(publisher, read_header(other).sha256, other, b"") == "not-for-us"


def test_a_body_has_the_size_that_its_sender_signed(publisher: Publisher) -> None:
    header = read_header(publisher.envelope)
    body = publisher.envelope[header.size :]
    check_body(header, body)
    longer = header.seal.model_copy(update={"bytes": len(body) + 1})
    with pytest.raises(TrustError, match="body-altered"):
        check_body(replace(header, seal=longer), body)


def test_a_tally_that_was_admitted_is_not_stored_after_a_higher_one(publisher: Publisher) -> None:
    """Both were sent before either was there, so that the headers alone could not tell."""
    intake = intake_of(publisher)
    made = []
    for revision in (2, 3):
        header = publisher.tally.header.model_copy(update={"revision": revision})
        tally = type(publisher.tally)(header, publisher.tally.cells)
        envelope = resealed(publisher, tally, revision=revision)
        head = read_header(envelope)
        made.append((intake.admit(head.sha256, envelope), envelope[head.size :]))
    (second, its_body), (third, body) = made
    intake.store(third, body)
    with pytest.raises(StateError, match="revision-not-higher"):
        intake.store(second, its_body)
    with publisher.releases.database.reading() as session:
        rows = session.scalars(select(TallyRow).order_by(TallyRow.revision)).all()
    assert [(row.revision, row.envelope is None) for row in rows] == [(1, True), (3, False)]


# --- who asks too often ------------------------------------------------------------------------


def test_a_newcomer_is_remembered_when_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever fills the memory with addresses has no bound any more."""
    monkeypatch.setattr(rates, "MAX_BUCKETS", 2)
    buckets = rates.Buckets(rates.Rate(per_second=0.001, burst=1), clock=lambda: 0.0)
    for key in ("a", "b", "c"):
        buckets.take(key)
    with pytest.raises(TooManyError):
        buckets.take("c")


# --- what readers may have kept ----------------------------------------------------------------


def table_of(**changes: object) -> ReleasedTable:
    cell = {"level": "school", "unit": "99XA00", "period": 25, "category": "", "measure": "clients"}
    cells = [{**cell, "value": 12, "status": ""}, {**cell, "unit": "99XA01", "value": None}]
    cells[1] = {**cells[1], "status": "c", **changes}
    columns = pa.schema(
        [
            ("level", pa.string()),
            ("unit", pa.string()),
            ("period", pa.uint8()),
            ("category", pa.string()),
            ("measure", pa.string()),
            ("value", pa.int64()),
            ("status", pa.string()),
        ]
    )
    return ReleasedTable("t", "t", pa.Table.from_pylist(cells, schema=columns))


@pytest.mark.parametrize(
    ("changes", "count"),
    [({}, 0), ({"status": "z"}, 1), ({"value": 9}, 1), ({"unit": "99XC00"}, 1)],
    ids=["the same", "another reason to be empty", "a value", "a new cell"],
)
def test_a_cell_changes_by_its_value_and_by_its_status(
    changes: dict[str, object], count: int
) -> None:
    assert changed_cells(table_of(**changes), table_of()) == count
