"""Counts of many flags in one sum: each comes back, and none runs into another."""

from __future__ import annotations

import pyarrow as pa
import pytest

from linker.linkage.count_stages import LANE_BITS, LANES, Place, counts_of, rows_counted
from linker.linkage.counting import BASE, plan
from linker.linkage.database import Database, EngineSettings, Stage
from linker.linkage.stages import FLAGS_PER_MASK, masks, row_flags
from shared.errors import StateError

FAMILY = plan().family(BASE)
ROWS = 1_000


def answer(flags: int, rows: int) -> pa.Table:
    """What is counted of rows at one school that all have the same flags."""
    with Database(EngineSettings(memory_limit_mb=200)) as database:
        columns = ", ".join(
            f"CAST({flags >> (FLAGS_PER_MASK * number) & (1 << FLAGS_PER_MASK) - 1} AS BIGINT)"
            f" AS {mask}"
            for number, mask in enumerate(masks())
        )
        every = f"SELECT 1 AS pp, {columns} FROM range({rows})"  # noqa: S608
        database.define(Stage("client_care", every))
        one = "SELECT 1 AS pp, 20 AS period, 7 AS school_no, 5 AS residence, 1 AS flow"
        database.define(Stage("clients", one))
        return database.fetch(rows_counted(FAMILY, Place.SCHOOL))


def test_lanes_fill_a_mask() -> None:
    assert LANES * LANE_BITS == FLAGS_PER_MASK
    assert FLAGS_PER_MASK < 64


@pytest.mark.parametrize("flag", FAMILY.rows)
def test_each_flag_is_counted_alone(flag: object) -> None:
    bits = {each: 1 << place for each, place in row_flags().items()}
    found = counts_of(answer(next(bits[each] for each in FAMILY.rows if each == flag), ROWS),
                      FAMILY.rows)  # fmt: skip
    assert [line.tolist() for line in found] == [
        [ROWS if each == flag else 0] for each in FAMILY.rows
    ]


def test_all_flags_are_counted_together() -> None:
    found = counts_of(answer((1 << len(row_flags())) - 1, ROWS), FAMILY.rows)
    assert {line.tolist()[0] for line in found} == {ROWS}


def test_the_largest_count_fits_and_one_more_is_refused() -> None:
    largest = (1 << LANE_BITS) - 1
    every = (1 << len(row_flags())) - 1
    assert {line.tolist()[0] for line in counts_of(answer(every, largest), FAMILY.rows)} == {
        largest
    }
    with pytest.raises(StateError, match="shard-too-large"):
        counts_of(answer(1, largest + 1), FAMILY.rows)
