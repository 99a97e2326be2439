"""Facts as bytes: a line that says what follows, then every matrix as it lies in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import numpy as np

from linker.linkage.count_stages import Place
from linker.linkage.facts import Facts
from linker.linkage.rollup import FactsKey

_ALIGNED = 8


def packed_facts(facts: Mapping[FactsKey, Facts]) -> bytes:
    """Facts by family, place and grain as bytes."""
    head, parts = [], []
    for (family, place, grain), each in facts.items():
        shapes = []
        for matrix in (each.keys, each.counts, each.amounts, each.first, each.second):
            shapes.append([matrix.dtype.str, *matrix.shape])
            parts.append(matrix.tobytes())
            parts.append(bytes(-matrix.nbytes % _ALIGNED))
        head.append([family, place.value, grain, shapes])
    line = json.dumps(head).encode("ascii")
    return b"".join((line, b" " * (-(len(line) + 1) % _ALIGNED), b"\n", *parts))


def unpacked_facts(plain: bytes) -> Iterator[tuple[FactsKey, Facts]]:
    """The facts that were packed; nobody may change them where they are."""
    offset = plain.index(b"\n") + 1
    for family, place, grain, shapes in json.loads(plain[:offset]):
        matrices = []
        for kind, rows, columns in shapes:
            size = rows * columns
            matrix = np.frombuffer(plain, np.dtype(kind), size, offset).reshape(rows, columns)
            matrices.append(matrix)
            offset += matrix.nbytes + (-matrix.nbytes % _ALIGNED)
        yield (family, Place(place), grain), Facts(*matrices)
