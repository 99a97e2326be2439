"""Notes about signals and measures beside a unit: its own, or those of what lies in it."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.dashboard.findings import Findings
from publisher.dashboard.units import SCHOOL, arrangement_address
from publisher.notes.shown import Notes, Shown
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class Noted:
    """A note with what it is about.

    Attributes:
        about: the school or the arrangement; empty on its own page.
        href: its page.
    """

    shown: Shown
    about: str = ""
    href: str = ""


def notes_about(notes: Notes, level: Level, unit: str) -> tuple[Noted, ...]:
    """The notes of a school or of an arrangement, for its own page."""
    return tuple(Noted(each) for each in notes.about(level, unit))


def notes_within(findings: Findings, notes: Notes, level: Level, unit: str) -> tuple[Noted, ...]:
    """The notes about the schools of an area, and about arrangements with one of these.

    Those about arrangements stand first: they are about more schools.
    """
    schools = findings.schools_in(level, unit)
    joint = [each for each in findings.arrangements if not set(each.schools).isdisjoint(schools)]
    found = [
        Noted(shown, each.name, arrangement_address(each.number))
        for each in joint
        for shown in notes.about(Level.ARRANGEMENT, str(each.number))
    ]
    found += [
        Noted(shown, findings.name_of(Level.SCHOOL, code) or code, SCHOOL.address(code))
        for code in schools
        for shown in notes.about(Level.SCHOOL, code)
    ]
    return tuple(found)
