"""What is kept of a release, and how it is found again."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.intake.steps import check_known
from publisher.policies import ReleaseState
from publisher.reading import read_release
from publisher.released import Release
from publisher.releasing.internal import open_document, seal_document
from publisher.releasing.past import COUNTS
from publisher.staging import Staged
from publisher.store import (
    InternalDocumentRow,
    ReleasedTableRow,
    ReleaseRow,
    find_round,
)
from shared.canonical import sha256_hex
from shared.errors import StateError
from shared.ledger import Event
from shared.redaction import Secret
from shared.state.database import Transaction
from shared.statement import Statement

CERTIFICATES = "certificates"
REPORT = "report"


def keep_staged(tx: Transaction, staged: Staged, statement: Statement, key: Secret) -> None:
    """Store a release that was staged, its internal documents sealed under ``key``.

    Raises:
        StateError: ``release-known`` or ``round-not-open``.
    """
    manifest = staged.manifest
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
    for name, document in (
        (CERTIFICATES, staged.certificates),
        (REPORT, staged.report),
        (COUNTS, staged.counts),
    ):
        box = seal_document(key, manifest.release_id, name, document)
        tx.session.add(InternalDocumentRow(release_id=manifest.release_id, name=name, box=box))
    tx.record(
        Event.RELEASE_STAGED,
        release=manifest.release_id,
        statement=statement.sha256,
        round=manifest.round_id,
    )


def internal_document(session: Session, row: ReleaseRow, name: str, key: Secret) -> bytes:
    """Open an internal document of a release.

    Raises:
        StateError: ``document-expired``.
    """
    document = session.get(InternalDocumentRow, (row.release_id, name))
    if document is None or document.box is None:
        raise StateError(
            "document-expired",
            f"expected the {name} of {row.release_id}, found that its term has ended",
            hint="stage the release again while its tally exists",
        )
    return open_document(key, row.release_id, name, document.box)


def published(session: Session, round_id: str) -> list[ReleaseRow]:
    """The releases of a round that readers see now."""
    query = select(ReleaseRow).where(
        ReleaseRow.state == ReleaseState.PUBLISHED, ReleaseRow.round_id == round_id
    )
    return list(session.scalars(query))


def latest_published(session: Session, round_id: str) -> Release | None:
    """The release that a new one of this round will supersede."""
    rows = published(session, round_id)
    return read_release(session, rows[0]) if rows else None


def next_release_id(session: Session, round_id: str, revision: int) -> str:
    """The id of the release that is staged next from a revision of a round."""
    query = select(ReleaseRow.release_id).where(ReleaseRow.round_id == round_id)
    staged = sum(1 for id_ in session.scalars(query) if id_.startswith(f"{round_id}-v{revision}."))
    return f"{round_id}-v{revision}.{staged}"
