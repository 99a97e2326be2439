"""Sessions of people who signed in: a random cookie, of which only the hash is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from publisher.access.keys import derived, draw, heard, stored
from publisher.access.mandates import mandate_of
from publisher.access.readers import Reader
from publisher.access.roles import MAY
from publisher.store import SessionRow
from shared.redaction import Secret
from shared.state.database import Database, Transaction

NOTED_EVERY = timedelta(minutes=1)
"""How precisely it is kept when a session was last used: enough to let it end when idle."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one publisher.

    Attributes:
        idle: after which a session ends in which nothing was asked.
        whole: after which every session ends.
    """

    database: Database
    idle: timedelta
    whole: timedelta

    def open(self, account: str) -> Secret:
        """Begin a session; the secret for its cookie, which is new at every sign-in."""
        secret = draw()

        def begin(tx: Transaction) -> None:
            self.forget_ended(tx.session, tx.now)
            tx.session.add(
                SessionRow(
                    sha256=stored(secret), account=account, started_at=tx.now, seen_at=tx.now
                )
            )

        self.database.run(begin)
        return secret

    def reader(self, text: str, now: datetime) -> Reader | None:
        """Whose session a cookie is of; None where it has ended or never was."""
        secret = heard(text)
        if secret is None:
            return None
        with self.database.reading() as session:
            row = session.get(SessionRow, stored(secret))
            if row is None or not self._runs(row, now):
                return None
            mandate = mandate_of(session, row.account, now)
        if mandate is None:
            return None
        if row.seen_at + NOTED_EVERY <= now:
            self._note(row.sha256)
        return Reader(
            organisation=mandate.organisation,
            role=mandate.role,
            scopes=MAY[mandate.role],
            party=mandate.party,
            mandate=mandate.mandate_id,
            form_token=derived(secret, "form"),
        )

    def close(self, text: str) -> None:
        """End a session; one that is not there stays so."""
        secret = heard(text)
        if secret is None:
            return
        ends = delete(SessionRow).where(SessionRow.sha256 == stored(secret))

        def end(tx: Transaction) -> None:
            tx.session.connection().execute(ends)

        self.database.run(end)

    def forget_ended(self, session: Session, now: datetime) -> None:
        """Delete every session that has ended."""
        is_old = SessionRow.started_at <= now - self.whole
        is_idle = SessionRow.seen_at <= now - self.idle
        session.connection().execute(delete(SessionRow).where(is_old | is_idle))

    def _runs(self, row: SessionRow, now: datetime) -> bool:
        return now < row.started_at + self.whole and now < row.seen_at + self.idle

    def _note(self, sha256: str) -> None:
        def note(tx: Transaction) -> None:
            row = tx.session.get(SessionRow, sha256)
            if row is not None:
                row.seen_at = tx.now

        self.database.run(note)
