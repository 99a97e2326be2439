"""Micro-regions: a few schools and children, as the linkage reads them.

The rows are those of ``micro_rows``, the count that a linkage must give that of ``micro_count``;
here they meet the product: the reference bundle, Arrow tables and the linkage itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa

from linker.linkage.database import EngineSettings
from linker.linkage.engine import Linked, link
from linker.linkage.inputs import Delivered, rekeyed_schema
from linker.linkage.protecting import PercentRule
from shared.contract.codes import SchoolType
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION
from shared.contract.periods import Period, school_year
from shared.reference import (
    Arrangement,
    Board,
    Municipality,
    ProviderGroup,
    PupilTotal,
    Reference,
    School,
    Swv,
)
from tests.support import micro_rows
from tests.support.micro_count import (
    POLICY,
    Counted,
    Key,
    Thresholds,
    client_rows,
    naive_count,
)
from tests.support.micro_places import chosen_enrolments
from tests.support.micro_rows import Care, Enrolment, Facts, Joint, Location

PERIODS = (20, 21, 22)
MUNICIPALITIES = (1, 2, 3)
OUTSIDE = 9
UNKNOWN_SCHOOL = "98ZZ00"
FORMS = (1, 2, 3, 4, 11, 12, 13, 14, 19)
NO_YOUTH_CARE = (90, 91, 92, 93)
RULE = PercentRule(15, 50)

Cell = tuple[int, dict[int, int]]
"""The value of a cell and its clients per municipality."""


@dataclass(frozen=True, slots=True)
class Region:
    reference: Reference
    enrolments: tuple[Enrolment, ...]
    care: tuple[Care, ...]
    objections: tuple[int, ...]
    covered: dict[int, tuple[int, ...]]

    @property
    def delivered(self) -> micro_rows.Delivered:
        """The same without the bundle."""
        return micro_rows.Delivered(self.enrolments, self.care, self.objections, self.covered)


def everywhere(*municipalities: int) -> dict[int, tuple[int, ...]]:
    return dict.fromkeys(PERIODS, municipalities)


def school(code: str, *, kind: str = "BO", municipality: int = 1, inside: bool = True) -> School:
    return School(
        code=code,
        name=code,
        board="00001",
        type=SchoolType(kind),
        municipality=municipality,
        swv_po="PO0001" if kind in ("BO", "SBO", "SO") else "",
        swv_vo="VO0001" if kind in ("VO", "PRO", "VSO") else "",
        in_region=inside,
    )


def bundle(
    schools: Sequence[School],
    totals: Sequence[PupilTotal] = (),
    groups: Sequence[ProviderGroup] = (),
    arrangements: Sequence[Arrangement] = (),
    places: Sequence[int] = (),
) -> Reference:
    return Reference(
        region="micro",
        region_name="Microregio",
        sources=(),
        municipalities=tuple(
            Municipality(code=code, name=f"Gemeente {code}", in_region=code != OUTSIDE)
            for code in (*MUNICIPALITIES, OUTSIDE, *places)
        ),
        swvs=tuple(Swv(code=code, name=code) for code in ("PO0001", "PO0002", "VO0001", "VO0002")),
        boards=tuple(Board(code=code, name=code) for code in ("00001", "00002")),
        schools=tuple(schools),
        pupil_totals=tuple(totals),
        provider_groups=tuple(groups),
        arrangements=tuple(arrangements),
    )


def group(name: str, *agb: str) -> ProviderGroup:
    return ProviderGroup(group=name, name=f"Aanbieder {name}", agb=agb)


def arrangement(
    number: int, *schools: str, starts_on: str = "2021-08-01", lump_sum_eur: int = 60_000
) -> Arrangement:
    return Arrangement(
        number=number, name=f"Arrangement {number}", schools=schools, starts_on=starts_on, aim="",
        target="", lump_sum_eur=lump_sum_eur, comparison="",
    )  # fmt: skip


def link_id(person: int, key: str) -> bytes:
    return hashlib.sha256(f"{key}/{person}".encode()).digest()[:16]


def enrolment_rows(enrolments: Sequence[Enrolment], key: str = "") -> pa.Table:
    rows = [
        (
            link_id(row.person, key),
            row.period,
            row.school.encode(),
            row.education,
            row.residence,
            row.age,
            row.linkable,
            row.main,
        )
        for row in enrolments
    ]
    return _table(rekeyed_schema(ENROLMENT), rows)


def care_rows(care: Sequence[Care], key: str = "") -> pa.Table:
    rows = []
    for row in care:
        what = (row.period, row.form, row.domain, row.provider.encode(), row.referrer, row.funding)
        when = (row.started, row.first, row.ended, row.end_reason, row.days, row.since)
        much = (row.age_at_start, row.cost_eur, row.half_days, row.arrangement)
        rows.append((link_id(row.person, key), *what, *when, *much))
    return _table(rekeyed_schema(CARE), rows)


def objection_rows(persons: Sequence[int], key: str = "") -> pa.Table:
    return _table(rekeyed_schema(OBJECTION), [(link_id(person, key),) for person in persons])


def _table(schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(list(column), field.type) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def deliveries_of(region: Region, *, key: str = "", parts: int = 1) -> list[Delivered]:
    """Enrolments of every supplier and care of every municipality, each in ``parts`` pieces."""
    delivered = []
    for part in range(parts):
        for supplier in ("duo", "leerplicht"):
            mine = [row for row in region.enrolments if row.supplier == supplier][part::parts]
            rows = enrolment_rows(mine, key)
            delivered.append(Delivered(supplier, "enrolment/1", MUNICIPALITIES, rows))
        for place in MUNICIPALITIES:
            claims = [row for row in region.care if row.municipality == place][part::parts]
            delivered.append(Delivered(f"gm{place}", "care/1", (place,), care_rows(claims, key)))
    return delivered


def link_region(
    region: Region,
    *,
    key: str = "",
    parts: int = 1,
    shards: int = 1,
    rule: PercentRule = RULE,
    besides: Sequence[Delivered] = (),
) -> Linked:
    """Link a region; ``besides`` are deliveries beside its own."""
    return link(
        [*deliveries_of(region, key=key, parts=parts), *besides],
        [Delivered("gm1", "objection/1", (1,), objection_rows(region.objections, key))],
        region.reference,
        periods(),
        region.covered,
        EngineSettings(memory_limit_mb=256, threads=min(2, shards), shards=shards),
        rule=rule,
    )


def periods() -> list[Period]:
    return [school_year(2000 + period) for period in PERIODS]


def cells_of(linked: Linked) -> dict[Key, Cell]:
    """Value and contributions of every cell; a key that stands twice is an error."""
    return {
        key: (cell.value, dict(cell.contributions))
        for key, cell in whole_cells(linked.cells).items()
    }


def whole_cells(cells: pa.Table) -> dict[Key, Counted]:
    """Every field of every cell; a key that stands twice is an error."""
    found: dict[Key, Counted] = {}
    for row in cells.to_pylist():
        key: Key = (
            row.pop("table"), row.pop("level"), row.pop("unit"), row.pop("period"),
            row.pop("category"), row.pop("measure"),
        )  # fmt: skip
        assert key not in found
        claims = {pair["municipality"]: pair["clients"] for pair in row.pop("contributions")}
        found[key] = Counted(contributions=claims, **row)
    return found


def facts_of(reference: Reference, last_days: dict[int, date] | None = None) -> Facts:
    """The bundle as the naive count reads it."""
    return Facts(
        schools={
            each.code: Location(
                each.code, str(each.type), each.municipality, each.board, each.swv_po,
                each.swv_vo, each.in_region,
            )
            for each in reference.schools
        },
        groups={agb: each.group for each in reference.provider_groups for agb in each.agb},
        arrangements=tuple(
            Joint(each.number, each.schools, date.fromisoformat(each.starts_on), each.lump_sum_eur)
            for each in reference.arrangements
        ),
        duo_totals={
            (total.school, total.period): total.low if total.low == total.high else None
            for total in reference.pupil_totals
        },
        last_days=last_days or {period: date(2001 + period, 7, 31) for period in PERIODS},
    )  # fmt: skip


def wanted_cells(region: Region, thresholds: Thresholds = POLICY) -> dict[Key, Counted]:
    """Every field of every cell that a linkage must give, by loops over children and rows."""
    last_days = {period: date(2001 + period, 7, 31) for period in region.covered}
    return naive_count(facts_of(region.reference, last_days), region.delivered, thresholds)


def naive_cells(region: Region) -> dict[Key, Cell]:
    """Value and contributions of every cell that a linkage must give."""
    return {
        key: (cell.value, dict(cell.contributions)) for key, cell in wanted_cells(region).items()
    }


@dataclass(frozen=True, slots=True)
class Pupil:
    enrolment: Enrolment
    covered: bool


def without_objections(region: Region) -> Region:
    left = region.delivered.after_objections()
    return replace(region, enrolments=left.enrolments, care=left.care)


def pupils_of(region: Region) -> dict[tuple[int, int], Pupil]:
    """The one enrolment that counts, by person and period."""
    return {
        place: Pupil(row, row.residence in region.covered.get(row.period, ()))
        for place, row in chosen_enrolments(region.enrolments).items()
    }


def naive_double_claims(region: Region) -> int:
    claims: dict[tuple[int, int], set[int]] = {}
    for row in client_rows(facts_of(region.reference), region.delivered.after_objections()):
        place = (row.care.person, row.care.period)
        claims.setdefault(place, set()).add(row.care.municipality)
    return sum(len(places) > 1 for places in claims.values())
