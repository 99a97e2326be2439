"""What a supplier is told about how much of its delivery was linked: one blurred whole per cent.

A supplier knows every row that it delivered, and can make rows up. With a share that is a function
of the exact count it could deliver children of whom it knows how many will link, so many that one
child more tips the rounding, and read from the answer whether that child is in the data of another.
Whole per cents over many persons make this harder and do not prevent it. Two things do:

1. What is compared with a bound, and what is divided by, is the number of persons *as delivered*:
   the supplier knows it, so it tells nothing. Persons left after objections would tell of them.
2. The count of linked persons gets two-sided geometric noise. One child more or less changes the
   probability of every answer by a factor of 11/9 at most (differential privacy with
   epsilon = ln 11/9 = 0.2), whatever else the supplier knows. Rounding comes after, and is free.

The noise is 0 on average and within 15 persons in 95 of 100 draws: over 1,000 persons 1.5 of a
hundred, over 10,000 persons a seventh of one.

Source: docs/adr/0012-match-rates-are-blurred.md; Ghosh, Roughgarden and Sundararajan (2009),
Universally utility-maximizing privacy mechanisms.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

import pyarrow as pa

from linker.linkage.inputs import Suppliers
from linker.linkage.quality import SMALLEST_BASE

LARGEST_RATIO = Fraction(11, 9)
"""By how much one child may change the probability of an answer."""

Noise = Callable[[], int]
"""Gives a number of persons to add to a count before anybody is told of it."""


@dataclass(frozen=True, slots=True)
class Match:
    """Persons of one supplier's delivery of one schema, over all periods.

    Attributes:
        persons: with youth care where the delivery is of care; as delivered, so also those who
            objected.
        linked: of these, and without those who objected.
    """

    persons: int
    linked: int


def matches(
    suppliers: Suppliers, quality: Iterable[pa.Table], objected: Iterable[pa.Table]
) -> dict[tuple[str, str], Match]:
    """Add the persons of every shard, by supplier and schema.

    Args:
        quality: Arrow tables with ``supplier_no``, ``linkage_base`` and ``linked``.
        objected: Arrow tables with ``supplier_no`` and ``objected``, persons that are not there.
    """
    persons: Counter[int] = Counter()
    linked: Counter[int] = Counter()
    for part in quality:
        for row in part.to_pylist():
            persons[row["supplier_no"]] += row["linkage_base"]
            linked[row["supplier_no"]] += row["linked"]
    for part in objected:
        for row in part.to_pylist():
            persons[row["supplier_no"]] += row["objected"]
    return {
        supplier: Match(persons[number], linked[number])
        for number, supplier in enumerate(suppliers)
    }


def told_percent(match: Match, noise: Noise) -> int | None:
    """The whole per cent that is told, half up; None over too few persons.

    Call it once per linkage and keep the answer: the mean of many answers has no noise.
    """
    if match.persons < SMALLEST_BASE:
        return None
    blurred = min(max(match.linked + noise(), 0), match.persons)
    return (200 * blurred + match.persons) // (2 * match.persons)


def two_sided_noise(below: Callable[[int], int] = secrets.randbelow) -> int:
    """The difference of two geometric draws: exact, without a logarithm that leaks its bits.

    Args:
        below: gives a number from 0 up to its argument, every one as likely.
    """
    return _geometric(below) - _geometric(below)


def _geometric(below: Callable[[int], int]) -> int:
    """How often a draw that succeeds 9 times in 11 does so in a row."""
    again, of = LARGEST_RATIO.denominator, LARGEST_RATIO.numerator
    return next(successes for successes in count() if below(of) >= again)
