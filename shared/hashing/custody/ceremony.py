"""The key office's part: register, round with its secret, and a grant for each supplier."""

from __future__ import annotations

import os
import secrets
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared import __version__
from shared.clock import Clock
from shared.contract.periods import Period, PeriodKind
from shared.envelope import Context, EnvelopeKind, seal
from shared.errors import ConfigurationError, InputError, TrustError
from shared.files import read_file
from shared.hashing.custody.home import GRANT_SCHEMA, Home
from shared.hashing.pseudonym import SECRET_BYTES, calibration, derive_key
from shared.identity import Card, Identity, Role
from shared.policy import PinnedPolicy, explain, parse_toml
from shared.redaction import Secret
from shared.register import Register
from shared.round import (
    SCHEME,
    Limits,
    Pins,
    Round,
    Supplier,
    Terms,
    TrustedRound,
    check_round,
    read_offer,
)
from shared.statement import Kind, Statement


class Plan(BaseModel):
    """What the key office decides about a round (round-plan.toml)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str
    closes_on: date
    synthetic: bool
    period_kind: PeriodKind
    first_years: Annotated[tuple[int, ...], Field(min_length=1)]
    suppliers: Annotated[tuple[Supplier, ...], Field(min_length=1)]

    @property
    def periods(self) -> tuple[Period, ...]:
        """The periods of the round, in order."""
        return tuple(Period(kind=self.period_kind, code=year - 2000) for year in self.first_years)


def load_plan(path: Path) -> Plan:
    """Read a plan.

    Raises:
        ConfigurationError: ``plan-invalid``, naming each place.
    """
    try:
        return Plan.model_validate(parse_toml(read_file(path, "a round plan"), path.name))
    except ValidationError as error:
        raise ConfigurationError(
            "plan-invalid",
            f"expected a complete plan in {path.name}: {explain(error)}",
            hint="mend the places that are named",
            about=path.name,
        ) from error


def make_register(
    office: Identity, region: str, cards: tuple[Card, ...], clock: Clock
) -> Statement:
    """The signed register of all parties, the key office's own card among them.

    Raises:
        InputError: ``card-twice``.
    """
    every = (office.card, *cards)
    parties = [card.party for card in every]
    if len(set(parties)) != len(parties):
        raise InputError(
            "card-twice",
            "expected one card of each party, found two of one",
            hint="give the newest card of each party only",
        )
    body = Register(
        region=region,
        issued_at=clock(),
        cards=tuple(sorted(every, key=lambda card: card.party)),
    )
    return Statement.make(Kind.REGISTER, body, office)


def make_round(
    home: Home,
    round_id: str,
    plan: Plan,
    policy: PinnedPolicy,
    register: Statement,
    reference_sha256: str,
    offers: tuple[Statement, Statement],
    clock: Clock,
) -> Statement:
    """Make the secret of a new round, and the round that pins everything.

    Args:
        offers: the linker's and the publisher's; checked against the key office's own pins.

    Raises:
        PolicyError: the policy does not allow the round.
        StateError: ``round-made``.
        TrustError: an offer is not of a pinned service, or for another round.
    """
    office, pins = home.identity(), home.pins().pins
    home.check_not_made(round_id)
    policy.policy.check_round_allowed(synthetic=plan.synthetic)
    for supplier in plan.suppliers:
        for expected in supplier.expected:
            policy.policy.attributes(expected.schema_name.value)
    _check_offers(offers, pins, round_id)
    secret = Secret(os.urandom(SECRET_BYTES))
    body = Round(
        round_id=round_id,
        region=plan.region,
        made_at=clock(),
        closes_on=plan.closes_on,
        synthetic=plan.synthetic,
        periods=plan.periods,
        suppliers=plan.suppliers,
        scheme=SCHEME,
        calibration=calibration(derive_key(secret.reveal(), round_id)),
        policy=policy.sha256,
        register_sha256=register.sha256,
        reference=reference_sha256,
        offers=(offers[0].document(), offers[1].document()),
        terms=Terms(
            input_days_after_close=policy.policy.retention.input_after_close_days,
            tally_days_after_receipt=policy.policy.retention.tally_after_receipt_days,
        ),
        limits=Limits(**policy.policy.limits.model_dump()),
    )
    statement = Statement.make(Kind.ROUND, body, office)
    home.write_made(round_id, secret, statement)
    return statement


def _check_offers(offers: tuple[Statement, Statement], pins: Pins, round_id: str) -> None:
    linker = read_offer(offers[0].document(), pins.linker, Role.LINKER)
    publisher = read_offer(offers[1].document(), pins.publisher, Role.PUBLISHER)
    if {linker.round_id, publisher.round_id} != {round_id}:
        raise TrustError(
            "offer-of-other-round",
            f"expected offers for {round_id}, found one for another round",
            hint="both services make a new offer for each round",
            about=round_id,
        )


def make_grants(home: Home, round_: Statement, register: Statement) -> dict[str, bytes]:
    """The round secret, sealed to each supplier of an accepted round, by party.

    Register and round are verified against the key office's own pins, and the linker, which
    pins every supplier's card itself, must have accepted the round: a card that was swapped in
    a file on its way never receives a secret.

    Raises:
        TrustError: a signature, pin or hash does not fit; no grant is made.
    """
    trusted = check_round(round_, register, home.pins().pins, day=None)
    return {
        supplier.party: _make_grant(home, trusted, supplier.party)
        for supplier in trusted.body.suppliers
    }


def _make_grant(home: Home, trusted: TrustedRound, party: str) -> bytes:
    office, body = home.identity(), trusted.body
    context = Context(
        kind=EnvelopeKind.GRANT,
        sender=office.party,
        recipient=party,
        round_id=body.round_id,
        round_statement=trusted.sha256,
        schema_name=GRANT_SCHEMA,
        policy=body.policy,
        agreement="",
        calibration=body.calibration,
        synthetic=int(body.synthetic),
        delivery=secrets.token_hex(16),
        part=1,
        previous="",
        last=1,
        supersedes="",
        rows=0,
        tool=f"hasher {__version__}",
    )
    secret = home.secret(body.round_id)
    card = trusted.register_body.card(party)
    return seal(context, secret.reveal(), office, card.sealing_key())
