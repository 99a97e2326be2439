"""The checker's summary: what an approver has to know before signing, and nothing withheld."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from publisher.history import changed_cells
from publisher.released import CellStatus, Proof, Release, ReleasedTable

COUNTS_OF_PERSONS = ("clients", "pupils", "not_covered")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a summary is about: a release before its manifest, which pins the summary, exists."""

    title: str
    release_id: str
    round_id: str
    revision: int
    synthetic: bool
    proof: Proof


def checker_summary(
    subject: Subject, tables: Sequence[ReleasedTable], report: bytes, previous: Release | None
) -> str:
    """The summary as Dutch text."""
    return "\n".join(_lines(subject, tables, report, previous)) + "\n"


def smallest_shown(table: ReleasedTable) -> float | None:
    """The smallest positive number of children with youth care that a table shows, if any."""
    return _extreme(table, ("clients",), smallest=True)


def _lines(
    subject: Subject, tables: Sequence[ReleasedTable], report: bytes, previous: Release | None
) -> Iterator[str]:
    yield f"Samenvatting voor de goedkeurder: {subject.title}"
    yield f"Uitgave {subject.release_id}, ronde {subject.round_id}, herziening "\
          f"{subject.revision}"  # fmt: skip
    if subject.synthetic:
        yield "SYNTHETISCH – geen echte cijfers"
    yield ""
    yield "Per tabel: cellen, niet getoond, kleinste getoonde aantal kinderen met jeugdhulp,"
    yield "grootste getoonde aantal per 100 leerlingen"
    for table in tables:
        yield f"  {table.id:<20} {_table_line(table)}"
    yield ""
    proof = subject.proof
    yield f"Bescherming volgens {proof.rules}:"
    yield f"  alle bewijzen nagerekend en goed: {'ja' if proof.verified else 'nee'}"
    yield f"  aanval: precies te berekenen {proof.exactly_exposed}, te nauw {proof.too_narrow}"
    yield f"  regels in gebruik: {_rules(report)}"
    yield ""
    yield from _differences(tables, previous)


def _table_line(table: ReleasedTable) -> str:
    withheld = table.cells["status"].to_pylist().count(CellStatus.WITHHELD.value)
    smallest = smallest_shown(table)
    largest = _extreme(table, ("clients_per_100_pupils",), smallest=False)
    return (
        f"{table.cells.num_rows} cellen, {withheld} niet getoond, "
        f"kleinste {_or_none(smallest)}, grootste {_or_none(largest)}"
    )


def _extreme(table: ReleasedTable, measures: tuple[str, ...], *, smallest: bool) -> float | None:
    """The smallest positive or the largest released value of ``measures``."""
    rows = [
        row["value"] / 10 ** row["decimals"]
        for row in table.cells.select(["measure", "value", "decimals"]).to_pylist()
        if row["measure"] in measures and row["value"]
    ]
    if not rows:
        return None
    return float(min(rows) if smallest else max(rows))


def _or_none(value: float | None) -> str:
    return "geen" if value is None else f"{value:g}".replace(".", ",")


def _rules(report: bytes) -> str:
    rules = json.loads(report).get("rules", {})
    return ", ".join(f"{name}={value}" for name, value in sorted(rules.items()))


def _differences(tables: Sequence[ReleasedTable], previous: Release | None) -> Iterator[str]:
    if previous is None:
        yield "Vergeleken met de vorige uitgave: er is geen vorige uitgave."
        return
    yield f"Vergeleken met {previous.manifest.release_id}:"
    for table in tables:
        before = previous.table_by_id.get(table.id)
        if before is None:
            yield f"  {table.id}: nieuw"
            continue
        changed = changed_cells(table, before)
        yield f"  {table.id}: {changed} van {table.cells.num_rows} cellen anders of nieuw"
