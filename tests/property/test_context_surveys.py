"""Outcomes of questionnaires: no small number, shown or computed, however the answers fall."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.context.figures import Told
from publisher.context.surveys.disclosing import CLASSES, disclose
from publisher.context.surveys.outcomes import Outcome, Scope
from publisher.context.surveys.questions import Answer, CoarseAnswer, Question, Scale
from publisher.context.surveys.questions import questionnaires as asked
from tests.support.assurance import figure

THRESHOLD = 10
SCALE = asked().scale("eens")
QUESTION = asked().groups[0].questions[0]
COUNTS = st.lists(
    st.one_of(st.just(0), st.integers(1, 9), st.integers(10, 60)), min_size=6, max_size=6
)
MORE = st.lists(st.one_of(st.just(0), st.integers(1, 12), st.integers(10, 300)),
                min_size=6, max_size=6)  # fmt: skip


def outcomes(own: Sequence[int], others: Sequence[int]) -> tuple[Outcome, Outcome]:
    every = [mine + theirs for mine, theirs in zip(own, others, strict=True)]
    found = disclose(QUESTION, SCALE, {Scope.OWN: own, Scope.ALL: every}, THRESHOLD)
    assert [each.scope for each in found] == [Scope.OWN, Scope.ALL]
    return found[0], found[1]


def groups(outcome: Outcome, counts: Sequence[int]) -> list[int]:
    """The counts behind the shown answers, worked out by name and not by place."""
    if outcome.answers == tuple(answer.id for answer in SCALE.answers):
        return list(counts)
    return [
        sum(count for answer, count in zip(SCALE.answers, counts, strict=True)
            if answer.coarse == shown)
        for shown in outcome.answers
    ]  # fmt: skip


@settings(max_examples=figure(400, 20_000), deadline=None)
@given(COUNTS, MORE)
def test_no_shown_answer_was_chosen_by_few(own: list[int], others: list[int]) -> None:
    mine, every = outcomes(own, others)
    whole = [a + b for a, b in zip(own, others, strict=True)]
    for outcome, counts in ((mine, own), (every, whole)):
        if not outcome.is_withheld:
            shown = groups(outcome, counts)
            assert all(count == 0 or count >= THRESHOLD for count in shown)
            assert max(shown) < sum(shown) == sum(counts)
            assert outcome.respondents == max(c for c in CLASSES if c <= sum(counts))
    if not mine.is_withheld and not every.is_withheld:
        assert mine.answers == every.answers
        rest = groups(every, others)
        assert not any(rest) or all(count == 0 or count >= THRESHOLD for count in rest)
        assert not any(rest) or max(rest) < sum(rest)


@settings(max_examples=figure(300, 10_000), deadline=None)
@given(COUNTS, MORE)
def test_a_share_is_the_rounded_share_and_never_a_wrong_nought(
    own: list[int], others: list[int]
) -> None:
    whole = [a + b for a, b in zip(own, others, strict=True)]
    for outcome, counts in zip(outcomes(own, others), (own, whole), strict=True):
        if outcome.is_withheld:
            continue
        total = sum(counts)
        step = 5 if total < 100 else 1
        for share, count in zip(outcome.shares, groups(outcome, counts), strict=True):
            assert abs(share.percent - 100 * count / total) <= step / 2
            assert share.is_none == (count == 0)
            assert share.percent % step == 0


@settings(max_examples=figure(200, 4_000), deadline=None)
@given(COUNTS, COUNTS, MORE)
def test_what_is_shown_does_not_depend_on_how_few_is_few(
    own: list[int], again: list[int], others: list[int]
) -> None:
    """Two regions whose small numbers differ, and nothing else, look the same where withheld."""
    other = [a if a == 0 or a >= THRESHOLD else max(1, b % 10) for a, b in
             zip(own, again, strict=True)]  # fmt: skip
    first, second = outcomes(own, others)[0], outcomes(other, others)[0]
    if first.is_withheld and second.is_withheld:
        assert first == second


def test_a_question_is_withheld_before_a_part_of_it_is() -> None:
    mine, every = outcomes([40, 3, 20, 20, 20, 20], [100] * 6)
    assert mine.answers == tuple(each.id for each in SCALE.coarse)
    assert every.answers == mine.answers
    alone, _ = outcomes([40, 30, 20, 3, 2, 20], [100] * 6)
    assert alone.is_withheld
    assert alone.shares == ()
    assert alone.respondents == 0


def test_everybody_of_one_opinion_is_not_shown() -> None:
    mine, _ = outcomes([50, 30, 0, 0, 0, 0], [100] * 6)
    assert mine.answers == tuple(each.id for each in SCALE.answers)
    assert outcomes([80, 0, 0, 0, 0, 0], [100] * 6)[0].is_withheld
    assert outcomes([0] * 6, [100] * 6)[0].is_withheld


def test_all_regions_are_withheld_where_the_others_are_few() -> None:
    own = [40, 30, 20, 20, 20, 20]
    cases = (
        ([4, 0, 0, 0, 0, 0], False),
        ([0] * 6, True),
        ([20, 20, 0, 0, 0, 0], True),
        ([50, 0, 0, 0, 0, 0], False),
    )
    for others, shown in cases:
        mine, every = outcomes(own, others)
        assert not mine.is_withheld
        assert every.is_withheld is not shown


def test_all_regions_are_withheld_where_this_region_is() -> None:
    """Another region takes its own page from all regions, and has this one."""
    mine, every = outcomes([40, 30, 20, 3, 2, 20], [100] * 6)
    assert mine.is_withheld
    assert every.is_withheld
    assert not outcomes([0] * 6, [100] * 6)[1].is_withheld


def test_every_way_to_fill_a_small_scale_is_safe() -> None:
    """Exhaustively: three answers, up to 12 people each, beside two other regions' answers."""
    text = Told(nl="a", en="a")
    scale = Scale(
        id="klein",
        answers=tuple(Answer(id=i, text=text, coarse=c) for i, c in
                      (("a", "x"), ("b", "x"), ("c", "y"))),
        coarse=tuple(CoarseAnswer(id=i, text=text) for i in "xy"),
    )  # fmt: skip
    question = Question(id="q", scale="klein", text=text)
    for own in product(range(0, 13, 3), (0, 4, 10, 12), (0, 9, 10)):
        for others in ((0, 0, 0), (10, 10, 10), (1, 0, 0), (9, 3, 12)):
            every = tuple(a + b for a, b in zip(own, others, strict=True))
            mine, whole = disclose(question, scale, {Scope.OWN: own, Scope.ALL: every}, THRESHOLD)
            for outcome, counts in ((mine, own), (whole, every)):
                if outcome.answers == ("a", "b", "c"):
                    assert all(not c or c >= THRESHOLD for c in counts)
                elif outcome.answers:
                    assert all(not c or c >= THRESHOLD for c in (counts[0] + counts[1], counts[2]))


def test_an_outcome_is_whole_or_withheld() -> None:
    with pytest.raises(ValueError, match="withheld whole"):
        Outcome(question="b1", scope=Scope.OWN, answers=("eens",))
