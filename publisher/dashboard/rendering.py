"""From a page and its view to HTML: Jinja2 with every value escaped and every name defined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from publisher.api.answers import answer
from publisher.dashboard.figures import SYMBOLS
from publisher.dashboard.language import (
    LANGUAGES,
    Language,
    _,
    counted,
    day,
    elsewhere,
    here,
    msg,
    number,
    spoken,
)
from publisher.dashboard.series import ROW_NOTES
from publisher.dashboard.words import NOTE_WORDS
from publisher.downloads.words import MARK
from publisher.released import Manifest

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step on the way from the front page to here; its label is translated where it stands."""

    label: str
    href: str


HOME = Crumb(msg("Regio"), "/")
MENU = (
    HOME,
    Crumb(msg("Gemeenten"), "/gemeenten"),
    Crumb(msg("Samenwerkingsverbanden"), "/samenwerkingsverbanden"),
    Crumb(msg("Schoolsoorten"), "/schoolsoorten"),
    Crumb(msg("Scholen"), "/scholen"),
    Crumb(msg("Onderwerpen"), "/onderwerpen"),
    Crumb(msg("Vergelijken"), "/vergelijken"),
    Crumb(msg("Uitleg"), "/methode"),
)
"""The main menu."""
FOOT = (
    Crumb(msg("Alle cijfers verkennen"), "/verkennen"),
    Crumb(msg("Arrangementen"), "/arrangementen"),
    Crumb(msg("Cijfers uit andere bronnen"), "/context"),
    Crumb(msg("Uitgaven en bestanden"), "/releases"),
    Crumb(msg("Wijzigingen"), "/wijzigingen"),
    Crumb(msg("Wat wij bewaren en waarom"), "/verantwoording"),
    Crumb(msg("Toegankelijkheid"), "/toegankelijkheid"),
)
"""What stands at the foot of every page."""


@dataclass(frozen=True, slots=True)
class Page:
    """What stands around the content of a page.

    Attributes:
        title: its heading, and the first part of the title of the window.
        section: address of the entry of the menu under which it falls.
        crumbs: the way back up, without the page itself.
        manifest: the release that the page shows, or None where it shows no figures.
        address: of the page itself, without language; empty for that of its section.
        awaits: whether the release is not published yet, so that no page of its own can be named.
    """

    title: str
    section: str
    crumbs: tuple[Crumb, ...] = ()
    manifest: Manifest | None = None
    address: str = ""
    awaits: bool = False

    @property
    def mark(self) -> str:
        """The synthetic mark, or nothing."""
        return _(MARK) if self.manifest is not None and self.manifest.synthetic else ""

    @property
    def language(self) -> Language:
        """The language of the page."""
        return spoken()

    @property
    def languages(self) -> tuple[tuple[Language, str], ...]:
        """The other languages, each with the address of this page in it."""
        own = self.address or self.section
        return tuple(
            (each, elsewhere(own, each)) for each in LANGUAGES if each is not self.language
        )


@pass_context
def _here(_context: Context, address: str) -> str:
    # Asking for the context keeps Jinja2 from working a constant address out once for good.
    return here(address)


def _plural(one: str, more: str, count: int) -> str:
    return counted(one, more, count)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("publisher.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    installed: Any = environment
    installed.install_gettext_callables(_, _plural, newstyle=True)
    environment.filters |= {"day": day, "whole": number, "here": _here}
    environment.globals |= {"menu": MENU, "foot": FOOT, "symbols": SYMBOLS, "row_notes": ROW_NOTES}
    environment.globals |= {"note_words": NOTE_WORDS}
    return environment


_ENVIRONMENT = _environment()


def render(template: str, page: Page, **view: Any) -> bytes:
    """A page as HTML."""
    return _ENVIRONMENT.get_template(template).render(page=page, **view).encode()


def reply(request: Request, html: bytes, status: int = 200) -> Response:
    """Answer with a page, under an ETag of its bytes; one that tells of a problem is not kept."""
    if status != 200:
        return Response(html, status, {"Cache-Control": "no-store"}, HTML)
    return answer(request, html, HTML)
