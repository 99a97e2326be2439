"""An answer with an ETag, or ``304`` when the reader already has it."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from shared.canonical import sha256_hex

JSON = "application/json"


def answer(
    request: Request,
    body: bytes,
    media_type: str = JSON,
    *,
    file_name: str = "",
    more: Mapping[str, str] | None = None,
) -> Response:
    """Send bytes under an ETag that is their SHA-256.

    The ETag hashes the bytes that everyone may read and nothing else. ``no-cache`` makes
    readers ask again each time, so that a withdrawn release disappears at once.

    Args:
        request: may name an ETag that the reader has.
        body: the bytes.
        media_type: of the bytes.
        file_name: under which a browser saves them, or empty.
        more: further headers.
    """
    headers = {"ETag": f'"{sha256_hex(body)}"', "Cache-Control": "no-cache", **(more or {})}
    if _already_has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if file_name:
        headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return Response(body, headers=headers, media_type=media_type)


def answer_document(
    request: Request, document: BaseModel, more: Mapping[str, str] | None = None
) -> Response:
    """Send a document as JSON."""
    return answer(request, document.model_dump_json(by_alias=True).encode(), more=more)


def _already_has(request: Request, etag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or etag in (
        tag.strip().removeprefix("W/") for tag in known.split(",")
    )
