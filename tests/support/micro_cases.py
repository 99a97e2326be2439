"""Cases by hand: rows that were delivered, and cells that they must give.

Each case is a small region of its own; ``together`` puts them side by side in one, each in a
municipality of its own, so that they are linked at once. Values are read in one period, at the
level of that municipality.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.reference import Reference, School
from tests.support.micro_rows import NO_PROVIDER, Care, Enrolment
from tests.support.microregion import Region, arrangement, bundle, everywhere, group, school

OLD, NEW, SPECIAL, SECONDARY, AWAY = "99XA00", "99XB00", "99XC00", "99XD00", "99XE00"
LISTED, SISTER, OTHER_GROUP, UNLISTED = "01000001", "01000002", "22000001", "73000009"
GROUPS = (group("G01", LISTED, SISTER), group("G02", OTHER_GROUP))
PUPIL = Enrolment(1, school=OLD)
CARE = Care(1)
_FIRST_PLACE = 100

Wanted = dict[tuple[str, str, str], int]
"""Value by table, category and measure; 0 where there must be no cell."""


def schools(place: int = 1) -> tuple[School, ...]:
    """Four schools of a place in the region, and one outside."""
    return (
        school(OLD, municipality=place),
        school(NEW, municipality=place),
        school(SPECIAL, kind="SO", municipality=place),
        school(SECONDARY, kind="VO", municipality=place),
        school(AWAY, kind="VSO", municipality=9, inside=False),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """Rows, the period that is looked at and what it must hold."""

    enrolments: tuple[Enrolment, ...]
    care: tuple[Care, ...]
    wanted: Wanted
    period: int = 20


def place_of(index: int) -> int:
    """The municipality in which a case is put."""
    return _FIRST_PLACE + index


def together(cases: list[Case]) -> Region:
    """All cases in one region: other children, other schools, another municipality each."""
    found: list[School] = []
    for index in range(len(cases)):
        for each in schools(place_of(index)):
            found.append(each.model_copy(update={"code": _moved(each.code, index)}))
    return Region(
        _bundle(found, [place_of(index) for index in range(len(cases))]),
        tuple(
            replace(row, person=row.person + 100 * index, school=_moved(row.school, index))
            for index, case in enumerate(cases)
            for row in case.enrolments
        ),
        tuple(
            replace(row, person=row.person + 100 * index)
            for index, case in enumerate(cases)
            for row in case.care
        ),
        (),
        everywhere(1, 2, 3),
    )


def _bundle(found: list[School], places: list[int]) -> Reference:
    return bundle(
        found,
        groups=GROUPS,
        arrangements=[arrangement(1, _moved(OLD, 0)), arrangement(2, _moved(SPECIAL, 0))],
        places=places,
    )


def _moved(code: str, index: int) -> str:
    return f"{index:02d}{code[2:]}"


CASES = {
    "two referrers of two trajectories": Case(
        (PUPIL,),
        (replace(CARE, started=True, referrer=2), replace(CARE, started=True, referrer=4)),
        {
            ("clients_started_by_referrer", "", "clients_started"): 1,
            ("clients_started_by_referrer", "2", "clients_started"): 1,
            ("clients_started_by_referrer", "4", "clients_started"): 1,
            ("started_trajectories_by_referrer", "", "started_trajectories"): 2,
            ("started_trajectories_by_referrer", "2", "started_trajectories"): 1,
            ("started_trajectories_by_referrer", "4", "started_trajectories"): 1,
        },
    ),
    "a referrer of care that did not start": Case(
        (PUPIL,),
        (replace(CARE, referrer=2),),
        {
            ("clients_started_by_referrer", "2", "clients_started"): 0,
            ("starts_and_ends", "", "started_trajectories"): 0,
        },
    ),
    "in kind and on a budget together": Case(
        (PUPIL,),
        (replace(CARE, cost_eur=300), replace(CARE, funding=2, cost_eur=40)),
        {
            ("pupils_and_clients", "", "clients"): 1,
            ("costs", "", "cost_eur"): 340,
            ("costs_by_form", "2", "cost_eur"): 340,
            ("running_by_duration", "", "running_trajectories"): 2,
        },
    ),
    "the same row twice is one, in two municipalities it is two": Case(
        (PUPIL,),
        (CARE, CARE, replace(CARE, municipality=2)),
        {
            ("pupils_and_clients", "", "clients"): 1,
            ("costs", "", "cost_eur"): 200,
            ("running_by_duration", "", "running_trajectories"): 2,
        },
    ),
    "double enrolment: the main one, with its school": Case(
        (replace(PUPIL, school=SECONDARY, main=False), PUPIL),
        (CARE,),
        {
            ("pupils_and_clients", "", "pupils"): 1,
            ("pupils_and_clients", "", "clients"): 1,
        },
    ),
    "a pupil without a citizen service number is no client": Case(
        (replace(PUPIL, linkable=False), replace(PUPIL, person=2)),
        (CARE, replace(CARE, person=2)),
        {
            ("pupils_and_clients", "", "pupils"): 2,
            ("pupils_and_clients", "", "clients"): 1,
            ("costs", "", "cost_eur"): 100,
        },
    ),
    "zero cost and a correction below zero": Case(
        (PUPIL, replace(PUPIL, person=2)),
        (replace(CARE, cost_eur=0), replace(CARE, person=2, cost_eur=-250)),
        {
            ("costs", "", "cost_eur"): -250,
            ("pupils_and_clients", "", "clients"): 2,
        },
    ),
    "a credit takes everything back": Case(
        (PUPIL,),
        (replace(CARE, cost_eur=250), replace(CARE, domain=3, cost_eur=-250)),
        {
            ("costs", "", "cost_eur"): 0,
            ("clients_of_kind", "", "clients_mental_health"): 1,
        },
    ),
    "two codes of one provider group, one outside the list, and none": Case(
        (PUPIL, replace(PUPIL, person=2)),
        (
            replace(CARE, provider=LISTED),
            replace(CARE, provider=SISTER),
            replace(CARE, provider=UNLISTED),
            replace(CARE, person=2, provider=NO_PROVIDER),
            replace(CARE, person=2, provider=OTHER_GROUP),
        ),
        {
            ("providers", "", "providers"): 3,
            ("providers", "", "largest_provider_clients"): 1,
            ("clients_by_provider", "", "clients"): 2,
            ("clients_by_provider", "G01", "clients"): 1,
            ("clients_by_provider", "G02", "clients"): 1,
            ("clients_by_provider", "other", "clients"): 1,
            ("clients_by_provider", "none", "clients"): 1,
        },
    ),
    "no provider at all": Case(
        (PUPIL,),
        (replace(CARE, provider=NO_PROVIDER, funding=2),),
        {
            ("providers", "", "providers"): 0,
            ("clients_by_provider", "none", "clients"): 1,
            ("pupils_and_clients", "", "clients"): 1,
        },
    ),
    "arrangements: known, unknown and none": Case(
        (PUPIL,),
        (
            replace(CARE, arrangement=1, cost_eur=5),
            replace(CARE, arrangement=9_999, cost_eur=7),
            replace(CARE, arrangement=0, cost_eur=11),
        ),
        {
            ("clients_by_arrangement", "", "clients"): 1,
            ("clients_by_arrangement", "1", "clients"): 1,
            ("clients_by_arrangement", "unknown", "clients"): 1,
            ("clients_by_arrangement", "none", "clients"): 1,
            ("costs_by_arrangement", "", "cost_eur"): 23,
            ("costs_by_arrangement", "1", "cost_eur"): 5,
            ("costs_by_arrangement", "unknown", "cost_eur"): 7,
            ("costs_by_arrangement", "none", "cost_eur"): 11,
        },
    ),
    "care of one day starts and ends": Case(
        (PUPIL,),
        (replace(CARE, days=1, since=1, started=True, ended=True, first=True, end_reason=1),),
        {
            ("starts_and_ends", "", "clients_started"): 1,
            ("starts_and_ends", "", "clients_ended"): 1,
            ("starts_and_ends", "", "clients_ended_as_planned"): 1,
            ("ended_by_duration", "1", "ended_trajectories"): 1,
            ("ended_by_duration", "", "ended_days"): 1,
            ("running_by_duration", "", "running_trajectories"): 0,
            ("ended_trajectories_by_reason", "1", "ended_trajectories"): 1,
            ("clients_by_flow", "new", "clients"): 1,
        },
    ),
    "a reason without an end is no end": Case(
        (PUPIL,),
        (replace(CARE, ended=False, end_reason=1),),
        {
            ("starts_and_ends", "", "clients_ended_as_planned"): 0,
            ("ended_trajectories_by_reason", "1", "ended_trajectories"): 0,
            ("running_by_duration", "1", "running_trajectories"): 1,
        },
    ),
    "borders of durations": Case(
        (PUPIL,),
        tuple(
            replace(CARE, ended=True, end_reason=3, since=days)
            for days in (91, 92, 182, 183, 365, 366, 730, 731)
        ),
        {
            ("ended_by_duration", "1", "ended_days"): 91,
            ("ended_by_duration", "92", "ended_days"): 92 + 182,
            ("ended_by_duration", "183", "ended_days"): 183 + 365,
            ("ended_by_duration", "366", "ended_days"): 366 + 730,
            ("ended_by_duration", "731", "ended_days"): 731,
            ("ended_by_duration", "", "ended_trajectories"): 8,
        },
    ),
    "mental health: by a row of its own kind, through the doctor in that row": Case(
        (PUPIL, replace(PUPIL, person=2)),
        (
            replace(CARE, domain=2, referrer=5),
            replace(CARE, domain=1, referrer=2),
            replace(CARE, person=2, domain=3, referrer=2),
        ),
        {
            ("clients_of_kind", "", "clients_mental_health"): 2,
            ("clients_mental_health_via_gp", "", "clients_mental_health_via_gp"): 1,
            ("clients_by_domain", "1", "clients"): 1,
            ("clients_by_domain", "2", "clients"): 1,
            ("clients_by_domain", "3", "clients"): 1,
        },
    ),
    "stay is from foster care up to other stay; dyslexia": Case(
        tuple(replace(PUPIL, person=person) for person in (1, 2, 3)),
        (
            replace(CARE, form=14),
            replace(CARE, form=19),
            replace(CARE, person=2, form=11, domain=4),
            replace(CARE, person=3, form=4),
            replace(CARE, person=3, form=19),
        ),
        {
            ("clients_with_stay", "", "clients_with_stay"): 2,
            ("clients_of_kind", "", "clients_dyslexia"): 1,
            ("clients_by_form", "", "clients"): 3,
            ("clients_by_form", "4", "clients"): 1,
            ("clients_by_form", "11", "clients"): 1,
            ("clients_by_form", "14", "clients"): 1,
            ("clients_by_form", "19", "clients"): 2,
        },
    ),
    "half days count at special schools only": Case(
        (PUPIL, replace(PUPIL, person=2, school=SPECIAL), replace(PUPIL, person=3, school=SPECIAL)),
        (
            replace(CARE, half_days=4),
            replace(CARE, person=2, half_days=5),
            replace(CARE, person=2, half_days=6),
            replace(CARE, person=3, half_days=0),
        ),
        {
            ("day_treatment", "", "clients_day_treatment"): 1,
            ("day_treatment", "", "half_days"): 11,
        },
    ),
    "education belongs to the pupil": Case(
        (replace(PUPIL, education=5), replace(PUPIL, person=2, education=0)),
        (CARE,),
        {
            ("clients_by_education", "5", "clients"): 1,
            ("clients_by_education", "0", "clients"): 0,
            ("clients_by_education", "0", "pupils"): 1,
            ("clients_by_education", "", "pupils"): 2,
        },
    ),
    "ages at the start of what started": Case(
        (PUPIL,),
        (
            replace(CARE, started=True, age_at_start=3),
            replace(CARE, started=True, age_at_start=4),
            replace(CARE, started=False, age_at_start=12),
            replace(CARE, started=True, age_at_start=17),
            replace(CARE, started=True, age_at_start=18),
        ),
        {
            ("clients_started_by_age", "", "clients_started"): 1,
            ("clients_started_by_age", "0", "clients_started"): 1,
            ("clients_started_by_age", "4", "clients_started"): 1,
            ("clients_started_by_age", "12", "clients_started"): 0,
            ("clients_started_by_age", "15", "clients_started"): 1,
            ("clients_started_by_age", "18", "clients_started"): 1,
        },
    ),
}


def _flow(which: str, *care: Care) -> Case:
    """A pupil of two years; ``care`` begins with a row of the year that is looked at."""
    wanted = {
        ("clients_by_flow", each, "clients"): int(each == which)
        for each in ("continuing", "new", "returning")
    }
    pupils = tuple(replace(PUPIL, period=period) for period in (21, 22))
    return Case(pupils, care, wanted, care[0].period)


_BEGINS = replace(CARE, period=22, started=True, first=True)
CASES |= {
    "new": _flow("new", _BEGINS),
    "started, but not the first care": _flow("returning", replace(_BEGINS, first=False)),
    "goes on": _flow("continuing", replace(CARE, period=22)),
    "starts again after care in an earlier period": _flow(
        "returning", _BEGINS, replace(CARE, period=20)
    ),
    "starts again after care of another municipality": _flow(
        "returning", _BEGINS, replace(CARE, municipality=3)
    ),
    "what is no youth care makes nobody return": _flow("new", _BEGINS, replace(CARE, form=91)),
    "care that goes on comes before care that begins": _flow(
        "continuing", replace(CARE, period=22), _BEGINS
    ),
    "care of later periods says nothing": _flow(
        "new", replace(_BEGINS, period=21), replace(CARE, period=22)
    ),
}
