"""The DUO deliveries: one file per school year, with residents of the region only."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from deploy.demo.generator.care_files import dutch_date
from deploy.demo.generator.truth import Truth

COLUMNS = (
    "pgn", "pgn_type", "geboortedatum", "geslacht", "woongemeente", "postcode4",
    "instelling_brin", "vestiging", "vestigingscode", "onderwijssoort", "leerjaar",
    "datum_inschrijving", "datum_uitschrijving", "hoofdinschrijving", "schooljaar", "peildatum",
)  # fmt: skip


def write_school_files(target: Path, truth: Truth) -> None:
    """Write ``duo_leerlingen_JJJJ.csv`` per school year."""
    days: dict[date, str] = {}
    per_year: dict[int, list[tuple[str, ...]]] = {year: [] for year in truth.periods}
    for person in truth.persons:
        if not person.enrolments:
            continue
        born = days.get(person.born_on) or days.setdefault(
            person.born_on, dutch_date(person.born_on)
        )
        sex = str(person.sex)
        for row in person.enrolments:
            since, left = row.enrolled_on, row.left_on
            per_year[row.year].append(
                (
                    row.written, person.kind, born, sex, f"{row.residence:04d}", row.postcode4,
                    row.school[:4], row.school[4:], row.school, row.education, str(row.grade),
                    days.get(since) or days.setdefault(since, dutch_date(since)),
                    (days.get(left) or days.setdefault(left, dutch_date(left))) if left else "",
                    "J" if row.main else "N", f"{row.year}/{row.year + 1}",
                    f"01-10-{row.year}",
                )
            )  # fmt: skip
    for year, rows in per_year.items():
        path = target / f"duo_leerlingen_{year}.csv"
        with path.open("w", encoding="cp1252", newline="") as handle:
            writer = csv.writer(handle, delimiter=";", lineterminator="\r\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows)
