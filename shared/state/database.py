"""One database per service, opened so that a crash loses nothing that was confirmed.

SQLite with its rollback journal by default, PostgreSQL by URL. Every write is one transaction
that starts by taking the write lock, changes state and appends to the ledger.

Source: docs/adr/0013-writers-take-turns.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from shared.clock import Clock, system_clock
from shared.errors import BusyError, ConfigurationError, UnreachableError
from shared.identity import Identity
from shared.ledger import Event, Head
from shared.state.failures import told_plainly
from shared.state.ledger_table import append_entry, ledger_head, lock_ledger

T = TypeVar("T")
SQLITE, POSTGRESQL = "sqlite", "postgresql+psycopg"
WAIT_SECONDS = 10
"""How long a writer waits for its turn, and anyone for a connection, before it is told so."""
ATTEMPTS = 3
"""How often ``Database.run`` begins; each time it waits for its turn anew."""


def open_engine(url: str) -> Engine:
    """An engine with the settings of DESIGN 9.

    Raises:
        ConfigurationError: ``database-unsupported``.
    """
    # Parameters of a statement never stand in an error: one could be an envelope or an id.
    common: dict[str, Any] = {"hide_parameters": True, "pool_timeout": WAIT_SECONDS}
    if is_sqlite(url):
        engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS}, **common)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_immediately)
        return engine
    # A server may be set to confirm before it is on disk; this service waits all the same.
    options = f"-c synchronous_commit=on -c lock_timeout={round(1000 * WAIT_SECONDS)}"
    try:
        return create_engine(
            url,
            isolation_level="SERIALIZABLE",
            connect_args={"options": options},
            pool_pre_ping=True,  # a server that was restarted costs no request
            **common,
        )
    except ModuleNotFoundError as error:
        raise _unsupported("without its driver") from error


def is_sqlite(url: str) -> bool:
    """Whether ``url`` is that of a SQLite file, which this process writes itself.

    Raises:
        ConfigurationError: ``database-unsupported``.
    """
    try:
        driver = make_url(url).drivername
    except ArgumentError as error:
        raise _unsupported("something else") from error
    if driver not in (SQLITE, POSTGRESQL):
        raise _unsupported("another kind")
    return driver == SQLITE


def _unsupported(found: str) -> ConfigurationError:
    # The URL is not repeated: a password may stand in it.
    return ConfigurationError(
        "database-unsupported",
        f"expected a URL that starts with {SQLITE}:// or {POSTGRESQL}://, found one {found}",
        hint="mend database_url; PostgreSQL needs this package with its extra `postgresql`",
    )


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
        # A reader sees one moment and is in nobody's way, however long it reads.
        snapshot: dict[str, Any] = {
            "isolation_level": "REPEATABLE READ",
            "postgresql_readonly": True,
        }
        is_file = engine.dialect.name == "sqlite"
        self._for_reading = engine.execution_options(reading=True, **({} if is_file else snapshot))

    def now(self) -> datetime:
        """The present instant by this database's clock."""
        return self._clock()

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Do ``work`` in one transaction, and again in a new one where the database undid it.

        Nothing is applied twice: what is done again was told to be undone as a whole.

        Args:
            work: changes rows and ledger through its transaction, and nothing else.

        Raises:
            StorageError: ``storage-full``.
            BusyError: ``database-busy``, after several attempts.
            UnreachableError: ``database-unreachable``, at once: the work may have been confirmed
                without an answer, so whoever asked looks again first.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                with self.transaction() as tx:
                    return work(tx)
            except UnreachableError:
                raise
            except BusyError:
                continue
        with self.transaction() as tx:
            return work(tx)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write, once: confirmed at the end, undone on any error.

        Raises:
            StorageError: ``storage-full``.
            BusyError: ``database-busy``.
        """
        with (
            told_plainly(),
            Session(self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            lock_ledger(session.connection())
            yield Transaction(session, self._signer, self._clock)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read: nothing is kept open after it, and nothing is changed.

        Raises:
            StorageError, BusyError: as with a transaction.
        """
        with told_plainly(), Session(self._for_reading, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Give up every connection."""
        self.engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"
