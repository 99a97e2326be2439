"""Structured logs from an allow-list of fields: what is not named here cannot be logged."""

from __future__ import annotations

import json
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import TextIO
from weakref import WeakKeyDictionary

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.service.problems import UNEXPECTED

REQUEST_ID = "x-request-id"
REQUEST_ID_BYTES = 8
UNMATCHED = "unmatched"
METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"})
"""A method is a word of the client; any other than these is logged and counted as ``other``."""
FIELDS = frozenset(
    {"event", "code", "method", "route", "status", "milliseconds", "round", "party", "schema"}
    | {"release", "part", "parts", "seq", "request"}
)
"""Every field that a log line may have; none of them can hold a person's value or a hash."""

_TEMPLATES: WeakKeyDictionary[FastAPI, dict[int, str]] = WeakKeyDictionary()
"""Looking through all routes costs more than most answers; this is asked twice a request."""


def route_of(scope: Scope) -> str:
    """The template of the route that answered, with the prefix of its router; never the path."""
    answered = scope.get("route")
    if answered is None:
        return UNMATCHED
    known = _TEMPLATES.get(scope["app"], {})
    if id(answered) not in known:  # an app has its routes for as long as it lives
        known = _TEMPLATES[scope["app"]] = _templates(scope["app"])
    return known.get(id(answered), UNMATCHED)


def _templates(app: FastAPI) -> dict[int, str]:
    """The template of every route by its identity; of one that is reached twice, the first."""
    found: dict[int, str] = {}
    for known in iter_route_contexts(app.routes):
        found.setdefault(id(known.original_route), str(known.path))
    return found


class Log:
    """Writes one JSON object a line."""

    def __init__(self, service: str, stream: TextIO | None = None) -> None:
        self._service = service
        self._stream = stream

    def write(self, event: str, **fields: str | int) -> None:
        """Write a line.

        Raises:
            RuntimeError: for a field that is not on the list; a programmer's error.
        """
        unknown = set(fields) - FIELDS
        if unknown:
            raise RuntimeError(f"not on the list of log fields: {sorted(unknown)}")
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"at": moment, "service": self._service, "event": event, **fields}
        print(json.dumps(line), file=self._stream or sys.stderr, flush=True)


class RequestLog:
    """ASGI middleware that writes one line per request: id, method, route, status, duration.

    The route's template is logged, never the path that was asked for; of an error that nobody
    foresaw the class, as the code. The id is drawn here, so that no client can write in the log;
    the answer carries it, so that who met an error can name its line.
    """

    def __init__(self, app: ASGIApp, log: Log) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and write the line when it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), 0
        request = secrets.token_hex(REQUEST_ID_BYTES)

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            unexpected = {"code": scope[UNEXPECTED]} if UNEXPECTED in scope else {}
            self._log.write(
                "request",
                **unexpected,
                request=request,
                method=scope["method"] if scope["method"] in METHODS else "other",
                route=route_of(scope),
                status=status,
                milliseconds=round(1000 * (time.monotonic() - started)),
            )
