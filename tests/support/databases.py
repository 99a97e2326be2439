"""Databases of the tests: a SQLite file, or a database on a PostgreSQL server of their own.

The server lives in a temporary directory, runs as an account without privileges, and listens on a
socket only. Tests crash processes and never the machine, so it need not wait for the disk.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import Pool

from shared.state.database import sqlite_url
from shared.state.migrating import migrate
from tests.support.assurance import LONG

NewDatabase = Callable[[str, Path], str]
"""Makes the database of a service (its package) that keeps its files in a folder; the URL."""

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
BOTH = (SQLITE, POSTGRESQL)

ON_BOTH = frozenset(
    {
        "test_access_decisions",
        "test_access_rows",
        "test_announcing_webhooks",
        "test_linker_intake",
        "test_linker_rounds",
        "test_linker_stored",
        "test_publisher_intake",
        "test_retention_steps",
        "test_state",
        "test_state_linking",
        "test_state_races",
        *(
            (
                "test_access_mandates",
                "test_holdings",
                "test_linker_intake_held",
                "test_linker_limits",
                "test_linker_match_rates",
                "test_linker_mirrors",
                "test_publisher_approval",
                "test_publisher_publishing",
                "test_publisher_retention",
                "test_publisher_staging",
                "test_reopen",
                "test_reopen_sending",
                "test_retention",
                "test_retention_clock",
                "test_retention_offers",
                "test_rounds",
            )
            if LONG
            else ()
        ),
    }
)
"""Modules whose tests run once on each kind of database; ``make test-long`` runs more so."""

SERVER_ROLE, OWNER, SERVICE = "server", "eigenaar", "dienst"
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",  # a service asks for it itself
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "80",
    "autovacuum": "off",
}


def sqlite_database(package: str, folder: Path) -> str:
    """A SQLite file in the service's folder."""
    url = sqlite_url(folder / "state.db")
    migrate(url, package)
    return url


_EMPTY = """
    SET session_replication_role = replica;
    DO $$ BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ')
        FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'); END $$;
    INSERT INTO ledger_head VALUES (1, 0, repeat('0', 64));
"""
"""Only the server's own role can do this: it switches every trigger off."""


@dataclass
class PostgreSQL:
    """A running server. A database that a test is done with is emptied for a later one."""

    folder: Path
    binaries: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _lent: list[tuple[str, str]] = field(default_factory=list)
    _free: list[tuple[str, str]] = field(default_factory=list)

    def url(self, role: str, database: str) -> str:
        return f"postgresql+psycopg://{role}@/{database}?host={self.folder}"

    def owner_url(self, service_url: str) -> str:
        """The same database as the role that owns its tables."""
        return service_url.replace(f"//{SERVICE}@", f"//{OWNER}@")

    def bare_database(self) -> str:
        """A database without a table, as the service's role."""
        name = f"proef{next(self._numbers)}"
        command = SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
        self._command(command.format(Identifier(name), Identifier(OWNER)))
        return self.url(SERVICE, name)

    def new_database(self, package: str, _folder: Path) -> str:
        """A migrated and empty database, as the service's role, until it is given back."""
        found = next((each for each in self._free if each[0] == package), None)
        if found is None:
            url = self.bare_database()
            migrate(self.owner_url(url), package, service_role=SERVICE)
            found = (package, url)
        else:
            self._free.remove(found)
            self._command(_EMPTY, make_url(found[1]).database or "")
        self._lent.append(found)
        return found[1]

    @contextmanager
    def lending(self) -> Iterator[None]:
        """Take back at the end which databases a test had."""
        with connections_closed():
            yield
        self._free += self._lent
        self._lent.clear()

    def set_up(self) -> None:
        """Make the roles."""
        for role in (OWNER, SERVICE):
            self._command(SQL("CREATE ROLE {} LOGIN").format(Identifier(role)))

    def initialise(self) -> None:
        """Make the server's files."""
        self._call("initdb", "--username", SERVER_ROLE, "--auth=trust", "--no-locale",
                   "--encoding=UTF8", "--no-sync")  # fmt: skip

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        self._call("pg_ctl", "start", "--wait", "--silent", "--log", str(self.folder / "log"),
                   "--options", f"-k {self.folder} {options}")  # fmt: skip

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: ``immediate`` as if it crashed, ``fast`` as an administrator does."""
        self._call("pg_ctl", "stop", "--wait", "--silent", f"--mode={mode}")

    def _call(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self.binaries / program), "--pgdata", str(self.folder / "data"), *arguments],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            **_account(),
        )

    def _command(self, command: Any, database: str = "postgres") -> None:
        with psycopg.connect(
            host=str(self.folder), user=SERVER_ROLE, dbname=database, autocommit=True
        ) as connection:
            connection.execute(command)


@contextmanager
def connections_closed() -> Iterator[None]:
    """Close at the end what a test, or an application in it, leaves open; psycopg would warn."""
    opened: list[Any] = []

    def note(connection: Any, _record: object) -> None:
        opened.append(connection)

    event.listen(Pool, "connect", note)
    try:
        yield
    finally:
        event.remove(Pool, "connect", note)
        for connection in opened:
            connection.close()


def find_binaries() -> Path | None:
    """The folder with PostgreSQL's own programs; None on a machine without a server."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    found = packaged[-1] if packaged else Path(on_path).resolve() if on_path else None
    return found.parent if found else None


@contextmanager
def running_server(binaries: Path) -> Iterator[PostgreSQL]:
    """A server that is there until the end of the block."""
    # Under the shortest path there is: a socket's name has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="moj-pg-"))
    account = _account()
    if account:
        os.chown(folder, account["user"], account["group"])
    try:
        server = PostgreSQL(folder, binaries)
        server.initialise()
        server.start()
        try:
            server.set_up()
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():  # a test may have stopped it
                server.stop()
    finally:
        shutil.rmtree(folder)


def _account() -> dict[str, Any]:
    """As whom the server runs: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
