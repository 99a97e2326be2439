"""A page in place of a problem document, for readers who came with a browser.

Programs get RFC 9457 documents, as everywhere. A browser that asks for a page gets the same
status and headers with a page that says what is the matter and where to go. The page is chosen
by the status alone, so that nothing of the request and nothing of the error can stand on it.
"""

from __future__ import annotations

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
        page = b""

        async def send_page(message: Message) -> None:
            nonlocal page
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type") == MEDIA_TYPE:
                    with speaking(_language_of(scope["path"])):
                        page = problem_page(message["status"])
                    headers["content-type"] = HTML
                    headers["content-length"] = str(len(page))
                    headers["cache-control"] = "no-store"
            elif page:
                if message.get("more_body", False):
                    return
                message = {"type": "http.response.body", "body": page}
            await send(message)

        await self._app(scope, receive, send_page)


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
