"""Releases: the list of all, and per release what was signed, its state and its files."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.api.lookup import SHOWN_STATES
from publisher.dashboard.blocks import release_files
from publisher.dashboard.language import _, msg
from publisher.dashboard.pages.problems import not_found
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.site import Site
from publisher.dashboard.words import STATE_WORDS
from publisher.downloads.addresses import release_address, statement_address
from publisher.released import Release
from shared.statement import Statement

_LIST = Crumb(msg("Uitgaven en bestanden"), "/releases")


def routes(site: Site) -> APIRouter:
    """The addresses of the list and of each release."""
    router = APIRouter()

    @router.get("/releases")
    def releases(request: Request) -> Response:
        """Every release that was ever published, newest first."""
        page = Page(_("Uitgaven"), _LIST.href, crumbs=(HOME,))
        html = render("releases.html", page, releases=site.reader.list(), states=STATE_WORDS)
        return reply(request, html)

    @router.get("/releases/{release_id}")
    def release(request: Request, release_id: str) -> Response:
        """One release, whatever its state; its files only while its figures may be used."""
        found = site.reader.find(release_id)
        if found is None:
            return not_found(
                request,
                _("Deze uitgave bestaat niet"),
                _("Controleer het adres, of kies een uitgave uit de lijst."),
                Crumb(msg("Alle uitgaven"), _LIST.href),
            )
        manifest = found.manifest
        shown = found.state in SHOWN_STATES
        html = render(
            "release.html",
            Page(
                manifest.title, _LIST.href, (HOME, _LIST), manifest,
                f"{_LIST.href}/{manifest.release_id}",
            ),
            release=found,
            manifest=manifest,
            state=STATE_WORDS[found.state],
            signers=_signers(found),
            files=release_files(site.findings(found)) if shown else (),
            api=release_address(manifest.release_id),
            statement=statement_address(manifest.release_id),
        )  # fmt: skip
        return reply(request, html)

    return router


def _signers(release: Release) -> tuple[str, ...]:
    return tuple(
        signature.party for signature in Statement.from_bytes(release.statement).signatures
    )
