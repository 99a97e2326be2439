"""Shards that do not fit in memory together: sealed chunks in a file that has no name.

Deliveries come part by part. Their rows are divided over shards by the leading bytes of the link
id, and written as chunks of Arrow IPC, each sealed with AES-256-GCM. Shard after shard is then
read, opened and linked. What keeps a row from whoever holds the disk:

1. The key is drawn here, lives in this object only and dies with it.
2. A chunk is sealed with a nonce that no other chunk has, and bound to its shard, its schema and
   its place in their order: altered, moved or swapped, it does not open.
3. How many chunks a shard has, and where they lie, is kept in memory: none can be left out.
4. The file has no name in any folder. It is gone when the process ends, however it ends.

On a volume that is declared and known to be encrypted (``volumes``), 1 and 2 are left to it.

Source: DESIGN 5.
"""

from __future__ import annotations

import errno
import os
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linker.linkage.inputs import LINK_ID, Delivered, Inputs, Suppliers
from linker.linkage.octets import as_octets
from linker.linkage.rekey import LINK_ID_BYTES
from shared.contract.deliveries import OBJECTION
from shared.errors import StorageError, TrustError

_PURPOSE = b"MOJ/1 staged shard"
_NONCE_BYTES = 12
_SUPPLIER_NO = "supplier_no"
_RELATIONS = tuple(field.name for field in fields(Inputs))
CHUNK_ROWS = 65_536
"""Rows of one schema that a shard gathers before they are sealed."""
ROWS_PER_SHARD = 1_000_000
"""Rows that the engine takes at once, which it can within a limit of 1 GB."""


def shards_for(rows: int, rows_per_shard: int = ROWS_PER_SHARD) -> int:
    """How many shards hold so many rows."""
    return max(1, -(-rows // rows_per_shard))


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Where a chunk lies, and how often the key had been used before it.

    Attributes:
        check: of what was written, where it is not sealed: shows accidents, no attacks.
    """

    offset: int
    length: int
    use: int
    check: int


class StagedShards:
    """The deliveries of one linkage, divided over shards; iterate for the inputs of each.

    Every person is in exactly one shard. Use it in a ``with`` block; after it nothing is left.

    Args:
        shards: into how many disjoint sets of persons the rows are divided.
        folder: on whose volume the file lies; the system's temporary folder if None.
        chunk_rows: rows of one schema that a shard gathers before they are written.
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
        self._chunk_rows = chunk_rows
        self._box = AESGCM(AESGCM.generate_key(bit_length=256)) if sealed else None
        self._uses = self._end = 0
        self._seen: dict[tuple[str, str], int] = {}
        self._waiting: dict[tuple[int, str], list[pa.Table]] = {}
        self._chunks: dict[tuple[int, str], list[_Chunk]] = {}
        self._schemas: dict[str, pa.Schema] = {
            name: getattr(Inputs.of((), ()), name).schema for name in _RELATIONS
        }
        # Open for as long as this object is: ``__exit__`` closes it, and then it is gone.
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - __exit__ closes

    def __enter__(self) -> StagedShards:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._waiting.clear()
        self._file.close()

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
            rows: pa.Table = getattr(inputs, name)
            if len(rows):
                self._divide(name, rows)

    def _divide(self, name: str, rows: pa.Table) -> None:
        shard = np.concatenate(
            [_shard_of(chunk, self._shards) for chunk in rows.column(LINK_ID).chunks]
        )
        order = np.argsort(shard, kind="stable")
        sorted_rows = rows.take(pa.array(order))
        bounds = np.searchsorted(shard[order], np.arange(self._shards + 1))
        for index, (start, end) in enumerate(pairwise(bounds)):
            if start < end:
                waiting = self._waiting.setdefault((index, name), [])
                waiting.append(sorted_rows.slice(start, end - start))
                if sum(map(len, waiting)) >= self._chunk_rows:
                    self._seal(index, name)

    def _seal(self, index: int, name: str) -> None:
        rows = pa.concat_tables(self._waiting.pop((index, name))).combine_chunks()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
        chunks = self._chunks.setdefault((index, name), [])
        written = sink.getvalue().to_pybytes()
        if self._box is not None:
            nonce = self._uses.to_bytes(_NONCE_BYTES, "big")
            written = self._box.encrypt(nonce, written, _place(index, name, len(chunks)))
        self._write(written)
        chunks.append(_Chunk(self._end, len(written), self._uses, zlib.crc32(written)))
        self._end += len(written)
        self._uses += 1

    def _write(self, sealed: bytes) -> None:
        left, offset = memoryview(sealed), self._end
        try:
            while left:
                written = os.pwrite(self._file.fileno(), left, offset)
                left, offset = left[written:], offset + written
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise StorageError(
                "staging-full",
                "expected room for the sealed shards of this linkage, found the volume full",
                hint="give the staging folder more room; the round stays closed, link it again",
            ) from None

    def __iter__(self) -> Iterator[Inputs]:
        """The inputs of shard after shard; each is opened when it is asked for.

        Raises:
            TrustError: ``staged-chunk-altered``.
        """
        for index, name in sorted(self._waiting):
            self._seal(index, name)
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

    def _open(self, index: int, name: str, order: int, chunk: _Chunk) -> pa.Table:
        plain = os.pread(self._file.fileno(), chunk.length, chunk.offset)
        try:
            if self._box is not None:
                nonce = chunk.use.to_bytes(_NONCE_BYTES, "big")
                plain = self._box.decrypt(nonce, plain, _place(index, name, order))
            elif zlib.crc32(plain) != chunk.check:
                raise InvalidTag
        except InvalidTag:
            raise TrustError(
                "staged-chunk-altered",
                f"expected chunk {order + 1} of {name} in shard {index + 1} as it was written, "
                "found other bytes",
                hint="nothing was counted; find out who can write on the staging volume, then link "
                "the round again",
            ) from None
        with pa.ipc.open_stream(pa.py_buffer(plain)) as reader:
            return reader.read_all()


def _place(index: int, name: str, order: int) -> bytes:
    """What a chunk is bound to: its shard, its schema and its place in their order."""
    return b"\x00".join(
        (_PURPOSE, index.to_bytes(4, "big"), name.encode("ascii"), order.to_bytes(4, "big"))
    )


def _shard_of(ids: pa.Array, shards: int) -> npt.NDArray[np.uint16]:
    """The shard of every link id: the range of leading bytes in which it falls."""
    leading = np.ascontiguousarray(as_octets(ids, LINK_ID_BYTES)[:, :4]).view(">u4").reshape(-1)
    return (leading.astype(np.uint64) * np.uint64(shards) >> np.uint64(32)).astype(np.uint16)
