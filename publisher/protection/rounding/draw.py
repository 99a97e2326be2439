"""Keyed random rounding: one count to a multiple next to it, always the same one.

A count is rounded up with a chance that makes its expected value the count itself. The chance is
drawn from the name of the cell under a key that only the publisher has: who repeats the drawing
without the key cannot tell which counts lie behind a multiple, and a cell that did not change is
rounded as it was in every later release.

Source: PROTECTION 7; CBS StatLine 85095NED rounds to multiples of 5.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from shared.redaction import Secret

BASE = 5
_PURPOSE = b"MOJ/1 rounding"
_KEY_BYTES = 32


def rounding_key(seed: Secret) -> Secret:
    """The key of one publisher, from the seed that it signs with; the seed lies sealed."""
    return Secret(HKDFExpand(hashes.SHA256(), _KEY_BYTES, _PURPOSE).derive(seed.reveal()))


def rounded(count: int, key: Secret, cell: str) -> int:
    """The multiple of 5 at which a count is shown; a true zero is treated like any other count.

    A multiple stays what it is; a 0 can be each of 0 to 4, as every multiple can be nine counts.

    Args:
        count: the true value.
        key: of the publisher.
        cell: name of the cell, the same in every release.
    """
    digest = hmac.new(key.reveal(), cell.encode(), sha256).digest()
    draw = int.from_bytes(digest[:8]) / 2**64
    below, over = divmod(count, BASE)
    return BASE * (below + (draw < over / BASE))


def bounds(shown: int) -> tuple[int, int]:
    """The least and the greatest count that can be behind a rounded one."""
    return max(shown - BASE + 1, 0), shown + BASE - 1
