"""A municipality or *samenwerkingsverband* as a selection of released units.

A file for an area has rows of the released table and no others: nothing is summed for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from publisher.released import Release
from shared.errors import NotFoundError
from shared.reference import Level, Reference, School, municipality_key

ReferenceOf = Callable[[Release], Reference | None]
"""Finds the public reference bundle that a release pins; None where it is not at hand."""

AREA_PATTERN = r"^(GM[0-9]{4}|(PO|VO)[0-9]{4})$"

_LEVELS = frozenset(
    {
        Level.SCHOOL,
        Level.INSTITUTION,
        Level.BOARD,
        Level.MUNICIPALITY,
        Level.TYPE_MUNICIPALITY,
        Level.SWV_PO,
        Level.SWV_VO,
    }
)
"""Levels of which a unit can lie in an area; a school type of the region does not."""


@dataclass(frozen=True, slots=True)
class Area:
    """A municipality or *samenwerkingsverband*, with the released units that lie in it.

    Attributes:
        key: ``GM`` or ``PO`` or ``VO`` with four digits.
        units: level and code of every unit that lies wholly in it, and of the area itself.
    """

    key: str
    label: str
    units: frozenset[tuple[str, str]]


def area_of(reference: Reference | None, key: str) -> Area:
    """The area called ``key``.

    Raises:
        NotFoundError: ``area-unknown``; never repeats the key.
    """
    for known, label in area_labels(reference):
        if known == key and reference is not None:
            return Area(key, label, frozenset(_units(reference, key)))
    raise NotFoundError(
        "area-unknown",
        "expected the code of a municipality or samenwerkingsverband of this release",
        hint="the resource areas of the release lists every code",
    )


def area_labels(reference: Reference | None) -> Iterator[tuple[str, str]]:
    """Code and name of every area in the region, municipalities first."""
    if reference is None:
        return
    for municipality in reference.municipalities:
        if municipality.in_region:
            yield municipality.key, municipality.name
    names = {swv.code: swv.name for swv in reference.swvs}
    used = {key for school in reference.schools if school.in_region for key in _areas(school)}
    for code in sorted(used & set(names)):
        yield code, names[code]


def _areas(school: School) -> tuple[str, ...]:
    return municipality_key(school.municipality), school.swv_po, school.swv_vo


def _units(reference: Reference, key: str) -> Iterator[tuple[str, str]]:
    """Units of schools in the area, without those that schools elsewhere are part of too."""
    inside: set[tuple[Level, str]] = set()
    outside: set[tuple[Level, str]] = set()
    for school in reference.schools:
        if school.in_region:
            (inside if key in _areas(school) else outside).update(school.units().items())
    yield from ((level.value, unit) for level, unit in inside - outside if level in _LEVELS)
    if key.startswith("GM"):
        yield Level.RESIDENCE.value, key
