"""The form of a part's Parquet file: what docs/formats.md specifies is refused otherwise."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from linker.intake.inspection import Rules, inspect_by
from shared.contract.deliveries import OBJECTION_BLOCK, SCHEMAS
from shared.errors import InputError
from shared.hashing.delivering.sealing import to_parquet
from tests.support.bombs import closed, footer_of, forged, varint, written
from tests.support.parties import as_sent, care_table, enrolment_table, objection_table, pseudonym

ROWS = 60


def rules(schema: str, rows: int | None = ROWS) -> Rules:
    stated = None if schema == "objection/1" else rows
    return Rules(schema, stated, tuple(SCHEMAS[schema].arrow.names), 1_000, (25,), (197,))


def refusal(body: bytes, schema: str = "care/1", rows: int | None = ROWS) -> str:
    """The code with which a body is refused; empty where it is taken."""
    try:
        inspect_by(body, rules(schema, rows))
    except InputError as error:
        return error.code
    return ""


@pytest.fixture(scope="module")
def care() -> pa.Table:
    return as_sent(care_table([{"pseudonym": pseudonym(number)} for number in range(ROWS)]))


@pytest.fixture(scope="module")
def enrolments() -> pa.Table:
    rows = [{"pseudonym": pseudonym(number), "age": number % 9} for number in range(ROWS)]
    return as_sent(enrolment_table(rows))


# --- the file ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{}, {"compression": "none"}, {"use_dictionary": False}, {"row_group_size": 7},
     {"data_page_version": "2.0"}, {"write_page_checksum": True}, {"store_schema": False}],
    ids=str,
)  # fmt: skip
def test_what_is_left_free_is_taken(care: pa.Table, options: dict[str, Any]) -> None:
    assert refusal(to_parquet(care)) == refusal(written(care, **options)) == ""


@pytest.mark.parametrize(
    "options",
    [*({"compression": codec} for codec in ("snappy", "gzip", "brotli", "lz4")),
     {"compression": {"pseudonym": "snappy"}}, {"write_statistics": True},
     {"write_statistics": ["cost_eur"]}, {"use_dictionary": True},
     {"use_dictionary": ["pseudonym"]}, {"write_page_index": True, "write_statistics": True},
     {"use_dictionary": False, "column_encoding": {"pseudonym": "DELTA_BYTE_ARRAY"}},
     {"use_dictionary": False, "column_encoding": {"cost_eur": "DELTA_BINARY_PACKED"}},
     {"use_dictionary": False, "column_encoding": {"age_at_start": "BYTE_STREAM_SPLIT"}},
     {"sorting_columns": [pq.SortingColumn(0)]}],
    ids=str,
)  # fmt: skip
def test_another_form_is_refused(care: pa.Table, options: dict[str, Any]) -> None:
    assert refusal(written(care, **options)) == "parquet-form-differs"


def test_bytes_beside_the_columns_are_refused(care: pa.Table) -> None:
    pages, footer = footer_of(to_parquet(care))
    assert refusal(closed(pages, footer)) == ""
    assert refusal(closed(pages + b"999000007", footer)) == "parquet-form-differs"


def test_columns_that_share_their_bytes_are_refused(care: pa.Table) -> None:
    """Then as many bytes are left over elsewhere, which nothing else would notice."""
    body = written(care, use_dictionary=False)
    group = pq.read_metadata(io.BytesIO(body)).row_group(0)
    at = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    first, second = at["started"], at["first"]
    assert first.total_compressed_size == second.total_compressed_size
    moved = forged(body, varint(second.data_page_offset), varint(first.data_page_offset))
    assert len(moved) == len(body)
    assert refusal(moved) == "parquet-form-differs"


def test_a_name_of_the_writer_that_is_a_letter_is_refused(care: pa.Table) -> None:
    pages, footer = footer_of(written(care, store_schema=False))
    name = pq.read_metadata(io.BytesIO(closed(pages, footer))).created_by.encode()
    for other, code in ((b"x" * len(name), ""), (b"\n" * len(name), "parquet-form-differs")):
        assert refusal(closed(pages, footer.replace(name, other))) == code


@pytest.mark.parametrize("schema", ["care/1", "enrolment/1"])
def test_a_part_without_rows_is_refused(schema: str) -> None:
    body = to_parquet(SCHEMAS[schema].arrow.empty_table())
    assert refusal(body, schema, 0) == "parquet-form-differs"


# --- its rows ----------------------------------------------------------------------------------


def test_rows_in_another_order_are_refused(care: pa.Table) -> None:
    assert refusal(to_parquet(care)) == ""
    for order in ([1, 0, *range(2, ROWS)], [*range(ROWS - 2), ROWS - 1, ROWS - 2]):
        assert refusal(to_parquet(care.take(order))) == "rows-not-sorted"


@pytest.mark.parametrize("place", range(32))
def test_every_byte_of_a_pseudonym_counts_in_the_order(place: int) -> None:
    first = pseudonym(1)
    low, high = (first[:place] + each + first[place + 1 :] for each in (b"\xe0", b"\xe1"))
    numbers = sorted([low, high, *(pseudonym(number) for number in range(3, OBJECTION_BLOCK + 1))])
    kind = SCHEMAS["objection/1"].arrow
    at = numbers.index(low)
    assert numbers[at + 1] == high
    assert refusal(to_parquet(pa.table([numbers], schema=kind)), "objection/1") == ""
    numbers[at : at + 2] = [high, low]
    body = to_parquet(pa.table([numbers], schema=kind))
    assert refusal(body, "objection/1") == "rows-not-sorted"


@pytest.mark.parametrize(
    ("schema", "column", "low", "high"),
    [("care/1", "cost_eur", -5, 4), ("care/1", "provider", b"22000001", b"98000001"),
     ("care/1", "started", False, True), ("care/1", "arrangement", 0, 1),
     ("enrolment/1", "school", b"99XA00", b"99XB00"), ("enrolment/1", "main", False, True)],
)  # fmt: skip
def test_rows_of_one_person_are_sorted_by_the_other_columns(
    schema: str, column: str, low: object, high: object
) -> None:
    make = care_table if schema == "care/1" else enrolment_table
    for values, code in (((low, high), ""), ((high, low), "rows-not-sorted")):
        table = make([{"pseudonym": pseudonym(1), column: value} for value in values])
        assert refusal(to_parquet(table), schema, 2) == code


def test_equal_rows_are_in_order(enrolments: pa.Table) -> None:
    twice = as_sent(pa.concat_tables([enrolments, enrolments]))
    assert pc.count_distinct(twice["pseudonym"]).as_py() == ROWS
    assert refusal(to_parquet(twice), "enrolment/1", 2 * ROWS) == ""


@pytest.mark.parametrize(("count", "code"), [(0, True), (1, True), (24, True), (25, False),
                                             (26, True), (50, False)])  # fmt: skip
def test_objections_come_in_whole_blocks(count: int, code: bool) -> None:
    table = objection_table(list(range(count)))
    body = to_parquet(table.sort_by("pseudonym"))
    assert refusal(body, "objection/1") == ("objections-not-padded" if code else "")
