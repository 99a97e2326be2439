"""The order of a destruction, line by line of DESIGN 8, and a stop at each executed line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from sqlalchemy import func, select

from linker.rounds.lifecycle import accept_round
from linker.rounds.retention import Retention as LinkerRetention
from linker.store import OutboxRow, PartRow
from linker.store import RoundRow as LinkerRound
from publisher.releasing.releases import Releases
from publisher.rounds.retention import Retention as PublisherRetention
from publisher.store import InternalDocumentRow, TallyRow
from publisher.store import RoundRow as PublisherRound
from shared import files
from shared.destruction import Destruction, Reason
from shared.ledger import Event, verify_ledger
from shared.round import TrustedRound
from shared.state import round_keys
from shared.state.database import Database, Transaction
from shared.state.ledger_table import entries
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement
from tests.support.assurance import LONG, recorded
from tests.support.parties import ROUND, MiniRegion, make_region
from tests.support.rounds import children, linked, publisher_of, take
from tests.support.snapshots import copied

Service = LinkerRetention | PublisherRetention
ROOT = Path(__file__).parents[2]
OURS = tuple(str(ROOT / folder) for folder in ("linker", "publisher", "shared"))
POINTS = 20


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> MiniRegion:
    """A region whose round was linked, taken and staged: everything that can be destroyed."""
    region = make_region(tmp_path_factory.mktemp("saved"))
    database = region.linker_database()
    accepted = accept_round(
        database,
        region.identities["koppelaar"],
        region.linker_keys,
        region.files(),
        region.pinned_agreements,
        region.clock,
    )
    database.close()
    trusted: TrustedRound = region.trusted(accepted)
    _, envelope = linked(region, trusted, children(count=40))
    releases: Releases = publisher_of(region, accepted)
    take(releases, envelope)
    releases.stage(ROUND)
    releases.database.close()
    return region


def open_service(region: MiniRegion, which: str) -> Service:
    if which == "linker":
        database = region.linker_database()
        return LinkerRetention(database, region.linker_keys, region.identities["koppelaar"])
    database = region.publisher_database()
    return PublisherRetention(database, region.publisher_keys, region.identities["publicist"])


@pytest.fixture(params=["linker", "publisher"])
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def service(saved: MiniRegion, which: str, tmp_path: Path) -> Iterator[Service]:
    made = open_service(copied(saved, tmp_path / "life"), which)
    yield made
    made.database.close()


def sealed_bodies(service: Service) -> int:
    """How many sealed bodies the database holds."""
    columns: tuple[Any, ...] = (
        (PartRow.envelope, OutboxRow.envelope)
        if isinstance(service, LinkerRetention)
        else (TallyRow.envelope, InternalDocumentRow.box)
    )
    with service.database.reading() as session:
        found = [
            session.scalar(select(func.count()).where(column.is_not(None))) for column in columns
        ]
    return sum(each or 0 for each in found)


def stored_statement(service: Service) -> bytes | None:
    with service.database.reading() as session:
        if isinstance(service, LinkerRetention):
            return session.get_one(LinkerRound, ROUND).destruction
        return session.get_one(PublisherRound, ROUND).destruction


def events(database: Database) -> list[Event]:
    with database.reading() as session:
        return [entry.event for entry in entries(session.connection())]


# --- the order ---------------------------------------------------------------------------------


def test_the_order_is_announce_shred_delete_state(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step looks at what those before it left, and at what those after it must not have."""
    seen: list[str] = []
    bodies, real = sealed_bodies(service), RoundKeys.destroy
    assert bodies >= 3

    def shred(keys: RoundKeys, round_id: str) -> None:
        # 1. The ledger says `destroying`; nothing else happened yet.
        assert events(service.database)[-1] is Event.DESTROYING
        assert keys.exists(round_id)
        assert sealed_bodies(service) == bodies
        assert stored_statement(service) is None
        real(keys, round_id)
        # 2. The folder is unlinked; every body is still there, and nothing opens it.
        assert not (keys.folder / round_id).exists()
        assert sealed_bodies(service) == bodies
        assert stored_statement(service) is None
        seen.append("shredded")

    record = Transaction.record

    def recorded(tx: Transaction, what: Event, **body: str | int) -> object:
        if what is Event.DESTROYED:
            # 3. In the same transaction the rows are deleted already.
            assert seen == ["shredded"]
            assert body["objects"] == bodies
            seen.append("deleted")
        return record(tx, what, **body)

    make = Statement.make

    def stated(kind: Kind, body: Any, signer: Any) -> Statement:
        # 4. It is signed last, and names the entry that says `destroyed`.
        assert seen == ["shredded", "deleted"]
        seen.append("stated")
        return make(kind, body, signer)

    monkeypatch.setattr(RoundKeys, "destroy", shred)
    monkeypatch.setattr(Transaction, "record", recorded)
    monkeypatch.setattr(Statement, "make", stated)
    statement = service.destroy(ROUND, Reason.REQUEST)
    assert seen == ["shredded", "deleted", "stated"]
    assert sealed_bodies(service) == 0
    assert stored_statement(service) == statement.to_bytes()
    body = Destruction.of(statement)
    with service.database.reading() as session:
        last = list(entries(session.connection()))[-1]
    assert (last.event, body.ledger_seq, body.ledger_sha256) == (
        Event.DESTROYED,
        last.seq,
        last.sha256,
    )


def test_the_seed_is_overwritten_unlinked_and_synced_before_the_rows_go(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    shred, sync = files.shred, files.sync_folder

    def shredded(path: Path) -> None:
        before = path.read_bytes()
        with path.open("rb") as handle:  # the same bytes on the disk, whatever its name is then
            shred(path)
            assert handle.read() != before
        assert not path.exists()
        done.append("shredded")

    def synced(folder: Path) -> None:
        sync(folder)
        done.append(f"synced {folder.name}")

    monkeypatch.setattr(round_keys, "shred", shredded)
    monkeypatch.setattr(round_keys, "sync_folder", synced)
    service.destroy(ROUND, Reason.REQUEST)
    assert done == ["shredded", f"synced {service.keys.folder.name}"]


def test_the_rows_and_the_entry_go_together(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the statement cannot be made, no row is deleted and no `destroyed` is entered."""
    bodies = sealed_bodies(service)

    def fails(*_: object) -> Statement:
        raise OSError("no randomness")

    with monkeypatch.context() as patch:
        patch.setattr(Statement, "make", fails)
        with pytest.raises(OSError, match="no randomness"):
            service.destroy(ROUND, Reason.REQUEST)
    assert sealed_bodies(service) == bodies
    assert events(service.database)[-1] is Event.DESTROYING
    assert not service.keys.exists(ROUND)


# --- a stop at each line -----------------------------------------------------------------------


class Stopped(BaseException):
    """The process ended here: nothing may catch it."""


def run_to(line: int, work: Callable[[], object]) -> int:
    """Do ``work`` and stop before the ``line``-th executed line of ours; how many were executed."""
    executed = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal executed
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            executed += 1
            if executed == line:
                raise Stopped
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except Stopped:
        pass
    finally:
        sys.settrace(before)
    return executed


def finish(region: MiniRegion, which: str) -> None:
    """Restart, finish, and check what must hold wherever it stopped."""
    service = open_service(region, which)
    try:
        if events(service.database)[-1] is not Event.DESTROYED:
            if Event.DESTROYING not in events(service.database):
                assert service.keys.exists(ROUND)  # stopped before the announcement
                service.destroy(ROUND, Reason.REQUEST)
            else:
                (ended,) = service.retain(region.clock())
                assert ended.id == ROUND
        assert list(service.retain(region.clock())) == []
        assert events(service.database)[-2:] == [Event.DESTROYING, Event.DESTROYED]
        assert not (service.keys.folder / ROUND).exists()
        assert sealed_bodies(service) == 0
        (statement,) = service.statements()
        statement.check_signed_by(service.identity.card)
        assert Destruction.of(statement).reason == Reason.REQUEST
        with service.database.reading() as session:
            lines = [entry.line() for entry in entries(session.connection())]
        assert verify_ledger(lines, service.identity.card).seq == len(lines)
        assert Destruction.of(statement).ledger_seq == len(lines)
    finally:
        service.database.close()


# A stop between opening a file and using it leaves it to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_destruction_that_stops_at_any_line_is_finished_once(
    saved: MiniRegion, which: str, tmp_path: Path
) -> None:
    counted = copied(saved, tmp_path / "counted")
    service = open_service(counted, which)
    lines = run_to(0, lambda: service.destroy(ROUND, Reason.REQUEST))
    service.database.close()
    finish(counted, which)
    assert lines > 100
    step = 1 if LONG else lines // POINTS
    with recorded("destructions that stop at an executed line", None) as tally:
        for line in range(1, lines + 1, step):
            region = copied(saved, tmp_path / f"line-{line}")
            begun = open_service(region, which)
            run_to(line, partial(begun.destroy, ROUND, Reason.REQUEST))
            begun.database.close()
            finish(region, which)
            tally.add(passed=True)
