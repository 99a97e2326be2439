"""Which enrolment counts for a pupil, and to which units a school and a home add up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tests.support.micro_rows import Enrolment, Facts, Location

SCHOOL_LEVELS = (
    "school", "institution", "board", "type", "sector", "municipality", "type*municipality",
    "swv_po", "swv_vo", "region", "elsewhere", "total",
)  # fmt: skip
ALL_LEVELS = (*SCHOOL_LEVELS, "residence")
EDUCATION_LEVELS = (
    "type", "sector", "municipality", "type*municipality", "swv_po", "swv_vo", "region",
    "elsewhere", "total", "residence",
)  # fmt: skip
JOINT_LEVELS = ("arrangement", "comparison")

_SECTORS = {
    "BO": "PO", "SBO": "PO", "SO": "SO", "VSO": "SO", "PRO": "VO", "VO": "VO", "MBO": "MBO",
}  # fmt: skip

Unit = tuple[str, str]
"""A level and a unit of it."""


def chosen_enrolments(rows: Sequence[Enrolment]) -> dict[tuple[int, int], Enrolment]:
    """The one enrolment that counts, by person and period."""
    best: dict[tuple[int, int], Enrolment] = {}
    for row in rows:
        place = (row.person, row.period)
        if place not in best or _preference(row) < _preference(best[place]):
            best[place] = row
    return best


def _preference(row: Enrolment) -> tuple[bool, str, int, int, int, bool]:
    return (not row.main, row.school, row.residence, row.education, row.age, row.linkable)


def is_covered(row: Enrolment, covered: Mapping[int, Collection[int]]) -> bool:
    """Whether the pupil lives where both kinds of delivery were accepted."""
    return row.residence in covered.get(row.period, ())


def units_of_school(facts: Facts, code: str) -> list[Unit]:
    """Everything that a school is part of, from its own fields."""
    one = facts.schools.get(code)
    if one is None:
        return [("elsewhere", "onbekend"), ("total", "total")]
    if not one.in_region:
        return [("elsewhere", one.kind), ("total", "total")]
    place = f"GM{one.municipality:04d}"
    units = [
        ("school", code),
        ("institution", code[:4]),
        ("board", one.board),
        ("type", one.kind),
        ("sector", _SECTORS[one.kind]),
        ("municipality", place),
        ("type*municipality", f"{one.kind}*{place}"),
        ("swv_po", one.swv_po),
        ("swv_vo", one.swv_vo),
        ("region", "region"),
        ("total", "total"),
    ]
    return [(level, unit) for level, unit in units if unit]


def joint_units_of(facts: Facts, code: str) -> list[Unit]:
    """The arrangements that a school is in, and those that it is compared with."""
    one = facts.schools.get(code)
    if one is None or not one.in_region:
        return []
    units = []
    for joint in facts.arrangements:
        if code in joint.schools:
            units.append(("arrangement", str(joint.number)))
    in_any = any(code in joint.schools for joint in facts.arrangements)
    for joint in facts.arrangements:
        if not in_any and one.kind in _kinds_in_region(facts, joint.schools):
            units.append(("comparison", str(joint.number)))
    return units


def _kinds_in_region(facts: Facts, codes: Sequence[str]) -> set[str]:
    found: list[Location | None] = [facts.schools.get(code) for code in codes]
    return {each.kind for each in found if each is not None and each.in_region}


def units_of(facts: Facts, row: Enrolment) -> list[Unit]:
    """Every unit, of whatever level, to which this pupil adds one."""
    home = ("residence", f"GM{row.residence:04d}")
    return [*units_of_school(facts, row.school), home, *joint_units_of(facts, row.school)]
