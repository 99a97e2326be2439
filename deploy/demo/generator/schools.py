"""The schools: an invented region after the real one's sizes, or the real list itself."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np

from deploy.demo.generator.names import school_name, school_names
from deploy.demo.generator.places import (
    NEIGHBOURS,
    PLACES,
    PRIMARY_SIZE_DECILES,
    Neighbour,
    Place,
)
from deploy.demo.generator.random_streams import stream
from deploy.demo.generator.truth import School

KINDS = ("BO", "SBO", "SO", "VSO", "PRO", "VO", "MBO")
LISTED_TYPES = {
    "BO": "basisschool", "SBO": "SBAO", "SO": "SO", "VSO": "VSO", "PRO": "PRO",
    "VO": "VBO/MAVO/HAVO/VWO", "MBO": "MBO",
}  # fmt: skip
"""The word that the list of schools uses for a type."""

_KIND_OF_LISTED = {
    "basisschool": "BO", "SBAO": "SBO", "SO": "SO", "(V)SO": "SO", "VSO": "VSO", "PRO": "PRO",
    "MBO": "MBO",
}  # fmt: skip
_DENOMINATIONS = ("Openbaar", "Rooms-Katholiek", "Protestants-Christelijk", "Bijzonder")

# Small residential and cluster schools of known size: the interesting ones for protection.
_SPLITS = {
    (1586, "VSO"): (23, 44),
    (222, "SO"): (10, 4, 101, 153, 85),
    (1586, "SO"): (29, 102, 3, 2),
}
_LOCATIONS_PER_INSTITUTION = {
    "BO": (4, 3, 1, 5, 2, 4, 4, 7), "SBO": (1, 3, 2), "SO": (4, 1, 5, 3), "VSO": (2, 1, 1),
    "PRO": (1, 3), "VO": (5, 2, 4, 1, 6, 3, 4, 3), "MBO": (1, 2),
}  # fmt: skip
_INSTITUTIONS_PER_BOARD = {"PO": (6, 1, 8, 4, 7), "SO": (3, 2, 1), "VO": (2, 3, 1, 2), "MBO": (1,)}
_BOARD_GROUP = {
    "BO": "PO", "SBO": "PO", "SO": "SO", "VSO": "SO", "PRO": "VO", "VO": "VO", "MBO": "MBO",
}  # fmt: skip
_OUTSIDE_SIZE = {
    "BO": 180, "SBO": 90, "SO": 90, "VSO": 130, "PRO": 190, "VO": 620, "MBO": 4500,
}  # fmt: skip
SMALLEST = 3
"""Size given to a school whose number of pupils is not published."""


def invented_schools(seed: int, scale: float) -> list[School]:
    """The schools of the invented region, and those around it."""
    rng = stream(seed, "schools")
    names = school_names(rng)
    inside = [school for place in PLACES for school in _inside(place, names, rng, scale)]
    outside = _outside(names, rng, scale)
    coded = _with_codes(inside)
    return coded + _with_codes(outside, after=len({school.institution for school in coded}))


def listed_schools(path: Path, seed: int, scale: float, swv_postcodes: Path | None) -> list[School]:
    """The schools of an open-data list, and the invented ones around them and for MBO.

    Raises:
        ValueError: the list lacks a column or has a school of an unknown municipality.
    """
    swvs = _swv_table(swv_postcodes)
    with path.open(encoding="utf-8-sig", newline="") as handle:
        listed = [_listed(row, swvs, scale) for row in csv.DictReader(handle, delimiter=";")]
    invented = invented_schools(seed, scale)
    return listed + [school for school in invented if not school.in_region or school.kind == "MBO"]


def listed_type(school: School) -> str:
    """The word for the school's type in the open-data list."""
    return LISTED_TYPES[school.kind]


def _inside(
    place: Place, names: Iterator[tuple[str, str]], rng: np.random.Generator, scale: float
) -> Iterator[School]:
    for kind, (count, total) in place.schools.items():
        areas = _spread(place, count)
        for index, size in enumerate(_sizes(place.code, kind, count, total, rng)):
            postcodes, swv_po, swv_vo = areas[index]
            article, name = next(names)
            # One cluster school takes part in no samenwerkingsverband, as in the real region.
            cluster = place.code == 222 and kind == "SO" and index == 4
            yield School(
                code="",
                name=school_name(kind, article, name),
                kind=kind,
                denomination=_DENOMINATIONS[int(rng.integers(len(_DENOMINATIONS)))],
                postcode=_postcode(postcodes[index % len(postcodes)], rng),
                place=place.town,
                municipality=place.code,
                municipality_name=place.name,
                in_region=True,
                pupils=max(2, round(size * scale)),
                lon=round(place.lon + float(rng.normal(0, 0.04)), 5),
                lat=round(place.lat + float(rng.normal(0, 0.03)), 5),
                swv_po=swv_po if kind in ("BO", "SBO", "SO") and not cluster else "",
                swv_vo=swv_vo if kind in ("VSO", "PRO", "VO") else "",
            )


def _spread(place: Place, count: int) -> list[tuple[tuple[str, ...], str, str]]:
    """Postcode area of each of ``count`` schools; a later area gets its share of the last ones."""
    spread: list[tuple[tuple[str, ...], str, str]] = []
    for codes, swv_po, swv_vo, share in reversed(place.areas[1:]):
        spread += [(codes, swv_po, swv_vo)] * round(count * share)
    codes, swv_po, swv_vo, _ = place.areas[0]
    return [(codes, swv_po, swv_vo)] * (count - len(spread)) + spread


def _sizes(
    municipality: int, kind: str, count: int, total: int, rng: np.random.Generator
) -> list[float]:
    if (municipality, kind) in _SPLITS:
        return [float(size) for size in _SPLITS[municipality, kind]]
    if kind == "BO":
        at = rng.permutation((np.arange(count) + 0.5) / count) * 10
        raw = np.interp(at, np.arange(11), PRIMARY_SIZE_DECILES)
    else:
        raw = np.exp(rng.normal(0, 0.5, count))
    return [float(size) for size in raw * total / raw.sum()]


def _postcode(postcode4: str, rng: np.random.Generator) -> str:
    letters = "ABCDEGHJKLMNPRTVWXZ"
    first, second = rng.integers(len(letters), size=2)
    return f"{postcode4}{letters[first]}{letters[second]}"


def _outside(
    names: Iterator[tuple[str, str]], rng: np.random.Generator, scale: float
) -> list[School]:
    return [
        _neighbour(place, kind, next(names), rng, scale)
        for place in NEIGHBOURS
        for kind, count in place.schools.items()
        for _ in range(count)
    ]


def _neighbour(
    place: Neighbour, kind: str, name: tuple[str, str], rng: np.random.Generator, scale: float
) -> School:
    return School(
        code="",
        name=school_name(kind, *name),
        kind=kind,
        denomination=_DENOMINATIONS[int(rng.integers(len(_DENOMINATIONS)))],
        postcode=_postcode(place.postcode4, rng),
        place=place.name,
        municipality=place.code,
        municipality_name=place.name,
        in_region=False,
        pupils=max(2, round(_OUTSIDE_SIZE[kind] * scale * float(rng.uniform(0.6, 1.5)))),
        lon=place.lon,
        lat=place.lat,
    )


def _with_codes(schools: list[School], after: int = 0) -> list[School]:
    """Give every school a code 99XA00 … 99ZZ99 and a board, several locations per institution."""
    of_kind: dict[str, list[School]] = defaultdict(list)
    for school in schools:
        of_kind[school.kind].append(school)
    board_of = {group: cycle(sizes) for group, sizes in _INSTITUTIONS_PER_BOARD.items()}
    left_on_board: dict[str, tuple[int, int]] = {}
    boards = after
    coded: list[School] = []
    brin = after
    for kind in KINDS:
        remaining = of_kind[kind]
        for size in cycle(_LOCATIONS_PER_INSTITUTION[kind]):
            if not remaining:
                break
            group = _BOARD_GROUP[kind]
            board, left = left_on_board.get(group, (0, 0))
            if left == 0:
                boards, left = boards + 1, next(board_of[group])
                board = boards
            left_on_board[group] = (board, left - 1)
            members, remaining = remaining[:size], remaining[size:]
            coded += [
                replace(
                    school,
                    code=f"{_brin(brin)}{number:02d}",
                    board=f"99{board:03d}",
                    board_name=f"Stichting Onderwijsgroep {board:02d}",
                )
                for number, school in enumerate(members)
            ]
            brin += 1
    return coded


def _brin(index: int) -> str:
    if index >= 3 * 26:
        raise RuntimeError("there are 78 invented institutions, from 99XA to 99ZZ")
    return f"99{'XYZ'[index // 26]}{chr(ord('A') + index % 26)}"


def _swv_table(path: Path | None) -> dict[str, tuple[str, str]]:
    table = {
        code: (swv_po, swv_vo)
        for place in PLACES
        for codes, swv_po, swv_vo, _ in place.areas
        for code in codes
    }
    if path is not None:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle, delimiter=";"):
                table[row["postcode4"]] = (row["swv_po"], row["swv_vo"])
    return table


def _listed(row: dict[str, str], swvs: dict[str, tuple[str, str]], scale: float) -> School:
    place = next(
        (place for place in PLACES if place.code == int(row["gemeentecode"].removeprefix("GM"))),
        None,
    )
    if place is None:
        raise ValueError("expected only schools in the eight municipalities of the region")
    _, default_po, default_vo, _ = place.areas[0]
    swv_po, swv_vo = swvs.get(row["postcode"][:4], (default_po, default_vo))
    kind = _KIND_OF_LISTED.get(row["type"], "VO")
    pupils = float(row["leerlingen"]) if row["leerlingen"].strip() else SMALLEST
    return School(
        code=row["vestigingscode"],
        name=row["naam"],
        kind=kind,
        denomination=row["denominatie"],
        postcode=row["postcode"],
        place=row["plaats"],
        municipality=place.code,
        municipality_name=place.name,
        in_region=True,
        pupils=max(2, round(pupils * scale)),
        lon=float(row["lon"]),
        lat=float(row["lat"]),
        swv_po=swv_po if kind in ("BO", "SBO", "SO") else "",
        swv_vo=swv_vo if kind in ("VSO", "PRO", "VO") else "",
    )
