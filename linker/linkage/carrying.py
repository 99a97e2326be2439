"""Care of clients on its way from shards of persons to parts of schools.

A shard holds persons of the whole country, a few per school: what is counted of one shard is
hardly smaller than its rows. So where there are more shards, a shard only says who is a client and
of what; its rows wait here, divided by school, and are counted when those of all shards are there.
Schools of one municipality are in one part, because most of their pupils live there too.

A row holds no link id: clients have numbers, which are new in every part. Where the shards are
staged, so are rows that would take too much memory while they wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

import numpy as np
import pyarrow as pa

from linker.linkage.count_stages import Place
from linker.linkage.database import Stage
from linker.linkage.facts import Ints, run_starts
from linker.linkage.sealed_file import Chunk, SealedFile, packed, place_of, unpacked
from linker.linkage.stages import care_columns
from shared.reference import Reference

_PURPOSE = b"MOJ/1 carried care"
WAITING_ROWS = 2_000_000
"""Rows of about 90 bytes that wait in memory before they are staged."""
_CLIENT = ("period", Place.SCHOOL.value, Place.RESIDENCE.value, "flow")


def carried() -> Stage:
    """Every row of care of a client, with the client's own columns."""
    columns = [*(f"clients.{name}" for name in ("pp", *_CLIENT)),
               *(f"client_care.{name}" for name in care_columns())]  # fmt: skip
    return Stage(
        "carried",
        f"SELECT {', '.join(columns)} FROM client_care "  # noqa: S608 - from the definitions
        "JOIN clients ON clients.pp = client_care.pp",
    )


class Carried:
    """Rows of all shards by part; more than one thread may add and take.

    Args:
        reference: whose schools are divided.
        parts: into how many sets of schools.
        file: where rows are staged; without one they all wait in memory.
        waiting_rows: how many wait in memory where there is a file.
    """

    def __init__(
        self,
        reference: Reference,
        parts: int,
        file: SealedFile | None = None,
        waiting_rows: int = WAITING_ROWS,
    ) -> None:
        self._part_of = _part_of(reference, parts)
        self._waiting: list[list[pa.Table]] = [[] for _ in range(parts)]
        self._chunks: list[list[Chunk]] = [[] for _ in range(parts)]
        self._file = file
        self._rows = 0
        self._most = waiting_rows
        self._lock = Lock()

    def add(self, shard: int, rows: pa.Table) -> None:
        """Keep the answer to ``carried`` of one shard, whose clients no other shard has.

        Raises:
            StorageError: ``staging-full``.
        """
        part = self._part_of[rows.column(Place.SCHOOL.value).to_numpy()]
        order = np.argsort(part, kind="stable")
        numbered = rows.column("pp").to_numpy() | np.int64(shard) << 32
        rows = rows.set_column(0, "pp", pa.array(numbered)).take(pa.array(order))
        bounds = np.searchsorted(part[order], np.arange(len(self._waiting) + 1))
        with self._lock:
            for number, waiting in enumerate(self._waiting):
                waiting.append(rows.slice(bounds[number], bounds[number + 1] - bounds[number]))
            self._rows += len(rows)
            if self._file is not None and self._rows > self._most:
                self._stage(self._file)

    def _stage(self, file: SealedFile) -> None:
        for number, waiting in enumerate(self._waiting):
            chunks = self._chunks[number]
            plain = packed(pa.concat_tables(waiting).combine_chunks())
            chunks.append(file.write(plain, place_of(_PURPOSE, number, len(chunks))))
            waiting.clear()
        self._rows = 0

    def take(self, part: int) -> dict[str, pa.Table]:
        """``client_care`` and ``clients`` of a part; here they are gone.

        Clients are numbered by period and school, so that what is counted together stands
        together.

        Raises:
            TrustError: ``staged-chunk-altered``.
        """
        rows = pa.concat_tables([*self._staged(part), *self._waiting[part]]).combine_chunks()
        self._waiting[part] = []
        keys = [rows.column(name).to_numpy() for name in ("pp", Place.SCHOOL.value, "period")]
        order = np.lexsort(keys)
        rows = rows.take(pa.array(order))
        starts = run_starts(keys[0][order])
        numbers = np.repeat(np.arange(1, len(starts) + 1), np.diff(starts, append=len(rows)))
        rows = rows.set_column(0, "pp", pa.array(numbers))
        clients = rows.select(["pp", *_CLIENT]).take(pa.array(starts))
        return {"client_care": rows.select(["pp", *care_columns()]), "clients": clients}

    def _staged(self, part: int) -> Iterator[pa.Table]:
        chunks, self._chunks[part] = self._chunks[part], []
        for order, chunk in enumerate(chunks):
            assert self._file is not None
            what = f"chunk {order + 1} of the care of clients in part {part + 1}"
            yield unpacked(self._file.read(chunk, place_of(_PURPOSE, part, order), what))


def _part_of(reference: Reference, parts: int) -> Ints:
    """The part of every school by its number, about as many schools in each."""
    order = sorted(
        range(len(reference.schools)), key=lambda school: reference.schools[school].municipality
    )
    found = np.zeros(len(order) + 1, np.int64)  # that of no school in the bundle is the first
    found[1 + np.array(order, np.int64)] = np.arange(len(order)) * parts // max(len(order), 1)
    return found
