"""The linkage on a Spark cluster of this machine is the linkage of the embedded engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.linkage.ours import linked
from benchmarks.linkage.scale import REGION
from benchmarks.linkage.source import write_source
from deploy.spark_demo.cluster import QUICK_JAVA, Cluster, absent, running
from linker.linkage.database import EngineSettings, Stage
from linker.linkage.engines import open_engine

SHARE_OF_A_REGION = 0.02
SETTINGS = EngineSettings(memory_limit_mb=700)

pytestmark = [
    pytest.mark.skipif(bool(absent()), reason=f"Spark is not installed: {absent()} is absent"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # py4j's own sockets
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch, running() as cluster:
        for name, value in QUICK_JAVA.items():
            patch.setenv(name, value)
        yield cluster


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "source"
    write_source(folder, REGION.times(SHARE_OF_A_REGION))
    return folder


def test_every_cell_is_identical(cluster: Cluster, source: Path) -> None:
    embedded = linked(source, 2)
    with open_engine(SETTINGS, cluster.environment()) as engine:
        spark = linked(source, 1, engine=engine)
    assert len(embedded.cells) > 5_000
    assert spark.cells.schema == embedded.cells.schema
    assert spark.cells.to_pylist() == embedded.cells.to_pylist()
    for field in dataclasses.fields(embedded):
        if field.name != "store":
            assert getattr(spark, field.name) == getattr(embedded, field.name), field.name


def test_a_failing_stage_tells_no_value(cluster: Cluster) -> None:
    with open_engine(SETTINGS, cluster.environment()) as engine:
        engine.load("rows", pa.table({"secret": ["999000001"]}))
        stage = Stage("broken", "SELECT CAST(secret || 'x' AS INTEGER) AS n FROM rows")
        with pytest.raises(RuntimeError) as caught:
            engine.define(stage)
    assert "999000001" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_overflow_is_no_number(cluster: Cluster) -> None:
    with open_engine(SETTINGS, cluster.environment()) as engine:
        engine.load("rows", pa.table({"n": [1 << 62, 1 << 62]}))
        with pytest.raises(RuntimeError, match="stage sums failed"):
            engine.fetch(Stage("sums", "SELECT CAST(sum(n) AS BIGINT) AS n FROM rows"))
