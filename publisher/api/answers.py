"""An answer with an ETag, or ``304`` when the reader already has it."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from publisher.api.files import File, LongFile
from shared.canonical import sha256_hex

JSON = "application/json"
KNOWN_TAGS = "if-none-match"
"""Request header with the ETags that a reader has."""
ASK_AGAIN = "no-cache"
"""Told to caches: keep it, and ask each time whether it still holds."""


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
    headers = _headers(f'"{sha256_hex(body)}"') | dict(more or {})
    if already_has(request.headers.get(KNOWN_TAGS, ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers | _saved_as(file_name), media_type=media_type)


def answer_file(
    request: Request, file: File, media_type: str = JSON, *, saved: bool = True
) -> Response:
    """Send a file, a long one piece by piece.

    The ETag of a long file is weak and names what it was made of, since nobody has seen all its
    bytes when the first of them is sent.

    Args:
        request: may name an ETag that the reader has.
        file: the file.
        media_type: of its bytes.
        saved: whether a browser saves it instead of showing it.
    """
    name = file.name if saved else ""
    if not isinstance(file, LongFile):
        return answer(request, file.body, media_type, file_name=name)
    headers = _headers(f'W/"{sha256_hex(file.made_of.encode())}"')
    if already_has(request.headers.get(KNOWN_TAGS, ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(
        file.pieces(), headers=headers | _saved_as(name), media_type=media_type
    )


def answer_document(
    request: Request, document: BaseModel, more: Mapping[str, str] | None = None
) -> Response:
    """Send a document as JSON."""
    return answer(request, document.model_dump_json(by_alias=True).encode(), more=more)


def _headers(etag: str) -> dict[str, str]:
    return {"ETag": etag, "Cache-Control": ASK_AGAIN}


def _saved_as(file_name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file_name}"'} if file_name else {}


def already_has(known: str, etag: str) -> bool:
    """Whether a reader who knows these tags has this one, weak or not (RFC 9110, 13.1.2)."""
    return known.strip() == "*" or etag.removeprefix("W/") in (
        tag.strip().removeprefix("W/") for tag in known.split(",")
    )
