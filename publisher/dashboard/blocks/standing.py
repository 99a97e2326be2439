"""Where a unit stands: beside the wholes that it is part of, and with how much of its pupils."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.dashboard.charts.data import number_of
from publisher.dashboard.figures import Figure, figure_of
from publisher.dashboard.findings import COVERAGE, RATE, Findings
from publisher.dashboard.language import _
from publisher.dashboard.units import REGION_UNIT
from publisher.dashboard.verdicts import Direction, position, share_of
from shared.reference import Level

LOW_COVERAGE_PERCENT = 80
"""Under this part of DUO's pupils a page warns that the figures are about a part of them."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A unit set beside a larger whole that it is part of."""

    whole: str
    figure: Figure
    direction: Direction | None


def beside(findings: Findings, level: Level, unit: str) -> tuple[Beside, ...]:
    """The unit beside the region, and a school beside all schools of its type."""
    period = findings.latest.code
    own = share_of(findings, level, unit, period)
    found = []
    for at, key, label in _wholes(findings, level, unit):
        figure = figure_of(findings.cell(at, key, RATE, period))
        whole = share_of(findings, at, key, period)
        direction = position(own, whole) if own and whole else None
        if figure.has_value:
            found.append(Beside(label, figure, direction))
    return tuple(found)


def _wholes(findings: Findings, level: Level, unit: str) -> list[tuple[Level, str, str]]:
    wholes = [(Level.REGION, REGION_UNIT, _("alle scholen in de regio samen"))]
    if len(findings.units(level)) < 2:  # the only one of its kind is the whole itself
        wholes = []
    school = findings.school(unit) if level is Level.SCHOOL else None
    if school is not None:
        label = _("alle scholen voor {kind} samen", kind=_(school.type.label))
        wholes.insert(0, (Level.TYPE, school.type.value, label))
    return wholes


def has_low_coverage(findings: Findings, level: Level, unit: str) -> bool:
    """Whether a released coverage says that the figures are about a part of the pupils."""
    cell = findings.cell(level, unit, COVERAGE, findings.latest.code)
    if cell is None or cell.value is None:
        return False
    return number_of(cell) < LOW_COVERAGE_PERCENT
