"""What a region's tally must hold, counted in plain Python from the generator's truth.

It imports nothing of the product and reads no file: the people, their rows and the marks of dirt
are enough. Slow and obvious on purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import NamedTuple

from deploy.demo.generator.truth import REFUSED, Enrolment, Person, School, Trajectory, Truth

_YOUTH_CARE = {
    "31": 1, "32": 2, "33": 3, "34": 4, "35": 11, "36": 12, "37": 13, "38": 14, "40": 2, "41": 3,
    "43": 14, "44": 11, "45": 2, "46": 19, "50": 19, "51": 2, "52": 2, "53": 2, "54": 2, "55": 19,
}  # fmt: skip
_EXCEPTIONS = {"44A12": 12, "43A13": 13, "45A04": 4, "45A01": 1}
_NOT_YOUTH_CARE = {"42", "47", "48", "49"}
_SECTORS = {
    "BO": "PO", "SBO": "PO", "SO": "SO", "VSO": "SO", "PRO": "VO", "VO": "VO", "MBO": "MBO",
}  # fmt: skip
_EARLIEST = date(1950, 1, 1)
FORMS = ("1", "2", "3", "4", "11", "12", "13", "14", "19")


class Key(NamedTuple):
    """A cell; ``period`` is the first year minus 2000, an empty ``category`` is the total."""

    table: str
    level: str
    unit: str
    period: int
    category: str
    measure: str


Expected = dict[Key, int]


def expected(
    truth: Truth,
    covered: Collection[int],
    *,
    care_from: Collection[int] | None = None,
    objections: bool = True,
) -> Expected:
    """Every cell that is not zero, at every level, for both tables.

    Args:
        truth: of a generated region.
        covered: municipalities whose residents are the population.
        care_from: municipalities whose care was delivered; the covered ones unless told.
        objections: whether the list of children who objected was delivered.
    """
    delivered = covered if care_from is None else care_from
    schools = {school.code: school for school in truth.schools}
    cells: Expected = {}
    for person in truth.persons:
        if person.objects and objections:
            continue
        for year in truth.periods:
            row = enrolment_of(person, year)
            if row is None or row.residence not in covered:
                continue
            forms = forms_of(person, year, delivered)
            for level, unit in units_of(row, schools.get(row.school)):
                _add(cells, Key("pupils_and_clients", level, unit, year - 2000, "", "pupils"))
                if not forms:
                    continue
                _add(cells, Key("pupils_and_clients", level, unit, year - 2000, "", "clients"))
                for category in ("", *(str(form) for form in forms)):
                    key = Key("clients_by_form", level, unit, year - 2000, category, "clients")
                    _add(cells, key)
    return cells


def _add(cells: Expected, key: Key) -> None:
    cells[key] = cells.get(key, 0) + 1


def enrolment_of(person: Person, year: int) -> Enrolment | None:
    """The accepted row that decides a pupil's school and home on 1 October, if any."""
    reference = date(year, 10, 1)
    chosen: Enrolment | None = None
    for row in person.enrolments:
        if row.year != year or row.dirt & REFUSED:
            continue
        if row.enrolled_on > reference:
            continue
        if row.left_on is not None and row.left_on <= reference:
            continue
        if chosen is None or (row.main, chosen.school) > (chosen.main, row.school):
            chosen = row
    return chosen


def forms_of(person: Person, year: int, delivered: Collection[int]) -> set[int]:
    """The forms of youth care that a person had on any day of the school year."""
    if person.kind == "O":
        return set()
    forms = set()
    for row in person.trajectories:
        if row.municipality in delivered and not row.dirt & REFUSED and _in_year(row, year):
            form = form_of(row)
            if form is not None:
                forms.add(form)
    return forms


def form_of(row: Trajectory) -> int | None:
    """CBS form of a row; None where it is no youth care."""
    if row.category in _NOT_YOUTH_CARE:
        return None
    return _EXCEPTIONS.get(row.product.upper(), _YOUTH_CARE[row.category])


def _in_year(row: Trajectory, year: int) -> bool:
    if row.change_reason == "13":
        return False
    first = known_date(row.started_on) or known_date(row.assigned_from)
    last = known_date(row.stopped_on) or known_date(row.assigned_until)
    if first is None or first > date(year + 1, 7, 31):
        return False
    return last is None or last >= date(year, 8, 1)


def known_date(day: date | None) -> date | None:
    """The day, or None where it stands for an empty cell."""
    return day if day is not None and day >= _EARLIEST else None


def units_of(row: Enrolment, school: School | None) -> Iterator[tuple[str, str]]:
    """Every level and unit to which a pupil of this school and home adds one."""
    yield "total", "total"
    yield "residence", f"GM{row.residence:04d}"
    if school is None:
        yield "elsewhere", "onbekend"
        return
    if not school.in_region:
        yield "elsewhere", school.kind
        return
    place = f"GM{school.municipality:04d}"
    yield "region", "region"
    yield "school", school.code
    yield "institution", school.code[:4]
    yield "type", school.kind
    yield "sector", _SECTORS[school.kind]
    yield "municipality", place
    yield "type*municipality", f"{school.kind}*{place}"
    if school.board:
        yield "board", school.board
    if school.swv_po:
        yield "swv_po", school.swv_po
    if school.swv_vo:
        yield "swv_vo", school.swv_vo
