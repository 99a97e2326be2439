"""All bytes behind a release as they lie in the store, and the hash under which they were verified.

What is withheld stands among them as ciphertext only: nobody can try counts against the hash.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.store import (
    InternalDocumentRow,
    ReleaseRow,
    find_round,
    newest_tally,
    released_tables,
)
from shared.canonical import pae, sha256_hex


def sha256_of(session: Session, row: ReleaseRow) -> str:
    """SHA-256 over everything that is looked at to verify a release."""
    return sha256_hex(pae(b"MOJ/1 verified", *_looked_at(session, row)))


def _looked_at(session: Session, row: ReleaseRow) -> Iterator[bytes]:
    round_ = find_round(session, row.round_id)
    tally = newest_tally(session, row.round_id)
    yield from (row.release_id.encode(), row.state.value.encode(), row.sha256.encode())
    yield from (row.statement, row.summary.encode())
    yield from (round_.statement, round_.policy, round_.reference)
    yield b"" if tally is None else tally.envelope or b""
    for table in released_tables(session, row.release_id):
        yield from (table.table_id.encode(), table.title.encode(), table.data or b"")
    documents = select(InternalDocumentRow).where(InternalDocumentRow.release_id == row.release_id)
    for document in session.scalars(documents.order_by(InternalDocumentRow.name)):
        yield from (document.name.encode(), document.box or b"")
