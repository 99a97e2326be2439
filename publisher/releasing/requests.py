"""A request for change: an approver says, signed, why a release cannot be published as it is."""

from __future__ import annotations

from datetime import date, datetime

from publisher.released import Manifest
from publisher.releasing.approvals import Package
from publisher.releasing.permissions import check_approver
from publisher.store import ReleaseRow
from shared.agreements import Agreements
from shared.errors import InputError, TrustError
from shared.identity import Card, Identity, PartyId, Sha256
from shared.statement import Body, Kind, Statement

MAX_REASON = 500


class ChangeRequest(Body):
    """Body of a request for change.

    Attributes:
        release: name of the release statement that the approver looked at.
        reason: what should change, for the publisher; never shown to readers.
    """

    release_id: str
    release: Sha256
    approver: PartyId
    reason: str
    decided_at: datetime


def check_reason(reason: str) -> str:
    """A reason without spaces at its ends.

    Raises:
        InputError: ``reason-missing``.
    """
    text = reason.strip()
    if not 1 <= len(text) <= MAX_REASON:
        raise InputError(
            "reason-missing",
            f"expected a reason of 1 to {MAX_REASON} characters",
            hint="say in one sentence what is wrong with the release",
        )
    return text


def request_change(
    package: Package, approver: Identity, reason: str, decided_at: datetime
) -> Statement:
    """State why the release in ``package`` should change before it is published."""
    manifest: Manifest = package.manifest
    body = ChangeRequest(
        release_id=manifest.release_id,
        release=package.statement.sha256,
        approver=approver.party,
        reason=check_reason(reason),
        decided_at=decided_at,
    )
    return Statement.make(Kind.CHANGE_REQUEST, body, approver)


def check_request(
    statement: Statement, card: Card, row: ReleaseRow, agreements: Agreements, day: date
) -> ChangeRequest:
    """Refuse a request that is not a pinned approver's about exactly this release.

    Raises:
        PolicyError: ``agreement-missing``, ``agreement-not-in-force``.
        TrustError: ``request-about-other-bytes``, or a card or signature that does not fit.
    """
    request = statement.read(Kind.CHANGE_REQUEST, ChangeRequest)
    check_approver(statement, request.approver, card, agreements, day)
    if request.release != row.sha256 or request.release_id != row.release_id:
        raise TrustError(
            "request-about-other-bytes",
            f"expected a request about {row.release_id} as it was submitted, found another",
            hint="send the approver the package of this release",
        )
    return request
