"""A service's seed of one round, in a key folder of its own.

The folder lies on its own volume, outside backups and snapshots. Destroying a round's seed
makes every envelope and document of the round unreadable for good.

    KEYS.txt               says that this is the key folder and no empty place to mount it
    <round>/round.seed     mode 0600
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from shared.errors import StateError
from shared.files import (
    PRIVATE,
    ROUND_ID,
    check_private,
    check_round_id,
    shred,
    sync_folder,
    write_whole,
)
from shared.identity import SEED_BYTES, sealing_private_key, sealing_public_bytes
from shared.redaction import Secret

MARKER = "KEYS.txt"  # no round can be called this: an id holds no full stop
MARKER_TEXT = b"""This folder holds the keys of rounds. Keep it out of backups and snapshots.
Without this file no destruction is stated: a key that is not seen is not a key that is gone.
"""


@dataclass(frozen=True, slots=True)
class RoundKeys:
    """The seeds of the rounds of one service, by round id."""

    folder: Path

    def _path(self, round_id: str) -> Path:
        return self.folder / check_round_id(round_id) / "round.seed"

    def create(self, round_id: str) -> None:
        """Make the seed of a new round, and the key folder with the first.

        Raises:
            InputError: ``round-id-invalid``.
            StateError: ``round-key-exists``.
        """
        path = self._path(round_id)
        if path.exists():
            raise StateError(
                "round-key-exists",
                f"expected no key of round {round_id}, found one",
                hint="an offer was made already; use it, or choose another round id",
            )
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.folder / MARKER).exists():
            write_whole(self.folder / MARKER, MARKER_TEXT, mode=PRIVATE)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_whole(path, os.urandom(SEED_BYTES), mode=PRIVATE)
        sync_folder(self.folder)

    def clear_halves(self, round_id: str) -> None:
        """Remove what a crash left beside a key that was being made.

        It is a half that nothing was sealed to, or a second name of the key: so not overwritten.
        """
        for folder in (self.folder, self._path(round_id).parent):
            halves = list(folder.glob(".*.part"))
            for half in halves:
                half.unlink(missing_ok=True)
            if halves:
                sync_folder(folder)

    def exists(self, round_id: str) -> bool:
        """Whether the seed is there, in this folder itself and not behind a symbolic link."""
        path = self._path(round_id)
        return path.is_file() and not path.is_symlink() and not path.parent.is_symlink()

    def round_ids(self) -> list[str]:
        """The rounds of which a seed is here, in order."""
        if not self.folder.is_dir():
            return []
        names = (path.name for path in self.folder.iterdir() if ROUND_ID.fullmatch(path.name))
        return sorted(name for name in names if self.exists(name))

    def _derive(self, round_id: str, purpose: bytes) -> Secret:
        path = self._path(round_id)
        if not self.exists(round_id):
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

    def tally_key(self, round_id: str) -> Secret:
        """Keys the MAC that says which tally this is, without a hash that could be tried out."""
        return self._derive(round_id, b"tally mac")

    def destroy(self, round_id: str) -> None:
        """Shred every file of the round and remove its folder; safe to repeat.

        Raises:
            InputError: ``round-id-invalid``.
            StateError: ``key-folder-absent``, or ``round-folder-not-empty`` where something
                other than files stands in it.
        """
        folder = self._path(round_id).parent
        self.check_present()
        if folder.is_symlink():
            shred(folder)
        if not folder.exists():
            return
        # All of them: a crash while the seed was made leaves a part of it under another name.
        for path in sorted(folder.iterdir()):
            if path.is_symlink() or path.is_file():
                shred(path)
        if any(folder.iterdir()):
            raise StateError(
                "round-folder-not-empty",
                f"expected only files in the key folder of round {round_id}, found something else",
                hint="look what it is, remove it, and run again",
            )
        folder.rmdir()
        sync_folder(self.folder)

    def check_present(self) -> None:
        """Refuse a key folder that is not the one in which keys were made.

        Raises:
            StateError: ``key-folder-absent``.
        """
        if not (self.folder / MARKER).is_file():
            raise StateError(
                "key-folder-absent",
                f"expected {MARKER} in the key folder, found none",
                hint="mount the key folder, or correct key_folder in the settings",
            )
