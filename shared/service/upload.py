"""Reading an uploaded envelope in two steps: the header first, the body only when admitted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Request

from shared.envelope import Header
from shared.errors import InputError


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
        async for chunk in self._rest:
            _check_length(len(received) + len(chunk), header)
            received += chunk
        return bytes(received)


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
    async for chunk in chunks:
        head += chunk
        if len(head) >= header_bytes:
            break
    return Upload(bytes(head), chunks)
