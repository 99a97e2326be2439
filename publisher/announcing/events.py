"""What happened to releases, as the ledger has it: the one source of every announcement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shared.canonical import parse_canonical
from shared.clock import parse_instant
from shared.ledger import Event
from shared.state.database import Database
from shared.state.ledger_table import entries

ANNOUNCED = (
    Event.RELEASE_PUBLISHED,
    Event.RELEASE_SUPERSEDED,
    Event.RELEASE_WITHDRAWN,
    Event.RELEASE_EXPIRED,
)
"""Events that readers are told of: all that can happen to a release that they have seen."""


@dataclass(frozen=True, slots=True)
class ReleaseEvent:
    """Something that happened to a release.

    Attributes:
        seq: place of the entry in the ledger; later is higher.
        id: SHA-256 of the entry, the same for good.
        statement: SHA-256 of the release statement.
    """

    seq: int
    id: str
    at: datetime
    event: Event
    release_id: str
    statement: str


def events_in(connection: Connection, after: int = 0) -> tuple[ReleaseEvent, ...]:
    """What happened to releases since the entry with this number, oldest first."""
    found = []
    for entry in entries(connection, ANNOUNCED):
        if entry.seq > after:
            body = parse_canonical(entry.body)
            at = parse_instant(entry.at)
            found.append(
                ReleaseEvent(
                    entry.seq, entry.sha256, at, entry.event, body["release"], body["statement"]
                )
            )
    return tuple(found)


def release_events(database: Database) -> tuple[ReleaseEvent, ...]:
    """All that happened to releases, oldest first."""
    with database.reading() as session:
        return events_in(session.connection())
