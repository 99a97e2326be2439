"""The version of the API, stated on every answer."""

from __future__ import annotations

from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

API_VERSION = "1.0.0"


class VersionedRoute(APIRoute):
    """A route whose every answer, problems included, carries ``API-Version``.

    Source: NLGov REST API Design Rules 2.2, /core/version-header.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the header to the answer."""

        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["API-Version"] = API_VERSION
            await send(message)

        await super().handle(scope, receive, send_with_version)
