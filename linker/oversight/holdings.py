"""What the linker holds and has destroyed, for the privacy officer and for the alarm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from linker.intake.judging import figures_term
from linker.rounds.retention import Retention, destroy_by
from linker.store import (
    DeliveryRow,
    FigureRow,
    LinkageFigureRow,
    LinkageRow,
    MatchRateRow,
    OutboxRow,
    PartRow,
    RoundRow,
    RoundState,
)
from shared.destruction import Due
from shared.holdings import Alarm, HeldKind, Holding, Holdings, Warned
from shared.policy import Policy
from shared.round import TOLD_SCHEMAS
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
        policy: has the terms of offered keys and of figures.
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
            held=(*held, *offered, *_figures(session, policy), *ledger_holding(connection)),
            gone=tuple(gone_by_statement(statements, unused)),
            alarms=tuple(_alarms(retention, rows, due, now)),
        )


def _of_round(session: Session, row: RoundRow, agreements: dict[str, str]) -> Iterator[Holding]:
    """What is held of one round; of deliveries those of which may be told."""
    basis, until = Basis.of(row.body(), agreements), destroy_by(row)
    parts = (
        select(func.count(), func.min(DeliveryRow.created_at))
        .join(PartRow, PartRow.delivery_id == DeliveryRow.delivery_id)
        .where(
            DeliveryRow.round_id == row.round_id,
            DeliveryRow.schema_name.in_([each.value for each in TOLD_SCHEMAS]),
            PartRow.envelope.is_not(None),
        )
    )
    rates = (
        select(func.count(), func.min(DeliveryRow.created_at))
        .join(MatchRateRow, MatchRateRow.delivery_id == DeliveryRow.delivery_id)
        .where(DeliveryRow.round_id == row.round_id)
    )
    reports = select(func.count(), func.min(LinkageRow.made_at)).where(
        LinkageRow.round_id == row.round_id, LinkageRow.report.is_not(None)
    )
    tallies = select(func.count(), func.min(OutboxRow.created_at)).where(
        OutboxRow.round_id == row.round_id, OutboxRow.envelope.is_not(None)
    )
    yield from basis.holding(HeldKind.ROUND_KEY, 1, row.opened_at, until)
    for kind, query in (
        (HeldKind.DELIVERIES, parts),
        (HeldKind.MATCH_RATES, rates),
        (HeldKind.REPORTS, reports),
        (HeldKind.TALLIES, tallies),
    ):
        count, since = session.execute(query).one()
        yield from basis.holding(kind, count, since, until)


def _figures(session: Session, policy: Policy | None) -> Iterator[Holding]:
    """Figures of deliveries and of linkages; they outlive their round."""
    term = figures_term(policy) if policy else None
    created, made = DeliveryRow.created_at, LinkageRow.made_at
    of_deliveries = select(func.count(), func.min(created), func.max(created)).where(
        DeliveryRow.delivery_id.in_(select(FigureRow.delivery_id))
    )
    place = tuple_(LinkageRow.round_id, LinkageRow.revision)
    of_linkages = select(func.count(), func.min(made), func.max(made)).where(
        place.in_(select(LinkageFigureRow.round_id, LinkageFigureRow.revision))
    )
    for kind, query in (
        (HeldKind.FIGURES, of_deliveries),
        (HeldKind.LINKAGE_FIGURES, of_linkages),
    ):
        count, first, last = session.execute(query).one()
        if count:
            until = None if term is None else last + term
            yield Holding(kind=kind, of="", count=count, since=first, until=until)


def _alarms(
    retention: Retention, rows: Iterable[RoundRow], due: Iterable[Due], now: datetime
) -> Iterator[Warned]:
    yield from due_alarms(due, now)
    for row in rows:
        if row.state is RoundState.LINKED and destroy_by(row) - SOON <= now:
            yield Warned(alarm=Alarm.UNSENT, of=row.round_id)
        if row.state is not RoundState.DESTROYING and not retention.keys.exists(row.round_id):
            yield Warned(alarm=Alarm.KEY_ABSENT, of=row.round_id)
