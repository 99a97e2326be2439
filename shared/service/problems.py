"""Every error as RFC 9457 problem details, with the same code as on the command line.

No value of a request is ever echoed: a validation error names the place, not what stood there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import BusyError, ConfigurationError, MonitorError

UNEXPECTED = "moj.unexpected"
"""Key in the scope of a request: class of the error that nobody foresaw."""
MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
    507: "Insufficient Storage",
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    hint: str = "",
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem document."""
    body = {
        "type": f"urn:moj:problem:{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if hint:
        body["hint"] = hint
    return JSONResponse(body, status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def problem_of(error: MonitorError) -> JSONResponse:
    """The problem document of one of our own errors."""
    if isinstance(error, ConfigurationError):  # the operator's matter, not the caller's
        return problem(500, "configuration", "The service is not set up correctly.")
    later = {}
    if isinstance(error, BusyError):
        later = {"retry-after": str(error.retry_after_seconds)}
    return problem(error.http_status, error.code, error.message, hint=error.hint, headers=later)


def _uncounted(_code: str) -> None:
    return None


class UnexpectedErrors:
    """ASGI middleware that answers an error that nobody foresaw, and raises nothing.

    The message and the traceback of such an error may hold a value of the request, and a web
    server prints what reaches it. Only the name of its class goes on, for the log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer with a problem where nothing was answered yet."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            scope[UNEXPECTED] = type(error).__name__
            if not started:
                said = "The service could not do this; nothing was changed."
                await problem(500, "unexpected", said)(scope, receive, send)


def install_problem_handlers(app: FastAPI, refused: Callable[[str], None] = _uncounted) -> None:
    """Answer every error of ``app`` with a problem document.

    Args:
        app: of either service.
        refused: told of the code of each of our own errors.
    """

    async def monitor_error(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, MonitorError)
        refused(error.code)
        return problem_of(error)

    async def invalid_request(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        places = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors()})
        return problem(400, "request-invalid", f"The request is not valid at: {', '.join(places)}.")

    async def http_error(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        title = _TITLES.get(error.status_code, "Error")
        return problem(error.status_code, "http", f"{title}.", headers=error.headers)

    app.add_exception_handler(MonitorError, monitor_error)
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(HTTPException, http_error)
    app.add_middleware(UnexpectedErrors)
