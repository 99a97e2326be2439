"""Keeping what approvers decided, however they said it: offline or on the page."""

from __future__ import annotations

from publisher.policies import ReleaseState
from publisher.releasing.permissions import has_enough_approvals
from publisher.store import ApprovalRow, ChangeRequestRow, ReleaseRow, approvals, find_round
from shared.canonical import canonical_json
from shared.errors import StateError
from shared.identity import Card
from shared.ledger import Event
from shared.state.database import Transaction
from shared.statement import Statement


def check_submitted(row: ReleaseRow) -> None:
    """Refuse an approval of a release that waits for none.

    Raises:
        StateError: ``release-state``.
    """
    if row.state is not ReleaseState.SUBMITTED:
        raise StateError(
            "release-state",
            f"expected a submitted release, found {row.release_id} {row.state}",
            hint="see `publisher status`",
        )


def keep_approval(
    tx: Transaction, row: ReleaseRow, approver: tuple[str, str], statement: Statement,
    signer: Card, agreements: str,
) -> ReleaseState:  # fmt: skip
    """Keep an approval that was checked; the state that the release is in then.

    Args:
        tx: of the change.
        row: the release.
        approver: party and organisation.
        statement: the approval.
        signer: the card with which it was checked.
        agreements: sha256 of the agreements that name the approver.

    Raises:
        StateError: ``release-state``.
    """
    party, organisation = approver
    check_submitted(row)
    tx.session.merge(
        ApprovalRow(
            release_id=row.release_id,
            party=party,
            organisation=organisation,
            statement=statement.to_bytes(),
            card=canonical_json(signer.model_dump(mode="json")),
        )
    )
    tx.session.flush()
    tx.record(
        Event.APPROVAL_RECORDED,
        release=row.release_id,
        approver=party,
        approval=statement.sha256,
        agreements=agreements,
    )
    policy = find_round(tx.session, row.round_id).read().policy
    if has_enough_approvals(approvals(tx.session, row.release_id), policy):
        row.move(tx, ReleaseState.APPROVED, Event.RELEASE_APPROVED)
    return row.state


def keep_request(
    tx: Transaction, row: ReleaseRow, party: str, statement: Statement, agreements: str
) -> ReleaseState:
    """Keep a request for change that was checked: the release goes back to who proposed it.

    Approvals are no longer counted: everyone decides anew.

    Raises:
        StateError: ``release-state``.
    """
    row.move(
        tx,
        ReleaseState.RETURNED,
        Event.CHANGE_REQUESTED,
        approver=party,
        request=statement.sha256,
        agreements=agreements,
    )
    for given in approvals(tx.session, row.release_id):
        tx.session.delete(given)
    tx.session.add(
        ChangeRequestRow(
            sha256=statement.sha256,
            release_id=row.release_id,
            party=party,
            statement=statement.to_bytes(),
            recorded_at=tx.now,
        )
    )
    return row.state
