"""What a release changes, in words: as its manifest has it, which is signed."""

from __future__ import annotations

from publisher.changes import ChangeKind
from publisher.dashboard.language import _, msg, number
from publisher.downloads.words import LEVEL_WORDS
from publisher.released import Change, Manifest
from shared.reference import Level

_WORDS = {
    ChangeKind.TABLE_ADDED: msg("nieuwe tabel"),
    ChangeKind.TABLE_REMOVED: msg("tabel vervallen"),
    ChangeKind.MEASURE_ADDED: msg("nieuw cijfer: {what}"),
    ChangeKind.MEASURE_REMOVED: msg("cijfer vervallen: {what}"),
    ChangeKind.MEASURE_REDEFINED: msg("andere omschrijving: {what}"),
    ChangeKind.PERIOD_ADDED: msg("nieuwe periode: {what}"),
    ChangeKind.PERIOD_REMOVED: msg("periode vervallen: {what}"),
    ChangeKind.LEVEL_ADDED: msg("nieuw niveau: {what}"),
    ChangeKind.LEVEL_REMOVED: msg("niveau vervallen: {what}"),
    ChangeKind.CATEGORY_ADDED: msg("nieuwe groep: {what}"),
    ChangeKind.CATEGORY_REMOVED: msg("groep vervallen: {what}"),
    ChangeKind.CELLS_ADDED: msg("nieuwe cijfers: {n}"),
    ChangeKind.CELLS_REMOVED: msg("vervallen cijfers: {n}"),
    ChangeKind.CELLS_CHANGED: msg("cijfers van een eerdere periode die nu anders zijn: {n}"),
}


def changed(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """Per change a table, and what happened to it."""
    titles = {table.id: table.title for table in manifest.tables}
    return tuple(
        (_(titles.get(change.table, change.table)), _words(manifest, change))
        for change in manifest.changes
    )


def _words(manifest: Manifest, change: Change) -> str:
    words = {each.value: text for each, text in _WORDS.items()}.get(change.kind, change.kind)
    return _(words, what=_what(manifest, change.what), n=number(change.cells))


def _what(manifest: Manifest, what: str) -> str:
    """A measure or a level by its name; a period or a category has one already."""
    if what in set(Level):
        return _(LEVEL_WORDS[Level(what)])
    labels = {note.id: note.label for note in manifest.measures}
    return _(labels.get(what, what))
