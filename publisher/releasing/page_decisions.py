"""Recording what an approver decides on the page, and checking it again before publication.

Steps, each of which refuses:

1. The policy accepts decisions on the page.
2. The account was given to this approver, two organisations signed that, and it still counts.
3. The approver's agreement is in force.
4. The decision is about the release as it stands here, byte for byte.
5. Who proposed a release approves no release of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from publisher.access.mandates import Mandate, active_mandate, stated_mandate
from publisher.policies import ReleaseState
from publisher.releasing.decisions import Decision, PageDecision
from publisher.releasing.permissions import PAGE, check_accepted, check_not_proposer
from publisher.releasing.recording import keep_approval, keep_request
from publisher.releasing.requests import check_reason
from publisher.store import ApprovalRow, ReleaseRow, find_release, find_round
from shared.agreements import Agreement, Agreements, PinnedAgreements
from shared.errors import PolicyError, TrustError
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
    """

    mandate_id: str
    release_id: str
    release: str
    decision: Decision
    reason: str = ""


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
            InputError: ``reason-missing``.
            StateError: ``release-state``.
        """
        is_request = decided.decision is Decision.REQUEST_CHANGE
        reason = check_reason(decided.reason) if is_request else ""

        def record(tx: Transaction) -> ReleaseState:
            row = find_release(tx.session, decided.release_id)
            if decided.release != row.sha256:  # before it stands in anything that is signed
                raise _other_bytes(row)
            mandate, stated = _stated(tx.session, decided.mandate_id, tx.now)
            body = PageDecision(
                release_id=decided.release_id,
                release=decided.release,
                approver=mandate.party,
                organisation=mandate.organisation,
                mandate=stated.sha256,
                decision=decided.decision,
                reason=reason,
                decided_at=tx.now,
            )
            statement = Statement.make(Kind.PAGE_DECISION, body, self.identity)
            check_decision(
                tx.session, statement, self.identity.card, row, agreements.agreements, tx.now
            )
            if is_request:
                return keep_request(tx, row, mandate.party, statement, agreements.sha256)
            if tx.session.get(ApprovalRow, (row.release_id, mandate.party)) is not None:
                return row.state  # who did not see that it was recorded asks again
            return keep_approval(
                tx, row, (mandate.party, mandate.organisation), statement,
                self.identity.card, agreements.sha256,
            )  # fmt: skip

        return self.database.run(record)


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
        PolicyError: ``approval-kind-not-accepted``, ``mandate-not-in-force``,
            ``agreement-missing``, ``agreement-not-in-force`` or ``approver-is-proposer``.
        TrustError: ``approval-of-other-bytes``, ``organisation-differs`` or ``signature-missing``.
    """
    check_accepted(PAGE, find_round(session, row.round_id).read().policy)
    statement.check_signed_by(publisher)
    decided = statement.read(Kind.PAGE_DECISION, PageDecision)
    mandate = stated_mandate(session, decided.mandate, now)
    if mandate is None or mandate.party != decided.approver:
        raise _mandate_not_in_force()
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


def _stated(session: Session, mandate_id: str, now: datetime) -> tuple[Mandate, Statement]:
    found = active_mandate(session, mandate_id, now)
    if found is None or found[1] is None:
        raise _mandate_not_in_force()
    return found[0], found[1]


def _other_bytes(row: ReleaseRow) -> TrustError:
    return TrustError(
        "approval-of-other-bytes",
        f"expected a decision about {row.release_id} as it was submitted, found another",
        hint="open the page of the release again, and look at it as it is now",
    )


def _mandate_not_in_force() -> PolicyError:
    """An account that does not decide for this approver, or not any more."""
    return PolicyError(
        "mandate-not-in-force",
        "expected an account that decides for this approver today, found another",
        hint="the publisher proposes it anew and another organisation confirms it",
    )
