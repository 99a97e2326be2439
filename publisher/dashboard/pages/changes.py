"""What changed from each release to the next, as it was signed, and what is announced."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.changes import ChangeKind
from publisher.dashboard.language import _, day, msg, number
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.site import Site
from publisher.dashboard.words import STATE_WORDS
from publisher.downloads.words import LEVEL_WORDS
from publisher.released import Change, Release
from shared.reference import Level

_CHANGES = Crumb(msg("Wijzigingen"), "/wijzigingen")
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


@dataclass(frozen=True, slots=True)
class ReleaseChanges:
    """A release and how it differs from the one that it replaced.

    Attributes:
        changes: a table and what happened to it, in words.
    """

    release_id: str
    published: str
    state: str
    reason: str
    is_provisional: bool
    is_first: bool
    changes: tuple[tuple[str, str], ...]


def routes(site: Site) -> APIRouter:
    """The address of the page."""
    router = APIRouter()

    @router.get(_CHANGES.href)
    def changes(request: Request) -> Response:
        """Every release and what changed in it, newest first."""
        releases = site.reader.list()
        latest = releases[0].manifest if releases else None
        page = Page(_(_CHANGES.label), _CHANGES.href, (HOME,), latest)
        told = [_told(release) for release in releases]
        return reply(request, render("changes.html", page, releases=told))

    return router


def _told(release: Release) -> ReleaseChanges:
    manifest = release.manifest
    titles = {table.id: table.title for table in manifest.tables}
    return ReleaseChanges(
        release_id=manifest.release_id,
        published=day(release.published_at),
        state=_(STATE_WORDS[release.state].label),
        reason=release.reason,
        is_provisional=manifest.provisional,
        is_first=not manifest.supersedes,
        changes=tuple(
            (_(titles.get(change.table, change.table)), _words(release, change))
            for change in manifest.changes
        ),
    )


def _words(release: Release, change: Change) -> str:
    words = {each.value: text for each, text in _WORDS.items()}.get(change.kind, change.kind)
    return _(words, what=_what(release, change.what), n=number(change.cells))


def _what(release: Release, what: str) -> str:
    """A measure or a level by its name; a period or a category has one already."""
    if what in set(Level):
        return _(LEVEL_WORDS[Level(what)])
    labels = {note.id: note.label for note in release.manifest.measures}
    return _(labels.get(what, what))
