"""Imports as they are kept beside the releases: made once, listed, withdrawn with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import defer, undefer

from publisher.context.figures import (
    AnyDocument,
    Areas,
    Document,
    Figures,
    from_bytes,
    to_bytes,
)
from publisher.context.shown import Context
from publisher.context.surveys.outcomes import Outcomes
from publisher.store import ContextRow
from shared.canonical import sha256_hex
from shared.errors import InputError, NotFoundError, PolicyError, StateError
from shared.ledger import Event
from shared.state.database import Database, Transaction

MAX_REASON = 500
_Names = tuple[tuple[str, str, str], ...]
_SHORTEST_HASH = 8


class Held(StrEnum):
    """What an import holds."""

    FIGURES = "figures"  # of open data
    AREAS = "areas"  # which municipalities make up a samenwerkingsverband
    SURVEY = "survey"  # outcomes of a questionnaire, already protected


_KINDS: dict[type[Document], Held] = {
    Figures: Held.FIGURES,
    Areas: Held.AREAS,
    Outcomes: Held.SURVEY,
}


@dataclass(frozen=True, slots=True)
class Import:
    """A line of the list of imports.

    Attributes:
        sha256: of the original file; of a questionnaire that of what may be shown of it.
        reason: why it was withdrawn, or empty.
    """

    source: str
    sha256: str
    kind: Held
    imported_at: datetime
    reason: str

    @property
    def is_withdrawn(self) -> bool:
        """Whether nobody is shown it any more."""
        return bool(self.reason)


def identity_of(document: Figures | Areas | Outcomes) -> tuple[str, str]:
    """The source of a document and the hash that it is known by.

    The file of a questionnaire holds counts that may not be shown, so its own hash could be
    tried out: it is kept nowhere, and what is shown stands for it.
    """
    if isinstance(document, Outcomes):
        return f"vragenlijst-{document.group}", sha256_hex(to_bytes(document))
    return document.source.id, document.sha256


def keep(
    database: Database, document: Figures | Areas | Outcomes, *, synthetic_allowed: bool
) -> bool:
    """Keep what was read of one file; as ``keep_all``."""
    (new,) = keep_all(database, (document,), synthetic_allowed=synthetic_allowed)
    return new


def keep_all(
    database: Database,
    documents: Sequence[Figures | Areas | Outcomes],
    *,
    synthetic_allowed: bool,
) -> tuple[bool, ...]:
    """Keep what was read, all of it or nothing; per document whether it was new.

    The same file again changes nothing.

    Args:
        synthetic_allowed: the policy is that of a demonstration.

    Raises:
        PolicyError: ``context-synthetic``.
        StateError: ``survey-period-kept``.
    """
    if any(each.synthetic for each in documents) and not synthetic_allowed:
        raise PolicyError(
            "context-synthetic",
            "expected real figures under a policy that is not synthetic, found invented ones",
            hint="import the original file, without --synthetic",
        )
    return database.run(lambda tx: tuple(_enter(tx, each) for each in documents))


def _enter(tx: Transaction, document: Figures | Areas | Outcomes) -> bool:
    source, sha256 = identity_of(document)
    data = to_bytes(document)
    known = tx.session.get(ContextRow, (source, sha256))
    if known is not None and not known.reason and known.document == data:
        return False
    if isinstance(document, Outcomes):
        _check_only(tx, source, document)
    row = ContextRow(
        source=source,
        sha256=sha256,
        kind=_KINDS[type(document)].value,
        document=data,
        imported_at=tx.now,
        reason="",
    )
    tx.session.merge(row)
    tx.record(Event.CONTEXT_IMPORTED, source=source, sha256=sha256)
    return True


def _check_only(tx: Transaction, source: str, document: Outcomes) -> None:
    """Refuse a second file of one questionnaire and period.

    Only the newest would be shown, but both would be kept: two roundings of almost the same
    answers, of which the difference tells more than either.
    """
    kept = tx.session.scalars(_shown().where(ContextRow.source == source)).all()
    held = (from_bytes(row.document, Outcomes) for row in kept if row.document is not None)
    if any(each.period == document.period for each in held):
        raise StateError(
            "survey-period-kept",
            f"expected no outcomes of {source} over {document.period} yet, found some",
            hint="withdraw these first; `publisher context list` says under which hash",
        )


def withdraw(database: Database, sha256: str, reason: str) -> Import:
    """Withdraw an import: its figures are deleted, what it was stays in the list.

    Args:
        sha256: its hash, or the first characters of it.

    Raises:
        InputError: ``context-reason``, or ``context-hash-short`` where it fits several.
        NotFoundError: ``context-import-unknown``.
    """
    if not 1 <= len(reason.strip()) <= MAX_REASON:
        raise InputError("context-reason", f"expected a reason of 1 to {MAX_REASON} characters")

    def enter(tx: Transaction) -> Import:
        query = select(ContextRow).where(ContextRow.reason == "")
        rows = [row for row in tx.session.scalars(query) if row.sha256.startswith(sha256)]
        if len(sha256) < _SHORTEST_HASH or len(rows) > 1:
            raise InputError(
                "context-hash-short",
                f"expected a hash, or at least {_SHORTEST_HASH} characters that only one has",
                hint="see `publisher context list`",
            )
        if not rows:
            raise NotFoundError(
                "context-import-unknown",
                "expected the hash of an import that is not withdrawn, found none",
                hint="see `publisher context list`",
            )
        row = rows[0]
        row.reason, row.document = reason.strip(), None
        tx.record(Event.CONTEXT_WITHDRAWN, source=row.source, sha256=row.sha256)
        return _line(row)

    return database.run(enter)


def imports(database: Database) -> tuple[Import, ...]:
    """Every import, the newest first."""
    with database.reading() as session:
        return tuple(_line(row) for row in session.scalars(_newest_first()))


class ContextReader:
    """Reads what is shown; parsed documents are kept while nothing changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: tuple[_Names, Context] = ((), Context.of())

    def __call__(self) -> Context:
        """What was imported and not withdrawn."""
        with self._database.reading() as session:
            light = session.scalars(_shown().options(defer(ContextRow.document)))
            names = tuple((row.source, row.sha256, str(row.imported_at)) for row in light)
            if names != self._known[0]:
                rows = session.scalars(_shown().options(undefer(ContextRow.document))).all()
                self._known = (names, _parsed(rows))
            return self._known[1]


def _newest_first() -> Select[ContextRow]:
    """Every import; those of the same second by name."""
    order = (ContextRow.imported_at.desc(), ContextRow.source, ContextRow.sha256)
    return select(ContextRow).order_by(*order)


def _shown() -> Select[ContextRow]:
    return _newest_first().where(ContextRow.reason == "")


def _parsed(rows: Sequence[ContextRow]) -> Context:
    def of(kind: Held, model: type[AnyDocument]) -> tuple[AnyDocument, ...]:
        return tuple(
            from_bytes(row.document, model)
            for row in rows
            if row.kind == kind and row.document is not None
        )

    return Context.of(of(Held.FIGURES, Figures), of(Held.AREAS, Areas), of(Held.SURVEY, Outcomes))


def _line(row: ContextRow) -> Import:
    return Import(row.source, row.sha256, Held(row.kind), row.imported_at, row.reason)
