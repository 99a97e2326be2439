"""Rounded tables of a release: made beside the exact ones, and read back from its cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from publisher.protection.certificates import Certificate
from publisher.protection.grid import Grid
from publisher.protection.rounding.draw import rounded
from publisher.protection.rounding.fitting import Fitting
from publisher.protection.rounding.places import (
    Parts,
    RoundedCell,
    RoundedTable,
    cells_of_table,
    check_roundable,
)
from shared.errors import ProtectionError
from shared.redaction import Secret
from shared.reference import Level

ROUNDED = "r"
WITHHELD = "c"


@dataclass(frozen=True, slots=True)
class Rounding:
    """The tables that the policy lets be published rounded, and the key of their draw."""

    tables: tuple[RoundedTable, ...]
    key: Secret


@dataclass(frozen=True, slots=True)
class Placed:
    """A rounded table in one period.

    Attributes:
        shown_at: the multiple at which each cell is shown, by key; what is withheld is absent.
        parts: what the counts of a school are of their whole.
    """

    table: RoundedTable
    cells: tuple[RoundedCell, ...]
    shown_at: Mapping[str, int]
    parts: Parts


def fit_period(
    rounding: Rounding,
    grid: Grid,
    period: int,
    true: Mapping[str, int],
    certificates: Iterable[Certificate],
    level: int,
) -> tuple[tuple[Placed, ...], tuple[Certificate, ...]]:
    """Round what can be shown beside the exact tables, and prove all of it.

    Args:
        rounding: tables and key.
        grid: at every level that the exact tables publish.
        period: code of the period.
        true: value of every exact quantity, by key.
        certificates: proofs of the exact tables.
        level: the least distance between a rounded count and its alternative.

    Raises:
        PolicyError: ``rounding-impossible``.
    """
    proofs, placed = tuple(certificates), []
    for table in rounding.tables:
        check_roundable(table, grid)
        cells = tuple(cells_of_table(table, grid, period))
        drawn = {cell.key: rounded(cell.true, rounding.key, cell.key) for cell in cells}
        parts = Parts.of(grid.tables[table.of])
        fitting = Fitting(cells, drawn, true, parts=parts, level=level)
        shown, proofs = fitting.fit(proofs)
        shown_at = {key: multiple for key, multiple in drawn.items() if key in shown}
        placed.append(Placed(table, cells, shown_at, parts))
    return tuple(placed), proofs


def frame_of(placed: Mapping[int, Sequence[Placed]], columns: Sequence[str]) -> pd.DataFrame:
    """The released cells of all rounded tables, sorted as exact ones are."""
    rows = sorted(
        (
            (each.table.id, Level.SCHOOL.value, cell.school, period, cell.category, cell.measure,
             each.shown_at.get(cell.key), ROUNDED if cell.key in each.shown_at else WITHHELD)
            for period, tables in placed.items() for each in tables for cell in each.cells
        ),
        key=lambda row: row[:6],
    )  # fmt: skip
    return pd.DataFrame(rows, columns=list(columns)).astype({"period": "int64", "value": "Int64"})


def read_placed(
    rounding: Rounding, grid: Grid, period: int, cells: pd.DataFrame
) -> Iterator[Placed]:
    """The rounded tables of a period from released cells, each checked against the draw.

    Raises:
        ProtectionError: ``release-differs``.
    """
    of_period = cells[cells["period"] == period]
    for table in rounding.tables:
        check_roundable(table, grid)
        rows = {
            (row["unit"], row["category"], row["measure"]): (row["value"], row["status"])
            for row in of_period[of_period["table"] == table.id].to_dict("records")
        }
        members = tuple(cells_of_table(table, grid, period))
        shown_at: dict[str, int] = {}
        for cell in members:
            value, status = rows.pop((cell.school, cell.category, cell.measure), (None, None))
            if status == ROUNDED and value == rounded(cell.true, rounding.key, cell.key):
                shown_at[cell.key] = int(value)
            elif status != WITHHELD or not pd.isna(value):
                raise _differs()
        if rows or any(cell.alone and cell.key in shown_at for cell in members):
            raise _differs()
        yield Placed(table, members, shown_at, Parts.of(grid.tables[table.of]))


def _differs() -> ProtectionError:
    return ProtectionError(
        "release-differs",
        "expected a rounded table of this tally, found a cell with another value or status",
        hint="stage the release again",
    )
