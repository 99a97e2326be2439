"""Decisions on the approver's page: the publisher states what an approver did who signed in.

Whether such a decision counts is the policy's to say. It stands on a role that two organisations
confirmed, and it names the exact bytes, as a signature made offline does.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.identity import PartyId, Sha256
from shared.statement import Body


class Decision(StrEnum):
    """What an approver can say of a release."""

    APPROVE = "approve"
    REQUEST_CHANGE = "request-change"


class PageDecision(Body):
    """Body of a statement that an approver decided on the page.

    Attributes:
        release: name of the release statement, which pins every table by its hash.
        mandate: name of the statement by which the account decides for this approver.
        reason: of a request for change; else empty.
    """

    release_id: str
    release: Sha256
    approver: PartyId
    organisation: str
    mandate: Sha256
    decision: Decision
    reason: str
    decided_at: datetime
