"""What both services do alike with a new round: offer a key, then check all that it pins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from shared.agreements import Agreements
from shared.canonical import to_base64
from shared.clock import Clock
from shared.errors import PolicyError, TrustError
from shared.identity import Identity, Role
from shared.policy import Policy, read_policy
from shared.reference import Reference
from shared.round import Offer, Pins, Round, TrustedRound, check_pinned_document, check_round
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement

MAX_OPEN = timedelta(days=366)
"""A round is open for at most a year; its retention term starts when it closes."""


def make_offer(identity: Identity, keys: RoundKeys, round_id: str, clock: Clock) -> Statement:
    """Make a round's key and offer its public half, signed by the pinned identity.

    Asked again, it offers the same key, so that a lost file costs nothing.
    """
    keys.clear_halves(round_id)
    if not keys.exists(round_id):
        keys.create(round_id)
    offer = Offer(
        round_id=round_id,
        card=identity.card,
        seal_key=to_base64(keys.public_bytes(round_id)),
        offered_at=clock(),
    )
    return Statement.make(Kind.OFFER, offer, identity)


@dataclass(frozen=True, slots=True)
class RoundFiles:
    """The files of a round as a service receives them, and its own policy.

    Attributes:
        reference: bytes of the reference bundle.
        policy: bytes of policy.toml.
    """

    statement: Statement
    register: Statement
    reference: bytes
    policy: bytes


@dataclass(frozen=True, slots=True)
class CheckedRound:
    """A round of which everything was checked that both services must check."""

    trusted: TrustedRound
    reference: Reference
    policy: Policy


def check_files(
    files: RoundFiles, agreements: Agreements, keys: RoundKeys, role: Role, day: date
) -> CheckedRound:
    """Check a round in numbered steps, as the service in ``role``.

    Raises:
        TrustError: a signature, pin or hash does not fit.
        PolicyError: the policy does not allow the round.
        StateError: ``round-key-absent``.
    """
    policy = read_policy(files.policy)
    # 1. Signatures, pins, offers and register; the linker is the one who still has to accept.
    trusted = check_round(
        files.statement,
        files.register,
        service_pins(agreements, policy.policy, day),
        day=day,
        accepted=role is not Role.LINKER,
    )
    # 2. The key in it is the one that this service offered, and it is here.
    own = trusted.linker_offer if role is Role.LINKER else trusted.publisher_offer
    _check_own_offer(own, keys)
    # 3. Policy and reference bundle are the ones that the round pins.
    body, reference = trusted.body, Reference.from_bytes(files.reference)
    check_pinned_document("policy", body.policy, policy.sha256)
    check_pinned_document("reference", body.reference, reference.sha256)
    # 4. The policy allows the round, as far and as long as it goes.
    policy.policy.check_round_allowed(synthetic=body.synthetic)
    policy.policy.check_reviewed(day)
    if not body.synthetic:
        agreements.check_processor_complete(policy.policy.linker, Role.LINKER)
        agreements.check_processor_complete(policy.policy.publisher, Role.PUBLISHER)
    _check_within_policy(body, policy.policy)
    if body.closes_on < day:
        raise PolicyError(
            "closes-in-past",
            f"expected a round that closes on {day} or later, found {body.closes_on}",
            hint="the key office makes the round again with a later date",
        )
    return CheckedRound(trusted, reference, policy.policy)


def service_pins(agreements: Agreements, policy: Policy, day: date) -> Pins:
    """The trust root of a service: fingerprints from agreements that are in force on ``day``.

    Raises:
        PolicyError: ``agreement-missing`` or ``agreement-not-in-force``.
    """

    def pinned(party: str, role: Role) -> str:
        agreements.check_in_force(party, role, day)
        return agreements.fingerprint(party, role)

    return Pins(
        key_office=pinned(policy.key_office, Role.KEY_OFFICE),
        linker=pinned(policy.linker, Role.LINKER),
        publisher=pinned(policy.publisher, Role.PUBLISHER),
    )


def _check_within_policy(body: Round, policy: Policy) -> None:
    """Terms, limits and duration of a round stay within those of the policy."""
    terms, limits = policy.retention, policy.limits
    too_far = {
        "input_days_after_close": body.terms.input_days_after_close > terms.input_after_close_days,
        "tally_days_after_receipt": (
            body.terms.tally_days_after_receipt > terms.tally_after_receipt_days
        ),
        "max_rows_per_delivery": (body.limits.max_rows_per_delivery > limits.max_rows_per_delivery),
        "max_objections_per_supplier": (
            body.limits.max_objections_per_supplier > limits.max_objections_per_supplier
        ),
        "closes_on": body.closes_on > body.made_at.date() + MAX_OPEN,
    }
    names = ", ".join(name for name, over in too_far.items() if over)
    if names:
        raise PolicyError(
            "round-beyond-policy",
            f"expected a round within the terms and limits of the policy, found beyond it: {names}",
            hint="make the round with this policy, open for at most a year",
        )


def _check_own_offer(offer: Offer, keys: RoundKeys) -> None:
    if offer.seal_key != to_base64(keys.public_bytes(offer.round_id)):
        raise TrustError(
            "offer-not-ours",
            f"expected the key that this service offered for {offer.round_id}, found another",
            hint="make the round with the file of `round offer`",
        )
