"""Keeps notes beside the releases: each version a row, each change in the ledger."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.notes.note import Note, Status, check_note
from publisher.notes.shown import Notes
from publisher.reading import DatabaseReader
from publisher.store import NoteRow
from shared.errors import InputError, NotFoundError
from shared.ledger import Event
from shared.reference import Level, Reference
from shared.state.database import Database, Transaction


def write(database: Database, note: Note, threshold: int, reference: Reference | None) -> int:
    """Keep a note, or a further version of it; the number of the version.

    Args:
        note: its ``version`` and ``written_on`` are filled in here.
        threshold: of the policy.
        reference: of the latest release; None where nothing is published.

    Raises:
        InputError: what ``check_note`` raises, ``note-subject-unknown`` where the latest release
            knows no such arrangement or school, or ``note-moved`` where the note is about another.
    """
    _check_subject(note, reference)

    def enter(tx: Transaction) -> int:
        today = tx.now.date()
        before = _versions(tx.session, note.id)
        if before and (before[-1].level, before[-1].unit) != (note.level, note.unit):
            raise InputError(
                "note-moved",
                "expected a further version about the same arrangement or school",
                hint="begin a note with another id",
            )
        row = NoteRow(
            id=note.id,
            version=len(before) + 1,
            level=note.level.value,
            unit=note.unit,
            status=note.status.value,
            title=note.title,
            text=note.text,
            owner=note.owner,
            review_on=note.review_on,
            written_on=today,
            removed=False,
        )
        check_note(_note(row), threshold)
        tx.session.add(row)
        tx.record(Event.NOTE_WRITTEN, note=note.id, version=row.version, status=row.status)
        return row.version

    return database.run(enter)


def remove(database: Database, note_id: str) -> None:
    """Delete the words of every version; what is left says that there was a note.

    Raises:
        NotFoundError: ``note-unknown``.
    """

    def enter(tx: Transaction) -> None:
        rows = _versions(tx.session, note_id)
        if not rows or all(row.removed for row in rows):
            raise NotFoundError(
                "note-unknown", "expected a note with that id", hint="see `publisher note list`"
            )
        for row in rows:
            row.title = row.text = row.owner = ""
            row.removed = True
        tx.record(Event.NOTE_REMOVED, note=note_id)

    database.run(enter)


def read_notes(database: Database) -> Notes:
    """Every note that was not removed, as it stands today."""
    query = select(NoteRow).where(NoteRow.removed.is_(False))
    with database.reading() as session:
        rows = session.scalars(query.order_by(NoteRow.id, NoteRow.version)).all()
        return Notes.of(tuple(_note(row) for row in rows), database.now().date())


def latest_reference(database: Database) -> Reference | None:
    """The public facts that the latest release pins, or None before the first."""
    reader = DatabaseReader(database)
    release = reader.latest()
    return None if release is None else reader.reference_of(release)


def _check_subject(note: Note, reference: Reference | None) -> None:
    known = {Level.ARRANGEMENT: set[str](), Level.SCHOOL: set[str]()}
    if reference is not None:
        known[Level.ARRANGEMENT] = {str(each.number) for each in reference.arrangements}
        known[Level.SCHOOL] = {each.code for each in reference.schools if each.in_region}
    if note.unit not in known.get(note.level, set()):
        raise InputError(
            "note-subject-unknown",
            "expected the number of an arrangement or the code of a school of the latest release",
            hint="both stand in the addresses of their pages; publish a release first",
        )


def _versions(session: Session, note_id: str) -> list[NoteRow]:
    query = select(NoteRow).where(NoteRow.id == note_id).order_by(NoteRow.version)
    return list(session.scalars(query))


def _note(row: NoteRow) -> Note:
    return Note(
        id=row.id,
        version=row.version,
        level=Level(row.level),
        unit=row.unit,
        status=Status(row.status),
        title=row.title,
        text=row.text,
        owner=row.owner,
        review_on=row.review_on,
        written_on=row.written_on,
    )
