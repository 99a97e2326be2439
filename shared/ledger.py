"""The ledger's entries: a hash chain of signed events that anyone can verify offline.

Each entry names the hash of the one before it. Receipts carry the ledger's head, so that every
supplier is a witness of what stood in it on that day. The table lives in shared/state/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.canonical import (
    canonical_json,
    from_base64,
    pae,
    parse_canonical,
    parse_line,
    sha256_hex,
    to_base64,
)
from shared.clock import instant
from shared.errors import InputError, StateError, TrustError
from shared.identity import SIGNATURE_BYTES, Card, Identity

GENESIS = "0" * 64
"""The hash that stands before the first entry."""


class Event(StrEnum):
    """What can be entered; every state change of a service is one of these."""

    KEY_OFFERED = "key_offered"
    ROUND_OPENED = "round_opened"
    ROUND_CLOSED = "round_closed"
    ROUND_REOPENED = "round_reopened"
    ROUND_LINKED = "round_linked"
    PART_STORED = "part_stored"
    DELIVERY_COMPLETE = "delivery_complete"
    DELIVERY_CURRENT = "delivery_current"
    DELIVERY_HELD = "delivery_held"
    DELIVERY_DECIDED = "delivery_decided"
    DELIVERY_SUPERSEDED = "delivery_superseded"
    TALLY_QUEUED = "tally_queued"
    TALLY_WITHDRAWN = "tally_withdrawn"
    TALLY_ACKNOWLEDGED = "tally_acknowledged"
    TALLY_RECEIVED = "tally_received"
    TALLY_SUPERSEDED = "tally_superseded"
    RELEASE_STAGED = "release_staged"
    RELEASE_SUBMITTED = "release_submitted"
    APPROVAL_RECORDED = "approval_recorded"
    CHANGE_REQUESTED = "change_requested"
    RELEASE_APPROVED = "release_approved"
    RELEASE_PUBLISHED = "release_published"
    RELEASE_SUPERSEDED = "release_superseded"
    RELEASE_WITHDRAWN = "release_withdrawn"
    RELEASE_EXPIRED = "release_expired"
    RELEASE_ANNOUNCED = "release_announced"
    CONTEXT_IMPORTED = "context_imported"
    CONTEXT_WITHDRAWN = "context_withdrawn"
    NOTE_WRITTEN = "note_written"
    NOTE_REMOVED = "note_removed"
    TOKEN_CREATED = "token_created"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an event
    ACCESS_PROPOSED = "access_proposed"
    ACCESS_GRANTED = "access_granted"
    ACCESS_REVOKED = "access_revoked"
    DESTROYING = "destroying"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the chain.

    Attributes:
        seq: 1 for the first.
        body: canonical JSON of what happened; hashes of ciphertext or released bytes only.
        previous: hash of the entry before it, ``GENESIS`` for the first.
    """

    seq: int
    at: str
    event: Event
    body: bytes
    previous: str
    signature: bytes

    @property
    def sha256(self) -> str:
        """The entry's hash."""
        return sha256_hex(_message(self.seq, self.at, self.event, self.body, self.previous))

    def line(self) -> bytes:
        """The entry as one line of an export."""
        return canonical_json(
            {
                "seq": self.seq,
                "at": self.at,
                "event": self.event.value,
                "body": parse_canonical(self.body),
                "previous": self.previous,
                "sha256": self.sha256,
                "signature": to_base64(self.signature),
            }
        )


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry's number and hash; ``(0, GENESIS)`` before the first."""

    seq: int
    sha256: str


EMPTY = Head(0, GENESIS)


def _message(seq: int, at: str, event: Event, body: bytes, previous: str) -> bytes:
    return pae(
        b"MOJ/1 ledger entry",
        str(seq).encode(),
        at.encode(),
        event.value.encode(),
        body,
        bytes.fromhex(previous),
    )


def next_entry(
    head: Head, moment: datetime, event: Event, body: Mapping[str, Any], signer: Identity
) -> Entry:
    """The entry that follows ``head``, signed."""
    seq, at, canonical = head.seq + 1, instant(moment), canonical_json(dict(body))
    signature = signer.sign(_message(seq, at, event, canonical, head.sha256))
    return Entry(seq, at, event, canonical, head.sha256, signature)


def read_entry(line: bytes) -> Entry:
    """Read one line of an export.

    Raises:
        InputError: ``ledger-line-invalid``.
    """
    try:
        document = parse_line(line)
        entry = Entry(
            document["seq"],
            document["at"],
            Event(document["event"]),
            canonical_json(document["body"]),
            document["previous"],
            from_base64(document["signature"], SIGNATURE_BYTES),
        )
        if not (isinstance(entry.at, str) and type(entry.seq) is int):
            raise ValueError("other types")
        if entry.line() != canonical_json(document):  # its hash, and no field beside these
            raise ValueError("other hash or fields")
    except (ValueError, KeyError, TypeError, InputError) as error:
        raise InputError(
            "ledger-line-invalid",
            "expected an entry whose hash fits its content",
            hint="the export was altered; ask for a new one and compare it with your receipts",
        ) from error
    return entry


def verify_ledger(lines: Iterable[bytes], signer: Card, witnesses: Iterable[Head] = ()) -> Head:
    """Check a whole export: every hash, link and signature, and every witnessed head.

    Args:
        lines: the export, one entry a line, from the first.
        signer: the card of the service whose ledger it is.
        witnesses: heads from receipts, which must stand in it.

    Raises:
        StateError: ``ledger-broken``, naming the first bad entry.
    """
    head = EMPTY
    expected: dict[int, set[str]] = {}
    for witness in witnesses:
        expected.setdefault(witness.seq, set()).add(witness.sha256)
    for number, line in enumerate(lines, start=1):
        try:
            entry = read_entry(line)
            if (entry.seq, entry.previous) != (head.seq + 1, head.sha256):
                raise InputError("ledger-link-broken", "expected the next link of the chain")
            signer.verify(
                _message(entry.seq, entry.at, entry.event, entry.body, entry.previous),
                entry.signature,
            )
        except (InputError, TrustError) as error:
            raise _broken(number, error.message) from error
        head = Head(entry.seq, entry.sha256)
        if expected.pop(head.seq, {head.sha256}) != {head.sha256}:
            raise _broken(number, "expected the hash that a receipt witnessed")
    if expected:
        raise _broken(head.seq + 1, "expected an entry that a receipt witnessed, found the end")
    return head


def _broken(number: int, reason: str) -> StateError:
    return StateError(
        "ledger-broken",
        f"entry {number}: {reason}",
        hint="keep this export and your receipts, and tell the privacy officer",
    )
