"""Internal documents (certificates, reasons) at rest: sealed under a key of their round.

Source: PROTECTION 5: they stay internal, sealed and expiring; readers get the verdict only.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.canonical import pae
from shared.errors import TrustError
from shared.redaction import Secret

_NONCE_BYTES = 12


def seal_document(key: Secret, release_id: str, name: str, document: bytes) -> bytes:
    """AES-256-GCM with a random nonce in front, bound to the release and the document's name."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key.reveal()).encrypt(nonce, document, _binding(release_id, name))


def open_document(key: Secret, release_id: str, name: str, box: bytes) -> bytes:
    """Open what ``seal_document`` sealed.

    Raises:
        TrustError: ``document-altered``.
    """
    try:
        return AESGCM(key.reveal()).decrypt(
            box[:_NONCE_BYTES], box[_NONCE_BYTES:], _binding(release_id, name)
        )
    except InvalidTag as error:
        raise TrustError(
            "document-altered",
            f"expected the document {name} of {release_id}, found other bytes",
            hint="restore the database from a copy, or stage the release again",
        ) from error


def _binding(release_id: str, name: str) -> bytes:
    return pae(b"MOJ/1 internal document", release_id.encode(), name.encode())
