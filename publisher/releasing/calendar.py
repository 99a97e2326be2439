"""The release calendar: what readers may expect, and when; a moved day stays visible as moved."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from publisher.released import Announcement
from publisher.store import AnnouncementRow, ReleaseRow, find_round
from shared.errors import InputError
from shared.ledger import Event
from shared.state.database import Database, Transaction

MAX_TITLE = 200


def announce(
    database: Database, round_id: str, title: str, expected_on: date, *, provisional: bool
) -> bool:
    """Put a release on the calendar, or move it; whether it stood on another day before.

    Raises:
        InputError: ``title-missing``, or ``announcement-in-past``.
        StateError: ``round-unknown``.
    """
    if not 1 <= len(title.strip()) <= MAX_TITLE:
        raise InputError(
            "title-missing",
            f"expected a title of 1 to {MAX_TITLE} characters, which readers will see",
        )

    def enter(tx: Transaction) -> bool:
        find_round(tx.session, round_id)
        if expected_on < tx.now.date():
            raise InputError(
                "announcement-in-past",
                f"expected {tx.now.date()} or later, found {expected_on}",
                hint="announce a release before its day",
            )
        known = tx.session.get(AnnouncementRow, round_id)
        moved = known is not None and known.expected_on != expected_on
        row = AnnouncementRow(
            round_id=round_id,
            title=title.strip(),
            expected_on=expected_on,
            provisional=provisional,
            moved_from=known.expected_on if known is not None and moved else None,
            announced_at=tx.now,
        )
        if known is not None and not moved:
            row.moved_from = known.moved_from
        tx.session.merge(row)
        tx.record(Event.RELEASE_ANNOUNCED, round=round_id, expected_on=str(expected_on))
        return moved

    return database.run(enter)


def announcements(database: Database) -> tuple[Announcement, ...]:
    """The calendar by day; a line goes when a release of its round was published."""
    published = select(ReleaseRow.round_id).where(ReleaseRow.published_at.is_not(None))
    query = select(AnnouncementRow).where(AnnouncementRow.round_id.not_in(published))
    with database.reading() as session:
        rows = session.scalars(
            query.order_by(AnnouncementRow.expected_on, AnnouncementRow.round_id)
        )
        return tuple(
            Announcement(row.title, row.expected_on, row.provisional, row.moved_from)
            for row in rows
        )
