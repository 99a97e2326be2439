"""What was published before: a reader can subtract it from what is published now.

The cells of every release that was ever published stay known for good, whatever became of the
release: one that was withdrawn or has expired may have been kept by a reader. The counts behind
them, which say what a withheld cell was, are sealed with the release and go with its round.

Source: PROTECTION 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from publisher.protection import Earlier, Published, Rules, earlier_release
from publisher.released import Release, ReleasedTable
from shared.contract.tally import Table, Tally
from shared.policy import PublishedTable
from shared.reference import Level, Reference

KEY = ("level", "unit", "period", "category", "measure")


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts behind a release, while they are here."""

    tally: Tally
    reference: Reference


def counts_of(tally: Tally, tables: Iterable[str]) -> bytes:
    """The part of a tally that a release was made from; what a later correction is compared with.

    The tally itself goes when a newer one comes.
    """
    wanted = pc.is_in(tally.cells["table"].cast(pa.string()), value_set=pa.array(sorted(tables)))
    return Tally(tally.header, tally.cells.filter(wanted)).to_bytes()


def earlier_of(
    release: Release,
    counted: Counted | None,
    rules: Rules,
    tables: Mapping[str, Table],
    declared: Sequence[PublishedTable],
) -> Earlier:
    """A release as readers had it, with the counts behind it where they are still here.

    Args:
        release: with the tables that it published.
        counted: the counts that it was made from.
        rules: those of the policy of its round.
        tables: what each table counts.
        declared: the tables of that policy. Of those that it published rounded, a cell that did
            not change is rounded alike.
    """
    rounded = {table.id for table in declared if table.of}
    harmless = {table.id for table in declared if not table.sensitive}
    cells: list[tuple[str, str, str, int, str, str, int | None, str]] = []
    published = []
    for table in release.tables:
        if table.id in rounded:
            continue
        rows = table.cells.select([*KEY, "value", "status"]).to_pylist()
        levels = dict.fromkeys(Level(row["level"]) for row in rows)
        published.append(Published(table.id, tuple(levels), table.id not in harmless))
        cells += ((table.id, *row.values()) for row in rows)
    return earlier_release(
        release.manifest.release_id,
        cells,
        tables if counted is None else {each.id: each for each in counted.tally.header.tables},
        tuple(published),
        rules,
        None if counted is None else (counted.tally, counted.reference),
    )


def changed_cells(table: ReleasedTable, before: ReleasedTable) -> int:
    """How many cells are new or have another value or status than before."""
    joined = _joined(table, before)
    return int(joined.num_rows - (pc.sum(pc.fill_null(_same(joined), False)).as_py() or 0))


def corrected_cells(table: ReleasedTable, before: ReleasedTable) -> int:
    """How many cells were published before, and have another value or status now."""
    joined = _joined(table, before)
    known = pc.is_valid(joined["old_status"])
    changed = pc.invert(pc.fill_null(_same(joined), False))
    return int(pc.sum(pc.and_(known, changed)).as_py() or 0)


def _joined(table: ReleasedTable, before: ReleasedTable) -> pa.Table:
    names = [*KEY, "value", "status"]
    old = before.cells.select(names).rename_columns([*KEY, "old_value", "old_status"])
    return table.cells.select(names).join(old, list(KEY), join_type="left outer")


def _same(joined: pa.Table) -> pa.ChunkedArray:
    """Whether value and status are as they were; null where there was no such cell."""
    return pc.and_(
        pc.equal(joined["status"], joined["old_status"]),
        pc.equal(pc.fill_null(joined["value"], -1), pc.fill_null(joined["old_value"], -1)),
    )
