"""Micro-regions: a few schools and children, and a naive count of what a linkage must give.

The count is plain loops over persons and shares no code with the linkage.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from hypothesis import strategies as st

from linker.linkage.database import EngineSettings
from linker.linkage.engine import Linked, link
from linker.linkage.inputs import Delivered, rekeyed_schema
from shared.contract.codes import SchoolType
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION
from shared.contract.periods import school_year
from shared.reference import Board, Municipality, PupilTotal, Reference, School, Swv

PERIODS = (20, 21)
MUNICIPALITIES = (1, 2, 3)
OUTSIDE = 9
UNKNOWN_SCHOOL = "98ZZ00"
FORMS = (1, 2, 3, 4, 11, 12, 13, 14, 19)
NO_YOUTH_CARE = (90, 91, 92, 93)

Key = tuple[str, str, str, int, str, str]
Cell = tuple[int, dict[int, int]]


@dataclass(frozen=True, slots=True)
class Enrolment:
    person: int
    period: int = 20
    school: str = "99XA00"
    residence: int = 1
    education: int = 0
    age: int = 8
    linkable: bool = True
    main: bool = True
    supplier: str = "duo"


@dataclass(frozen=True, slots=True)
class Care:
    person: int
    municipality: int = 1
    form: int = 2
    period: int = 20
    days: int = 30
    started: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    reference: Reference
    enrolments: tuple[Enrolment, ...]
    care: tuple[Care, ...]
    objections: tuple[int, ...]
    covered: dict[int, tuple[int, ...]]


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


def bundle(schools: Sequence[School], totals: Sequence[PupilTotal] = ()) -> Reference:
    return Reference(
        region="micro",
        region_name="Microregio",
        sources=(),
        municipalities=tuple(
            Municipality(code=code, name=f"Gemeente {code}", in_region=code != OUTSIDE)
            for code in (*MUNICIPALITIES, OUTSIDE)
        ),
        swvs=tuple(Swv(code=code, name=code) for code in ("PO0001", "PO0002", "VO0001", "VO0002")),
        boards=tuple(Board(code=code, name=code) for code in ("00001", "00002")),
        schools=tuple(schools),
        pupil_totals=tuple(totals),
    )


def _schools() -> st.SearchStrategy[list[School]]:
    codes = st.sampled_from(["99XA00", "99XA01", "99XB00", "99XC00", "99XC02", "99XD00"])
    one = st.builds(
        School,
        code=codes,
        name=st.just("een school"),
        board=st.sampled_from(["", "00001", "00002"]),
        type=st.sampled_from(SchoolType),
        municipality=st.sampled_from([*MUNICIPALITIES, OUTSIDE]),
        swv_po=st.sampled_from(["", "PO0001", "PO0002"]),
        swv_vo=st.sampled_from(["", "VO0001"]),
        in_region=st.sampled_from([True, True, True, False]),
    )
    return st.lists(one, min_size=1, max_size=5, unique_by=lambda each: each.code)


@st.composite
def micro_regions(draw: st.DrawFn, persons: int = 8) -> Region:
    """A random bundle, up to ``persons`` children, and deliveries with every kind of dirt."""
    schools = draw(_schools())
    codes = [each.code for each in schools]
    totals = [
        PupilTotal(school=code, period=period, low=low, high=low + draw(st.sampled_from([0, 0, 3])))
        for code in codes
        for period in PERIODS
        if (low := draw(st.integers(-1, 6))) >= 0
    ]
    person, period = st.integers(0, persons - 1), st.sampled_from(PERIODS)
    enrolment = st.builds(
        Enrolment,
        person=person,
        period=period,
        school=st.sampled_from([*codes, UNKNOWN_SCHOOL]),
        residence=st.sampled_from([1, 1, 2, 3, 0, OUTSIDE]),
        education=st.sampled_from([0, 5]),
        age=st.sampled_from([8, 9]),
        linkable=st.sampled_from([True, True, True, False]),
        main=st.booleans(),
        supplier=st.sampled_from(["duo", "leerplicht"]),
    )
    care = st.builds(
        Care,
        person=person,
        municipality=st.sampled_from(MUNICIPALITIES),
        form=st.sampled_from([*FORMS[:4], FORMS[-1], *NO_YOUTH_CARE[:1]]),
        period=period,
        days=st.sampled_from([1, 30]),
    )
    places = st.lists(st.sampled_from(MUNICIPALITIES), unique=True)
    return Region(
        bundle(schools, totals),
        tuple(draw(st.lists(enrolment, max_size=3 * persons))),
        tuple(draw(st.lists(care, max_size=3 * persons))),
        tuple(draw(st.lists(person, max_size=2))),
        {period: tuple(draw(places)) for period in PERIODS},
    )


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
        what = (row.period, row.form, 1, b"01000001", 1, 1)
        when = (row.started, False, row.ended, int(row.ended), row.days, row.days)
        rows.append((link_id(row.person, key), *what, *when, 8, 100, 0, 0))
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


def link_region(region: Region, *, key: str = "", parts: int = 1, shards: int = 1) -> Linked:
    return link(
        deliveries_of(region, key=key, parts=parts),
        [Delivered("gm1", "objection/1", (1,), objection_rows(region.objections, key))],
        region.reference,
        [school_year(2000 + period) for period in PERIODS],
        region.covered,
        EngineSettings(memory_limit_mb=256, threads=1, shards=shards),
    )


def cells_of(linked: Linked) -> dict[Key, Cell]:
    """Cells as a dict; a key that stands twice is an error."""
    cells: dict[Key, Cell] = {}
    for row in linked.cells.to_pylist():
        contributions = {pair["municipality"]: pair["clients"] for pair in row["contributions"]}
        *key, value, _ = row.values()
        found: Key = tuple(key)
        assert found not in cells
        cells[found] = (value, contributions)
    return cells


@dataclass(frozen=True, slots=True)
class Pupil:
    enrolment: Enrolment
    covered: bool


def without_objections(region: Region) -> Region:
    gone = set(region.objections)
    return replace(
        region,
        enrolments=tuple(row for row in region.enrolments if row.person not in gone),
        care=tuple(row for row in region.care if row.person not in gone),
    )


def pupils_of(region: Region) -> dict[tuple[int, int], Pupil]:
    """The one enrolment that counts, by person and period."""
    best: dict[tuple[int, int], Enrolment] = {}
    for row in region.enrolments:
        place = (row.person, row.period)
        if place not in best or _preference(row) < _preference(best[place]):
            best[place] = row
    return {
        place: Pupil(row, row.residence in region.covered.get(row.period, ()))
        for place, row in best.items()
    }


def _preference(row: Enrolment) -> tuple[bool, str, int, int, int, bool]:
    return (not row.main, row.school, row.residence, row.education, row.age, row.linkable)


def units_of(reference: Reference, code: str) -> list[tuple[str, str]]:
    """Level and unit of everything that a school is part of, from its own fields."""
    found = [each for each in reference.schools if each.code == code]
    if not found:
        return [("elsewhere", "onbekend"), ("total", "total")]
    one = found[0]
    if not one.in_region:
        return [("elsewhere", str(one.type)), ("total", "total")]
    place = f"GM{one.municipality:04d}"
    sector = {"BO": "PO", "SBO": "PO", "SO": "SO", "VSO": "SO", "MBO": "MBO"}.get(one.type, "VO")
    units = [
        ("school", code),
        ("institution", code[:4]),
        ("board", one.board),
        ("type", str(one.type)),
        ("sector", sector),
        ("municipality", place),
        ("type*municipality", f"{one.type}*{place}"),
        ("swv_po", one.swv_po),
        ("swv_vo", one.swv_vo),
        ("region", "region"),
        ("total", "total"),
    ]
    return [(level, unit) for level, unit in units if unit]


def naive_cells(region: Region) -> dict[Key, Cell]:
    """Every cell that is not zero, by loops over persons."""
    region = without_objections(region)
    persons: dict[Key, set[int]] = {}
    claimed: dict[tuple[Key, int], set[int]] = {}

    def count(
        table: str, measure: str, category: str, row: Enrolment, municipality: int | None = None
    ) -> None:
        units = units_of(region.reference, row.school)
        if table != "coverage":
            units.append(("residence", f"GM{row.residence:04d}"))
        for level, unit in units:
            key = (table, level, unit, row.period, category, measure)
            persons.setdefault(key, set()).add(row.person)
            if municipality is not None:
                claimed.setdefault((key, municipality), set()).add(row.person)

    pupils = pupils_of(region)
    for pupil in pupils.values():
        if pupil.covered:
            count("pupils_and_clients", "pupils", "", pupil.enrolment)
        else:
            count("coverage", "not_covered", "", pupil.enrolment)
    for care in region.care:
        one = pupils.get((care.person, care.period))
        if care.form not in FORMS or one is None or not (one.covered and one.enrolment.linkable):
            continue
        count("pupils_and_clients", "clients", "", one.enrolment, care.municipality)
        count("clients_by_form", "clients", "", one.enrolment, care.municipality)
        count("clients_by_form", "clients", str(care.form), one.enrolment, care.municipality)
    cells: dict[Key, Cell] = {key: (len(who), {}) for key, who in persons.items()}
    for (key, municipality), who in claimed.items():
        cells[key][1][municipality] = len(who)
    return cells | _naive_duo(region.reference)


def _naive_duo(reference: Reference) -> dict[Key, Cell]:
    cells: dict[Key, Cell] = {}
    published = {(total.school, total.period): total for total in reference.pupil_totals}
    units = {
        place
        for each in reference.schools
        for place in units_of(reference, each.code)
        if place[0] not in ("elsewhere", "total")
    }
    for period in PERIODS:
        for level, unit in units:
            value = 0
            for each in reference.schools:
                if (level, unit) in units_of(reference, each.code):
                    total = published.get((each.code, period))
                    if total is None or total.low != total.high:
                        break
                    value += total.low
            else:
                if value:
                    cells["coverage", level, unit, period, "", "duo_pupils"] = (value, {})
    return cells


def naive_double_claims(region: Region) -> int:
    region = without_objections(region)
    pupils = pupils_of(region)
    claims: dict[tuple[int, int], set[int]] = {}
    for care in region.care:
        one = pupils.get((care.person, care.period))
        if care.form in FORMS and one and one.covered and one.enrolment.linkable:
            claims.setdefault((care.person, care.period), set()).add(care.municipality)
    return sum(len(places) > 1 for places in claims.values())
