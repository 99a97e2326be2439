"""A small synthetic release with everything that is awkward to show, and a reader of it.

Withheld cells, a hidden year, a school without any figure, a true zero, a changed set of
municipalities, and names that a spreadsheet or a browser would take for code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache

import pyarrow as pa

from publisher.released import (
    COLUMNS,
    VALUELESS,
    Cell,
    CellStatus,
    Manifest,
    MeasureNote,
    Proof,
    Release,
    ReleasedTable,
    TableEntry,
)
from shared.canonical import sha256_hex
from shared.contract.codes import Form, SchoolType
from shared.contract.periods import school_year
from shared.identity import Identity, Role
from shared.reference import Level, Municipality, Reference, School, municipality_key
from shared.statement import Kind, Statement

PERIODS = tuple(school_year(year) for year in range(2019, 2025))
LATEST = PERIODS[-1].code
RELEASE_ID = "voorbeeld-2025-v1.0"
PLAIN_SCHOOL = "99XA00"
FORMULA_SCHOOL = "99XB00"
SCRIPT_SCHOOL = "99XC00"
HIDDEN_YEAR_SCHOOL = "99XD00"
HIDDEN_SCHOOL = "99XE00"
ZERO_SCHOOL = "99XG00"
HIDDEN_YEAR = 22

_NAMES = {
    PLAIN_SCHOOL: ("Basisschool De Linde", SchoolType.BO, 197),
    FORMULA_SCHOOL: ('=HYPERLINK("https://example.org";"Kindcentrum")', SchoolType.BO, 197),
    SCRIPT_SCHOOL: ("<script>alert('x')</script> & \"De Beuk\"", SchoolType.BO, 222),
    HIDDEN_YEAR_SCHOOL: ("Basisschool De Es", SchoolType.BO, 222),
    HIDDEN_SCHOOL: ("Aventurijn speciaal onderwijs", SchoolType.SO, 222),
    "99XF00": ("Scholengemeenschap Ruimzicht", SchoolType.VO, 222),
    ZERO_SCHOOL: ("Basisschool De Wilg", SchoolType.BO, 197),
}
_MUNICIPALITIES = (
    Municipality(code=197, name="Aalten", in_region=True),
    Municipality(code=222, name="Doetinchem", in_region=True),
)
_LABELS = {
    "pupils": "leerlingen die in de regio wonen",
    "clients": "leerlingen met jeugdhulp",
    "clients_per_100_pupils": "leerlingen met jeugdhulp per 100 leerlingen",
}
_NOTES = (
    MeasureNote(
        id="pupils",
        label=_LABELS["pupils"],
        unit="personen",
        definition="Leerlingen die op 1 oktober waren ingeschreven en in de regio wonen.",
        caution="Leerlingen van buiten de regio tellen niet mee.",
    ),
    MeasureNote(
        id="clients",
        label=_LABELS["clients"],
        unit="personen",
        definition="Leerlingen die in het schooljaar ten minste één dag jeugdhulp kregen.",
        caution="Een kind met twee vormen van hulp telt één keer.",
    ),
    MeasureNote(
        id="clients_per_100_pupils",
        label=_LABELS["clients_per_100_pupils"],
        unit="leerlingen met jeugdhulp per 100 leerlingen",
        definition="Het aantal leerlingen met jeugdhulp, gedeeld door het aantal leerlingen.",
        caution="Bij een kleine school verandert dit cijfer snel.",
    ),
)


@dataclass(frozen=True)
class MemoryReader:
    """Releases in memory, newest first."""

    releases: tuple[Release, ...] = ()

    def latest(self) -> Release | None:
        return next((found for found in self.releases if found.state == "published"), None)

    def find(self, release_id: str) -> Release | None:
        return next((r for r in self.releases if r.manifest.release_id == release_id), None)

    def list(self) -> tuple[Release, ...]:
        return self.releases


@cache
def reference(extra_schools: int = 0) -> Reference:
    """The schools of the release, with their municipality and type."""
    named = [
        School(code=code, name=name, type=kind, municipality=place, in_region=True)
        for code, (name, kind, place) in _NAMES.items()
    ]
    extra = [
        School(
            code=f"{10 + number // 26:02d}Z{chr(65 + number % 26)}00",
            name=f"Openbare basisschool nummer {number} met een tamelijk lange naam",
            type=SchoolType.BO,
            municipality=197 if number % 2 else 222,
            in_region=True,
        )
        for number in range(extra_schools)
    ]
    return Reference(
        region="voorbeeld",
        region_name="Voorbeeldregio",
        sources=(),
        municipalities=_MUNICIPALITIES,
        swvs=(),
        boards=(),
        schools=tuple(named + extra),
    )


@cache
def make_release(
    *,
    release_id: str = RELEASE_ID,
    synthetic: bool = True,
    state: str = "published",
    supersedes: str = "",
    extra_schools: int = 0,
) -> Release:
    """A release as a reader meets it."""
    book = reference(extra_schools)
    tables = (
        ReleasedTable.make(
            "pupils_and_clients",
            "Leerlingen en leerlingen met jeugdhulp",
            _rows(_pupils_and_clients(book)),
        ),
        ReleasedTable.make(
            "clients_by_form",
            "Leerlingen met jeugdhulp naar vorm van hulp",
            _rows(_clients_by_form(book)),
        ),
    )
    manifest = _manifest(release_id, synthetic, supersedes, book, tables)
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


def with_state(release: Release, state: str) -> Release:
    """The same release in another state."""
    return replace(release, state=state)


def cell_of(release: Release, unit: str, measure: str, period: int, category: str = "") -> Cell:
    """One cell of the release, found by a plain search: the oracle of page and file tests."""
    for table in release.tables:
        for row in table.cells.to_pylist():
            found = (row["unit"], row["measure"], row["period"], row["category"])
            if found == (unit, measure, period, category):
                return Cell(
                    **{**row, "level": Level(row["level"]), "status": CellStatus(row["status"])}
                )
    raise AssertionError("no such cell in the fixture")


def _pupils(school: str, period: int) -> int:
    number = int(sha256_hex(school.encode())[:4], 16)
    return 60 + number % 400 + 3 * (period - 19)


def _clients(school: str, period: int) -> int:
    if school == ZERO_SCHOOL and period == LATEST:
        return 0
    return 6 + _pupils(school, period) * (9 + period - 19) // 100


def _withheld(unit: str, period: int) -> bool:
    return unit == HIDDEN_SCHOOL or (unit == HIDDEN_YEAR_SCHOOL and period == HIDDEN_YEAR)


def _pupils_and_clients(book: Reference) -> Iterable[Cell]:
    for period in PERIODS:
        pupils: Mapping[tuple[Level, str], int] = _summed(book, period.code, _pupils)
        clients = _summed(book, period.code, _clients)
        for level, unit in sorted(pupils):
            hidden = _withheld(unit, period.code)
            counts = {
                "pupils": (pupils[level, unit], 0, False),
                "clients": (clients[level, unit], 0, hidden),
                "clients_per_100_pupils": (
                    round(1000 * clients[level, unit] / pupils[level, unit]),
                    1,
                    hidden,
                ),
            }
            for measure, (value, decimals, secret) in counts.items():
                yield _cell(book, level, unit, period.code, measure, value, decimals, secret)


def _clients_by_form(book: Reference) -> Iterable[Cell]:
    shown = {Level.TYPE_MUNICIPALITY, Level.TYPE, Level.MUNICIPALITY, Level.REGION, Level.TOTAL}
    for period in PERIODS:
        clients = _summed(book, period.code, _clients)
        for level, unit in sorted(clients):
            if level in shown:
                total = clients[level, unit]
                yield _cell(book, level, unit, period.code, "clients", total, 0, False)
                for form in Form:
                    share = total // (form.value + 1)
                    cell = _cell(
                        book, level, unit, period.code, "clients", share, 0, form.value == 13
                    )
                    yield replace(cell, category=str(form.value), category_label=form.label)


def _summed(book: Reference, period: int, count: object) -> dict[tuple[Level, str], int]:
    assert callable(count)
    sums: dict[tuple[Level, str], int] = defaultdict(int)
    for school in book.schools:
        units = school.units()
        units[Level.RESIDENCE] = municipality_key(school.municipality)
        for level, unit in units.items():
            sums[level, unit] += count(school.code, period)
    return dict(sums)


def _cell(
    book: Reference,
    level: Level,
    unit: str,
    period: int,
    measure: str,
    value: int,
    decimals: int,
    withheld: bool,
) -> Cell:
    status = CellStatus.WITHHELD if withheld else CellStatus.PLAIN
    return Cell(
        level=level,
        unit=unit,
        unit_label=book.label(level, unit),
        period=period,
        period_label=school_year(2000 + period).label,
        category="",
        category_label="",
        measure=measure,
        measure_label=_LABELS[measure],
        value=None if status in VALUELESS else value,
        decimals=decimals,
        status=status,
    )


def _rows(cells: Iterable[Cell]) -> pa.Table:
    rows = [{name: getattr(cell, name) for name in COLUMNS.names} for cell in cells]
    return pa.Table.from_pylist(rows, schema=COLUMNS)


def _manifest(
    release_id: str,
    synthetic: bool,
    supersedes: str,
    book: Reference,
    tables: tuple[ReleasedTable, ...],
) -> Manifest:
    both = tuple(municipality.code for municipality in _MUNICIPALITIES)
    return Manifest(
        release_id=release_id,
        title="Leerlingen met jeugdhulp 2019/2020 tot en met 2024/2025",
        region=book.region,
        region_name=book.region_name,
        synthetic=synthetic,
        made_at=datetime(2026, 2, 20, 8, 0, tzinfo=UTC),
        reference_on=tuple(period.reference_on for period in PERIODS),
        round_id="voorbeeld-2025",
        round_statement="a" * 64,
        revision=1,
        policy="b" * 64,
        policy_version="1.0",
        dpia_version="1.0",
        reference=book.sha256,
        software="monitor 0.1.0",
        periods=PERIODS,
        covered={str(period.code): both if period.code > 19 else both[:1] for period in PERIODS},
        tables=tuple(
            TableEntry(
                id=table.id,
                title=table.title,
                sha256=sha256_hex(table.to_bytes()),
                rows=table.cells.num_rows,
                withheld=table.cells["status"].to_pylist().count("c"),
            )
            for table in tables
        ),
        measures=_NOTES,
        proof=Proof(
            rules="2026.1",
            verified=True,
            exactly_exposed=0,
            too_narrow=0,
        ),
        supersedes=supersedes,
        summary_sha256="5" * 64,
        sources=("DUO, register onderwijsdeelnemers (synthetisch)", "iJw (synthetisch)"),
    )


@cache
def _signer(party: str) -> Identity:
    role = Role.PUBLISHER if party == "publisher" else Role.APPROVER
    return Identity.create(
        party=party,
        name=party,
        role=role,
        organisation=party,
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 1, 1),
    )
