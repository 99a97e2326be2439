"""What may happen to a release: its states and the one table of moves between them.

Who may do it stands in permissions.py.
"""

from __future__ import annotations

from enum import StrEnum

from shared.errors import StateError


class ReleaseState(StrEnum):
    """Where a release is in its life."""

    STAGED = "staged"  # protected, audited and signed by the publisher; seen by nobody else
    SUBMITTED = "submitted"  # proposed to the approvers
    RETURNED = "returned"  # an approver asked for a change; whoever proposed it is to answer
    APPROVED = "approved"  # enough approvers of different organisations signed these bytes
    PUBLISHED = "published"  # readers see it
    SUPERSEDED = "superseded"  # a later release took its place; its permalink stays
    WITHDRAWN = "withdrawn"  # may no longer be used; its permalink says why
    EXPIRED = "expired"  # its term ended; nobody is shown it any more, what it was stays known


MOVES: dict[ReleaseState, frozenset[ReleaseState]] = {
    ReleaseState.STAGED: frozenset(
        {ReleaseState.SUBMITTED, ReleaseState.WITHDRAWN, ReleaseState.EXPIRED}
    ),
    ReleaseState.SUBMITTED: frozenset(
        {
            ReleaseState.APPROVED,
            ReleaseState.RETURNED,
            ReleaseState.WITHDRAWN,
            ReleaseState.EXPIRED,
        }
    ),
    ReleaseState.RETURNED: frozenset(
        {ReleaseState.SUBMITTED, ReleaseState.WITHDRAWN, ReleaseState.EXPIRED}
    ),
    ReleaseState.APPROVED: frozenset(
        {
            ReleaseState.PUBLISHED,
            ReleaseState.RETURNED,
            ReleaseState.WITHDRAWN,
            ReleaseState.EXPIRED,
        }
    ),
    ReleaseState.PUBLISHED: frozenset(
        {ReleaseState.SUPERSEDED, ReleaseState.WITHDRAWN, ReleaseState.EXPIRED}
    ),
    ReleaseState.SUPERSEDED: frozenset({ReleaseState.WITHDRAWN, ReleaseState.EXPIRED}),
    ReleaseState.WITHDRAWN: frozenset({ReleaseState.EXPIRED}),
    ReleaseState.EXPIRED: frozenset(),
}
"""Which state may follow which. What is kept has a term, so that every state can expire."""

EVER_PUBLISHED = frozenset(
    {
        ReleaseState.PUBLISHED,
        ReleaseState.SUPERSEDED,
        ReleaseState.WITHDRAWN,
        ReleaseState.EXPIRED,
    }
)
"""States in which readers may know of a release, if it was ever published."""


def may_move(state: ReleaseState, to: ReleaseState) -> bool:
    """Whether a release in ``state`` can become ``to``."""
    return to in MOVES[state]


def check_move(release_id: str, state: ReleaseState, to: ReleaseState) -> None:
    """Refuse a move that the table does not hold.

    Raises:
        StateError: ``release-state``.
    """
    if not may_move(state, to):
        raise StateError(
            "release-state",
            f"expected a release that can become {to}, found {release_id} {state}",
            hint="see `publisher status`",
        )
