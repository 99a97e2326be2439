"""``make spark-demo``: one drawn region, linked by both engines, compared cell by cell."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks.linkage.ours import linked
from benchmarks.linkage.scale import REGION
from benchmarks.linkage.source import write_source
from deploy.spark_demo.cluster import QUICK_JAVA, NotStartedError, absent, running
from linker.linkage.database import EngineSettings
from linker.linkage.engines import open_engine

SHARE_OF_A_REGION = 0.1
SHARDS = 2
EXECUTOR_MEMORY_MB = 700


@click.command(help=__doc__)
@click.option("--share", type=click.FloatRange(min=0.01, max=10), default=SHARE_OF_A_REGION,
              show_default=True, help="Size of the population, as a share of a region")  # fmt: skip
def main(share: float) -> None:
    """See the module."""
    os.environ.update(QUICK_JAVA)
    if missing := absent():
        raise click.ClickException(f"this needs {missing}; see CONTRIBUTING.md")
    with tempfile.TemporaryDirectory(prefix="spark-demo-") as folder:
        source = Path(folder) / "source"
        drawn = write_source(source, REGION.times(share))
        click.echo(f"drawn: {drawn.enrolment_rows:,} rows of pupils, {drawn.care_rows:,} of care")
        started = time.perf_counter()
        embedded = linked(source, SHARDS)
        click.echo(f"duckdb: {len(embedded.cells):,} cells, {time.perf_counter() - started:.1f} s")
        try:
            with running() as cluster:
                click.echo(f"cluster: {cluster.url}, two workers")
                started = time.perf_counter()
                settings = EngineSettings(memory_limit_mb=EXECUTOR_MEMORY_MB)
                with open_engine(settings, cluster.environment()) as engine:
                    found = linked(source, SHARDS, engine=engine)
                seconds = time.perf_counter() - started
        except NotStartedError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"spark: {len(found.cells):,} cells, {seconds:.1f} s")
    same = found.cells.equals(embedded.cells) and found.quality == embedded.quality
    click.echo("identical cell by cell" if same else "DIFFERENT")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
