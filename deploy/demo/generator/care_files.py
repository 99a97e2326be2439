"""The deliveries of the municipalities: assignments and declarations, as CSV or as a workbook."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from deploy.demo.generator.dirt import WORKBOOK_MUNICIPALITY
from deploy.demo.generator.truth import Declaration, Dirt, Person, Trajectory, Truth
from deploy.demo.generator.workbook import write_workbook

ASSIGNMENT_COLUMNS = (
    "bsn", "geboortedatum", "geslacht", "gemeentecode", "toewijzingnummer", "aanbieder_agb",
    "aanbieder_naam", "productcategorie", "productcode", "ingangsdatum", "einddatum",
    "datum_start_zorg", "datum_stop_zorg", "reden_beeindiging", "reden_wijziging", "verwijzer",
    "leveringsvorm", "volume", "eenheid", "frequentie", "budget_ct", "juridische_status",
)  # fmt: skip
DECLARATION_COLUMNS = (
    "bsn", "toewijzingnummer", "aanbieder_agb", "productcategorie", "productcode",
    "periode_begin", "periode_eind", "geleverd_volume", "eenheid", "ingediend_bedrag_ct",
    "debet_credit", "toegekend_bedrag_ct",
)  # fmt: skip

TOTALS_ROW_IN = 222
REPEATED_HEADER_IN = 1955
OBJECTIONS_OF = 197

Cell = str | int | float | date | None


@dataclass(frozen=True, slots=True)
class NumberText:
    """Columns that a workbook holds as numbers and a CSV file as text."""

    assignments: frozenset[str] = frozenset(
        {"bsn", "geslacht", "toewijzingnummer", "aanbieder_agb", "productcategorie",
         "productcode", "volume", "budget_ct"}
    )  # fmt: skip
    declarations: frozenset[str] = frozenset(
        {"bsn", "toewijzingnummer", "aanbieder_agb", "productcategorie", "productcode",
         "geleverd_volume", "ingediend_bedrag_ct", "toegekend_bedrag_ct"}
    )  # fmt: skip


def write_care_files(target: Path, truth: Truth) -> None:
    """Write one folder per municipality, and the objections of one of them."""
    delivered: dict[int, list[tuple[Person, Trajectory]]] = {
        code: [] for code, _ in truth.municipalities
    }
    for person in truth.persons:
        for row in person.trajectories:
            delivered[row.municipality].append((person, row))
    for code, rows in delivered.items():
        rows.sort(key=lambda item: int(item[1].assignment))
        folder = target / f"gm{code:04d}"
        folder.mkdir(exist_ok=True)
        assignments = [_assignment(person, row) for person, row in rows]
        declarations = [_declaration(row, line) for _, row in rows for line in row.declarations]
        if code == WORKBOOK_MUNICIPALITY:
            numbers = NumberText()
            write_workbook(
                folder / f"jeugdhulp_{code:04d}.xlsx", ASSIGNMENT_COLUMNS, assignments,
                numbers=numbers.assignments, serials=frozenset({"datum_stop_zorg"}),
            )  # fmt: skip
            write_workbook(
                folder / f"declaraties_{code:04d}.xlsx", DECLARATION_COLUMNS, declarations,
                numbers=numbers.declarations, serials=frozenset(),
            )  # fmt: skip
        else:
            _write_text(folder, code, assignments, declarations)
    _write_objections(target / f"gm{OBJECTIONS_OF:04d}", truth)


def _write_text(
    folder: Path, code: int, assignments: list[list[Cell]], declarations: list[list[Cell]]
) -> None:
    if code == REPEATED_HEADER_IN:
        assignments.insert(len(assignments) // 2, list(ASSIGNMENT_COLUMNS))
    if code == TOTALS_ROW_IN:
        total = sum(line[9] for line in declarations if isinstance(line[9], int))
        declarations.append(["Totaal", *[None] * 8, total, None, None])
    write_csv(folder / f"jeugdhulp_{code:04d}.csv", ASSIGNMENT_COLUMNS, assignments)
    write_csv(folder / f"declaraties_{code:04d}.csv", DECLARATION_COLUMNS, declarations)


def _agb(row: Trajectory) -> str:
    return row.agb.lstrip("0") if Dirt.AGB_LOST_ZERO in row.dirt else row.agb


def _assignment(person: Person, row: Trajectory) -> list[Cell]:
    return [
        row.written, person.born_on, str(person.sex), f"{row.municipality:04d}", row.assignment,
        _agb(row), row.provider, row.category, row.product, row.assigned_from,
        row.assigned_until, row.started_on, row.stopped_on, row.end_reason, row.change_reason,
        row.referrer, row.funding, row.volume, row.unit, row.frequency, row.budget_ct,
        row.legal_status,
    ]  # fmt: skip


def _declaration(row: Trajectory, line: Declaration) -> list[Cell]:
    return [
        row.written, row.assignment, _agb(row), row.category, row.product, line.starts_on,
        line.ends_on, line.volume, row.unit, line.submitted_ct, "C" if line.credit else "D",
        line.granted_ct,
    ]  # fmt: skip


def _write_objections(folder: Path, truth: Truth) -> None:
    rows: list[list[Cell]] = [[person.number] for person in truth.persons if person.objects]
    write_csv(folder / f"bezwaren_{OBJECTIONS_OF:04d}.csv", ("bsn",), rows)


def write_csv(
    path: Path, columns: Sequence[str], rows: Sequence[Sequence[Cell]], encoding: str = "cp1252"
) -> None:
    """Write a file as Dutch systems do: semicolons, dd-mm-jjjj, decimal comma, CRLF."""
    with path.open("w", encoding=encoding, newline="") as handle:
        writer = csv.writer(handle, delimiter=";", lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows(_texts(rows))


def _texts(rows: Sequence[Sequence[Cell]]) -> Iterator[list[str]]:
    known: dict[date, str] = {}
    for row in rows:
        texts = []
        for value in row:
            if isinstance(value, str):
                texts.append(value)
            elif value is None:
                texts.append("")
            elif isinstance(value, date):
                texts.append(known.get(value) or known.setdefault(value, dutch_date(value)))
            elif isinstance(value, float):
                texts.append(f"{value:g}".replace(".", ","))
            else:
                texts.append(str(value))
        yield texts


def dutch_date(day: date) -> str:
    """A date as dd-mm-jjjj."""
    return f"{day.day:02d}-{day.month:02d}-{day.year:04d}"
