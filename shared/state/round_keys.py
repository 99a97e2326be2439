"""A service's seed of one round, in a key folder of its own.

The folder lies on its own volume, outside backups and snapshots. Destroying a round's seed
makes every envelope and document of the round unreadable for good.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from shared.errors import StateError
from shared.files import PRIVATE, check_private, shred, sync_folder, write_whole
from shared.identity import SEED_BYTES, sealing_private_key, sealing_public_bytes
from shared.redaction import Secret


@dataclass(frozen=True, slots=True)
class RoundKeys:
    """The seeds of the rounds of one service, by round id."""

    folder: Path

    def _path(self, round_id: str) -> Path:
        return self.folder / round_id / "round.seed"

    def create(self, round_id: str) -> None:
        """Make the seed of a new round.

        Raises:
            StateError: ``round-key-exists``.
        """
        path = self._path(round_id)
        if path.exists():
            raise StateError(
                "round-key-exists",
                f"expected no key of round {round_id}, found one",
                hint="an offer was made already; use it, or choose another round id",
            )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, os.urandom(SEED_BYTES), mode=PRIVATE)
        sync_folder(self.folder)

    def exists(self, round_id: str) -> bool:
        """Whether the seed is there."""
        return self._path(round_id).exists()

    def _derive(self, round_id: str, purpose: bytes) -> Secret:
        path = self._path(round_id)
        if not path.exists():
            raise StateError(
                "round-key-absent",
                f"expected the key of round {round_id}, found none",
                hint="the round was destroyed, or the key folder is not mounted",
            )
        check_private(path)
        info = b"MOJ/1 " + purpose + b"\x00" + round_id.encode()
        return Secret(HKDFExpand(hashes.SHA256(), SEED_BYTES, info).derive(path.read_bytes()))

    def opening_key(self, round_id: str) -> MLKEM768X25519PrivateKey:
        """Opens what was sealed to the service in this round."""
        return sealing_private_key(self._derive(round_id, b"seal"))

    def public_bytes(self, round_id: str) -> bytes:
        """The public sealing key of this round, 1216 bytes; stands in the offer."""
        return sealing_public_bytes(self._derive(round_id, b"seal"))

    def link_seed(self, round_id: str) -> Secret:
        """The seed of the key that turns pseudonyms into link ids."""
        return self._derive(round_id, b"relink")

    def storage_key(self, round_id: str) -> Secret:
        """Encrypts the service's own documents of this round at rest (AES-256)."""
        return self._derive(round_id, b"storage")

    def destroy(self, round_id: str) -> None:
        """Shred the seed and remove the round's folder; safe to repeat."""
        path = self._path(round_id)
        shred(path)
        if path.parent.exists():
            path.parent.rmdir()
            sync_folder(self.folder)
