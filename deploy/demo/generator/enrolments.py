"""Rows of the DUO files from careers: one per person, school year and school."""

from __future__ import annotations

import random
from datetime import date

from deploy.demo.generator.careers import MBO as MBO_KIND
from deploy.demo.generator.careers import NO_SCHOOL, PRO, TRACKS, VO, Careers
from deploy.demo.generator.places import PLACES
from deploy.demo.generator.schools import KINDS
from deploy.demo.generator.truth import Dirt, Enrolment, School

_MID_YEAR = frozenset({Dirt.MID_YEAR_CHANGE})
_NO_DIRT: frozenset[Dirt] = frozenset()


class EnrolmentWriter:
    """Turns one person's row of the careers into rows of the files."""

    def __init__(self, careers: Careers, schools: list[School], first_year: int) -> None:
        self._first_year = first_year
        self._codes = [school.code for school in schools]
        self._postcodes = [place.postcodes for place in PLACES]
        self._municipalities = [place.code for place in PLACES]
        # Lists are read one element at a time much faster than arrays.
        self._kind = careers.kind.tolist()
        self._school = careers.school.tolist()
        self._place = careers.place.tolist()
        self._since = careers.since.tolist()
        self._change_on = careers.change_on.tolist()
        self._next_school = careers.next_school.tolist()
        self._left_on = careers.left_on.tolist()
        self._grade = careers.grade.tolist()
        self._track = careers.track.tolist()
        self._level = careers.level.tolist()

    def rows(self, person: int, number: str, dice: random.Random) -> list[Enrolment]:
        """All rows of one person, in order of school year."""
        rows = []
        home = dice.random()
        for index, kind in enumerate(self._kind[person]):
            if kind == NO_SCHOOL:
                continue
            place = self._place[person][index]
            postcodes = self._postcodes[place]
            change = self._change_on[person][index]
            left = self._left_on[person][index]
            row = Enrolment(
                year=self._first_year + index,
                school=self._codes[self._school[person][index]],
                education=self._education(person, kind, self._grade[person][index]),
                residence=self._municipalities[place],
                postcode4=postcodes[int(home * len(postcodes))],
                grade=self._grade[person][index],
                enrolled_on=date.fromordinal(self._since[person][index]),
                left_on=date.fromordinal(change or left) if change or left else None,
                main=True,
                written=number,
                dirt=_MID_YEAR if change else _NO_DIRT,
            )
            rows.append(row)
            if change:
                rows.append(self._after_change(person, index, row, change, left))
        return rows

    def _after_change(
        self, person: int, index: int, row: Enrolment, change: int, left: int
    ) -> Enrolment:
        return Enrolment(
            year=row.year,
            school=self._codes[self._next_school[person][index]],
            education=row.education,
            residence=row.residence,
            postcode4=row.postcode4,
            grade=row.grade,
            enrolled_on=date.fromordinal(change),
            left_on=date.fromordinal(left) if left else None,
            main=True,
            written=row.written,
            dirt=_MID_YEAR,
        )

    def _education(self, person: int, kind: int, grade: int) -> str:
        if kind == VO:
            track = TRACKS[self._track[person]]
            return "BRUGJAAR" if grade == 1 else track
        if kind == MBO_KIND:
            return f"MBO-{1 if self._track[person] == PRO_TRACK else self._level[person]}"
        return KINDS[kind]


PRO_TRACK = TRACKS.index(KINDS[PRO])
