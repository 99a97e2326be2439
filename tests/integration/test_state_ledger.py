"""The ledger only grows: after every migration, whoever tries, on either kind of database."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from shared.identity import Role
from shared.ledger import Event, verify_ledger
from shared.state.database import Database, open_engine, sqlite_url
from shared.state.ledger_table import entries
from shared.state.migrating import migrate
from tests.support.databases import BOTH, SERVICE, SQLITE, PostgreSQL, connections_closed
from tests.support.parties import Clock, identity

SIGNER = identity("koppelaar", Role.LINKER)

ANYWHERE = (
    "UPDATE ledger_entry SET event = 'x'",
    "UPDATE ledger_entry SET event = 'x' WHERE seq = 1",
    "DELETE FROM ledger_entry",
    "DELETE FROM ledger_entry WHERE seq = 1",
    "INSERT INTO ledger_entry SELECT * FROM ledger_entry WHERE seq = 1 "
    "ON CONFLICT (seq) DO UPDATE SET event = 'x'",
    "INSERT INTO ledger_entry SELECT * FROM ledger_entry WHERE seq = 1",
)
ON_SQLITE = (
    "REPLACE INTO ledger_entry SELECT * FROM ledger_entry WHERE seq = 1",
    "UPDATE OR REPLACE ledger_entry SET event = 'x'",
    "INSERT OR REPLACE INTO ledger_entry SELECT 1, at, event, body, 'x', 'y', signature "
    "FROM ledger_entry WHERE seq = 2",
    "INSERT OR REPLACE INTO ledger_entry SELECT 9, at, event, body, previous, 'y', signature "
    "FROM ledger_entry WHERE seq = 2",
)
ON_POSTGRESQL = (
    "TRUNCATE ledger_entry",
    "TRUNCATE ledger_entry CASCADE",
    "MERGE INTO ledger_entry USING (SELECT 1 AS seq) AS one ON ledger_entry.seq = one.seq "
    "WHEN MATCHED THEN UPDATE SET event = 'x'",
    "MERGE INTO ledger_entry USING (SELECT 1 AS seq) AS one ON ledger_entry.seq = one.seq "
    "WHEN MATCHED THEN DELETE",
)
BY_THE_SERVICE = (
    "DROP TRIGGER ledger_entry_append_only ON ledger_entry",
    "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
    "ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_pkey",
    f"ALTER TABLE ledger_entry OWNER TO {SERVICE}",
    "ALTER TABLE ledger_entry RENAME TO other",
    "CREATE RULE other AS ON INSERT TO ledger_entry DO INSTEAD NOTHING",
    "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RETURN NULL; END $$",
    "DROP FUNCTION ledger_refuse() CASCADE",
    "DROP TABLE ledger_entry",
    "DROP TABLE ledger_head",
    "DROP SCHEMA public CASCADE",
    "SET session_replication_role = replica",
    "SET ROLE eigenaar",
    "UPDATE alembic_version SET version_num = '0000'",
)
"""What PostgreSQL refuses to a role that does not own the tables."""
HEAD = (
    "UPDATE ledger_head SET seq = 0",
    "UPDATE ledger_head SET seq = 1, sha256 = (SELECT sha256 FROM ledger_entry WHERE seq = 1)",
    "UPDATE ledger_head SET seq = seq + 1",
    "UPDATE ledger_head SET sha256 = 'x'",
    "UPDATE ledger_head SET id = 2",
    "DELETE FROM ledger_head",
    "INSERT INTO ledger_head SELECT 2, seq, sha256 FROM ledger_head",
)
HEAD_ON_SQLITE = ("REPLACE INTO ledger_head SELECT id, 0, sha256 FROM ledger_head",)
HEAD_ON_POSTGRESQL = (
    "TRUNCATE ledger_head",
    # A trigger that looked at a table of the session's own would let this pass.
    "CREATE TEMPORARY TABLE ledger_entry AS SELECT 3 AS seq, 'x' AS sha256; "
    "UPDATE ledger_head SET seq = 3, sha256 = 'x'",
)
REFUSED = re.compile(
    "the ledger is append-only|the head follows the ledger|permission denied|must be owner"
    "|UNIQUE constraint failed|violates unique constraint"
)
"""Why: by a trigger, for want of a right, or because the entry is there already."""


@dataclass
class Ladder:
    """A database without a table yet, that climbs from one migration to the next."""

    package: str
    url: str
    owner_url: str

    @property
    def is_sqlite(self) -> bool:
        return self.url == self.owner_url

    def revisions(self) -> list[str]:
        """Every revision, the first first."""
        config = Config()
        config.set_main_option("script_location", f"{self.package}:migrations")
        config.set_main_option("path_separator", "os")
        walked = ScriptDirectory.from_config(config).walk_revisions()
        return [each.revision for each in walked][::-1]

    def climb(self, revision: str) -> None:
        role = "" if self.is_sqlite else SERVICE
        migrate(self.owner_url, self.package, revision, service_role=role)

    def database(self) -> Database:
        return Database(open_engine(self.url), SIGNER, Clock())


@pytest.fixture(params=["linker", "publisher"])
def package(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=BOTH)
def ladder(request: pytest.FixtureRequest, package: str, tmp_path: Path) -> Iterator[Ladder]:
    if request.param == SQLITE:
        url = sqlite_url(tmp_path / "state.db")
        yield Ladder(package, url, url)
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.bare_database()
    with connections_closed():
        yield Ladder(package, url, server.owner_url(url))


def contents(connection: Connection) -> list[tuple[object, ...]]:
    rows = connection.execute(text("SELECT * FROM ledger_entry ORDER BY seq")).all()
    heads = connection.execute(text("SELECT * FROM ledger_head")).all()
    return [tuple(row) for row in (*rows, *heads)]


def said_to(engine: Engine, statement: str) -> str:
    """Why a statement was refused; empty where it was not."""
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        return str(error.orig)
    return ""


def check_refused(url: str, statements: tuple[str, ...]) -> None:
    """Each statement fails, and what it would have changed is as it was."""
    engine = open_engine(url)
    with engine.connect() as connection:
        before = contents(connection)
    for statement in statements:
        assert REFUSED.search(said_to(engine, statement)), statement
        with engine.connect() as connection:
            assert contents(connection) == before, statement
    engine.dispose()


def grow(ladder: Ladder, count: int) -> None:
    """Enter something, and check that the whole ledger verifies."""
    database = ladder.database()
    for _ in range(count):
        database.run(lambda tx: tx.record(Event.ROUND_OPENED, round="a"))
    with database.reading() as session:
        lines = [entry.line() for entry in entries(session.connection())]
    assert verify_ledger(lines, SIGNER.card).seq == len(lines) >= count
    database.close()


def test_after_every_migration_the_ledger_only_grows(ladder: Ladder) -> None:
    for revision in ladder.revisions():
        ladder.climb(revision)
        grow(ladder, 2)
        more = ON_SQLITE if ladder.is_sqlite else (*ON_POSTGRESQL, *BY_THE_SERVICE)
        check_refused(ladder.url, (*ANYWHERE, *more))
        grow(ladder, 1)


def test_not_even_the_owner_of_the_tables_changes_an_entry_by_mistake(ladder: Ladder) -> None:
    """On PostgreSQL the triggers hold for the owner too; only it could take them away."""
    for revision in ladder.revisions():
        ladder.climb(revision)
        grow(ladder, 2)
        check_refused(ladder.owner_url, (*ANYWHERE, *(() if ladder.is_sqlite else ON_POSTGRESQL)))


def test_the_head_follows_the_entries_and_stays(ladder: Ladder) -> None:
    ladder.climb("head")
    grow(ladder, 2)
    more = HEAD_ON_SQLITE if ladder.is_sqlite else HEAD_ON_POSTGRESQL
    check_refused(ladder.url, (*HEAD, *more))
    check_refused(ladder.owner_url, HEAD)
    grow(ladder, 1)


def test_replace_is_refused_to_any_program(package: str, tmp_path: Path) -> None:
    """A program that does not switch recursive triggers on would delete without a trigger."""
    url = sqlite_url(tmp_path / "state.db")
    ladder = Ladder(package, url, url)
    ladder.climb("head")
    grow(ladder, 2)
    other = sqlite3.connect(tmp_path / "state.db")
    other.execute("PRAGMA recursive_triggers = OFF")
    for statement in (*ANYWHERE, *ON_SQLITE, *HEAD, *HEAD_ON_SQLITE):
        with pytest.raises(sqlite3.DatabaseError, match=r"append-only|head follows"):
            other.execute(statement)
    other.close()
    grow(ladder, 1)


def test_migrating_again_changes_nothing(ladder: Ladder) -> None:
    ladder.climb("head")
    grow(ladder, 2)
    engine = open_engine(ladder.url)
    with engine.connect() as connection:
        before = contents(connection)
    ladder.climb("head")
    with engine.connect() as connection:
        assert contents(connection) == before
    engine.dispose()
