"""Fixed-width Arrow columns seen as numpy bytes, without a copy per row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Octets = npt.NDArray[np.uint8]


def as_octets(array: pa.Array, width: int) -> Octets:
    """The values of one fixed-width Arrow array as rows of ``width`` bytes.

    Raises:
        RuntimeError: the array has another type or holds nulls; a programmer's error.
    """
    if array.type != pa.binary(width) or array.null_count:
        raise RuntimeError(f"expected {width} bytes without nulls, got {array.type}")
    start = array.offset * width
    flat = np.frombuffer(array.buffers()[1], dtype=np.uint8, count=len(array) * width, offset=start)
    return flat.reshape(len(array), width)


def from_octets(values: bytes, width: int) -> pa.Array:
    """An Arrow array of fixed-width values from their concatenated bytes."""
    length = len(values) // width
    return pa.Array.from_buffers(pa.binary(width), length, [None, pa.py_buffer(values)])
