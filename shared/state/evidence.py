"""What the ledger and the statements of a service prove about what it holds and destroyed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from shared.canonical import parse_canonical
from shared.clock import parse_instant
from shared.destruction import Destruction, Due, Kept, Reason
from shared.holdings import Alarm, Gone, HeldKind, Holding, Warned
from shared.ledger import Event
from shared.round import Round
from shared.state.ledger_table import ledger_entry
from shared.state.offers import OfferColumns, Offers, OfferState
from shared.statement import Statement


@dataclass(frozen=True, slots=True)
class Basis:
    """Under which policy and agreements a round's things are held.

    Attributes:
        policy: sha256 of the policy that the round pins.
        agreements: sha256 of the agreements file at its acceptance; empty where not entered.
    """

    round_id: str
    policy: str
    agreements: str

    @classmethod
    def of(cls, body: Round, agreements: dict[str, str]) -> Basis:
        """The basis of a round."""
        return cls(body.round_id, body.policy, agreements.get(body.round_id, ""))

    def holding(
        self, kind: HeldKind, count: int, since: datetime, until: datetime | None, of: str = ""
    ) -> Iterator[Holding]:
        """A holding of this round; none where there is nothing."""
        if count:
            yield Holding(
                kind=kind,
                of=of or self.round_id,
                count=count,
                since=since,
                until=until,
                policy=self.policy,
                agreements=self.agreements,
            )


def agreements_of_rounds(connection: Connection) -> dict[str, str]:
    """The sha256 of the agreements under which each round was accepted."""
    query = select(ledger_entry.c.body).where(ledger_entry.c.event == Event.ROUND_OPENED.value)
    bodies = map(parse_canonical, connection.execute(query).scalars())
    return {body["round"]: body["agreements"] for body in bodies}


def ledger_holding(connection: Connection) -> Iterator[Holding]:
    """The ledger itself: the software ends none of it."""
    query = select(func.count(), func.min(ledger_entry.c.at)).select_from(ledger_entry)
    count, first = connection.execute(query).one()
    if count:
        since = parse_instant(first)
        yield Holding(kind=HeldKind.LEDGER, of="", count=count, since=since, until=None)


def gone_by_statement(statements: Iterable[Statement], offers: Iterable[str]) -> Iterator[Gone]:
    """What was destroyed, with its statement."""
    unused = set(offers)
    for statement in statements:
        body = Destruction.of(statement)
        yield Gone(
            what=Kept.OFFER if body.round_id in unused else Kept.ROUND,
            id=body.round_id,
            at=body.destroyed_at,
            objects=body.objects,
            reason=body.reason,
            statement=statement.sha256,
            ledger_seq=body.ledger_seq,
            ledger_sha256=body.ledger_sha256,
        )


def expired_releases(connection: Connection) -> Iterator[Gone]:
    """Releases that expired; their evidence is the entry."""
    table = ledger_entry.c
    query = select(table.at, table.body, table.seq, table.sha256).where(
        table.event == Event.RELEASE_EXPIRED.value
    )
    for at, body, seq, sha256 in connection.execute(query.order_by(table.seq)):
        known = parse_canonical(body)
        yield Gone(
            what=Kept.RELEASE,
            id=known["release"],
            at=parse_instant(at),
            objects=0,
            reason=Reason.TERM,
            statement=known["statement"],
            ledger_seq=seq,
            ledger_sha256=sha256,
        )


def offered_keys(
    offers: Offers, session: Session, term: timedelta | None
) -> tuple[list[Holding], list[str]]:
    """Keys that were offered and that no round was made with; and the ids of those destroyed."""
    held = [
        Holding(
            kind=HeldKind.OFFERED_KEY,
            of=row.round_id,
            count=1,
            since=row.offered_at,
            until=None if term is None else row.offered_at + term,
        )
        for row in offers.held(session)
    ]
    table: type[OfferColumns] = offers.table
    gone = session.scalars(select(table.round_id).where(table.state == OfferState.DESTROYED))
    return held, list(gone)


def due_alarms(due: Iterable[Due], now: datetime) -> Iterator[Warned]:
    """Alarms about what should have been ended."""
    for each in due:
        if each.unfinished:
            yield Warned(alarm=Alarm.UNFINISHED, of=each.id)
        elif each.is_overdue(now):
            yield Warned(alarm=Alarm.OVERDUE, of=each.id)
