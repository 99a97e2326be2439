"""Make pseudonyms of many numbers in a process beside this one.

Making them holds the interpreter's lock, and so does much of checking: threads take turns, two
processes do not. Only on Linux, where a process starts in a moment and shares its memory; what
it is given and gives back goes through pipes, and nothing of it touches a disk.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from shared.hashing.pseudonym import digests

_SIZE = struct.Struct("<Q")
WORTH_ROWS = 10_000
"""For fewer numbers a process costs more than it saves."""
CAN_FORK = sys.platform == "linux"


class Beside:
    """A process that turns numbers of one width into digests, one block at a time."""

    def __init__(self, key: bytes) -> None:
        self._to_child, self._from_child, self._pid = _start(key)
        self._asked = False

    def ask(self, numbers: bytes, width: int) -> None:
        """Give a block of numbers; its digests must be taken before the next one is given."""
        assert not self._asked
        self._to_child.write(_SIZE.pack(width) + _SIZE.pack(len(numbers)) + numbers)
        self._to_child.flush()
        self._asked = True

    def take(self) -> bytes:
        """The digests of the block that was asked for, one after another."""
        assert self._asked
        self._asked = False
        return _read(self._from_child)

    def end(self) -> None:
        """Let the process end, and wait for it."""
        with ExitStack() as ending:  # all of it, also where a pipe is broken
            ending.callback(os.waitpid, self._pid, 0)
            ending.callback(self._from_child.close)
            ending.callback(self._to_child.close)


def _start(key: bytes) -> tuple[BinaryIO, BinaryIO, int]:
    child_reads, parent_writes = os.pipe()
    parent_reads, child_writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        # Nothing of the parent runs here: no clean-up, no buffers, no other thread.
        status = 1
        try:
            os.close(parent_writes)
            os.close(parent_reads)
            _serve(key, os.fdopen(child_reads, "rb"), os.fdopen(child_writes, "wb"))
            status = 0
        finally:
            os._exit(status)
    os.close(child_reads)
    os.close(child_writes)
    return os.fdopen(parent_writes, "wb"), os.fdopen(parent_reads, "rb"), pid


def _serve(key: bytes, asked: BinaryIO, given: BinaryIO) -> None:
    """Answer block after block until the other side closes."""
    while head := asked.read(_SIZE.size):
        (width,) = _SIZE.unpack(head)
        numbers = _read(asked)
        made = digests(key, [numbers[k : k + width] for k in range(0, len(numbers), width)])
        given.write(_SIZE.pack(len(made)) + made)
        given.flush()


def _read(source: BinaryIO) -> bytes:
    """A block with its length before it."""
    head = source.read(_SIZE.size)
    data = source.read(_SIZE.unpack(head)[0]) if len(head) == _SIZE.size else b""
    if not data:
        raise RuntimeError("the process that makes pseudonyms ended too early")
    return data


@contextmanager
def beside(key: bytes) -> Iterator[Beside]:
    """Such a process, for as long as the block runs."""
    process = Beside(key)
    try:
        yield process
    finally:
        process.end()
