"""Retention at the linker: the destruction of a round's key, deliveries and tallies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial

from sqlalchemy import select, update

from linker.store import (
    DeliveryRow,
    OutboxRow,
    PartRow,
    RoundRow,
    RoundState,
    find_round,
)
from shared.destruction import check_clock
from shared.errors import StateError
from shared.identity import Identity
from shared.state.database import Database, Transaction
from shared.state.destroying import TERM, Steps, destroy_round, do_all
from shared.state.ledger_table import last_entry_at
from shared.state.round_keys import RoundKeys
from shared.statement import Statement


@dataclass(frozen=True, slots=True)
class Retention:
    """Destroys rounds of one linker."""

    database: Database
    keys: RoundKeys
    identity: Identity

    def destroy(self, round_id: str, reason: str, *, key_lost: bool = False) -> Statement:
        """Destroy a round, or finish a destruction that was interrupted.

        Args:
            reason: why; a destruction that is finished keeps the reason that was announced.
            key_lost: the operator vouches that an absent key exists nowhere any more.

        Raises:
            StateError: ``round-unknown``, ``round-destroyed``, ``key-folder-absent``, or
                ``round-key-absent`` where the key is not seen before the announcement.
        """

        def announce(tx: Transaction) -> bool:
            row = find_round(tx.session, round_id)
            if row.state is RoundState.DESTROYED:
                raise StateError("round-destroyed", f"expected round {round_id}, found it gone")
            is_new = row.state is not RoundState.DESTROYING
            if is_new:
                row.move(RoundState.DESTROYING)
            return is_new

        def delete(tx: Transaction) -> int:
            find_round(tx.session, round_id).move(RoundState.DESTROYED)
            return _delete_bodies(tx, round_id)

        def keep(tx: Transaction, statement: Statement) -> None:
            find_round(tx.session, round_id).destruction = statement.to_bytes()

        steps = Steps(announce, delete, keep)
        return destroy_round(
            self.database, self.keys, self.identity, round_id, reason, steps, key_lost=key_lost
        )

    def retain(self, now: datetime, *, clock_confirmed: bool = False) -> Iterator[Statement]:
        """Destroy every round whose term was reached, and finish interrupted destructions.

        Raises:
            ConfigurationError: ``clock-ahead``.
            MonitorError, OSError: the first failure, after everything else was done.
        """
        with self.database.reading() as session:
            last = last_entry_at(session.connection())
            due = [row.round_id for row in session.scalars(select(RoundRow)) if _is_due(row, now)]
        if due:
            check_clock(now, last, confirmed=clock_confirmed)
        yield from do_all(partial(self.destroy, round_id, TERM) for round_id in sorted(due))


def destroy_by(row: RoundRow) -> datetime:
    """The instant at which a round's term ends.

    It runs from the day on which the round was closed, and no later than from the day on which
    it had to be: a round that is forgotten reaches its term all the same.
    """
    body = row.read().body
    planned = datetime.combine(body.closes_on, time.max, UTC)
    return min(row.closed_at or planned, planned) + timedelta(
        days=body.terms.input_days_after_close
    )


def _is_due(row: RoundRow, now: datetime) -> bool:
    if row.state is RoundState.DESTROYING:
        return True
    return row.state is not RoundState.DESTROYED and destroy_by(row) <= now


def _delete_bodies(tx: Transaction, round_id: str) -> int:
    """Delete every sealed body of a round where it lies; how many there were."""
    ids = select(DeliveryRow.delivery_id).where(DeliveryRow.round_id == round_id)
    bodies = (
        update(PartRow)
        .where(PartRow.delivery_id.in_(ids), PartRow.envelope.is_not(None))
        .values(envelope=None),
        update(OutboxRow)
        .where(OutboxRow.round_id == round_id, OutboxRow.envelope.is_not(None))
        .values(envelope=None),
    )
    connection = tx.session.connection()
    return sum(connection.execute(each).rowcount for each in bodies)
