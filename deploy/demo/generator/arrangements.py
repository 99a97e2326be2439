"""Joint school-care arrangements, and the care that is given within them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from deploy.demo.generator.drafts import Draft, days_of, reference_on
from deploy.demo.generator.products import GIVEN_WITHIN
from deploy.demo.generator.traps import TrapPlan
from deploy.demo.generator.truth import Arrangement, School, Trajectory


def invented_arrangements(
    schools: list[School], plan: TrapPlan, first_year: int, years: int
) -> list[Arrangement]:
    """Two joint arrangements at primary schools and one at special schools."""
    free = [
        school
        for school in schools
        if school.in_region and school.code not in plan.schools and school.code not in plan.merger
    ]
    primary = [school.code for school in free if school.kind == "BO"]
    special = [school.code for school in free if school.kind == "SO"]
    start = first_year + years // 2
    compared = "zelfde schoolsoort in de regio, zonder arrangement"
    return [
        Arrangement(1, "Samen in de klas", tuple(primary[5:9]), date(start, 8, 1),
                    "minder individuele trajecten", "leerlingen van groep 1 tot en met 8",
                    60_000, compared),
        Arrangement(2, "Zorg op school", tuple(special[:2]), date(start, 1, 1),
                    "jeugdhulp onder schooltijd in een groep", "leerlingen met een zorgvraag",
                    145_000, compared),
        Arrangement(3, "Brugfunctionaris", tuple(primary[40:42]), date(start - 1, 8, 1),
                    "eerder hulp in het gezin", "gezinnen met een vraag", 38_000, compared),
    ]  # fmt: skip


def give_within(arrangements: Iterable[Arrangement], drafts: Iterable[Draft]) -> None:
    """Give care that starts at a school of an arrangement the product of that arrangement.

    Nothing is drawn: whoever had care still has the same care, under another code.
    """
    of_school = {code: each for each in arrangements for code in each.schools}
    for draft in drafts:
        draft.trajectories = [_within(row, draft, of_school) for row in draft.trajectories]


def _within(row: Trajectory, draft: Draft, of_school: dict[str, Arrangement]) -> Trajectory:
    if row.product not in GIVEN_WITHIN:
        return row
    begins, _ends = days_of(row)
    year = begins.year - (begins.month < 8)
    pupil = draft.enrolment_on(reference_on(year), year)
    arrangement = of_school.get(pupil.school) if pupil else None
    if arrangement is None or begins < arrangement.starts_on:
        return row
    return replace(row, product=f"{GIVEN_WITHIN[row.product]}{arrangement.number}")
