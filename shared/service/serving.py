"""Running a service: bounds on connections, an end that loses nothing, no picture of memory."""

from __future__ import annotations

import asyncio

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.service.bounds import MAX_REQUEST_HEADER_BYTES, MAX_URL_BYTES
from shared.service.hardening import forbid_core_dumps

HEADER_SECONDS = 15
"""Within which a new connection must have asked something."""
KEEP_ALIVE_SECONDS = 10
GRACE_SECONDS = 60
"""How long requests in progress may go on when the service must stop."""
MOST_CONNECTIONS = 1_000


class PunctualProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on a connection on which nothing was asked in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time within which the first request must be there."""
        super().connection_made(transport)
        self._asked = False
        self._first = self.loop.call_later(HEADER_SECONDS, self._hang_up_if_silent)

    def handle_events(self) -> None:
        """Note that something was asked, once its headers are complete."""
        super().handle_events()
        self._asked = self._asked or bool(self.scope)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop it."""
        self._first.cancel()
        super().connection_lost(exc)

    def _hang_up_if_silent(self) -> None:
        if not self._asked and not self.transport.is_closing():
            self.transport.close()


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until the process is told to stop; then finish what is in progress.

    An upload that does not end within the grace is cut off: of it nothing is stored.
    """
    forbid_core_dumps()
    uvicorn.Server(configuration(app, host, port)).run()


def configuration(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """How both services are served."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PunctualProtocol,
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        h11_max_incomplete_event_size=MAX_URL_BYTES + MAX_REQUEST_HEADER_BYTES,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
