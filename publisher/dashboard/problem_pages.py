"""A page in place of a problem document, for readers who came with a browser.

Programs get RFC 9457 documents, as everywhere. A browser that asks for a page gets the same
status and headers with a page that says what is the matter and where to go. The page is chosen
by the status, and for some by the code, from a list of texts; so nothing of the request and
nothing else of the error can stand on it.
"""

from __future__ import annotations

import json

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from publisher.dashboard.language import DUTCH, LANGUAGES, Language, speaking
from publisher.dashboard.pages.problems import problem_page
from publisher.dashboard.rendering import HTML
from shared.service.problems import MEDIA_TYPE

_PROGRAMS = ("/api/", "/downloads/", "/tallies/", "/static/")
"""Addresses that are no pages: who asks for them gets what a program can read."""


class ProblemPages:
    """ASGI middleware that shows a problem as a page to whoever asks for pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; put a page in place of a problem document."""
        if not _wants_a_page(scope):
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def send_page(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message  # what it says about the length follows from the document
            elif start is None:
                await send(message)
            elif not message.get("more_body", False):
                with speaking(_language_of(scope["path"])):
                    page = problem_page(start["status"], _code_in(message.get("body", b"")))
                headers = MutableHeaders(scope=start)
                headers["content-type"] = HTML
                headers["content-length"] = str(len(page))
                headers["cache-control"] = "no-store"
                await send(start)
                await send({"type": "http.response.body", "body": page})

        await self._app(scope, receive, send_page)


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type") == MEDIA_TYPE


def _code_in(document: bytes) -> str:
    """The code of a problem document; empty where there is none, as in the answer to HEAD."""
    try:
        return str(json.loads(document)["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _wants_a_page(scope: Scope) -> bool:
    """Whether a request comes from somebody who reads pages, at an address that can be one."""
    if scope["type"] != "http" or scope["path"].startswith(_PROGRAMS):
        return False
    ranges = Headers(scope=scope).get("accept", "").split(",")
    return any(each.split(";")[0].strip().lower() == "text/html" for each in ranges)


def _language_of(path: str) -> Language:
    """The language of an address; the main one where it has no other's prefix."""
    for language in LANGUAGES:
        if language.prefix and f"{path}/".startswith(f"{language.prefix}/"):
            return language
    return DUTCH
