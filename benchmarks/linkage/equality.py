"""Whether contenders found the same tally: one checksum over all cells in the order of their keys.

Cells and contributions are two tables here, whatever the form in which a contender writes them.
A tally that was not protected by every contender is not the same work, so the protection inputs
are in the checksum too.
"""

# ruff: noqa: S608
# Every part of a statement is a column of the contract or a folder that the benchmark made.

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

KEY = ("table", "level", "unit", "period", "category", "measure")
FIGURES = ("value", "contributors", "providers", "largest_share", "protect_clients",
           "protect_providers", "protect_suppliers", "dominated")  # fmt: skip
_KEYS = ", ".join(f'"{name}"' for name in KEY)
_KEYS_AS_TEXT = ", ".join(f'CAST("{name}" AS VARCHAR) AS "{name}"' for name in KEY)
_FIGURES = ", ".join(f"coalesce({name}, 0)::BIGINT AS {name}" for name in FIGURES)
_BATCH_ROWS = 250_000
_MEMORY_LIMIT = "4GB"
"""To sort in; the rest goes to a folder beside the tally. Nobody in a drawn population exists."""


class DifferentTalliesError(Exception):
    """Two contenders counted differently."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The size of a tally and the checksum over its sorted cells and contributions."""

    cells: int
    contributions: int
    sha256: str


def check(folder: Path) -> Checked:
    """Read what a contender wrote: ``cells.parquet`` and perhaps ``contributions.parquet``."""
    columns: dict[str, hashlib._Hash] = {}
    counts = []
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
        connection.execute(f"SET temp_directory = '{folder}/sorting'")
        for part, select in {"cell": cells_of(folder), "part": contributions_of(folder)}.items():
            counted = 0
            rows = connection.sql(f"SELECT * FROM ({select}) ORDER BY ALL")
            for batch in rows.to_arrow_reader(_BATCH_ROWS):
                counted += len(batch)
                for name, column in zip(batch.schema.names, batch.columns, strict=True):
                    for place, octets in enumerate(_octets(column)):
                        columns.setdefault(f"{part} {name} {place}", hashlib.sha256()).update(
                            octets
                        )
            counts.append(counted)
    digests = "".join(f"{name} {digest.hexdigest()}\n" for name, digest in columns.items())
    return Checked(counts[0], counts[1], hashlib.sha256(digests.encode()).hexdigest())


def _octets(column: pa.Array) -> Iterator[bytes]:
    """The values of a column, however it was divided over batches."""
    if pa.types.is_string(column.type):
        yield pc.binary_length(column).to_numpy(zero_copy_only=False).tobytes()
        offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset :]
        yield bytes(memoryview(column.buffers()[2])[offsets[0] : offsets[len(column)]])
    else:
        yield column.to_numpy(zero_copy_only=False).tobytes()


def cells_of(folder: Path) -> str:
    """A SELECT of all cells, the same columns for every contender."""
    return f"SELECT {_KEYS_AS_TEXT}, {_FIGURES} FROM '{folder}/cells.parquet'"


def contributions_of(folder: Path) -> str:
    """A SELECT of all contributions."""
    pair = "municipality::BIGINT AS municipality, clients::BIGINT AS clients"
    if (folder / "contributions.parquet").exists():
        return f"SELECT {_KEYS_AS_TEXT}, {pair} FROM '{folder}/contributions.parquet'"
    return (
        f"SELECT {_KEYS_AS_TEXT}, {pair} FROM ("
        f"SELECT {_KEYS}, unnest(contributions, recursive := true) FROM '{folder}/cells.parquet')"
    )


def differences(left: Path, right: Path) -> str:
    """Where two tallies differ: tables, measures and figures, with how many cells."""
    lines = []
    with duckdb.connect() as connection:
        for select in (cells_of, contributions_of):
            rows = connection.sql(
                'SELECT "table", measure, level, count(*) FROM ('
                f"(({select(left)}) EXCEPT ({select(right)})) UNION ALL "
                f"(({select(right)}) EXCEPT ({select(left)}))"
                ") GROUP BY ALL ORDER BY ALL LIMIT 40"
            ).fetchall()
            lines += [
                f"{table}/{measure} at {level}: {n} rows" for table, measure, level, n in rows
            ]
    return "\n".join(lines)
