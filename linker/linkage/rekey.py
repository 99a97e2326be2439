"""The linker's own second key: from pseudonyms to link ids, the moment a delivery is opened.

What is joined or staged can be recomputed by no supplier, also not by one that knows the
round secret. Order and tie-breaks never depend on a link id.

Source: DESIGN 3.3.
"""

from __future__ import annotations

import hmac

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from linker.linkage.octets import Octets, as_octets, from_octets
from shared.contract.deliveries import PSEUDONYM_BYTES

LINK_ID_BYTES = 16
_KEY_BYTES = 32
_PURPOSE = b"MOJ/1 link"


def link_key(round_seed: bytes, round_id: str) -> bytes:
    """The key of one round: HKDF-SHA256 with info ``MOJ/1 link`` ‖ 00 ‖ round id."""
    info = _PURPOSE + b"\x00" + round_id.encode("ascii")
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(round_seed)


def link_ids(key: bytes, pseudonyms: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    """The link id of every pseudonym: HMAC-SHA256 under the link key, first 16 bytes.

    Args:
        key: from ``link_key``.
        pseudonyms: Arrow array or chunked array of fixed(32), without nulls.

    Returns:
        An Arrow chunked array of fixed(16), in the same order.
    """
    chunks = pseudonyms.chunks if isinstance(pseudonyms, pa.ChunkedArray) else [pseudonyms]
    return pa.chunked_array(
        [_rekey(key, as_octets(chunk, PSEUDONYM_BYTES)) for chunk in chunks],
        type=pa.binary(LINK_ID_BYTES),
    )


def _rekey(key: bytes, pseudonyms: Octets) -> pa.Array:
    if not len(pseudonyms):
        return pa.array([], pa.binary(LINK_ID_BYTES))
    # A part is sorted by pseudonym, so the rows of a person stand together: hash each run once.
    is_first = np.ones(len(pseudonyms), dtype=bool)
    is_first[1:] = (pseudonyms[1:] != pseudonyms[:-1]).any(axis=1)
    firsts = pseudonyms[is_first].tobytes()
    digests = b"".join(
        hmac.digest(key, firsts[start : start + PSEUDONYM_BYTES], "sha256")[:LINK_ID_BYTES]
        for start in range(0, len(firsts), PSEUDONYM_BYTES)
    )
    ids = np.frombuffer(digests, dtype=np.uint8).reshape(-1, LINK_ID_BYTES)
    return from_octets(ids[np.cumsum(is_first) - 1].tobytes(), LINK_ID_BYTES)
