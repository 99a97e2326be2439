"""Recording what an approver decides on the page, and checking it again before publication.

Steps, each of which refuses:

1. The policy accepts decisions on the page.
2. The account was given to this approver: two organisations signed that, both agreements are in
   force today, and nobody took it away.
3. It decides for itself and for nobody else.
4. The decision is about the release as it stands here, byte for byte.
5. Who proposed a release approves no release of it.
6. An approval is of bytes that were verified just now, and that lie there still.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from publisher.access.holding import Mandate, check_confirmed_mandate, mandate_stated
from publisher.access.refusals import mandate_not_in_force
from publisher.policies import ReleaseState
from publisher.releasing.bytes_of import sha256_of
from publisher.releasing.decisions import Decision, PageDecision
from publisher.releasing.permissions import PAGE, check_accepted, check_not_proposer
from publisher.releasing.recording import check_submitted, keep_approval, keep_request
from publisher.releasing.requests import check_reason
from publisher.store import ApprovalRow, ReleaseRow, find_release, find_round
from shared.agreements import Agreement, Agreements, PinnedAgreements
from shared.errors import TrustError
from shared.identity import Card, Identity, Role
from shared.state.database import Database, Transaction
from shared.statement import Kind, Statement


@dataclass(frozen=True, slots=True)
class Decided:
    """What an approver sent from the page.

    Attributes:
        mandate_id: of the account that is signed in.
        release: name of the release statement that the page showed.
        reason: of a request for change; else empty.
        verified: SHA-256 over what was verified just now, which must still lie there; empty where
            nothing was, as of a request for change.
    """

    mandate_id: str
    release_id: str
    release: str
    decision: Decision
    reason: str = ""
    verified: str = ""


@dataclass(frozen=True, slots=True)
class PageDecisions:
    """The decisions on the page of one publisher."""

    database: Database
    identity: Identity

    def record(self, decided: Decided, agreements: PinnedAgreements) -> ReleaseState:
        """Record a decision; the state that the release is in then.

        The same approval again changes nothing.

        Raises:
            PolicyError, TrustError: the decision does not count.
            TrustError: ``released-bytes-differ``: other bytes lie there than were verified.
            InputError: ``reason-missing``.
            StateError: ``release-state``.
        """

        def record(tx: Transaction) -> ReleaseState:
            row, mandate, statement = self._stated(tx.session, decided, agreements, tx.now)
            if decided.decision is Decision.REQUEST_CHANGE:
                return keep_request(tx, row, mandate.party, statement, agreements.sha256)
            if decided.verified != sha256_of(tx.session, row):
                raise _bytes_differ(row)
            if _has_approved(tx.session, row, mandate):
                return row.state  # who did not see that it was recorded asks again
            return keep_approval(
                tx, row, (mandate.party, mandate.organisation), statement,
                self.identity.card, agreements.sha256,
            )  # fmt: skip

        return self.database.run(record)

    def is_recorded(self, decided: Decided, agreements: PinnedAgreements) -> bool:
        """Whether an approval is there already; nothing is kept.

        Raises:
            PolicyError, TrustError, StateError: it would not count, as when it is recorded.
        """
        with self.database.reading() as session:
            row, mandate, _ = self._stated(session, decided, agreements, self.database.now())
            if _has_approved(session, row, mandate):
                return True
            check_submitted(row)
            return False

    def _stated(
        self, session: Session, decided: Decided, agreements: PinnedAgreements, now: datetime
    ) -> tuple[ReleaseRow, Mandate, Statement]:
        """A decision that counts: the release, by which mandate, and what is signed of it."""
        is_request = decided.decision is Decision.REQUEST_CHANGE
        reason = check_reason(decided.reason) if is_request else ""
        row = find_release(session, decided.release_id)
        if decided.release != row.sha256:  # before it stands in anything that is signed
            raise _other_bytes(row)
        card = self.identity.card
        mandate, stated = check_confirmed_mandate(
            session, decided.mandate_id, card, agreements.agreements, now
        )
        body = PageDecision(
            release_id=decided.release_id,
            release=decided.release,
            approver=mandate.party,
            organisation=mandate.organisation,
            mandate=stated.sha256,
            decision=decided.decision,
            reason=reason,
            decided_at=now,
        )
        statement = Statement.make(Kind.PAGE_DECISION, body, self.identity)
        check_decision(session, statement, card, row, agreements.agreements, now)
        return row, mandate, statement


def check_decision(
    session: Session,
    statement: Statement,
    publisher: Card,
    row: ReleaseRow,
    agreements: Agreements,
    now: datetime,
) -> Agreement:
    """Refuse a decision on the page that does not count, or not any more.

    Raises:
        PolicyError: ``approval-kind-not-accepted`` or ``approver-is-proposer``, or as of a mandate
            that does not count today.
        TrustError: ``approval-of-other-bytes``, ``organisation-differs`` or ``signature-missing``,
            or as of a mandate that nobody confirmed.
    """
    check_accepted(PAGE, find_round(session, row.round_id).read().policy)
    statement.check_signed_by(publisher)
    decided = statement.read(Kind.PAGE_DECISION, PageDecision)
    mandate_id = mandate_stated(session, decided.mandate)
    mandate, _ = check_confirmed_mandate(session, mandate_id, publisher, agreements, now)
    if mandate.party != decided.approver:
        raise mandate_not_in_force()
    agreement = agreements.check_in_force(decided.approver, Role.APPROVER, now.date())
    if decided.release != row.sha256 or decided.release_id != row.release_id:
        raise _other_bytes(row)
    if decided.decision is Decision.APPROVE:
        check_not_proposer(decided.approver, row)
    if decided.organisation != agreement.organisation:
        raise TrustError(
            "organisation-differs",
            "expected the organisation that the agreements name for this approver",
        )
    return agreement


def _has_approved(session: Session, row: ReleaseRow, mandate: Mandate) -> bool:
    return session.get(ApprovalRow, (row.release_id, mandate.party)) is not None


def _other_bytes(row: ReleaseRow) -> TrustError:
    return TrustError(
        "approval-of-other-bytes",
        f"expected a decision about {row.release_id} as it was submitted, found another",
        hint="open the page of the release again, and look at it as it is now",
    )


def _bytes_differ(row: ReleaseRow) -> TrustError:
    return TrustError(
        "released-bytes-differ",
        f"expected {row.release_id} to lie there as it was verified just now, found other bytes",
        hint="open the page of the release again; if it goes on, tell whoever runs this service",
    )
