"""What suppliers know of counts of clients, from the counts per supplier in the tally.

A supplier knows its own clients at every school. A certificate of what the rule on its rest is
about must be possible for every supplier: no count in it is below its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from publisher.protection.measures import counts_clients
from publisher.protection.quantities import Quantity
from publisher.protection.verification.statement import Leaves, Statement


@dataclass(frozen=True, slots=True)
class Rests:
    """Children of a set, and per supplier with any how many it can itself place there."""

    children: int
    own: tuple[int, ...]
    threshold: int
    limit: int

    @classmethod
    def of(cls, statement: Statement, quantity: Quantity, leaves: Leaves) -> Rests:
        """Those of a quantity of clients; nobody where it counts no clients."""
        if not counts_clients(quantity.measure):
            return cls(0, (), 0, 0)
        rules = statement.rules
        return cls(
            statement.children(quantity, leaves),
            statement.of_suppliers(quantity, leaves),
            quantity.threshold(rules),
            quantity.remainder_min(rules),
        )

    @property
    def too_few(self) -> bool:
        """Whether some supplier is left with 1 or more others, but fewer than the limit."""
        return self._tells(self.children)

    def possible(self) -> tuple[int, int]:
        """Least and greatest number of children that the rules withhold, for every supplier."""
        most = max(self.own, default=0)
        end = max(most + self.limit, self.threshold, 2)
        withheld = [
            value
            for value in range(max(most, 1), end)
            if value < self.threshold or self._tells(value)
        ]
        return (withheld[0], withheld[-1]) if withheld else (1, 1)

    def least(self, value: int) -> int:
        """The least value that every supplier thinks possible.

        A supplier has at most what is left when every child of others has one.
        """
        return max((value - (self.children - own) for own in self.own), default=0)

    def _tells(self, children: int) -> bool:
        return any(1 <= children - own < self.limit for own in self.own)


def state_what_suppliers_know(statement: Statement) -> None:
    """Add to the statement how low each count of clients can be for who knows its own.

    For what the rule is about that holds in every certificate; for other counts of clients only
    in those that prove what it is about.
    """
    if not statement.rules.faces_suppliers:
        return
    for quantity in statement.quantities.values():
        if counts_clients(quantity.measure):
            ruled = bool(quantity.remainder_min(statement.rules))
            stated = statement.least if ruled else statement.known
            for key, leaves in statement.leaves_of(quantity).items():
                least = Rests.of(statement, quantity, leaves).least(statement.true[key])
                if least > 0:
                    stated[key] = least
