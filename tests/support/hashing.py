"""Small source files for tests of the hasher; every number is a 999 test number."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from shared.contract.deliveries import SCHEMAS
from shared.contract.periods import Period, school_year
from shared.hashing.checking.report import Report
from shared.hashing.delivering.prepare import Preparation, prepare
from shared.hashing.delivering.replacing import ordered, replaced
from shared.hashing.deriving.context import with_number
from shared.hashing.reading.headers import Layout
from shared.hashing.reading.sources import Source, read
from shared.hashing.systems.profile import shipped_profile

PROFILES = {
    "care/1": "ijw-jeugdhulp",
    "enrolment/1": "duo-leerplicht",
    "objection/1": "bezwaren",
}
PERIODS = tuple(school_year(year) for year in (2021, 2022, 2023))
AALTEN = 197

PUPIL = {
    "pgn": "999000007",
    "pgn_type": "B",
    "geboortedatum": "15-03-2012",
    "geslacht": "1",
    "woongemeente": "0197",
    "postcode4": "7121",
    "instelling_brin": "99XA",
    "vestiging": "00",
    "vestigingscode": "99XA00",
    "onderwijssoort": "BO",
    "leerjaar": "4",
    "datum_inschrijving": "01-08-2020",
    "datum_uitschrijving": "",
    "hoofdinschrijving": "J",
    "schooljaar": "2022/2023",
    "peildatum": "01-10-2022",
}
ASSIGNMENT = {
    "bsn": "999000007",
    "geboortedatum": "15-03-2012",
    "geslacht": "1",
    "gemeentecode": "0197",
    "toewijzingnummer": "1001",
    "aanbieder_agb": "73731234",
    "aanbieder_naam": "Zorg; en meer",
    "productcategorie": "45",
    "productcode": "45A49",
    "ingangsdatum": "01-09-2022",
    "einddatum": "31-12-2022",
    "datum_start_zorg": "",
    "datum_stop_zorg": "",
    "reden_beeindiging": "31",
    "reden_wijziging": "",
    "verwijzer": "02",
    "leveringsvorm": "ZIN",
    "volume": "10",
    "eenheid": "04",
    "frequentie": "2",
    "budget_ct": "",
    "juridische_status": "",
}
DECLARATION = {
    "bsn": "999000007",
    "toewijzingnummer": "1001",
    "aanbieder_agb": "73731234",
    "productcategorie": "45",
    "productcode": "45A49",
    "periode_begin": "01-09-2022",
    "periode_eind": "30-09-2022",
    "geleverd_volume": "8",
    "eenheid": "04",
    "ingediend_bedrag_ct": "100000",
    "debet_credit": "D",
    "toegekend_bedrag_ct": "90000",
}

Row = Mapping[str, str]


def table_text(template: Row, rows: Sequence[Row], separator: str = ";") -> str:
    """A CSV text with a header row; each row is the template with some cells replaced."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, list(template), delimiter=separator, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**template, **row})
    return sink.getvalue()


def write_table(path: Path, template: Row, rows: Sequence[Row], encoding: str = "utf-8") -> Path:
    """Write such a file and return its path."""
    path.write_bytes(table_text(template, rows).encode(encoding))
    return path


@dataclass(frozen=True, slots=True)
class Prepared:
    """A preparation that was gone through, with all its rows."""

    preparation: Preparation
    schema_name: str
    table: pa.Table = field(repr=False)
    report: Report


def collect(preparation: Preparation, schema_name: str) -> Prepared:
    """Go through a preparation and keep its rows."""
    schema = with_number(SCHEMAS[schema_name].arrow)
    tables = [table.cast(schema) for table in preparation.tables()]
    table = pa.concat_tables([schema.empty_table(), *tables])
    return Prepared(preparation, schema_name, table, preparation.report)


def pseudonymise(prepared: Prepared, key: bytes) -> pa.Table:
    """All rows as one part."""
    prepared.preparation.check_sealable()
    return ordered(replaced(prepared.table, SCHEMAS[prepared.schema_name].arrow, key))


def read_whole(path: Path, layout: Layout) -> Source:
    """All rows of one file."""
    blocks = list(read(path, layout))
    set_aside = {
        check: np.concatenate([block.set_aside[check] for block in blocks])
        for check in blocks[0].set_aside
    }
    table = pa.concat_tables([block.table for block in blocks]).unify_dictionaries()
    return Source(table, sum(block.read for block in blocks), set_aside, blocks[0].unread,
                  blocks[0].first_day_1904)  # fmt: skip


def run(
    schema_name: str,
    files: Mapping[str, Sequence[Path]],
    periods: Sequence[Period] = PERIODS,
    municipalities: Sequence[int] = (AALTEN,),
) -> Prepared:
    """Prepare with the shipped profile of the schema."""
    profile = shipped_profile(PROFILES[schema_name])
    return collect(prepare(schema_name, files, profile, periods, municipalities), schema_name)


def pupils(folder: Path, *rows: Row) -> Prepared:
    """Prepare one file of pupils."""
    return run("enrolment/1", {"pupils": [write_table(folder / "p.csv", PUPIL, rows)]})


def care(
    folder: Path,
    assignments: Sequence[Row],
    declarations: Sequence[Row] = (),
    periods: Sequence[Period] = PERIODS,
) -> Prepared:
    """Prepare one file of assignments, and one of declarations where there are any."""
    files = {"assignments": [write_table(folder / "a.csv", ASSIGNMENT, assignments)]}
    if declarations:
        files["declarations"] = [write_table(folder / "d.csv", DECLARATION, declarations)]
    return run("care/1", files, periods)


def records(prepared: Prepared) -> list[dict[str, object]]:
    """The prepared rows as dictionaries."""
    rows: list[dict[str, object]] = prepared.table.to_pylist()
    return rows
