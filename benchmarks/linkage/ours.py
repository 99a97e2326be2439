"""The tally with the linkage itself: ``python -m benchmarks.linkage.ours SOURCE OUT``.

One set of settings for every size: as many shards as the rows need. A single shard is linked in
memory; several are staged, sealed, and linked one after another.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.linkage.scale import PERIODS
from linker.linkage.counter import Engine
from linker.linkage.database import EngineSettings
from linker.linkage.engine import Linked, link, link_shards
from linker.linkage.inputs import Delivered
from linker.linkage.staged import StagedShards, shards_for
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION
from shared.contract.periods import school_year
from shared.reference import Reference

MEMORY_LIMIT_MB, THREADS = 1_024, 2


def main(source: Path, out: Path) -> None:
    """Read, stage where needed, link, write."""
    files = [*source.glob("enrolment/*.parquet"), *source.glob("care/*.parquet")]
    shards = shards_for(sum(pq.read_metadata(path).num_rows for path in files))
    out.mkdir(exist_ok=True)
    pq.write_table(linked(source, shards).cells, out / "cells.parquet", compression="zstd")


def linked(
    source: Path,
    shards: int,
    memory_limit_mb: int = MEMORY_LIMIT_MB,
    engine: Engine | None = None,
) -> Linked:
    """Link what was drawn, in so many shards; on the embedded engine unless given another."""
    reference = Reference.load(source / "reference.json")
    periods = [school_year(2000 + code) for code in PERIODS]
    settings = EngineSettings(memory_limit_mb=memory_limit_mb, threads=THREADS)
    covered = covered_places(source)
    if shards == 1 and engine is None:
        deliveries = list(delivered(source))
        objections = [each for each in deliveries if each.schema == OBJECTION.name]
        others = [each for each in deliveries if each.schema != OBJECTION.name]
        return link(others, objections, reference, periods, covered, settings)
    with StagedShards(shards) as staged:
        for each in delivered(source):
            staged.add(each)
        return link_shards(
            staged,
            staged.suppliers,
            reference,
            periods,
            covered,
            settings,
            count=shards,
            engine=engine,
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
