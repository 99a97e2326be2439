"""What changed between two releases, and the version that follows from it.

Only released cells are compared, so that whoever has both releases finds the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from publisher.released import Change, MeasureNote, Release, ReleasedTable

FIRST_VERSION = "1.0"
_KEY = ["level", "unit", "period", "category", "measure"]
_PARTS = {"measure": "measure", "period": "period_label", "level": "level", "category": "category"}
"""What a table consists of, and the column that names it for readers."""


class ChangeKind(StrEnum):
    """What can happen to a table from one release to the next."""

    TABLE_ADDED = "table-added"
    TABLE_REMOVED = "table-removed"
    MEASURE_ADDED = "measure-added"
    MEASURE_REMOVED = "measure-removed"
    MEASURE_REDEFINED = "measure-redefined"  # same id, another definition or unit
    PERIOD_ADDED = "period-added"
    PERIOD_REMOVED = "period-removed"
    LEVEL_ADDED = "level-added"
    LEVEL_REMOVED = "level-removed"
    CATEGORY_ADDED = "category-added"
    CATEGORY_REMOVED = "category-removed"
    CELLS_ADDED = "cells-added"  # of periods, levels, categories and measures that were there
    CELLS_REMOVED = "cells-removed"
    CELLS_CHANGED = "cells-changed"  # another value or status


BREAKING = frozenset(
    {
        ChangeKind.TABLE_REMOVED,
        ChangeKind.MEASURE_REMOVED,
        ChangeKind.MEASURE_REDEFINED,
        ChangeKind.PERIOD_REMOVED,
        ChangeKind.LEVEL_REMOVED,
        ChangeKind.CATEGORY_REMOVED,
        ChangeKind.CELLS_REMOVED,
    }
)
"""Changes after which a reader's program or text may be wrong: the major version grows."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What two releases are compared by."""

    tables: Mapping[str, ReleasedTable]
    notes: Mapping[str, MeasureNote]

    @classmethod
    def of(cls, release: Release) -> Contents:
        """The contents of a release."""
        return cls.made(release.tables, release.manifest.measures)

    @classmethod
    def made(cls, tables: Sequence[ReleasedTable], notes: Sequence[MeasureNote]) -> Contents:
        """The contents of a release that is being made."""
        return cls({table.id: table for table in tables}, {note.id: note for note in notes})


def changes_between(before: Contents, after: Contents) -> tuple[Change, ...]:
    """Every change, by table in the order of ``after``, removed tables last."""
    return tuple(_changes(before, after))


def next_version(version: str, changes: Sequence[Change]) -> str:
    """The version after ``version``: major when something was removed or redefined, else minor."""
    major, minor = (int(part) for part in version.split("."))
    if any(change.kind in BREAKING for change in changes):
        return f"{major + 1}.0"
    return f"{major}.{minor + 1}"


def is_higher(version: str, than: str) -> bool:
    """Whether one version is above another."""
    return [int(part) for part in version.split(".")] > [int(part) for part in than.split(".")]


def _changes(before: Contents, after: Contents) -> Iterator[Change]:
    for id_, table in after.tables.items():
        old = before.tables.get(id_)
        if old is None:
            yield Change(table=id_, kind=ChangeKind.TABLE_ADDED, cells=table.cells.num_rows)
        else:
            yield from _of_table(table, old)
            yield from _redefined(table, before, after)
    for id_, table in before.tables.items():
        if id_ not in after.tables:
            yield Change(table=id_, kind=ChangeKind.TABLE_REMOVED, cells=table.cells.num_rows)


def _redefined(table: ReleasedTable, before: Contents, after: Contents) -> Iterator[Change]:
    for id_ in _values(table, "measure"):
        old, new = before.notes.get(id_), after.notes.get(id_)
        if old and new and (old.definition, old.unit) != (new.definition, new.unit):
            yield Change(table=table.id, kind=ChangeKind.MEASURE_REDEFINED, what=id_)


def _of_table(table: ReleasedTable, old: ReleasedTable) -> Iterator[Change]:
    now, then = table.cells, old.cells
    for part, column in _PARTS.items():
        new, gone = _differing(table, old, column)
        for name in new:
            yield Change(
                table=table.id, kind=f"{part}-added", what=name, cells=_count(now, column, name)
            )
        for name in gone:
            yield Change(
                table=table.id, kind=f"{part}-removed", what=name, cells=_count(then, column, name)
            )
        # What came or went as a whole is said; the cells of it are not counted again below.
        now, then = _without(now, column, new), _without(then, column, gone)
    yield from _of_cells(table.id, now, then)


def _of_cells(table_id: str, now: pa.Table, then: pa.Table) -> Iterator[Change]:
    joined = _named(now, "new").join(_named(then, "old"), _KEY, join_type="full outer")
    had, has = pc.is_valid(joined["old_status"]), pc.is_valid(joined["new_status"])
    same = pc.and_(
        pc.equal(joined["old_status"], joined["new_status"]),
        pc.equal(pc.fill_null(joined["old_value"], -1), pc.fill_null(joined["new_value"], -1)),
    )
    for kind, found in (
        (ChangeKind.CELLS_ADDED, pc.invert(had)),
        (ChangeKind.CELLS_REMOVED, pc.invert(has)),
        (
            ChangeKind.CELLS_CHANGED,
            pc.and_(pc.and_(had, has), pc.invert(pc.fill_null(same, False))),
        ),
    ):
        count = pc.sum(found).as_py() or 0
        if count:
            yield Change(table=table_id, kind=kind, cells=count)


def _named(cells: pa.Table, prefix: str) -> pa.Table:
    names = [*_KEY, f"{prefix}_value", f"{prefix}_status"]
    return cells.select([*_KEY, "value", "status"]).rename_columns(names)


def _values(table: ReleasedTable, column: str) -> list[str]:
    """The distinct values of a column, in the order in which they first stand there."""
    return [each for each in pc.unique(table.cells[column]).to_pylist() if each]


def _differing(
    table: ReleasedTable, old: ReleasedTable, column: str
) -> tuple[list[str], list[str]]:
    now, then = _values(table, column), _values(old, column)
    return [each for each in now if each not in then], [each for each in then if each not in now]


def _count(cells: pa.Table, column: str, name: str) -> int:
    return int(pc.sum(pc.equal(cells[column], name)).as_py() or 0)


def _without(cells: pa.Table, column: str, names: Sequence[str]) -> pa.Table:
    if not names:
        return cells
    return cells.filter(pc.invert(pc.is_in(cells[column], value_set=pa.array(names))))
