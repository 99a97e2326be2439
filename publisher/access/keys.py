"""Random secrets that open something: drawn here, given away once, and kept only as a hash."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from shared.redaction import Secret

SECRET_BYTES = 32
"""256 random bits: nobody guesses them, so that a plain SHA-256 at rest is enough."""
ID_BYTES = 8
TOKEN_PREFIX = "moj_"  # noqa: S105 - a mark for who finds one in a file, not a password

_TEXT = re.compile(r"[A-Za-z0-9_-]{43}")


def draw() -> Secret:
    """A new secret."""
    return Secret(secrets.token_bytes(SECRET_BYTES))


def draw_id() -> str:
    """A new id, which opens nothing."""
    return secrets.token_hex(ID_BYTES)


def stored(secret: Secret) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.reveal()).hexdigest()


def told(secret: Secret) -> str:
    """A secret as text, for the one who gets it."""
    return base64.urlsafe_b64encode(secret.reveal()).rstrip(b"=").decode()


def heard(text: str) -> Secret | None:
    """The secret that somebody sent, or None where it is none."""
    if _TEXT.fullmatch(text) is None:
        return None
    value = base64.urlsafe_b64decode(text + "=")
    # Of the last letter two bits are no part of the secret: one secret has one text.
    return Secret(value) if told(Secret(value)) == text else None


def derived(secret: Secret, purpose: str) -> str:
    """Another secret text for one purpose, which needs no keeping."""
    mac = hmac.digest(secret.reveal(), b"MOJ/1 access\x00" + purpose.encode(), "sha256")
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
