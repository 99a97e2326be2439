"""People while they are being made: lists that later parts may still change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from deploy.demo.generator.truth import Enrolment, Person, Trajectory


@dataclass(slots=True)
class Draft:
    """A person in the making.

    Attributes:
        protected: part of a trap or a tracer, so that no dirt may fall on it.
    """

    number: str = field(repr=False)
    kind: str
    born_on: date = field(repr=False)
    sex: int
    enrolments: list[Enrolment] = field(default_factory=list)
    trajectories: list[Trajectory] = field(default_factory=list)
    objects: bool = False
    protected: bool = False

    def enrolment_on(self, day: date, year: int) -> Enrolment | None:
        """The enrolment that decides the school: main first, then the smallest code."""
        active = [
            row
            for row in self.enrolments
            if row.year == year
            and row.enrolled_on <= day
            and (row.left_on is None or row.left_on > day)
        ]
        return min(active, key=lambda row: (not row.main, row.school), default=None)

    def age_on(self, day: date) -> int:
        """Age in whole years."""
        before = (day.month, day.day) < (self.born_on.month, self.born_on.day)
        return day.year - self.born_on.year - before

    def person(self) -> Person:
        """The finished person."""
        return Person(
            number=self.number,
            kind=self.kind,
            born_on=self.born_on,
            sex=self.sex,
            enrolments=tuple(self.enrolments),
            trajectories=tuple(self.trajectories),
            objects=self.objects,
        )


def reference_on(year: int) -> date:
    """1 October of a school year, on which enrolment and age are read."""
    return date(year, 10, 1)


def days_of(trajectory: Trajectory) -> tuple[date, date]:
    """First and last day of a trajectory as it was meant, before any dirt."""
    first = trajectory.started_on or trajectory.assigned_from
    return first, trajectory.stopped_on or trajectory.assigned_until or date.max


def overlaps_year(trajectory: Trajectory, year: int) -> bool:
    """Whether the trajectory has a day in the school year from 1 August to 31 July."""
    first, last = days_of(trajectory)
    return first <= date(year + 1, 7, 31) and last >= date(year, 8, 1)
