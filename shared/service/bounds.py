"""Bounds of a request: how large it may be, and how long it may take to arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.envelope import MAX_BODY_BYTES, MAX_HEADER_BYTES
from shared.errors import InputError
from shared.service.problems import problem_of

MAX_URL_BYTES = 4 * 1024
MAX_REQUEST_HEADER_BYTES = 16 * 1024


class RequestTooLargeError(InputError):
    """More bytes than any request of this service has."""

    http_status = 413


class RequestTooSlowError(InputError):
    """The request stopped coming, or did not come to an end."""

    http_status = 408


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may take.

    Attributes:
        body_bytes: of its body.
        idle_seconds: between two pieces of its body.
        whole_seconds: until its body is there as a whole.
    """

    body_bytes: int = MAX_HEADER_BYTES + MAX_BODY_BYTES
    idle_seconds: float = 30
    whole_seconds: float = 900


DEFAULT_BOUNDS = Bounds()


class BoundedRequests:
    """ASGI middleware that refuses a request beyond its bounds, before and while it is read.

    Args:
        refused: told of the code of each refusal that the app itself does not see.
    """

    def __init__(self, app: ASGIApp, bounds: Bounds, refused: Callable[[str], None]) -> None:
        self._app = app
        self._bounds = bounds
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a watch on its body, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        error = _too_large(scope, self._bounds)
        if error is not None:
            self._refused(error.code)
            await problem_of(error)(scope, receive, send)
            return
        await self._app(scope, _Watched(receive, self._bounds), send)


class _Watched:
    """Receives the body of one request within its bounds."""

    def __init__(self, receive: Receive, bounds: Bounds) -> None:
        self._receive = receive
        self._bounds = bounds
        self._ends_at = asyncio.get_running_loop().time() + bounds.whole_seconds
        self._received = 0
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:  # what follows is a wait for the client to go, however long
            return await self._receive()
        left = self._ends_at - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(left, self._bounds.idle_seconds)):
                message = await self._receive()
        except TimeoutError as error:
            raise RequestTooSlowError(
                "request-too-slow",
                "expected the whole request in time, found that it stopped coming",
                hint="nothing was stored; send it again",
            ) from error
        self._complete = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        if self._received > self._bounds.body_bytes:
            raise _body_too_large(self._bounds)
        return message


def _too_large(scope: Scope, bounds: Bounds) -> RequestTooLargeError | None:
    url = len(scope["raw_path"] or b"") + len(scope["query_string"])
    headers = sum(len(name) + len(value) for name, value in scope["headers"])
    if url > MAX_URL_BYTES or headers > MAX_REQUEST_HEADER_BYTES:
        return RequestTooLargeError(
            "request-header-too-large",
            "expected an address and headers of an ordinary size, found larger ones",
            hint="leave out what is not needed",
        )
    stated = dict(scope["headers"]).get(b"content-length", b"0")
    if stated.isdigit() and int(stated) > bounds.body_bytes:
        return _body_too_large(bounds)
    return None


def _body_too_large(bounds: Bounds) -> RequestTooLargeError:
    return RequestTooLargeError(
        "request-too-large",
        f"expected at most {bounds.body_bytes} bytes in one request, found more",
        hint="deliver in parts; the hasher makes them",
    )
