"""Replace every number by its pseudonym, and sort the rows so that their order tells nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.deliveries import PSEUDONYM_BYTES
from shared.hashing.delivering.beside import CAN_FORK, WORTH_ROWS, Beside, beside
from shared.hashing.deriving.context import NUMBER
from shared.hashing.normalise import NUMBER_BYTES
from shared.hashing.pseudonym import as_pseudonyms, pseudonyms

PSEUDONYM = "pseudonym"


def replaced(table: pa.Table, schema: pa.Schema, key: bytes) -> pa.Table:
    """The table with the pseudonym in the place of the number: exactly ``schema``.

    Args:
        table: the columns of ``schema``, with ``number`` (strings, or a dictionary of them) for
            ``pseudonym``.
    """
    return _with(table, pseudonyms(key, _people(table)), schema)


def all_replaced(tables: Iterable[pa.Table], schema: pa.Schema, key: bytes) -> Iterator[pa.Table]:
    """Every table replaced, in order; of large ones in a process beside this one."""
    with ExitStack() as ending:
        process: Beside | None = None
        waiting: pa.Table | None = None
        for table in tables:
            people = _people(table)
            if process is None and CAN_FORK and len(people) >= WORTH_ROWS:
                process = ending.enter_context(beside(key))
            if process is None:
                yield _with(table, pseudonyms(key, people), schema)
                continue
            before, made = waiting, process.take() if waiting is not None else b""
            process.ask(_joined(people), NUMBER_BYTES)
            waiting = table
            if before is not None:
                yield _with(before, as_pseudonyms(made), schema)
        if process is not None and waiting is not None:
            yield _with(waiting, as_pseudonyms(process.take()), schema)


def _people(table: pa.Table) -> pa.StringArray:
    """The numbers of a table, each once where they stand as a dictionary."""
    numbers = table.column(NUMBER).combine_chunks()
    return numbers.dictionary if pa.types.is_dictionary(numbers.type) else numbers


def _with(table: pa.Table, of_people: pa.FixedSizeBinaryArray, schema: pa.Schema) -> pa.Table:
    numbers = table.column(NUMBER).combine_chunks()
    if pa.types.is_dictionary(numbers.type):
        of_people = of_people.take(numbers.indices)
    columns = {name: table.column(name) for name in table.column_names} | {PSEUDONYM: of_people}
    return pa.table([columns[field.name] for field in schema], schema=schema)


def _joined(people: pa.StringArray) -> bytes:
    """The texts one after another; all have the width of a normalised number."""
    if people.null_count:
        raise RuntimeError("only accepted numbers have a pseudonym")
    start, size = people.offset, len(people)
    offsets = np.frombuffer(people.buffers()[1], np.int32)[start : start + size + 1]
    data = people.buffers()[2][int(offsets[0]) : int(offsets[-1])]
    if data.size != size * NUMBER_BYTES:
        raise RuntimeError("a normalised number has one width")
    joined: bytes = data.to_pybytes()
    return joined


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
