"""Retention at the publisher: tallies and internal documents, then releases.

A round's key, tallies and certificates go when the term of its first tally ends: a later revision
keeps nothing longer. A release is shown until its own term ends. That it was, and with which hash,
stays in the ledger and on its permalink. What readers had of it stays for history.py: they may
have kept it, and could subtract it from what is published later. What nobody had is deleted.

Source: DESIGN 8, PROTECTION 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from publisher.access.retaining import end_access, ended_first
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
from shared.destruction import Due, Ended, Kept
from shared.errors import StateError
from shared.ledger import Event
from shared.policy import Policy, read_policy
from shared.state.database import Transaction
from shared.state.destroying import Steps
from shared.state.retaining import Retaining
from shared.statement import Statement


class Retention(Retaining):
    """Ends what one publisher keeps when its term ends."""

    __slots__ = ()
    offer_table, round_table, command = OfferRow, RoundRow, "publisher"

    def steps(self, round_id: str) -> Steps:
        """Its key goes, with tallies and internal documents."""

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

        return Steps(announce, delete, keep)

    def find_due(self, session: Session, now: datetime, policy: Policy | None) -> Iterator[Due]:
        """Rounds, and releases, which have their term from their round; then what is of access."""
        for row in session.scalars(select(RoundRow).order_by(RoundRow.round_id)):
            unfinished, until = row.state is RoundState.DESTROYING, destroy_by(session, row)
            if unfinished or (row.state is RoundState.KNOWN and until <= now):
                yield Due(Kept.ROUND, row.round_id, until, unfinished)
        for release in session.scalars(select(ReleaseRow).order_by(ReleaseRow.release_id)):
            if _is_release_due(session, release, now):
                yield Due(Kept.RELEASE, release.release_id, expire_by(session, release))
        if policy is not None:
            ended = ended_first(session, now, access_term(policy))
            if ended is not None:
                yield Due(Kept.ACCESS, "", ended)

    def end_other(self, due: Due, now: datetime, policy: Policy | None) -> Ended | None:
        """A release, or what is of access; None where it was published since it was found due."""
        if due.what is Kept.ACCESS:
            assert policy is not None  # without it nothing of access was found due
            term = access_term(policy)
            self.database.run(lambda tx: end_access(tx.session, now, term))
            return Ended(Kept.ACCESS, "")
        return Ended(Kept.RELEASE, due.id) if self._expire(due.id, now) else None

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


def access_term(policy: Policy) -> timedelta:
    """How long the log of access is kept."""
    return timedelta(days=policy.retention.access_log_days)


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
