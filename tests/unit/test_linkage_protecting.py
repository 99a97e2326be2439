"""The p % rule by hand, and the largest two contributors over shards and levels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from linker.linkage.facts import Facts, matrix_of, pack, run_starts
from linker.linkage.protecting import SHIPPED_RULE, PercentRule, largest_two


@pytest.mark.parametrize(
    ("contributions", "width", "dominated"),
    [
        ((), 0, False),
        ((100,), 15, True),  # alone: 15 % of itself
        ((100, 50), 15, True),  # the second knows the first exactly
        ((100, 50, 10), 5, True),  # 15 needed, 10 there
        ((100, 50, 14), 1, True),
        ((100, 50, 50), 0, False),  # exactly half is not over half
        ((100, 100, 0), 15, False),
        ((3, 3), 1, False),  # 0.45 is rounded up
    ],
)
def test_the_width_is_what_the_rest_lacks(
    contributions: tuple[int, ...], width: int, dominated: bool
) -> None:
    ordered = np.array([*sorted(contributions, reverse=True), 0, 0], np.int64)
    first, second, whole = ordered[:1], ordered[1:2], ordered.sum(keepdims=True)
    assert SHIPPED_RULE.width(first, second, whole).tolist() == [width]
    assert SHIPPED_RULE.dominated(first, whole).tolist() == [dominated]


def test_the_parameters_are_those_of_the_policy() -> None:
    one = np.array([100]), np.array([0]), np.array([100])
    assert PercentRule(p_percent=33).width(*one).tolist() == [33]
    assert PercentRule(dominance_percent=99).dominated(one[0], one[2]).tolist() == [True]


def test_the_largest_two_of_runs() -> None:
    values = np.array([5, 9, 9, 2, 7, 1])
    first, second, whole = largest_two(values, np.array([0, 3, 4]))
    assert (first.tolist(), second.tolist(), whole.tolist()) == ([9, 2, 7], [9, 0, 1], [23, 2, 8])


def shard(firsts: list[int], seconds: list[int]) -> Facts:
    """Two schools of one period; the answer and the seconds in other orders."""
    answer = pa.table(
        {
            "period": [20, 20], "place": [1, 2], "key": [0, 0], "extra": [0, 0],
            "n_0": [3, 300], "a_0": [sum(firsts), 70_000], "first_0": firsts,
        }
    )  # fmt: skip
    beside = pa.table(
        {"period": [20, 20], "place": [2, 1], "key": [0, 0], "second_0": seconds[::-1]}
    )
    return Facts.of(answer, matrix_of(answer, "n_"), beside)


def test_shards_and_levels_keep_the_largest_two() -> None:
    both = Facts.together([shard([8, 5], [7, 1]), shard([8, 6], [2, 6])])
    assert both.place.tolist() == [1, 2]
    assert both.first[0].tolist() == [8, 6]
    assert both.second[0].tolist() == [8, 6]
    assert both.counts[0].tolist() == [6, 600]
    region = both.grouped(np.array([0, 1]), np.array([4, 4]))
    assert (region.place.tolist(), region.first[0].tolist()) == ([4], [8])
    assert region.second[0].tolist() == [8]
    assert region.counts[0].tolist() == [606]
    assert region.amounts[0].tolist() == [2 * 70_000 + 27]


def test_numbers_are_kept_in_few_bytes_and_stay_exact() -> None:
    facts = shard([8, 5], [7, 1])
    assert facts.counts.dtype == np.uint16
    assert facts.grouped(np.array([1] * 300), np.array([1] * 300)).counts[0].tolist() == [90_000]


def test_numbers_with_gaps_that_do_not_fit_keep_their_order() -> None:
    keys, extras = [1 << 10, 7], [5, 1 << 20]
    facts = [(key, extra) for key in keys for extra in extras]
    four = np.array([[20, 1 << 40, key, extra] for key, extra in facts]).T
    packed = pack(four)
    assert [facts[at] for at in np.argsort(packed)] == sorted(facts)
    assert len(set(packed.tolist())) == len(facts)


def test_what_does_not_fit_one_number_is_refused() -> None:
    four = np.array([[20], [1 << 50], [1 << 10], [1 << 20]])
    with pytest.raises(RuntimeError, match="one number"):
        pack(four)
    assert run_starts(np.array([4, 4, 7])).tolist() == [0, 2]
    assert run_starts(np.array([], np.int64)).tolist() == []
