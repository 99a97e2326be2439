"""The desk of approvers: what they look at comes from the store, what they decide goes there."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.awaiting import ForApproval, Found, Waiting
from publisher.policies import ReleaseState
from publisher.reading import read_release
from publisher.released import Release
from publisher.releasing.approvals import STATEMENT_FILE, SUMMARY_FILE
from publisher.releasing.decisions import Decision
from publisher.releasing.gate import check_signed
from publisher.releasing.page_decisions import Decided, PageDecisions
from publisher.releasing.permissions import PAGE
from publisher.releasing.releases import Releases
from publisher.releasing.verified import Verdicts
from publisher.screening.screen import Screening, Verdict, check_screening
from publisher.store import ReleaseRow, approvals, find_round
from publisher.summary import smallest_shown
from shared.agreements import PinnedAgreements
from shared.canonical import sha256_hex
from shared.errors import NotFoundError, TrustError

PROPOSED = (ReleaseState.SUBMITTED, ReleaseState.RETURNED, ReleaseState.APPROVED)
"""States in which approvers look at a release."""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class ReleaseDesk:
    """The desk of one publisher.

    Attributes:
        agreements: reads them anew, so that an expiry counts at once.
    """

    verdicts: Verdicts
    agreements: Callable[[], PinnedAgreements]

    @property
    def releases(self) -> Releases:
        """The releases that are looked at."""
        return self.verdicts.releases

    def waiting(self) -> tuple[Waiting, ...]:
        """Every release that was proposed and is not published, newest first."""
        query = select(ReleaseRow).where(ReleaseRow.state.in_(PROPOSED))
        query = query.order_by(ReleaseRow.staged_at.desc(), ReleaseRow.release_id.desc())
        with self.releases.database.reading() as session:
            found = [(row, self._read(session, row)) for row in session.scalars(query)]
        return tuple(
            Waiting(
                row.release_id,
                release.manifest.title,
                row.state.value,
                release.manifest.synthetic,
            )
            for row, release in found
        )

    def look(self, release_id: str, party: str) -> ForApproval:
        """A proposed release as an approver sees it.

        Raises:
            NotFoundError: ``release-not-proposed``.
            TrustError: other bytes lie there than the publisher signed.
        """
        with self.releases.database.reading() as session:
            row = _proposed(session, release_id)
            release = self._read(session, row)
            given = approvals(session, release_id)
            policy = find_round(session, row.round_id).read().policy
        verified = self.verdicts.known(release_id)
        screening = verified.screening
        return ForApproval(
            manifest=release.manifest,
            state=row.state.value,
            sha256=row.sha256,
            summary=row.summary,
            smallest={table.id: _whole(smallest_shown(table)) for table in release.tables},
            verdict=screening.verdict.value,
            checks=len(screening.outcomes),
            found=_found(screening),
            certificates=verified.certificates,
            verified_at=verified.at,
            verified_sha256=verified.sha256,
            given=tuple(sorted({each.organisation for each in given})),
            needed=policy.approval.approvers,
            accepts_page=PAGE in policy.approval.accepted,
            is_proposer=row.proposer == party,
            has_approved=party in {each.party for each in given},
            is_open=row.state is ReleaseState.SUBMITTED,
        )

    def package(self, release_id: str) -> bytes:
        """The package of a proposed release, byte for byte what ``publisher submit`` writes.

        Raises:
            NotFoundError: ``release-not-proposed``.
            TrustError: other bytes lie there than the publisher signed.
        """
        with self.releases.database.reading() as session:
            row = _proposed(session, release_id)
            release = self._read(session, row)
        files = {f"{table.id}.parquet": table.to_bytes() for table in release.tables}
        files |= {SUMMARY_FILE: row.summary.encode(), STATEMENT_FILE: row.statement}
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in sorted(files.items()):
                archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), data, zipfile.ZIP_DEFLATED)
        return sink.getvalue()

    def approve(self, mandate_id: str, release_id: str, sha256: str) -> None:
        """Record an approval of exactly these bytes, which are verified once more first.

        That is dear, so that who asks again and again gets no second proof: not for an approval
        that is there or that cannot be recorded, and not of bytes that were refused before.

        Raises:
            PolicyError: ``screening-failed``, or as a decision that does not count.
            TrustError: ``released-bytes-differ``, or as a decision that does not count.
            StateError: ``release-state``.
            BusyError: ``release-being-verified``.
        """
        decided = Decided(mandate_id, release_id, sha256, Decision.APPROVE)
        decisions, agreements = self._decisions(), self.agreements()
        if decisions.is_recorded(decided, agreements):
            return
        check_screening(self.verdicts.known(release_id).screening)
        verified = self.verdicts.anew(release_id)
        check_screening(verified.screening)
        decisions.record(replace(decided, verified=verified.sha256), agreements)

    def request_change(self, mandate_id: str, release_id: str, sha256: str, reason: str) -> None:
        """Record a request for change of exactly these bytes."""
        decided = Decided(mandate_id, release_id, sha256, Decision.REQUEST_CHANGE, reason)
        self._decisions().record(decided, self.agreements())

    def _read(self, session: Session, row: ReleaseRow) -> Release:
        """A release whose every byte is the one that its signed statement pins.

        Raises:
            TrustError: ``signature-invalid``, ``signature-missing`` or ``released-bytes-differ``.
        """
        check_signed(row, self.releases.identity.card)
        release = read_release(session, row)
        if sha256_hex(row.summary.encode()) != release.manifest.summary_sha256:
            raise TrustError(
                "released-bytes-differ",
                f"expected the summary of {row.release_id} as its statement pins it, found another",
                hint="restore the database from a copy, or stage the release again",
            )
        return release

    def _decisions(self) -> PageDecisions:
        return PageDecisions(self.releases.database, self.releases.identity)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _proposed(session: Session, release_id: str) -> ReleaseRow:
    row = session.get(ReleaseRow, release_id)
    if row is None or row.state not in PROPOSED:
        raise NotFoundError(
            "release-not-proposed",
            "expected a release that was proposed and is not published, found none",
            hint="the list of releases that await a decision has every one",
        )
    return row


def _found(screening: Screening) -> tuple[Found, ...]:
    return tuple(
        Found(
            each.check.id,
            verdict.value,
            each.check.asks,
            each.check.remedy,
            each.places,
        )
        for verdict in (Verdict.FAIL, Verdict.ADVISORY)
        for each in screening.with_verdict(verdict)
    )
