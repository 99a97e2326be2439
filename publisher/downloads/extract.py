"""A selection of released rows, on its way into a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

import pyarrow as pa

from publisher.downloads.words import MARK
from publisher.released import Manifest, ReleasedTable
from shared.errors import NotFoundError
from shared.reference import Level

_MARK_IN_NAME = "SYNTHETISCH"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which rows of a table are wanted; None wants all. A filter only ever selects."""

    level: Level | None = None
    unit: str | None = None
    measure: str | None = None
    period: int | None = None

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
        cls, manifest: Manifest, table: ReleasedTable, filters: Filters = EVERYTHING
    ) -> Extract:
        """Select the released rows that fit ``filters``, in released order.

        Raises:
            NotFoundError: ``rows-not-found`` when filters were given and no row fits them.
        """
        rows = table.select(
            level=filters.level,
            unit=filters.unit,
            measure=filters.measure,
            period=filters.period,
        )
        if filters != EVERYTHING and rows.num_rows == 0:
            raise NotFoundError(
                "rows-not-found",
                "expected filters that fit at least one released row, found none that do",
                hint="ask for the table without filters to see its levels, units and periods",
            )
        return cls(manifest, table, filters, rows)

    @property
    def mark(self) -> str:
        """The synthetic mark, or nothing for real figures."""
        return MARK if self.manifest.synthetic else ""

    @property
    def file_stem(self) -> str:
        """A file name without extension: mark, release, table and filters, plain ASCII only."""
        parts = [_MARK_IN_NAME] if self.manifest.synthetic else []
        parts += [self.manifest.release_id, self.table.id, *self.filters.given().values()]
        return "_".join(re.sub(r"[^A-Za-z0-9.-]+", "-", part) for part in parts)
