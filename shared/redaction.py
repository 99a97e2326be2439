"""Values that must never be shown, redacted by their type."""

from __future__ import annotations

import hmac
from typing import final


@final
class Secret:
    """Secret bytes whose ``repr``, ``str`` and pickle never hold them."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = bytes(value)

    def reveal(self) -> bytes:
        """The bytes; the name makes each use easy to find in a review."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        raise TypeError("a secret is not hashed")

    def __reduce__(self) -> str:
        raise TypeError("a secret is not serialised")
