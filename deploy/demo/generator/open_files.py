"""The open data that the key office builds the reference bundle from."""

from __future__ import annotations

from pathlib import Path

from deploy.demo.generator.care_files import Cell, dutch_date, write_csv
from deploy.demo.generator.places import NEIGHBOURS, SWVS
from deploy.demo.generator.schools import listed_type
from deploy.demo.generator.truth import School, Truth

SCHOOL_COLUMNS = (
    "brin", "vestigingscode", "naam", "type", "denominatie", "postcode", "plaats", "gemeente",
    "gemeentecode", "leerlingen", "lon", "lat", "bevoegd_gezag", "bevoegd_gezag_naam", "swv_po",
    "swv_vo",
)  # fmt: skip
_MASKED_BELOW = 5
_UTF8 = "utf-8-sig"


def write_open_files(target: Path, truth: Truth) -> None:
    """Write schools, municipalities, samenwerkingsverbanden, providers, arrangements, totals."""
    write_csv(target / "scholen.csv", SCHOOL_COLUMNS, [_school(s) for s in truth.schools], _UTF8)
    write_csv(
        target / "gemeenten.csv",
        ("code", "omschrijving", "in_regio"),
        _municipalities(truth),
        _UTF8,
    )
    write_csv(target / "swv.csv", ("code", "naam"), SWVS, _UTF8)
    write_csv(
        target / "aanbieders.csv",
        ("groep", "naam", "agb"),
        [(p.group, p.name, agb) for p in truth.providers for agb in p.agb],
        _UTF8,
    )
    write_csv(
        target / "arrangementen.csv",
        ("nummer", "naam", "vestigingscodes", "startdatum", "doel", "doelgroep", "bedrag_eur",
         "vergelijking"),
        [
            (a.number, a.name, ",".join(a.schools), dutch_date(a.starts_on), a.aim, a.target,
             a.lump_sum_eur, a.comparison)
            for a in truth.arrangements
        ],
        _UTF8,
    )  # fmt: skip
    write_csv(
        target / "leerlingen_totaal.csv",
        ("vestigingscode", "schooljaar", "leerlingen"),
        [
            (school, f"{year}/{year + 1}", "<5" if total < _MASKED_BELOW else total)
            for school, year, total in truth.duo_totals
        ],
        _UTF8,
    )


def _school(school: School) -> list[Cell]:
    return [
        school.institution, school.code, school.name, listed_type(school), school.denomination,
        school.postcode, school.place, school.municipality_name.upper(),
        f"GM{school.municipality:04d}", str(school.pupils), f"{school.lon:.5f}",
        f"{school.lat:.5f}", school.board, school.board_name, school.swv_po, school.swv_vo,
    ]  # fmt: skip


def _municipalities(truth: Truth) -> list[list[Cell]]:
    inside: list[list[Cell]] = [[f"GM{code:04d}", name, "J"] for code, name in truth.municipalities]
    return inside + [[f"GM{place.code:04d}", place.name, "N"] for place in NEIGHBOURS]
