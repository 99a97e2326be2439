"""From a page and its view to HTML: Jinja2 with every value escaped and every name defined."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from publisher.api.answers import answer
from publisher.dashboard.figures import SYMBOLS
from publisher.downloads.words import MARK, decimal_text
from publisher.released import Manifest

_MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni",
    "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step on the way from the front page to here."""

    label: str
    href: str


HOME = Crumb("Regio", "/")
MENU = (
    HOME,
    Crumb("Gemeenten", "/gemeenten"),
    Crumb("Schoolsoorten", "/schoolsoorten"),
    Crumb("Scholen", "/scholen"),
    Crumb("Uitleg", "/methode"),
    Crumb("Uitgaven", "/releases"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """What stands around the content of a page.

    Attributes:
        title: its heading, and the first part of the title of the window.
        section: address of the entry of the menu under which it falls.
        crumbs: the way back up, without the page itself.
        manifest: the release that the page shows, or None where it shows no figures.
    """

    title: str
    section: str
    crumbs: tuple[Crumb, ...] = ()
    manifest: Manifest | None = None

    @property
    def mark(self) -> str:
        """The synthetic mark, or nothing."""
        return MARK if self.manifest is not None and self.manifest.synthetic else ""


def day_words(moment: datetime) -> str:
    """``2 maart 2026``."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def whole_words(number: int) -> str:
    """``12.345``."""
    return decimal_text(number, 0, thousands=".")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("publisher.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": day_words, "whole": whole_words}
    environment.globals |= {"menu": MENU, "symbols": SYMBOLS}
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
