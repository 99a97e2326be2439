"""Drawn pupils of one municipality, with the rows of ``enrolment/1`` that they give.

Everybody is invented: a link id is sixteen random bytes. A child is enrolled from the age of four
to that of eighteen, changes school at twelve and at seventeen, and sometimes in between or to
another municipality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.linkage.places import KINDS, Places
from benchmarks.linkage.scale import PERIODS

Numbers = npt.NDArray[np.int64]
Rows = dict[str, npt.NDArray[np.generic]]

YOUNGEST, SECONDARY, LATE, OLDEST = 4, 12, 17, 18
COHORTS = OLDEST - YOUNGEST + len(PERIODS)
ENROLLED = 0.985
SPECIAL_PRIMARY, SPECIAL_SECONDARY = (0.94, 0.035, 0.025), (0.91, 0.04, 0.05)
TO_NEIGHBOUR, CHANGES, MOVES = 0.06, 0.03, 0.03
NOT_LINKABLE, TWICE, UNKNOWN_SCHOOL = 0.004, 0.007, 0.002
NOWHERE = b"99ZZ99"


@dataclass(frozen=True, slots=True)
class People:
    """Persons who grow up in one municipality.

    Attributes:
        age: on the reference date of the first period; below four they are not yet enrolled.
        school: index of the school per person and period, -1 where not enrolled.
        residence: index of the municipality per person and period.
    """

    link_id: npt.NDArray[np.bytes_]
    age: Numbers
    school: Numbers
    residence: Numbers


def draw_people(places: Places, home: int, count: int, draws: np.random.Generator) -> People:
    """Draw ``count`` persons with all their school years."""
    age = OLDEST - draws.integers(0, COHORTS, count)
    years = age[:, None] + np.arange(len(PERIODS))
    primary = _pick(places, home, draws.choice([0, 1, 2], count, p=SPECIAL_PRIMARY), draws)
    kinds = draws.choice([5, 4, 3], count, p=SPECIAL_SECONDARY)
    secondary = _pick(places, home, kinds, draws)
    late = np.where(draws.random(count) < 0.5, _pick(places, home, kinds * 0 + 6, draws), secondary)
    school = np.where(years < SECONDARY, primary[:, None], secondary[:, None])
    school = np.where(years >= LATE, late[:, None], school)
    changed = draws.random(count) < CHANGES * len(PERIODS)
    other = _pick(places, home, _kind_of(places, primary), draws)
    since = draws.integers(1, len(PERIODS), count)
    later = np.arange(len(PERIODS)) >= since[:, None]
    school = np.where(changed[:, None] & later & (years < SECONDARY), other[:, None], school)
    enrolled = (years >= YOUNGEST) & (years <= OLDEST) & (draws.random(years.shape) < ENROLLED)
    neighbour = min(home + 1, places.scale.municipalities - 1)
    moved = (draws.random(count) < MOVES)[:, None] & later
    return People(
        np.frombuffer(draws.bytes(16 * count), dtype="S16"),
        age,
        np.where(enrolled, school, -1),
        np.where(moved, neighbour, home),
    )


def _kind_of(places: Places, school: Numbers) -> Numbers:
    return places.school_kind[school]


def _pick(places: Places, home: int, kinds: Numbers, draws: np.random.Generator) -> Numbers:
    """A school of each kind, near home: large ones are chosen more often than small ones."""
    chosen = np.zeros(len(kinds), dtype=np.int64)
    for kind in np.unique(kinds):
        of_kind = np.flatnonzero(places.school_kind == kind)
        low, high = np.searchsorted(places.school_place[of_kind], [home, home + 1])
        who = np.flatnonzero(kinds == kind)
        position = low + np.floor(draws.random(len(who)) ** 1.4 * max(high - low, 1))
        position += (draws.random(len(who)) < TO_NEIGHBOUR) * max(high - low, 1)
        chosen[who] = of_kind[position.astype(np.int64) % len(of_kind)]
    return chosen


def enrolment_rows(places: Places, people: People, draws: np.random.Generator) -> Rows:
    """The rows of these people, with some double ones and some schools that nobody knows."""
    person, period = np.nonzero(people.school >= 0)
    twice = np.flatnonzero(draws.random(len(person)) < TWICE)
    main = np.ones(len(person) + len(twice), dtype=bool)
    main[len(person) :] = False
    person = np.concatenate([person, person[twice]])
    period = np.concatenate([period, period[twice]])
    index = people.school[person, period]
    index[~main] = (index[~main] + 1) % places.scale.schools
    school = places.school_codes[index]
    school[draws.random(len(school)) < UNKNOWN_SCHOOL] = NOWHERE
    linkable = draws.random(len(people.age)) >= NOT_LINKABLE
    return {
        "link_id": people.link_id[person],
        "period": (period + PERIODS[0]).astype(np.uint8),
        "school": school,
        "education": _education(places.school_kind[index], len(person), draws),
        "residence": (people.residence[person, period] + 1).astype(np.uint16),
        "age": (people.age[person] + period).astype(np.uint8),
        "linkable": linkable[person],
        "main": main,
    }


def _education(kind: Numbers, count: int, draws: np.random.Generator) -> npt.NDArray[np.uint8]:
    secondary = draws.choice([1, 2, 3, 4, 5], count, p=[0.2, 0.2, 0.2, 0.2, 0.2])
    vocational = draws.choice([11, 12, 13, 14], count, p=[0.05, 0.2, 0.25, 0.5])
    names = np.array([each.value for each in KINDS])[kind]
    return np.select([names == "VO", names == "MBO"], [secondary, vocational], 0).astype(np.uint8)
