"""What readers once had, read back from the store: a new release is protected beside it."""

from __future__ import annotations

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from publisher.history import Counted, earlier_of
from publisher.protection import Earlier
from publisher.reading import read_history
from publisher.releasing.internal import open_document
from publisher.staging import rules_of
from publisher.store import InternalDocumentRow, ReleaseRow, find_round
from shared.contract.tally import Tally
from shared.reference import Reference
from shared.state.round_keys import RoundKeys

COUNTS = "counts"
"""Name of the internal document with the counts behind a release."""


def published_before(
    session: Session, keys: RoundKeys, tally: Tally, release: ReleaseRow | None = None
) -> tuple[Earlier, ...]:
    """Every release that readers once had, oldest first, whatever became of it since.

    Args:
        session: of one reading.
        keys: open the counts of releases whose round is still here.
        tally: says what a table counts where an earlier release's own counts are gone.
        release: only what was published before this one; None for what is being staged.
    """
    query = select(ReleaseRow).where(ReleaseRow.published_at.is_not(None))
    if release is not None:
        query = query.where(ReleaseRow.release_id != release.release_id)
        if release.published_at is not None:
            order = tuple_(ReleaseRow.published_at, ReleaseRow.release_id)
            query = query.where(order < (release.published_at, release.release_id))
    tables = {table.id: table for table in tally.header.tables}
    found = []
    for row in session.scalars(query.order_by(ReleaseRow.published_at, ReleaseRow.release_id)):
        round_ = find_round(session, row.round_id).read()
        counted = _counted(session, keys, row, round_.reference)
        release_then, policy = read_history(session, row), round_.policy
        found.append(earlier_of(release_then, counted, rules_of(policy), tables, policy.tables))
    return tuple(found)


def _counted(
    session: Session, keys: RoundKeys, row: ReleaseRow, reference: Reference
) -> Counted | None:
    """The counts behind a release, or None where they went with their round."""
    document = session.get(InternalDocumentRow, (row.release_id, COUNTS))
    if document is None or document.box is None or not keys.exists(row.round_id):
        return None
    key = keys.storage_key(row.round_id)
    data = open_document(key, row.release_id, COUNTS, document.box)
    return Counted(Tally.from_bytes(data), reference)
