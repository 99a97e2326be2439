"""Retention at the publisher: tallies and internal documents, then releases.

A round's key, tallies and certificates go when the tally's term ends; a release's tables when
its own term ends. That a release was, and with which hash, stays in the ledger and on its
permalink.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from publisher.policies import ReleaseState, may_move
from publisher.store import (
    InternalDocumentRow,
    ReleaseRow,
    RoundRow,
    RoundState,
    TallyRow,
    find_round,
    newest_tally,
    released_tables,
)
from shared.destruction import check_clock
from shared.errors import StateError
from shared.identity import Identity
from shared.ledger import Event
from shared.policy import read_policy
from shared.state.database import Database, Transaction
from shared.state.destroying import TERM, Steps, destroy_round, do_all
from shared.state.ledger_table import last_entry_at
from shared.state.round_keys import RoundKeys
from shared.statement import Statement


@dataclass(frozen=True, slots=True)
class Retention:
    """Ends what one publisher keeps when its term ends."""

    database: Database
    keys: RoundKeys
    identity: Identity

    def destroy(self, round_id: str, reason: str, *, key_lost: bool = False) -> Statement:
        """Destroy a round's key, tallies and internal documents, or finish doing so.

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
            is_new = row.state is RoundState.KNOWN
            row.state = RoundState.DESTROYING
            return is_new

        def delete(tx: Transaction) -> int:
            find_round(tx.session, round_id).state = RoundState.DESTROYED
            return _delete_sealed(tx.session, round_id)

        def keep(tx: Transaction, statement: Statement) -> None:
            find_round(tx.session, round_id).destruction = statement.to_bytes()

        steps = Steps(announce, delete, keep)
        return destroy_round(
            self.database, self.keys, self.identity, round_id, reason, steps, key_lost=key_lost
        )

    def retain(self, now: datetime, *, clock_confirmed: bool = False) -> Iterator[Statement]:
        """End everything whose term was reached; the destruction statements.

        Raises:
            ConfigurationError: ``clock-ahead``.
            MonitorError, OSError: the first failure, after everything else was done.
        """
        with self.database.reading() as session:
            last = last_entry_at(session.connection())
            rounds = [
                r.round_id for r in session.scalars(select(RoundRow)) if _due(session, r, now)
            ]
            releases = [
                release.release_id
                for release in session.scalars(select(ReleaseRow))
                if _release_due(session, release, now)
            ]
        if rounds or releases:
            check_clock(now, last, confirmed=clock_confirmed)
        destroys = [partial(self.destroy, round_id, TERM) for round_id in sorted(rounds)]
        expires = [partial(self._expire, release_id, now) for release_id in sorted(releases)]
        yield from do_all([*destroys, *expires])

    def _expire(self, release_id: str, now: datetime) -> None:
        with self.database.transaction() as tx:
            row = tx.session.get_one(ReleaseRow, release_id)
            # It may have been published since it was found due; its term then begins anew.
            if not _release_due(tx.session, row, now):
                return
            row.move(tx, ReleaseState.EXPIRED, Event.RELEASE_EXPIRED)
            for table in released_tables(tx.session, release_id):
                table.data = None


def _due(session: Session, row: RoundRow, now: datetime) -> bool:
    """Whether a destruction was begun, or the newest tally's term has ended.

    Where no tally came, the term runs from the day on which the round had to close.
    """
    if row.state is not RoundState.KNOWN:
        return row.state is RoundState.DESTROYING
    body = row.read().body
    newest = newest_tally(session, row.round_id)
    start = newest.received_at if newest else datetime.combine(body.closes_on, time.max, UTC)
    return start + timedelta(days=body.terms.tally_days_after_receipt) <= now


def _release_due(session: Session, row: ReleaseRow, now: datetime) -> bool:
    """Whether a release's term has ended: since publication, or since staging without one."""
    if not may_move(row.state, ReleaseState.EXPIRED):
        return False
    policy = read_policy(find_round(session, row.round_id).policy).policy
    term = timedelta(days=policy.retention.release_after_publication_days)
    return (row.published_at or row.staged_at) + term <= now


def _delete_sealed(session: Session, round_id: str) -> int:
    """Delete every tally and internal document of a round where it lies; how many there were."""
    ids = select(ReleaseRow.release_id).where(ReleaseRow.round_id == round_id)
    sealed = (
        update(TallyRow)
        .where(TallyRow.round_id == round_id, TallyRow.envelope.is_not(None))
        .values(envelope=None),
        update(InternalDocumentRow)
        .where(InternalDocumentRow.release_id.in_(ids), InternalDocumentRow.box.is_not(None))
        .values(box=None),
    )
    connection = session.connection()
    return sum(connection.execute(each).rowcount for each in sealed)
