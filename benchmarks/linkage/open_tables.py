"""The reference bundle as the plain tables that an analyst would have beside the deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shared.contract.periods import Period
from shared.reference import UNKNOWN_SCHOOL_UNITS, Reference

UNKNOWN = "unknown"


def write_open_tables(folder: Path, reference: Reference, periods: Sequence[Period]) -> None:
    """Write every table.

    - ``schools``: school and type; ``unknown`` stands for one that is not in the bundle.
    - ``units``: school, level and unit, one row per level above a school.
    - ``provider_groups``: AGB code and group.
    - ``arrangements``: arrangement and school, with role ``arrangement`` or ``comparison``.
    - ``public``: cells that are public constants (DUO's totals and lump sums).
    """
    schools = reference.schools
    _write(folder, "schools", {
        "school": [school.code.encode() for school in schools],
        "type": [school.type.value for school in schools],
    })  # fmt: skip
    units = [(UNKNOWN, level.value, unit) for level, unit in UNKNOWN_SCHOOL_UNITS.items()]
    units += [
        (school.code, level.value, unit)
        for school in schools
        for level, unit in school.units().items()
    ]
    _write(folder, "units", {
        "school": [school.encode() for school, _, _ in units],
        "level": [level for _, level, _ in units],
        "unit": [unit for _, _, unit in units],
    })  # fmt: skip
    groups = [(agb, group.group) for group in reference.provider_groups for agb in group.agb]
    _write(folder, "provider_groups", {
        "provider": [agb.encode() for agb, _ in groups],
        "provider_group": [group for _, group in groups],
    })  # fmt: skip
    roles = sorted(_roles(reference))
    _write(folder, "arrangements", {
        "level": [role for role, _, _ in roles],
        "unit": [number for _, number, _ in roles],
        "school": [school.encode() for _, _, school in roles],
    })  # fmt: skip
    _write_public(folder, reference, periods)


def _roles(reference: Reference) -> Iterable[tuple[str, str, str]]:
    """Schools of each arrangement, and those of the same types that are in none."""
    taken = {school for each in reference.arrangements for school in each.schools}
    types: dict[str, list[str]] = {}
    for school in reference.schools:
        if school.in_region and school.code not in taken:
            types.setdefault(school.type.value, []).append(school.code)
    for each in reference.arrangements:
        own = [reference.school_by_code[code] for code in each.schools]
        for school in own:
            if school.in_region:
                yield "arrangement", str(each.number), school.code
        for kind in {school.type.value for school in own}:
            for code in types.get(kind, ()):
                yield "comparison", str(each.number), code


def _write_public(folder: Path, reference: Reference, periods: Sequence[Period]) -> None:
    sums: dict[tuple[str, str, int], list[int | None]] = {}
    for school in reference.schools:
        for level, unit in school.units().items():
            if level not in ("elsewhere", "total"):
                for period in periods:
                    told = reference.pupil_total(school.code, period.code)
                    exact = told.low if told and told.low == told.high else None
                    sums.setdefault((level.value, unit, period.code), []).append(exact)
    rows: list[tuple[str, str, str, int, str, int]] = []
    for (name, key, code), found in sums.items():
        total = sum(exact or 0 for exact in found)
        if None not in found and total:
            rows.append(("coverage", name, key, code, "duo_pupils", total))
    rows += [
        ("arrangement_schools", "arrangement", str(each.number), period.code, "lump_sum_eur",
         each.lump_sum_eur)
        for each in reference.arrangements
        for period in periods
        if each.lump_sum_eur and period.ends_on.isoformat() >= each.starts_on
    ]  # fmt: skip
    names = ("table", "level", "unit", "period", "measure", "value")
    _write(folder, "public", {name: [row[i] for row in rows] for i, name in enumerate(names)})


def _write(folder: Path, name: str, columns: Mapping[str, Sequence[object]]) -> None:
    pq.write_table(pa.table(columns), folder / f"{name}.parquet")
