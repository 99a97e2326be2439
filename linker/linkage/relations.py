"""Public facts as relations for the engine: units of every school, forms, covered residents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import pyarrow as pa

from linker.linkage.indicators import COVERAGE_TABLE, DUO_PUPILS, TABLES
from shared.contract.codes import Form
from shared.contract.periods import Period
from shared.reference import UNKNOWN_SCHOOL_UNITS, Level, Reference

UNKNOWN_SCHOOL_NO = 0
"""Number of the school that is not in the bundle."""

VALUE = 0
"""In the place of a municipality: the row is the cell's value, not a contribution to it."""

ROLLED = pa.schema(
    [
        ("table_id", pa.string()),
        ("level", pa.string()),
        ("unit", pa.string()),
        ("period", pa.uint8()),
        ("category", pa.string()),
        ("measure", pa.string()),
        ("municipality", pa.uint16()),
        ("persons", pa.int64()),
    ]
)
"""Values and contributions of cells in one relation; ``municipality`` is 0 for a value."""

_NOT_OF_DUO = frozenset({Level.ELSEWHERE, Level.TOTAL})
_NUMBER = pa.uint32()


def reference_relations(
    reference: Reference, periods: Sequence[Period], covered: Mapping[int, Collection[int]]
) -> dict[str, pa.Table]:
    """Every relation that comes from the bundle, the contract or the round, by name."""
    return {
        "schools": _schools(reference),
        "units": _units(reference),
        "residence_units": _residence_units(reference),
        "youth_care_forms": _youth_care_forms(),
        "covered_residences": _covered(covered),
        "table_levels": _table_levels(),
        "reference_cells": pa.Table.from_pylist(
            list(_duo_cells(reference, periods)), schema=ROLLED
        ),
    }


def _schools(reference: Reference) -> pa.Table:
    codes = [school.code.encode("ascii") for school in reference.schools]
    numbers = range(1, len(codes) + 1)
    return pa.table(
        {"school": pa.array(codes, pa.binary()), "school_no": pa.array(numbers, _NUMBER)}
    )


def _units(reference: Reference) -> pa.Table:
    rows = [(UNKNOWN_SCHOOL_NO, level, unit) for level, unit in UNKNOWN_SCHOOL_UNITS.items()]
    for number, school in enumerate(reference.schools, start=1):
        rows += [(number, level, unit) for level, unit in school.units().items()]
    return pa.table(
        {
            "school_no": pa.array([number for number, _, _ in rows], _NUMBER),
            "level": pa.array([level.value for _, level, _ in rows], pa.string()),
            "unit": pa.array([unit for _, _, unit in rows], pa.string()),
        }
    )


def _residence_units(reference: Reference) -> pa.Table:
    return pa.table(
        {
            "residence": pa.array([m.code for m in reference.municipalities], pa.uint16()),
            "unit": pa.array([m.key for m in reference.municipalities], pa.string()),
        }
    )


def _youth_care_forms() -> pa.Table:
    return pa.table(
        {
            "form": pa.array([int(form) for form in Form], pa.uint8()),
            "category": pa.array([str(form.value) for form in Form], pa.string()),
        }
    )


def _covered(covered: Mapping[int, Collection[int]]) -> pa.Table:
    pairs = sorted({(period, place) for period, places in covered.items() for place in places})
    return pa.table(
        {
            "period": pa.array([period for period, _ in pairs], pa.uint8()),
            "residence": pa.array([place for _, place in pairs], pa.uint16()),
        }
    )


def _table_levels() -> pa.Table:
    pairs = [(table.id, level.value) for table in TABLES for level in table.levels]
    return pa.table(
        {
            "table_id": pa.array([table for table, _ in pairs], pa.string()),
            "level": pa.array([level for _, level in pairs], pa.string()),
        }
    )


def _duo_cells(reference: Reference, periods: Sequence[Period]) -> Iterator[dict[str, object]]:
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
                yield {
                    "table_id": COVERAGE_TABLE.id,
                    "level": level.value,
                    "unit": unit,
                    "period": period.code,
                    "category": "",
                    "measure": DUO_PUPILS.id,
                    "municipality": VALUE,
                    "persons": sum(exact),
                }
