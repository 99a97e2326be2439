"""Where every child lives and goes to school, year by year, as arrays of persons × years.

Age is read on 1 October. A child enters at its fourth birthday, may repeat a year, goes to
special education or not, leaves for secondary education at twelve and perhaps for MBO after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from deploy.demo.generator.choice_of_school import SchoolChoice, place_weights
from deploy.demo.generator.random_streams import stream
from deploy.demo.generator.schools import KINDS
from deploy.demo.generator.truth import School

BO, SBO, SO, VSO, PRO, VO, MBO = range(len(KINDS))
NO_SCHOOL = -1
TRACKS = ("VSO", "PRO", "VMBO-BK", "VMBO-GT", "HAVO", "VWO")
_LAST_AGE = np.array([17, 17, 15, 15, 16, 17])
_TRACK_KIND = np.array([VSO, PRO, VO, VO, VO, VO])
_TO_MBO = np.array([0.05, 0.45, 0.9, 0.9, 0.18, 0.0])
_TRACK_SHARES = {  # by kind of primary education: VSO, PRO, VMBO-BK, VMBO-GT, HAVO, VWO
    BO: (0.004, 0.030, 0.240, 0.240, 0.276, 0.210),
    SBO: (0.15, 0.45, 0.40, 0.0, 0.0, 0.0),
    SO: (0.65, 0.20, 0.10, 0.05, 0.0, 0.0),
}
_PRIMARY_SHARES = (0.918, 0.041, 0.041)

_COHORT = 2_820
_SHRINKING = 0.012  # every cohort is this much smaller than the one before
_MOVES, _LEAVES, _ARRIVALS = 0.006, 0.006, 0.04
_CHANGES, _DROPS_OUT = 0.04, 0.001
OLDEST = 22


@dataclass(slots=True)
class Careers:
    """Arrays of persons × years; dates are ordinals, 0 is none, -1 is no school.

    Attributes:
        born: day of birth per person.
        age: age on 1 October of the first year, per person (negative: not born yet).
        track: index in TRACKS, per person.
        present: lives in the region in that year.
        place: index of the municipality of residence.
        kind: index in KINDS of the school attended (at the start of the year or on entry).
        school: index of that school.
        since: day of enrolment there.
        change_on: day of a change to ``next_school`` within the year.
        left_on: last day, where the pupil leaves that school without a change.
        grade: year of study.
        level: MBO level 1 to 4, per person.
    """

    born: np.ndarray
    sex: np.ndarray
    age: np.ndarray
    track: np.ndarray
    level: np.ndarray
    present: np.ndarray
    place: np.ndarray
    kind: np.ndarray
    school: np.ndarray
    since: np.ndarray
    change_on: np.ndarray
    next_school: np.ndarray
    left_on: np.ndarray
    grade: np.ndarray


def simulate_careers(
    schools: list[School], seed: int, first_year: int, years: int, scale: float
) -> Careers:
    """Let everybody grow up."""
    rng = stream(seed, "careers")
    choice = SchoolChoice(schools)
    careers = _births(rng, first_year, years, scale)
    kinds, since = _stages(careers, rng, first_year, years)
    careers.kind[:] = kinds
    for year in range(years):
        _one_year(careers, year, first_year + year, since, choice, rng)
    _merge(careers, schools, first_year, years)
    _leavers(careers, first_year, years)
    return careers


def _births(rng: np.random.Generator, first_year: int, years: int, scale: float) -> Careers:
    ages = np.arange(1 - years, OLDEST + 1)
    # Sized around the middle of the years, so that the mean over the years stays on target.
    sizes = _COHORT * scale * (1 + _SHRINKING * (ages + (years - 1) / 2 - 9))
    residents = np.repeat(ages, np.rint(sizes).astype(int))
    arrivals = rng.choice(residents, round(len(residents) * _ARRIVALS))
    age = np.concatenate([residents, arrivals])
    people = len(age)
    last_birthday = np.array([date(first_year - a, 10, 1).toordinal() for a in age.tolist()])
    table = (people, years)
    arrived = np.zeros(people, dtype=int)
    arrived[len(residents) :] = rng.integers(0, years, len(arrivals))
    left = rng.geometric(_LEAVES, people)
    when = np.arange(years)[None, :]
    return Careers(
        born=last_birthday - rng.integers(0, 365, people),
        sex=rng.integers(1, 3, people),
        age=age,
        track=np.zeros(people, dtype=int),
        level=rng.choice([2, 3, 4], people, p=[0.3, 0.35, 0.35]),
        present=(when >= arrived[:, None]) & (when < (arrived + left)[:, None]),
        place=np.zeros(table, dtype=int),
        kind=np.full(table, NO_SCHOOL),
        school=np.full(table, NO_SCHOOL),
        since=np.zeros(table, dtype=int),
        change_on=np.zeros(table, dtype=int),
        next_school=np.full(table, NO_SCHOOL),
        left_on=np.zeros(table, dtype=int),
        grade=np.zeros(table, dtype=int),
    )


def _stages(
    careers: Careers, rng: np.random.Generator, first_year: int, years: int
) -> tuple[np.ndarray, np.ndarray]:
    """School type per person and year, and the day on which that stage began."""
    people = len(careers.age)
    primary = rng.choice(3, people, p=_PRIMARY_SHARES)
    for before, shares in _TRACK_SHARES.items():
        members = np.flatnonzero(primary == before)
        careers.track[members] = rng.choice(len(TRACKS), len(members), p=shares)
    delay = (rng.random(people) < 0.14).astype(int)
    special_age = rng.integers(6, 10, people)
    to_mbo = rng.random(people) < _TO_MBO[careers.track]
    mbo_years = rng.integers(2, 5, people)
    last = _LAST_AGE[careers.track]
    birthday = careers.born + 1461  # four years and their leap day
    kinds = np.full((people, years), NO_SCHOOL)
    since = np.zeros((people, years), dtype=int)
    for year in range(years):
        age = careers.age + year
        grown = age - np.where(age >= 6, delay, 0)
        summer = np.array([date(first_year + year - back, 8, 1).toordinal() for back in range(30)])
        enters = (birthday <= date(first_year + year + 1, 7, 31).toordinal()) & (grown < 12)
        kind: np.ndarray = np.where(enters, BO, NO_SCHOOL)
        kind[enters & (primary == SO)] = SO
        kind[enters & (primary == SBO) & (grown >= special_age)] = SBO
        secondary = (grown >= 12) & (grown <= last)
        kind[secondary] = _TRACK_KIND[careers.track[secondary]]
        vocational = to_mbo & (grown > last) & (grown <= last + mbo_years) & (age <= OLDEST)
        kind[vocational] = MBO
        began = np.where(kind == SBO, special_age, np.where(kind == MBO, last + 1, 12))
        since[:, year] = np.where(
            (kind == BO) | (kind == SO), birthday, summer[np.clip(grown - began, 0, 29)]
        )
        base = np.where(kind == MBO, last, np.where(secondary, 11, 3))
        careers.grade[:, year] = np.maximum(1, grown - base)
        kinds[:, year] = kind
    kinds[~careers.present] = NO_SCHOOL
    return kinds, since


def _one_year(
    careers: Careers,
    year: int,
    calendar: int,
    since: np.ndarray,
    choice: SchoolChoice,
    rng: np.random.Generator,
) -> None:
    """Homes, schools, and changes within the year."""
    people = len(careers.age)
    kind = careers.kind[:, year]
    moved = rng.random(people) < (_MOVES if year else 1.0)
    fresh = rng.choice(len(place_weights()), people, p=place_weights())
    careers.place[:, year] = np.where(moved, fresh, careers.place[:, max(year - 1, 0)])
    if year:
        stays = (kind == careers.kind[:, year - 1]) & (kind != NO_SCHOOL)
        stays &= ~(moved & (rng.random(people) < 0.5))
        changed = careers.change_on[:, year - 1] > 0
        last = year - 1
        before = np.where(changed, careers.next_school[:, last], careers.school[:, last])
        day = np.where(changed, careers.change_on[:, last], careers.since[:, last])
        careers.school[stays, year] = before[stays]
        careers.since[stays, year] = day[stays]
    else:
        stays = np.zeros(people, dtype=bool)
    for code in range(len(KINDS)):
        new = np.flatnonzero((kind == code) & ~stays)
        careers.school[new, year] = choice.draw(code, careers.place[new, year], rng)
    new = (kind != NO_SCHOOL) & ~stays
    same_kind = new & (kind == careers.kind[:, max(year - 1, 0)]) & (year > 0)
    first_day = np.where(same_kind, date(calendar, 8, 1).toordinal(), since[:, year])
    careers.since[new, year] = first_day[new]
    _within_the_year(careers, year, calendar, choice, rng)


def _within_the_year(
    careers: Careers, year: int, calendar: int, choice: SchoolChoice, rng: np.random.Generator
) -> None:
    kind = careers.kind[:, year]
    people = len(kind)
    reference = date(calendar, 10, 1).toordinal()
    settled = (kind != NO_SCHOOL) & (careers.since[:, year] < reference - 60)
    change = settled & (rng.random(people) < _CHANGES)
    day = date(calendar, 8, 20).toordinal() + rng.integers(0, 300, people)
    # Some change exactly on the reference date: the new school counts.
    day[rng.random(people) < 0.05] = reference
    for code in range(len(KINDS)):
        who = np.flatnonzero(change & (kind == code))
        drawn = choice.draw(code, careers.place[who, year], rng)
        differs = drawn != careers.school[who, year]
        careers.next_school[who[differs], year] = drawn[differs]
        careers.change_on[who[differs], year] = day[who[differs]]
    drops_out = settled & ~change & (rng.random(people) < _DROPS_OUT)
    last = reference - rng.integers(0, 40, people)
    careers.left_on[drops_out, year] = last[drops_out]
    if year + 1 < careers.kind.shape[1]:
        gone = np.flatnonzero(drops_out)
        careers.kind[gone, year + 1 :] = NO_SCHOOL
        careers.present[gone, year + 1 :] = False


def _merge(careers: Careers, schools: list[School], first_year: int, years: int) -> None:
    """From the year after a school closed, its pupils are enrolled where it went on."""
    index = {school.code: number for number, school in enumerate(schools)}
    for old, school in enumerate(schools):
        if not school.merges_into:
            continue
        new = index[school.merges_into]
        for year in range(years):
            if first_year + year > school.closes:
                day = date(school.closes + 1, 8, 1).toordinal()
                at_old = careers.school[:, year] == old
                careers.since[at_old, year] = np.maximum(careers.since[at_old, year], day)
                careers.school[at_old, year] = new
                next_old = careers.next_school[:, year] == old
                careers.next_school[next_old, year] = new
    unchanged = careers.next_school == careers.school
    careers.change_on[unchanged] = 0


def _leavers(careers: Careers, first_year: int, years: int) -> None:
    """Who is elsewhere next year left on 31 July."""
    for year in range(years - 1):
        enrolled = (careers.kind[:, year] != NO_SCHOOL) & (careers.left_on[:, year] == 0)
        gone = enrolled & (careers.kind[:, year + 1] != careers.kind[:, year])
        careers.left_on[gone, year] = date(first_year + year + 1, 7, 31).toordinal()
