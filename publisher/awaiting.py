"""What approvers may see: a release that awaits a decision, as its proposer sent it.

The approver's page knows this and no more. A withheld number has no value here either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from publisher.released import Manifest


@dataclass(frozen=True, slots=True)
class Waiting:
    """A release in the list of those that were proposed.

    Attributes:
        state: as in the life of a release, such as ``submitted``.
    """

    release_id: str
    title: str
    state: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A check of the screener that found something.

    Attributes:
        asks: what should hold, in Dutch.
        remedy: what to do about it, in Dutch.
        places: the first places; never a figure.
    """

    check: str
    verdict: str
    asks: str
    remedy: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForApproval:
    """Everything that an approver has to know about a release before deciding.

    Attributes:
        sha256: name of the release statement, which pins every byte that would be published.
        summary: the checker's summary, which the statement pins.
        smallest: per table the smallest number of children with youth care that it shows, if any.
        verdict: of the screener as a whole.
        checks: how many checks it ran.
        found: what its checks found.
        certificates: how many proofs were verified; 0 where they were refused.
        verified_at: when the checks ran and the proofs were verified.
        verified_sha256: over all bytes that were looked at then.
        given: organisations that approved it already.
        needed: how many must approve it before it can be published.
        accepts_page: whether the policy lets a decision on the page count.
        is_proposer: whether this approver proposed the release.
        has_approved: whether this approver approved it already.
        is_open: whether it awaits decisions now.
    """

    manifest: Manifest
    state: str
    sha256: str
    summary: str
    smallest: Mapping[str, int | None]
    verdict: str
    checks: int
    found: tuple[Found, ...]
    certificates: int
    verified_at: datetime
    verified_sha256: str
    given: tuple[str, ...]
    needed: int
    accepts_page: bool
    is_proposer: bool
    has_approved: bool
    is_open: bool


class Desk(Protocol):
    """Where approvers look at releases and decide."""

    def waiting(self) -> tuple[Waiting, ...]:
        """Every release that was proposed and is not published."""
        ...

    def look(self, release_id: str, party: str) -> ForApproval:
        """One of these, as an approver sees it; raises ``NotFoundError``."""
        ...

    def package(self, release_id: str) -> bytes:
        """The same files as an approver signs offline, as a zip; raises ``NotFoundError``."""
        ...

    def approve(self, mandate_id: str, release_id: str, sha256: str) -> None:
        """Verify these bytes once more, and record an approval of exactly them."""
        ...

    def request_change(self, mandate_id: str, release_id: str, sha256: str, reason: str) -> None:
        """Record a request for change of exactly these bytes."""
        ...
