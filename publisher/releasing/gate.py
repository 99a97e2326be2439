"""The gate: what must hold of a release whoever asks, each time it moves on."""

from __future__ import annotations

from sqlalchemy.orm import Session

from publisher.reading import read_release
from publisher.releasing.keeping import latest_published
from publisher.releasing.permissions import check_approval, has_enough_approvals
from publisher.screening.subject import Screened
from publisher.store import ReleaseRow, TallyRow, approvals, find_round, newest_tally
from shared.agreements import Agreements
from shared.canonical import parse_canonical, sha256_hex
from shared.errors import PolicyError, StateError, TrustError
from shared.identity import Card
from shared.state.database import Transaction
from shared.statement import Statement


def check_signed(row: ReleaseRow, publisher: Card) -> None:
    """The stored statement is the publisher's own, and the one that approvers named.

    Raises:
        TrustError: ``signature-invalid`` or ``released-bytes-differ``.
    """
    statement = Statement.from_bytes(row.statement)
    statement.check_signed_by(publisher)
    if statement.sha256 != row.sha256:
        raise TrustError(
            "released-bytes-differ",
            f"expected the statement of {row.release_id} as it was staged, found another",
            hint="restore the database from a copy, or stage the release again",
        )


def check_newest(session: Session, row: ReleaseRow) -> TallyRow:
    """The tally of a release, which must be the newest of its round.

    Raises:
        StateError: ``tally-newer``.
    """
    newest = newest_tally(session, row.round_id)
    if newest is None or newest.revision != row.revision:
        raise StateError(
            "tally-newer",
            f"expected the tally of {row.release_id} to be the newest, found another",
            hint="stage the round again; a newer tally replaces this release",
        )
    return newest


def check_approvals(tx: Transaction, row: ReleaseRow, agreements: Agreements) -> None:
    """Each stored approval still counts today, and together they are enough.

    Raises:
        PolicyError: ``approvals-missing``, or as ``check_approval``.
    """
    given = approvals(tx.session, row.release_id)
    for approval in given:
        statement = Statement.from_bytes(approval.statement)
        card = Card.model_validate(parse_canonical(approval.card))
        check_approval(statement, card, row, agreements, tx.now.date())
    if not has_enough_approvals(given, find_round(tx.session, row.round_id).read().policy):
        raise PolicyError(
            "approvals-missing",
            f"expected enough approvals of different organisations, found {len(given)}",
            hint="record the approvers' statements with `publisher record-approval`",
        )


def subject_of(session: Session, row: ReleaseRow, publisher: Card, proof_refused: str) -> Screened:
    """A release as the screener looks at it.

    Args:
        session: of one reading.
        row: the release.
        publisher: the publisher's card.
        proof_refused: the code with which the verifier refused the proofs, or empty.
    """
    stored = find_round(session, row.round_id)
    round_ = stored.read()
    previous = latest_published(session, row.round_id)
    if previous is not None and previous.manifest.release_id == row.release_id:
        previous = None
    return Screened(
        release=read_release(session, row),
        publisher=publisher,
        reference=round_.reference,
        policy=round_.policy,
        policy_sha256=sha256_hex(stored.policy),
        synthetic=round_.body.synthetic,
        summary=row.summary,
        previous=previous,
        proof_refused=proof_refused,
    )
