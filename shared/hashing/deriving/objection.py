"""From a list of people who object to ``objection/1`` rows: their numbers, each once."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from shared.contract.deliveries import OBJECTION
from shared.hashing.checking.rows import Rows
from shared.hashing.checks import Check
from shared.hashing.deriving.context import Context, with_number
from shared.hashing.roles import FileRole


def objection_rows(context: Context) -> Iterator[pa.Table]:
    """One row per person, still with the normalised number."""
    seen: set[str] = set()
    for rows in context.rows(FileRole.OBJECTIONS):
        _one_file(rows, seen)
    yield pa.table([pa.array(sorted(seen), pa.string())], schema=with_number(OBJECTION.arrow))


def _one_file(rows: Rows, seen: set[str]) -> None:
    """Add the numbers of one file to ``seen``; a number that is there already is reported."""
    double = rows.alive.copy()
    for index, number in enumerate(rows.numbers().to_pylist()):
        double[index] = number in seen
        if number is not None:
            seen.add(number)
    rows.flag(Check.OBJECTION_DOUBLE, double)
