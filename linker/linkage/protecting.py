"""The p % rule: how uncertain an amount must stay, and whether one contributor dominates it.

The linker alone has contributions, so that it computes what the rule asks: per cell and dimension
the required width upward, never a contribution.

Source: Willenborg and de Waal, Elements of Statistical Disclosure Control (2001), 4.2; policy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linker.linkage.facts import Ints


@dataclass(frozen=True, slots=True)
class PercentRule:
    """The parameters of the rule; the defaults are those of the shipped policy.

    Attributes:
        p_percent: nobody who contributes may estimate the largest of the others this closely.
        dominance_percent: of one contributor, above which an amount is dominated.
    """

    p_percent: int = 15
    dominance_percent: int = 50

    def width(self, first: Ints, second: Ints, whole: Ints) -> Ints:
        """The required width: what p per cent of the largest lacks in the rest.

        Args:
            first: largest contribution, by its size.
            second: second largest; 0 where there is none.
            whole: sum of all contributions.
        """
        lacking = self.p_percent * first - 100 * (whole - first - second)
        width: Ints = np.maximum(0, -(-lacking // 100))
        return width

    def dominated(self, first: Ints, whole: Ints) -> npt.NDArray[np.bool_]:
        """Whether the largest contribution is more than its share."""
        return 100 * first > self.dominance_percent * whole


SHIPPED_RULE = PercentRule()
"""With the parameters of the shipped policy."""


def largest_two(values: Ints, starts: Ints) -> tuple[Ints, Ints, Ints]:
    """Largest, second largest and sum of each run of contributions.

    Args:
        values: contributions, by their size.
        starts: where each run begins; none is empty.
    """
    if not len(starts):
        return (np.zeros(0, np.int64),) * 3
    lengths = np.diff(starts, append=len(values))
    first = np.maximum.reduceat(values, starts)
    is_first = values == np.repeat(first, lengths)
    ties = np.add.reduceat(is_first, starts, dtype=np.int64)
    below = np.maximum.reduceat(np.where(is_first, 0, values), starts)
    return first, np.where(ties > 1, first, below), np.add.reduceat(values, starts)
