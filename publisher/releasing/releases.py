"""The life of a release: staged, submitted, approved, published, and how each ends.

Every move is one transaction with its ledger entry. What may follow what stands in
policies.py, who may do it in permissions.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from publisher.intake.steps import open_stored
from publisher.policies import ReleaseState, check_move
from publisher.protection import from_json_lines, rounding_key
from publisher.reading import read_release
from publisher.released import Manifest, Release
from publisher.releasing.approvals import Approval
from publisher.releasing.editions import DEFINITIVE, Edition, check_embargo, with_edition
from publisher.releasing.gate import (
    check_approvals,
    check_newest,
    check_not_overtaken,
    check_signed,
    subject_of,
)
from publisher.releasing.keeping import (
    CERTIFICATES,
    REPORT,
    internal_document,
    keep_staged,
    latest_published,
    next_release_id,
    published,
)
from publisher.releasing.past import published_before
from publisher.releasing.permissions import (
    OFFLINE,
    check_accepted,
    check_approval,
    check_proposer,
)
from publisher.releasing.recipients import check_recipients
from publisher.releasing.recording import keep_approval, keep_request
from publisher.releasing.requests import ChangeRequest, check_reason, check_request
from publisher.rounds.retention import Retention
from publisher.screening.screen import Screening, check_screening, screen
from publisher.staging import check_mark, check_release, stage
from publisher.store import (
    ApprovalRow,
    ChangeRequestRow,
    find_release,
    find_round,
    newest_tally,
)
from shared.agreements import Agreements, PinnedAgreements
from shared.errors import MonitorError, PolicyError, ProtectionError, StateError, TrustError
from shared.identity import Card, Identity
from shared.ledger import Event
from shared.state.database import Database, Transaction
from shared.state.round_keys import RoundKeys
from shared.statement import Body, Kind, Statement

Progress = Callable[[int, int], None]


class Withdrawal(Body):
    """Body of a withdrawal statement."""

    release_id: str
    release: str
    reason: str
    withdrawn_at: datetime


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases of one publisher.

    Attributes:
        processes: over which staging divides its periods.
        is_closed: whether this publisher shows nothing to readers whom nobody let in.
    """

    database: Database
    identity: Identity
    keys: RoundKeys
    processes: int = 1
    is_closed: bool = False

    def stage(
        self, round_id: str, progress: Progress | None = None, edition: Edition = DEFINITIVE
    ) -> Manifest:
        """Protect the newest tally of a round and keep the release that follows.

        Raises:
            StateError: ``tally-missing``, ``tally-expired`` or ``retention-overdue``.
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
            release_id = next_release_id(session, round_id, row.revision)
            previous = latest_published(session, round_id)
            earlier = published_before(session, self.keys, tally)
        Retention(self.database, self.keys, self.identity).check_nothing_overdue(
            self.database.now(), round_.policy
        )
        staged = stage(
            round_,
            tally,
            release_id=release_id,
            previous=previous,
            made_at=self.database.now(),
            rounding_key=rounding_key(self.identity.sign_seed),
            earlier=earlier,
            progress=progress,
            processes=self.processes,
        )
        manifest = with_edition(staged.manifest, staged.tables, previous, edition)
        staged = replace(staged, manifest=manifest)
        statement = Statement.make(Kind.RELEASE, manifest, self.identity)
        key = self.keys.storage_key(round_id)
        self.database.run(lambda tx: keep_staged(tx, staged, statement, key))
        return manifest

    def screen(self, release_id: str) -> Screening:
        """Run every check of the screener on a release."""
        return self.verify_and_screen(release_id)[1]

    def verify_and_screen(self, release_id: str) -> tuple[int, Screening]:
        """The number of certificates that were verified, and the outcome of every check."""
        found = self._proof(release_id)
        if isinstance(found, MonitorError):
            return 0, self._screen(release_id, found)
        return found, self._screen(release_id, None)

    def _screen(self, release_id: str, refused: MonitorError | None) -> Screening:
        with self.database.reading() as session:
            row = find_release(session, release_id)
            code = refused.code if refused else ""
            return screen(subject_of(session, row, self.identity.card, code))

    def _proof(self, release_id: str) -> int | MonitorError:
        """The number of certificates that hold, or why the proof is refused."""
        try:
            return self.verify(release_id)
        except (TrustError, StateError, PolicyError, ProtectionError) as error:
            return error

    def submit(self, release_id: str, proposer: str, agreements: Agreements) -> tuple[Release, str]:
        """Propose a release to the approvers; the release and the checker's summary.

        The same proposer can ask again, for the package once more.

        Raises:
            PolicyError: ``proposer-unknown``, ``proposer-differs`` or ``screening-failed``.
            StateError: ``release-state``, ``tally-newer``, ``release-overtaken``, or that the
                tally or the proof of the release is no longer there.
        """
        check_proposer(proposer, agreements)
        with self.database.reading() as session:
            row = find_release(session, release_id)
            is_again = (row.state, row.proposer) == (ReleaseState.SUBMITTED, proposer)
            if not is_again:
                check_move(release_id, row.state, ReleaseState.SUBMITTED)
        if not is_again:
            found = self._proof(release_id)
            if isinstance(found, StateError):
                raise found  # nothing is wrong in the release: its time has passed
            refused = found if isinstance(found, MonitorError) else None
            check_screening(self._screen(release_id, refused))

        def propose(tx: Transaction) -> tuple[Release, str]:
            row = find_release(tx.session, release_id)
            if (row.state, row.proposer) != (ReleaseState.SUBMITTED, proposer):
                check_proposer(proposer, agreements, row.proposer)
                row.proposer = proposer
                row.move(tx, ReleaseState.SUBMITTED, Event.RELEASE_SUBMITTED, proposer=proposer)
            return read_release(tx.session, row), row.summary

        return self.database.run(propose)

    def report(self, release_id: str) -> tuple[Release, bytes]:
        """A release with its internal report, for approvers and the auditor only.

        Raises:
            StateError: ``document-expired``.
        """
        with self.database.reading() as session:
            row = find_release(session, release_id)
            key = self.keys.storage_key(row.round_id)
            return read_release(session, row), internal_document(session, row, REPORT, key)

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
            check_accepted(OFFLINE, find_round(tx.session, row.round_id).read().policy)
            approver = (approval.approver, approval.organisation)
            return keep_approval(tx, row, approver, statement, card, agreements.sha256)

        return self.database.run(record)

    def record_request(
        self, statement: Statement, card: Card, agreements: PinnedAgreements
    ) -> ReleaseState:
        """Record an approver's request for change: the release goes back to who proposed it.

        Approvals are no longer counted: everyone signs anew. The same statement again changes
        nothing.

        Raises:
            PolicyError, TrustError: the request does not count.
            StateError: ``release-state``.
        """
        asked = statement.read(Kind.CHANGE_REQUEST, ChangeRequest)

        def record(tx: Transaction) -> ReleaseState:
            row = find_release(tx.session, asked.release_id)
            known = tx.session.get(ChangeRequestRow, statement.sha256)
            if known is not None:
                return row.state
            check_request(statement, card, row, agreements.agreements, tx.now.date())
            return keep_request(tx, row, asked.approver, statement, agreements.sha256)

        return self.database.run(record)

    def publish(self, release_id: str, agreements: Agreements) -> Release:
        """Show an approved release to readers; the one that it supersedes stays permalinked.

        The gate, in this order: the publisher's signature and the bytes as signed, the round's
        mark, every certificate and quotient, every approval anew, the embargo, and the recipients
        that the policy declares.

        Raises:
            StateError, TrustError, PolicyError, ProtectionError: nothing is published.
        """
        self.verify(release_id)

        def publish(tx: Transaction) -> Release:
            row = find_release(tx.session, release_id)
            check_move(release_id, row.state, ReleaseState.PUBLISHED)
            check_signed(row, self.identity.card)
            check_newest(tx.session, row)
            check_not_overtaken(tx.session, row)  # once more: another may be faster than the proof
            check_approvals(tx, row, agreements, self.identity.card)
            manifest = read_release(tx.session, row).manifest
            check_embargo(manifest, tx.now)
            check_recipients(
                find_round(tx.session, row.round_id).read().policy,
                (table.id for table in manifest.tables),
                is_closed=self.is_closed,
            )
            row.move(tx, ReleaseState.PUBLISHED, Event.RELEASE_PUBLISHED)
            row.published_at = tx.now
            release = read_release(tx.session, row)
            for old in published(tx.session, row.round_id):
                if old.release_id != release_id:
                    old.move(tx, ReleaseState.SUPERSEDED, Event.RELEASE_SUPERSEDED)
            return release

        return self.database.run(publish)

    def verify(self, release_id: str) -> int:
        """Check a release: signature, bytes, its round's mark, certificates and quotients.

        Returns:
            The number of certificates that were verified.
        """
        with self.database.reading() as session:
            row = find_release(session, release_id)
            check_signed(row, self.identity.card)
            release = read_release(session, row)
            round_ = find_round(session, row.round_id).read()
            tally_row = check_newest(session, row)
            if row.published_at is None:
                check_not_overtaken(session, row)
            key = self.keys.storage_key(row.round_id)
            certificates = from_json_lines(internal_document(session, row, CERTIFICATES, key))
            tally = open_stored(tally_row, self.keys)
            earlier = published_before(session, self.keys, tally, row)
        check_mark(release.manifest.synthetic, round_)
        check_release(
            round_, tally, release.tables, certificates,
            rounding_key(self.identity.sign_seed), earlier,
        )  # fmt: skip
        return len(certificates)

    def withdraw(self, release_id: str, reason: str) -> Statement:
        """Withdraw a release, with the reason that its permalink will show.

        Asked again, it gives the same statement.
        """
        reason = check_reason(reason)

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
