"""Keeps the figures of deliveries, and judges a complete one by those of earlier rounds.

Figures outlive the rows from which they were made: they tell about no person, and the next round
is judged by them. They go when the delivery is replaced or rejected, and at the policy's term.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from linker.intake.figures import NONE, Figures
from linker.intake.plausibility import Bands, Earlier, why_held
from linker.store import DeliveryRow, DeliveryState, FigureRow, RoundRow, RoundState
from shared.policy import Policy
from shared.round import Round, SchemaName
from shared.state.database import Transaction
from shared.state.round_documents import KnownRound
from shared.statement import Kind, Statement

_GONE = (DeliveryState.SUPERSEDED, DeliveryState.REJECTED)


def keep_figures(tx: Transaction, delivery: DeliveryRow, part: Figures) -> Figures:
    """Add the figures of a part that was just counted in ``delivery``; those of the whole."""
    before = figures_of_delivery(tx.session, delivery)
    whole = Figures(delivery.rows - part.rows, before.percents).and_more(part)
    for name in before.percents:
        tx.session.delete(tx.session.get_one(FigureRow, (delivery.delivery_id, name)))
    tx.session.flush()
    for name, percent in whole.percents.items():
        tx.session.add(FigureRow(delivery_id=delivery.delivery_id, name=name, percent=percent))
    return whole


def figures_of_delivery(session: Session, delivery: DeliveryRow) -> Figures:
    """The figures that are kept of a delivery."""
    query = select(FigureRow).where(FigureRow.delivery_id == delivery.delivery_id)
    percents = {row.name: row.percent for row in session.scalars(query)}
    return Figures(delivery.rows, percents) if percents else NONE


def judge(
    session: Session, delivery: DeliveryRow, whole: Figures, opened: KnownRound, bands: Bands
) -> str:
    """Why a person must look at a complete delivery first; empty when nobody needs to."""
    replaced = session.get(DeliveryRow, delivery.supersedes) if delivery.supersedes else None
    return why_held(
        whole,
        len(opened.body.periods),
        _earlier(session, delivery, opened.body),
        replaced.rows if replaced else None,
        bands,
    )


def _earlier(session: Session, delivery: DeliveryRow, round_: Round) -> Earlier | None:
    """The same delivery in the round that was closed last, of those with the same kind of data."""
    if delivery.schema_name == SchemaName.OBJECTION.value:
        return None  # nothing of what was objected in one round is compared with another
    query = (
        select(DeliveryRow, RoundRow)
        .join(RoundRow, RoundRow.round_id == DeliveryRow.round_id)
        .where(
            RoundRow.round_id != delivery.round_id,
            RoundRow.state != RoundState.OPEN,
            RoundRow.closed_at.is_not(None),
            DeliveryRow.supplier == delivery.supplier,
            DeliveryRow.schema_name == delivery.schema_name,
            DeliveryRow.state == DeliveryState.CURRENT,
        )
        .order_by(RoundRow.closed_at.desc(), RoundRow.round_id)
    )
    for found, row in session.execute(query):
        other = Statement.from_bytes(row.statement).read(Kind.ROUND, Round)
        figures = figures_of_delivery(session, found)
        if other.synthetic == round_.synthetic and figures.percents:
            return Earlier(figures, len(other.periods))
    return None


def figures_term(policy: Policy) -> timedelta:
    """How long figures are kept, counted from the first part of a delivery, or from a linkage."""
    return timedelta(days=policy.retention.figures_after_delivery_days)


def forget_figures(tx: Transaction, term: timedelta) -> int:
    """Delete figures that are no longer used, or whose term has ended; how many there were."""
    gone = select(DeliveryRow.delivery_id).where(
        or_(DeliveryRow.state.in_(_GONE), DeliveryRow.created_at <= tx.now - term)
    )
    found = tx.session.connection().execute(
        delete(FigureRow).where(FigureRow.delivery_id.in_(gone))
    )
    return found.rowcount
