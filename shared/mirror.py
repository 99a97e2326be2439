"""The mirror report: what the linker tells a supplier about one of its deliveries, as it is now.

A receipt says what was true when a part was stored, and keeps its bytes. A mirror says how the
delivery stands today: received, held, current, decided; and after the linkage how much of it was
linked, in whole per cents that are blurred so that they tell nothing about one child.

It is a derived statement and no state change: it stands in no ledger, and every reading of it is
signed anew. The address of an envelope stands in the public ledger, so whatever a mirror says is
made to be read by anybody.

Source: DESIGN 5; docs/adr/0012-match-rates-are-blurred.md; CBS's *spiegelrapportage*.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from shared.identity import PartyId, Sha256
from shared.statement import Body


class Standing(StrEnum):
    """How a delivery stands now."""

    INCOMPLETE = "incomplete"  # parts are missing
    HELD = "held"  # complete, but a person at the linker decides first
    CURRENT = "current"  # what will be linked, or was
    SUPERSEDED = "superseded"  # replaced by a later one; its content is deleted
    REJECTED = "rejected"  # a person decided against it; its content is deleted
    ACCEPTED = "accepted"  # objections: no more is said


class NoRate(StrEnum):
    """Why a mirror has no match rate."""

    BEFORE_LINKING = "before_linking"  # the round is open, or closed and not linked yet
    NOT_COUNTED = "not_counted"  # the delivery was not current when the round was linked
    TOO_FEW_PERSONS = "too_few_persons"  # a share over so few would tell about individuals
    OBJECTIONS = "objections"  # nobody is told anything about objections


class RefusedUploads(Body):
    """How often the linker refused an upload for one reason; nothing of it was stored."""

    code: str
    count: Annotated[int, Field(ge=1)]


Count = Annotated[int, Field(ge=0)]


class Mirror(Body):
    """Body of a mirror statement.

    Attributes:
        envelope: SHA-256 of the ciphertext of the part that was asked about.
        parts_received: parts of the delivery that were stored; None for objections.
        rows_received: rows in those parts; None for objections.
        rows_refused: rows that were stored and then rejected, which is all of a delivery or
            none: the linker never takes a part of a part. None for objections.
        refused_uploads: of this supplier in this round, whatever the delivery; by code.
        revision: the linkage that the rate is of; 0 where there is none.
        match_percent: share of the delivered persons that was linked: whole, and blurred.
        no_match_percent: why there is no such share, or None where there is one.
    """

    service: PartyId
    supplier: PartyId
    round_id: str
    schema_name: str
    delivery: str
    envelope: Sha256
    standing: Standing
    parts_received: Count | None
    rows_received: Count | None
    rows_refused: Count | None
    refused_uploads: tuple[RefusedUploads, ...]
    revision: Count
    match_percent: Annotated[int, Field(ge=0, le=100)] | None
    no_match_percent: NoRate | None
    as_of: datetime

    @model_validator(mode="after")
    def _has_a_rate_or_a_reason(self) -> Mirror:
        if (self.match_percent is None) == (self.no_match_percent is None):
            raise ValueError("a mirror has a match rate or says why there is none")
        if (self.revision > 0) != (self.match_percent is not None):
            raise ValueError("a match rate is that of one linkage")
        return self

    @model_validator(mode="after")
    def _says_nothing_of_objections(self) -> Mirror:
        if self.standing is Standing.ACCEPTED:
            said = (self.parts_received, self.rows_received, self.rows_refused)
            if (
                said != (None, None, None)
                or self.refused_uploads
                or self.no_match_percent is not NoRate.OBJECTIONS
            ):
                raise ValueError("of objections no more is said than that they are accepted")
        elif None in (self.parts_received, self.rows_received, self.rows_refused):
            raise ValueError("a mirror counts what was received")
        return self
