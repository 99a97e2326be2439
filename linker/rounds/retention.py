"""Retention at the linker: the destruction of a round's key, deliveries, tallies and rates."""

from __future__ import annotations

from collections.abc import Iterator
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
from shared.destruction import Due, Ended, Kept
from shared.errors import StateError
from shared.policy import Policy
from shared.round import TOLD_SCHEMAS
from shared.state.database import Transaction
from shared.state.destroying import Steps
from shared.state.retaining import Retaining
from shared.statement import Statement


class Retention(Retaining):
    """Ends what one linker keeps when its term ends."""

    __slots__ = ()
    offer_table, round_table, command = OfferRow, RoundRow, "linker"

    def steps(self, round_id: str) -> Steps:
        """Its key goes, with deliveries, tallies, match rates and reports."""

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
            delete_rates(tx, round_id)
            delete_reports(tx, round_id)
            _forget(tx, figures_term(row.read().policy))
            return _delete_bodies(tx, round_id)

        def keep(tx: Transaction, statement: Statement) -> None:
            find_round(tx.session, round_id).destruction = statement.to_bytes()

        return Steps(announce, delete, keep)

    def find_due(self, session: Session, now: datetime, policy: Policy | None) -> Iterator[Due]:
        """Rounds, and figures of deliveries and linkages: the policy has the term of those."""
        for row in session.scalars(select(RoundRow).order_by(RoundRow.round_id)):
            if (due := due_round(row, now)) is not None:
                yield due
        if policy is not None:
            yield from _due_figures(session, now, figures_term(policy))

    def end_other(self, _due: Due, _now: datetime, policy: Policy | None) -> Ended | None:
        """Figures, which are found only with a policy."""
        if policy is None:
            return None
        self.database.run(partial(_forget, term=figures_term(policy)))
        return Ended(Kept.FIGURES, "")


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
    """Delete every sealed body of a round where it lies; how many of them may be told.

    The number stands in the ledger and in the statement. Lists of objections are deleted with the
    rest and are in no number.
    """
    deliveries = select(DeliveryRow.delivery_id).where(DeliveryRow.round_id == round_id)
    told = deliveries.where(DeliveryRow.schema_name.in_([each.value for each in TOLD_SCHEMAS]))
    counted = (
        update(PartRow).where(PartRow.delivery_id.in_(told), PartRow.envelope.is_not(None)),
        update(OutboxRow).where(OutboxRow.round_id == round_id, OutboxRow.envelope.is_not(None)),
    )
    connection = tx.session.connection()
    count = sum(connection.execute(each.values(envelope=None)).rowcount for each in counted)
    rest = update(PartRow).where(PartRow.delivery_id.in_(deliveries))
    connection.execute(rest.values(envelope=None))
    return count
