"""The register: the key office's signed list of the cards of all parties.

It tells who takes part. It is not a trust root: services are pinned by the suppliers, and
suppliers by the linker, each from its own signed agreement.
"""

from __future__ import annotations

from datetime import datetime

from shared.errors import InputError
from shared.identity import Card
from shared.statement import Body


class Register(Body):
    """The body of a register statement."""

    region: str
    issued_at: datetime
    cards: tuple[Card, ...]

    def card(self, party: str) -> Card:
        """The card of ``party``.

        Raises:
            InputError: ``party-unknown``.
        """
        for card in self.cards:
            if card.party == party:
                return card
        raise InputError(
            "party-unknown",
            f"expected {party} in the register of {self.region}, found no card",
            hint="the key office adds it with `hasher key register`",
            about=party,
        )
