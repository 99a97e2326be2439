"""Which school a child goes to: nearer and larger schools draw more, and sizes come out right."""

from __future__ import annotations

import numpy as np

from deploy.demo.generator.places import OUTFLOW, PLACES, RESIDENT_SHARE
from deploy.demo.generator.schools import KINDS
from deploy.demo.generator.truth import School

_KM_PER_DEGREE = (68.0, 111.0)
# Distance (km) over which the pull of a school falls to a third, and the pull of one's own
# municipality, per type; fitted to the shares that attend school at home.
_PULL = {
    "BO": (3.0, 40.0), "SBO": (7.0, 6.0), "SO": (10.0, 3.0), "VSO": (12.0, 2.0),
    "PRO": (8.0, 3.0), "VO": (6.0, 4.0), "MBO": (15.0, 1.0),
}  # fmt: skip


class SchoolChoice:
    """Draws a school for children of a municipality, per school type."""

    def __init__(self, schools: list[School]) -> None:
        self._members: list[np.ndarray] = []
        self._cumulative: list[np.ndarray] = []
        for kind in KINDS:
            members = [index for index, school in enumerate(schools) if school.kind == kind]
            chances = _balanced(kind, [schools[index] for index in members])
            self._members.append(np.array(members))
            self._cumulative.append(np.cumsum(chances, axis=1))

    def draw(self, kind: int, places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Index of a school of this type for each child, given the place where it lives."""
        cumulative = self._cumulative[kind][places]
        at = (cumulative < rng.random(len(places))[:, None]).sum(axis=1)
        drawn: np.ndarray = self._members[kind][np.minimum(at, cumulative.shape[1] - 1)]
        return drawn


def _balanced(kind: str, schools: list[School]) -> np.ndarray:
    """Chance of each school per place, such that the expected sizes fit (Sinkhorn's scaling)."""
    here = np.array([(place.lon, place.lat) for place in PLACES])
    there = np.array([(school.lon, school.lat) for school in schools])
    distance = np.linalg.norm((here[:, None, :] - there[None, :, :]) * _KM_PER_DEGREE, axis=2)
    reach, own = _PULL[kind]
    pull = np.exp(-distance / reach)
    codes = np.array([place.code for place in PLACES])
    pull[codes[:, None] == np.array([school.municipality for school in schools])] *= own
    demand = place_weights()
    supply = _supply(kind, schools)
    for _ in range(60):
        pull *= (supply / pull.sum(axis=0))[None, :]
        pull *= (demand / pull.sum(axis=1))[:, None]
    chances: np.ndarray = pull / pull.sum(axis=1, keepdims=True)
    return chances


def place_weights() -> np.ndarray:
    """Share of the region's children who live in each place, after its primary schools."""
    pupils = np.array([place.schools["BO"][1] for place in PLACES], dtype=float)
    weights: np.ndarray = pupils / pupils.sum()
    return weights


def _supply(kind: str, schools: list[School]) -> np.ndarray:
    """Share of the region's pupils of this type that each school should get."""
    size = np.array([school.pupils for school in schools], dtype=float)
    inside = np.array([school.in_region for school in schools])
    supply: np.ndarray = np.where(inside, size * RESIDENT_SHARE[kind], size)
    if inside.any() and not inside.all():
        supply[inside] *= (1 - OUTFLOW[kind]) / supply[inside].sum()
        supply[~inside] *= OUTFLOW[kind] / supply[~inside].sum()
    supply /= supply.sum()
    return supply
