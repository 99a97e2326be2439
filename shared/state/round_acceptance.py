"""What both services do alike with a round: offer a key, and check what the round pins."""

from __future__ import annotations

import base64

from shared.agreements import Agreements
from shared.clock import Clock
from shared.errors import TrustError
from shared.identity import Identity, Role
from shared.policy import Policy
from shared.round import Offer, Pins
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement


def make_offer(identity: Identity, keys: RoundKeys, round_id: str, clock: Clock) -> Statement:
    """Make a round's key and offer its public half, signed by the pinned identity.

    Raises:
        StateError: ``round-key-exists``.
    """
    keys.create(round_id)
    offer = Offer(
        round_id=round_id,
        card=identity.card,
        seal_key=base64.b64encode(keys.public_bytes(round_id)).decode(),
        offered_at=clock(),
    )
    return Statement.make(Kind.OFFER, offer, identity)


def service_pins(agreements: Agreements, policy: Policy) -> Pins:
    """The trust root of a service: fingerprints from the signed agreements."""
    return Pins(
        key_office=agreements.fingerprint(policy.key_office, Role.KEY_OFFICE),
        linker=agreements.fingerprint(policy.linker, Role.LINKER),
        publisher=agreements.fingerprint(policy.publisher, Role.PUBLISHER),
    )


def check_own_offer(offer: Offer, keys: RoundKeys) -> None:
    """Refuse a round with another key than the one that this service offered for it.

    Raises:
        TrustError: ``offer-not-ours``.
        StateError: ``round-key-absent``.
    """
    if offer.seal_key != base64.b64encode(keys.public_bytes(offer.round_id)).decode():
        raise TrustError(
            "offer-not-ours",
            f"expected the key that this service offered for {offer.round_id}, found another",
            hint="make the round with the file of `round offer`",
        )
