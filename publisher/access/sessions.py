"""Sessions of people who signed in: a random cookie, of which only the hash is kept.

A session stands on the one mandate under which it began, and is looked at anew with every request:
its own row, that mandate, and both their seals.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Delete, delete
from sqlalchemy.orm import Session

from publisher.access.holding import Mandate, held
from publisher.access.keys import derived, draw, heard, stored
from publisher.access.readers import Reader
from publisher.access.refusals import session_altered
from publisher.access.roles import MAY
from publisher.access.seals import is_sealed, put_seal
from publisher.store import SessionRow
from shared.identity import Identity
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
    identity: Identity
    idle: timedelta
    whole: timedelta

    def open(self, mandate: Mandate, instead_of: str = "") -> Secret:
        """Begin a session; the secret for its cookie, which is new at every sign-in.

        Args:
            mandate: under which somebody signed in.
            instead_of: the cookie that this browser had until now; its session ends.
        """
        secret, before = draw(), heard(instead_of)

        def begin(tx: Transaction) -> None:
            self.forget_ended(tx.session, tx.now)
            if before is not None:
                tx.session.connection().execute(_one(before))
            row = SessionRow(
                sha256=stored(secret),
                account=mandate.account,
                mandate_id=mandate.mandate_id,
                started_at=tx.now,
                seen_at=tx.now,
            )
            put_seal(row, self.identity)
            tx.session.add(row)

        self.database.run(begin)
        return secret

    def reader(self, text: str, now: datetime) -> Reader | None:
        """Whose session a cookie is of; None where it has ended or never was.

        Raises:
            NotSignedInError: ``session-altered``.
            TrustError: ``mandate-altered``.
        """
        secret = heard(text)
        if secret is None:
            return None
        with self.database.reading() as session:
            row = session.get(SessionRow, stored(secret))
            if row is None:
                return None
            if not is_sealed(row, self.identity):
                raise session_altered()
            if not self._runs(row, now):
                return None
            mandate = held(session, row.mandate_id, self.identity, now)
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

        def end(tx: Transaction) -> None:
            tx.session.connection().execute(_one(secret))

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
            # Sealing it again must not make right what somebody wrote in between.
            if row is not None and is_sealed(row, self.identity):
                row.seen_at = tx.now
                put_seal(row, self.identity)

        self.database.run(note)


def _one(secret: Secret) -> Delete:
    """To delete the session of a secret."""
    return delete(SessionRow).where(SessionRow.sha256 == stored(secret))
