"""Canonical bytes: JSON with one spelling, and pre-authentication encoding for signatures.

Two programs that agree on a value agree on its bytes: ASCII, sorted keys, no white space,
only strings, integers, booleans, null, lists and objects.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
from typing import Any, Final

from shared.errors import InputError

Json = Any

MAX_DEPTH: Final = 32
"""Lists and objects inside each other; no document of this version is deeper."""
MAX_INTEGER: Final = 2**53 - 1
"""Larger integers read back as other ones in languages that know only fractions."""
_NOT_PLAIN: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, which a terminal obeys, and halves of a character, which are none."""


def canonical_json(value: Json) -> bytes:
    """The one spelling of ``value``.

    Raises:
        InputError: ``text-not-plain`` for a text with control characters or half a character.
        TypeError: a float or another type that has no single spelling, too large an integer, or
            too much inside each other; a programmer's error.
    """
    _check(value, MAX_DEPTH)
    return json.dumps(
        value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode("ascii")


def _check(value: Json, depth: int) -> None:
    if isinstance(value, dict | list | tuple):
        if depth == 0:
            raise TypeError(f"canonical JSON is at most {MAX_DEPTH} deep")
        for item in value:
            _check(item, depth - 1)
        if isinstance(value, dict):
            if not all(isinstance(key, str) for key in value):
                raise TypeError("a key of canonical JSON is a string")
            for item in value.values():
                _check(item, depth - 1)
    elif isinstance(value, str):
        check_plain(value)
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise TypeError("an integer of canonical JSON fits in 53 bits")
    elif value is not None:
        raise TypeError(f"canonical JSON has no {type(value).__name__}")


def check_plain(text: str) -> None:
    """Refuse a text with a control character, a newline too, or with half a character.

    Raises:
        InputError: ``text-not-plain``.
    """
    if _NOT_PLAIN.search(text):
        raise InputError(
            "text-not-plain",
            "expected a text of one line without control characters, found one with them",
            hint="type the text anew instead of pasting it",
        )


def parse_line(data: bytes) -> Json:
    """Read canonical JSON that stands as one line, with or without its one newline.

    Raises:
        InputError: ``not-canonical``.
    """
    return parse_canonical(data.removesuffix(b"\n"))


def parse_canonical(data: bytes) -> Json:
    """Read canonical JSON and refuse any other spelling of it.

    Raises:
        InputError: ``not-canonical``; also for duplicate keys, which no spelling repeats.
    """
    try:
        value = json.loads(data)
        if canonical_json(value) == data:
            return value
    except (InputError, ValueError, TypeError, RecursionError):
        pass
    raise InputError(
        "not-canonical",
        "expected canonical JSON: ASCII, sorted keys, no white space, no fractions, plain text",
        hint="the file was altered or made by another program; ask the sender for it again",
    )


def to_base64(data: bytes) -> str:
    """Base64 with padding, in one line."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, size: int) -> bytes:
    """Exactly ``size`` bytes from their one base64 spelling.

    Base64 leaves bits of the last character unused: sixteen texts would stand for one signature.

    Raises:
        ValueError: another spelling, type or size.
    """
    if not isinstance(text, str):
        raise ValueError("base64 is a text")
    data = base64.b64decode(text, validate=True)
    if len(data) != size or to_base64(data) != text:
        raise ValueError("another spelling of the bytes")
    return data


def pae(*pieces: bytes) -> bytes:
    """Pre-authentication encoding: no two lists of pieces have the same bytes.

    Source: PASETO, "PAE" (count, then each length and piece, as 64-bit little-endian).
    """
    return struct.pack("<Q", len(pieces)) + b"".join(
        struct.pack("<Q", len(piece)) + piece for piece in pieces
    )


def sha256_hex(data: bytes) -> str:
    """SHA-256 of ``data`` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()
