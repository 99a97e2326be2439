"""Why a delivered row can be unlinked, and the rows of a delivery by their cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why a row is not linked; ``LINKED`` where it is."""

    LINKED = "linked"
    REPEATED = "repeated"  # another enrolment of the same pupil counts in this period
    NOT_LINKABLE = "not-linkable"  # a pupil without a citizen number
    NOT_COVERED = "not-covered"  # lives where enrolment or care was not delivered
    NO_CARE = "no-care"  # a pupil of whom no youth care is known in this period
    TOO_YOUNG = "too-young"  # not enrolled, and younger than four
    GROWN_UP = "grown-up"  # not enrolled, and eighteen or older
    OTHER_PERIOD = "other-period"  # enrolled in another period of the round only
    ABSENT = "absent"  # of school age and in no enrolment of the round


@dataclass(frozen=True, slots=True)
class DeliveredRows:
    """The rows of one supplier in one schema.

    Attributes:
        counts: rows by period and cause.
        persons: distinct persons, over all periods.
        repeats: care rows that are the same as another in every respect.
    """

    counts: Mapping[tuple[int, Cause], int]
    persons: int
    repeats: int

    @property
    def rows(self) -> int:
        """Every row."""
        return sum(self.counts.values())

    def by_cause(self) -> dict[Cause, int]:
        """Rows by cause over all periods, linked ones too."""
        totals: Counter[Cause] = Counter()
        for (_period, cause), rows in self.counts.items():
            totals[cause] += rows
        return dict(totals)

    def by_period(self) -> dict[int, int]:
        """Rows by period."""
        totals: Counter[int] = Counter()
        for (period, _cause), rows in self.counts.items():
            totals[period] += rows
        return dict(totals)


Explained = Mapping[tuple[str, str], DeliveredRows]
"""By supplier and schema."""
