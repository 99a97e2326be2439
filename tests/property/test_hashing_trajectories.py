"""Laws of merging and of spreading costs, against naive second computations."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contract.codes import EndReason, Referrer
from shared.contract.periods import school_year
from shared.hashing.deriving.costs import spread
from shared.hashing.deriving.trajectories import Assignments, cut, merge
from shared.hashing.reading.dates import day_number

DAY_0 = day_number(school_year(2022).starts_on)
PERIODS = [school_year(year) for year in (2021, 2022, 2023)]

assignment = st.fixed_dictionaries(
    {
        "person": st.integers(0, 1),
        "form": st.sampled_from([2, 3]),
        "provider": st.sampled_from([73_000_001, 73_000_002]),
        "funding": st.sampled_from([1, 2]),
        "domain": st.sampled_from([0, 1, 3]),
        "referrer": st.sampled_from([1, 2, 7]),
        "start": st.integers(DAY_0 - 30, DAY_0 + 30),
        "length": st.integers(0, 12),
        "end_reason": st.sampled_from([1, 3, 9]),
    }
)
Row = dict[str, int]


def columns(rows: list[Row]) -> Assignments:
    def column(name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([row[name] for row in rows], np.int64)

    return Assignments(
        person=np.unique(column("person"), return_inverse=True)[1].astype(np.int64),
        form=column("form"),
        domain=column("domain"),
        provider=column("provider"),
        referrer=column("referrer"),
        funding=column("funding"),
        end_reason=column("end_reason"),
        start=column("start"),
        end=column("start") + column("length"),
        born=np.zeros(len(rows), np.int64),
        arrangement=np.zeros(len(rows), np.int64),
    )


def naive_spans(rows: list[Row]) -> list[tuple[int, int]]:
    """Sets of days that are joined as long as any two share a day."""
    spans: list[tuple[int, int]] = []
    for key in {tuple(row[k] for k in ("person", "form", "provider", "funding")) for row in rows}:
        sets = [
            set(range(row["start"], row["start"] + row["length"] + 1))
            for row in rows
            if tuple(row[k] for k in ("person", "form", "provider", "funding")) == key
        ]
        joined = True
        while joined:
            joined = False
            for a in range(len(sets)):
                for b in range(a + 1, len(sets)):
                    if sets[a] & sets[b]:
                        sets[a] |= sets.pop(b)
                        joined = True
                        break
                if joined:
                    break
        spans += [(min(days), max(days)) for days in sets]
    return sorted(spans)


@settings(max_examples=150, deadline=None)
@given(st.lists(assignment, min_size=1, max_size=12))
def test_merging_joins_exactly_what_shares_a_day(rows: list[Row]) -> None:
    found = merge(columns(rows))
    assert sorted(zip(found.start.tolist(), found.end.tolist(), strict=True)) == naive_spans(rows)
    for index, row in enumerate(rows):
        of = found.of_assignment[index]
        assert found.start[of] <= row["start"]
        assert row["start"] + row["length"] <= found.end[of]


@settings(max_examples=100, deadline=None)
@given(st.lists(assignment, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_makes_no_difference(rows: list[Row], random: Random) -> None:
    def as_set(some: list[Row]) -> list[tuple[int, ...]]:
        found = merge(columns(some))
        names = ("form", "provider", "funding", "domain", "referrer", "end_reason", "start", "end",
                 "first")  # fmt: skip
        values = [getattr(found, name).tolist() for name in names]
        return sorted(zip(*values, strict=True))

    shuffled = sorted(rows, key=lambda _: random.random())
    assert as_set(rows) == as_set(shuffled)


@settings(max_examples=100, deadline=None)
@given(st.lists(assignment, min_size=1, max_size=10))
def test_every_day_of_care_in_the_round_is_counted_once_per_trajectory(rows: list[Row]) -> None:
    found = merge(columns(rows))
    pieces = cut(found, PERIODS)
    for of, (start, end) in enumerate(zip(found.start, found.end, strict=True)):
        periods = set(pieces.period[pieces.trajectory == of].tolist())
        naive = {
            index
            for index, period in enumerate(PERIODS)
            for day in range(int(start), int(end) + 1)
            if day_number(period.starts_on) <= day <= day_number(period.ends_on)
        }
        assert periods == naive
        for period in range(len(PERIODS)):
            row = pieces.row_of[of, period]
            assert (row >= 0) == (period in naive)
            assert row < 0 or pieces.trajectory[row] == of


@settings(max_examples=100, deadline=None)
@given(st.lists(assignment, min_size=1, max_size=10))
def test_a_known_referrer_and_the_last_end_reason_win(rows: list[Row]) -> None:
    found = merge(columns(rows))
    for of in range(len(found.start)):
        own = [row for index, row in enumerate(rows) if found.of_assignment[index] == of]
        known = [row for row in own if row["referrer"] != Referrer.UNKNOWN]
        if known:
            first = min(row["start"] for row in known)
            assert found.referrer[of] == min(
                row["referrer"] for row in known if row["start"] == first
            )
        last = max(row["start"] + row["length"] for row in own)
        reasons = {row["end_reason"] for row in own if row["start"] + row["length"] == last}
        assert found.end_reason[of] == min(reasons - {EndReason.UNKNOWN} or reasons)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(-(10**8), 10**8),
    st.integers(0, 1_000),
    st.integers(1, 3_000),
    st.lists(st.integers(0, 4_000), min_size=1, max_size=5, unique=True),
)
def test_parts_of_an_amount_add_up_to_it(
    amount: int, begin: int, days: int, cuts: list[int]
) -> None:
    edges = [-1, *sorted(cuts), 10_000]
    amounts, begins = np.array([amount]), np.array([begin])
    ends = begins + days - 1
    parts = [
        int(spread(amounts, begins, ends, first + 1, last)[0]) for first, last in pairwise(edges)
    ]
    assert sum(parts) == amount
    for (first, last), part in zip(pairwise(edges), parts, strict=True):
        inside = len(range(max(begin, first + 1), min(begin + days - 1, last) + 1))
        assert abs(part - amount * inside / days) < 1
