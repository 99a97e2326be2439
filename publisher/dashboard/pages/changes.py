"""What changed from each release to the next, as it was signed, and what is announced."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.blocks import changed
from publisher.dashboard.language import _, day, msg
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.site import Site
from publisher.dashboard.words import STATE_WORDS
from publisher.released import Release

_CHANGES = Crumb(msg("Wijzigingen"), "/wijzigingen")


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
    return ReleaseChanges(
        release_id=manifest.release_id,
        published=day(release.published_at),
        state=_(STATE_WORDS[release.state].label),
        reason=release.reason,
        is_provisional=manifest.provisional,
        is_first=not manifest.supersedes,
        changes=changed(manifest),
    )
