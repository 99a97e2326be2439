"""A selection of released rows, on its way into a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import pyarrow as pa
import pyarrow.compute as pc

from publisher.downloads.areas import Area
from publisher.downloads.words import MARK
from publisher.released import Manifest, Release, ReleasedTable
from shared.errors import NotFoundError
from shared.reference import Level

_MARK_IN_NAME = "SYNTHETISCH"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which rows of a table are wanted; None wants all. A filter only ever selects.

    Attributes:
        area: a municipality or *samenwerkingsverband*: the units that lie in it.
    """

    level: Level | None = None
    unit: str | None = None
    measure: str | None = None
    period: int | None = None
    category: str | None = None
    area: str | None = None

    def given(self) -> dict[str, str]:
        """The filters that were given, by name, as they stand in an address."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: str(value) for name, value in values if value is not None}


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Extract:
    """Rows of one released table, with the manifest that says what they are."""

    manifest: Manifest
    table: ReleasedTable
    filters: Filters
    rows: pa.Table

    @classmethod
    def take(
        cls,
        manifest: Manifest,
        table: ReleasedTable,
        filters: Filters = EVERYTHING,
        area: Area | None = None,
    ) -> Extract:
        """Select the released rows that fit ``filters``, in released order.

        Args:
            manifest: of the release.
            table: one of its tables.
            filters: which rows are wanted.
            area: what ``filters.area`` names.

        Raises:
            NotFoundError: ``rows-not-found`` when filters were given and no row fits them.
        """
        rows = _selected(table, filters, area)
        if filters != EVERYTHING and rows.num_rows == 0:
            raise _nothing_fits()
        return cls(manifest, table, filters, rows)

    @classmethod
    def take_all(
        cls, release: Release, filters: Filters = EVERYTHING, area: Area | None = None
    ) -> tuple[Extract, ...]:
        """The same selection of every table; a table without such rows is left out.

        Raises:
            NotFoundError: ``rows-not-found`` when no table has any.
        """
        taken = []
        for table in release.tables:
            extract = cls(release.manifest, table, filters, _selected(table, filters, area))
            if filters == EVERYTHING or extract.rows.num_rows:
                taken.append(extract)
        if not taken:
            raise _nothing_fits()
        return tuple(taken)

    def parts(self, rows: int) -> Iterator[Extract]:
        """The same rows in pieces of at most so many; at least one, though it be empty."""
        for start in range(0, max(1, self.rows.num_rows), rows):
            yield replace(self, rows=self.rows.slice(start, rows))

    @property
    def is_whole(self) -> bool:
        """Whether this is the table as it was signed, row for row."""
        return self.filters == EVERYTHING

    @property
    def mark(self) -> str:
        """The synthetic mark, or nothing for real figures."""
        return MARK if self.manifest.synthetic else ""

    @property
    def file_stem(self) -> str:
        """A file name without extension: mark, release, table and filters, plain ASCII only."""
        return self._stem(self.table.id)

    @property
    def release_stem(self) -> str:
        """The same of a file with every table."""
        return self._stem()

    def _stem(self, *names: str) -> str:
        parts = [_MARK_IN_NAME] if self.manifest.synthetic else []
        parts += [self.manifest.release_id, *names, *self.filters.given().values()]
        return "_".join(re.sub(r"[^A-Za-z0-9.-]+", "-", part) for part in parts)


def _selected(table: ReleasedTable, filters: Filters, area: Area | None) -> pa.Table:
    rows = table.select(
        level=filters.level,
        unit=filters.unit,
        measure=filters.measure,
        period=filters.period,
        category=filters.category,
    )
    return rows if area is None else rows.filter(_within(rows, area))


def _nothing_fits() -> NotFoundError:
    return NotFoundError(
        "rows-not-found",
        "expected filters that fit at least one released row, found none that do",
        hint="ask for the table without filters to see its levels, units and periods",
    )


def _within(rows: pa.Table, area: Area) -> pa.ChunkedArray:
    """Whether each row is about a unit of the area."""
    keys = pc.binary_join_element_wise(rows["level"], rows["unit"], "/")
    wanted = pa.array(sorted(f"{level}/{unit}" for level, unit in area.units), pa.string())
    return pc.is_in(keys, value_set=wanted)
