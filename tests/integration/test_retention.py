"""What stands between a round and the statement that it was destroyed, at both services."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

from linker.intake.deliveries import decide_delivery
from linker.rounds.retention import Retention as LinkerRetention
from linker.store import DeliveryRow, DeliveryState, OutboxRow, PartRow
from linker.store import RoundRow as LinkerRound
from linker.store import RoundState as LinkerState
from publisher.policies import ReleaseState
from publisher.reading import DatabaseReader
from publisher.releasing.releases import Releases
from publisher.rounds.retention import Retention as PublisherRetention
from publisher.store import InternalDocumentRow, ReleasedTableRow, ReleaseRow, TallyRow
from shared.destruction import KEY_LOST, Destruction, Ended, Reason
from shared.errors import StateError
from shared.ledger import Event
from shared.round import TrustedRound
from shared.state.database import Database
from shared.state.destroying import do_all
from shared.state.ledger_table import entries
from shared.state.round_keys import RoundKeys
from shared.statement import Statement
from tests.support.parties import ROUND, MiniRegion, objection_table, seal_letter
from tests.support.rounds import children, linked, publisher_of, take

RELEASE = f"{ROUND}-v1.0"
REASON = Reason.REQUEST


@pytest.fixture
def linker(region: MiniRegion, trusted: TrustedRound) -> Iterator[LinkerRetention]:
    database = region.linker_database()
    yield LinkerRetention(database, region.linker_keys, region.identities["koppelaar"])
    database.close()


@pytest.fixture
def releases(region: MiniRegion, accepted: Statement) -> Iterator[Releases]:
    made = publisher_of(region, accepted)
    yield made
    made.database.close()


@pytest.fixture
def publisher(releases: Releases) -> PublisherRetention:
    return PublisherRetention(releases.database, releases.keys, releases.identity)


@pytest.fixture(params=["linker", "publisher"])
def service(request: pytest.FixtureRequest) -> LinkerRetention | PublisherRetention:
    """Either service: what is tested with it must hold at both."""
    made = request.getfixturevalue(request.param)
    assert isinstance(made, LinkerRetention | PublisherRetention)
    return made


def reason_of(statement: Statement) -> str:
    return Destruction.of(statement).reason


def statements(ended: Iterable[Ended]) -> list[Statement]:
    """The statements of what was ended; a release that expired has none."""
    return [each.statement for each in ended if each.statement is not None]


def announced(database: Database) -> list[str]:
    """The reasons of the destructions that the ledger announces."""
    with database.reading() as session:
        bodies = [
            json.loads(entry.body)
            for entry in entries(session.connection())
            if entry.event is Event.DESTROYING
        ]
    return [body["reason"] for body in bodies]


@contextmanager
def unmounted(keys: RoundKeys) -> Iterator[None]:
    """The key volume is not there: in its place lies the empty folder to mount it on."""
    aside = keys.folder.with_name("aside")
    keys.folder.rename(aside)
    keys.folder.mkdir()
    yield
    keys.folder.rmdir()
    aside.rename(keys.folder)


def interrupt(
    service: LinkerRetention | PublisherRetention,
    monkeypatch: pytest.MonkeyPatch,
    *,
    after_key: bool,
    key_lost: bool = False,
) -> None:
    """Begin a destruction that stops just before or just after its key was shredded."""
    real = RoundKeys.destroy

    def stops(keys: RoundKeys, round_id: str) -> None:
        if after_key:
            real(keys, round_id)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RoundKeys, "destroy", stops)
        with pytest.raises(KeyboardInterrupt):
            service.destroy(ROUND, REASON, key_lost=key_lost)


# --- the key that is not seen ------------------------------------------------------------------


def test_nothing_is_announced_where_the_key_folder_is_not_mounted(
    service: LinkerRetention | PublisherRetention,
) -> None:
    with unmounted(service.keys):
        for key_lost in (False, True):
            with pytest.raises(StateError, match="key-folder-absent"):
                service.destroy(ROUND, REASON, key_lost=key_lost)
        assert announced(service.database) == []
    assert reason_of(service.destroy(ROUND, REASON)) == REASON


def test_an_announced_destruction_waits_for_the_key_folder(
    service: LinkerRetention | PublisherRetention, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(service, monkeypatch, after_key=False)
    with unmounted(service.keys), pytest.raises(StateError, match="key-folder-absent"):
        service.destroy(ROUND, REASON)
    assert service.keys.exists(ROUND)
    service.destroy(ROUND, REASON)
    assert not service.keys.exists(ROUND)


def test_a_key_that_is_absent_is_not_called_destroyed(
    service: LinkerRetention | PublisherRetention,
) -> None:
    service.keys.destroy(ROUND)
    with pytest.raises(StateError, match="round-key-absent"):
        service.destroy(ROUND, REASON)
    assert announced(service.database) == []
    statement = service.destroy(ROUND, REASON, key_lost=True)
    assert reason_of(statement) == f"{REASON} {KEY_LOST}"
    assert announced(service.database) == [f"{REASON} {KEY_LOST}"]


def test_a_key_that_is_there_is_not_called_lost(
    service: LinkerRetention | PublisherRetention,
) -> None:
    assert reason_of(service.destroy(ROUND, REASON, key_lost=True)) == REASON
    assert not service.keys.exists(ROUND)


@pytest.mark.parametrize("after_key", [False, True])
def test_a_destruction_that_is_finished_keeps_the_reason_that_was_announced(
    service: LinkerRetention | PublisherRetention,
    region: MiniRegion,
    monkeypatch: pytest.MonkeyPatch,
    after_key: bool,
) -> None:
    interrupt(service, monkeypatch, after_key=after_key)
    (statement,) = statements(service.retain(region.clock()))
    assert reason_of(statement) == REASON
    assert announced(service.database) == [REASON]


def test_a_lost_key_is_still_said_when_the_destruction_is_finished(
    service: LinkerRetention | PublisherRetention,
    region: MiniRegion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service.keys.destroy(ROUND)
    interrupt(service, monkeypatch, after_key=True, key_lost=True)
    (statement,) = statements(service.retain(region.clock()))
    assert reason_of(statement) == f"{REASON} {KEY_LOST}"


# --- carrying on -------------------------------------------------------------------------------


def test_what_a_crash_left_in_the_key_folder_does_not_stop_a_destruction(
    service: LinkerRetention | PublisherRetention,
) -> None:
    (service.keys.folder / ROUND / ".round.seed.0a1b2c3d.part").write_bytes(bytes(32))
    service.destroy(ROUND, REASON)
    assert not (service.keys.folder / ROUND).exists()


def test_a_round_that_fails_does_not_keep_another_from_being_destroyed(
    linker: LinkerRetention, region: MiniRegion
) -> None:
    with linker.database.transaction() as tx:
        row = tx.session.get_one(LinkerRound, ROUND)
        documents = {
            column.key: getattr(row, column.key)
            for column in LinkerRound.__mapper__.column_attrs
            if column.key != "round_id"
        }
        for round_id in ("aaa-zonder-sleutel", "bbb-zonder-sleutel", "zzz-met-sleutel"):
            tx.session.add(LinkerRound(round_id=round_id, **documents))
    linker.keys.create("zzz-met-sleutel")
    region.clock.forward(1000)
    run = linker.retain(region.clock(), clock_confirmed=True)
    destroyed = [Destruction.of(each) for each in statements([next(run), next(run)])]
    with pytest.raises(StateError, match=r"round-key-absent.*aaa-zonder") as failure:
        next(run)
    assert [(body.round_id, body.reason) for body in destroyed] == [
        (ROUND, Reason.TERM),
        ("zzz-met-sleutel", Reason.TERM),
    ]
    assert "bbb-zonder-sleutel" in failure.value.__notes__[0]


def test_an_error_of_the_programme_itself_stops_at_once() -> None:
    done: list[int] = []

    def fails() -> None:
        raise AssertionError("of the programme")

    def does() -> None:
        done.append(1)

    with pytest.raises(AssertionError, match="of the programme"):
        list(do_all([fails, does]))
    assert done == []


# --- what is deleted ---------------------------------------------------------------------------


@contextmanager
def rows_unread(database: Database, *tables: str) -> Iterator[None]:
    """Assert that no query fetches rows of one of ``tables``."""
    asked: list[str] = []

    def look(*arguments: object) -> None:
        query = str(arguments[2])
        asked.extend(table for table in tables if query.startswith(f"SELECT {table}."))

    event.listen(database.engine, "before_cursor_execute", look)
    yield
    event.remove(database.engine, "before_cursor_execute", look)
    assert asked == []


def test_the_linker_deletes_what_is_sealed_without_reading_it(
    region: MiniRegion, trusted: TrustedRound, linker: LinkerRetention
) -> None:
    linked(region, trusted, children(count=100))
    with linker.database.reading() as session:
        sealed = [session.scalars(select(row.envelope)).all() for row in (PartRow, OutboxRow)]
    assert [len(each) for each in sealed] == [3, 1]
    with rows_unread(linker.database, "part", "outbox"):
        statement = linker.destroy(ROUND, REASON)
    assert Destruction.of(statement).objects == 4
    with linker.database.reading() as session:
        assert session.get_one(LinkerRound, ROUND).state is LinkerState.DESTROYED
        for row in (PartRow, OutboxRow):
            assert set(session.scalars(select(row.envelope))) == {None}


def staged(region: MiniRegion, trusted: TrustedRound, releases: Releases) -> None:
    _, envelope = linked(region, trusted, children())
    take(releases, envelope)
    releases.stage(ROUND)


def test_the_publisher_deletes_what_is_sealed_without_reading_it(
    region: MiniRegion, trusted: TrustedRound, releases: Releases, publisher: PublisherRetention
) -> None:
    staged(region, trusted, releases)
    with rows_unread(releases.database, "tally", "internal_document"):
        statement = publisher.destroy(ROUND, REASON)
    assert Destruction.of(statement).objects == 4  # a tally, certificates, report and counts
    with releases.database.reading() as session:
        assert set(session.scalars(select(TallyRow.envelope))) == {None}
        assert set(session.scalars(select(InternalDocumentRow.box))) == {None}


@pytest.mark.parametrize("accept", [True, False])
def test_what_was_held_when_its_round_was_destroyed_is_not_decided_any_more(
    region: MiniRegion, trusted: TrustedRound, linker: LinkerRetention, accept: bool
) -> None:
    letter = seal_letter(region, trusted, "gm0197", objection_table([1]), "objection/1")
    with region.linker_client() as client:
        assert client.put(f"/envelopes/{letter.address}", content=letter.data).status_code == 201
    with linker.database.transaction() as tx:
        tx.session.get_one(DeliveryRow, letter.context.delivery).state = DeliveryState.HELD
    linker.destroy(ROUND, REASON)
    with pytest.raises(StateError, match="round-not-open"):
        decide_delivery(linker.database, letter.context.delivery, accept=accept)


# --- releases that were never published --------------------------------------------------------


@pytest.mark.parametrize(
    "state", [ReleaseState.STAGED, ReleaseState.SUBMITTED, ReleaseState.APPROVED]
)
def test_a_release_that_was_never_published_expires_all_the_same(
    region: MiniRegion,
    trusted: TrustedRound,
    releases: Releases,
    publisher: PublisherRetention,
    state: ReleaseState,
) -> None:
    staged(region, trusted, releases)
    with releases.database.transaction() as tx:
        tx.session.get_one(ReleaseRow, RELEASE).state = state
    term = region.policy.policy.retention.release_after_publication_days

    def after(days: int) -> tuple[ReleaseState, set[bool]]:
        region.clock.forward(days)
        list(publisher.retain(region.clock(), clock_confirmed=True))
        with releases.database.reading() as session:
            held = {data is not None for data in session.scalars(select(ReleasedTableRow.data))}
            return session.get_one(ReleaseRow, RELEASE).state, held

    assert after(term - 1) == (state, {True})
    assert after(1) == (ReleaseState.EXPIRED, {False})
    assert DatabaseReader(releases.database).find(RELEASE) is None


def test_a_release_that_was_published_meanwhile_is_kept(
    region: MiniRegion,
    trusted: TrustedRound,
    releases: Releases,
    publisher: PublisherRetention,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    staged(region, trusted, releases)
    region.clock.forward(region.policy.policy.retention.release_after_publication_days)
    real = PublisherRetention.destroy

    def publishes(self: PublisherRetention, round_id: str, reason: Reason) -> Statement:
        with releases.database.transaction() as tx:
            row = tx.session.get_one(ReleaseRow, RELEASE)
            row.state, row.published_at = ReleaseState.PUBLISHED, tx.now
        return real(self, round_id, reason)

    monkeypatch.setattr(PublisherRetention, "destroy", publishes)
    assert len(list(publisher.retain(region.clock(), clock_confirmed=True))) == 1
    latest = DatabaseReader(releases.database).latest()
    assert latest is not None
    assert latest.tables
