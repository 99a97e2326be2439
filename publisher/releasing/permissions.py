"""Who may do what to a release; what may happen at all stands in policies.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from publisher.access.four_eyes import check_own_card
from publisher.releasing.approvals import Approval
from publisher.store import ApprovalRow, ReleaseRow
from shared.agreements import Agreement, Agreements
from shared.errors import PolicyError, TrustError
from shared.identity import Card, Role
from shared.policy import Policy
from shared.statement import Kind, Statement

OFFLINE, PAGE = "offline", "page"
"""How an approver can say so; the policy tells which ways count."""


def check_approval(
    statement: Statement,
    card: Card,
    release: ReleaseRow,
    agreements: Agreements,
    day: date,
) -> Agreement:
    """Refuse an approval that is not a pinned approver's over exactly these bytes.

    Args:
        statement: the approval.
        card: the approver's card; its fingerprint must be pinned in the agreements.
        release: the release that it is for.
        agreements: in which approvers and their organisations are named.
        day: the day on which the agreement must be in force.

    Raises:
        PolicyError: ``approver-is-proposer``, ``agreement-missing``, ``agreement-not-in-force``.
        TrustError: ``approval-of-other-bytes``, or a card or signature that does not fit.
    """
    approval = statement.read(Kind.APPROVAL, Approval)
    agreement = check_approver(statement, approval.approver, card, agreements, day)
    if approval.release != release.sha256 or approval.release_id != release.release_id:
        raise TrustError(
            "approval-of-other-bytes",
            f"expected an approval of {release.release_id} as it was submitted, found another",
            hint="send the approver the package of this release",
        )
    check_not_proposer(approval.approver, release)
    if approval.organisation != agreement.organisation:
        raise TrustError(
            "organisation-differs",
            "expected the organisation that the agreements name for this approver",
        )
    return agreement


def check_not_proposer(approver: str, release: ReleaseRow) -> None:
    """Refuse who proposed a release as its approver.

    Raises:
        PolicyError: ``approver-is-proposer``.
    """
    if approver == release.proposer:
        raise PolicyError(
            "approver-is-proposer",
            f"expected an approver who did not propose the release, found {approver}",
            hint="ask a colleague of another organisation",
        )


def check_accepted(way: str, policy: Policy) -> None:
    """Refuse an approval that was given in a way that the policy does not accept.

    Raises:
        PolicyError: ``approval-kind-not-accepted``.
    """
    if way not in policy.approval.accepted:
        raise PolicyError(
            "approval-kind-not-accepted",
            f"expected an approval given {' or '.join(policy.approval.accepted)} as the policy "
            f"of this round says, found {way}",
            hint="approve in that way, or name this one in approval.accepted for a later round",
        )


def check_approver(
    statement: Statement, approver: str, card: Card, agreements: Agreements, day: date
) -> Agreement:
    """Refuse a statement that is not signed with the card that the agreements pin.

    Raises:
        PolicyError: ``agreement-missing``, ``agreement-not-in-force``.
        TrustError: ``card-not-pinned``, or a card or signature that does not fit.
    """
    agreement = agreements.check_in_force(approver, Role.APPROVER, day)
    check_own_card(card, agreement, day)
    statement.check_signed_by(card)
    return agreement


def has_enough_approvals(given: Sequence[ApprovalRow], policy: Policy) -> bool:
    """Whether enough approvers, each of another organisation, signed."""
    return len({row.organisation.strip().casefold() for row in given}) >= policy.approval.approvers


def check_proposer(proposer: str, agreements: Agreements, before: str = "") -> None:
    """Refuse a proposer whom the agreements do not name, so that four eyes are four.

    Args:
        proposer: who proposes the release.
        agreements: in which parties are named.
        before: who proposed it earlier. Another may not, or the first could then approve it.

    Raises:
        PolicyError: ``proposer-unknown`` or ``proposer-differs``.
    """
    if proposer not in {agreement.party for agreement in agreements.agreements}:
        raise PolicyError(
            "proposer-unknown",
            "expected a proposer whom the agreements name, found another",
            hint="give the party id of the organisation or person that proposes the release",
        )
    if before and proposer != before:
        raise PolicyError(
            "proposer-differs",
            f"expected {before}, who proposed this release before, found {proposer}",
            hint="let the same party propose it again, or stage a new release",
        )
