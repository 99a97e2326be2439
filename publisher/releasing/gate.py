"""The gate: what must hold of a release whoever asks, each time it moves on."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.reading import read_release
from publisher.releasing.decisions import Decision, PageDecision
from publisher.releasing.keeping import latest_published
from publisher.releasing.page_decisions import check_decision
from publisher.releasing.permissions import (
    OFFLINE,
    check_accepted,
    check_approval,
    has_enough_approvals,
)
from publisher.screening.subject import Screened
from publisher.store import ReleaseRow, TallyRow, approvals, find_round, newest_tally
from shared.agreements import Agreements
from shared.canonical import parse_canonical, sha256_hex
from shared.errors import PolicyError, StateError, TrustError
from shared.identity import Card
from shared.ledger import Event
from shared.state.database import Transaction
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement

WHAT_READERS_HAVE = (
    Event.RELEASE_STAGED,
    Event.RELEASE_PUBLISHED,
    Event.RELEASE_WITHDRAWN,
    Event.RELEASE_EXPIRED,
)
"""What changes that readers have a release, and what a new one is compared with."""


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


def check_not_overtaken(session: Session, row: ReleaseRow) -> None:
    """Readers have what they had when this release was protected, and compared with it.

    Since then no other release of the round was published, and none that they had was withdrawn or
    expired. The order is that of the ledger: no clock is asked.

    Raises:
        StateError: ``release-overtaken``.
    """
    query = select(ReleaseRow.release_id).where(ReleaseRow.round_id == row.round_id)
    others = {id_ for id_ in session.scalars(query) if id_ != row.release_id}
    readable: set[str] = set()
    changed: set[str] = set()
    for entry in entries(session.connection(), WHAT_READERS_HAVE):
        about = parse_canonical(entry.body)["release"]
        if about == row.release_id and entry.event is Event.RELEASE_STAGED:
            changed.clear()
        elif about in others and entry.event is Event.RELEASE_PUBLISHED:
            readable.add(about)
            changed.add(about)
        elif about in readable and entry.event is not Event.RELEASE_STAGED:
            readable.discard(about)
            changed.add(about)
    if changed:
        raise StateError(
            "release-overtaken",
            f"expected {row.release_id} to follow what readers have, found {max(changed)} "
            "published or withdrawn since it was staged",
            hint="stage the round again; the new release follows it",
        )


def check_approvals(
    tx: Transaction, row: ReleaseRow, agreements: Agreements, publisher: Card
) -> None:
    """Each stored approval still counts today, and together they are enough.

    Args:
        tx: of the publication.
        row: the release.
        agreements: in which the approvers are named.
        publisher: the publisher's own card, which signed what was decided on the page.

    What is counted is what was signed: the columns beside a statement only find it.

    Raises:
        PolicyError: ``approvals-missing``, or as ``check_approval``.
        TrustError: ``approval-differs``, or as ``check_approval``.
    """
    given = approvals(tx.session, row.release_id)
    policy = find_round(tx.session, row.round_id).read().policy
    for approval in given:
        statement = Statement.from_bytes(approval.statement)
        if statement.kind is Kind.PAGE_DECISION:
            found = check_decision(tx.session, statement, publisher, row, agreements, tx.now)
            decided = statement.read(Kind.PAGE_DECISION, PageDecision).decision
            is_approval = decided is Decision.APPROVE
        else:
            check_accepted(OFFLINE, policy)
            card = Card.model_validate(parse_canonical(approval.card))
            found = check_approval(statement, card, row, agreements, tx.now.date())
            is_approval = True
        is_own = (approval.party, approval.organisation) == (found.party, found.organisation)
        if not (is_approval and is_own):
            raise TrustError(
                "approval-differs",
                f"expected approvals of {row.release_id} as they were recorded, found another",
                hint="restore the database from a copy, or let the approvers decide anew",
            )
    if not has_enough_approvals(given, policy):
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
