"""Reading a form that a page of this service sent: its own fields, each once, and small."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from publisher.access.readers import Reader
from shared.errors import InputError

FORM_TOKEN = "form_token"  # noqa: S105 - the name of a field
MEDIA_TYPE = "application/x-www-form-urlencoded"
MAX_BYTES = 8 * 1024


async def read_form(request: Request, reader: Reader, *fields: str) -> dict[str, str]:
    """The fields of a form, after its token showed that a page of this session sent it.

    Raises:
        InputError: ``form-invalid``.
        TrustError: ``form-not-ours``.
    """
    sent = request.headers.get("content-type", "").split(";")[0].strip().lower()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise _invalid()
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except ValueError as error:
        raise _invalid() from error
    found = dict(pairs)
    reader.check_form(found.pop(FORM_TOKEN, ""))
    is_whole = len(pairs) == len(fields) + 1 and set(found) == set(fields)
    if sent != MEDIA_TYPE or not is_whole:
        raise _invalid()
    return found


def _invalid() -> InputError:
    return InputError(
        "form-invalid",
        "expected the fields of a form of this service, each once, found others",
        hint="open the page again and send its form once more; nothing was changed",
    )
