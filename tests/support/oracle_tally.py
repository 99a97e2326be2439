"""What a whole tally must hold, counted from the generator's truth.

The truth becomes the rows that must be delivered (``oracle_care``), and those are counted naively
(``micro_count``). Imports nothing of the product and reads no file.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from deploy.demo.generator.truth import Person, Truth
from tests.support.micro_count import Counted, Key, naive_count
from tests.support.micro_rows import Delivered, Enrolment, Facts, Joint, Location
from tests.support.oracle import enrolment_of
from tests.support.oracle_care import care_rows_of

_EDUCATION = {
    "BO": 0, "SBO": 0, "SO": 0, "VSO": 0, "PRO": 0, "BRUGJAAR": 1, "VMBO-BK": 2, "VMBO-GT": 3,
    "HAVO": 4, "VWO": 5, "MBO-1": 11, "MBO-2": 12, "MBO-3": 13, "MBO-4": 14, "VAVO": 15,
}  # fmt: skip
_MASKED_BELOW = 5


def whole_tally(
    truth: Truth,
    covered: Collection[int],
    *,
    care_from: Collection[int] | None = None,
    objections: bool = True,
) -> dict[Key, Counted]:
    """Every cell of every table with its protection inputs.

    Args:
        truth: of a generated region.
        covered: municipalities whose residents are the population.
        care_from: municipalities whose care was delivered; the covered ones unless told.
        objections: whether the list of children who objected was delivered.
    """
    return naive_count(
        facts_of(truth),
        delivered_of(truth, covered, care_from=care_from, objections=objections),
    )


def delivered_of(
    truth: Truth,
    covered: Collection[int],
    *,
    care_from: Collection[int] | None = None,
    objections: bool = True,
) -> Delivered:
    """The rows that must be delivered; of every pupil and period the enrolment that decides."""
    delivered = sorted(covered if care_from is None else care_from)
    people = list(enumerate(truth.persons))
    return Delivered(
        enrolments=tuple(row for who, person in people for row in _enrolments(truth, person, who)),
        care=tuple(
            row
            for who, person in people
            for row in care_rows_of(person, who, truth.periods, delivered)
        ),
        objections=tuple(who for who, person in people if person.objects and objections),
        covered={year - 2000: tuple(covered) for year in truth.periods},
    )


def _enrolments(truth: Truth, person: Person, who: int) -> list[Enrolment]:
    found = []
    for year in truth.periods:
        row = enrolment_of(person, year)
        if row is not None:
            found.append(
                Enrolment(
                    person=who,
                    period=year - 2000,
                    school=row.school,
                    residence=row.residence,
                    education=_EDUCATION[row.education],
                    linkable=person.kind != "O",
                )
            )
    return found


def facts_of(truth: Truth) -> Facts:
    """What the reference bundle of a generated region says."""
    return Facts(
        schools={
            each.code: Location(
                each.code, each.kind, each.municipality, each.board, each.swv_po, each.swv_vo,
                each.in_region,
            )
            for each in truth.schools
        },
        groups={agb: each.group for each in truth.providers for agb in each.agb},
        arrangements=tuple(
            Joint(each.number, each.schools, each.starts_on, each.lump_sum_eur)
            for each in truth.arrangements
        ),
        duo_totals={
            (school, year - 2000): None if total < _MASKED_BELOW else total
            for school, year, total in truth.duo_totals
        },
        last_days={year - 2000: date(year + 1, 7, 31) for year in truth.periods},
    )  # fmt: skip
