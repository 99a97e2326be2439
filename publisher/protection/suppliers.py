"""What suppliers know of counts: each of them its own clients (PROTECTION sections 1 and 3).

The alternative of a quantity that the rule on a supplier's rest is about is one that every
supplier thinks possible: no count of clients in it is lower than what one of them can itself
place there. A single alternative is then a proof for every supplier at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from publisher.protection.grid import Grid
from publisher.protection.primary import supplier_remainder_disclosed
from publisher.protection.problem import ProblemBuilder
from publisher.protection.quantities import Quantity
from publisher.protection.rules import Rules


@dataclass(frozen=True, slots=True)
class Known:
    """What the suppliers know together of a set of leaves, without telling each other.

    Attributes:
        least: the most that one of them can itself place there.
        few: whether one of them would be left with a few others.
        low: from ``least`` on the lowest value that the rules withhold.
        high: the greatest value that leaves one of them a few others; 0 where none has clients.
    """

    least: int
    few: bool
    low: int
    high: int

    @classmethod
    def of(
        cls, quantity: Quantity, grid: Grid, rules: Rules, period: int, leaves: Iterable[str]
    ) -> Known:
        """What they know of a quantity of clients.

        Of trajectories the tally says of how many children they are: every other child has one at
        least, so that no supplier has more of them than are left without these.
        """
        value, children, own = 0, 0, Counter[int]()
        for leaf in leaves:
            counted, inputs = quantity.leaf(grid, period, leaf)
            value += counted
            children += inputs.children
            own.update(dict(inputs.of_supplier))
        return cls.from_counts(
            value,
            children,
            tuple(own.values()),
            threshold=quantity.threshold(rules),
            limit=quantity.remainder_min(rules),
        )

    @classmethod
    def from_counts(
        cls, value: int, children: int, own: Sequence[int], *, threshold: int, limit: int
    ) -> Known:
        """The same from what is counted, and from each supplier's own children."""
        few = any(supplier_remainder_disclosed(children, each, limit) for each in own)
        most = max(own, default=0)
        withheld = most < threshold or any(
            supplier_remainder_disclosed(most, each, limit) for each in own
        )
        least = value - children + most if most else 0
        return cls(least, few, most if withheld else most + 1, most + limit - 1 if most else 0)


def face_suppliers(
    builder: ProblemBuilder, least: Mapping[int, int], ruled: Collection[int]
) -> None:
    """Say what suppliers know, and of which quantities the proofs must hold for them.

    What the rule is about goes below a supplier's own for no reader; other counts of clients
    only not in the proofs for suppliers.

    Args:
        builder: the problem, with all its sensitive quantities.
        least: per count of clients the most that one supplier can itself place in it.
        ruled: the quantities that the rule on a supplier's rest is about.
    """
    about = frozenset(ruled)
    for at, known in least.items():
        node = builder.nodes[at]
        floor = max(node.floor, known) if at in about else node.floor
        builder.nodes[at] = replace(node, floor=floor, known=known)
    builder.sensitive[:] = [
        replace(item, faces_suppliers=True) if item.node in about else item
        for item in builder.sensitive
    ]
