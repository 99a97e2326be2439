"""What one publisher gave somebody, and what somebody writes who has its database and no key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from publisher.access.four_eyes import countersign
from publisher.access.holding import check_confirmed_mandate, mandate_of
from publisher.access.keys import told
from publisher.access.mandates import Mandates
from publisher.access.readers import Reader
from publisher.access.roles import AccessRole
from publisher.access.sessions import Sessions
from publisher.access.tokens import Tokens
from publisher.store import Base, MandateRow, SessionRow, TokenRow
from shared.errors import MonitorError
from shared.identity import Identity
from shared.redaction import Secret
from shared.state.database import Database
from tests.support.parties import MiniRegion

ACCOUNT, OTHER = "a" * 64, "b" * 64
PARTY, CONFIRMER = "goedkeurder-a", "goedkeurder-b"


@dataclass
class Access:
    """What one publisher gave, and what is then asked of it."""

    region: MiniRegion
    database: Database

    @property
    def publicist(self) -> Identity:
        return self.region.identities["publicist"]

    @property
    def mandates(self) -> Mandates:
        return Mandates(self.database, self.publicist)

    @property
    def sessions(self) -> Sessions:
        return Sessions(self.database, self.publicist, timedelta(minutes=30), timedelta(hours=8))

    @property
    def tokens(self) -> Tokens:
        return Tokens(self.database, self.publicist)

    def approver(self) -> str:
        """Give the account the mandate of an approver, as two organisations sign it."""
        proposal = self.mandates.propose(ACCOUNT, PARTY, self.region.agreements, 90)
        card, confirmer = self.publicist.card, self.region.identities[CONFIRMER]
        confirmed = countersign(proposal, card, card.fingerprint, confirmer)
        return self.mandates.confirm(confirmed, confirmer.card, self.region.pinned_agreements)

    def analyst(self, organisation: str = "Regio") -> str:
        return self.mandates.give(ACCOUNT, AccessRole.ANALYST, organisation, 90)

    def signed_in(self, before: str = "") -> Secret:
        with self.database.reading() as session:
            mandate = mandate_of(session, ACCOUNT, self.publicist, self.region.clock())
        assert mandate is not None
        return self.sessions.open(mandate, before)

    def reader(self, secret: Secret) -> Reader | None:
        return self.sessions.reader(told(secret), self.region.clock())

    def confirmed(self, mandate_id: str) -> str:
        """The name of what two organisations signed, as it is looked at on each use."""
        with self.database.reading() as session:
            _, statement = check_confirmed_mandate(
                session, mandate_id, self.publicist.card, self.region.agreements,
                self.region.clock(),
            )  # fmt: skip
        return statement.sha256

    def write(self, kind: type[MandateRow | SessionRow | TokenRow], **columns: object) -> None:
        """What somebody writes who has the database and no key."""
        with self.database.transaction() as tx:
            (row,) = tx.session.query(kind)
            for name, value in columns.items():
                setattr(row, name, value)

    def remove(self, *kinds: type[MandateRow | SessionRow | TokenRow]) -> None:
        with self.database.transaction() as tx:
            for kind in kinds:
                tx.session.query(kind).delete()


def refusal(action: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(MonitorError) as raised:
        action(*arguments)
    said = str(raised.value) + raised.value.hint
    assert ACCOUNT not in said
    assert OTHER not in said
    return raised.value.code


def values(row: Base) -> dict[str, object]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}
