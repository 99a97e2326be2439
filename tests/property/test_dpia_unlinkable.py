"""The share that can never be linked: the true one, or none, whatever was told together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from linker.oversight.dpia_figures import rounded_rows, unlinkable_percent
from linker.tallying.causes import Cause
from linker.tallying.quality import Line
from linker.tallying.told import told_parts

CAUSES = [cause for cause in Cause if cause is not Cause.LINKED]
COUNTS = st.dictionaries(
    st.sampled_from(CAUSES), st.one_of(st.integers(0, 12), st.integers(0, 900))
)


def line(counts: dict[Cause, int], linked: int) -> Line:
    return Line(
        supplier="s",
        schema_name="enrolment/1",
        rows=linked + sum(counts.values()),
        persons=None,
        linked_percent=None,
        unlinked=told_parts({cause.value: count for cause, count in counts.items()}, linked),
        repeats=None,
        unknown={},
        rows_by_period={},
    )


@given(st.lists(st.tuples(COUNTS, st.integers(0, 3_000)), min_size=1, max_size=3))
def test_it_is_the_true_share_or_none(deliveries: list[tuple[dict[Cause, int], int]]) -> None:
    lines = [line(*each) for each in deliveries]
    rows = sum(each.rows for each in lines)
    true = sum(counts.get(Cause.NOT_LINKABLE, 0) for counts, _ in deliveries)
    found = unlinkable_percent(lines)
    assert found is None or (rows >= 1_000 and found == round(100 * true / rows))


def test_it_is_told_where_the_cause_is_told() -> None:
    assert unlinkable_percent([line({Cause.NOT_LINKABLE: 40, Cause.NO_CARE: 100}, 1_860)]) == 2
    assert unlinkable_percent([line({Cause.NOT_LINKABLE: 40, Cause.NO_CARE: 100}, 700)]) is None


@given(st.integers(0, 2_000_000))
def test_rows_say_no_more_than_hundreds(rows: int) -> None:
    found = rounded_rows(rows)
    assert (found is None) == (rows < 1_000)
    assert found is None or (found % 100 == 0 and abs(found - rows) <= 50)
