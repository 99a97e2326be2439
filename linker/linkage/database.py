"""The embedded engine: DuckDB in memory, which never spills and reaches nothing outside.

Four verbs are all that a linkage asks of an engine: load a relation, define one by a SELECT,
fetch one, drop one. Another engine or SQL dialect implements the same four. What a shard is asked
is too little for two threads together, so that more *hands* each take a shard: connections with
stages and relations of their own, under one memory limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

import duckdb
import pyarrow as pa

from linker.linkage.inputs import LINK_ID
from linker.linkage.staged import ROWS_PER_SHARD
from shared.errors import ConfigurationError, StateError

ENGINE = f"duckdb {duckdb.__version__}"
"""Name and version of the engine, for the tally's header."""

_LOCKDOWN = (
    "SET temp_directory = ''",  # person-level rows never reach a disk
    "SET max_temp_directory_size = '0B'",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET allow_persistent_secrets = false",
    "SET python_enable_replacements = false",  # a relation is loaded by name or not at all
    "SET preserve_insertion_order = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How much of this machine a linkage may use.

    Attributes:
        memory_limit_mb: what the engine may hold; over it the linkage stops, it never spills.
        threads: worker threads.
        shards: into how many disjoint sets of persons the work is divided, one after another.
        shard_rows: rows that are held at once; of a round with more, sealed shards are staged.
    """

    memory_limit_mb: int = 1024
    threads: int = 2
    shards: int = 1
    shard_rows: int = ROWS_PER_SHARD

    def __post_init__(self) -> None:
        if min(self.memory_limit_mb, self.threads, self.shards, self.shard_rows) < 1:
            raise ConfigurationError(
                "engine-settings-invalid",
                "expected memory limit, threads and shards of at least 1",
                hint="mend the linkage settings of this linker",
            )


@dataclass(frozen=True, slots=True)
class Stage:
    """A named SELECT; ``kept`` is stored, otherwise evaluated where it is used."""

    name: str
    select: str
    kept: bool = True


class Hand:
    """One connection to the engine; a thread asks by one that no other thread has."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def load(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table known as ``name``; a later load of the name replaces it."""
        self._connection.register(name, _with_native_ids(table))

    def define(self, stage: Stage) -> None:
        """Make a stage known by its name; a later definition replaces it."""
        kind = "TABLE" if stage.kept else "VIEW"
        with _failing_as(stage):
            self._connection.execute(
                f"CREATE OR REPLACE TEMP {kind} {stage.name} AS {stage.select}"
            )

    def fetch(self, stage: Stage) -> pa.Table:
        """The rows of a stage."""
        with _failing_as(stage):
            return self._connection.sql(stage.select).to_arrow_table()

    def drop(self, name: str) -> None:
        """Forget a stage that is kept, if it is there; its memory is free at once."""
        self._connection.execute(f"DROP TABLE IF EXISTS {name}")

    def close(self) -> None:
        """Forget every stage and relation of this hand."""
        self._connection.close()

    def hands(self) -> Sequence[Hand]:
        """What may be asked beside one another."""
        return (self,)


class Database(Hand):
    """One DuckDB in memory for one linkage; close it and everything is gone.

    Args:
        settings: what this machine allows.
        hands: how many threads will ask something at the same time, each with a hand of its own;
            at most the threads of the settings.
    """

    def __init__(self, settings: EngineSettings, hands: int = 1) -> None:
        super().__init__(duckdb.connect(":memory:"))
        self._connection.execute(f"SET memory_limit = '{settings.memory_limit_mb}MB'")
        self._connection.execute(f"SET threads = {settings.threads}")
        # Threads that ask work too: those of the engine are so many fewer.
        self._connection.execute(f"SET external_threads = {hands}")
        for statement in _LOCKDOWN:
            self._connection.execute(statement)
        self._others = tuple(Hand(self._connection.cursor()) for _ in range(hands - 1))

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for hand in (*self._others, self):
            hand.close()

    def hands(self) -> Sequence[Hand]:
        """This one and the others; each knows its own stages and relations only."""
        return (self, *self._others)


@contextmanager
def _failing_as(stage: Stage) -> Iterator[None]:
    """Report a failure of the engine without its message, which can quote a value."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise StateError(
            "linkage-out-of-memory",
            f"expected stage {stage.name} to fit in the memory limit of the engine",
            hint="link again with more shards or a higher memory limit",
        ) from None
    except duckdb.Error as error:
        raise RuntimeError(f"stage {stage.name} failed: {type(error).__name__}") from None


def _with_native_ids(table: pa.Table) -> pa.Table:
    """Link ids as UUID: the engine's own 16-byte type, which joins faster than bytes do."""
    position = table.schema.get_field_index(LINK_ID)
    if position < 0:
        return table
    ids = [
        pa.ExtensionArray.from_storage(pa.uuid(), chunk) for chunk in table.column(position).chunks
    ]
    return table.set_column(position, LINK_ID, pa.chunked_array(ids, type=pa.uuid()))
