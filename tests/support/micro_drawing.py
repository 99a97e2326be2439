"""Random micro-regions for Hypothesis: every column of every delivery drawn, with its borders.

Two kinds are drawn by the same code: small ones, of which every choice is Hypothesis's own, so
that a failure shrinks to a row or two; and full ones from one seed, so that nearly every kind of
cell is made in nearly every example.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

from hypothesis import strategies as st

from shared.contract.codes import SchoolType
from shared.reference import Arrangement, PupilTotal, Reference, School
from tests.support.micro_rows import NO_PROVIDER, Care, Enrolment
from tests.support.microregion import (
    FORMS,
    MUNICIPALITIES,
    NO_YOUTH_CARE,
    OUTSIDE,
    PERIODS,
    UNKNOWN_SCHOOL,
    Region,
    arrangement,
    bundle,
    group,
)

T = TypeVar("T")


class Choose(Protocol):
    """Takes one of some values."""

    def __call__(self, values: Sequence[T], /) -> T: ...


_CODES = ("99XA00", "99XA01", "99XB00", "99XC00", "99XC02", "99XD00", "99XE00")
_KINDS = (*SchoolType, SchoolType.SO, SchoolType.VSO)
_STARTS = ("2019-02-01", "2020-08-01", "2021-07-31", "2021-08-01", "2022-01-01", "2024-08-01")
_GROUPS = (group("G01", "01000001", "01000002"), group("G02", "22000001"))
_PROVIDERS = ("01000001", "01000002", "22000001", "73000009", "94000010", NO_PROVIDER)
_COVERED = ((1, 2, 3), (1, 2), (1, 2), (1,), (3, 1), ())
_RESIDENCES = (1, 1, 1, 1, 2, 2, 3, 0, OUTSIDE)
_DAYS_SINCE = (1, 91, 92, 182, 183, 365, 366, 730, 731, 10_000)
_AGES = (0, 3, 4, 7, 8, 11, 12, 14, 15, 17, 18, 120)
_COSTS = (0, 0, 1, -50, 50, 100, 700, 700, 650, 9_999_999, -999_999)
_HALF_DAYS = (0, 0, 1, 3, 3, 2_000)
_NUMBERS = (0, 0, 1, 2, 9_999)
_TRUE_OR_FALSE = (False, True)
_MOSTLY = (True,) * 9 + (False,)


def draw_care(choose: Choose, person: int, period: int) -> Care:
    """A row with every column at or beside a border of what is counted."""
    return Care(
        person=person,
        municipality=choose((1, 1, 1, 2, 3)),
        form=choose((*FORMS, *NO_YOUTH_CARE[:1])),
        period=period,
        days=choose((1, 30)),
        started=choose(_TRUE_OR_FALSE),
        ended=choose(_TRUE_OR_FALSE),
        first=choose(_TRUE_OR_FALSE),
        end_reason=choose((0, 1, 1, 2, 9)),
        domain=choose((0, 1, 2, 3, 4)),
        provider=choose(_PROVIDERS),
        referrer=choose((1, 2, 2, 7, 8)),
        funding=choose((1, 2)),
        since=choose(_DAYS_SINCE),
        age_at_start=choose(_AGES),
        cost_eur=choose(_COSTS),
        half_days=choose(_HALF_DAYS),
        arrangement=choose(_NUMBERS),
    )


def _draw_enrolment(choose: Choose, person: int, period: int, codes: Sequence[str]) -> Enrolment:
    return Enrolment(
        person=person,
        period=period,
        school=choose((*codes, *codes, UNKNOWN_SCHOOL)),
        residence=choose(_RESIDENCES),
        education=choose((0, 0, 5, 11)),
        age=choose((8, 9)),
        linkable=choose(_MOSTLY),
        main=choose(_TRUE_OR_FALSE),
        supplier=choose(("duo", "leerplicht")),
    )


def _draw_school(choose: Choose, code: str) -> School:
    return School(
        code=code,
        name="een school",
        board=choose(("", "00001", "00002")),
        type=choose(_KINDS),
        municipality=choose((*MUNICIPALITIES, OUTSIDE)),
        swv_po=choose(("", "PO0001", "PO0002")),
        swv_vo=choose(("", "VO0001")),
        in_region=choose((True, True, True, False)),
    )


def _draw_arrangement(choose: Choose, number: int, codes: Sequence[str]) -> Arrangement:
    """Of schools in and outside the bundle; a school may be in several."""
    schools = sorted({choose((*codes, UNKNOWN_SCHOOL)) for _ in range(choose((0, 1, 2)))})
    return arrangement(
        number, *schools, starts_on=choose(_STARTS), lump_sum_eur=choose((0, 60_000))
    )


def _draw_bundle(choose: Choose, schools: int) -> Reference:
    codes = _CODES[:schools]
    totals = []
    for code in codes:
        for period in PERIODS:
            low = choose((-1, 0, 3, 6))
            if low >= 0:
                high = low + choose((0, 0, 3))
                totals.append(PupilTotal(school=code, period=period, low=low, high=high))
    return bundle(
        [_draw_school(choose, code) for code in codes],
        totals,
        [each for each in _GROUPS if choose(_MOSTLY)],
        [_draw_arrangement(choose, number, codes) for number in (1, 2) if choose(_MOSTLY)],
    )


def _draw_region(choose: Choose, persons: int, schools: int, enrolments: int, care: int) -> Region:
    reference = _draw_bundle(choose, schools)
    codes = [each.code for each in reference.schools]
    who, when = range(persons), PERIODS
    return Region(
        reference,
        tuple(_draw_enrolment(choose, choose(who), choose(when), codes) for _ in range(enrolments)),
        tuple(draw_care(choose, choose(who), choose(when)) for _ in range(care)),
        tuple(choose(who) for _ in range(choose((0, 0, 1, 2)))),
        {period: choose(_COVERED) for period in PERIODS},
    )


def care_of(seed: int, person: int) -> tuple[Care, ...]:
    """A few rows about one person."""
    seeded = Random(seed)
    return tuple(draw_care(seeded.choice, person, period) for period in PERIODS * 2)


def full_region(seed: int, persons: int = 12) -> Region:
    """A region with several rows of every kind; the same seed gives the same one."""
    seeded = Random(seed)
    return _draw_region(seeded.choice, persons, len(_CODES), 4 * persons, 8 * persons)


@st.composite
def micro_regions(draw: st.DrawFn) -> Region:
    """A random bundle, children, and deliveries with every kind of dirt."""

    def choose(values: Sequence[T], /) -> T:
        return draw(st.sampled_from(values))

    if draw(st.integers(0, 3)):
        return full_region(draw(st.integers(0, 2**32 - 1)))
    rows = st.integers(0, 6)
    return _draw_region(choose, 3, draw(st.integers(1, 3)), draw(rows), draw(rows))
