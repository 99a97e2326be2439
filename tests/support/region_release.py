"""A synthetic release of a whole small region: every table of the catalogue, at every level.

For pages that need more than the two tables of ``tests.support.releases``: samenwerkingsverbanden,
arrangements, costs, referrers, durations, providers. Numbers follow from names by a hash. Small
numbers are withheld cell by cell, as plainly as possible: nothing here is protected.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pyarrow as pa

from linker.linkage.definitions import definitions
from linker.linkage.indicators import catalogue
from publisher.released import (
    COLUMNS,
    CellStatus,
    MeasureNote,
    Release,
    ReleasedTable,
    TableEntry,
)
from shared.canonical import sha256_hex
from shared.contract.codes import SchoolType
from shared.contract.tally import Table
from shared.reference import (
    Arrangement,
    Level,
    Municipality,
    ProviderGroup,
    PupilTotal,
    Reference,
    School,
    Swv,
    municipality_key,
)
from shared.statement import Kind, Statement
from tests.support.releases import PERIODS, _signer, make_release

REGION_RELEASE = "kleine-regio-2025-v1.0"
PRIMARY, SECONDARY, SPECIAL = "88BA00", "88VA00", "88SA00"
"""A primary, a secondary and a special school."""

_PLACES = (
    Municipality(code=197, name="Aalten", in_region=True),
    Municipality(code=222, name="Doetinchem", in_region=True),
    Municipality(code=294, name="Winterswijk", in_region=True),
    Municipality(code=1859, name="Berkelland", in_region=True),
)
_SWV = {197: ("PO2502", "VO2502"), 222: ("PO2503", "VO2503"), 294: ("PO2502", "VO2502"),
        1859: ("PO2501", "VO2502")}  # fmt: skip
_SWV_NAMES = {
    "PO2501": "IJssel-Berkel", "PO2502": "Oost Achterhoek", "PO2503": "Doetinchem PO",
    "VO2502": "Slinge-Berkel", "VO2503": "Doetinchem VO",
}  # fmt: skip
_TREES = ("Linde", "Es", "Beuk", "Wilg", "Eik", "Els", "Berk", "Iep", "Den", "Hazelaar", "Populier",
          "Kastanje")  # fmt: skip
_COLLEGES = ("Ruimzicht", "Schaersvoorde", "Staring", "Ludger")
_RATES = {"BO": 12, "SBO": 40, "SO": 55, "VSO": 58, "PRO": 34, "VO": 12}
_SPLIT, _TOTAL = 10, 5

_Cells = dict[tuple[str, Level, str, int, str, str], int]


@cache
def region() -> Reference:
    """Schools of every type in four municipalities, with samenwerkingsverbanden."""
    schools = [_school(f"88B{chr(65 + n)}00", f"Basisschool De {tree}", SchoolType.BO, n)
               for n, tree in enumerate(_TREES)]  # fmt: skip
    schools += [_school(f"88V{chr(65 + n)}00", f"{name} College", SchoolType.VO, n)
                for n, name in enumerate(_COLLEGES)]  # fmt: skip
    schools += [
        _school("88SA00", "De Klimop", SchoolType.SO, 1),
        _school("88SB00", "Het Veld", SchoolType.VSO, 1),
        _school("88SC00", "De Brug", SchoolType.SBO, 0),
        _school("88PA00", "Praktijkschool Prisma", SchoolType.PRO, 1),
    ]
    joint = Arrangement(
        number=1, name="Zorg in de klas", schools=("88BA00", "88BB00"), starts_on="2022-08-01",
        aim="Hulp in de klas in plaats van bij elk kind apart.",
        target="Minder losse trajecten op deze scholen.", lump_sum_eur=60_000,
        comparison="zelfde schoolsoort in de regio, zonder arrangement",
    )  # fmt: skip
    totals = [
        PupilTotal(school=school.code, period=period.code, low=total, high=total)
        for school in schools
        for period in PERIODS
        for total in (_pupils(school, period.code) * 100 // (93 if school.type != "SO" else 60),)
    ]
    return Reference(
        region="kleine-regio",
        region_name="Kleine Regio",
        sources=(),
        municipalities=_PLACES,
        swvs=tuple(Swv(code=code, name=name) for code, name in _SWV_NAMES.items()),
        boards=(),
        schools=tuple(schools),
        provider_groups=tuple(
            ProviderGroup(group=f"g{n}", name=f"Zorggroep {name}", agb=(f"730000{n:02d}",))
            for n, name in enumerate(("Noord", "Oost", "West", "Zuid"))
        ),
        arrangements=(joint,),
        pupil_totals=tuple(totals),
    )


@cache
def region_release(release_id: str = REGION_RELEASE, state: str = "published") -> Release:
    """The release: every table of the catalogue that is made of the region above."""
    book = region()
    base = make_release(release_id=release_id).manifest
    values = _derived(book, _counted(book))
    tables = tuple(_released(book, table, values) for table in catalogue(book))
    shown = {name for table in tables for name in table.cells["measure"].unique().to_pylist()}
    manifest = base.model_copy(
        update={
            "region": book.region,
            "region_name": book.region_name,
            "title": "Jeugdhulp op school, Kleine Regio",
            "reference": book.sha256,
            "covered": {str(p.code): tuple(m.code for m in _PLACES[: 4 if p.code > 19 else 3])
                        for p in PERIODS},
            "tables": tuple(
                TableEntry(
                    id=table.id, title=table.title, sha256=sha256_hex(table.to_bytes()),
                    rows=table.cells.num_rows,
                    withheld=table.cells["status"].to_pylist().count("c"),
                )
                for table in tables
            ),
            "measures": tuple(
                MeasureNote(id=each.id, label=each.label, unit=each.unit,
                            definition=each.explanation, caution="")
                for each in (*definitions().measures, *definitions().derived)
                if each.id in shown
            ),
        }
    )  # fmt: skip
    statement = Statement.make(Kind.RELEASE, manifest, _signer("publisher"))
    statement = statement.countersigned(_signer("gemeente-een")).countersigned(_signer("fg-twee"))
    return Release(
        manifest=manifest,
        sha256=statement.sha256,
        state=state,
        published_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        statement=statement.to_bytes(),
        tables=tables,
    )


def _school(code: str, name: str, kind: SchoolType, place: int) -> School:
    town = _PLACES[place % len(_PLACES)]
    po, vo = _SWV[town.code]
    primary = kind in (SchoolType.BO, SchoolType.SBO, SchoolType.SO)
    return School(
        code=code, name=name, type=kind, municipality=town.code, in_region=True,
        swv_po=po if primary else "", swv_vo="" if primary else vo,
    )  # fmt: skip


def _noise(*names: object, below: int) -> int:
    return int(sha256_hex("|".join(map(str, names)).encode())[:6], 16) % below


def _pupils(school: School, period: int) -> int:
    size = 700 if school.type is SchoolType.VO else 130
    return (
        size + _noise(school.code, below=size) + (period - 19) * (_noise(school.code, below=7) - 3)
    )


def _clients(school: School, period: int) -> int:
    own = _RATES[school.type.value] * (70 + _noise("level", school.code, below=60)) / 100
    drift = 1 + (period - 19) * (_noise("drift", school.code, below=11) - 4) / 60
    return round(_pupils(school, period) * own * drift / 100) + _noise(school.code, period, below=3)


def _leaf(table: Table, school: School, period: int) -> Iterator[tuple[str, str, int]]:
    clients = _clients(school, period)
    for measure in table.measures:
        total = {
            "pupils": _pupils(school, period),
            "clients": clients,
            "not_covered": clients // 6,
            "cost_eur": clients * (6_000 + _noise("cost", school.code, below=6_000)),
            "half_days": clients * 70,
            "ended_days": clients * 150,
            "running_days": clients * 210,
            "providers": 3 + clients // 9,
            "largest_provider_clients": clients // 3,
            "clients_dyslexia": clients // 5 if school.type is SchoolType.BO else 0,
            "clients_mental_health": clients // 2,
            "clients_mental_health_via_gp": clients // 3,
            "clients_with_stay": clients // 10,
        }.get(measure.id, clients // 2)
        if measure.id in ("duo_pupils", "lump_sum_eur"):
            continue
        if measure.id in ("half_days", "clients_day_treatment") and school.type.value not in (
            "SO", "VSO",
        ):  # fmt: skip
            total = 0
        yield measure.id, "", total
        weights = [1 + _noise(table.breakdown, code, below=9) for code, _ in table.categories]
        for (code, _), weight in zip(table.categories, weights, strict=True):
            yield measure.id, code, total * weight // sum(weights)


def _counted(book: Reference) -> _Cells:
    cells: _Cells = defaultdict(int)
    joint = {code for each in book.arrangements for code in each.schools}
    for table in catalogue(book):
        for school in book.schools:
            units = school.units() | {Level.RESIDENCE: municipality_key(school.municipality)}
            if school.type is SchoolType.BO:
                units[Level.ARRANGEMENT if school.code in joint else Level.COMPARISON] = "1"
            for period in PERIODS:
                for measure, category, value in _leaf(table, school, period.code):
                    for level, unit in units.items():
                        if level in table.levels:
                            cells[table.id, level, unit, period.code, category, measure] += value
                for level, unit in units.items():
                    total = book.pupil_total(school.code, period.code)
                    if table.id == "coverage" and total and level in table.levels:
                        cells[table.id, level, unit, period.code, "", "duo_pupils"] += total.low
    for period in PERIODS[3:]:
        cells["arrangement_schools", Level.ARRANGEMENT, "1", period.code, "", "lump_sum_eur"] = (
            60_000
        )
    return cells


_QUOTIENTS = {
    "clients_per_100_pupils": ("pupils_and_clients", "clients", "pupils", 1000, 1),
    "cost_per_client": ("costs", "cost_eur", "clients", 1, 0),
    "cost_per_pupil": ("costs", "cost_eur", "pupils", 1, 0),
    "mean_days_ended": ("ended_by_duration", "ended_days", "ended_trajectories", 1, 0),
    "largest_provider_percent": ("providers", "largest_provider_clients", "clients", 100, 0),
    "half_days_per_client": ("day_treatment", "half_days", "clients_day_treatment", 10, 1),
}
_DECIMALS = {name: each[4] for name, each in _QUOTIENTS.items()}


def _derived(book: Reference, cells: _Cells) -> _Cells:
    found = dict(cells)
    for (table, level, unit, period, category, measure), value in cells.items():
        for name, (home, above, below, times, _) in _QUOTIENTS.items():
            if (table, measure, category) != (home, above, ""):
                continue
            under = cells.get((home, level, unit, period, "", below))
            if under is None:
                under = cells.get(("pupils_and_clients", level, unit, period, "", below))
            if under:
                found[table, level, unit, period, "", name] = round(value * times / under)
        if (table, measure) == ("arrangement_schools", "clients"):
            pupils = cells[table, level, unit, period, "", "pupils"]
            found[table, level, unit, period, "", "clients_per_100_pupils"] = round(
                1000 * value / pupils
            )
        if (table, measure) == ("pupils_and_clients", "pupils"):
            duo = cells.get(("coverage", level, unit, period, "", "duo_pupils"))
            if duo:
                found[table, level, unit, period, "", "coverage_percent"] = round(100 * value / duo)
    return found


def _released(book: Reference, table: Table, values: _Cells) -> ReleasedTable:
    labels = {each.id: each.label for each in (*definitions().measures, *definitions().derived)}
    categories = {"": "", **dict(table.categories)}
    rows: list[dict[str, object]] = [
        {
            "level": level.value,
            "unit": unit,
            "unit_label": book.label(level, unit),
            "period": period,
            "period_label": next(each.label for each in PERIODS if each.code == period),
            "category": category,
            "category_label": categories[category],
            "measure": measure,
            "measure_label": labels[measure],
            "value": None if _small(measure, category, value) else value,
            "decimals": _DECIMALS.get(measure, 0),
            "status": CellStatus.WITHHELD.value if _small(measure, category, value) else "",
        }
        for (name, level, unit, period, category, measure), value in values.items()
        if name == table.id
    ]
    return ReleasedTable.make(table.id, table.title, pa.Table.from_pylist(_sorted(rows), COLUMNS))


def _sorted(rows: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    order = {level.value: place for place, level in enumerate(Level)}
    return sorted(
        rows,
        key=lambda row: (
            order[str(row["level"])], str(row["unit"]), str(row["period"]), str(row["category"]),
            str(row["measure"]),
        ),
    )  # fmt: skip


def _small(measure: str, category: str, value: int) -> bool:
    if measure in _QUOTIENTS or measure.endswith(("_eur", "_days", "_percent")):
        return False
    return 0 < value < (_SPLIT if category else _TOTAL)


def with_tables(release: Release, *kept: str) -> Release:
    """The same release with fewer tables: what an earlier version published."""
    return replace(release, tables=tuple(each for each in release.tables if each.id in kept))
