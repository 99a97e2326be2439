"""The ledger's tables: append-only by trigger, chained under one head that writers lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    insert,
    select,
    update,
)

from shared.canonical import canonical_json
from shared.clock import parse_instant
from shared.identity import Identity
from shared.ledger import EMPTY, Entry, Event, Head, next_entry

metadata = MetaData()

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String(20), nullable=False),
    Column("event", String(40), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("previous", String(64), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("signature", LargeBinary, nullable=False),
)

ledger_head_table = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1: the row that writers lock
    Column("seq", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
)

SQLITE_TRIGGERS = tuple(
    f"CREATE TRIGGER ledger_entry_no_{verb} BEFORE {verb.upper()} ON ledger_entry "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    for verb in ("update", "delete")
)
"""REPLACE fires the delete trigger because ``recursive_triggers`` is on."""

POSTGRESQL_TRIGGERS = (
    "CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$",
    "CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
    "ON ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
)

SQLITE_GUARDS = (
    "CREATE TRIGGER ledger_entry_no_replace BEFORE INSERT ON ledger_entry "
    "WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE seq = NEW.seq "
    "OR previous = NEW.previous OR sha256 = NEW.sha256) "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "CREATE TRIGGER ledger_head_follows BEFORE UPDATE ON ledger_head "
    "WHEN NEW.id <> 1 OR NEW.seq <> OLD.seq + 1 OR NOT EXISTS "
    "(SELECT 1 FROM ledger_entry WHERE seq = NEW.seq AND sha256 = NEW.sha256) "
    "BEGIN SELECT RAISE(ABORT, 'the head follows the ledger'); END",
    *(
        f"CREATE TRIGGER ledger_head_no_{verb} BEFORE {verb.upper()} ON ledger_head "
        "BEGIN SELECT RAISE(ABORT, 'the head follows the ledger'); END"
        for verb in ("insert", "delete")
    ),
)
"""REPLACE is refused here to programs too that do not switch ``recursive_triggers`` on."""

POSTGRESQL_GUARDS = (
    # The schema is named: a temporary table of the same name is not looked at.
    "CREATE FUNCTION ledger_head_follows() RETURNS trigger LANGUAGE plpgsql "
    "SET search_path = {schema}, pg_temp AS $$ BEGIN "
    "IF NEW.id = 1 AND NEW.seq = OLD.seq + 1 AND EXISTS "
    "(SELECT FROM ledger_entry WHERE seq = NEW.seq AND sha256 = NEW.sha256) "
    "THEN RETURN NEW; END IF; RAISE EXCEPTION 'the head follows the ledger'; END $$",
    "CREATE TRIGGER ledger_head_follows BEFORE UPDATE ON ledger_head "
    "FOR EACH ROW EXECUTE FUNCTION ledger_head_follows()",
    "CREATE TRIGGER ledger_head_stays BEFORE INSERT OR DELETE OR TRUNCATE ON ledger_head "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
)


def create_ledger(connection: Connection) -> None:
    """Create both tables, their triggers and the head row; called by a migration."""
    metadata.create_all(connection, checkfirst=False)
    triggers = SQLITE_TRIGGERS if connection.dialect.name == "sqlite" else POSTGRESQL_TRIGGERS
    for statement in triggers:
        connection.exec_driver_sql(statement)
    connection.execute(insert(ledger_head_table).values(id=1, seq=EMPTY.seq, sha256=EMPTY.sha256))


def guard_ledger(connection: Connection) -> None:
    """Add what the first migration did not have: the head follows the entries, and stays."""
    if connection.dialect.name == "sqlite":
        guards: tuple[str, ...] = SQLITE_GUARDS
    else:
        schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
        guards = tuple(guard.format(schema=schema) for guard in POSTGRESQL_GUARDS)
    for guard in guards:
        connection.exec_driver_sql(guard)


def lock_ledger(connection: Connection) -> None:
    """Wait until no other transaction writes; every write begins with this.

    Writers then follow each other, whole: each reads what the one before it confirmed, so none
    is undone half-way because of another. SQLite's ``BEGIN IMMEDIATE`` did this already.
    """
    if connection.dialect.name != "sqlite":
        # Not a SELECT: that would fix what this transaction sees before the lock is there.
        connection.exec_driver_sql("LOCK TABLE ledger_head IN EXCLUSIVE MODE")


def ledger_head(connection: Connection) -> Head:
    """The last entry's number and hash; locks the head row where the database can."""
    row = connection.execute(
        select(ledger_head_table.c.seq, ledger_head_table.c.sha256)
        .where(ledger_head_table.c.id == 1)
        .with_for_update()
    ).one()
    return Head(row.seq, row.sha256)


def read_head(connection: Connection) -> Head:
    """The last entry's number and hash, for who only looks: it keeps no writer waiting."""
    row = connection.execute(
        select(ledger_head_table.c.seq, ledger_head_table.c.sha256).where(
            ledger_head_table.c.id == 1
        )
    ).one()
    return Head(row.seq, row.sha256)


def append_entry(
    connection: Connection,
    moment: datetime,
    event: Event,
    body: Mapping[str, Any],
    signer: Identity,
) -> Head:
    """Append an entry in the caller's transaction and give the new head."""
    entry = next_entry(ledger_head(connection), moment, event, body, signer)
    connection.execute(
        insert(ledger_entry).values(
            seq=entry.seq,
            at=entry.at,
            event=entry.event.value,
            body=entry.body,
            previous=entry.previous,
            sha256=entry.sha256,
            signature=entry.signature,
        )
    )
    connection.execute(
        update(ledger_head_table)
        .where(ledger_head_table.c.id == 1)
        .values(seq=entry.seq, sha256=entry.sha256)
    )
    return Head(entry.seq, entry.sha256)


def last_entry_at(connection: Connection) -> datetime | None:
    """When the last entry was made; None before the first."""
    query = select(ledger_entry.c.at).order_by(ledger_entry.c.seq.desc()).limit(1)
    at = connection.execute(query).scalar_one_or_none()
    return None if at is None else parse_instant(at)


def last_entries(connection: Connection, most: int) -> tuple[Entry, ...]:
    """The last entries, the newest first."""
    query = select(ledger_entry).order_by(ledger_entry.c.seq.desc()).limit(most)
    return tuple(_entry(row) for row in connection.execute(query))


def entries(connection: Connection, events: Sequence[Event] = ()) -> Iterator[Entry]:
    """Every entry from the first; of some events only, where they are named."""
    query = select(ledger_entry).order_by(ledger_entry.c.seq)
    if events:
        query = query.where(ledger_entry.c.event.in_([event.value for event in events]))
    for row in connection.execute(query):
        yield _entry(row)


def was_recorded(connection: Connection, event: Event, **body: str | int) -> bool:
    """Whether the ledger has an entry with exactly this body.

    What was taken away stays so by this, also when somebody puts back the row as it was before.
    """
    found = select(ledger_entry.c.seq).where(
        ledger_entry.c.event == event.value, ledger_entry.c.body == canonical_json(body)
    )
    return connection.execute(found.limit(1)).first() is not None


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.seq, row.at, Event(row.event), row.body, row.previous, row.signature)
