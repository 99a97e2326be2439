"""Cells that nobody delivered: public facts of the reference bundle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from linker.linkage.cells import PublicCell
from shared.contract.periods import Period
from shared.reference import Level, Reference

DUO_PUPILS = "duo_pupils"
LUMP_SUM = "lump_sum_eur"
_NOT_OF_DUO = frozenset({Level.ELSEWHERE, Level.TOTAL})


def public_cells(reference: Reference, periods: Sequence[Period]) -> Iterator[PublicCell]:
    """DUO's totals, and the yearly lump sums of arrangements."""
    yield from _duo_cells(reference, periods)
    for joint in reference.arrangements:
        for period in periods:
            if joint.lump_sum_eur and period.ends_on.isoformat() >= joint.starts_on:
                yield PublicCell(
                    "arrangement_schools", Level.ARRANGEMENT, str(joint.number), period.code,
                    LUMP_SUM, joint.lump_sum_eur,
                )  # fmt: skip


def _duo_cells(reference: Reference, periods: Sequence[Period]) -> Iterator[PublicCell]:
    """DUO's total of each unit of the region all of whose locations have an exact total."""
    schools_of: dict[tuple[Level, str], list[str]] = {}
    for school in reference.schools:
        for level, unit in school.units().items():
            if level not in _NOT_OF_DUO:
                schools_of.setdefault((level, unit), []).append(school.code)
    for period in periods:
        for (level, unit), schools in schools_of.items():
            totals = [reference.pupil_total(school, period.code) for school in schools]
            exact = [total.low for total in totals if total and total.low == total.high]
            if len(exact) == len(schools) and sum(exact) > 0:
                yield PublicCell("coverage", level, unit, period.code, DUO_PUPILS, sum(exact))
