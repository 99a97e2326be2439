"""Drawn schools, municipalities, providers and arrangements, as a reference bundle.

Nothing in it exists: names are codes. The proportions are those of the Netherlands: seven in ten
locations are primary schools, a *samenwerkingsverband* spans four to five municipalities, and a
few provider groups have several codes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.linkage.scale import PERIODS, Scale
from shared.contract.codes import SchoolType
from shared.reference import (
    Arrangement,
    Board,
    Municipality,
    ProviderGroup,
    PupilTotal,
    Reference,
    School,
    Swv,
)

Numbers = npt.NDArray[np.int64]

KINDS = tuple(SchoolType)
KIND_SHARES = (0.71, 0.03, 0.035, 0.03, 0.02, 0.155, 0.02)
"""Shares of BO, SBO, SO, VSO, PRO, VO and MBO among school locations."""
LOCATIONS_PER_BRIN = 2
SCHOOLS_PER_BOARD = 7
MUNICIPALITIES_PER_SWV = 4.5
SCHOOLS_PER_ARRANGEMENT, MOST_ARRANGEMENTS = 60, 12
GROUPED, UNLISTED = 0.12, 0.06
"""Share of the provider codes that share a group, and of those that no list names."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where pupils can live, go to school and get care.

    Attributes:
        school_kind: index into ``KINDS``, per school; schools are sorted by municipality.
        school_place: index of the municipality, per school.
        arrangement: number of the school's arrangement, or 0.
        agb: provider codes of eight characters.
    """

    scale: Scale
    school_codes: npt.NDArray[np.bytes_]
    school_kind: Numbers
    school_place: Numbers
    arrangement: Numbers
    agb: npt.NDArray[np.bytes_]
    weights: npt.NDArray[np.float64]


def draw_places(scale: Scale, seed: int) -> Places:
    """Draw the places of a population of this scale."""
    draws = np.random.default_rng([seed, 1])
    weights = draws.lognormal(0, 0.7, scale.municipalities)
    weights /= weights.sum()
    place = np.sort(draws.choice(scale.municipalities, scale.schools, p=weights))
    kind = draws.choice(len(KINDS), scale.schools, p=KIND_SHARES)
    kind[: len(KINDS)] = np.arange(len(KINDS))  # of every kind at least one
    arrangement = np.zeros(scale.schools, dtype=np.int64)
    number = min(max(1, scale.schools // SCHOOLS_PER_ARRANGEMENT), MOST_ARRANGEMENTS)
    chosen = draws.choice(scale.schools, min(scale.schools, 3 * number), replace=False)
    arrangement[chosen] = np.arange(len(chosen)) // 3 + 1
    codes = [_code(i) for i in range(scale.schools)]
    return Places(
        scale,
        np.array(codes, dtype="S6"),
        kind,
        place,
        arrangement,
        np.array([f"54{i * 7919 % 1_000_000:06d}" for i in range(scale.providers)], dtype="S8"),
        weights,
    )


def _code(number: int) -> str:
    """A code in the form of a BRIN and a location; two locations share a BRIN."""
    rest, location = divmod(number, LOCATIONS_PER_BRIN)
    digits, letters = divmod(rest, 26 * 26)
    return f"{digits:02d}{chr(65 + letters // 26)}{chr(65 + letters % 26)}{location:02d}"


def make_reference(places: Places, pupils_of: Numbers, seed: int) -> Reference:
    """The bundle that a round over these places pins.

    Args:
        pupils_of: pupils per school and period, from which DUO's totals are made.
    """
    scale, draws = places.scale, np.random.default_rng([seed, 2])
    swvs = max(1, round(scale.municipalities / MUNICIPALITIES_PER_SWV))
    boards = max(1, scale.schools // SCHOOLS_PER_BOARD)
    board_of = draws.integers(0, boards, scale.schools)
    in_region = draws.random(scale.schools) < scale.region_share
    schools = []
    for number, code in enumerate(places.school_codes):
        kind, place = KINDS[places.school_kind[number]], int(places.school_place[number])
        swv = f"{place * swvs // scale.municipalities + 1:04d}"
        schools.append(
            School(
                code=code.decode(),
                name=code.decode(),
                board=f"{board_of[number] + 1:05d}",
                type=kind,
                municipality=place + 1,
                swv_po=f"PO{swv}" if kind in ("BO", "SBO", "SO") else "",
                swv_vo=f"VO{swv}" if kind in ("VO", "PRO", "VSO") else "",
                in_region=bool(in_region[number]),
            )
        )
    return Reference(
        region="drawn",
        region_name="Drawn",
        sources=(),
        municipalities=tuple(
            Municipality(code=i + 1, name=f"{i + 1}", in_region=True)
            for i in range(scale.municipalities)
        ),
        swvs=tuple(
            Swv(code=f"{sector}{i + 1:04d}", name=f"{i + 1}")
            for sector in ("PO", "VO")
            for i in range(swvs)
        ),
        boards=tuple(Board(code=f"{i + 1:05d}", name=f"{i + 1}") for i in range(boards)),
        schools=tuple(schools),
        provider_groups=_provider_groups(places, draws),
        arrangements=_arrangements(places),
        pupil_totals=_totals(places, pupils_of),
    )


def _provider_groups(places: Places, draws: np.random.Generator) -> tuple[ProviderGroup, ...]:
    codes = [code.decode() for code in places.agb]
    codes = codes[: round(len(codes) * (1 - UNLISTED))]
    groups: list[list[str]] = []
    for code, joins in zip(codes, draws.random(len(codes)) < GROUPED, strict=True):
        if joins and groups:
            groups[-1].append(code)
        else:
            groups.append([code])
    return tuple(
        ProviderGroup(group=f"g{i + 1:05d}", name=f"{i + 1}", agb=tuple(group))
        for i, group in enumerate(groups)
    )


def _arrangements(places: Places) -> tuple[Arrangement, ...]:
    return tuple(
        Arrangement(
            number=number,
            name=f"{number}",
            schools=tuple(
                code.decode() for code in places.school_codes[places.arrangement == number]
            ),
            starts_on=f"20{PERIODS[number % 3 + 1]}-08-01",
            aim="drawn",
            target="drawn",
            lump_sum_eur=50_000 + 1_000 * (number % 100),
            comparison="same type",
        )
        for number in range(1, int(places.arrangement.max()) + 1)
    )


def _totals(places: Places, pupils_of: Numbers) -> tuple[PupilTotal, ...]:
    return tuple(
        PupilTotal(school=code.decode(), period=period, low=low, high=low if low > 4 else 4)
        for code, row in zip(places.school_codes, pupils_of.tolist(), strict=True)
        for period, low in zip(PERIODS, row, strict=True)
    )
