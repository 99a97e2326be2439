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
from publisher.intake import open_stored
from publisher.internal import open_document, seal_document
from publisher.permissions import check_approval, has_enough_approvals
from publisher.policies import ReleaseState
from publisher.protection import from_json_lines, verify_protection
from publisher.reading import read_release
from publisher.released import Manifest, Release
from publisher.staging import (
    Staged,
    check_mark,
    count_cells,
    published_of,
    rules_of,
    stage,
)
from publisher.store import (
    ApprovalRow,
    InternalDocumentRow,
    ReleasedTableRow,
    ReleaseRow,
    approvals,
    find_release,
    find_round,
    newest_tally,
)
from publisher.summary import checker_summary
from shared.agreements import Agreements
from shared.canonical import sha256_hex
from shared.errors import StateError
from shared.identity import Card, Identity
from shared.ledger import Event
from shared.state.database import Database
from shared.state.round_documents import KnownRound
from shared.state.round_keys import RoundKeys
from shared.statement import Body, Kind, Statement

CERTIFICATES = "certificates"
REPORT = "report"
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
            release_id, supersedes = _next_release(session, round_id, row.revision)
        with self.database.transaction() as tx:
            made_at = tx.now
        staged = stage(
            round_,
            tally,
            release_id=release_id,
            supersedes=supersedes,
            made_at=made_at,
            progress=progress,
        )
        self._keep(round_, staged)
        return staged.manifest

    def _keep(self, round_: KnownRound, staged: Staged) -> None:
        manifest = staged.manifest
        statement = Statement.make(Kind.RELEASE, manifest, self.identity)
        key = self.keys.storage_key(manifest.round_id)
        with self.database.transaction() as tx:
            tx.session.add(
                ReleaseRow(
                    release_id=manifest.release_id,
                    round_id=manifest.round_id,
                    revision=manifest.revision,
                    state=ReleaseState.STAGED,
                    statement=statement.to_bytes(),
                    sha256=statement.sha256,
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

    def submit(self, release_id: str, proposer: str) -> tuple[Release, str]:
        """Propose a release to the approvers; the release and the checker's summary."""
        with self.database.transaction() as tx:
            row = find_release(tx.session, release_id)
            row.proposer = proposer
            row.move(tx, ReleaseState.SUBMITTED, Event.RELEASE_SUBMITTED, proposer=proposer)
            release = read_release(tx.session, row)
            previous = _published_before(tx.session, release.manifest.supersedes)
            report = self._internal(tx.session, row, REPORT)
        summary = checker_summary(release.manifest, release.tables, report, previous)
        return release, summary

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
        self, statement: Statement, card: Card, agreements: Agreements
    ) -> ReleaseState:
        """Record an approver's signed statement; the state that the release is in then.

        Raises:
            PolicyError, TrustError: the approval does not count.
            StateError: ``release-state``.
        """
        approval = statement.read(Kind.APPROVAL, Approval)
        with self.database.transaction() as tx:
            row = find_release(tx.session, approval.release_id)
            check_approval(statement, card, row, agreements, tx.now.date())
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
                )
            )
            tx.session.flush()
            policy = find_round(tx.session, row.round_id).read().policy
            if has_enough_approvals(approvals(tx.session, row.release_id), policy):
                row.move(tx, ReleaseState.APPROVED, Event.RELEASE_APPROVED)
            return row.state

    def publish(self, release_id: str) -> Release:
        """Show an approved release to readers; the one that it supersedes stays permalinked.

        The gate: bytes as signed, the synthetic mark, and every certificate verified anew.

        Raises:
            StateError, TrustError, PolicyError, ProtectionError: nothing is published.
        """
        self.verify(release_id)
        with self.database.transaction() as tx:
            row = find_release(tx.session, release_id)
            row.move(tx, ReleaseState.PUBLISHED, Event.RELEASE_PUBLISHED)
            row.published_at = tx.now
            release = read_release(tx.session, row)
            for old in _published(tx.session, row.round_id):
                if old.release_id != release_id:
                    old.move(tx, ReleaseState.SUPERSEDED, Event.RELEASE_SUPERSEDED)
            return release

    def verify(self, release_id: str) -> int:
        """Check a release against its manifest, its round's mark and its certificates.

        Returns:
            The number of certificates that were verified.
        """
        with self.database.reading() as session:
            row = find_release(session, release_id)
            release = read_release(session, row)
            round_ = find_round(session, row.round_id).read()
            tally_row = newest_tally(session, row.round_id)
            certificates = from_json_lines(self._internal(session, row, CERTIFICATES))
        check_mark(release.manifest.synthetic, round_)
        if tally_row is None or tally_row.revision != row.revision:
            raise StateError(
                "tally-newer",
                f"expected the tally of {release_id} to be the newest, found another",
                hint="stage the round again; a newer tally replaces this release",
            )
        tally = open_stored(tally_row, self.keys)
        verify_protection(
            count_cells(release.tables),
            tally,
            round_.reference,
            rules_of(round_.policy),
            published_of(round_.policy, tally),
            certificates,
        )
        return len(certificates)

    def withdraw(self, release_id: str, reason: str) -> Statement:
        """Withdraw a release, with the reason that its permalink will show."""
        with self.database.transaction() as tx:
            row = find_release(tx.session, release_id)
            row.reason = reason
            row.move(tx, ReleaseState.WITHDRAWN, Event.RELEASE_WITHDRAWN)
            body = Withdrawal(
                release_id=release_id, release=row.sha256, reason=reason, withdrawn_at=tx.now
            )
            return Statement.make(Kind.WITHDRAWAL, body, self.identity)


def _published(session: Session, round_id: str) -> list[ReleaseRow]:
    query = select(ReleaseRow).where(
        ReleaseRow.state == ReleaseState.PUBLISHED, ReleaseRow.round_id == round_id
    )
    return list(session.scalars(query))


def _published_before(session: Session, release_id: str) -> Release | None:
    row = session.get(ReleaseRow, release_id) if release_id else None
    return None if row is None else read_release(session, row)


def _next_release(session: Session, round_id: str, revision: int) -> tuple[str, str]:
    """The id of the next release of a round, and of the published one that it replaces."""
    query = select(ReleaseRow.release_id).where(ReleaseRow.round_id == round_id)
    staged = sum(1 for id_ in session.scalars(query) if id_.startswith(f"{round_id}-v{revision}."))
    published = _published(session, round_id)
    return f"{round_id}-v{revision}.{staged}", published[0].release_id if published else ""
