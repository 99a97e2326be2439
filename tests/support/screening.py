"""A small release that passes every check of the screener, and ways to spoil it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from publisher.changes import Contents, changes_between, next_version
from publisher.released import (
    COLUMNS,
    Manifest,
    MeasureNote,
    Proof,
    Release,
    ReleasedTable,
    TableEntry,
)
from publisher.screening.subject import Screened
from shared.canonical import sha256_hex
from shared.contract.codes import SchoolType
from shared.contract.periods import school_year
from shared.identity import Identity, Role
from shared.policy import PublishedTable, read_policy
from shared.reference import Level, Municipality, Reference, School, municipality_key
from shared.statement import Kind, Statement

POLICY = Path(__file__).resolve().parents[2] / "docs" / "dpia" / "policy.toml"
PERIODS = tuple(school_year(year) for year in (2022, 2023, 2024))
MAIN, FORMS = "pupils_and_clients", "clients_by_form"
HIDDEN = ("99XC00", "99XD00")
SUMMARY = "Samenvatting.\n"
Row = dict[str, Any]
_SCHOOLS = (
    ("99XA00", "De Linde", SchoolType.BO, 197, 200, 24),
    ("99XB00", "De Beuk", SchoolType.BO, 197, 150, 18),
    ("99XC00", "De Es", SchoolType.BO, 222, 120, 3),
    ("99XD00", "De Wilg", SchoolType.BO, 222, 180, 9),
    ("99XE00", "Ruimzicht", SchoolType.VO, 222, 800, 90),
    ("99XF00", "Het Lyceum", SchoolType.VO, 222, 600, 70),
)
_LEVELS = (
    Level.SCHOOL, Level.INSTITUTION, Level.TYPE_MUNICIPALITY, Level.TYPE, Level.SECTOR,
    Level.MUNICIPALITY, Level.REGION, Level.TOTAL,
)  # fmt: skip
_LABELS = {
    "pupils": "leerlingen",
    "clients": "leerlingen met jeugdhulp",
    "clients_per_100_pupils": "per 100 leerlingen",
}


@cache
def book() -> Reference:
    """Six schools in two municipalities."""
    return Reference(
        region="voorbeeld",
        region_name="Voorbeeldregio",
        sources=(),
        municipalities=(
            Municipality(code=197, name="Aalten", in_region=True),
            Municipality(code=222, name="Doetinchem", in_region=True),
        ),
        swvs=(),
        boards=(),
        schools=tuple(
            School(code=code, name=name, type=kind, municipality=place, in_region=True)
            for code, name, kind, place, _, _ in _SCHOOLS
        ),
    )


@cache
def signer() -> Identity:
    """The publisher."""
    return Identity.create(
        party="publicist", name="Publicist", role=Role.PUBLISHER, organisation="Regio",
        valid_from=date(2026, 1, 1), valid_until=date(2027, 1, 1),
    )  # fmt: skip


@cache
def good() -> Screened:
    """A release after an earlier one, in which no check finds anything."""
    policy = read_policy(POLICY.read_bytes()).policy
    tables = tuple(
        PublishedTable(id=id_, title=id_, levels=levels, recipients=("publiek",))
        for id_, levels in (
            (MAIN, (*_LEVELS, Level.RESIDENCE)),
            (FORMS, (Level.MUNICIPALITY, Level.REGION)),
        )
    )
    manifest = _manifest(policy.version, policy.dpia_version)
    first = _signed(manifest, _tables(pupils=0))
    it = Screened(
        release=first, publisher=signer().card, reference=book(),
        policy=policy.model_copy(update={"tables": tables}), policy_sha256="b" * 64,
        synthetic=True, summary=SUMMARY, previous=first,
    )  # fmt: skip
    return remade(it, _tables(pupils=1))


def remade(it: Screened, tables: tuple[ReleasedTable, ...], **manifest: object) -> Screened:
    """The release with other tables, its manifest made to fit them and signed again."""
    fitting: dict[str, object] = {}
    if it.previous is not None:
        before = it.previous.manifest
        changes = changes_between(
            Contents.of(it.previous), Contents.made(tables, it.manifest.measures)
        )
        fitting = {
            "release_id": "voorbeeld-2025-v1.1",
            "supersedes": before.release_id,
            "changes": changes,
            "version": next_version(before.version, changes),
        }
    made = it.manifest.model_copy(update={**fitting, **manifest})
    return replace(it, release=_signed(made, tables))


def with_manifest(it: Screened, **manifest: object) -> Screened:
    """The same tables under a manifest that says something else, signed again."""
    made = it.manifest.model_copy(update=manifest)
    statement = Statement.make(Kind.RELEASE, made, signer())
    release = replace(
        it.release, manifest=made, sha256=statement.sha256, statement=statement.to_bytes()
    )
    return replace(it, release=release)


def with_rows(
    it: Screened, change: Callable[[Row], Row | None], table: str = MAIN, **manifest: object
) -> Screened:
    """The release with every row of a table changed, or left out where ``change`` gives None."""
    tables = []
    for found in it.release.tables:
        if found.id == table:
            rows = [new for row in found.cells.to_pylist() if (new := change(dict(row)))]
            found = ReleasedTable(table, found.title, pa.Table.from_pylist(rows, COLUMNS))
        tables.append(found)
    return remade(it, tuple(tables), **manifest)


def where(changed: Row, **wanted: object) -> Callable[[Row], Row]:
    """A change of the rows that have these values."""

    def change(row: Row) -> Row:
        fits = all(row[name] == value for name, value in wanted.items())
        return {**row, **changed} if fits else row

    return change


def _tables(*, pupils: int) -> tuple[ReleasedTable, ...]:
    main = pa.Table.from_pylist(list(_main(pupils)), schema=COLUMNS)
    forms = pa.Table.from_pylist(list(_forms()), schema=COLUMNS)
    return (
        ReleasedTable.make(MAIN, "Leerlingen en jeugdhulp", main),
        ReleasedTable.make(FORMS, "Naar vorm van hulp", forms),
    )


def _counts(more: int) -> dict[tuple[Level, str], tuple[int, int]]:
    sums: dict[tuple[Level, str], list[int]] = defaultdict(lambda: [0, 0])
    for code, _, _, place, pupils, clients in _SCHOOLS:
        units = {**book().school_by_code[code].units(), Level.RESIDENCE: municipality_key(place)}
        for level, unit in units.items():
            if level in (*_LEVELS, Level.RESIDENCE):
                sums[level, unit][0] += pupils + more
                sums[level, unit][1] += clients
    return {key: (pupils, clients) for key, (pupils, clients) in sums.items()}


def _main(more: int) -> Iterator[Row]:
    hidden = {*HIDDEN, *(code[:4] for code in HIDDEN)}
    for period in PERIODS:
        for (level, unit), (pupils, clients) in _counts(more).items():
            rate = round(1000 * clients / pupils)
            secret = unit in hidden
            yield _row(level, unit, period.code, "pupils", pupils)
            yield _row(level, unit, period.code, "clients", None if secret else clients)
            yield _row(
                level, unit, period.code, "clients_per_100_pupils", None if secret else rate, 1
            )


def _forms() -> Iterator[Row]:
    for period in PERIODS:
        for (level, unit), (_, clients) in _counts(0).items():
            if level in (Level.MUNICIPALITY, Level.REGION):
                yield _row(level, unit, period.code, "clients", clients)
                for category, label in (("1", "ambulant"), ("2", "verblijf")):
                    row = _row(level, unit, period.code, "clients", clients - int(category) - 9)
                    yield {**row, "category": category, "category_label": label}


def _row(
    level: Level, unit: str, period: int, measure: str, value: int | None, decimals: int = 0
) -> Row:
    return {
        "level": level.value, "unit": unit, "unit_label": book().label(level, unit),
        "period": period, "period_label": school_year(2000 + period).label,
        "category": "", "category_label": "totaal", "measure": measure,
        "measure_label": _LABELS[measure], "value": value, "decimals": decimals,
        "status": "c" if value is None else "",
    }  # fmt: skip


def _manifest(policy_version: str, dpia_version: str) -> Manifest:
    return Manifest(
        release_id="voorbeeld-2025-v1.0", title="Jeugdhulp op school", region="voorbeeld",
        region_name="Voorbeeldregio", synthetic=True,
        made_at=datetime(2026, 2, 20, 8, 0, tzinfo=UTC),
        reference_on=tuple(period.reference_on for period in PERIODS),
        round_id="voorbeeld-2025", round_statement="a" * 64, revision=1, policy="b" * 64,
        policy_version=policy_version, dpia_version=dpia_version, reference=book().sha256,
        software="publisher 0.1.0", periods=PERIODS,
        covered={str(period.code): (197, 222) for period in PERIODS}, tables=(),
        measures=tuple(
            MeasureNote(id=id_, label=label, unit="personen", definition=f"{label}.", caution="")
            for id_, label in _LABELS.items()
        ),
        proof=Proof(rules="PROTECTION 1", verified=True, exactly_exposed=0, too_narrow=0),
        supersedes="", summary_sha256=sha256_hex(SUMMARY.encode()), sources=("DUO (CC0)",),
    )  # fmt: skip


def _signed(manifest: Manifest, tables: tuple[ReleasedTable, ...]) -> Release:
    entries = tuple(
        TableEntry(
            id=table.id, title=table.title, sha256=sha256_hex(table.to_bytes()),
            rows=table.cells.num_rows, withheld=table.cells["status"].to_pylist().count("c"),
            overlaps=table.id == FORMS,
        )
        for table in tables
    )  # fmt: skip
    made = manifest.model_copy(update={"tables": entries})
    statement = Statement.make(Kind.RELEASE, made, signer())
    return Release(
        manifest=made, sha256=statement.sha256, state="staged",
        published_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        statement=statement.to_bytes(), tables=tables,
    )  # fmt: skip
