"""What the publisher holds and has destroyed, for the privacy officer and for the alarm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from publisher.access.retaining import since
from publisher.policies import ReleaseState
from publisher.rounds.retention import Retention, access_term, destroy_by, expire_by
from publisher.store import (
    InternalDocumentRow,
    ReleasedTableRow,
    ReleaseRow,
    RoundRow,
    RoundState,
    TallyRow,
)
from shared.destruction import Due
from shared.holdings import Alarm, HeldKind, Holding, Holdings, Warned
from shared.policy import Policy
from shared.state.evidence import (
    Basis,
    agreements_of_rounds,
    due_alarms,
    expired_releases,
    gone_by_statement,
    ledger_holding,
    offered_keys,
)


def find_holdings(retention: Retention, now: datetime, policy: Policy | None) -> Holdings:
    """Everything that this publisher holds and has destroyed.

    Args:
        retention: of the publisher.
        now: the present instant.
        policy: has the term of offered keys.
    """
    statements, due = retention.statements(), retention.due(now, policy)
    with retention.database.reading() as session:
        connection = session.connection()
        agreements = agreements_of_rounds(connection)
        term = timedelta(days=policy.retention.input_after_close_days) if policy else None
        offered, unused = offered_keys(retention.offers, session, term)
        rows = session.scalars(select(RoundRow).order_by(RoundRow.round_id)).all()
        held = [each for row in rows for each in _of_round(session, row, agreements)]
        return Holdings(
            service=retention.identity.party,
            as_of=now,
            held=(*held, *offered, *_of_access(session, policy), *ledger_holding(connection)),
            gone=(*gone_by_statement(statements, unused), *expired_releases(connection)),
            alarms=tuple(_alarms(retention, rows, due, now)),
        )


def _of_access(session: Session, policy: Policy | None) -> Iterator[Holding]:
    """The log of access; its oldest line says since when and until when."""
    kept = since(session)
    if kept is not None:
        lines, first = kept
        until = None if policy is None else first + access_term(policy) + timedelta(days=1)
        yield Holding(kind=HeldKind.ACCESS, of="", count=lines, since=first, until=until)


def _of_round(session: Session, row: RoundRow, agreements: dict[str, str]) -> Iterator[Holding]:
    basis = Basis.of(row.body(), agreements)
    if row.state is not RoundState.DESTROYED:
        until = destroy_by(session, row)
        yield from basis.holding(HeldKind.ROUND_KEY, 1, row.accepted_at, until)
        tallies = select(func.count(), func.min(TallyRow.received_at)).where(
            TallyRow.round_id == row.round_id, TallyRow.envelope.is_not(None)
        )
        proofs = (
            select(func.count(), func.min(ReleaseRow.staged_at))
            .join(InternalDocumentRow, InternalDocumentRow.release_id == ReleaseRow.release_id)
            .where(ReleaseRow.round_id == row.round_id, InternalDocumentRow.box.is_not(None))
        )
        for kind, query in ((HeldKind.TALLIES, tallies), (HeldKind.PROOFS, proofs)):
            count, since = session.execute(query).one()
            yield from basis.holding(kind, count, since, until)
    releases = select(ReleaseRow).where(ReleaseRow.round_id == row.round_id)
    for release in session.scalars(releases.order_by(ReleaseRow.release_id)):
        yield from _of_release(session, release, basis)


def _of_release(session: Session, row: ReleaseRow, basis: Basis) -> Iterator[Holding]:
    """The tables of one release: shown until their term, and afterwards kept as history."""
    tables = session.scalar(
        select(func.count())
        .select_from(ReleasedTableRow)
        .where(
            ReleasedTableRow.release_id == row.release_id,
            ReleasedTableRow.data.is_not(None),
        )
    )
    since = row.published_at or row.staged_at
    shown = row.state is not ReleaseState.EXPIRED
    kind = HeldKind.RELEASES if shown else HeldKind.HISTORY
    until = expire_by(session, row) if shown else None
    yield from basis.holding(kind, tables or 0, since, until, of=row.release_id)


def _alarms(
    retention: Retention, rows: Iterable[RoundRow], due: Iterable[Due], now: datetime
) -> Iterator[Warned]:
    yield from due_alarms(due, now)
    for row in rows:
        if row.state is RoundState.KNOWN and not retention.keys.exists(row.round_id):
            yield Warned(alarm=Alarm.KEY_ABSENT, of=row.round_id)
