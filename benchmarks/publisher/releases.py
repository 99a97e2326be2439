"""Two synthetic releases: one of a region, for pages, and one with a table for a large export.

Numbers follow from their place in a list; nobody is counted in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa

from publisher.released import (
    COLUMNS,
    CellStatus,
    Manifest,
    MeasureNote,
    Proof,
    ReleasedTable,
    TableEntry,
)
from shared.canonical import sha256_hex
from shared.contract.codes import Form, SchoolType
from shared.contract.periods import school_year
from shared.identity import Identity
from shared.reference import Level, Municipality, Reference, School, Swv, municipality_key
from shared.statement import Kind, Statement

PERIODS = tuple(school_year(year) for year in range(2019, 2025))
ROUND = "meting-2025"
PAGES, EXPORT = "meting-2025-v1.1", "meting-2025-v1.0"
EXPORT_TABLE = "export"
MEASURES = {"pupils": "leerlingen", "clients": "leerlingen met jeugdhulp",
            "clients_per_100_pupils": "leerlingen met jeugdhulp per 100 leerlingen"}  # fmt: skip
_KINDS = (*[SchoolType.BO] * 14, SchoolType.SBO, SchoolType.SO, SchoolType.VSO, SchoolType.PRO,
          *[SchoolType.VO] * 4)  # fmt: skip
_MUNICIPALITIES = 8
_FEWEST = 10
_FORMS = {str(form.value): form.label for form in Form}
_Key = tuple[Level, str, int, str]


@dataclass(frozen=True, slots=True)
class Made:
    """A release: the signed statement and its tables."""

    release_id: str
    statement: Statement
    tables: tuple[ReleasedTable, ...]


def reference(schools: int) -> Reference:
    """A region of eight municipalities and four samenwerkingsverbanden."""
    made = []
    for number in range(schools):
        kind, place = _KINDS[number % len(_KINDS)], 1 + number * 7 % _MUNICIPALITIES
        primary = kind in (SchoolType.BO, SchoolType.SBO, SchoolType.SO)
        swv = f"{'PO' if primary else 'VO'}250{1 + place % 2}"
        made.append(
            School(
                code=f"{number // 26:02d}Y{chr(65 + number % 26)}00",
                name=f"School nummer {number} voor {kind.value}", type=kind, municipality=place,
                swv_po=swv if primary else "", swv_vo="" if primary else swv, in_region=True,
            )
        )  # fmt: skip
    return Reference(
        region="meting",
        region_name="Meetregio",
        sources=(),
        municipalities=tuple(
            Municipality(code=1 + n, name=f"Gemeente {n + 1}", in_region=True)
            for n in range(_MUNICIPALITIES)
        ),
        swvs=tuple(Swv(code=f"{kind}250{n}", name=f"Verband {kind} {n}")
                   for kind in ("PO", "VO") for n in (1, 2)),
        boards=(),
        schools=tuple(made),
    )  # fmt: skip


def region_release(book: Reference, signer: Identity) -> Made:
    """Pupils, clients and their rate at every level, and clients by form of help."""
    counts = _counted(book)
    main = [row for key, pair in counts.items() for row in _main_rows(book, key, pair)]
    forms = [
        _row(book, (level, unit, period, str(form.value)), "clients", clients // (2 + form % 5))
        for (level, unit, period, _), (_, clients) in counts.items()
        for form in Form
    ]  # fmt: skip
    tables = (
        _table("pupils_and_clients", "Leerlingen en leerlingen met jeugdhulp", main),
        _table("clients_by_form", "Leerlingen met jeugdhulp naar vorm van hulp", forms),
    )
    return _signed(PAGES, book, tables, signer)


def export_release(book: Reference, signer: Identity, rows: int) -> Made:
    """One table of so many rows, as wide as a real one."""
    units = [school.code for school in book.schools]
    names = [school.name for school in book.schools]
    number = np.arange(rows)
    unit, period = number % len(units), number // len(units) % len(PERIODS)
    category = number // (len(units) * len(PERIODS))
    value = number * 37 % 900
    withheld = value < _FEWEST
    columns = {
        "level": pa.array(np.full(rows, Level.SCHOOL.value)),
        "unit": pa.array(units).take(pa.array(unit)),
        "unit_label": pa.array(names).take(pa.array(unit)),
        "period": pa.array([each.code for each in PERIODS], pa.uint8()).take(pa.array(period)),
        "period_label": pa.array([each.label for each in PERIODS]).take(pa.array(period)),
        "category": pa.array(category).cast(pa.string()),
        "category_label": pa.array([f"groep {n}" for n in range(int(category[-1]) + 1)]).take(
            pa.array(category)
        ),
        "measure": pa.array(np.full(rows, "clients")),
        "measure_label": pa.array(np.full(rows, MEASURES["clients"])),
        "value": pa.array(value, pa.int64(), mask=withheld),
        "decimals": pa.array(np.zeros(rows, np.uint8)),
        "status": pa.array(np.where(withheld, CellStatus.WITHHELD.value, "")),
    }
    cells = pa.table(columns, schema=COLUMNS)
    table = ReleasedTable.make(EXPORT_TABLE, "Een tabel om te meten", cells)
    return _signed(EXPORT, book, (table,), signer)


def _counted(book: Reference) -> dict[_Key, tuple[int, int]]:
    counts: dict[_Key, tuple[int, int]] = {}
    for number, school in enumerate(book.schools):
        units = {**school.units(), Level.RESIDENCE: municipality_key(school.municipality)}
        for period in PERIODS:
            pupils = 80 + number * 53 % 700 + 3 * (period.code - PERIODS[0].code)
            clients = pupils * (6 + number % 9) // 100
            for level, unit in units.items():
                before = counts.get((level, unit, period.code, ""), (0, 0))
                counts[level, unit, period.code, ""] = before[0] + pupils, before[1] + clients
    order = {level: place for place, level in enumerate(Level)}
    return dict(sorted(counts.items(), key=lambda item: (order[item[0][0]], *item[0][1:])))


def _main_rows(book: Reference, key: _Key, pair: tuple[int, int]) -> Iterator[dict[str, object]]:
    pupils, clients = pair
    yield _row(book, key, "pupils", pupils)
    yield _row(book, key, "clients", clients)
    rate = round(1000 * clients / pupils)
    yield _row(book, key, "clients_per_100_pupils", rate, decimals=1, hidden=clients < _FEWEST)


def _row(
    book: Reference, key: _Key, measure: str, value: int, *, decimals: int = 0, hidden: bool = False
) -> dict[str, object]:
    level, unit, period, category = key
    hidden = hidden or (measure == "clients" and value < _FEWEST)
    return {
        "level": level.value,
        "unit": unit,
        "unit_label": book.label(level, unit),
        "period": period,
        "period_label": school_year(2000 + period).label,
        "category": category,
        "category_label": _FORMS.get(category, ""),
        "measure": measure,
        "measure_label": MEASURES[measure],
        "value": None if hidden else value,
        "decimals": decimals,
        "status": (CellStatus.WITHHELD if hidden else CellStatus.PLAIN).value,
    }


def _table(id_: str, title: str, rows: list[dict[str, object]]) -> ReleasedTable:
    return ReleasedTable.make(id_, title, pa.Table.from_pylist(rows, schema=COLUMNS))


def _signed(
    release_id: str, book: Reference, tables: tuple[ReleasedTable, ...], signer: Identity
) -> Made:
    everyone = tuple(each.code for each in book.municipalities)
    manifest = Manifest(
        release_id=release_id,
        title="Leerlingen met jeugdhulp, om te meten",
        region=book.region,
        region_name=book.region_name,
        synthetic=True,
        made_at=datetime(2026, 2, 20, 8, 0, tzinfo=UTC),
        reference_on=tuple(period.reference_on for period in PERIODS),
        round_id=ROUND,
        round_statement="a" * 64,
        revision=1,
        policy="b" * 64,
        policy_version="1.0",
        dpia_version="1.0",
        reference=book.sha256,
        software="meting",
        periods=PERIODS,
        covered={str(period.code): everyone for period in PERIODS},
        tables=tuple(
            TableEntry(
                id=table.id, title=table.title, sha256=sha256_hex(table.to_bytes()),
                rows=table.cells.num_rows,
                withheld=table.cells["status"].to_pylist().count(CellStatus.WITHHELD.value),
            )
            for table in tables
        ),
        measures=tuple(
            MeasureNote(id=id_, label=label, unit="leerlingen", definition="Verzonnen.", caution="")
            for id_, label in MEASURES.items()
        ),
        proof=Proof(rules="meting", verified=True, exactly_exposed=0, too_narrow=0),
        supersedes="",
        summary_sha256="c" * 64,
        sources=("verzonnen, om te meten",),
    )  # fmt: skip
    return Made(release_id, Statement.make(Kind.RELEASE, manifest, signer), tables)


VALID = date(2026, 1, 1), date(2036, 1, 1)
"""Of the identity that signs these releases."""
