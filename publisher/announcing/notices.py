"""The notice that a webhook gets: what it says, how it is signed, and how a receiver checks it.

A notice follows from one entry of the ledger, so that it is the same however often it is sent: a
receiver that keeps the ids it has seen does nothing twice. docs/announcing.md has it for whoever
writes a receiver.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.announcing.events import ReleaseEvent
from publisher.announcing.place import Place
from publisher.downloads.addresses import release_address
from shared.canonical import canonical_json, from_base64, pae, to_base64
from shared.clock import instant, parse_instant
from shared.errors import InputError, TrustError
from shared.identity import SIGNATURE_BYTES, Card, Identity

FORMAT = "MOJ/1 notice"
ID, SENT_AT, SIGNATURE = "MOJ-Notice", "MOJ-Sent-At", "MOJ-Signature"
MEDIA_TYPE = "application/json"
FRESH = timedelta(minutes=5)
"""How far the clocks of sender and receiver may differ."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice, ready to be sent.

    Attributes:
        headers: the id, the instant of sending and the signature over both and the body.
    """

    id: str
    body: bytes
    headers: Mapping[str, str]


def make_notice(event: ReleaseEvent, place: Place, signer: Identity, now: datetime) -> Notice:
    """The notice of an event; only ``now`` and the signature differ from one time to the next."""
    body = canonical_json(
        {
            "format": FORMAT,
            "id": event.id,
            "event": event.event.value,
            "at": instant(event.at),
            "releaseId": event.release_id,
            "statementSha256": event.statement,
            "publisher": signer.card.party,
            "href": place.absolute(release_address(event.release_id)),
        }
    )
    sent_at = instant(now)
    signature = signer.sign(_message(event.id, sent_at, body))
    headers = {"Content-Type": MEDIA_TYPE, ID: event.id, SENT_AT: sent_at,
               SIGNATURE: to_base64(signature)}  # fmt: skip
    return Notice(event.id, body, headers)


def check_notice(headers: Mapping[str, str], body: bytes, publisher: Card, now: datetime) -> str:
    """What a receiver does; the id, of which it acts only once.

    1. The three headers are there and can be read.
    2. The signature is the publisher's, over id, instant and body.
    3. It was sent just now, so that nobody sends an old one again.

    Args:
        headers: by name, however it is spelt.
        body: byte for byte as it came.
        publisher: the card that the receiver trusts.
        now: by the receiver's clock.

    Raises:
        InputError: ``notice-malformed``.
        TrustError: ``notice-not-signed`` or ``notice-not-fresh``.
    """
    found = {name.lower(): value for name, value in headers.items()}
    try:
        notice_id, sent_at = found[ID.lower()], found[SENT_AT.lower()]
        signature, moment = (
            from_base64(found[SIGNATURE.lower()], SIGNATURE_BYTES),
            parse_instant(sent_at),
        )
        is_late = abs(moment - now) > FRESH
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            "notice-malformed", f"expected the headers {ID}, {SENT_AT} and {SIGNATURE}"
        ) from error
    try:
        publisher.verify(_message(notice_id, sent_at, body), signature)
    except TrustError as error:
        raise TrustError(
            "notice-not-signed", "expected a signature of the publisher over this notice"
        ) from error
    if is_late:
        raise TrustError(
            "notice-not-fresh",
            f"expected a notice that was sent within {FRESH.seconds // 60} minutes",
            hint="check the clock; the publisher sends it again when it was not confirmed",
        )
    return notice_id


def _message(notice_id: str, sent_at: str, body: bytes) -> bytes:
    return pae(b"MOJ/1 notice", notice_id.encode(), sent_at.encode(), body)
