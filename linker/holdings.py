"""What the linker holds and has destroyed, for the privacy officer and for the alarm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linker.judging import KEPT
from linker.retention import Retention, destroy_by
from linker.store import (
    DeliveryRow,
    FigureRow,
    MatchRateRow,
    OutboxRow,
    PartRow,
    RoundRow,
    RoundState,
)
from shared.destruction import Due
from shared.holdings import Alarm, HeldKind, Holding, Holdings, Warned
from shared.policy import Policy
from shared.state.evidence import (
    Basis,
    agreements_of_rounds,
    due_alarms,
    gone_by_statement,
    ledger_holding,
    offered_keys,
)

SOON = timedelta(days=14)
"""Before the end of a round's term: its tally should have been acknowledged by then."""


def find_holdings(retention: Retention, now: datetime, policy: Policy | None) -> Holdings:
    """Everything that this linker holds and has destroyed.

    Args:
        retention: of the linker.
        now: the present instant.
        policy: has the term of offered keys.
    """
    statements, due = retention.statements(), retention.due(now, policy)
    with retention.database.reading() as session:
        connection = session.connection()
        agreements = agreements_of_rounds(connection)
        term = timedelta(days=policy.retention.input_after_close_days) if policy else None
        offered, unused = offered_keys(retention.offers, session, term)
        rows = session.scalars(
            select(RoundRow)
            .where(RoundRow.state != RoundState.DESTROYED)
            .order_by(RoundRow.round_id)
        ).all()
        held = [each for row in rows for each in _of_round(session, row, agreements)]
        return Holdings(
            service=retention.identity.party,
            as_of=now,
            held=(*held, *offered, *_figures(session), *ledger_holding(connection)),
            gone=tuple(gone_by_statement(statements, unused)),
            alarms=tuple(_alarms(retention, rows, due, now)),
        )


def _of_round(session: Session, row: RoundRow, agreements: dict[str, str]) -> Iterator[Holding]:
    """What is held of one round; deliveries of all schemas together, so that none is told of."""
    basis, until = Basis.of(row.body(), agreements), destroy_by(row)
    parts = (
        select(func.count(), func.min(DeliveryRow.created_at))
        .join(PartRow, PartRow.delivery_id == DeliveryRow.delivery_id)
        .where(DeliveryRow.round_id == row.round_id, PartRow.envelope.is_not(None))
    )
    rates = (
        select(func.count(), func.min(DeliveryRow.created_at))
        .join(MatchRateRow, MatchRateRow.delivery_id == DeliveryRow.delivery_id)
        .where(DeliveryRow.round_id == row.round_id)
    )
    tallies = select(func.count(), func.min(OutboxRow.created_at)).where(
        OutboxRow.round_id == row.round_id, OutboxRow.envelope.is_not(None)
    )
    yield from basis.holding(HeldKind.ROUND_KEY, 1, row.opened_at, until)
    for kind, query in (
        (HeldKind.DELIVERIES, parts),
        (HeldKind.MATCH_RATES, rates),
        (HeldKind.TALLIES, tallies),
    ):
        count, since = session.execute(query).one()
        yield from basis.holding(kind, count, since, until)


def _figures(session: Session) -> Iterator[Holding]:
    created = DeliveryRow.created_at
    query = select(
        func.count(DeliveryRow.delivery_id.distinct()), func.min(created), func.max(created)
    ).join(FigureRow, FigureRow.delivery_id == DeliveryRow.delivery_id)
    count, first, last = session.execute(query).one()
    if count:
        yield Holding(kind=HeldKind.FIGURES, of="", count=count, since=first, until=last + KEPT)


def _alarms(
    retention: Retention, rows: Iterable[RoundRow], due: Iterable[Due], now: datetime
) -> Iterator[Warned]:
    yield from due_alarms(due, now)
    for row in rows:
        if row.state is RoundState.LINKED and destroy_by(row) - SOON <= now:
            yield Warned(alarm=Alarm.UNSENT, of=row.round_id)
        if row.state is not RoundState.DESTROYING and not retention.keys.exists(row.round_id):
            yield Warned(alarm=Alarm.KEY_ABSENT, of=row.round_id)
