"""The quality report of a linkage: how much of every delivery was linked, and why the rest was not.

It is made while the round is linked, of whole per cents and of counts that are not small, and is
kept sealed under the round's key. Nothing in it tells how many children objected: their rows have
the cause that the rows of a child have of whom nobody knows more.

Source: DESIGN 5; docs/handleiding/koppelaar.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from linker.linkage.quality import SMALLEST_BASE
from linker.tallying.causes import Cause, DeliveredRows, Explained
from linker.tallying.told import SMALLEST_COUNT, told_count, told_parts
from shared.canonical import canonical_json, parse_canonical
from shared.contract.tally import SupplierQuality, Tally
from shared.reference import Level
from shared.round import Round, SchemaName

UNKNOWN = {
    SchemaName.ENROLMENT.value: ("school",),
    SchemaName.CARE.value: ("domain", "referrer", "provider", "arrangement"),
}
"""Of which columns the share of unknown codes is told."""

Told = Mapping[tuple[str, str], int | None]
"""What the suppliers are told, by supplier and schema."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(_Part):
    """One supplier's delivery of one schema.

    Attributes:
        rows: as delivered.
        persons: distinct persons over all periods; None where fewer than ten.
        linked_percent: what the supplier is told too; None over fewer than 1,000 persons.
        unlinked: rows that are not linked, by cause, which add up to all of them; None where a
            small number would follow from them.
        repeats: care rows that are the same as another; None where fewer than ten.
        unknown: by column, the share of rows whose code is unknown, whole per cents; None over
            fewer than 1,000 rows.
        rows_by_period: by period code, rounded to tens.
    """

    supplier: str
    schema_name: str
    rows: int
    persons: int | None
    linked_percent: int | None
    unlinked: tuple[tuple[str, int], ...] | None
    repeats: int | None
    unknown: dict[str, int | None]
    rows_by_period: dict[str, int]

    @property
    def unlinked_rows(self) -> int | None:
        """All rows that are not linked."""
        return None if self.unlinked is None else sum(rows for _cause, rows in self.unlinked)


class Coverage(_Part):
    """The population of one period.

    Attributes:
        covered: municipalities whose residents are the population.
        not_covered: other municipalities for which somebody is to deliver.
        pupils_percent: of the pupils who were delivered, those who are covered.
        duo_percent: of the pupils whom DUO counts at the schools of the region, those who are
            covered; both None over fewer than 1,000 pupils.
    """

    period: str
    covered: tuple[int, ...]
    not_covered: tuple[int, ...]
    pupils_percent: int | None
    duo_percent: int | None


class Report(_Part):
    """How a round was linked.

    Attributes:
        missing: supplier and schema of which there was no delivery; never of objections.
        emptied: schools that had ten pupils or more in an earlier period and none in the last.
        double_claims: children whom two municipalities claim, once in each period; None where
            fewer than ten.
    """

    format: Literal["MOJ/1 quality"] = "MOJ/1 quality"
    round_id: str
    revision: int
    synthetic: bool
    lines: tuple[Line, ...]
    missing: tuple[tuple[str, str], ...]
    coverage: tuple[Coverage, ...]
    emptied: tuple[str, ...]
    double_claims: int | None

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))

    @classmethod
    def from_bytes(cls, data: bytes) -> Report:
        """Read a report that this linker made."""
        return cls.model_validate(parse_canonical(data))


def make_report(round_: Round, tally: Tally, explained: Explained, told: Told) -> Report:
    """The report of a linkage that was just made."""
    header = tally.header
    lines = tuple(
        _line(each, explained[each.supplier, each.schema_name],
              told.get((each.supplier, each.schema_name)))
        for each in header.quality
    )  # fmt: skip
    return Report(
        round_id=header.round_id,
        revision=header.revision,
        synthetic=header.synthetic,
        lines=lines,
        missing=tuple(_missing(round_, {(line.supplier, line.schema_name) for line in lines})),
        coverage=tuple(_coverage(round_, tally)),
        emptied=tuple(_emptied(tally)),
        double_claims=told_count(header.double_claims),
    )


def _line(quality: SupplierQuality, found: DeliveredRows, told: int | None) -> Line:
    causes = found.by_cause()
    linked = causes.pop(Cause.LINKED, 0)
    shares = quality.model_dump()
    return Line(
        supplier=quality.supplier,
        schema_name=quality.schema_name,
        rows=found.rows,
        persons=told_count(found.persons),
        linked_percent=told,
        unlinked=told_parts({cause.value: rows for cause, rows in causes.items()}, linked),
        repeats=told_count(found.repeats),
        unknown={name: shares[f"unknown_{name}_percent"] for name in UNKNOWN[quality.schema_name]},
        rows_by_period={
            str(period): round(rows, -1) for period, rows in sorted(found.by_period().items())
        },
    )


def _missing(round_: Round, present: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for supplier in round_.suppliers:
        for expected in supplier.expected:
            key = (supplier.party, expected.schema_name.value)
            if expected.schema_name is not SchemaName.OBJECTION and key not in present:
                yield key


def _coverage(round_: Round, tally: Tally) -> Iterator[Coverage]:
    expected = {
        place
        for supplier in round_.suppliers
        for each in supplier.expected
        for place in each.municipalities
    }
    pupils = _by_unit(tally.cells, "pupils_and_clients", Level.TOTAL, "pupils")
    others = _by_unit(tally.cells, "coverage", Level.TOTAL, "not_covered")
    at_school = _by_unit(tally.cells, "pupils_and_clients", Level.REGION, "pupils")
    by_duo = _by_unit(tally.cells, "coverage", Level.REGION, "duo_pupils")
    for period in tally.header.periods:
        covered = tally.header.covered[str(period.code)]
        total, region = ("total", period.code), ("region", period.code)
        inside = pupils.get(total, 0)
        yield Coverage(
            period=period.label,
            covered=covered,
            not_covered=tuple(sorted(expected - set(covered))),
            pupils_percent=_percent(inside, inside + others.get(total, 0)),
            duo_percent=_percent(at_school.get(region, 0), by_duo.get(region, 0)),
        )


def _emptied(tally: Tally) -> Iterator[str]:
    pupils = _by_unit(tally.cells, "pupils_and_clients", Level.SCHOOL, "pupils")
    others = _by_unit(tally.cells, "coverage", Level.SCHOOL, "not_covered")
    last = tally.header.periods[-1].code
    once = {school for (school, period), count in pupils.items()
            if period != last and count >= SMALLEST_COUNT}  # fmt: skip
    for school in sorted(once):
        if (school, last) not in pupils and (school, last) not in others:
            yield school


def _by_unit(cells: pa.Table, table: str, level: Level, measure: str) -> dict[tuple[str, int], int]:
    """Values of a measure at a level, without its categories, by unit and period."""
    wanted = {"table": table, "level": level.value, "measure": measure, "category": ""}
    for name, value in wanted.items():
        column = cells.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        cells = cells.filter(pc.equal(column, value))
    rows = cells.select(["unit", "period", "value"]).to_pylist()
    return {(row["unit"], row["period"]): row["value"] for row in rows}


def _percent(part: int, base: int) -> int | None:
    return round(100 * part / base) if base >= SMALLEST_BASE else None
