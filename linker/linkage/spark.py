"""The same stages on Apache Spark: for a population that one machine is too slow for.

The SQL text is the one that DuckDB gets, carried over by sqlglot; nothing is defined twice. Rows
come to the driver as they come to the embedded engine: shard by shard, opened in memory. What
keeps them from a disk and a wire in clear, checked when the session has begun:

1. ``spark.io.encryption``: what an executor writes (shuffles, spills, cached blocks) is encrypted
   under a key that lives in the application; the driver hands rows over by a socket, not by a file.
2. ``spark.network.crypto`` with ``spark.authenticate``: what travels is encrypted, and nobody
   joins without the cluster's secret.
3. No event log and no web page: plans and their literals are kept nowhere.

A stage that is kept is checkpointed where it was made: if the executor that holds it is lost, the
linkage stops. It is never made a second time, which could number persons otherwise.

Source: DESIGN 5; Spark 4 security documentation.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import TracebackType
from typing import cast

import pyarrow as pa
import sqlglot
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from linker.linkage.database import EngineSettings, Stage
from shared.errors import ConfigurationError, StateError

APPLICATION = "monitor-onderwijs-jeugdhulp"
_OUT_OF_MEMORY = ("OutOfMemoryError", "SparkOutOfMemory", "maxResultSize")
_GUARDS = {
    "spark.authenticate": "true",
    "spark.io.encryption.enabled": "true",
    "spark.io.encryption.keySizeBits": "256",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.cipher": "AES/GCM/NoPadding",
    "spark.eventLog.enabled": "false",
    "spark.ui.enabled": "false",
}
_WORK = {
    "spark.sql.ansi.enabled": "true",  # an overflow is an error, never another number
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Wide sums do not fit in a compiled method, and even shards leave nothing to adapt to.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
}
_SIGNED = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.int64(),
}


class SparkEngine:
    """One Spark application for one linkage; close it and everything is gone.

    Args:
        url: of the cluster's master, ``spark://host:port``.
        secret: of the cluster; every master and worker has it too.
        host: under which the executors reach this process.
    """

    def __init__(
        self, url: str, settings: EngineSettings, secret: str, host: str = "127.0.0.1"
    ) -> None:
        builder = SparkSession.builder.master(url).appName(APPLICATION)
        options = {
            **_GUARDS,
            **_WORK,
            "spark.authenticate.secret": secret,
            "spark.driver.host": host,
            "spark.driver.bindAddress": host,
            "spark.driver.memory": f"{settings.memory_limit_mb}m",
            "spark.executor.memory": f"{settings.memory_limit_mb}m",
            "spark.sql.shuffle.partitions": str(settings.threads),
            "spark.default.parallelism": str(settings.threads),
        }
        for option, value in options.items():
            builder = builder.config(option, value)
        self._session = builder.getOrCreate()
        self._kept: dict[str, DataFrame] = {}
        try:
            self._check_guards()
        except ConfigurationError:
            self._session.stop()
            raise

    def _check_guards(self) -> None:
        found = dict(self._session.sparkContext.getConf().getAll())
        for option, value in _GUARDS.items():
            if found.get(option) != value:
                raise ConfigurationError(
                    "engine-not-sealed",
                    f"expected Spark with {option} = {value}, found {found.get(option, 'nothing')}",
                    hint="remove this option from the cluster's own settings",
                )

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kept.clear()
        self._session.stop()

    @property
    def name(self) -> str:
        """Name and version of the engine, for the tally's header."""
        return f"spark {self._session.version}"

    def load(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table known as ``name``; a later load of the name replaces it."""
        with _failing_as(name):
            frame = self._session.createDataFrame(_signed(table))
            frame.createOrReplaceTempView(name)

    def define(self, stage: Stage) -> None:
        """Make a stage known by its name; a later definition replaces it."""
        with _failing_as(stage.name):
            frame = self._session.sql(spark_sql(stage.select))
            if stage.kept:
                frame = frame.localCheckpoint(eager=True)
                self._kept[stage.name] = frame
            frame.createOrReplaceTempView(stage.name)

    def fetch(self, stage: Stage) -> pa.Table:
        """The rows of a stage."""
        with _failing_as(stage.name):
            return self._session.sql(spark_sql(stage.select)).toArrow()

    def drop(self, name: str) -> None:
        """Forget a stage or relation, if it is there."""
        self._session.catalog.dropTempView(name)
        self._kept.pop(name, None)

    def hands(self) -> tuple[SparkEngine, ...]:
        """Itself alone: Spark divides the work of one question over its executors."""
        return (self,)


@cache
def spark_sql(select: str) -> str:
    """A stage's SELECT in Spark's dialect."""
    return sqlglot.transpile(select, read="duckdb", write="spark")[0]


@contextmanager
def _failing_as(stage: str) -> Iterator[None]:
    """Report a failure of the engine without its message, which can quote a value."""
    try:
        with warnings.catch_warnings():
            # Rows travel as Arrow; that pandas is newer than pyspark's tests does not matter.
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
            yield
    except (PySparkException, Py4JError) as error:
        if any(sign in str(error) for sign in _OUT_OF_MEMORY):
            raise StateError(
                "linkage-out-of-memory",
                f"expected stage {stage} to fit in the memory limit of the engine",
                hint="link again with more shards or a higher memory limit",
            ) from None
        raise RuntimeError(f"stage {stage} failed: {type(error).__name__}") from None


def _signed(table: pa.Table) -> pa.Table:
    """Types that Spark has: signed integers that hold as much, plain bytes and text."""
    fields = [pa.field(field.name, _type(field.type)) for field in table.schema]
    return cast(pa.Table, table.cast(pa.schema(fields)))


def _type(of: pa.DataType) -> pa.DataType:
    if pa.types.is_fixed_size_binary(of):
        return pa.binary()
    if pa.types.is_dictionary(of):
        return of.value_type
    return _SIGNED.get(of, of)
