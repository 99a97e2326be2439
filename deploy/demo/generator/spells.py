"""When each child is in care: spells that make the share per year come out as meant.

A spell that runs on into the next year counts there too, so the chance that a new one starts is
what the running ones leave of the year's share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from deploy.demo.generator.careers import Careers
from deploy.demo.generator.prevalence import Effects, chances
from deploy.demo.generator.products import PRODUCTS, Menu, Product
from deploy.demo.generator.random_streams import dice, stream

_RUN_UP = 3
_MEDIAN_DAYS, _SIGMA = 300.0, 1.05
_LONGEST_DAYS = 4_000
_AGES = (3, 7, 11, 15, 18)
_SAME_DAY = 0.004
_OFTEN = 2.0  # shape of the spread in how prone children are to care


@dataclass(frozen=True, slots=True)
class Spell:
    """One person's time in care; days are ordinals, both inside."""

    person: int
    place: int
    starts: int
    ends: int
    age: int
    product: Product
    year: int


def simulate_spells(
    careers: Careers, effects: Effects, seed: int, first_year: int, years: int
) -> list[Spell]:
    """All spells of everybody, in the order in which they start per year."""
    rng = stream(seed, "spells")
    chance_of = dice(seed, "products")
    menu, residence = Menu(PRODUCTS), Menu(tuple(p for p in PRODUCTS if p.offer == "stay"))
    people = len(careers.age)
    prone = rng.gamma(_OFTEN, 1 / _OFTEN, people)
    until = np.zeros(people, dtype=int)
    spells: list[Spell] = []
    for year in range(-_RUN_UP, years):
        at, back = max(year, 0), max(-year, 0)
        opens = date(first_year + year, 8, 1).toordinal()
        length = date(first_year + year + 1, 8, 1).toordinal() - opens
        chance = chances(careers, effects, at, back, first_year)
        running = until >= opens
        # Those of one type and about one age share what running spells leave of their share.
        alike = careers.kind[:, at] * 10 + np.searchsorted(_AGES, careers.age + at - back)
        start = _starts(chance, running, alike, prone, rng)
        days = opens + rng.integers(0, length, people)
        lengths = np.exp(rng.normal(np.log(_MEDIAN_DAYS), _SIGMA, people))
        lengths[rng.random(people) < _SAME_DAY] = 0
        for person in np.flatnonzero(start).tolist():
            first_day = max(int(days[person]), int(careers.born[person]))
            age = int((first_day - careers.born[person]) // 365.25)
            at_residential = effects.residential[careers.school[person, at]]
            product = (residence if at_residential else menu).draw(age, chance_of)
            ends = first_day + min(_LONGEST_DAYS, int(lengths[person] * product.stretch))
            until[person] = ends
            place = int(careers.place[person, at])
            spells.append(Spell(person, place, first_day, ends, age, product, first_year + year))
    return spells


def _starts(
    chance: np.ndarray,
    running: np.ndarray,
    alike: np.ndarray,
    prone: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Who starts, such that running and starting together are the wanted share per group."""
    hazard = np.zeros(len(chance))
    for code in np.unique(alike):
        group = (alike == code) & (chance > 0)
        if not group.any():
            continue
        share = running[group].mean() / max(float(chance[group].mean()), 1e-9)
        already = np.minimum(chance[group] * share, 0.999)
        hazard[group] = np.clip((chance[group] - already) / (1 - already), 0, 1)
    # At a residential school nearly everybody is in care: that is why the child is there.
    sure = chance > 0.9
    wanted = np.where(sure, chance, hazard * prone)
    starts: np.ndarray = ~running & (rng.random(len(chance)) < wanted)
    return starts
