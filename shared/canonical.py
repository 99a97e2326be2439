"""Canonical bytes: JSON with one spelling, and pre-authentication encoding for signatures.

Two programs that agree on a value agree on its bytes: ASCII, sorted keys, no white space,
only strings, integers, booleans, null, lists and objects.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any

from shared.errors import InputError

Json = Any


def canonical_json(value: Json) -> bytes:
    """The one spelling of ``value``.

    Raises:
        TypeError: a float or another type that has no single spelling; a programmer's error.
    """
    _refuse_floats(value)
    return json.dumps(
        value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode("ascii")


def _refuse_floats(value: Json) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError("a key of canonical JSON is a string")
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
    elif not isinstance(value, str | int | None):
        raise TypeError(f"canonical JSON has no {type(value).__name__}")


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
    except (ValueError, TypeError, RecursionError):
        pass
    raise InputError(
        "not-canonical",
        "expected canonical JSON: ASCII, sorted keys, no white space, no fractions",
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
