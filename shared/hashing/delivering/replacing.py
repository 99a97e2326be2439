"""Replace every number by its pseudonym, and sort the rows so that their order tells nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.deliveries import PSEUDONYM_BYTES
from shared.hashing.deriving.context import NUMBER
from shared.hashing.pseudonym import pseudonyms

PSEUDONYM = "pseudonym"


def replaced(table: pa.Table, schema: pa.Schema, key: bytes) -> pa.Table:
    """The table with the pseudonym in the place of the number: exactly ``schema``.

    Args:
        table: the columns of ``schema``, with ``number`` (strings, or a dictionary of them) for
            ``pseudonym``.
    """
    numbers = table.column(NUMBER).combine_chunks()
    if pa.types.is_dictionary(numbers.type):
        column = pseudonyms(key, numbers.dictionary).take(numbers.indices)
    else:
        column = pseudonyms(key, numbers)
    names = {name: table.column(name) for name in table.column_names} | {PSEUDONYM: column}
    return pa.table([names[field.name] for field in schema], schema=schema)


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one envelope."""

    table: pa.Table = field(repr=False)
    last: bool


def in_parts(tables: Iterable[pa.Table], size: int) -> Iterator[Part]:
    """The same rows in parts of ``size`` rows, each sorted, and one of what is left."""
    held: list[pa.Table] = []
    count = 0
    for table in tables:
        held.append(table)
        count += table.num_rows
        while count > size:  # so that something is left for the last part
            whole = pa.concat_tables(held)
            held, count = [whole.slice(size)], count - size
            part = ordered(whole.slice(0, size))
            del whole  # while the part is sealed, its rows are in memory once
            yield Part(part, last=False)
            del part
    if count:
        yield Part(ordered(pa.concat_tables(held)), last=True)


def ordered(table: pa.Table) -> pa.Table:
    """The rows sorted by pseudonym, then by every other column in order."""
    words = [_words(chunk) for chunk in table.column(PSEUDONYM).chunks]
    order = _order(np.concatenate(words), table.drop_columns([PSEUDONYM]))
    return table.take(pa.array(order)).combine_chunks()


def _words(pseudonyms_: pa.FixedSizeBinaryArray) -> npt.NDArray[np.uint64]:
    """Four numbers per pseudonym that sort as its bytes do."""
    octets = np.frombuffer(
        pseudonyms_.buffers()[1],
        ">u8",
        count=len(pseudonyms_) * PSEUDONYM_BYTES // 8,
        offset=pseudonyms_.offset * PSEUDONYM_BYTES,
    )
    return octets.reshape(-1, PSEUDONYM_BYTES // 8)


def _order(words: npt.NDArray[np.uint64], others: pa.Table) -> npt.NDArray[np.int64]:
    """Row order by pseudonym, then by the other columns.

    The first eight bytes decide; only rows that are alike in those need anything more.
    """
    first = words[:, 0].astype(np.uint64)
    order: npt.NDArray[np.int64] = np.argsort(first, kind="stable")
    ordered = first[order]
    same = np.zeros(len(order), np.bool_)
    same[1:] = ordered[1:] == ordered[:-1]
    same[:-1] |= same[1:]
    tied = np.flatnonzero(same)
    if tied.size:
        rows = order[tied]
        keys = [words[rows, k] for k in range(words.shape[1])]
        keys += [_sortable(column.take(pa.array(rows))) for column in others.columns]
        order[tied] = rows[np.lexsort(tuple(reversed(keys)))]
    return order


def _sortable(column: pa.ChunkedArray) -> npt.NDArray[np.generic]:
    """Values that NumPy can sort: fixed-width bytes as numbers of their places."""
    if pa.types.is_fixed_size_binary(column.type):
        column = column.combine_chunks().cast(pa.binary())
        places: npt.NDArray[np.generic] = pc.rank(column, tiebreaker="dense").to_numpy()
        return places
    values: npt.NDArray[np.generic] = column.to_numpy()
    return values
