"""A handful of children for the model of a round: what each delivery says, and an honest count.

The rows of a delivery and the truth that the oracle counts are both made from the short lists
here, so that a tally can be compared with the deliveries that were current, whichever they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa

from deploy.demo.generator.truth import Enrolment, Person, School, Trajectory, Truth
from shared.contract.deliveries import OBJECTION_BLOCK
from shared.contract.tally import Tally
from shared.reference import Reference
from tests.support.oracle import expected
from tests.support.parties import (
    as_sent,
    care_table,
    enrolment_table,
    objection_table,
    pseudonym,
)

CHILDREN = 16
YEARS = (2024, 2025)
CAP = OBJECTION_BLOCK
"""Objections that a supplier may deliver before a person looks; the policy of the model says so."""
_STRANGERS = range(1000, 1000 + CAP)
"""People whom nobody else delivers."""

_SCHOOLS = ("99XA00", "99XA01", "99XB00", "99XC00", "99ZZ00")
_CATEGORIES = {2: "45", 11: "44", 14: "43"}
_PLACES = {"gm0197": 197, "gm0222": 222}

Key = tuple[str, str]
"""A supplier and a schema."""

ENROLMENT: Key = ("duo", "enrolment/1")
CARE: dict[int, Key] = {197: ("gm0197", "care/1"), 222: ("gm0222", "care/1")}
OBJECTIONS: dict[int, Key] = {
    197: ("gm0197", "objection/1"),
    222: ("gm0222", "objection/1"),
}
KEYS: tuple[Key, ...] = (ENROLMENT, *CARE.values(), *OBJECTIONS.values())
VARIANTS = 3


def _place(child: int) -> int:
    return 197 if child % 2 else 222


def enrolled(variant: int) -> dict[int, str]:
    """The school of each child in a variant of the enrolments."""
    shift, last = (0, CHILDREN) if variant == 0 else (variant, CHILDREN - variant)
    return {child: _SCHOOLS[(child + shift) % len(_SCHOOLS)] for child in range(last)}


def cared_for(place: int, variant: int) -> dict[int, int]:
    """The form of care of each child in a variant of a municipality's care."""
    forms = tuple(_CATEGORIES)
    return {
        child: forms[(child + variant) % len(forms)]
        for child in range(variant, CHILDREN, 2)
        if variant == 2 or _place(child) == place
    } or {place % CHILDREN: 2}


def objecting(place: int, variant: int) -> list[int]:
    """The children in a variant of a municipality's objections."""
    return [child for child in range(CHILDREN) if _place(child) == place][: variant + 1]


def rows_of(key: Key, variant: int) -> int:
    """How many rows a variant of a delivery has as it is sent."""
    return int(as_sent(table_of(key, variant)).num_rows)


def table_of(key: Key, variant: int) -> pa.Table:
    """The rows of a variant of a delivery."""
    party, schema = key
    if schema == "enrolment/1":
        return enrolment_table(
            [
                {"pseudonym": pseudonym(child), "period": year - 2000, "school": school.encode(),
                 "residence": _place(child)}
                for child, school in enrolled(variant).items() for year in YEARS
            ]
        )  # fmt: skip
    place = _PLACES[party]
    if schema == "care/1":
        return care_table(
            [
                {"pseudonym": pseudonym(child), "period": year - 2000, "form": form}
                for child, form in cared_for(place, variant).items()
                for year in YEARS
            ]
        )
    # The last variant is above the cap.
    strangers = _STRANGERS if variant == VARIANTS - 1 else ()
    return objection_table([*objecting(place, variant), *strangers])


def honest_count(
    reference: Reference, current: Mapping[Key, int]
) -> dict[tuple[str, str, str, int, str, str], int]:
    """Every cell that is not zero, by the oracle, for the variants that are current."""
    covered = [place for place, key in CARE.items() if ENROLMENT in current and key in current]
    truth = SimpleNamespace(
        schools=tuple(_school(reference, code) for code in _SCHOOLS),
        persons=tuple(_person(child, current) for child in range(CHILDREN)),
        periods=YEARS,
    )
    cells = expected(cast("Truth", truth), covered)
    return {(key[0], key[1], key[2], key[3], key[4], key[5]): cells[key] for key in cells}


def counted(tally: Tally) -> dict[tuple[str, str, str, int, str, str], int]:
    """The cells of a tally that the oracle counts too."""
    return {
        (row["table"], row["level"], row["unit"], row["period"], row["category"], row["measure"]):
        row["value"] for row in tally.cells.to_pylist()
        if row["table"] in {"pupils_and_clients", "clients_by_form"}
    }  # fmt: skip


def covers_something(current: Mapping[Key, int]) -> bool:
    """Whether any municipality has both an enrolment and a care delivery."""
    return ENROLMENT in current and any(key in current for key in CARE.values())


def _person(child: int, current: Mapping[Key, int]) -> Person:
    school = enrolled(current[ENROLMENT]).get(child) if ENROLMENT in current else None
    care = [
        (place, cared_for(place, current[key])[child])
        for place, key in CARE.items()
        if key in current and child in cared_for(place, current[key])
    ]
    return Person(
        number=str(child),
        kind="B",
        born_on=date(2015, 1, 1),
        sex=0,
        enrolments=tuple(_enrolment(year, school, child) for year in YEARS if school),
        trajectories=tuple(_trajectory(place, form) for place, form in care),
        objects=any(
            child in objecting(place, current[key])
            for place, key in OBJECTIONS.items()
            if key in current
        ),
    )


def _enrolment(year: int, school: str, child: int) -> Enrolment:
    return Enrolment(
        year=year, school=school, education="", residence=_place(child), postcode4="", grade=0,
        enrolled_on=date(year, 8, 1), left_on=None, main=True,
    )  # fmt: skip


def _trajectory(place: int, form: int) -> Trajectory:
    """Care from before the first school year until after the last."""
    return Trajectory(
        municipality=place, assignment="", agb="", provider="", category=_CATEGORIES[form],
        product="", assigned_from=date(2024, 1, 1), assigned_until=None, started_on=None,
        stopped_on=None, end_reason="", change_reason="", referrer="", funding="", volume=0,
        unit="", frequency="", budget_ct=0, legal_status="",
    )  # fmt: skip


def _school(reference: Reference, code: str) -> School:
    known: Any = next(each for each in reference.schools if each.code == code)
    return School(
        code=code, name=known.name, kind=str(known.type), denomination="", postcode="", place="",
        municipality=known.municipality, municipality_name="", in_region=known.in_region, pupils=0,
        lon=0, lat=0, board=known.board, swv_po=known.swv_po, swv_vo=known.swv_vo,
    )  # fmt: skip
