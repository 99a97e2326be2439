"""Days of trajectories: how far they must reach, and which counts by class must go for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import pytest

from publisher.protection import Protected, Published, Rules, protect_tally, verify_protection
from publisher.protection.amounts.judging import AmountFacts, Reach, facts_of, raised_by
from publisher.protection.audit import audit_claim
from publisher.protection.certificates import Certificate
from publisher.protection.grid import Grid
from publisher.protection.measures import Kind
from publisher.protection.primary import Rule
from publisher.protection.quantities import quantities_of
from publisher.protection.verification.claim import Claim, Demand, Relation
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.reference import Level, Reference
from tests.support.amounts import DURATIONS, Care, Child, amount_tally
from tests.support.protection import PERIOD, reference, school

RULES = Rules(fallback=True)
ONE, OTHER = "01AA00", "02AA00"
WHOLE = (Level.REGION.value, "region")
NEARLY = (364, *[365] * 11, *[730] * 12)
"""Two classes of twelve: one day longer is all that they leave possible."""


@dataclass(frozen=True)
class Case:
    """A tally of trajectories that ended, with the levels at which they are published."""

    bundle: Reference
    tally: Tally
    published: tuple[Published, ...]

    def protect(self, rules: Rules = RULES) -> Protected:
        return protect_tally(self.tally, self.bundle, rules, self.published)

    def verify(self, made: Protected) -> None:
        verify_protection(
            made.cells, self.tally, self.bundle, RULES, self.published, made.certificates
        )


def case(children: Sequence[Child], *levels: Level, towns: Sequence[int] = (1, 1)) -> Case:
    bundle = reference(
        school(code, municipality=town) for code, town in zip((ONE, OTHER), towns, strict=True)
    )
    counted = amount_tally(bundle, children, {(code, 1): 400 for code in (ONE, OTHER)})
    return Case(bundle, counted, (Published("ended_by_duration", levels),))


def ended(code: str, days: Sequence[int], *, of_first: int = 0) -> list[Child]:
    """Children with one trajectory each; the first so many are another municipality's."""
    return [
        Child(
            code, 1, (Care(provider=at % 5, supplier=1 + (at < of_first), ended=True, days=each),)
        )
        for at, each in enumerate(days)
    ]


@cache
def told_at_the_top() -> Case:
    """Two schools whose trajectories all last as long as their class allows, but for one day.

    Of the 24 children of the first, 21 are of one municipality, which knows its own.
    """
    return case(
        [*ended(ONE, NEARLY, of_first=21), *ended(OTHER, NEARLY, of_first=12)],
        Level.SCHOOL, Level.REGION,
    )  # fmt: skip


@cache
def bounded_by_a_part() -> Case:
    """A school with two full classes of which every trajectory lasts as long as it may."""
    children = [*ended(ONE, [*[365] * 100, *[730] * 100]), *ended(OTHER, [9_900])]
    return case(children, Level.SCHOOL, Level.MUNICIPALITY, Level.REGION, towns=(1, 2))


def shown(made: Protected) -> dict[tuple[str, str, str, str], int | None]:
    rows = made.cells.itertuples(index=False)
    return {(r[1], r[2], r[4], r[5]): None if r[7] else int(r[6]) for r in rows}


def bounds_of_days(made: Protected) -> tuple[int, int]:
    """A reader's own sums: days of the first school, by its classes and by the total."""
    cells = shown(made)

    def by_class(code: str) -> tuple[int, int]:
        counts = {c: cells["school", code, c, "ended_trajectories"] for c, _, _ in DURATIONS}
        if None in counts.values():
            return 0, 10**9
        return (
            sum(low * (counts[c] or 0) for c, low, _ in DURATIONS),
            sum(high * (counts[c] or 0) for c, _, high in DURATIONS),
        )

    low, high = by_class(ONE)
    least, most = by_class(OTHER)
    other, total = (cells[level, unit, "", "ended_days"]
                    for level, unit in (("school", OTHER), WHOLE))  # fmt: skip
    if total is not None:
        known = (least, most) if other is None else (other, other)
        low, high = max(low, total - known[1]), min(high, total - known[0])
    return low, high


def test_an_amount_at_the_end_of_its_range_can_be_smaller() -> None:
    """One day more at most: so it must be able to be as much smaller as the rules ask."""
    made = told_at_the_top().protect()
    told_at_the_top().verify(made)
    cells = shown(made)
    true = sum(NEARLY)
    assert cells["school", ONE, "", "ended_days"] is None
    assert cells["school", ONE, "366", "ended_trajectories"] == 12
    low, high = bounds_of_days(made)
    assert low <= true <= high
    assert 100 * (high - low) >= RULES.p_percent * true
    assert not made.report.total.too_narrow


def test_without_that_its_classes_and_the_total_tell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutation: the attack finds it within two days, and the verifier refuses it."""
    made_case, asked = told_at_the_top(), AmountFacts.reach
    with monkeypatch.context() as patch:
        patch.setattr(
            AmountFacts, "reach",
            lambda facts, width, rules: Reach(max(asked(facts, width, rules).up, 1), 0),
        )  # fmt: skip
        made = made_case.protect()
    low, high = bounds_of_days(made)
    assert high - low <= 2
    with pytest.raises(ProtectionError, match="verification-failed: step 5"):
        made_case.verify(made)


def test_a_trajectory_as_long_as_can_be_is_no_reason_to_publish_nothing() -> None:
    """10,000 days is the most that a delivery can hold: nobody can find more possible."""
    made_case = case([*ended(ONE, [10_000]), *ended(OTHER, [100] * 20)], Level.SCHOOL, Level.REGION)
    made = made_case.protect()
    made_case.verify(made)
    assert shown(made)["school", ONE, "", "ended_days"] is None
    assert not made.report.total.exact


def test_classes_that_leave_the_days_of_the_whole_no_room_are_withheld() -> None:
    """One child at another school makes the region, the days of which could hardly be larger."""
    made_case = bounded_by_a_part()
    made = made_case.protect()
    made_case.verify(made)
    cells = shown(made)
    assert cells["region", "region", "", "ended_days"] is None
    assert cells["school", ONE, "", "ended_trajectories"] == 200
    assert cells["school", ONE, "366", "ended_trajectories"] is None
    assert not made.report.total.too_narrow


def test_without_withholding_them_nothing_could_be_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "publisher.protection.period.classes_in_the_way", lambda *_: frozenset[str]()
    )
    with pytest.raises(ProtectionError, match="protection-unmet"):
        bounded_by_a_part().protect()


@pytest.mark.parametrize(
    ("value", "least", "most", "reach"),
    [
        (1000, 0, None, Reach(150, 0)),
        (1000, 100, 2000, Reach(150, 0)),
        (1000, 100, 1100, Reach(100, 50)),
        (1000, 100, 1000, Reach(0, 150)),
        (1000, 950, 1050, Reach(50, 50)),
    ],
)
def test_how_far_an_amount_must_reach(
    value: int, least: int, most: int | None, reach: Reach
) -> None:
    assert AmountFacts(value, 12, least, most).reach(0, replace(RULES, p_percent=15)) == reach


def test_a_withheld_zero_may_have_days() -> None:
    """The proof of the count says that there may be a trajectory; then there may be days."""
    made_case = case(ended(ONE, [100] * 20), Level.SCHOOL, Level.REGION)
    grid = Grid.of(made_case.tally, made_case.bundle, made_case.published)
    days = next(q for q in quantities_of(grid, {Kind.AMOUNT}) if q.measure == "ended_days")
    keys = {code: f"{PERIOD}/ended_trajectories/school/{code}/" for code in (ONE, OTHER)}
    proof = Certificate.of(keys[OTHER], {keys[OTHER]: 1, keys[ONE]: -1})
    raised = raised_by([proof], grid, PERIOD, "ended_days")
    assert raised == (frozenset({OTHER}),)
    known, believed = (facts_of(grid, days, PERIOD, frozenset({OTHER}), raised=each)
                       for each in ((), raised))  # fmt: skip
    assert (known.least, known.most, known.reach(0, RULES)) == (0, 0, Reach(0, 0))
    assert (believed.least, believed.most, believed.reach(0, RULES)) == (0, 10_000, Reach(1, 0))


def test_what_a_count_is_lowered_by_raises_nothing() -> None:
    made_case = case(ended(ONE, [100] * 20), Level.SCHOOL, Level.REGION)
    grid = Grid.of(made_case.tally, made_case.bundle, made_case.published)
    key = f"{PERIOD}/ended_trajectories/school/{ONE}/"
    assert raised_by([Certificate.of(key, {key: -1})], grid, PERIOD, "ended_days") == ()
    assert raised_by([Certificate.of(key, {key: 1})], grid, PERIOD, "cost_eur") == ()


def test_the_auditor_asks_for_the_whole_width() -> None:
    """3 more and 2 less are asked of 10: between 9 and 13 it is too narrow."""
    claim = Claim(
        true={"a": 10}, withheld=frozenset({"a"}), latent=frozenset(),
        relations=(Relation((("a", 1),), 9, 13),),
        demands=(Demand("a", Rule.BUNDLE, 3, 0, None, below=2),), unions=(), direction="up",
    )  # fmt: skip
    assert audit_claim(claim).too_narrow == ("a",)
    wider = replace(claim, relations=(Relation((("a", 1),), 8, 13),))
    assert audit_claim(wider).too_narrow == ()
