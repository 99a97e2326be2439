"""Seals on the rows that open something: a row that this publisher did not write opens nothing.

Whoever can write in the database can write a token, a role or a session. The seal beside it they
cannot write: it is a keyed hash over the whole row, under the publisher's own private key, which
is in no database. An older copy of a row keeps its seal; that it was revoked stands in the ledger,
which is asked as well.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from publisher.store import MandateRow, SessionRow, TokenRow
from shared.canonical import pae
from shared.clock import instant
from shared.identity import Identity

SealedRow = TokenRow | MandateRow | SessionRow
_NOT_SEALED = frozenset({"seal", "last_used_on"})
"""A day of last use opens nothing; a new column is sealed until somebody says otherwise."""


def put_seal(row: SealedRow, publisher: Identity) -> None:
    """Seal a row as it is now; whatever changes it afterwards seals it again."""
    row.seal = _seal(row, publisher)


def is_sealed(row: SealedRow, publisher: Identity) -> bool:
    """Whether a row is exactly as this publisher wrote it."""
    return hmac.compare_digest(row.seal.encode(), _seal(row, publisher).encode())


def _seal(row: SealedRow, publisher: Identity) -> str:
    names = sorted({column.name for column in row.__table__.columns} - _NOT_SEALED)
    pieces = [piece for name in names for piece in (name.encode(), _piece(getattr(row, name)))]
    message = pae(b"MOJ/1 access row", row.__tablename__.encode(), *pieces)
    return hmac.digest(publisher.sign_seed.reveal(), message, "sha256").hex()


def _piece(value: datetime | bytes | str | None) -> bytes:
    if isinstance(value, datetime):
        return b"=" + instant(value).encode()
    if isinstance(value, str):
        return b"=" + value.encode()
    return b"" if value is None else b"=" + value
