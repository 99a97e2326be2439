"""Rows as they are delivered and the public facts beside them, without a line of the product.

Both oracles count from these: the one of the micro-regions, and the one of a generated region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

NO_PROVIDER = "00000000"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A row of ``enrolment/1``; a person is a number that only this test knows."""

    person: int
    period: int = 20
    school: str = "99XA00"
    residence: int = 1
    education: int = 0
    age: int = 8
    linkable: bool = True
    main: bool = True
    supplier: str = "duo"


@dataclass(frozen=True, slots=True)
class Care:
    """A row of ``care/1`` with the municipality that delivers it.

    Attributes:
        days: in the period.
        since: days since the start.
    """

    person: int
    municipality: int = 1
    form: int = 2
    period: int = 20
    days: int = 30
    started: bool = False
    ended: bool = False
    first: bool = False
    end_reason: int = 0
    domain: int = 1
    provider: str = "01000001"
    referrer: int = 1
    funding: int = 1
    since: int = 30
    age_at_start: int = 8
    cost_eur: int = 100
    half_days: int = 0
    arrangement: int = 0

    @classmethod
    def of_wire(cls, row: Mapping[str, Any], person: int, municipality: int) -> Care:
        """The same row as it is on the wire."""
        return cls(
            person=person,
            municipality=municipality,
            form=row["form"],
            period=row["period"],
            days=row["days_in_period"],
            started=row["started"],
            ended=row["ended"],
            first=row["first"],
            end_reason=row["end_reason"],
            domain=row["domain"],
            provider=row["provider"].decode("ascii"),
            referrer=row["referrer"],
            funding=row["funding"],
            since=row["days_since_start"],
            age_at_start=row["age_at_start"],
            cost_eur=row["cost_eur"],
            half_days=row["half_days"],
            arrangement=row["arrangement"],
        )


@dataclass(frozen=True, slots=True)
class Location:
    """A school location; ``kind`` is its type, such as BO."""

    code: str
    kind: str
    municipality: int
    board: str
    swv_po: str
    swv_vo: str
    in_region: bool


@dataclass(frozen=True, slots=True)
class Joint:
    """An arrangement of some schools."""

    number: int
    schools: tuple[str, ...]
    starts_on: date
    lump_sum_eur: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is public.

    Attributes:
        schools: by code.
        groups: the group of every AGB code that stands in the bundle.
        duo_totals: per school and period the published total; None where it is masked.
        last_days: the last day of every period of the round.
    """

    schools: dict[str, Location]
    groups: dict[str, str]
    arrangements: tuple[Joint, ...]
    duo_totals: dict[tuple[str, int], int | None]
    last_days: dict[int, date]


@dataclass(frozen=True, slots=True)
class Delivered:
    """Everything that was delivered, and who is the population.

    Attributes:
        covered: per period the municipalities whose residents count.
    """

    enrolments: tuple[Enrolment, ...]
    care: tuple[Care, ...]
    objections: tuple[int, ...]
    covered: dict[int, tuple[int, ...]]

    def after_objections(self) -> Delivered:
        """The same as if who objected was never delivered."""
        gone = set(self.objections)
        return Delivered(
            tuple(row for row in self.enrolments if row.person not in gone),
            tuple(row for row in self.care if row.person not in gone),
            (),
            self.covered,
        )
