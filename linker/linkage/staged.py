"""Shards that do not fit in memory together: sealed chunks in a file that has no name.

Deliveries come part by part. Their rows are divided over shards by the leading bytes of the link
id, and written as chunks of Arrow IPC in a sealed file (``sealed_file``), each bound to its shard,
its schema and its place in their order. Shard after shard is then read, opened and linked.

Source: DESIGN 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linker.linkage.inputs import LINK_ID, Delivered, Inputs, Suppliers
from linker.linkage.octets import as_octets
from linker.linkage.rekey import LINK_ID_BYTES
from linker.linkage.sealed_file import Chunk, SealedFile, packed, place_of, unpacked
from shared.contract.deliveries import OBJECTION

_PURPOSE = b"MOJ/1 staged shard"
_SUPPLIER_NO = "supplier_no"
_RELATIONS = tuple(field.name for field in fields(Inputs))
CHUNK_ROWS = 65_536
"""Rows of one schema that wait for each shard, on average, before they are sealed."""
WAITING_ROWS = 1_500_000
"""Rows of one schema that wait at most: of many shards fewer for each."""
ROWS_PER_SHARD = 1_000_000
"""Rows that the engine takes at once, which it can within a limit of 1 GB."""


def shards_for(rows: int, rows_per_shard: int = ROWS_PER_SHARD) -> int:
    """How many shards hold so many rows."""
    return max(1, -(-rows // rows_per_shard))


class StagedShards:
    """The deliveries of one linkage, divided over shards; iterate for the inputs of each.

    Every person is in exactly one shard. Use it in a ``with`` block; after it nothing is left.

    Attributes:
        file: where the chunks lie; the linkage of these shards stages the rest there too.

    Args:
        shards: into how many disjoint sets of persons the rows are divided.
        folder: on whose volume the file lies; the system's temporary folder if None.
        chunk_rows: rows of one schema that wait for each shard, on average, before they are
            written.
        sealed: whether chunks are sealed; only a volume that is encrypted may have them else.
    """

    def __init__(
        self,
        shards: int,
        folder: Path | None = None,
        chunk_rows: int = CHUNK_ROWS,
        *,
        sealed: bool = True,
    ) -> None:
        self._shards = shards
        self._most = min(chunk_rows * shards, WAITING_ROWS)
        self.file = SealedFile(folder, sealed=sealed)
        self._seen: dict[tuple[str, str], int] = {}
        self._waiting: dict[str, list[pa.Table]] = {name: [] for name in _RELATIONS}
        self._chunks: dict[tuple[int, str], list[Chunk]] = {}
        self._schemas: dict[str, pa.Schema] = {
            name: getattr(Inputs.of((), ()), name).schema for name in _RELATIONS
        }

    def __enter__(self) -> StagedShards:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for waiting in self._waiting.values():
            waiting.clear()
        self.file.close()

    def __len__(self) -> int:
        return self._shards

    @property
    def suppliers(self) -> Suppliers:
        """Who delivered what is counted, sorted; the numbers in the inputs are places in it."""
        return tuple(sorted(self._seen))

    def add(self, delivered: Delivered) -> None:
        """Divide the rows of a delivery, or of a part of one, over the shards.

        Raises:
            StorageError: ``staging-full``.
        """
        if delivered.schema != OBJECTION.name:
            self._seen.setdefault((delivered.supplier, delivered.schema), len(self._seen))
        inputs = Inputs.of([delivered], tuple(self._seen))
        for name in _RELATIONS:
            waiting = self._waiting[name]
            waiting.append(getattr(inputs, name))
            if sum(map(len, waiting)) >= self._most:
                self._seal(name)

    def _seal(self, name: str) -> None:
        """Divide what waits over the shards, all at once: deliveries are many, and some small."""
        rows = pa.concat_tables(self._waiting[name]).combine_chunks()
        self._waiting[name].clear()
        shard = _shard_of(rows.column(LINK_ID).chunk(0), self._shards)
        order = np.argsort(shard, kind="stable")
        bounds = np.searchsorted(shard[order], np.arange(self._shards + 1))
        for index, (start, end) in enumerate(pairwise(bounds)):
            if start < end:
                chunks = self._chunks.setdefault((index, name), [])
                place = place_of(_PURPOSE, index, name, len(chunks))
                mine = rows.take(pa.array(order[start:end]))
                chunks.append(self.file.write(packed(mine), place))

    def __iter__(self) -> Iterator[Inputs]:
        """The inputs of shard after shard; each is opened when it is asked for.

        Raises:
            TrustError: ``staged-chunk-altered``.
        """
        for name, waiting in self._waiting.items():
            if any(map(len, waiting)):
                self._seal(name)
        suppliers = self.suppliers
        places = {supplier: place for place, supplier in enumerate(suppliers)}
        numbers = np.array([places[supplier] for supplier in self._seen], dtype=np.uint16)
        for index in range(self._shards):
            yield Inputs(*(self._relation(index, name, numbers) for name in _RELATIONS))

    def _relation(self, index: int, name: str, numbers: npt.NDArray[np.uint16]) -> pa.Table:
        chunks = self._chunks.get((index, name), ())
        parts = [self._open(index, name, order, chunk) for order, chunk in enumerate(chunks)]
        rows = pa.concat_tables([self._schemas[name].empty_table(), *parts])
        position = rows.schema.get_field_index(_SUPPLIER_NO)
        if position < 0:
            return rows
        renumbered = pa.array(numbers[rows.column(position).to_numpy()], pa.uint16())
        return rows.set_column(position, rows.schema.field(position), renumbered)

    def _open(self, index: int, name: str, order: int, chunk: Chunk) -> pa.Table:
        place = place_of(_PURPOSE, index, name, order)
        what = f"chunk {order + 1} of {name} in shard {index + 1}"
        return unpacked(self.file.read(chunk, place, what))


def _shard_of(ids: pa.Array, shards: int) -> npt.NDArray[np.uint16]:
    """The shard of every link id: the range of leading bytes in which it falls."""
    leading = np.ascontiguousarray(as_octets(ids, LINK_ID_BYTES)[:, :4]).view(">u4").reshape(-1)
    return (leading.astype(np.uint64) * np.uint64(shards) >> np.uint64(32)).astype(np.uint16)
