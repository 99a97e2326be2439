"""Laws of corrections, messages and doubled lines, against naive loops; numbers by an oracle."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.nl import bsn, onderwijsnummer

from shared.hashing.checking.rows import Coded
from shared.hashing.deriving.assignments import RECORD, Records
from shared.hashing.deriving.corrections import replaced, withdrawn
from shared.hashing.deriving.declared import SeenLines
from shared.hashing.deriving.keys import NO_KEY, NOBODY, numbers_of, person_codes, text_codes
from shared.hashing.normalise import normalise_column

Row = dict[str, int]

assignment = st.fixed_dictionaries(
    {
        "person": st.integers(1, 2),
        "municipality": st.sampled_from([197, 222]),
        "key": st.sampled_from([NO_KEY, 1, 2]),
        "line": st.sampled_from([45, 54]),
        "stamp": st.sampled_from([-1, -1, 100, 200]),
        "changed": st.integers(0, 1),
        "start": st.integers(0, 12),
        "length": st.integers(0, 8),
        "form": st.sampled_from([2, 3]),
        "cents": st.sampled_from([0, 500]),
    }
)


def as_records(rows: list[Row]) -> Records:
    records = np.zeros(len(rows), RECORD)
    for name in ("person", "municipality", "key", "line", "stamp", "changed", "start", "form",
                 "cents"):  # fmt: skip
        records[name] = [row[name] for row in rows]
    records["end"] = [row["start"] + row["length"] for row in rows]
    return records


def same(row: Row) -> tuple[int, ...]:
    return row["person"], row["municipality"], row["key"], row["line"]


def rank(row: Row) -> tuple[int, ...]:
    end = row["start"] + row["length"]
    return row["stamp"], row["changed"], end, row["start"], row["form"], row["cents"]


def overlap(one: Row, other: Row) -> bool:
    days = set(range(one["start"], one["start"] + one["length"] + 1))
    return bool(days & set(range(other["start"], other["start"] + other["length"] + 1)))


def naive_kept(rows: list[Row]) -> list[tuple[int, ...]]:
    kept = []
    for index, row in enumerate(rows):
        later = [
            other
            for place, other in enumerate(rows)
            if row["key"] != NO_KEY
            and same(other) == same(row)
            and (rank(other) > rank(row) or (rank(other) == rank(row) and place > index))
        ]
        if not any(overlap(row, other) for other in later):
            kept.append((*same(row), *rank(row)))
    return sorted(kept)


@settings(max_examples=300, deadline=None)
@given(st.lists(assignment, max_size=12), st.randoms(use_true_random=False))
def test_the_later_row_wins_in_whatever_order_they_come(rows: list[Row], random: Random) -> None:
    for order in (rows, sorted(rows, key=lambda _: random.random())):
        gone = replaced(as_records(order))
        kept = [row for row, drop in zip(order, gone, strict=True) if not drop]
        assert sorted((*same(row), *rank(row)) for row in kept) == naive_kept(rows)


@settings(max_examples=100, deadline=None)
@given(st.lists(assignment, max_size=8), st.lists(assignment, max_size=4))
def test_removed_assignments_go_whole(rows: list[Row], removed: list[Row]) -> None:
    gone = withdrawn(as_records(rows), as_records(removed))
    names = {same(row) for row in removed if row["key"] != NO_KEY}
    assert gone.tolist() == [same(row) in names for row in rows]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.lists(st.integers(0, 4), max_size=6), max_size=3), min_size=1, max_size=4),
    st.lists(st.integers(0, 4), max_size=5),
)
def test_a_line_counts_as_often_as_in_the_file_that_holds_it_most(
    files: list[list[list[int]]], taken_back: list[int]
) -> None:
    seen = SeenLines()
    counted: Counter[int] = Counter()
    for place, blocks in enumerate(files, start=1):
        for block in blocks:
            hashes = np.array(block, np.uint64)
            again, double = seen.judge(place, hashes, np.ones(len(block), np.bool_))
            assert not (again & double).any()
            counted.update(line for line, drop in zip(block, again, strict=True) if not drop)
    expected = Counter[int]()
    for blocks in files:
        expected |= Counter(line for block in blocks for line in block)
    assert counted == expected
    found = seen.take_back(np.array(taken_back, np.uint64))
    back = Counter(line for line, ok in zip(taken_back, found, strict=True) if ok)
    assert back == Counter(taken_back) & expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 999_999_999), st.integers(100_000_000, 109_999_999))))
def test_persons_as_numbers_are_those_that_the_oracle_knows(numbers: list[int]) -> None:
    texts = [f"{number:09d}" for number in numbers]
    normalised = normalise_column(pa.array(texts, pa.string())).numbers
    codes = person_codes(normalised)
    for text, code in zip(texts, codes.tolist(), strict=True):
        if code > NOBODY:
            assert bsn.is_valid(text)
            assert f"{code:09d}" == text
        elif code < NOBODY:
            assert onderwijsnummer.is_valid(text)
            assert f"{-code:09d}" == text
    usable = codes[codes != NOBODY]
    assert numbers_of(usable).to_pylist() == [n for n in normalised.to_pylist() if n is not None]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("0aB-19", max_size=22), max_size=20))
def test_keys_are_equal_where_texts_are_but_for_case_and_zeros(texts: list[str]) -> None:
    column = Coded(pa.array(texts, pa.string()), np.arange(len(texts), dtype=np.int32))
    codes = text_codes(column).tolist()
    plain = [text.upper().lstrip("0") for text in texts]
    for text, code in zip(plain, codes, strict=True):
        assert (code == NO_KEY) == (not text)
    assert len(set(codes)) == len(set(plain))
