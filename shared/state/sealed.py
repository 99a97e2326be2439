"""Documents at rest that only a round's key opens: gone with it, whatever copies there are.

Source: DESIGN 8.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.canonical import pae
from shared.errors import TrustError
from shared.redaction import Secret

_NONCE_BYTES = 12


def seal_at_rest(key: Secret, binding: tuple[str, ...], document: bytes) -> bytes:
    """AES-256-GCM with a random nonce in front, bound to what the document is."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key.reveal()).encrypt(nonce, document, _bound(binding))


def open_at_rest(key: Secret, binding: tuple[str, ...], box: bytes) -> bytes:
    """Open what ``seal_at_rest`` sealed under the same binding.

    Raises:
        TrustError: ``document-altered``.
    """
    try:
        return AESGCM(key.reveal()).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], _bound(binding))
    except InvalidTag as error:
        raise TrustError(
            "document-altered",
            f"expected the document {' '.join(binding)}, found other bytes",
            hint="restore the database from a copy, or make the document again",
        ) from error


def _bound(binding: tuple[str, ...]) -> bytes:
    return pae(b"MOJ/1 at rest", *(each.encode() for each in binding))
