"""The tally with the linkage itself: ``python -m benchmarks.linkage.ours SOURCE OUT``.

One set of settings for every size: as many shards as the rows need. A single shard is linked in
memory; several are staged, sealed, and linked one after another.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.linkage.scale import PERIODS
from linker.linkage.cell_store import CellStore
from linker.linkage.counter import Engine
from linker.linkage.database import EngineSettings
from linker.linkage.engine import Linked, link, link_shards
from linker.linkage.inputs import Delivered
from linker.linkage.staged import StagedShards, shards_for
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION
from shared.contract.periods import school_year
from shared.contract.tally import CELLS
from shared.reference import Reference

MEMORY_LIMIT_MB, THREADS = 1_024, 2
ROWS_PER_GROUP = 1 << 20


def main(source: Path, out: Path) -> None:
    """Read, stage where needed, link, write."""
    files = [*source.glob("enrolment/*.parquet"), *source.glob("care/*.parquet")]
    shards = shards_for(sum(pq.read_metadata(path).num_rows for path in files))
    out.mkdir(exist_ok=True)
    with linking(source, shards) as linked:
        write(linked, out / "cells.parquet")


def write(linked: Linked, path: Path) -> None:
    """Write the cells as they are read, in groups of as many rows as one call would give them."""
    with pq.ParquetWriter(path, CELLS, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for cells in linked.store.in_order():
            waiting.append(cells)
            if sum(map(len, waiting)) >= ROWS_PER_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        if waiting:
            writer.write_table(pa.concat_tables(waiting))


def linked(
    source: Path,
    shards: int,
    memory_limit_mb: int = MEMORY_LIMIT_MB,
    engine: Engine | None = None,
) -> Linked:
    """Link what was drawn as ``linking`` does, with all cells in memory."""
    with linking(source, shards, memory_limit_mb, engine) as found:
        return replace(found, store=CellStore.of(found.cells))


@contextmanager
def linking(
    source: Path,
    shards: int,
    memory_limit_mb: int = MEMORY_LIMIT_MB,
    engine: Engine | None = None,
) -> Iterator[Linked]:
    """Link what was drawn, in so many shards; on the embedded engine unless given another."""
    reference = Reference.load(source / "reference.json")
    periods = [school_year(2000 + code) for code in PERIODS]
    settings = EngineSettings(memory_limit_mb=memory_limit_mb, threads=THREADS)
    covered = covered_places(source)
    if shards == 1 and engine is None:
        deliveries = list(delivered(source))
        objections = [each for each in deliveries if each.schema == OBJECTION.name]
        others = [each for each in deliveries if each.schema != OBJECTION.name]
        yield link(others, objections, reference, periods, covered, settings)
        return
    with StagedShards(shards) as staged:
        for each in delivered(source):
            staged.add(each)
        yield link_shards(
            staged,
            staged.suppliers,
            reference,
            periods,
            covered,
            settings,
            count=shards,
            engine=engine,
            file=staged.file,
        )


def covered_places(source: Path) -> dict[int, list[int]]:
    """Per period the municipalities whose residents are the population."""
    covered: dict[int, list[int]] = {}
    for row in pq.read_table(source / "covered.parquet").to_pylist():
        covered.setdefault(row["period"], []).append(row["residence"])
    return covered


def delivered(source: Path) -> Iterator[Delivered]:
    """Every delivery, read when it is asked for."""
    for folder, wire in (("enrolment", ENROLMENT), ("care", CARE)):
        for path in sorted((source / folder).glob("*.parquet")):
            rows = pq.ParquetFile(path).read()
            place = int(path.stem[2:])
            if wire is CARE:
                rows = rows.drop_columns(["municipality"])
            yield Delivered(path.stem.lower(), wire.name, (place,), rows)
    objections = pq.read_table(source / "objections.parquet")
    yield Delivered("gm0001", OBJECTION.name, (1,), objections)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
