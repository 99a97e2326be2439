"""Why a delivered row is not linked, by plain loops over rows: the second count of the report."""

from __future__ import annotations

from collections import Counter

from tests.support.micro_rows import Care, Delivered, Enrolment

Causes = Counter[tuple[int, str]]
"""Rows by period and cause."""

_DAYS = 365


def naive_causes(delivered: Delivered) -> dict[str | int, Causes]:
    """Every row's cause, of enrolments by supplier and of care by municipality."""
    objected = set(delivered.objections)
    chosen: dict[tuple[int, int], Enrolment] = {}
    for row in sorted(delivered.enrolments, key=_preference):
        chosen.setdefault((row.person, row.period), row)
    cared_for = {(row.person, row.period) for row in delivered.care}
    found: dict[str | int, Causes] = {}
    used: set[tuple[int, int]] = set()
    for enrolment in delivered.enrolments:
        place = (enrolment.person, enrolment.period)
        if chosen[place] != enrolment or place in used:
            cause = "repeated"
        else:
            used.add(place)
            is_covered = enrolment.residence in delivered.covered.get(enrolment.period, ())
            is_client = place in cared_for and enrolment.person not in objected
            cause = (
                "not-linkable" if not enrolment.linkable
                else "not-covered" if not is_covered
                else "linked" if is_client
                else "no-care"
            )  # fmt: skip
        found.setdefault(enrolment.supplier, Counter())[enrolment.period, cause] += 1
    enrolled = {person for person, _period in chosen if person not in objected}
    for care in delivered.care:
        pupil = None if care.person in objected else chosen.get((care.person, care.period))
        if pupil is None:
            cause = _not_enrolled(care, care.person in enrolled)
        elif not pupil.linkable:
            cause = "not-linkable"
        elif pupil.residence not in delivered.covered.get(care.period, ()):
            cause = "not-covered"
        else:
            cause = "linked"
        found.setdefault(care.municipality, Counter())[care.period, cause] += 1
    return found


def _preference(row: Enrolment) -> tuple[bool, str, int, int, int, bool, str]:
    return (not row.main, row.school, row.residence, row.education, row.age, row.linkable,
            row.supplier)  # fmt: skip


def _not_enrolled(row: Care, in_another_period: bool) -> str:
    years = row.age_at_start + (row.since - 1) // _DAYS
    if years < 4:
        return "too-young"
    if years >= 18:
        return "grown-up"
    return "other-period" if in_another_period else "absent"
