"""From a passphrase to a key, as hard as the file says that it was made."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_PASSES, _LANES, _MEMORY_KIB = 3, 4, 64 * 1024
"""RFC 9106, section 4, the second recommended choice. They stand in each file, so that a later
version can raise them and still read this one's."""
_MOST_PASSES, _MOST_LANES, _MOST_MEMORY_KIB = 64, 64, 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Hardness:
    """How much work it is to try a passphrase (Argon2id, RFC 9106).

    Raises:
        ValueError: less than this version writes, or more than a computer may be asked.
    """

    passes: int = _PASSES
    lanes: int = _LANES
    memory_kib: int = _MEMORY_KIB

    def __post_init__(self) -> None:
        for value, least, most in (
            (self.passes, _PASSES, _MOST_PASSES),
            (self.lanes, 1, _MOST_LANES),
            (self.memory_kib, _MEMORY_KIB, _MOST_MEMORY_KIB),
        ):
            if type(value) is not int or not least <= value <= most:
                raise ValueError("another hardness than any version writes")

    def key(self, passphrase: str, salt: bytes) -> bytes:
        """The key that a passphrase stands for, 32 bytes."""
        kdf = Argon2id(
            salt=salt,
            length=32,
            iterations=self.passes,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        )
        return kdf.derive(passphrase.encode())
