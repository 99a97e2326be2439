"""The database: migrations, the append-only ledger, and transactions that are whole or absent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, text
from sqlalchemy.exc import DatabaseError

import linker.store
import publisher.store
from shared.identity import Role
from shared.ledger import Event, verify_ledger
from shared.state.database import Database, migrate, open_engine, sqlite_url
from shared.state.ledger_table import entries
from shared.state.ledger_table import metadata as ledger_metadata
from tests.support.parties import Clock, identity

METADATA = {"linker": linker.store.Base.metadata, "publisher": publisher.store.Base.metadata}


@pytest.fixture(params=["linker", "publisher"])
def service(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def engine(tmp_path: Path, service: str) -> Engine:
    url = sqlite_url(tmp_path / "state.db")
    migrate(url, service)
    return open_engine(url)


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine, identity("koppelaar", Role.LINKER), Clock())


def test_the_migrations_make_exactly_the_tables_of_the_models(engine: Engine, service: str) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        both = MetaData()
        for metadata in (METADATA[service], ledger_metadata):
            for table in metadata.tables.values():
                table.to_metadata(both)
        assert compare_metadata(context, both) == []


def test_migrating_again_changes_nothing(engine: Engine, service: str) -> None:
    migrate(str(engine.url), service)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT seq FROM ledger_head")).scalar_one() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET event = 'x'",
        "DELETE FROM ledger_entry",
        "DELETE FROM ledger_entry WHERE seq = 1",
        "REPLACE INTO ledger_entry SELECT * FROM ledger_entry WHERE seq = 1",
        "INSERT OR REPLACE INTO ledger_entry SELECT 1, at, event, body, previous, sha256, "
        "signature FROM ledger_entry WHERE seq = 2",
    ],
)
def test_the_ledger_only_grows(database: Database, engine: Engine, statement: str) -> None:
    with database.transaction() as tx:
        tx.record(Event.ROUND_OPENED, round="a")
        tx.record(Event.ROUND_CLOSED, round="a")
    with pytest.raises(DatabaseError), engine.begin() as connection:
        connection.exec_driver_sql(statement)
    with database.reading() as session:
        assert [entry.seq for entry in entries(session.connection())] == [1, 2]


def test_two_entries_never_follow_the_same_one(database: Database, engine: Engine) -> None:
    with database.transaction() as tx:
        tx.record(Event.ROUND_OPENED, round="a")
    fork = (
        "INSERT INTO ledger_entry SELECT 2, at, event, body, previous, 'x', signature "
        "FROM ledger_entry"
    )
    with pytest.raises(DatabaseError), engine.begin() as connection:
        connection.exec_driver_sql(fork)


def test_an_error_undoes_rows_and_entries_together(database: Database) -> None:
    def fails() -> None:
        with database.transaction() as tx:
            tx.record(Event.ROUND_OPENED, round="a")
            raise KeyError("boom")

    with pytest.raises(KeyError):
        fails()
    with database.reading() as session:
        assert list(entries(session.connection())) == []


def test_writers_at_the_same_time_make_one_chain(database: Database) -> None:
    def write(number: int) -> None:
        with database.transaction() as tx:
            tx.record(Event.PART_STORED, part=number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    with database.reading() as session:
        chain = list(entries(session.connection()))
    signer = database._signer.card
    assert verify_ledger([entry.line() for entry in chain], signer).seq == 40


def test_sqlite_is_set_up_to_lose_nothing_and_to_overwrite_what_is_deleted(engine: Engine) -> None:
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "secure_delete", "recursive_triggers")
        }
    assert found == {
        "journal_mode": "delete", "synchronous": 2, "secure_delete": 1, "recursive_triggers": 1,
    }  # fmt: skip
