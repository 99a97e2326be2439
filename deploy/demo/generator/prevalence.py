"""How many children get youth care in a year: by age and school type, school and municipality.

Source: CBS and Kohnstamm Instituut figures per age and school type; the spread between schools
and municipalities is an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deploy.demo.generator.careers import (
    BO,
    MBO,
    NO_SCHOOL,
    OLDEST,
    PRO,
    SBO,
    SO,
    TRACKS,
    VO,
    VSO,
    Careers,
)
from deploy.demo.generator.choice_of_school import place_weights
from deploy.demo.generator.places import PLACES
from deploy.demo.generator.random_streams import stream
from deploy.demo.generator.schools import KINDS
from deploy.demo.generator.truth import Arrangement, School

# A little above the shares that are meant: very prone children cannot start twice at once.
_BY_KIND = {SBO: 0.48, SO: 0.58, VSO: 0.61, PRO: 0.40}
_BY_TRACK = {"VMBO-BK": 0.17, "VMBO-GT": 0.12, "HAVO": 0.10, "VWO": 0.08}
_TRANSITION_YEAR, _RESIDENTIAL = 0.12, 0.985
_PRIMARY_YOUNG, _PRIMARY_OLD = 0.10, 0.15
_BEFORE_SCHOOL, _AFTER_SCHOOL, _NOT_ENROLLED = 0.044, 0.02, 0.10
_MBO_YOUNG, _MBO_ADULT = 0.11, 0.06
_TREND, _DIP = 1.02, 0.94
_SCHOOL_SIGMA, _PLACE_SIGMA, _BREAK_SIGMA = 0.35, 0.15, 0.06
_ARRANGEMENT_EFFECT = -0.25  # on the log-odds, from the year after the start


@dataclass(frozen=True, slots=True)
class Effects:
    """What moves the odds at a school and in a municipality."""

    school: np.ndarray
    place: np.ndarray  # places × years
    residential: np.ndarray
    arrangement_from: np.ndarray  # first school year with effect, per school


def draw_effects(
    schools: list[School],
    arrangements: list[Arrangement],
    residential: frozenset[str],
    seed: int,
    years: int,
) -> Effects:
    """Draw them once for the whole region."""
    rng = stream(seed, "prevalence")
    place = np.repeat(rng.normal(0, _PLACE_SIGMA, len(PLACES))[:, None], years, axis=1)
    place -= place_weights() @ place
    for row in range(len(PLACES)):
        # Every municipality has one break, when it introduced other product codes.
        place[row, int(rng.integers(0, years)) :] += float(rng.normal(0, _BREAK_SIGMA))
    starts = {
        code: arrangement.starts_on.year + (arrangement.starts_on.month >= 8)
        for arrangement in arrangements
        for code in arrangement.schools
    }
    return Effects(
        school=_school_effects(schools, rng),
        place=place,
        residential=np.array([school.code in residential for school in schools]),
        arrangement_from=np.array([starts.get(school.code, 9999) for school in schools]),
    )


def _school_effects(schools: list[School], rng: np.random.Generator) -> np.ndarray:
    """Effects that cancel out over the pupils of a type, so that its share stays as meant."""
    drawn: np.ndarray = rng.normal(0, _SCHOOL_SIGMA, len(schools))
    pupils = np.array([school.pupils for school in schools], dtype=float)
    for kind in KINDS:
        members = np.array([school.kind == kind for school in schools])
        drawn[members] -= np.average(drawn[members], weights=pupils[members])
    return drawn


def chances(
    careers: Careers, effects: Effects, year: int, back: int, first_year: int
) -> np.ndarray:
    """Chance per person to get youth care in a year.

    Args:
        careers: everybody.
        effects: of schools and places.
        year: index of the year whose school and home are used.
        back: years before that year, for the run-up before the first one.
        first_year: calendar year of index 0.
    """
    age = careers.age + year - back
    kind = careers.kind[:, year]
    base = _base(careers, age, kind, year)
    base = base * (_TREND ** (year - back - 2.5)) * (_DIP if year == 0 else 1.0)
    odds = base / (1 - base)
    school = careers.school[:, year]
    at_school = school >= 0
    shift = effects.place[careers.place[:, year], year].copy()
    shift[at_school] += effects.school[school[at_school]]
    active = effects.arrangement_from[school] <= first_year + year
    shift[at_school & active] += _ARRANGEMENT_EFFECT
    odds *= np.exp(shift)
    chance: np.ndarray = odds / (1 + odds)
    chance[at_school & effects.residential[school]] = _RESIDENTIAL
    chance[~careers.present[:, year] | (age < 0) | (age > OLDEST)] = 0.0
    return chance


def _base(careers: Careers, age: np.ndarray, kind: np.ndarray, year: int) -> np.ndarray:
    base = np.full(len(age), _NOT_ENROLLED)
    base[age < 4] = _BEFORE_SCHOOL
    base[(kind == NO_SCHOOL) & (age >= 17)] = _AFTER_SCHOOL
    base[kind == BO] = np.where(age >= 8, _PRIMARY_OLD, _PRIMARY_YOUNG)[kind == BO]
    for code, chance in _BY_KIND.items():
        base[kind == code] = chance
    secondary = kind == VO
    for name, chance in _BY_TRACK.items():
        base[secondary & (careers.track == TRACKS.index(name))] = chance
    base[secondary & (careers.grade[:, year] == 1)] = _TRANSITION_YEAR
    base[kind == MBO] = np.where(age >= 18, _MBO_ADULT, _MBO_YOUNG)[kind == MBO]
    boy = careers.sex == 1
    middle, teen = (age >= 6) & (age <= 11), (age >= 13) & (age <= 17)
    base *= np.where(middle, np.where(boy, 1.18, 0.82), 1.0)
    base *= np.where(teen, np.where(boy, 0.88, 1.12), 1.0)
    capped: np.ndarray = np.minimum(base, 0.95)
    return capped
