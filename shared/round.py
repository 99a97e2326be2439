"""The round: a statement that pins everything one linkage needs; and the offers it rests on."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey
from pydantic import Field, model_validator

from shared.canonical import from_base64
from shared.contract.periods import Period
from shared.errors import PolicyError, TrustError
from shared.identity import (
    SEAL_KEY_BYTES,
    Card,
    PartyId,
    Role,
    SealKey,
    Sha256,
    check_pinned,
    sealing_public_key,
)
from shared.register import Register
from shared.statement import Body, Kind, Statement

RoundId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,40}$")]
SCHEME: Final = "hmac-sha256"
MAX_PERIODS = 6


class SchemaName(StrEnum):
    """What a supplier can be asked for."""

    ENROLMENT = "enrolment/1"
    CARE = "care/1"
    OBJECTION = "objection/1"


TOLD_SCHEMAS = (SchemaName.ENROLMENT, SchemaName.CARE)
"""Schemas of which a service tells who delivered what, and how much; an allow-list.

Of objections it tells none of that: not in a count, and not in a sum that holds one.
"""


class Offer(Body):
    """A service offers a key, for one round only, to which others may seal.

    Attributes:
        seal_key: ML-KEM-768 and X25519 public keys together, base64.
    """

    round_id: RoundId
    card: Card
    seal_key: SealKey
    offered_at: datetime

    def sealing_key(self) -> MLKEM768X25519PublicKey:
        """The public key to seal to in this round."""
        return sealing_public_key(from_base64(self.seal_key, SEAL_KEY_BYTES))


class Expected(Body):
    """One delivery that the round expects from a supplier."""

    schema_name: SchemaName
    municipalities: tuple[Annotated[int, Field(ge=1, le=9999)], ...]


class Supplier(Body):
    """A supplier in a round, with what it delivers for which municipalities."""

    party: PartyId
    expected: tuple[Expected, ...]

    def municipalities(self, schema: SchemaName) -> tuple[int, ...] | None:
        """For which municipalities it delivers ``schema``; None where it does not."""
        for item in self.expected:
            if item.schema_name is schema:
                return item.municipalities
        return None


class Limits(Body):
    """How much one supplier may deliver in one round."""

    max_rows_per_delivery: Annotated[int, Field(ge=1)]
    max_objections_per_supplier: Annotated[int, Field(ge=0)]


class Terms(Body):
    """Retention terms of the round, in days, copied from the policy when the round is made."""

    input_days_after_close: Annotated[int, Field(ge=1)]
    tally_days_after_receipt: Annotated[int, Field(ge=1)]


class Round(Body):
    """The body of a round statement.

    Attributes:
        calibration: SHA-256 over the pseudonyms of fixed canaries; proves one secret for all.
        policy: SHA-256 of the bytes of policy.toml.
        offers: the linker's and the publisher's offer statements, whole.
    """

    round_id: RoundId
    region: str
    made_at: datetime
    closes_on: date
    synthetic: bool
    periods: Annotated[tuple[Period, ...], Field(min_length=1, max_length=MAX_PERIODS)]
    suppliers: Annotated[tuple[Supplier, ...], Field(min_length=1)]
    scheme: Literal["hmac-sha256"]
    calibration: Sha256
    policy: Sha256
    register_sha256: Sha256
    reference: Sha256
    offers: tuple[dict[str, Any], dict[str, Any]]
    terms: Terms
    limits: Limits

    @model_validator(mode="after")
    def _periods_are_of_one_kind(self) -> Round:
        if len({period.kind for period in self.periods}) != 1:
            raise ValueError("a round counts school years or calendar years, never both")
        codes = [period.code for period in self.periods]
        if codes != sorted(set(codes)):
            raise ValueError("the periods of a round are distinct and in order")
        parties = [supplier.party for supplier in self.suppliers]
        if len(set(parties)) != len(parties):
            raise ValueError("a supplier stands in a round once")
        return self

    def supplier(self, party: str) -> Supplier:
        """The supplier called ``party``.

        Raises:
            PolicyError: ``supplier-not-in-round``.
        """
        for supplier in self.suppliers:
            if supplier.party == party:
                return supplier
        raise PolicyError(
            "supplier-not-in-round",
            f"expected a supplier of round {self.round_id}, found {party}",
            hint="ask the key office to add the supplier to the next round",
            about=party,
        )


def read_offer(document: dict[str, Any], fingerprint: str, role: Role) -> Offer:
    """An offer, checked against the pinned fingerprint of the service that makes it.

    Raises:
        TrustError: ``card-not-pinned``, ``signature-missing`` or ``signature-invalid``.
    """
    statement = Statement.from_document(document)
    offer = statement.read(Kind.OFFER, Offer)
    check_pinned(offer.card, fingerprint, role=role)
    statement.check_signed_by(offer.card)
    return offer


class Pins(Body):
    """The fingerprints that a party took from its own signed agreement: its trust root."""

    key_office: Sha256
    linker: Sha256
    publisher: Sha256


class TrustedRound(Body):
    """A round of which everything was checked against a party's own pins."""

    body: Round
    sha256: Sha256
    linker_offer: Offer
    publisher_offer: Offer
    register_body: Register


def check_round(
    statement: Statement,
    register: Statement,
    pins: Pins,
    *,
    day: date | None,
    accepted: bool = True,
) -> TrustedRound:
    """Check a round in numbered steps and give what may be relied on.

    Args:
        statement: the round.
        register: the register that the round pins.
        pins: the reader's own pinned fingerprints.
        day: on which the cards of key office and services must be valid; None to look back at
            a round that was accepted on an earlier day.
        accepted: whether the linker's counter-signature must stand on it.

    Raises:
        TrustError: for any signature, pin or hash that does not fit.
    """
    round_ = statement.read(Kind.ROUND, Round)
    # 1. The register is the one that the round pins.
    if register.sha256 != round_.register_sha256:
        raise TrustError(
            "register-not-pinned",
            f"expected the register {round_.register_sha256[:16]}…, found {register.sha256[:16]}…",
            hint="ask the key office for the register of this round",
        )
    parties = register.read(Kind.REGISTER, Register)
    # 2. The pinned key office signed both.
    office = _key_office(parties)
    check_pinned(office, pins.key_office, role=Role.KEY_OFFICE)
    register.check_signed_by(office)
    statement.check_signed_by(office)
    # 3. Both offers are signed by the pinned services, and are for this round.
    linker = read_offer(round_.offers[0], pins.linker, Role.LINKER)
    publisher = read_offer(round_.offers[1], pins.publisher, Role.PUBLISHER)
    for offer in (linker, publisher):
        _check_offered_for(offer, round_.round_id)
    # 4. Their cards are valid today, where the round is new to the reader.
    if day is not None:
        for card in (office, linker.card, publisher.card):
            card.check_valid_on(day)
    # 5. The linker accepted the round.
    if accepted:
        statement.check_signed_by(linker.card)
    return TrustedRound(
        body=round_,
        sha256=statement.sha256,
        linker_offer=linker,
        publisher_offer=publisher,
        register_body=parties,
    )


def _key_office(register: Register) -> Card:
    for card in register.cards:
        if card.role is Role.KEY_OFFICE:
            return card
    raise TrustError("key-office-missing", "expected a key office in the register, found none")


def _check_offered_for(offer: Offer, round_id: str) -> None:
    if offer.round_id != round_id:
        raise TrustError(
            "offer-of-other-round",
            f"expected an offer for {round_id}, found one for {offer.round_id}",
            hint="the service makes a new offer for each round",
            about=round_id,
        )


def check_pinned_document(what: str, expected: str, found: str) -> None:
    """Refuse another ``what`` than the one that the round pins by SHA-256.

    Raises:
        TrustError: ``policy-not-pinned`` or ``reference-not-pinned``.
    """
    if expected != found:
        raise TrustError(
            f"{what}-not-pinned",
            f"expected the {what} {expected[:16]}… that the round pins, found {found[:16]}…",
            hint=f"use the {what} with which the key office made the round",
        )
