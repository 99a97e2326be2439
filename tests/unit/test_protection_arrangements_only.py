"""Figures that are published of arrangements alone: most schools are then in no unit."""

from __future__ import annotations

import pytest

from publisher.protection import Published, protect_tally, verify_protection
from publisher.staging import rules_of
from shared.reference import JOINT_LEVELS, Level
from tests.support.drawn_tally import POLICY, drawn_tally

ARRANGEMENTS = Published("arrangement_schools", tuple(JOINT_LEVELS))


@pytest.mark.parametrize("beside", [
    (), (Published("pupils_and_clients", (Level.SCHOOL, Level.MUNICIPALITY, Level.REGION)),),
], ids=["alone", "beside-counts"])  # fmt: skip
@pytest.mark.parametrize("seed", [10, 11, 12])
def test_the_schools_outside_are_a_group_to_search_and_verifier_alike(
    seed: int, beside: tuple[Published, ...]
) -> None:
    bundle, tally = drawn_tally(seed=seed, persons=25, period=20)
    rules, published = rules_of(POLICY), (ARRANGEMENTS, *beside)
    made = protect_tally(tally, bundle, rules, published)
    assert (made.cells["status"] == "c").any()
    verify_protection(made.cells, tally, bundle, rules, published, made.certificates)
