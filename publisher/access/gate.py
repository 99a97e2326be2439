"""The gate before every address: who asks, and whether they may use what stands there.

It stands before the routes and knows none of them, so that a new address is closed by itself.
Steps, from cheap to dear:

1. The address has one meaning: an unprintable character stands in none.
2. Who sends nothing gets what is open: in a public publisher everything but approvals.
3. A token, or else a session, says who asks; one that does not count is refused everywhere.
4. The reader's role and scopes must hold what stands at the address.
5. What is not open to everybody asks for a ground that stands today: agreements and signatures.
6. A reader of one area gets the rows of that area, and nothing else that has rows.
7. The day's use is written down before anything is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from publisher.access.addresses import (
    NEVER_PUBLIC,
    SIGN_IN,
    TARGET_KEY,
    check_plain,
    is_open,
    own_page,
    resource_at,
    within_area,
)
from publisher.access.doorway import SESSION_COOKIE
from publisher.access.journal import Journal, Use
from publisher.access.readers import Reader
from publisher.access.refusals import NotSignedInError, sign_in_needed, token_refused
from publisher.access.roles import Resource
from publisher.access.standing import Standing
from publisher.access.tokens import Tokens
from shared.clock import Clock
from shared.errors import MonitorError
from shared.service.problems import problem_of

BEARER = "bearer "
_NO_STORE = {"cache-control": "no-store"}
_NOT_ALLOWED = 1008
"""How a WebSocket is closed that breaks a rule (RFC 6455, 7.4.1)."""
_FOR_PROGRAMS = frozenset({Resource.API, Resource.METRICS})
READER = "reader"
"""Key in the state of a request: who asks, where that is known."""


class KnowsSessions(Protocol):
    """What the gate needs of sessions."""

    def reader(self, text: str, now: datetime) -> Reader | None:
        """Whose session a cookie is of; None where it has ended or never was."""
        ...


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may use what of this publisher.

    Attributes:
        is_closed: whether released figures are for known readers only.
        sessions: None where nobody can sign in.
    """

    tokens: Tokens
    standing: Standing
    journal: Journal
    clock: Clock
    is_closed: bool
    sessions: KnowsSessions | None = None

    def admit(self, connection: HTTPConnection) -> Reader | None:
        """Who asks, where that is known and they may; None for anybody where that is enough.

        Raises:
            NotFoundError: ``address-not-plain``.
            NotSignedInError: nobody is known, or by something that does not count.
            PolicyError: ``access-not-allowed``, ``area-not-yours``, or no agreement in force.
            TrustError: a role that is not as it was given and confirmed.
        """
        scope = connection.scope
        check_plain(scope["path"])
        path, resource = scope["path"], resource_at(scope["path"])
        if is_open(scope["method"], path):
            return None
        reader = self._known(connection)
        is_for_some = self.is_closed or resource in NEVER_PUBLIC
        if reader is None:
            if is_for_some:
                raise sign_in_needed()
            return None
        reader.check_may(resource)
        if is_for_some:
            self.standing.check(reader, resource, self.clock())
        if reader.area:
            scope["query_string"] = within_area(path, scope["query_string"], reader.area)
        self.journal.note(Use.of(reader, resource, self.clock().date()))
        return reader

    def has_something_of(self, connection: HTTPConnection) -> bool:
        """Whether a request carries what could tell who asks."""
        return "authorization" in connection.headers or "cookie" in connection.headers

    def _known(self, connection: HTTPConnection) -> Reader | None:
        sent = connection.headers.get("authorization")
        if sent is not None:
            if not sent.lower().startswith(BEARER):
                raise token_refused("token-malformed", "something else")
            return self.tokens.reader(sent[len(BEARER) :].strip(), self.clock())
        cookie = connection.cookies.get(SESSION_COOKIE)
        if cookie is None or self.sessions is None:
            return None
        # A browser keeps the cookie of a session that ended; it then reads as anybody.
        return self.sessions.reader(cookie, self.clock())


class GatedRequests:
    """ASGI middleware that lets nothing past the gate.

    Args:
        refused: told of the code of each refusal.
    """

    def __init__(self, app: ASGIApp, gate: Gate, refused: Callable[[str], None]) -> None:
        self._app = app
        self._gate = gate
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with who asks, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here is offered in another way, so it has no rule
            await send({"type": "websocket.close", "code": _NOT_ALLOWED})
            return
        connection = HTTPConnection(scope)
        try:
            # Who sends nothing is looked up nowhere, and is not worth a thread of its own.
            if self._gate.has_something_of(connection):
                reader = await run_in_threadpool(self._gate.admit, connection)
            else:
                reader = self._gate.admit(connection)
        except MonitorError as error:
            self._refused(error.code)
            await _refusal(connection, error, self._gate)(scope, receive, send)
            return
        scope.setdefault("state", {})[READER] = reader
        if reader is None:
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _unshared(send))


def _refusal(connection: HTTPConnection, error: MonitorError, gate: Gate) -> Response:
    """A problem; who looks with a browser and can sign in is led to where that is done."""
    wants_page = "text/html" in connection.headers.get("accept", "")
    is_page = resource_at(connection.scope["path"]) not in _FOR_PROGRAMS
    is_unknown = isinstance(error, NotSignedInError)
    if is_unknown and gate.sessions is not None and wants_page and is_page:
        return RedirectResponse(_way_in(connection.scope["path"]), 303, _NO_STORE)
    refusal = problem_of(error)
    refusal.headers.update(_NO_STORE)
    if is_unknown:
        refusal.headers["www-authenticate"] = "Bearer"
    return refusal


def _way_in(path: str) -> str:
    """Where to sign in, in the language of the page that was asked for, and back to it."""
    target = own_page(path)
    prefix = "/en" if f"{target}/".startswith("/en/") else ""
    return f"{prefix}{SIGN_IN}?{urlencode({TARGET_KEY: target})}"


def _unshared(send: Send) -> Send:
    """What somebody got because of who they are, no cache on the way may give to another."""

    async def send_privately(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("cache-control") != "no-store":
                headers["cache-control"] = "private, no-cache"
            headers.add_vary_header("Authorization, Cookie")
        await send(message)

    return send_privately
