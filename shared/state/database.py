"""One database per service, opened so that a crash loses nothing that was confirmed.

SQLite with its rollback journal by default, PostgreSQL by URL. Every write is one transaction
that starts by taking the write lock, changes state and appends to the ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from shared.clock import Clock, system_clock
from shared.identity import Identity
from shared.ledger import Event, Head
from shared.state.ledger_table import append_entry, ledger_head


def open_engine(url: str) -> Engine:
    """An engine with the settings of DESIGN 9 for SQLite; others as their server is set."""
    # Parameters of a statement never stand in an error: one could be an envelope or an id.
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, isolation_level="SERIALIZABLE", hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_immediately)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # SQLAlchemy's begin event below starts transactions; the driver must not do so itself.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = DELETE",
        "synchronous = FULL",
        "secure_delete = ON",  # a deleted row's bytes are overwritten
        "recursive_triggers = ON",  # REPLACE fires the delete triggers of the ledger
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediately(connection: Connection) -> None:
    # A writer takes the lock at once, so that no transaction is upgraded half-way and lost.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN DEFERRED" if reading else "BEGIN IMMEDIATE")


class Transaction:
    """One atomic change: rows and ledger entries are confirmed together or not at all."""

    def __init__(self, session: Session, signer: Identity, clock: Clock) -> None:
        self.session = session
        self._signer = signer
        self.now = clock()

    def record(self, what: Event, **body: str | int) -> Head:
        """Append an entry to the ledger; its head is what receipts witness.

        Args:
            what: the event.
            body: ids, counts of rows and hashes of ciphertext or released bytes; never more.
        """
        return append_entry(self.session.connection(), self.now, what, body, self._signer)

    def head(self) -> Head:
        """The ledger's present head."""
        return ledger_head(self.session.connection())


class Database:
    """The service's database: transactions for writing, sessions for reading."""

    def __init__(self, engine: Engine, signer: Identity, clock: Clock = system_clock) -> None:
        self.engine = engine
        self._signer = signer
        self._clock = clock

    def now(self) -> datetime:
        """The present instant by this database's clock."""
        return self._clock()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write: confirmed at the end, undone on any error."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield Transaction(session, self._signer, self._clock)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read: nothing is kept open after it, and nothing is changed."""
        engine = self.engine.execution_options(reading=True)
        with Session(engine, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Give up every connection."""
        self.engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"


def migrate(url: str, package: str, revision: str = "head") -> None:
    """Bring the schema of ``package`` (``linker`` or ``publisher``) to ``revision``."""
    config = Config()
    config.set_main_option("script_location", f"{package}:migrations")
    config.set_main_option("path_separator", "os")
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            attributes: dict[str, Any] = config.attributes
            attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        engine.dispose()
