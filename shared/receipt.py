"""Receipts: what a service states when it has stored an envelope."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.envelope import Header
from shared.identity import Identity, PartyId, Sha256
from shared.ledger import Head
from shared.statement import Body, Kind, Statement


class Outcome(StrEnum):
    """What became of the envelope."""

    PART_STORED = "part_stored"  # more parts are expected
    DELIVERY_CURRENT = "delivery_current"  # complete, inspected, and what will be linked
    DELIVERY_HELD = "delivery_held"  # complete, but a person must look at it first
    ACCEPTED = "accepted"  # objections: no more is said
    TALLY_STORED = "tally_stored"


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
