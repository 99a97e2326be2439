"""Periods that a round counts in: school years or calendar years, never both.

A period's wire code is its first year minus 2000, so that it means the same in every round.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PeriodKind(StrEnum):
    """Which year a period is."""

    SCHOOL_YEAR = "school_year"
    CALENDAR_YEAR = "calendar_year"


class Period(BaseModel):
    """One period with its reference date (*peildatum*).

    ``starts_on`` and ``ends_on`` are both inside the period.

    Source: DESIGN 3.2: 1 August to 31 July with reference date 1 October.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: PeriodKind
    code: Annotated[int, Field(ge=10, le=99)]

    @property
    def year(self) -> int:
        """The calendar year in which the period starts."""
        return 2000 + self.code

    @property
    def starts_on(self) -> date:
        """First day."""
        return date(self.year, 8 if self.kind is PeriodKind.SCHOOL_YEAR else 1, 1)

    @property
    def ends_on(self) -> date:
        """Last day."""
        if self.kind is PeriodKind.SCHOOL_YEAR:
            return date(self.year + 1, 7, 31)
        return date(self.year, 12, 31)

    @property
    def reference_on(self) -> date:
        """The date on which enrolment and age are read: 1 October."""
        return date(self.year, 10, 1)

    @property
    def days(self) -> int:
        """Number of days in the period: 365 or 366."""
        return (self.ends_on - self.starts_on + timedelta(days=1)).days

    @property
    def label(self) -> str:
        """``2023/2024`` for a school year, ``2023`` for a calendar year."""
        if self.kind is PeriodKind.SCHOOL_YEAR:
            return f"{self.year}/{self.year + 1}"
        return str(self.year)


def school_year(starting_year: int) -> Period:
    """The school year that starts on 1 August of ``starting_year``."""
    return Period(kind=PeriodKind.SCHOOL_YEAR, code=starting_year - 2000)
