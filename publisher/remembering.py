"""Answers to unknown readers, given again for as long as nothing has changed.

What anybody may read follows from what the ledger tells and from the files that the service obeys.
So one look at those says whether an answer of before still holds. Nobody is answered on the
strength of a look that began before they asked: a release that was withdrawn is gone at once. Who
ask at the same time share a look, so that many readers cost hardly more than one.

An answer is kept only where the route itself says that it may be (``ASK_AGAIN``), nobody is known
to ask, and it came in one piece.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from publisher.access.gate import READER
from publisher.api.answers import ASK_AGAIN, KNOWN_TAGS, already_has
from shared.errors import MonitorError

READ_BY_ROUTES = ("accept",)
"""The request headers, beside the known ETags, on which an answer may depend."""
MOST_BYTES = 64 * 1024 * 1024
LARGEST_BYTES = 4 * 1024 * 1024
MAX_ASKED_BYTES = 2_000
"""Of address, query and the headers above; who asks for more is answered anew each time."""
_ABOUT_THE_BODY = (b"content-length", b"content-type", b"content-disposition")

Look = Callable[[], Hashable]
"""Tells two moments apart between which something changed that readers can see."""


class SharedLooks:
    """One look after another, each for everybody who asked before it began."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._begun: asyncio.Task[Hashable] | None = None
        self._next: asyncio.Task[Hashable] | None = None

    async def now(self) -> Hashable:
        """What a look sees that begins after this call.

        Raises:
            MonitorError: of the look itself.
        """
        if self._next is None or self._next.done():
            self._next = asyncio.create_task(self._look_after(self._begun))
        # Who hangs up does not take the look away from the others.
        return await asyncio.shield(self._next)

    async def _look_after(self, earlier: asyncio.Task[Hashable] | None) -> Hashable:
        if earlier is not None and not earlier.done():
            await asyncio.wait({earlier})
        self._begun, self._next = self._next, None
        return await run_in_threadpool(self._look)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was sent, and the route that made it, under which it is logged and counted."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    route: Any

    @property
    def etag(self) -> str:
        return Headers(raw=list(self.headers)).get("etag", "")


class RememberedAnswers:
    """ASGI middleware behind the gate that gives an answer again while it holds.

    Args:
        look: sees whether anything changed.
        most_bytes: of all bodies that are kept.
    """

    def __init__(self, app: ASGIApp, look: Look, most_bytes: int = MOST_BYTES) -> None:
        self._app = app
        self._looks = SharedLooks(look)
        self._most_bytes = most_bytes
        self._seen: Hashable = None
        self._answers: OrderedDict[Hashable, _Answer] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the answer of before, or pass the request on and keep what comes back."""
        key = _key_of(scope)
        if key is None or not await self._is_up_to_date():
            await self._app(scope, receive, send)
            return
        known = self._answers.get(key)
        if known is None:
            await self._app(scope, receive, self._keeping(key, self._seen, scope, send))
            return
        self._answers.move_to_end(key)
        scope["route"] = known.route
        await _give(known, Headers(scope=scope).get(KNOWN_TAGS, ""), send)

    async def _is_up_to_date(self) -> bool:
        """Forget everything where something changed; False where that cannot be seen."""
        try:
            seen = await self._looks.now()
        except MonitorError:  # the routes meet the same, and say so
            return False
        if seen != self._seen:
            self._seen, self._bytes = seen, 0
            self._answers.clear()
        return True

    def _keeping(self, key: Hashable, seen: Hashable, scope: Scope, send: Send) -> Send:
        headers: tuple[tuple[bytes, bytes], ...] | None = None

        async def send_and_keep(message: Message) -> None:
            nonlocal headers
            if message["type"] == "http.response.start":
                headers = tuple(message["headers"]) if _may_be_kept(message) else None
            elif headers is not None and not message.get("more_body", False):
                self._keep(key, seen, _Answer(headers, message["body"], scope.get("route")))
            else:
                headers = None
            await send(message)

        return send_and_keep

    def _keep(self, key: Hashable, seen: Hashable, answer: _Answer) -> None:
        # Something may have changed while the answer was made.
        if seen != self._seen or len(answer.body) > LARGEST_BYTES:
            return
        old = self._answers.pop(key, None)
        self._bytes += len(answer.body) - (len(old.body) if old else 0)
        self._answers[key] = answer
        while self._bytes > self._most_bytes:
            _, oldest = self._answers.popitem(last=False)
            self._bytes -= len(oldest.body)


def _key_of(scope: Scope) -> Hashable | None:
    """All that an answer to nobody in particular depends on; None for any other request."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["state"][READER] is not None:
        return None
    headers = Headers(scope=scope)
    key = (
        scope["scheme"], scope["path"], scope["query_string"],
        *(tuple(headers.getlist(name)) for name in READ_BY_ROUTES),
    )  # fmt: skip
    return key if len(repr(key)) <= MAX_ASKED_BYTES else None


def _may_be_kept(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    is_for_all = headers.get("cache-control") == ASK_AGAIN and "set-cookie" not in headers
    return start["status"] == 200 and is_for_all and "etag" in headers


async def _give(answer: _Answer, known_tags: str, send: Send) -> None:
    """Send what was kept, or 304 to who has it; a fresh list, since others add to it."""
    status, headers, body = 200, list(answer.headers), answer.body
    if already_has(known_tags, answer.etag):
        status, body = 304, b""
        headers = [pair for pair in headers if pair[0] not in _ABOUT_THE_BODY]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
