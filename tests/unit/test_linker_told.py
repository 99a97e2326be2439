"""Counts that are told to an operator: none of them small, none to be computed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.tallying.told import SMALLEST_COUNT, TOGETHER, told_count, told_parts

NAMES = ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(
    ("count", "told"), [(0, 0), (1, None), (9, None), (10, 10), (7_000, 7_000)]
)
def test_a_count_of_one_to_nine_is_not_told(count: int, told: int | None) -> None:
    assert told_count(count) == told


@pytest.mark.parametrize(
    ("counts", "rest", "told"),
    [
        ({"a": 12, "b": 30}, 100, (("b", 30), ("a", 12))),
        ({"a": 12, "b": 30, "c": 0}, 0, (("b", 30), ("a", 12))),
        ({"a": 12, "b": 30, "c": 4}, 100, (("b", 30), (TOGETHER, 16))),
        ({"a": 4, "b": 30, "c": 7}, 100, (("b", 30), (TOGETHER, 11))),
        ({"a": 4, "b": 5, "c": 3}, 100, ((TOGETHER, 12),)),
        ({}, 100, ()),
        ({"a": 9}, 100, None),
        ({"a": 100}, 9, None),
    ],
)
def test_small_causes_are_told_together(
    counts: dict[str, int], rest: int, told: tuple[tuple[str, int], ...] | None
) -> None:
    assert told_parts(counts, rest) == told


@given(
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 40)),
    st.one_of(st.just(0), st.integers(0, 50)),
)
def test_what_is_told_adds_up_and_no_number_is_small(counts: dict[str, int], rest: int) -> None:
    told = told_parts(counts, rest)
    total = sum(counts.values())
    if told is None:
        assert 0 < total < SMALLEST_COUNT or 0 < rest < SMALLEST_COUNT
        return
    assert sum(count for _name, count in told) == total
    assert all(count >= SMALLEST_COUNT for _name, count in told)
    small = sum(count for count in counts.values() if count < SMALLEST_COUNT)
    left_out = [name for name in counts if counts[name] and name not in dict(told)]
    # What is told together is never one small cause under another name.
    assert not small or len(left_out) > 1 or small == 0 or dict(told)[TOGETHER] >= SMALLEST_COUNT
