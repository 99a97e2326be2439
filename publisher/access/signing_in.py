"""Signing in: out to the identity provider and back, once, in one browser.

The browser that begins gets a random cookie. State, nonce and verifier all follow from it, so
that nothing secret is kept here, and what comes back counts in that browser only. That it comes
back once is kept: the hash of the state, until it is used or ten minutes have passed.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete

from publisher.access import terms
from publisher.access.addresses import own_page
from publisher.access.doorway import SignedIn
from publisher.access.holding import mandate_of
from publisher.access.journal import Journal, Passage, Use
from publisher.access.keys import derived, draw, heard
from publisher.access.mandates import account_of
from publisher.access.provider import Ours, Provider
from publisher.access.readers import Reader
from publisher.access.sessions import Sessions
from publisher.store import SignInRow
from shared.errors import TrustError
from shared.identity import Identity
from shared.redaction import Secret
from shared.state.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class SigningIn:
    """How people sign in at one publisher."""

    database: Database
    identity: Identity
    provider: Provider
    sessions: Sessions
    journal: Journal

    @property
    def session_seconds(self) -> int:
        """After how long every session ends."""
        return int(self.sessions.whole.total_seconds())

    def begin(self, target: str) -> tuple[str, Secret]:
        """The address at the provider, and the secret for the cookie of this browser."""
        secret = draw()
        ours = _ours(secret)
        address = self.provider.address(ours)

        def note(tx: Transaction) -> None:
            forget_unfinished(tx, tx.now)
            tx.session.add(
                SignInRow(
                    state_sha256=_kept(ours.state), target=own_page(target), started_at=tx.now
                )
            )

        self.database.run(note)
        return address, secret

    def finish(self, cookie: str, state: str, code: str, before: str = "") -> SignedIn:
        """Who came back with a code, in the browser that went.

        Args:
            cookie: that this browser got when it went.
            state: as it came back.
            code: for the provider.
            before: cookie of the session that this browser had; it ends, whoever comes back.

        Raises:
            TrustError: ``sign-in-not-begun``, ``mandate-altered``, or as the provider refuses.
            BusyError: ``provider-unreachable``.
        """
        secret = heard(cookie)
        if secret is None:
            raise _not_begun()
        ours = _ours(secret)
        if not hmac.compare_digest(ours.state.encode(), state.encode("utf-8", "replace")):
            raise _not_begun()
        target = self._use_up(ours.state)
        subject = self.provider.subject(code, ours)
        account = account_of(self.identity, self.provider.issuer, subject)
        with self.database.reading() as session:
            mandate = mandate_of(session, account, self.identity, self.database.now())
        if mandate is None:
            self.sessions.close(before)
            return SignedIn(None, account, target)
        self.journal.note(Use.of(mandate, Passage.SIGN_IN, self.database.now().date()))
        return SignedIn(self.sessions.open(mandate, before), account, target)

    def reader(self, cookie: str) -> Reader | None:
        """Whose session a cookie is of; None where it counts no more.

        The gate refuses a session that was altered and says why; here its owner can sign in anew.
        """
        try:
            return self.sessions.reader(cookie, self.database.now())
        except TrustError:
            return None

    def leave(self, cookie: str, reader: Reader) -> None:
        """End the session of a reader."""
        self.journal.note(Use.of(reader, Passage.SIGN_OUT, self.database.now().date()))
        self.sessions.close(cookie)

    def _use_up(self, state: str) -> str:
        """Take away what was kept of a sign-in, before anything else: it counts once."""

        def use_up(tx: Transaction) -> str | None:
            row = tx.session.get(SignInRow, _kept(state))
            if row is None:
                return None
            tx.session.delete(row)
            # Looked at once more: a row can be written by others than this service.
            return own_page(row.target) if tx.now < row.started_at + terms.SIGN_IN else None

        target = self.database.run(use_up)
        if target is None:
            raise _not_begun()
        return target


def forget_unfinished(tx: Transaction, now: datetime) -> None:
    """Delete every sign-in that nobody came back from in time."""
    tx.session.connection().execute(
        delete(SignInRow).where(SignInRow.started_at <= now - terms.SIGN_IN)
    )


def _ours(secret: Secret) -> Ours:
    return Ours(derived(secret, "state"), derived(secret, "nonce"), derived(secret, "verifier"))


def _kept(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def _not_begun() -> TrustError:
    return TrustError(
        "sign-in-not-begun",
        "expected a sign-in that was begun in this browser in the last minutes, found another",
        hint="sign in once more from the page of this service",
    )
