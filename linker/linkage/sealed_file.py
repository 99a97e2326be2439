"""A file without a name that holds sealed chunks: what a linkage cannot hold in memory.

What keeps a row from whoever holds the disk:

1. The key is drawn here, lives in this object only and dies with it.
2. A chunk is sealed with a nonce that no other chunk has, and bound to its place: altered, moved
   or swapped, it does not open.
3. How many chunks there are, and where they lie, is kept in memory: none can be left out.
4. The file has no name in any folder. It is gone when the process ends, however it ends.

On a volume that is declared and known to be encrypted (``volumes``), 1 and 2 are left to it.

Source: DESIGN 5.
"""

from __future__ import annotations

import errno
import os
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import StorageError, TrustError

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where a chunk lies, and how often the key had been used before it.

    Attributes:
        check: of what was written, where it is not sealed: shows accidents, no attacks.
    """

    offset: int
    length: int
    use: int
    check: int


class SealedFile:
    """Chunks that come back as they were written; more than one thread may write and read.

    Args:
        folder: on whose volume the file lies; the system's temporary folder if None.
        sealed: whether chunks are sealed; only a volume that is encrypted may have them else.
    """

    def __init__(self, folder: Path | None = None, *, sealed: bool = True) -> None:
        self._box = AESGCM(AESGCM.generate_key(bit_length=256)) if sealed else None
        self._uses = self._end = 0
        self._lock = Lock()
        # Open for as long as this object is: ``close`` closes it, and then it is gone.
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - close closes

    def close(self) -> None:
        """Forget everything."""
        self._file.close()

    def write(self, plain: bytes, place: bytes) -> Chunk:
        """Write a chunk at the end.

        Args:
            place: what it is bound to; whoever reads it must name the same.

        Raises:
            StorageError: ``staging-full``.
        """
        with self._lock:
            use, self._uses = self._uses, self._uses + 1
        if self._box is not None:
            written, check = self._box.encrypt(_nonce(use), plain, place), 0
        else:
            written, check = plain, zlib.crc32(plain)
        with self._lock:
            offset, self._end = self._end, self._end + len(written)
        self._write(written, offset)
        return Chunk(offset, len(written), use, check)

    def _write(self, sealed: bytes, offset: int) -> None:
        left = memoryview(sealed)
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

    def read(self, chunk: Chunk, place: bytes, what: str) -> bytes:
        """What was written.

        Args:
            what: names the chunk in an error; never a value.

        Raises:
            TrustError: ``staged-chunk-altered``.
        """
        plain = os.pread(self._file.fileno(), chunk.length, chunk.offset)
        try:
            if self._box is not None:
                return self._box.decrypt(_nonce(chunk.use), plain, place)
            if zlib.crc32(plain) != chunk.check:
                raise InvalidTag
        except InvalidTag:
            raise TrustError(
                "staged-chunk-altered",
                f"expected {what} as it was written, found other bytes",
                hint="nothing was counted; find out who can write on the staging volume, then link "
                "the round again",
            ) from None
        return plain


def _nonce(use: int) -> bytes:
    return use.to_bytes(_NONCE_BYTES, "big")


def place_of(purpose: bytes, *parts: int | str) -> bytes:
    """What a chunk is bound to, as bytes: no two places have the same."""
    named = (part.to_bytes(4, "big") if isinstance(part, int) else part.encode("ascii")
             for part in parts)  # fmt: skip
    return b"\x00".join((purpose, *(len(part).to_bytes(2, "big") + part for part in named)))


def packed(rows: pa.Table, compression: str | None = None) -> bytes:
    """A table as bytes to write."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_table(rows)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def unpacked(plain: bytes) -> pa.Table:
    """A table from bytes that were read."""
    with pa.ipc.open_stream(pa.py_buffer(plain)) as reader:
        return reader.read_all()
