"""Seeds, parties and helpers of the test vectors.

Every seed is the SHA-256 of a public sentence, so that nobody can take one for a secret.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.errors import MonitorError
from shared.identity import Card, Identity, Role, sealing_public_bytes
from shared.redaction import Secret

Json = dict[str, Any]
NOW: Final = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
ROUND: Final = "proef-2026"
ROLES = {
    "sleutelbeheer": Role.KEY_OFFICE,
    "koppelaar": Role.LINKER,
    "publicist": Role.PUBLISHER,
    "gm0197": Role.SUPPLIER,
}


class ChangedError(MonitorError):
    """A vector of the document does not hold what it must; it is made anew."""

    def __init__(self) -> None:
        super().__init__("vector-changed", "expected the vector of the document, found another")


def seed(label: str) -> bytes:
    """A public seed of 32 bytes."""
    return hashlib.sha256(b"MOJ/1 test vector, public: " + label.encode()).digest()


def b64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode()


def refusal(action: Callable[[], object]) -> str:
    """The code with which ``action`` is refused, empty where it is not."""
    try:
        action()
    except MonitorError as error:
        return error.code
    return ""


def identity_of(party: str, role: Role) -> Identity:
    """The identity of two public seeds."""
    sign, seal_ = seed(f"{party} sign"), seed(f"{party} seal")
    card = Card(
        party=party,
        role=role,
        name=f"{party} (testvector)",
        organisation="Organisatie één",
        sign_key=Ed25519PrivateKey.from_private_bytes(sign).public_key().public_bytes_raw().hex(),
        seal_key=b64(sealing_public_bytes(Secret(seal_))),
        valid_from=date(2026, 1, 1),
        valid_until=date(2028, 12, 31),
    )
    return Identity(card, Secret(sign), Secret(seal_))


PARTIES = {party: identity_of(party, role) for party, role in ROLES.items()}
