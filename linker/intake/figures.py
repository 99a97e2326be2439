"""Figures of a delivery: whole per cents that say how it is made up, and nothing about a person.

A code that fewer than ten rows have counts as absent, and no count is kept: what is stored of a
delivery when its rows are gone tells about no child. Counts of the contract's codes would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.columns import WireSchema
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION

DUPLICATES = "duplicates"
SMALLEST_COUNT = 10
"""Rows below which a code counts as absent."""

# Which rows repeat another: a pupil twice in a period, or care that is the same in every respect.
_REPEATS = {ENROLMENT.name: ("pseudonym", "period"), CARE.name: tuple(CARE.arrow.names)}
_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Figures:
    """How a delivery, or one part of it, is made up.

    Attributes:
        rows: how many it has.
        percents: by name, the share of its rows: ``form=2`` for a code, ``main`` for a yes,
            ``duplicates`` for rows that repeat another row of the same part.
    """

    rows: int
    percents: Mapping[str, int]

    def and_more(self, part: Figures) -> Figures:
        """The figures of a delivery with one more part."""
        rows = self.rows + part.rows
        names = sorted({*self.percents, *part.percents})
        return Figures(
            rows,
            {
                name: round(
                    (
                        self.percents.get(name, 0) * self.rows
                        + part.percents.get(name, 0) * part.rows
                    )
                    / max(rows, 1)
                )
                for name in names
            },
        )


NONE = Figures(0, {})


def figures_of(table: pa.Table, schema: WireSchema) -> Figures:
    """The figures of an inspected part; of objections the number of rows only."""
    rows = table.num_rows
    if schema.name == OBJECTION.name:
        return Figures(rows, {})
    counts = {DUPLICATES: rows - _distinct(table, _REPEATS[schema.name])}
    for column in schema.columns:
        if column.codes is not None:
            for each in pc.value_counts(table[column.name]).to_pylist():
                counts[f"{column.name}={each['values']}"] = each["counts"]
        elif pa.types.is_boolean(column.type):
            counts[column.name] = pc.sum(table[column.name], min_count=0).as_py()
    return Figures(
        rows,
        {
            name: round(100 * count / rows)
            for name, count in sorted(counts.items())
            if count >= SMALLEST_COUNT
        },
    )


def _distinct(table: pa.Table, columns: tuple[str, ...]) -> int:
    """How many different rows there are, by a 64-bit mark of each; exact up to chance."""
    marks = np.zeros(table.num_rows, np.uint64)
    for name in columns:
        for words in _words(table[name]):
            marks = (marks ^ words) * _ODD
            marks ^= marks >> np.uint64(32)
    return len(np.unique(marks))


def _words(values: pa.ChunkedArray) -> list[npt.NDArray[np.uint64]]:
    """A column as 64-bit words: as many as its width takes."""
    if not pa.types.is_fixed_size_binary(values.type):
        return [values.cast(pa.int64()).to_numpy().astype(np.uint64)]
    width = values.type.byte_width
    chunks = [
        np.frombuffer(chunk.buffers()[1], np.uint8, len(chunk) * width, chunk.offset * width)
        for chunk in values.chunks
        if len(chunk)
    ]
    octets = np.concatenate([np.empty(0, np.uint8), *chunks]).reshape(-1, width)
    whole = np.zeros((len(octets), -(-width // 8) * 8), np.uint8)
    whole[:, :width] = octets
    return list(whole.view(np.uint64).T)
