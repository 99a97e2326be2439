"""Roles of accounts: given, proposed and confirmed, taken away; never a name of a person.

An account is a keyed hash of who somebody is at the identity provider. Only this publisher can
make it, so that a table of accounts that gets lost tells nobody who had access.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from publisher.access.four_eyes import AccessMandate, check_confirmed
from publisher.access.keys import draw_id
from publisher.access.roles import AccessRole
from publisher.access.tokens import check_organisation, check_term
from publisher.store import MandateRow, SessionRow
from shared.agreements import Agreements, PinnedAgreements
from shared.errors import InputError, NotFoundError, PolicyError, StateError, TrustError
from shared.identity import Card, Identity, Role
from shared.ledger import Event
from shared.state.database import Database, Transaction
from shared.statement import Kind, Statement

_ACCOUNT = re.compile(r"[0-9a-f]{64}")


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


def account_of(publisher: Identity, issuer: str, subject: str) -> str:
    """The account of somebody who signed in."""
    said = b"\x00".join((b"MOJ/1 account", issuer.encode(), subject.encode()))
    return hmac.digest(publisher.sign_seed.reveal(), said, "sha256").hex()


@dataclass(frozen=True, slots=True)
class Mandates:
    """The roles that one publisher gave."""

    database: Database
    identity: Identity

    def give(self, account: str, role: AccessRole, organisation: str, days: int) -> str:
        """Give an account a role at once; the id of the mandate.

        Raises:
            InputError: ``account-invalid``, ``organisation-invalid`` or ``term-invalid``.
            PolicyError: ``four-eyes-needed`` for an approver.
            StateError: ``account-has-role``.
        """
        check_organisation(organisation)
        if role is AccessRole.APPROVER:
            raise PolicyError(
                "four-eyes-needed",
                "expected a role that one person may give, found approver",
                hint="propose it with `publisher access propose`; another organisation confirms",
            )

        def give(tx: Transaction) -> str:
            row = _new(tx, account, role, organisation, days)
            row.confirmed_at = tx.now
            tx.record(
                Event.ACCESS_GRANTED,
                mandate=row.mandate_id,
                role=role.value,
                party="",
                organisation=organisation,
            )
            return row.mandate_id

        return self.database.run(give)

    def propose(self, account: str, party: str, agreements: Agreements, days: int) -> Statement:
        """Propose that an account decides for an approver; the statement to be confirmed.

        Raises:
            InputError: ``account-invalid`` or ``term-invalid``.
            PolicyError: ``agreement-missing`` or ``agreement-not-in-force``.
            StateError: ``account-has-role``.
        """

        def propose(tx: Transaction) -> Statement:
            agreement = agreements.check_in_force(party, Role.APPROVER, tx.now.date())
            row = _new(tx, account, AccessRole.APPROVER, agreement.organisation, days)
            row.party = party
            body = AccessMandate(
                mandate=row.mandate_id,
                account=account,
                role=AccessRole.APPROVER,
                party=party,
                organisation=agreement.organisation,
                until=row.expires_at,
            )
            statement = Statement.make(Kind.ACCESS, body, self.identity)
            row.statement = statement.to_bytes()
            tx.record(
                Event.ACCESS_PROPOSED,
                mandate=row.mandate_id,
                role=AccessRole.APPROVER.value,
                party=party,
                statement=statement.sha256,
            )
            return statement

        return self.database.run(propose)

    def confirm(self, statement: Statement, confirmer: Card, agreements: PinnedAgreements) -> str:
        """Record that another organisation confirmed a proposal; the id of the mandate.

        The same confirmation again changes nothing.

        Raises:
            PolicyError, TrustError: the confirmation does not count.
            StateError: ``mandate-ended``.
        """

        def confirm(tx: Transaction) -> str:
            body = check_confirmed(
                statement, confirmer, self.identity.card, agreements.agreements, tx.now.date()
            )
            row = _find(tx.session, body.mandate)
            assert row.statement is not None
            if Statement.from_bytes(row.statement).sha256 != statement.sha256:
                raise TrustError(
                    "proposal-differs",
                    "expected the proposal as this publisher made it, found another",
                    hint="send the confirmer the file that `publisher access propose` wrote",
                )
            if row.confirmed_at is not None:
                return row.mandate_id
            if row.revoked_at is not None or row.expires_at <= tx.now:
                raise StateError(
                    "mandate-ended",
                    "expected a proposal that still stands, found one that has ended",
                    hint="propose it anew",
                )
            row.statement, row.confirmed_at = statement.to_bytes(), tx.now
            tx.record(
                Event.ACCESS_GRANTED,
                mandate=row.mandate_id,
                role=row.role,
                party=row.party,
                organisation=row.organisation,
                statement=statement.sha256,
                confirmed_by=confirmer.party,
                agreements=agreements.sha256,
            )
            return row.mandate_id

        return self.database.run(confirm)

    def revoke(self, mandate_id: str) -> None:
        """Take a role away and end the sessions of its account; asked again, nothing changes.

        Raises:
            NotFoundError: ``mandate-unknown``.
        """

        def revoke(tx: Transaction) -> None:
            row = _find(tx.session, mandate_id)
            if row.revoked_at is not None:
                return
            row.revoked_at = tx.now
            tx.session.connection().execute(
                delete(SessionRow).where(SessionRow.account == row.account)
            )
            tx.record(Event.ACCESS_REVOKED, mandate=mandate_id)

        self.database.run(revoke)

    def list(self) -> tuple[Mandate, ...]:
        """Every mandate that is kept, oldest first."""
        query = select(MandateRow).order_by(MandateRow.proposed_at, MandateRow.mandate_id)
        with self.database.reading() as session:
            return tuple(_mandate(row) for row in session.scalars(query))


def mandate_of(session: Session, account: str, now: datetime) -> Mandate | None:
    """The mandate by which an account has a role now; None where it has none."""
    rows = session.scalars(select(MandateRow).where(MandateRow.account == account))
    return next((each for each in map(_mandate, rows) if each.counts_at(now)), None)


def active_mandate(
    session: Session, mandate_id: str, now: datetime
) -> tuple[Mandate, Statement | None] | None:
    """A mandate with what two parties signed of it; None where it does not count."""
    row = session.get(MandateRow, mandate_id)
    if row is None or not _mandate(row).counts_at(now):
        return None
    return _mandate(row), None if row.statement is None else Statement.from_bytes(row.statement)


def stated_mandate(session: Session, statement: str, now: datetime) -> Mandate | None:
    """The mandate that a statement was about, where it still counts.

    Args:
        session: of one reading.
        statement: name of the statement that two parties signed.
        now: the present instant.
    """
    for row in session.scalars(select(MandateRow).where(MandateRow.statement.is_not(None))):
        assert row.statement is not None
        if Statement.from_bytes(row.statement).sha256 == statement:
            mandate = _mandate(row)
            return mandate if mandate.counts_at(now) else None
    return None


def _new(
    tx: Transaction, account: str, role: AccessRole, organisation: str, days: int
) -> MandateRow:  # fmt: skip
    """A row for an account that has no role yet and is proposed for none."""
    check_term(days)
    if _ACCOUNT.fullmatch(account) is None:
        raise InputError(
            "account-invalid",
            "expected the account that somebody saw after signing in, found something else",
            hint="copy its 64 characters whole",
        )
    for other in tx.session.scalars(select(MandateRow).where(MandateRow.account == account)):
        if other.revoked_at is None and tx.now < other.expires_at:
            raise StateError(
                "account-has-role",
                f"expected an account without a role, found mandate {other.mandate_id}",
                hint="revoke that one first; who reads and who approves are two accounts",
            )
    row = MandateRow(
        mandate_id=draw_id(),
        account=account,
        role=role.value,
        organisation=organisation,
        party="",
        proposed_at=tx.now,
        expires_at=tx.now + timedelta(days=days),
    )
    tx.session.add(row)
    return row


def _find(session: Session, mandate_id: str) -> MandateRow:
    row = session.get(MandateRow, mandate_id)
    if row is None:
        raise NotFoundError(
            "mandate-unknown",
            "expected the id of a mandate of this publisher, found another",
            hint="see `publisher access list`",
        )
    return row


def _mandate(row: MandateRow) -> Mandate:
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
