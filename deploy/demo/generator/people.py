"""Everybody who stands in a file, with clean rows: enrolments and care under one number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from deploy.demo.generator.care import CareWriter
from deploy.demo.generator.careers import NO_SCHOOL, Careers
from deploy.demo.generator.drafts import Draft, reference_on
from deploy.demo.generator.enrolments import EnrolmentWriter
from deploy.demo.generator.numbers import education_numbers
from deploy.demo.generator.places import RESIDENT_SHARE
from deploy.demo.generator.random_streams import dice, stream
from deploy.demo.generator.spells import Spell
from deploy.demo.generator.truth import School

_WITHOUT_BSN = 0.004


def make_people(
    careers: Careers,
    spells: list[Spell],
    rows: EnrolmentWriter,
    writer: CareWriter,
    numbers: Iterator[str],
    seed: int,
    first_year: int,
) -> list[Draft]:
    """Give a number and rows to everybody who is enrolled or in care in these years."""
    rng = stream(seed, "people")
    chance = dice(seed, "people")
    other_numbers = education_numbers(rng)
    enrolled = (careers.kind != NO_SCHOOL).any(axis=1)
    # A pupil with an onderwijsnummer has no BSN, so that no municipality can book care on it.
    without_bsn = enrolled & (rng.random(len(enrolled)) < _WITHOUT_BSN)
    oldest = date(first_year, 1, 1).toordinal()
    in_care: dict[int, list[Spell]] = {}
    for spell in spells:
        if spell.ends >= oldest and not without_bsn[spell.person]:
            in_care.setdefault(spell.person, []).append(spell)
    drafts = []
    for person in np.flatnonzero(enrolled | np.isin(np.arange(len(enrolled)), list(in_care))):
        index = int(person)
        foreign = bool(without_bsn[index])
        number = next(other_numbers if foreign else numbers)
        draft = Draft(
            number=number,
            kind="O" if foreign else "B",
            born_on=date.fromordinal(int(careers.born[index])),
            sex=int(careers.sex[index]),
            enrolments=rows.rows(index, number, chance) if enrolled[index] else [],
        )
        for spell in in_care.get(index, ()):
            draft.trajectories += writer.rows(spell, number)
        drafts.append(draft)
    return drafts


def duo_totals(
    drafts: list[Draft], schools: list[School], seed: int, years: range
) -> tuple[tuple[str, int, int], ...]:
    """Pupils from everywhere per school: the residents, and others who are in no delivery."""
    rng = stream(seed, "totals")
    residents = _residents(drafts, years)
    totals = []
    for school in schools:
        share = RESIDENT_SHARE[school.kind]
        for year in years:
            if year > school.closes:
                continue
            inside = residents.get((school.code, year), 0)
            others = inside * (1 - share) / share if school.in_region else school.pupils
            total = inside + int(rng.poisson(others))
            if total:
                totals.append((school.code, year, total))
    return tuple(totals)


def _residents(drafts: list[Draft], years: range) -> dict[tuple[str, int], int]:
    counted: dict[tuple[str, int], int] = {}
    for draft in drafts:
        for year in years:
            row = draft.enrolment_on(reference_on(year), year)
            if row is not None:
                counted[row.school, year] = counted.get((row.school, year), 0) + 1
    return counted
