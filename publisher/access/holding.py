"""Who holds which mandate now. Nothing is believed because it lies in the database.

Steps for a mandate of any role, each time that it is used:

1. The row is as this publisher wrote it: its seal fits.
2. It was confirmed, its term runs, and nobody took it away.
3. The ledger, which only grows, does not say that it was taken away either.

Steps for an approver besides, when they look and when what they decided is counted:

4. The publisher and a second organisation signed it; both agreements are in force today, and the
   second's card is the one that its agreement pins.
5. The row says what these two signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.access.four_eyes import check_confirmed
from publisher.access.refusals import mandate_altered, mandate_not_in_force
from publisher.access.roles import AccessRole
from publisher.access.seals import is_sealed
from publisher.store import MandateRow
from shared.agreements import Agreements
from shared.canonical import parse_canonical
from shared.errors import InputError
from shared.identity import Card, Identity, parse_card
from shared.ledger import Event
from shared.state.ledger_table import was_recorded
from shared.statement import Statement


@dataclass(frozen=True, slots=True)
class Mandate:
    """The role of an account, as the operator and the privacy officer see it.

    Attributes:
        party: of an approver, as the agreements name it; else empty.
        confirmed_at: None while a second organisation has not confirmed it.
    """

    mandate_id: str
    account: str
    role: AccessRole
    organisation: str
    party: str
    proposed_at: datetime
    confirmed_at: datetime | None
    expires_at: datetime
    revoked_at: datetime | None

    def counts_at(self, now: datetime) -> bool:
        """Whether the account has the role."""
        return self.confirmed_at is not None and self.revoked_at is None and now < self.expires_at


def mandate_in(row: MandateRow) -> Mandate:
    """What a row says, whether it counts or not."""
    return Mandate(
        mandate_id=row.mandate_id,
        account=row.account,
        role=AccessRole(row.role),
        organisation=row.organisation,
        party=row.party,
        proposed_at=row.proposed_at,
        confirmed_at=row.confirmed_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def mandate_of(
    session: Session, account: str, publisher: Identity, now: datetime
) -> Mandate | None:  # fmt: skip
    """The mandate by which somebody who signs in has a role now; None where they have none.

    Raises:
        TrustError: ``mandate-altered``.
    """
    query = select(MandateRow.mandate_id).where(MandateRow.account == account)
    found = (held(session, each, publisher, now) for each in session.scalars(query).all())
    return next((each for each in found if each is not None), None)


def held(
    session: Session, mandate_id: str, publisher: Identity, now: datetime
) -> Mandate | None:  # fmt: skip
    """A mandate that counts now; None where it does not, or not any more.

    Raises:
        TrustError: ``mandate-altered``.
    """
    row = session.get(MandateRow, mandate_id)
    if row is None:
        return None
    if not is_sealed(row, publisher):
        raise mandate_altered()
    mandate = mandate_in(row)
    if not mandate.counts_at(now):
        return None
    if _was_taken_away(session, mandate_id):
        raise mandate_altered()
    return mandate


def check_confirmed_mandate(
    session: Session, mandate_id: str, publisher: Card, agreements: Agreements, now: datetime
) -> tuple[Mandate, Statement]:
    """The mandate of an approver, and what two organisations signed of it.

    Args:
        session: of one reading, or of the change that counts on it.
        mandate_id: of the account.
        publisher: the publisher's own card.
        agreements: of today, which pin the confirmer's card.
        now: the present instant.

    Raises:
        PolicyError: ``mandate-not-in-force``, ``agreement-missing``, ``agreement-not-in-force`` or
            ``confirmer-not-another``.
        TrustError: ``mandate-altered``, ``card-not-pinned``, ``card-not-valid`` or
            ``signature-missing``.
    """
    row = session.get(MandateRow, mandate_id)
    if row is None or row.confirmed_at is None or row.revoked_at is not None:
        raise mandate_not_in_force()
    if now >= row.expires_at or _was_taken_away(session, mandate_id):
        raise mandate_not_in_force()
    statement, confirmer = _confirmation(row)
    signed = check_confirmed(statement, confirmer, publisher, agreements, now.date())
    said = (row.mandate_id, row.account, row.role, row.party, row.organisation, row.expires_at)
    if said != (
        signed.mandate, signed.account, signed.role, signed.party, signed.organisation,
        signed.until,
    ):  # fmt: skip
        raise mandate_altered()
    return mandate_in(row), statement


def mandate_stated(session: Session, statement: str) -> str:
    """The id of the mandate that a statement is about; empty where none is kept.

    Args:
        session: of one reading.
        statement: name of the statement that two parties signed.
    """
    query = select(MandateRow).where(MandateRow.statement.is_not(None))
    return next(
        (row.mandate_id for row in session.scalars(query) if _name_of(row) == statement), ""
    )


def _was_taken_away(session: Session, mandate_id: str) -> bool:
    """Whether it was revoked, whatever a row that was put back may say."""
    return was_recorded(session.connection(), Event.ACCESS_REVOKED, mandate=mandate_id)


def _confirmation(row: MandateRow) -> tuple[Statement, Card]:
    try:
        card = parse_card(parse_canonical(row.card or b""))
        return Statement.from_bytes(row.statement or b""), card
    except (ValueError, InputError) as error:
        raise mandate_altered() from error


def _name_of(row: MandateRow) -> str:
    """The name of what was signed of a mandate; empty where it cannot be read, as of no other."""
    try:
        return Statement.from_bytes(row.statement or b"").sha256
    except InputError:
        return ""
