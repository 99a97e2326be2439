"""Reading an uploaded envelope in two steps: the header first, the body only when admitted.

Bodies in memory have a bound together: who comes when there is no room waits, and the network
holds what it has not sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from shared.envelope import MAX_BODY_BYTES, Header
from shared.errors import BusyError, InputError

ROOM_SECONDS = 60
"""How long an upload waits for room before it is told to come back."""


class Room:
    """Memory for bodies that are being received and stored, first come first served.

    Args:
        size: bytes of bodies at the same time; never less than one body may have.
        seconds: how long to wait.
    """

    def __init__(self, size: int = MAX_BODY_BYTES, seconds: float = ROOM_SECONDS) -> None:
        self._free = max(size, MAX_BODY_BYTES)
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def for_body(self, header: Header) -> AsyncIterator[None]:
        """Room for the body that an admitted header announces.

        Raises:
            BusyError: ``no-room``.
        """
        size = header.seal.bytes
        try:
            # The lock keeps the order: a large body is not passed by small ones for ever.
            async with asyncio.timeout(self._seconds), self._turn, self._freed:
                await self._freed.wait_for(lambda: self._free >= size)
                self._free -= size
        except TimeoutError as error:
            raise BusyError(
                "no-room",
                "expected room for the body, found that others are being received",
                hint="nothing was stored; send it again later",
            ) from error
        try:
            yield
        finally:
            async with self._freed:
                self._free += size
                self._freed.notify_all()


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload of which at least the header's bytes were read."""

    head: bytes
    _rest: AsyncIterator[bytes]

    async def body(self, header: Header) -> bytes:
        """The ciphertext, exactly as many bytes as the signed header says.

        Raises:
            InputError: ``body-longer`` as soon as one byte too many arrives.
        """
        received = bytearray(self.head[header.size :])
        _check_length(len(received), header)
        with _whole_uploads():
            async for chunk in self._rest:
                _check_length(len(received) + len(chunk), header)
                received += chunk
        return bytes(received)


@contextmanager
def _whole_uploads() -> Iterator[None]:
    """A client that goes away half-way is no error of the service; nothing was stored."""
    try:
        yield
    except ClientDisconnect as error:
        raise InputError(
            "upload-cut-off",
            "expected the whole envelope, found that the connection ended",
            hint="send it again",
        ) from error


def _check_length(length: int, header: Header) -> None:
    if length > header.seal.bytes:
        raise InputError(
            "body-longer",
            f"expected {header.seal.bytes} bytes of body as in the header, found more",
            hint="send the file exactly as the hasher wrote it",
        )


async def read_upload(request: Request, header_bytes: int) -> Upload:
    """Read until ``header_bytes`` are there or the upload ends."""
    chunks = aiter(request.stream())
    head = bytearray()
    with _whole_uploads():
        async for chunk in chunks:
            head += chunk
            if len(head) >= header_bytes:
                break
    return Upload(bytes(head), chunks)
