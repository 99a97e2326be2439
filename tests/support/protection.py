"""Small references and tallies for tests of disclosure control, made by hand or from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from publisher.protection.grid import Published
from shared.contract.codes import SchoolType
from shared.contract.periods import school_year
from shared.contract.tally import CELLS, Measure, Table, Tally, TallyHeader
from shared.reference import (
    ALL_LEVELS,
    JOINT_LEVELS,
    SCHOOL_LEVELS,
    UNKNOWN_SCHOOL_UNITS,
    UNKNOWN_TYPE,
    Arrangement,
    Board,
    Level,
    Municipality,
    PupilTotal,
    Reference,
    School,
    Swv,
    municipality_key,
)

PERIOD = 24
FORMS = ("1", "2", "3", "4", "11", "12", "13", "14", "19")
SPLIT_LEVELS = (
    Level.TYPE_MUNICIPALITY,
    Level.MUNICIPALITY,
    Level.TYPE,
    Level.SECTOR,
    Level.SWV_PO,
    Level.SWV_VO,
    Level.REGION,
    Level.ELSEWHERE,
    Level.TOTAL,
)
PUBLISHED = (
    Published("pupils_and_clients", ALL_LEVELS),
    Published("clients_by_form", SPLIT_LEVELS),
    Published("coverage", SCHOOL_LEVELS),
)


def _measure(name: str) -> Measure:
    return Measure(
        explanation="",
        id=name,
        label=name,
        unit="persons",
        population="test",
        numerator="test",
        source="test",
    )


TABLES = (
    Table(
        id="pupils_and_clients",
        title="pupils and clients",
        levels=ALL_LEVELS,
        measures=(_measure("pupils"), _measure("clients")),
    ),
    Table(
        id="clients_by_form",
        title="clients by form",
        levels=ALL_LEVELS,
        measures=(_measure("clients"),),
        breakdown="form",
        categories=tuple((form, form) for form in FORMS),
        overlaps=True,
    ),
    Table(
        id="coverage",
        title="coverage",
        levels=SCHOOL_LEVELS,
        measures=(_measure("not_covered"), _measure("duo_pupils")),
    ),
    Table(
        id="arrangement_schools",
        title="schools of arrangements",
        levels=JOINT_LEVELS,
        measures=(_measure("pupils"), _measure("clients"), _measure("lump_sum_eur")),
    ),
)


KINDS = (
    Table(
        id="clients_of_kind",
        title="clients of a kind",
        levels=ALL_LEVELS,
        measures=(_measure("clients_mental_health"),),
    ),
    Table(
        id="clients_mental_health_via_gp",
        title="clients of a kind, by who referred them",
        levels=ALL_LEVELS,
        measures=(_measure("clients_mental_health_via_gp"),),
    ),
)
"""Parts of parts; who has them is made to follow from their forms."""
FORMS_OF_KIND = {
    "clients_mental_health": frozenset({"1", "2", "3"}),
    "clients_mental_health_via_gp": frozenset({"1", "3"}),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A group of pupils: their school (or ``""`` for unknown), residence, and their clients.

    ``clients`` are sets of forms, one per client.
    """

    school: str
    residence: int
    pupils: int
    clients: tuple[frozenset[str], ...] = ()
    covered: bool = True


def school(
    code: str,
    kind: SchoolType = SchoolType.BO,
    municipality: int = 1,
    *,
    board: str = "",
    swv_po: str = "",
    swv_vo: str = "",
    in_region: bool = True,
) -> School:
    return School(
        code=code,
        name=code,
        board=board,
        type=kind,
        municipality=municipality,
        swv_po=swv_po,
        swv_vo=swv_vo,
        in_region=in_region,
    )


def reference(
    schools: Iterable[School],
    totals: Mapping[str, int] | None = None,
    arrangements: Sequence[Iterable[str]] = (),
) -> Reference:
    """A bundle; arrangements are numbered from 1, each by the codes of its schools."""
    schools = tuple(schools)
    codes = sorted({item.municipality for item in schools} | {1, 2, 3})
    return Reference(
        region="test",
        region_name="test",
        sources=(),
        municipalities=tuple(
            Municipality(code=code, name=str(code), in_region=True) for code in codes
        ),
        swvs=tuple(
            Swv(code=code, name=code)
            for code in sorted({c for s in schools for c in (s.swv_po, s.swv_vo) if c})
        ),
        boards=tuple(
            Board(code=code, name=code) for code in sorted({s.board for s in schools if s.board})
        ),
        schools=schools,
        pupil_totals=tuple(
            PupilTotal(school=code, period=PERIOD, low=total, high=total)
            for code, total in sorted((totals or {}).items())
        ),
        arrangements=tuple(
            Arrangement(
                number=number, name=str(number), schools=tuple(codes), starts_on="2023-08-01",
                aim="", target="", lump_sum_eur=60_000, comparison="",
            )
            for number, codes in enumerate(arrangements, start=1)
        ),
    )  # fmt: skip


def joint_units_of(bundle: Reference, code: str) -> Iterator[tuple[Level, str]]:
    """The units around arrangements that a school adds to, by plain loops."""
    own = bundle.school_by_code.get(code)
    if own is None or not own.in_region:
        return
    everywhere = {each for joint in bundle.arrangements for each in joint.schools}
    for joint in bundle.arrangements:
        types = {each.type for each in bundle.schools if each.code in joint.schools}
        if code in joint.schools:
            yield Level.ARRANGEMENT, str(joint.number)
        elif code not in everywhere and own.type in types:
            yield Level.COMPARISON, str(joint.number)


def tally(
    bundle: Reference, places: Iterable[Place], *, period: int = PERIOD, kinds: bool = False
) -> Tally:
    """Count the places at every level, in plain loops; with the tables of kinds or without."""
    tables = (*TABLES, *KINDS) if kinds else TABLES
    counts: dict[tuple[str, str, str, int, str, str], int] = {}

    def add(table: str, level: Level, unit: str, category: str, measure: str, n: int) -> None:
        key = (table, level.value, unit, period, category, measure)
        counts[key] = counts.get(key, 0) + n

    residences = set()
    for place in places:
        known = bundle.school_by_code.get(place.school)
        units = dict(known.units() if known else UNKNOWN_SCHOOL_UNITS)
        if not place.covered:
            for level, unit in units.items():
                add("coverage", level, unit, "", "not_covered", place.pupils)
            continue
        residences.add(place.residence)
        units[Level.RESIDENCE] = municipality_key(place.residence)
        for level, unit in units.items():
            add("pupils_and_clients", level, unit, "", "pupils", place.pupils)
            for forms in place.clients:
                add("pupils_and_clients", level, unit, "", "clients", 1)
                add("clients_by_form", level, unit, "", "clients", 1)
                for form in sorted(forms):
                    add("clients_by_form", level, unit, form, "clients", 1)
                for table in tables[len(TABLES) :]:
                    for measure in table.measures:
                        if forms & FORMS_OF_KIND[measure.id]:
                            add(table.id, level, unit, "", measure.id, 1)
        for level, unit in joint_units_of(bundle, place.school):
            add("arrangement_schools", level, unit, "", "pupils", place.pupils)
            add("arrangement_schools", level, unit, "", "clients", len(place.clients))
    for joint in bundle.arrangements:
        add("arrangement_schools", Level.ARRANGEMENT, str(joint.number), "", "lump_sum_eur",
            joint.lump_sum_eur)  # fmt: skip
    for total in bundle.pupil_totals:
        units = bundle.school_by_code[total.school].units()
        add("coverage", Level.SCHOOL, units[Level.SCHOOL], "", "duo_pupils", total.high)
    rows = [
        {
            "table": key[0],
            "level": key[1],
            "unit": key[2],
            "period": key[3],
            "category": key[4],
            "measure": key[5],
            "value": value,
            "contributions": [],
        }
        for key, value in sorted(counts.items())
        if value
    ]
    header = TallyHeader(
        round_id="test",
        round_statement="test",
        revision=1,
        synthetic=True,
        policy="test",
        reference=bundle.sha256,
        linker_version="test",
        engine="test",
        periods=(school_year(2000 + period),),
        covered={str(period): tuple(sorted(residences))},
        tables=tables,
        derived=(),
        quality=(),
        double_claims=0,
        inputs=(),
    )
    return Tally(header, pa.Table.from_pylist(rows, schema=CELLS))


def some_region(seed: int, schools: int = 40) -> tuple[Reference, Tally]:
    """A region with crossing SWV and municipality boundaries, boards, and schools elsewhere."""
    chance = random.Random(seed)
    kinds = [*[SchoolType.BO] * 14, SchoolType.SBO, SchoolType.SO, SchoolType.VSO, SchoolType.PRO]
    kinds += [SchoolType.VO] * 4
    made = []
    for number in range(schools):
        kind = kinds[number % len(kinds)] if number else SchoolType.MBO
        place = chance.randrange(1, 9)
        primary = kind in (SchoolType.BO, SchoolType.SBO, SchoolType.SO)
        swv = 2501 + (place + (chance.random() < 0.15)) % 4
        made.append(
            school(
                f"{number // 2:02d}XA{number % 2:02d}",
                kind,
                place,
                board=f"{40000 + number % 9}" if number % 11 else "",
                swv_po=f"PO{swv}" if primary else "",
                swv_vo=f"VO{swv}" if kind in (SchoolType.VO, SchoolType.VSO) else "",
            )
        )
    for number, kind in enumerate((SchoolType.BO, SchoolType.VO, SchoolType.VSO)):
        made.append(school(f"9{number}ZA00", kind, 20, in_region=False))
    bundle = reference(made, {})
    places, totals = [], {}
    for item in (*made, None):
        size = 60 if item is None or not item.in_region else chance.choice((40, 90, 136, 240, 700))
        rate = 0.5 if item and item.type in (SchoolType.SO, SchoolType.VSO) else 0.12
        residents = 0
        for _ in range(3):
            pupils = size // 3
            residents += pupils
            home = item.municipality if item and chance.random() < 0.7 else chance.randrange(1, 9)
            clients = tuple(
                frozenset(chance.choices(FORMS, (16, 50, 7, 19, 4, 1.5, 1, 4, 3))[0] for _ in "ab")
                for _ in range(pupils)
                if chance.random() < rate
            )
            code = item.code if item else UNKNOWN_TYPE
            places.append(Place(code, home if home < 9 else 1, pupils, clients))
        if item and item.in_region:
            totals[item.code] = residents + chance.randrange(0, 9)
            places.append(Place(item.code, 9, totals[item.code] - residents, (), covered=False))
    bundle = reference(made, totals)
    return bundle, tally(bundle, places)
