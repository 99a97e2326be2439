"""Releases as readers meet them: the only door between the database and the web layer."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.policies import EVER_PUBLISHED, ReleaseState
from publisher.released import Manifest, Release, ReleasedTable
from publisher.store import ReleaseRow, RoundRow, released_tables
from shared.reference import Reference
from shared.state.database import Database
from shared.statement import Kind, Statement


def read_release(session: Session, row: ReleaseRow) -> Release:
    """A release with its tables, checked against the signed manifest; expired, without them.

    Raises:
        TrustError: ``released-bytes-differ``.
    """
    if row.state is ReleaseState.EXPIRED:
        return _release(row, ())
    return read_history(session, row)


def read_history(session: Session, row: ReleaseRow) -> Release:
    """A release as readers had it, also where its term has ended since.

    Raises:
        TrustError: ``released-bytes-differ``.
    """
    tables = tuple(
        ReleasedTable.from_bytes(each.table_id, each.title, each.data)
        for each in released_tables(session, row.release_id)
        if each.data is not None
    )
    release = _release(row, tables)
    release.check()
    return release


def _release(row: ReleaseRow, tables: tuple[ReleasedTable, ...]) -> Release:
    statement = Statement.from_bytes(row.statement)
    return Release(
        manifest=statement.read(Kind.RELEASE, Manifest),
        sha256=row.sha256,
        state=row.state.value,
        published_at=row.published_at or row.staged_at,
        statement=row.statement,
        tables=tables,
        reason=row.reason,
    )


class DatabaseReader:
    """Reads releases that were ever published; parsed tables are kept, states are not."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._parsed: dict[tuple[str, str], Release] = {}
        self._references: dict[str, Reference] = {}
        self._lock = Lock()

    def latest(self) -> Release | None:
        """The published release that is shown by default, or None before the first."""
        query = (
            select(ReleaseRow)
            .where(ReleaseRow.state == ReleaseState.PUBLISHED)
            .order_by(ReleaseRow.published_at.desc(), ReleaseRow.release_id.desc())
            .limit(1)
        )
        with self._database.reading() as session:
            row = session.scalars(query).one_or_none()
            return None if row is None else self._parse(session, row)

    def find(self, release_id: str) -> Release | None:
        """A release that was ever published, whatever its state now."""
        with self._database.reading() as session:
            row = session.get(ReleaseRow, release_id)
            return self._parse(session, row) if row and _was_published(row) else None

    def list(self) -> tuple[Release, ...]:
        """Every release that was ever published, newest first."""
        query = select(ReleaseRow).order_by(ReleaseRow.published_at.desc(), ReleaseRow.release_id)
        with self._database.reading() as session:
            rows: Sequence[ReleaseRow] = session.scalars(query).all()
            return tuple(self._parse(session, row) for row in rows if _was_published(row))

    def reference_of(self, release: Release) -> Reference | None:
        """The public reference bundle that a release pins."""
        pinned = release.manifest.reference
        with self._lock:
            if pinned not in self._references:
                with self._database.reading() as session:
                    row = session.get(RoundRow, release.manifest.round_id)
                    if row is None:
                        return None
                    self._references[pinned] = Reference.from_bytes(row.reference)
            return self._references[pinned]

    def _parse(self, session: Session, row: ReleaseRow) -> Release:
        key = (row.sha256, row.state.value)
        with self._lock:
            if key not in self._parsed:
                self._parsed[key] = read_release(session, row)
            return self._parsed[key]


def _was_published(row: ReleaseRow) -> bool:
    return row.published_at is not None and row.state in EVER_PUBLISHED
