"""Re-keyed deliveries of a drawn population as Parquet files, the same for every contender.

    enrolment/GM0001.parquet   the columns of enrolment/1 with link_id, one file per municipality
    care/GM0001.parquet        those of care/1, and the delivering municipality
    objections.parquet         link ids
    covered.parquet            period and residence of the population
    reference.json             the bundle; open/*.parquet holds the same as plain tables

Files are sorted by link id, as deliveries are. They hold nobody: every person is drawn.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.linkage.care import care_rows
from benchmarks.linkage.open_tables import write_open_tables
from benchmarks.linkage.people import COHORTS, Rows, draw_people, enrolment_rows
from benchmarks.linkage.places import draw_places, make_reference
from benchmarks.linkage.scale import PERIODS, Scale
from linker.linkage.inputs import rekeyed_schema
from shared.contract.deliveries import CARE, ENROLMENT
from shared.contract.periods import school_year
from shared.reference import municipality_key

SEED = 5
OBJECTING = 0.0004
PERSONS_PER_PUPIL = COHORTS / (COHORTS - len(PERIODS) + 1) / 0.985
CLAIMED_TWICE = 0.005
LATE_MUNICIPALITY = 2
_CARE_FILE = rekeyed_schema(CARE).append(pa.field("municipality", pa.uint16(), nullable=False))


@dataclass(frozen=True, slots=True)
class Drawn:
    """How much was drawn."""

    persons: int
    enrolment_rows: int
    care_rows: int


def write_source(folder: Path, scale: Scale, seed: int = SEED) -> Drawn:
    """Draw a population and write its deliveries; the same scale and seed, the same files."""
    for name in ("enrolment", "care", "open"):
        (folder / name).mkdir(parents=True)
    places = draw_places(scale, seed)
    totals = np.zeros((scale.schools, len(PERIODS)), dtype=np.int64)
    objecting: list[npt.NDArray[np.bytes_]] = []
    moved: list[Rows] = []
    claimed: list[Rows] = []
    persons = enrolled = cared = 0
    for home in range(scale.municipalities):
        draws = np.random.default_rng([seed, 3, home])
        count = round(scale.pupils * PERSONS_PER_PUPIL * places.weights[home])
        people = draw_people(places, home, count, draws)
        rows = enrolment_rows(places, people, draws)
        care = care_rows(places, home, people, draws)
        for period in range(len(PERIODS)):
            there = people.school[:, period]
            totals[:, period] += np.bincount(there[there >= 0], minlength=scale.schools)
        objecting.append(people.link_id[draws.random(count) < OBJECTING])
        last = home == scale.municipalities - 1
        rows, moved = _of(rows, rows["residence"] == home + 1, moved, last)
        twice = draws.random(len(care["link_id"])) < CLAIMED_TWICE
        copies = {name: column[twice] for name, column in care.items()}
        care = _together([care, *claimed])
        claimed = [copies]
        enrolled += _write(folder / "enrolment", home, rows, rekeyed_schema(ENROLMENT))
        care["municipality"] = np.full(len(care["link_id"]), home + 1, dtype=np.uint16)
        cared += _write(folder / "care", home, care, _CARE_FILE)
        persons += count
    objections = pa.table({"link_id": _fixed(np.concatenate(objecting), 16)})
    pq.write_table(objections, folder / "objections.parquet")
    reference = make_reference(places, totals, seed)
    (folder / "reference.json").write_bytes(reference.to_bytes())
    write_open_tables(folder / "open", reference, [school_year(2000 + code) for code in PERIODS])
    pq.write_table(_covered(scale), folder / "covered.parquet")
    drawn = Drawn(persons, enrolled, cared)
    sizes = {"persons": persons, "enrolment_rows": enrolled, "care_rows": cared}
    (folder / "drawn.json").write_text(json.dumps(sizes))
    return drawn


def _covered(scale: Scale) -> pa.Table:
    """Every municipality in every period, but one that delivers from its second period on."""
    pairs = [
        (period, place)
        for period in PERIODS
        for place in range(1, scale.municipalities + 1)
        if (period, place) != (PERIODS[0], LATE_MUNICIPALITY)
    ]
    return pa.table(
        {
            "period": pa.array([period for period, _ in pairs], pa.uint8()),
            "residence": pa.array([place for _, place in pairs], pa.uint16()),
        }
    )


def _of(
    rows: Rows, stays: npt.NDArray[np.bool_], arrived: list[Rows], last: bool
) -> tuple[Rows, list[Rows]]:
    """The rows that this municipality delivers, and those of who moved on to the next."""
    leaves = {name: column[~stays] for name, column in rows.items()}
    stay = {name: column[stays] for name, column in rows.items()}
    return _together([stay, *arrived, *([leaves] if last else [])]), [leaves]


def _together(parts: Collection[Rows]) -> Rows:
    first = next(iter(parts))
    return {name: np.concatenate([part[name] for part in parts]) for name in first}


def _write(folder: Path, home: int, rows: Rows, schema: pa.Schema) -> int:
    order = np.argsort(rows["link_id"], kind="stable")
    columns = [_arrow(rows[field.name][order], field) for field in schema]
    table = pa.table(columns, schema=schema)
    pq.write_table(table, folder / f"{municipality_key(home + 1)}.parquet", compression="zstd")
    return len(table)


def _arrow(values: npt.NDArray[np.generic], field: pa.Field) -> pa.Array:
    if pa.types.is_fixed_size_binary(field.type):
        return _fixed(values, field.type.byte_width)
    return pa.array(values, field.type)


def _fixed(values: npt.NDArray[np.generic], width: int) -> pa.Array:
    """Fixed-width bytes without their trailing zeros being lost."""
    octets = pa.py_buffer(np.ascontiguousarray(values).tobytes())
    return pa.Array.from_buffers(pa.binary(width), len(values), [None, octets])
