"""What was published before: a reader can subtract it from what is published now.

Protecting a correction is a table of its own (PROTECTION 6) that this version does not make.
Until it does, a period that was published once is published again only unchanged, whatever became
of the release: one that was withdrawn or has expired may have been kept by a reader.

Source: PROTECTION 6.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from publisher.released import Release, ReleasedTable
from shared.errors import ProtectionError

KEY = ("level", "unit", "period", "category", "measure")


def check_history(tables: Sequence[ReleasedTable], earlier: Sequence[Release]) -> None:
    """Refuse figures that differ from what was published before for the same period.

    Args:
        tables: what is about to be staged.
        earlier: every release that was ever published.

    Raises:
        ProtectionError: ``history-differs``, naming the table and the earlier release.
    """
    for release in earlier:
        for table in tables:
            before = release.table_by_id.get(table.id)
            if before is not None and changed_cells(_again(table, before), before):
                raise ProtectionError(
                    "history-differs",
                    f"expected table {table.id} to repeat the periods of "
                    f"{release.manifest.release_id} unchanged, found other figures",
                    hint="a correction of a published period is not protected in this version; "
                    "publish the new periods in a round of their own",
                )


def changed_cells(table: ReleasedTable, before: ReleasedTable) -> int:
    """How many cells are new or have another value or status than before."""
    joined = _joined(table, before)
    return int(joined.num_rows - (pc.sum(pc.fill_null(_same(joined), False)).as_py() or 0))


def _again(table: ReleasedTable, before: ReleasedTable) -> ReleasedTable:
    """The rows of periods that were published before; a new cell among them counts as changed."""
    known = pc.is_in(table.cells["period"], value_set=pc.unique(before.cells["period"]))
    return ReleasedTable(table.id, table.title, table.cells.filter(known))


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
