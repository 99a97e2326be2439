"""The database: transactions that are whole or absent, in turn, on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event as Signal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, text
from sqlalchemy.exc import DBAPIError

import linker.store
import publisher.store
from shared.errors import BusyError, ConfigurationError, StorageError
from shared.identity import Role
from shared.ledger import Event, verify_ledger
from shared.state import database as database_module
from shared.state.database import ATTEMPTS, Database, Transaction, open_engine
from shared.state.ledger_table import entries
from shared.state.ledger_table import metadata as ledger_metadata
from tests.support.databases import NewDatabase
from tests.support.parties import Clock, identity

METADATA = {"linker": linker.store.Base.metadata, "publisher": publisher.store.Base.metadata}
SIGNER = identity("koppelaar", Role.LINKER)


@pytest.fixture(params=["linker", "publisher"])
def service(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def engine(tmp_path: Path, service: str, new_database: NewDatabase) -> Iterator[Engine]:
    engine = open_engine(new_database(service, tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def database(tmp_path: Path, new_database: NewDatabase) -> Iterator[Database]:
    database = Database(open_engine(new_database("linker", tmp_path)), SIGNER, Clock())
    yield database
    database.close()


def ledger(database: Database) -> list[str]:
    """What stands in the ledger, which verifies."""
    with database.reading() as session:
        chain = list(entries(session.connection()))
    assert verify_ledger([entry.line() for entry in chain], SIGNER.card).seq == len(chain)
    return [entry.event.value for entry in chain]


def raise_state(tx: Transaction, state: str) -> None:
    """Have a PostgreSQL server raise an error with an SQLSTATE."""
    sql = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"
    tx.session.connection().exec_driver_sql(sql)


def test_the_migrations_make_exactly_the_tables_of_the_models(engine: Engine, service: str) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        both = MetaData()
        for metadata in (METADATA[service], ledger_metadata):
            for table in metadata.tables.values():
                table.to_metadata(both)
        assert compare_metadata(context, both) == []


def test_two_entries_never_follow_the_same_one(database: Database) -> None:
    with database.transaction() as tx:
        tx.record(Event.ROUND_OPENED, round="a")
    fork = (
        "INSERT INTO ledger_entry SELECT 2, at, event, body, previous, 'x', signature "
        "FROM ledger_entry"
    )
    with pytest.raises(DBAPIError), database.engine.begin() as connection:
        connection.exec_driver_sql(fork)


def test_an_error_undoes_rows_and_entries_together(database: Database) -> None:
    def fails(tx: Transaction) -> None:
        tx.session.execute(text("INSERT INTO refusal VALUES ('r', 's', 'c', 1)"))
        tx.record(Event.ROUND_OPENED, round="a")
        raise KeyError("boom")

    with pytest.raises(KeyError):
        database.run(fails)
    assert ledger(database) == []
    with database.reading() as session:
        assert session.execute(text("SELECT * FROM refusal")).all() == []


def test_threads_that_write_at_the_same_time_make_one_chain(database: Database) -> None:
    """None of them is undone: each waits for its turn before it looks."""

    def write(number: int) -> None:
        with database.transaction() as tx:
            tx.record(Event.PART_STORED, part=number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert len(ledger(database)) == 40


WRITER = """
import sys
from pathlib import Path
from shared.identity import Identity
from shared.ledger import Event
from shared.state.database import Database, open_engine

database = Database(open_engine(sys.argv[1]), Identity.load(Path(sys.argv[2]), None))
print("ready", flush=True)
sys.stdin.readline()
for part in range(20):
    database.run(lambda tx: tx.record(Event.PART_STORED, part=part))
database.close()
"""


def test_processes_that_write_at_the_same_time_make_one_chain(
    database: Database, tmp_path: Path
) -> None:
    """A service and an operator's command are two processes on one database."""
    SIGNER.save(tmp_path / "identity.json")
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", WRITER, url, str(tmp_path / "identity.json")]
    writers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert len(ledger(database)) == 40


def test_a_reader_keeps_no_writer_waiting_for_good_and_sees_one_moment(database: Database) -> None:
    is_sqlite = database.engine.dialect.name == "sqlite"
    with database.reading() as session:
        before = list(entries(session.connection()))
        if not is_sqlite:  # where a reader holds a writer's commit up
            database.run(lambda tx: tx.record(Event.ROUND_OPENED, round="a"))
        assert list(entries(session.connection())) == before == []
    assert ledger(database) == ([] if is_sqlite else ["round_opened"])


def test_reading_changes_nothing(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        with database.reading() as session:
            session.execute(text("INSERT INTO refusal VALUES ('r', 's', 'c', 1)"))
    else:
        with pytest.raises(DBAPIError, match="read-only"), database.reading() as session:
            session.execute(text("INSERT INTO refusal VALUES ('r', 's', 'c', 1)"))
    with database.reading() as session:
        assert session.execute(text("SELECT * FROM refusal")).all() == []


def test_a_writer_that_gets_no_turn_is_told_so(
    tmp_path: Path, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "WAIT_SECONDS", 0.1)
    database = Database(open_engine(new_database("linker", tmp_path)), SIGNER, Clock())
    calls: list[int] = []
    with database.transaction() as holder:
        holder.record(Event.ROUND_OPENED, round="a")
        with pytest.raises(BusyError, match="database-busy"):
            database.run(lambda _tx: calls.append(1))
    assert calls == []
    assert ledger(database) == ["round_opened"]
    database.close()


def test_a_writer_gets_its_turn_when_the_one_before_is_done(database: Database) -> None:
    entered, leave = Signal(), Signal()

    def first(tx: Transaction) -> None:
        tx.record(Event.ROUND_OPENED, round="a")
        entered.set()
        assert leave.wait(10)

    def second(tx: Transaction) -> int:
        return tx.record(Event.ROUND_CLOSED, round="a").seq

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(database.run, first)
        assert entered.wait(10)
        two = pool.submit(database.run, second)
        leave.set()
        one.result()
        assert two.result() == 2
    assert ledger(database) == ["round_opened", "round_closed"]


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_what_the_database_undid_is_done_again_and_applied_once(
    database: Database, state: str
) -> None:
    """The first time the entry is there and is undone; the ledger holds that of the second."""
    calls: list[int] = []

    def work(tx: Transaction) -> int:
        calls.append(tx.record(Event.ROUND_OPENED, round="a").seq)
        if len(calls) == 1:
            conflict(database, tx, state)
        return len(calls)

    assert database.run(work) == 2
    assert calls == [1, 1]
    assert ledger(database) == ["round_opened"]


def test_a_conflict_that_stays_is_told_after_a_few_attempts(database: Database) -> None:
    calls: list[int] = []

    def work(tx: Transaction) -> None:
        calls.append(1)
        tx.record(Event.ROUND_OPENED, round="a")
        conflict(database, tx, "40001")

    with pytest.raises(BusyError, match="database-busy"):
        database.run(work)
    assert len(calls) == ATTEMPTS
    assert ledger(database) == []


def test_another_error_is_not_tried_again(database: Database) -> None:
    calls: list[int] = []

    def work(tx: Transaction) -> None:
        calls.append(1)
        tx.session.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises(DBAPIError):
        database.run(work)
    assert calls == [1]


def conflict(database: Database, tx: Transaction, state: str) -> None:
    """What a database says that undid a transaction because of another."""
    if database.engine.dialect.name == "postgresql":
        raise_state(tx, state)
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    raise DBAPIError("COMMIT", None, error)


@pytest.mark.parametrize(
    "url", ["mysql://dienst:geheim@computer/koppelaar", "postgresql://dienst:geheim@c/k", "koppel"]
)
def test_another_database_is_refused_without_repeating_its_url(url: str) -> None:
    with pytest.raises(ConfigurationError, match="database-unsupported") as refused:
        open_engine(url)
    assert "geheim" not in refused.value.message + refused.value.hint


def test_a_driver_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match="database-unsupported"):
        open_engine("postgresql+psycopg://dienst@/koppelaar")


def test_a_full_disk_is_told_as_one(database: Database) -> None:
    def work(tx: Transaction) -> None:
        tx.record(Event.ROUND_OPENED, round="a")
        if database.engine.dialect.name == "postgresql":
            raise_state(tx, "53100")
        connection = tx.session.connection()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for number in range(100):
            tx.record(Event.PART_STORED, part=number, detail="x" * 1000)

    with pytest.raises(StorageError, match="storage-full"):
        database.run(work)
    assert ledger(database) == []


def test_a_commit_that_a_reader_holds_up_is_tried_again(
    tmp_path: Path, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite, as a copy of the file by another program does; PostgreSQL's readers do not."""
    monkeypatch.setattr(database_module, "WAIT_SECONDS", 1)
    database = Database(open_engine(new_database("linker", tmp_path)), SIGNER, Clock())
    attempts: list[int] = []
    again = Signal()

    def work(tx: Transaction) -> None:
        attempts.append(tx.record(Event.ROUND_OPENED, round="a").seq)
        if len(attempts) > 1:
            again.set()

    with ThreadPoolExecutor(1) as pool:
        with database.reading() as session:
            list(entries(session.connection()))
            written = pool.submit(database.run, work)
            if database.engine.dialect.name == "sqlite":
                assert again.wait(10)
        written.result(timeout=10)
    assert ledger(database) == ["round_opened"]
    assert set(attempts) == {1}
    database.close()


def test_sqlite_is_set_up_to_lose_nothing_and_to_overwrite_what_is_deleted(
    database: Database,
) -> None:
    names = (
        "journal_mode", "synchronous", "secure_delete", "recursive_triggers", "foreign_keys",
    )  # fmt: skip
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect() as connection:
            found = [connection.exec_driver_sql(f"SHOW {name}").scalar_one()
                     for name in ("synchronous_commit", "transaction_isolation")]  # fmt: skip
        assert found == ["on", "serializable"]
        return
    with database.engine.connect() as connection:
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]
    assert settings == ["delete", 2, 1, 1, 1]
