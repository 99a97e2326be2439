"""When what is kept of access ends: the log by the policy's term, what opens something at once.

A token and a role are kept for the same term after they ended, so that the log can be read with
them. Whoever looks later finds in the ledger that they were given and taken away.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from publisher.access.terms import FORGOTTEN, LONGEST_SESSION, SIGN_IN
from publisher.store import AccessLogRow, MandateRow, SessionRow, SignInRow, TokenRow


def ended_first(session: Session, now: datetime, term: timedelta) -> datetime | None:
    """The instant at which the first of what is still here should have ended; None for nothing."""
    ends = [until for until in _ends(session, term) if until <= now]
    return min(ends, default=None)


def since(session: Session) -> tuple[int, datetime] | None:
    """How many lines the log of access has, and since when; None for none."""
    lines, day = session.execute(select(func.count(), func.min(AccessLogRow.day))).one()
    return None if day is None else (lines, datetime.combine(day, time.min, UTC))


def end_access(session: Session, now: datetime, term: timedelta) -> int:
    """Delete what has reached its term; how many lines and rows there were."""
    last_day = (now - term).date() - timedelta(days=1)
    ended = (
        delete(AccessLogRow).where(AccessLogRow.day <= last_day),
        delete(TokenRow).where(_over(TokenRow.expires_at, TokenRow.revoked_at, now - term)),
        delete(MandateRow).where(_over(MandateRow.expires_at, MandateRow.revoked_at, now - term)),
        delete(SessionRow).where(SessionRow.started_at <= now - LONGEST_SESSION),
        delete(SignInRow).where(SignInRow.started_at <= now - SIGN_IN),
    )
    connection = session.connection()
    return sum(connection.execute(each).rowcount for each in ended)


def _over(
    expires: InstrumentedAttribute[datetime],
    revoked: InstrumentedAttribute[datetime | None],
    before: datetime,
) -> ColumnElement[bool]:
    return (expires <= before) | (revoked.is_not(None) & (revoked <= before))


def _ends(session: Session, term: timedelta) -> Iterator[datetime]:
    """The end of the term of the oldest of each kind."""
    day = session.scalar(select(func.min(AccessLogRow.day)))
    if day is not None:
        yield datetime.combine(day, time.min, UTC) + term + timedelta(days=1)
    for column, own in (
        (TokenRow.expires_at, term),
        (TokenRow.revoked_at, term),
        (MandateRow.expires_at, term),
        (MandateRow.revoked_at, term),
        (SessionRow.started_at, FORGOTTEN),
        (SignInRow.started_at, FORGOTTEN),
    ):
        first = session.scalar(select(func.min(column)))
        if first is not None:
            yield first + own
