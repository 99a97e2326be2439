"""Retention at the publisher: tallies and internal documents, then releases.

A round's key, tallies and certificates go when the term of its first tally ends: a later revision
keeps nothing longer. A release is shown until its own term ends. That it was, and with which hash,
stays in the ledger and on its permalink. What readers had of it stays for history.py: they may
have kept it, and could subtract it from what is published later. What nobody had is deleted.

Source: DESIGN 8, PROTECTION 6.
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
    OfferRow,
    ReleaseRow,
    RoundRow,
    RoundState,
    TallyRow,
    find_round,
    first_tally,
    released_tables,
)
from shared.destruction import Due, Ended, Kept, Reason, check_clock
from shared.errors import StateError
from shared.identity import Identity
from shared.ledger import Event
from shared.policy import Policy, read_policy
from shared.state.database import Database, Transaction
from shared.state.destroying import Steps, destroy_round, do_all
from shared.state.ledger_table import last_entry_at
from shared.state.offers import Offers
from shared.state.round_keys import RoundKeys
from shared.statement import Statement


@dataclass(frozen=True, slots=True)
class Retention:
    """Ends what one publisher keeps when its term ends."""

    database: Database
    keys: RoundKeys
    identity: Identity

    @property
    def offers(self) -> Offers:
        """The keys that were offered."""
        return Offers(self.database, self.keys, self.identity, OfferRow, _is_round)

    def destroy(self, round_id: str, reason: Reason, *, key_lost: bool = False) -> Statement:
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

    def due(self, now: datetime, policy: Policy | None = None) -> list[Due]:
        """What has reached its term, and what was begun and not finished.

        Args:
            now: the present instant.
            policy: has the term of offered keys; without it they are left alone.
        """
        with self.database.reading() as session:
            found = []
            for row in session.scalars(select(RoundRow).order_by(RoundRow.round_id)):
                unfinished, until = row.state is RoundState.DESTROYING, destroy_by(session, row)
                if unfinished or (row.state is RoundState.KNOWN and until <= now):
                    found.append(Due(Kept.ROUND, row.round_id, until, unfinished))
            for release in session.scalars(select(ReleaseRow).order_by(ReleaseRow.release_id)):
                if _is_release_due(session, release, now):
                    until = expire_by(session, release)
                    found.append(Due(Kept.RELEASE, release.release_id, until))
            if policy is not None:
                term = timedelta(days=policy.retention.input_after_close_days)
                found += self.offers.due(session, now, term)
        return found

    def overdue(self, now: datetime, policy: Policy | None = None) -> list[Due]:
        """What should have been ended by now: for the status, and for whoever is woken by it."""
        return [each for each in self.due(now, policy) if each.is_overdue(now)]

    def retain(
        self, now: datetime, *, policy: Policy | None = None, clock_confirmed: bool = False
    ) -> Iterator[Ended]:
        """End everything whose term was reached, and finish interrupted destructions.

        Raises:
            ConfigurationError: ``clock-ahead``.
            MonitorError, OSError: the first failure, after everything else was done.
        """
        due = self.due(now, policy)
        if due or self.offers.not_entered():
            with self.database.reading() as session:
                check_clock(now, last_entry_at(session.connection()), confirmed=clock_confirmed)
        self.offers.enter_all()
        yield from do_all(partial(self._end, each, now) for each in due)

    def _end(self, due: Due, now: datetime) -> Ended | None:
        if due.what is Kept.OFFER:
            return self.offers.destroy(due.id)
        if due.what is Kept.RELEASE:
            return Ended(Kept.RELEASE, due.id) if self._expire(due.id, now) else None
        return Ended(Kept.ROUND, due.id, self.destroy(due.id, Reason.TERM))

    def _expire(self, release_id: str, now: datetime) -> bool:
        def expire(tx: Transaction) -> bool:
            row = tx.session.get_one(ReleaseRow, release_id)
            # It may have been published since it was found due; its term then begins anew.
            if not _is_release_due(tx.session, row, now):
                return False
            row.move(tx, ReleaseState.EXPIRED, Event.RELEASE_EXPIRED)
            if row.published_at is None:
                for table in released_tables(tx.session, release_id):
                    table.data = None
            return True

        return self.database.run(expire)

    def statements(self) -> list[Statement]:
        """The statement of every destruction, of rounds and of offered keys, by id."""
        with self.database.reading() as session:
            query = select(RoundRow.destruction).where(RoundRow.destruction.is_not(None))
            stored = session.scalars(query.order_by(RoundRow.round_id)).all()
            rounds = [Statement.from_bytes(each) for each in stored if each is not None]
            return rounds + self.offers.statements(session)


def _is_round(session: Session, round_id: str) -> bool:
    return session.get(RoundRow, round_id) is not None


def destroy_by(session: Session, row: RoundRow) -> datetime:
    """The instant at which a round's term ends: that of its first tally.

    Where no tally came, the term runs from the day on which the round had to close.
    """
    body = row.body()
    first = first_tally(session, row.round_id)
    start = first.received_at if first else datetime.combine(body.closes_on, time.max, UTC)
    return start + timedelta(days=body.terms.tally_days_after_receipt)


def expire_by(session: Session, row: ReleaseRow) -> datetime:
    """The instant at which a release's term ends: since publication, or staging without one."""
    policy = read_policy(find_round(session, row.round_id).policy).policy
    term = timedelta(days=policy.retention.release_after_publication_days)
    return (row.published_at or row.staged_at) + term


def _is_release_due(session: Session, row: ReleaseRow, now: datetime) -> bool:
    return may_move(row.state, ReleaseState.EXPIRED) and expire_by(session, row) <= now


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
