"""Small source files for tests of the hasher; every number is a 999 test number."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.contract.periods import Period, school_year
from shared.hashing.prepare import Prepared, prepare
from shared.hashing.profile import shipped_profile

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


def run(
    schema_name: str,
    files: Mapping[str, Sequence[Path]],
    periods: Sequence[Period] = PERIODS,
    municipalities: Sequence[int] = (AALTEN,),
) -> Prepared:
    """Prepare with the shipped profile of the schema."""
    profile = shipped_profile(PROFILES[schema_name])
    return prepare(schema_name, files, profile, periods, municipalities)


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
