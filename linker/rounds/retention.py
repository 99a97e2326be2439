"""Retention at the linker: the destruction of a round's key, deliveries, tallies and rates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from linker.intake.judging import figures_term, forget_figures
from linker.store import (
    DeliveryRow,
    FigureRow,
    LinkageFigureRow,
    LinkageRow,
    OfferRow,
    OutboxRow,
    PartRow,
    RoundRow,
    RoundState,
    find_round,
)
from linker.tallying.linkages import delete_reports, forget_linkage_figures
from linker.tallying.mirrors import delete_rates
from shared.destruction import Due, Ended, Kept, Reason, check_clock
from shared.errors import StateError
from shared.identity import Identity
from shared.policy import Policy
from shared.state.database import Database, Transaction
from shared.state.destroying import Steps, destroy_round, do_all
from shared.state.ledger_table import last_entry_at
from shared.state.offers import Offers
from shared.state.round_keys import RoundKeys
from shared.statement import Statement


@dataclass(frozen=True, slots=True)
class Retention:
    """Destroys rounds of one linker."""

    database: Database
    keys: RoundKeys
    identity: Identity

    @property
    def offers(self) -> Offers:
        """The keys that were offered."""
        return Offers(self.database, self.keys, self.identity, OfferRow, _is_round)

    def destroy(self, round_id: str, reason: Reason, *, key_lost: bool = False) -> Statement:
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
            row = find_round(tx.session, round_id)
            row.move(RoundState.DESTROYED)
            term = figures_term(row.read().policy)
            delete_rates(tx, round_id)
            delete_reports(tx, round_id)
            forget_figures(tx, term)
            forget_linkage_figures(tx, term)
            return _delete_bodies(tx, round_id)

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
            policy: has the terms of offered keys and of figures; without it they are left alone.
        """
        with self.database.reading() as session:
            rounds = session.scalars(select(RoundRow).order_by(RoundRow.round_id))
            found = [due for row in rounds if (due := due_round(row, now)) is not None]
            if policy is not None:
                term = timedelta(days=policy.retention.input_after_close_days)
                found += self.offers.due(session, now, term)
                found += _due_figures(session, now, figures_term(policy))
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
        yield from do_all(partial(self._end, each, policy) for each in due)

    def _end(self, due: Due, policy: Policy | None) -> Ended:
        if due.what is Kept.FIGURES and policy is not None:
            self.database.run(partial(_forget, term=figures_term(policy)))
            return Ended(Kept.FIGURES, due.id)
        if due.what is Kept.OFFER:
            return self.offers.destroy(due.id)
        return Ended(Kept.ROUND, due.id, self.destroy(due.id, Reason.TERM))

    def statements(self) -> list[Statement]:
        """The statement of every destruction, of rounds and of offered keys, by id."""
        with self.database.reading() as session:
            query = select(RoundRow.destruction).where(RoundRow.destruction.is_not(None))
            stored = session.scalars(query.order_by(RoundRow.round_id)).all()
            rounds = [Statement.from_bytes(each) for each in stored if each is not None]
            return rounds + self.offers.statements(session)


def _forget(tx: Transaction, term: timedelta) -> None:
    forget_figures(tx, term)
    forget_linkage_figures(tx, term)


def _due_figures(session: Session, now: datetime, term: timedelta) -> list[Due]:
    """Figures, of whatever round, of which the oldest have reached their term."""
    delivered = select(func.min(DeliveryRow.created_at)).join(
        FigureRow, FigureRow.delivery_id == DeliveryRow.delivery_id
    )
    linked = select(func.min(LinkageRow.made_at)).join(LinkageFigureRow)
    oldest = [each for query in (delivered, linked) if (each := session.scalar(query)) is not None]
    until = min(oldest) + term if oldest else now
    return [Due(Kept.FIGURES, "", until)] if oldest and until <= now else []


def _is_round(session: Session, round_id: str) -> bool:
    return session.get(RoundRow, round_id) is not None


def destroy_by(row: RoundRow) -> datetime:
    """The instant at which a round's term ends.

    It runs from the day on which the round was first closed, and no later than from the day on
    which it had to be: a round that is forgotten reaches its term all the same, and one that is
    reopened is kept no longer.
    """
    body = row.body()
    planned = datetime.combine(body.closes_on, time.max, UTC)
    return min(row.closed_at or planned, planned) + timedelta(
        days=body.terms.input_days_after_close
    )


def due_round(row: RoundRow, now: datetime) -> Due | None:
    """A round whose term has ended or whose destruction was begun; None for any other."""
    if row.state is RoundState.DESTROYED:
        return None
    unfinished, until = row.state is RoundState.DESTROYING, destroy_by(row)
    return Due(Kept.ROUND, row.round_id, until, unfinished) if unfinished or until <= now else None


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
