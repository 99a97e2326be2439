"""Amounts of a period that is published again: what a correction touched goes, the rest stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from publisher.protection import Protected, Published, Rules, protect_tally, verify_protection
from publisher.protection.grid import Grid
from publisher.protection.time.earlier import Earlier, earlier_release
from publisher.protection.time.kept import kept_amounts
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.reference import Level, Reference
from tests.support.amounts import Care, Child, amount_tally
from tests.support.protection import PERIOD, reference, school

RULES = Rules(fallback=True, remainder_min=0)
LEVELS = (Level.SCHOOL, Level.MUNICIPALITY, Level.REGION)
PUBLISHED = (Published("pupils_and_clients", LEVELS), Published("costs", LEVELS))
TOWNS = {"01AA00": 1, "02AA00": 1, "03AA00": 2, "04AA00": 2}
FIRST, SMALL = "01AA00", "02AA00"
"""A school of which a cost is corrected, and one of too few children to show what they cost."""
COUNTS = {FIRST: 20, SMALL: 8, "03AA00": 30, "04AA00": 40}


@dataclass(frozen=True)
class Counted:
    """What one round counted."""

    bundle: Reference
    tally: Tally

    def protect(self, *earlier: Earlier) -> Protected:
        return protect_tally(self.tally, self.bundle, RULES, PUBLISHED, earlier=earlier)

    def verify(self, made: Protected, *earlier: Earlier) -> None:
        verify_protection(
            made.cells, self.tally, self.bundle, RULES, PUBLISHED, made.certificates, earlier
        )

    def released(self, made: Protected, name: str = "first") -> Earlier:
        rows = made.cells.itertuples(index=False)
        return earlier_release(
            name,
            [(*row[:6], None if row[7] else int(row[6]), row[7]) for row in rows],
            {table.id: table for table in self.tally.header.tables},
            PUBLISHED, RULES, (self.tally, self.bundle),
        )  # fmt: skip


def counted(more: int = 0, counts: Mapping[str, int] = COUNTS, form: str = "1") -> Counted:
    """Every school's children; the very first costs so much more, and has this form of help."""
    bundle = reference(school(code, municipality=town) for code, town in TOWNS.items())
    children = [
        Child(code, 1, (Care(form="1", provider=at % 5, cost=1000 + at),))
        for code, count in counts.items()
        for at in range(count)
    ]
    children[0] = Child(FIRST, 1, (Care(form=form, provider=0, cost=1000 + more),))
    return Counted(bundle, amount_tally(bundle, children, {(code, 1): 200 for code in TOWNS}))


def costs(made: Protected) -> dict[str, int | None]:
    cells = made.cells[made.cells["measure"] == "cost_eur"]
    return {str(row[2]): None if row[7] else int(row[6]) for row in cells.itertuples(index=False)}


def test_what_did_not_change_is_shown_again_and_nothing_else() -> None:
    first = counted()
    before = first.protect()
    shown = {unit for unit, value in costs(before).items() if value is not None}
    assert costs(before)[SMALL] is None
    assert {"03AA00", "04AA00"} <= shown
    again = first.protect(first.released(before))
    first.verify(again, first.released(before))
    assert costs(again) == costs(before)


def test_a_correction_hides_every_unit_that_it_touched() -> None:
    """One child of the first school turns out to cost 700 more: two sums would tell that."""
    first, second = counted(), counted(700)
    earlier = first.released(first.protect())
    made = second.protect(earlier)
    second.verify(made, earlier)
    now, then = costs(made), costs(first.protect())
    touched = {FIRST, "GM0001", "region"}
    assert {unit for unit, value in now.items() if value is None} >= touched
    assert all(now[unit] == then[unit] for unit in set(now) - touched)
    assert now["03AA00"] is not None
    told = {now[unit] != then[unit] for unit in now if now[unit] is not None}
    assert told == {False}


def test_without_that_two_releases_tell_what_one_child_cost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Attack: the difference of two sums; and the verifier, left as it is, refuses it."""
    first, second = counted(), counted(700)
    then = first.protect()
    earlier = first.released(then)
    with monkeypatch.context() as patch:
        patch.setattr("publisher.protection.time.kept._facts", lambda *_: ())
        made = second.protect(earlier)
    now, was = costs(made)["region"], costs(then)["region"]
    assert now is not None
    assert was is not None
    assert now - was == 700
    with pytest.raises(ProtectionError, match="verification-failed: step 1"):
        second.verify(made, earlier)


def test_children_who_cancel_are_a_change_as_well() -> None:
    """The same cost of another number of children: who is behind it changed."""
    first = counted()
    earlier = first.released(first.protect())
    more = {**COUNTS, FIRST: 21}
    moved = counted(sum_of(first) - sum_of(counted(counts=more)), more)
    assert sum_of(moved) == sum_of(first)
    grid = Grid.of(moved.tally, moved.bundle, PUBLISHED)
    assert not any(FIRST in key or "GM0001" in key for key in kept_amounts(grid, [earlier], PERIOD))


def sum_of(made: Counted) -> int:
    """Cost of the first school."""
    return sum(
        row["value"]
        for row in made.tally.cells.to_pylist()
        if row["measure"] == "cost_eur" and row["unit"] == FIRST and row["table"] == "costs"
    )


def test_nothing_is_kept_of_what_one_release_withheld_or_whose_counts_are_gone() -> None:
    first, second = counted(), counted(700)
    earlier = first.released(first.protect())
    hidden = second.released(second.protect(earlier), "second")
    grid = Grid.of(first.tally, first.bundle, PUBLISHED)
    key = f"{PERIOD}/cost_eur/municipality/{{}}/".format
    assert key("GM0001") in kept_amounts(grid, [earlier], PERIOD)
    both = kept_amounts(grid, [earlier, hidden], PERIOD)
    assert key("GM0001") not in both
    assert key("GM0002") in both
    assert kept_amounts(grid, [replace(earlier, grid=None)], PERIOD) == frozenset()
    without = replace(earlier, amounts={PERIOD: frozenset({key("GM0001")})})
    assert kept_amounts(grid, [earlier, without], PERIOD) == {key("GM0001")}


def test_a_count_beside_it_that_changed_is_a_change() -> None:
    """The same children and the same cost, of another form of help."""
    first, other = counted(), counted(form="2")
    published = (*PUBLISHED, Published("clients_by_form", LEVELS))
    earlier = first.released(first.protect())
    kept = [
        kept_amounts(Grid.of(each.tally, each.bundle, published), [earlier], PERIOD)
        for each in (first, other)
    ]
    named = [{key.split("/")[3] for key in keys} for keys in kept]
    assert named[0] - named[1] == {"GM0001", "region"}


def test_a_correction_that_is_taken_back_stays_withheld() -> None:
    """Cost A, then B, then A again: what was withheld in between is not shown."""
    first, second = counted(), counted(700)
    earlier = first.released(first.protect())
    between = second.released(second.protect(earlier), "second")
    made = first.protect(earlier, between)
    first.verify(made, earlier, between)
    assert costs(made)["GM0001"] is None
    assert costs(made)["03AA00"] == costs(first.protect())["03AA00"]
