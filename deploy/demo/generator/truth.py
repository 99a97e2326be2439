"""What is true in a generated region, and which dirt stands on which row.

The files are written from these values, and the oracle of the tests counts from them; neither
looks at the other. Everybody here is invented.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path


class Dirt(StrEnum):
    """A flaw that the generator put on a row on purpose."""

    INVALID_NUMBER = "invalid-number"  # the written number fails the elfproef; row is refused
    SENTINEL_NUMBER = "sentinel-number"  # a number that means "unknown"; row is refused
    SEPARATORS = "separators"  # dots or spaces in the number; row counts
    ADULT_NUMBER = "adult-number"  # booked on a parent; counts for the parent, not the child
    AGB_LOST_ZERO = "agb-lost-zero"  # seven digits; row counts
    LOWER_CASE_CODE = "lower-case-code"  # 45a04; row counts
    CANCELLED = "cancelled"  # JZ002 = 13; row counts as never sent
    EMPTY_AS_1900 = "empty-as-1900"  # 01-01-1900 stands for an empty date
    NO_REFERRER = "no-referrer"
    CLAIMED_TWICE = "claimed-twice"  # another municipality delivers the same care too
    DOUBLE_ENROLMENT = "double-enrolment"
    MID_YEAR_CHANGE = "mid-year-change"
    UNKNOWN_SCHOOL = "unknown-school"  # a code that no list of schools has


REFUSED = frozenset({Dirt.INVALID_NUMBER, Dirt.SENTINEL_NUMBER})
"""Marks of rows that nobody can attribute to a person."""


@dataclass(frozen=True, slots=True)
class School:
    """A school location; ``pupils`` is its size with pupils from everywhere.

    ``closes`` is the first year of its last school year; then its pupils are at ``merges_into``.
    """

    code: str
    name: str
    kind: str
    denomination: str
    postcode: str
    place: str
    municipality: int
    municipality_name: str
    in_region: bool
    pupils: int
    lon: float
    lat: float
    board: str = ""
    board_name: str = ""
    swv_po: str = ""
    swv_vo: str = ""
    closes: int = 9999
    merges_into: str = ""

    @property
    def institution(self) -> str:
        """The BRIN of the institution."""
        return self.code[:4]


@dataclass(frozen=True, slots=True)
class Provider:
    """A group of AGB codes that are one provider; ``forms`` are the product groups it offers."""

    group: str
    name: str
    agb: tuple[str, ...]
    home: int
    forms: frozenset[str]
    weight: float


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One row of the DUO file of a school year; ``year`` is the first year of that school year."""

    year: int
    school: str
    education: str
    residence: int
    postcode4: str
    grade: int
    enrolled_on: date
    left_on: date | None
    main: bool
    written: str = field(default="", repr=False)
    dirt: frozenset[Dirt] = frozenset()


@dataclass(frozen=True, slots=True)
class Declaration:
    """One line that a provider declared; amounts in cents, a credit line takes back."""

    starts_on: date
    ends_on: date
    volume: float
    submitted_ct: int
    credit: bool
    granted_ct: int | None


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One assignment row of a municipality, with what was declared on it."""

    municipality: int
    assignment: str
    agb: str
    provider: str
    category: str
    product: str
    assigned_from: date
    assigned_until: date | None
    started_on: date | None
    stopped_on: date | None
    end_reason: str
    change_reason: str
    referrer: str
    funding: str
    volume: float
    unit: str
    frequency: str
    budget_ct: int
    legal_status: str
    declarations: tuple[Declaration, ...] = ()
    written: str = field(default="", repr=False)
    dirt: frozenset[Dirt] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person; ``kind`` is B (BSN) or O (onderwijsnummer)."""

    number: str = field(repr=False)
    kind: str
    born_on: date = field(repr=False)
    sex: int
    enrolments: tuple[Enrolment, ...]
    trajectories: tuple[Trajectory, ...]
    objects: bool = False


@dataclass(frozen=True, slots=True)
class Tracer:
    """A child that alone has this form at this school in this period; counted twice, it shows."""

    number: str = field(repr=False)
    school: str
    age: int
    form: int
    year: int


@dataclass(frozen=True, slots=True)
class Trap:
    """A planted situation in which a careless publication gives somebody away."""

    letter: str
    title: str
    schools: tuple[str, ...]
    year: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A joint school-care arrangement of some schools."""

    number: int
    name: str
    schools: tuple[str, ...]
    starts_on: date
    aim: str
    target: str
    lump_sum_eur: int
    comparison: str


@dataclass(frozen=True, slots=True)
class Truth:
    """A whole generated region.

    Attributes:
        duo_totals: pupils from everywhere per (school, first year of the school year).
    """

    seed: int
    first_year: int
    years: int
    municipalities: tuple[tuple[int, str], ...]
    schools: tuple[School, ...]
    providers: tuple[Provider, ...]
    arrangements: tuple[Arrangement, ...]
    persons: tuple[Person, ...]
    duo_totals: tuple[tuple[str, int, int], ...]
    tracers: tuple[Tracer, ...]
    traps: tuple[Trap, ...]

    @property
    def periods(self) -> tuple[int, ...]:
        """First year of every school year, in order."""
        return tuple(range(self.first_year, self.first_year + self.years))

    def save(self, path: Path) -> None:
        """Write the truth to a file that only ``load`` reads; never done unless a test asks."""
        path.write_bytes(pickle.dumps(self, protocol=5))

    @classmethod
    def load(cls, path: Path) -> Truth:
        """Read what ``save`` wrote.

        Raises:
            TypeError: the file holds something else.
        """
        truth = pickle.loads(path.read_bytes())  # noqa: S301 - only a test's own file is read
        if not isinstance(truth, cls):
            raise TypeError("expected a saved Truth")
        return truth
