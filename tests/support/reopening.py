"""Reopening a round in a test, and what is looked at afterwards."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import select

from linker.rounds.reopening import ReopenReason, reopen_round
from linker.store import OutboxRow
from linker.tallying.making import make_tally
from shared.contract.tally import Tally
from shared.ledger import Event
from shared.round import TrustedRound
from shared.state.database import Database
from shared.state.ledger_table import entries
from tests.support.parties import (
    ROUND,
    MiniRegion,
    objection_table,
    seal_letter,
)
from tests.support.rounds import (
    SETTINGS,
    Children,
    deliver,
)


def make(region: MiniRegion, database: Database) -> Tally:
    return make_tally(database, region.identities["koppelaar"], region.linker_keys, ROUND, SETTINGS)


def delivered(region: MiniRegion, trusted: TrustedRound, of: Children) -> None:
    with region.linker_client() as client:
        deliver(region, client, trusted, of)


def reopen(
    region: MiniRegion,
    database: Database,
    reason: ReopenReason = ReopenReason.LATE,
    *,
    days: int = 7,
) -> None:
    until = region.clock().date() + timedelta(days=days)
    reopen_round(database, ROUND, reason, until)


def object_to(region: MiniRegion, trusted: TrustedRound, numbers: list[int]) -> int:
    """Send a list of objections; the status of the answer."""
    letter = seal_letter(region, trusted, "gm0197", objection_table(numbers), "objection/1")
    with region.linker_client() as client:
        return client.put(f"/envelopes/{letter.address}", content=letter.data).status_code


def pupils(tally: Tally) -> list[int]:
    return [
        row["value"]
        for row in tally.cells.to_pylist()
        if (row["table"], row["level"], row["measure"]) == ("pupils_and_clients", "total", "pupils")
    ]


def events(database: Database) -> list[tuple[Event, dict[str, object]]]:
    with database.reading() as session:
        return [(e.event, json.loads(e.body)) for e in entries(session.connection())]


def sealed(database: Database) -> list[tuple[int, bool]]:
    """Per tally in the outbox its revision, and whether its body is there."""
    with database.reading() as session:
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.revision))
        return [(row.revision, row.envelope is not None) for row in rows]
