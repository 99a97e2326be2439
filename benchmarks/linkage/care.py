"""Drawn youth care of the people of one municipality, as rows of ``care/1``.

Care is drawn as trajectories, with a start, a lognormal duration (median 265 days) and a price per
day; a row is what falls in one period. Prone children have several trajectories, and large
amounts belong to few.

Source: the shapes of the national figures (CBS 85096NED and 85097NED) as the design quotes them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.linkage.people import People, Rows
from benchmarks.linkage.places import Places
from benchmarks.linkage.scale import PERIODS

Numbers = npt.NDArray[np.int64]

YEAR, WARM_UP = 365, 730
TRAJECTORIES = 1.05
"""Mean number of trajectories of a person that start in the periods or the two years before."""
SPECIAL = 4.0
MEDIAN_DAYS, SIGMA_DAYS, LONGEST = 265, 1.05, 3_000
FORMS = np.array([1, 2, 3, 4, 11, 12, 13, 14, 19], dtype=np.uint8)
FORM_SHARES = (0.15, 0.55, 0.06, 0.12, 0.05, 0.013, 0.007, 0.04, 0.01)
DAY_PRICES = np.array([6.0, 22.0, 60.0, 25.0, 60.0, 160.0, 410.0, 230.0, 90.0])
DOMAIN_SHARES = (0.01, 0.36, 0.12, 0.2, 0.09, 0.04, 0.02, 0.06, 0.05, 0.02, 0.02, 0.01)
REFERRER_SHARES = (0.32, 0.355, 0.03, 0.09, 0.05, 0.145, 0.006, 0.004)
END_REASONS = np.array([1, 2, 3, 4, 5, 8, 9], dtype=np.uint8)
END_SHARES = (0.6, 0.12, 0.1, 0.03, 0.05, 0.06, 0.04)
PERSONAL_BUDGET, NEGATIVE, FREE, REPEATED = 0.04, 0.005, 0.01, 0.003
NOT_A_PUPIL, ARRANGEMENT_UNKNOWN = 0.04, 0.0005
LOCAL_PROVIDERS, LOCAL = 12, 0.7


def care_rows(places: Places, home: int, people: People, draws: np.random.Generator) -> Rows:
    """The rows that the municipality delivers, unsorted; some of them of nobody's pupil."""
    person, start, end = _trajectories(places, people, draws)
    count = len(person)
    form = draws.choice(len(FORMS), count, p=FORM_SHARES)
    price = DAY_PRICES[form] * draws.lognormal(-0.35, 0.85, count)
    fixed: Rows = {
        "form": FORMS[form],
        "domain": draws.choice(12, count, p=DOMAIN_SHARES).astype(np.uint8),
        "provider": _providers(places, home, count, draws),
        "referrer": (draws.choice(8, count, p=REFERRER_SHARES) + 1).astype(np.uint8),
        "end_reason": draws.choice(END_REASONS, count, p=END_SHARES),
        "funding": np.where(draws.random(count) < PERSONAL_BUDGET, 2, 1).astype(np.uint8),
        "price": price,
    }
    helper = (fixed["funding"] == 2) & (draws.random(count) < 0.6)
    fixed["provider"][helper] = b"00000000"
    earliest = np.full(len(people.age), np.iinfo(np.int64).max)
    np.minimum.at(earliest, person, start)
    fixed["first"] = start == earliest[person]
    return _per_period(places, people, fixed, (person, start, end), draws)


def _trajectories(
    places: Places, people: People, draws: np.random.Generator
) -> tuple[Numbers, Numbers, Numbers]:
    last_school = people.school.max(axis=1)
    special = np.isin(places.school_kind[last_school], (1, 2, 3, 4)) & (last_school >= 0)
    prone = draws.gamma(0.45, 1 / 0.45, len(people.age))
    mean = TRAJECTORIES * prone * np.where(special, SPECIAL, 0.85)
    person = np.repeat(np.arange(len(people.age)), draws.poisson(mean))
    start = draws.integers(-WARM_UP, YEAR * len(PERIODS), len(person))
    days = draws.lognormal(np.log(MEDIAN_DAYS), SIGMA_DAYS, len(person))
    age = people.age[person] + start // YEAR
    # Three arrays; a tuple made of a generator has no length that a type can say.
    return tuple(  # type: ignore[return-value]
        each[(age >= 0) & (age <= 18)]
        for each in (person, start, start + np.clip(days.astype(np.int64), 1, LONGEST))
    )


def _providers(
    places: Places, home: int, count: int, draws: np.random.Generator
) -> npt.NDArray[np.bytes_]:
    """Some providers work everywhere (a Zipf curve), most work in one neighbourhood."""
    everywhere = np.minimum(draws.zipf(1.3, count), len(places.agb)) - 1
    nearby = home * 9 + np.minimum(draws.zipf(1.5, count), LOCAL_PROVIDERS)
    index = np.where(draws.random(count) < LOCAL, nearby, everywhere)
    chosen: npt.NDArray[np.bytes_] = places.agb[index % len(places.agb)]
    return chosen


def _per_period(
    places: Places,
    people: People,
    fixed: Rows,
    trajectories: tuple[Numbers, Numbers, Numbers],
    draws: np.random.Generator,
) -> Rows:
    person, start, end = trajectories
    opens = np.arange(len(PERIODS)) * YEAR
    inside = (start[:, None] < opens + YEAR) & (end[:, None] > opens)
    which, period = np.nonzero(inside)
    again = np.flatnonzero(draws.random(len(which)) < REPEATED)
    which, period = (np.concatenate([each, each[again]]) for each in (which, period))
    low, high = period * YEAR, period * YEAR + YEAR
    begun, finished = start[which], end[which]
    days = np.minimum(finished, high) - np.maximum(begun, low)
    ended = finished <= high
    who = person[which]
    link_id = people.link_id[who].copy()
    strangers = np.flatnonzero((who % 1_000) < NOT_A_PUPIL * 1_000)
    link_id[strangers] = _others(link_id[strangers])
    cost = np.clip(np.floor(days * fixed["price"][which].astype(np.float64)), 0, 900_000)
    luck = (which * 7919 % 10_007) / 10_007  # of the trajectory, so that repeated rows are equal
    cost = np.where(luck < NEGATIVE, -np.minimum(cost, 5_000), np.where(luck > 1 - FREE, 0, cost))
    school = people.school[who, period]
    arrangement = np.where(school >= 0, places.arrangement[school], 0) * (luck < 0.25)
    return {
        "link_id": link_id,
        "period": (period + PERIODS[0]).astype(np.uint8),
        "form": fixed["form"][which],
        "domain": fixed["domain"][which],
        "provider": fixed["provider"][which],
        "referrer": fixed["referrer"][which],
        "funding": fixed["funding"][which],
        "started": begun >= low,
        "first": fixed["first"][which],
        "ended": ended,
        "end_reason": np.where(ended, fixed["end_reason"][which], 0).astype(np.uint8),
        "days_in_period": days.astype(np.uint16),
        "days_since_start": (np.minimum(finished, high) - begun).astype(np.int32),
        "age_at_start": np.clip(people.age[who] + begun // YEAR, 0, 22).astype(np.uint8),
        "cost_eur": cost.astype(np.int32),
        "half_days": np.where(fixed["form"][which] == 3, days * 6 // 10, 0).astype(np.uint16),
        "arrangement": np.where(
            np.abs(luck - 0.5) < ARRANGEMENT_UNKNOWN, 9_998, arrangement
        ).astype(np.uint16),
    }


def _others(link_ids: npt.NDArray[np.bytes_]) -> npt.NDArray[np.bytes_]:
    """The link ids of others: children too young for school have care and no enrolment."""
    octets = np.frombuffer(link_ids.tobytes(), dtype=np.uint8) ^ 0x5A
    return np.frombuffer(octets.tobytes(), dtype="S16")
