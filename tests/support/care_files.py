"""Small files of the other kinds that a supplier has: messages, budgets, links, other profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.hashing.delivering.prepare import prepare
from shared.hashing.roles import FileRole
from shared.hashing.systems.profile import shipped_profile
from tests.support.hashing import (
    AALTEN,
    ASSIGNMENT,
    DECLARATION,
    PERIODS,
    PUPIL,
    Prepared,
    Row,
    collect,
    write_table,
)

START = {
    "bsn": "999000007",
    "toewijzingnummer": "1001",
    "begindatum": "01-10-2022",
    "einddatum": "",
    "reden_beeindiging": "",
    "status_aanlevering": "1",
}
BUDGET = {
    "bsn": "999000007",
    "geboortedatum": "15-03-2012",
    "agb": "",
    "productcategorie": "45",
    "ingangsdatum": "01-09-2022",
    "einddatum": "30-09-2022",
    "verwijzer": "01",
    "besteed_bedrag": "1.500,00",
    "budget": "2.000,00",
}
LINK = {"onderwijsnummer": "109900012", "bsn": "999000007"}
CBS = {
    "BSN": "999000007",
    "Geboortedatum": "20120315",
    "Soort jeugdzorg": "jeugdhulp",
    "Hulpvorm": "02",
    "Maatregel": "",
    "AGB": "73731234",
    "Gestart met crisis": "2",
    "Aanvangsdatum": "20220901",
    "Einddatum": "20221231",
    "Reden beëindiging": "02",
    "Verwijzer": "02",
}
SIMPLE = {
    "bsn": "999000007",
    "geboortedatum": "15-03-2012",
    "agb": "73731234",
    "hulpvorm": "Pleegzorg",
    "begindatum": "01-09-2022",
    "einddatum": "31-12-2022",
    "kosten": "900,00",
}
EXTENDED = ASSIGNMENT | {"toewijzingsdatum": "", "toewijzingstijd": "", "status_aanlevering": ""}
LINE = DECLARATION | {"productreferentie": "", "status_aanlevering": ""}
TEMPLATES: dict[str, Row] = {
    "assignments": EXTENDED,
    "starts": START,
    "declarations": LINE,
    "pgb": BUDGET,
    "pupils": PUPIL,
    "links": LINK,
}


def deliver(
    folder: Path,
    files: Mapping[str, Sequence[Sequence[Row]]],
    profile: str = "ijw-jeugdhulp",
    templates: Mapping[str, Row] = TEMPLATES,
    municipalities: Sequence[int] = (AALTEN,),
) -> Prepared:
    """Prepare files by role; each file is a list of rows that differ from the template."""
    paths = {
        role: [
            write_table(folder / f"{role}{place}.csv", templates[role], rows)
            for place, rows in enumerate(each)
        ]
        for role, each in files.items()
    }
    schema = shipped_profile(profile).schema_name
    preparation = prepare(schema, paths, shipped_profile(profile), PERIODS, municipalities)
    return collect(preparation, schema)


def counted(prepared: Prepared, role: FileRole) -> tuple[int, int, int, int]:
    """Rows of a role that were read, kept, refused and left out."""
    files = [each for each in prepared.report.files if each.role == role.value]
    return (
        sum(each.read for each in files),
        sum(each.kept for each in files),
        sum(each.refused for each in files),
        sum(each.left_out for each in files),
    )
