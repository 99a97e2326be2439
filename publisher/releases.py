"""The life of a release: staged, submitted, approved, published, and how each ends.

Every move is one transaction with its ledger entry. What may follow what stands in
policies.py, who may do it in permissions.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.approvals import Approval
from publisher.history import check_history
from publisher.intake import check_known, open_stored
from publisher.internal import open_document, seal_document
from publisher.permissions import check_approval, check_proposer, has_enough_approvals
from publisher.policies import ReleaseState, check_move
from publisher.protection import from_json_lines
from publisher.reading import read_history, read_release
from publisher.released import Manifest, Release
from publisher.staging import Staged, check_mark, check_release, stage
from publisher.store import (
    ApprovalRow,
    InternalDocumentRow,
    ReleasedTableRow,
    ReleaseRow,
    TallyRow,
    approvals,
    find_release,
    find_round,
    newest_tally,
)
from shared.agreements import Agreements, PinnedAgreements
from shared.canonical import canonical_json, parse_canonical, sha256_hex
from shared.errors import InputError, PolicyError, StateError, TrustError
from shared.identity import Card, Identity
from shared.ledger import Event
from shared.state.database import Database, Transaction
from shared.state.round_documents import KnownRound
from shared.state.round_keys import RoundKeys
from shared.statement import Body, Kind, Statement

CERTIFICATES = "certificates"
REPORT = "report"
MAX_REASON = 500
Progress = Callable[[int, int], None]


class Withdrawal(Body):
    """Body of a withdrawal statement."""

    release_id: str
    release: str
    reason: str
    withdrawn_at: datetime


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases of one publisher."""

    database: Database
    identity: Identity
    keys: RoundKeys

    def stage(self, round_id: str, progress: Progress | None = None) -> Manifest:
        """Protect the newest tally of a round and keep the release that follows.

        Raises:
            StateError: ``tally-missing`` or ``tally-expired``.
            ProtectionError: nothing is kept.
        """
        with self.database.reading() as session:
            round_ = find_round(session, round_id).read()
            row = newest_tally(session, round_id)
            if row is None:
                raise StateError(
                    "tally-missing",
                    f"expected a tally of {round_id}, found none",
                    hint="the linker sends it with `linker outbox send`",
                )
            tally = open_stored(row, self.keys)
            release_id = _next_release_id(session, round_id, row.revision)
            previous = _latest_published(session, round_id)
            earlier = _ever_published(session)
        staged = stage(
            round_,
            tally,
            release_id=release_id,
            previous=previous,
            made_at=self.database.now(),
            progress=progress,
        )
        check_history(staged.tables, earlier)
        self._keep(round_, staged)
        return staged.manifest

    def _keep(self, round_: KnownRound, staged: Staged) -> None:
        manifest = staged.manifest
        statement = Statement.make(Kind.RELEASE, manifest, self.identity)
        key = self.keys.storage_key(manifest.round_id)

        def keep(tx: Transaction) -> None:
            check_known(find_round(tx.session, manifest.round_id))
            if tx.session.get(ReleaseRow, manifest.release_id) is not None:
                raise StateError(
                    "release-known",
                    f"expected no release {manifest.release_id} yet, found one",
                    hint="somebody staged the round at the same time; see `publisher status`",
                )
            tx.session.add(
                ReleaseRow(
                    release_id=manifest.release_id,
                    round_id=manifest.round_id,
                    revision=manifest.revision,
                    state=ReleaseState.STAGED,
                    statement=statement.to_bytes(),
                    sha256=statement.sha256,
                    summary=staged.summary,
                    staged_at=tx.now,
                )
            )
            tx.session.flush()
            for position, table in enumerate(staged.tables):
                data = table.to_bytes()
                tx.session.add(
                    ReleasedTableRow(
                        release_id=manifest.release_id,
                        table_id=table.id,
                        position=position,
                        title=table.title,
                        sha256=sha256_hex(data),
                        data=data,
                    )
                )
            for name, document in ((CERTIFICATES, staged.certificates), (REPORT, staged.report)):
                box = seal_document(key, manifest.release_id, name, document)
                tx.session.add(
                    InternalDocumentRow(release_id=manifest.release_id, name=name, box=box)
                )
            tx.record(
                Event.RELEASE_STAGED,
                release=manifest.release_id,
                statement=statement.sha256,
                round=round_.body.round_id,
            )

        self.database.run(keep)

    def submit(self, release_id: str, proposer: str, agreements: Agreements) -> tuple[Release, str]:
        """Propose a release to the approvers; the release and the checker's summary.

        The same proposer can ask again, for the package once more.

        Raises:
            PolicyError: ``proposer-unknown``.
            StateError: ``release-state``.
        """
        check_proposer(proposer, agreements)

        def propose(tx: Transaction) -> tuple[Release, str]:
            row = find_release(tx.session, release_id)
            if (row.state, row.proposer) != (ReleaseState.SUBMITTED, proposer):
                row.proposer = proposer
                row.move(tx, ReleaseState.SUBMITTED, Event.RELEASE_SUBMITTED, proposer=proposer)
            return read_release(tx.session, row), row.summary

        return self.database.run(propose)

    def _internal(self, session: Session, row: ReleaseRow, name: str) -> bytes:
        document = session.get(InternalDocumentRow, (row.release_id, name))
        if document is None or document.box is None:
            raise StateError(
                "document-expired",
                f"expected the {name} of {row.release_id}, found that its term has ended",
                hint="stage the release again while its tally exists",
            )
        key = self.keys.storage_key(row.round_id)
        return open_document(key, row.release_id, name, document.box)

    def record_approval(
        self, statement: Statement, card: Card, agreements: PinnedAgreements
    ) -> ReleaseState:
        """Record an approver's signed statement; the state that the release is in then.

        The same statement again changes nothing.

        Raises:
            PolicyError, TrustError: the approval does not count.
            StateError: ``release-state``.
        """
        approval = statement.read(Kind.APPROVAL, Approval)

        def record(tx: Transaction) -> ReleaseState:
            row = find_release(tx.session, approval.release_id)
            known = tx.session.get(ApprovalRow, (row.release_id, approval.approver))
            if known is not None and known.statement == statement.to_bytes():
                return row.state  # who did not see that it was recorded asks again
            check_approval(statement, card, row, agreements.agreements, tx.now.date())
            if row.state is not ReleaseState.SUBMITTED:
                raise StateError(
                    "release-state",
                    f"expected a submitted release, found {row.release_id} {row.state}",
                    hint="see `publisher status`",
                )
            tx.session.merge(
                ApprovalRow(
                    release_id=row.release_id,
                    party=approval.approver,
                    organisation=approval.organisation,
                    statement=statement.to_bytes(),
                    card=canonical_json(card.model_dump(mode="json")),
                )
            )
            tx.session.flush()
            tx.record(
                Event.APPROVAL_RECORDED,
                release=row.release_id,
                approver=approval.approver,
                approval=statement.sha256,
                agreements=agreements.sha256,
            )
            policy = find_round(tx.session, row.round_id).read().policy
            if has_enough_approvals(approvals(tx.session, row.release_id), policy):
                row.move(tx, ReleaseState.APPROVED, Event.RELEASE_APPROVED)
            return row.state

        return self.database.run(record)

    def publish(self, release_id: str, agreements: Agreements) -> Release:
        """Show an approved release to readers; the one that it supersedes stays permalinked.

        The gate, in this order: the publisher's signature and the bytes as signed, the round's
        mark, every certificate and quotient, and every approval anew.

        Raises:
            StateError, TrustError, PolicyError, ProtectionError: nothing is published.
        """
        self.verify(release_id)

        def publish(tx: Transaction) -> Release:
            row = find_release(tx.session, release_id)
            check_move(release_id, row.state, ReleaseState.PUBLISHED)
            self._check_signed(row)
            check_newest(tx.session, row)
            self._check_approvals(tx, row, agreements)
            row.move(tx, ReleaseState.PUBLISHED, Event.RELEASE_PUBLISHED)
            row.published_at = tx.now
            release = read_release(tx.session, row)
            for old in _published(tx.session, row.round_id):
                if old.release_id != release_id:
                    old.move(tx, ReleaseState.SUPERSEDED, Event.RELEASE_SUPERSEDED)
            return release

        return self.database.run(publish)

    def _check_approvals(self, tx: Transaction, row: ReleaseRow, agreements: Agreements) -> None:
        """Each stored approval still counts today, and together they are enough."""
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

    def _check_signed(self, row: ReleaseRow) -> None:
        """The stored statement is the publisher's own, and the one that approvers named."""
        statement = Statement.from_bytes(row.statement)
        statement.check_signed_by(self.identity.card)
        if statement.sha256 != row.sha256:
            raise TrustError(
                "released-bytes-differ",
                f"expected the statement of {row.release_id} as it was staged, found another",
                hint="restore the database from a copy, or stage the release again",
            )

    def verify(self, release_id: str) -> int:
        """Check a release: signature, bytes, its round's mark, certificates and quotients.

        Returns:
            The number of certificates that were verified.
        """
        with self.database.reading() as session:
            row = find_release(session, release_id)
            self._check_signed(row)
            release = read_release(session, row)
            round_ = find_round(session, row.round_id).read()
            tally_row = check_newest(session, row)
            certificates = from_json_lines(self._internal(session, row, CERTIFICATES))
        check_mark(release.manifest.synthetic, round_)
        check_release(round_, open_stored(tally_row, self.keys), release.tables, certificates)
        return len(certificates)

    def withdraw(self, release_id: str, reason: str) -> Statement:
        """Withdraw a release, with the reason that its permalink will show.

        Asked again, it gives the same statement.
        """
        if not 1 <= len(reason.strip()) <= MAX_REASON:
            raise InputError(
                "reason-missing",
                f"expected a reason of 1 to {MAX_REASON} characters, which readers will see",
                hint="say in one sentence what is wrong with the release",
            )

        def withdraw(tx: Transaction) -> Statement:
            row = find_release(tx.session, release_id)
            if row.withdrawal is not None:
                return Statement.from_bytes(row.withdrawal)
            row.reason = reason
            row.move(tx, ReleaseState.WITHDRAWN, Event.RELEASE_WITHDRAWN)
            body = Withdrawal(
                release_id=release_id, release=row.sha256, reason=reason, withdrawn_at=tx.now
            )
            statement = Statement.make(Kind.WITHDRAWAL, body, self.identity)
            row.withdrawal = statement.to_bytes()
            return statement

        return self.database.run(withdraw)


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


def _published(session: Session, round_id: str) -> list[ReleaseRow]:
    query = select(ReleaseRow).where(
        ReleaseRow.state == ReleaseState.PUBLISHED, ReleaseRow.round_id == round_id
    )
    return list(session.scalars(query))


def _latest_published(session: Session, round_id: str) -> Release | None:
    """The release that a new one of this round will supersede."""
    rows = _published(session, round_id)
    return read_release(session, rows[0]) if rows else None


def _ever_published(session: Session) -> list[Release]:
    """Every release that readers once had, whether its term has ended or not."""
    query = select(ReleaseRow).where(ReleaseRow.published_at.is_not(None))
    return [read_history(session, row) for row in session.scalars(query)]


def _next_release_id(session: Session, round_id: str, revision: int) -> str:
    query = select(ReleaseRow.release_id).where(ReleaseRow.round_id == round_id)
    staged = sum(1 for id_ in session.scalars(query) if id_.startswith(f"{round_id}-v{revision}."))
    return f"{round_id}-v{revision}.{staged}"
