"""Receipts: what a service states when it has stored an envelope."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from shared.envelope import Context, EnvelopeKind, Header
from shared.errors import TrustError
from shared.identity import Card, Identity, PartyId, Sha256
from shared.ledger import Head
from shared.round import SchemaName
from shared.statement import Body, Kind, Statement


class Outcome(StrEnum):
    """What became of the envelope."""

    PART_STORED = "part_stored"  # more parts are expected
    DELIVERY_CURRENT = "delivery_current"  # complete, inspected, and what will be linked
    DELIVERY_HELD = "delivery_held"  # complete, but a person must look at it first
    ACCEPTED = "accepted"  # objections: no more is said
    TALLY_STORED = "tally_stored"


_COMPLETE: Final = frozenset({Outcome.DELIVERY_CURRENT, Outcome.DELIVERY_HELD})


class Receipt(Body):
    """Body of a receipt statement.

    Attributes:
        envelope: SHA-256 of the ciphertext.
        rows: rows in the part; 0 for objections and tallies.
        ledger_seq: number of the ledger entry that recorded it.
        ledger_sha256: hash of that entry: the supplier is its witness.
    """

    service: PartyId
    sender: PartyId
    round_id: str
    schema_name: str
    delivery: str
    part: Annotated[int, Field(ge=1)]
    envelope: Sha256
    rows: Annotated[int, Field(ge=0)]
    outcome: Outcome
    stored_at: datetime
    ledger_seq: Annotated[int, Field(ge=1)]
    ledger_sha256: Sha256


def sign_receipt(
    header: Header, outcome: Outcome, stored_at: datetime, head: Head, service: Identity
) -> bytes:
    """The bytes of a signed receipt for a stored envelope.

    Args:
        head: the ledger entry that recorded it.
    """
    context = header.context
    receipt = Receipt(
        service=service.party,
        sender=context.sender,
        round_id=context.round_id,
        schema_name=context.schema_name,
        delivery=context.delivery,
        part=context.part,
        envelope=header.sha256,
        rows=context.rows,
        outcome=outcome,
        stored_at=stored_at,
        ledger_seq=head.seq,
        ledger_sha256=head.sha256,
    )
    return Statement.make(Kind.RECEIPT, receipt, service).to_bytes()


def check_receipt(
    statement: Statement, header: Header, service: Card, *, after: int = 0
) -> Receipt:
    """A receipt that ``service`` signed, and that attests what was sent and nothing else.

    Args:
        header: of the envelope that was sent.
        service: the pinned card of its recipient.
        after: the ledger entry of the part before; this part was recorded later.

    Raises:
        TrustError: ``signature-missing``, ``signature-invalid`` or ``receipt-differs``.
    """
    statement.check_signed_by(service)
    receipt = statement.read(Kind.RECEIPT, Receipt)
    context = header.context
    attested = {
        "service": (receipt.service, service.party),
        "sender": (receipt.sender, context.sender),
        "round": (receipt.round_id, context.round_id),
        "schema": (receipt.schema_name, context.schema_name),
        "delivery": (receipt.delivery, context.delivery),
        "part": (receipt.part, context.part),
        "envelope": (receipt.envelope, header.sha256),
        "rows": (receipt.rows, context.rows),
        "outcome": (receipt.outcome in _outcomes(context), True),
        "ledger entry": (receipt.ledger_seq > after, True),
    }
    differing = ", ".join(what for what, (found, sent) in attested.items() if found != sent)
    if differing:
        raise TrustError(
            "receipt-differs",
            f"expected a receipt for what was sent, found another {differing} in it",
            hint="check which service answers at this address",
        )
    return receipt


def _outcomes(context: Context) -> frozenset[Outcome]:
    """What can become of an envelope, by its header."""
    if context.kind is EnvelopeKind.TALLY:
        return frozenset({Outcome.TALLY_STORED})
    if context.schema_name == SchemaName.OBJECTION.value:
        return frozenset({Outcome.ACCEPTED})
    return _COMPLETE if context.last else frozenset({Outcome.PART_STORED})
