"""Roles of accounts: given, proposed and confirmed, taken away; never a name of a person.

An account is a keyed hash of who somebody is at the identity provider. Only this publisher can
make it, so that a table of accounts that gets lost tells nobody who had access.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from publisher.access.four_eyes import AccessMandate, check_confirmed
from publisher.access.holding import Mandate, mandate_in
from publisher.access.keys import draw_id
from publisher.access.refusals import mandate_altered
from publisher.access.roles import AccessRole
from publisher.access.seals import is_sealed, put_seal
from publisher.access.tokens import check_organisation, check_term
from publisher.store import MandateRow, SessionRow
from shared.agreements import Agreements, PinnedAgreements
from shared.canonical import canonical_json
from shared.errors import InputError, NotFoundError, PolicyError, StateError, TrustError
from shared.identity import Card, Identity, Role
from shared.ledger import Event
from shared.state.database import Database, Transaction
from shared.statement import Kind, Statement

_ACCOUNT = re.compile(r"[0-9a-f]{64}")


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
            put_seal(row, self.identity)
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
            put_seal(row, self.identity)
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

        The same confirmation again changes nothing; that of another party takes its place.

        Raises:
            PolicyError, TrustError: the confirmation does not count.
            StateError: ``mandate-ended``.
        """
        signed, card = statement.to_bytes(), canonical_json(confirmer.model_dump(mode="json"))

        def confirm(tx: Transaction) -> str:
            body = check_confirmed(
                statement, confirmer, self.identity.card, agreements.agreements, tx.now.date()
            )
            row = _find(tx.session, body.mandate)
            if not is_sealed(row, self.identity):
                raise mandate_altered()
            assert row.statement is not None
            if Statement.from_bytes(row.statement).sha256 != statement.sha256:
                raise TrustError(
                    "proposal-differs",
                    "expected the proposal as this publisher made it, found another",
                    hint="send the confirmer the file that `publisher access propose` wrote",
                )
            if (row.statement, row.card) == (signed, card):
                return row.mandate_id
            if row.revoked_at is not None or row.expires_at <= tx.now:
                raise StateError(
                    "mandate-ended",
                    "expected a proposal that still stands, found one that has ended",
                    hint="propose it anew",
                )
            row.statement, row.card, row.confirmed_at = signed, card, tx.now
            put_seal(row, self.identity)
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
            put_seal(row, self.identity)
            tx.session.connection().execute(
                delete(SessionRow).where(SessionRow.account == row.account)
            )
            tx.record(Event.ACCESS_REVOKED, mandate=mandate_id)

        self.database.run(revoke)

    def list(self) -> tuple[Mandate, ...]:
        """Every mandate that is kept, oldest first."""
        query = select(MandateRow).order_by(MandateRow.proposed_at, MandateRow.mandate_id)
        with self.database.reading() as session:
            return tuple(mandate_in(row) for row in session.scalars(query))


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
