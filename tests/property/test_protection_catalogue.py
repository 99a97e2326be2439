"""Tables of the catalogue, counted by the linker from drawn regions: protected, never unmet.

Regions of some sixty children have what a real one has in a few places: zeros under few pupils,
totals of one or two, parts that are all of their whole.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pyarrow.compute as pc
import pytest

from linker.linkage.indicators import catalogue
from publisher.protection import Published, Rules, protect_tally, verify_protection
from publisher.protection.grid import Grid
from publisher.staging import published_of, rules_of
from shared.contract.tally import Tally, TallyHeader
from shared.errors import ProtectionError
from shared.policy import load_policy
from shared.reference import Level, Reference
from tests.support.assurance import figure, record
from tests.support.micro_drawing import full_region
from tests.support.microregion import link_region, periods
from tests.support.protection import SPLIT_LEVELS

POLICY = load_policy(Path(__file__).parents[2] / "docs" / "dpia" / "policy.toml").policy
PLACES, PERIOD, PERSONS = (1, 2, 3), 21, 60
ABOVE = (
    Level.TYPE_MUNICIPALITY, Level.MUNICIPALITY, Level.TYPE, Level.SECTOR, Level.REGION,
    Level.ELSEWHERE, Level.TOTAL,
)  # fmt: skip
FURTHER = (
    Published("clients_started_by_referrer", SPLIT_LEVELS),
    Published("started_trajectories_by_referrer", SPLIT_LEVELS),
    Published("clients_started_by_age", SPLIT_LEVELS),
    Published("clients_by_flow", SPLIT_LEVELS),
    Published("day_treatment", SPLIT_LEVELS),
    Published("clients_by_education", ABOVE),
)
"""With those that the policy leaves out, at the levels of a split. Not by class of duration: the
counts of classes can bound the days of a unit more closely than the policy allows."""


def drawn(seed: int) -> tuple[Reference, Tally]:
    """One period of a region in which not every child has care."""
    chance = Random(seed)
    region = full_region(seed, PERSONS)
    bundle = region.reference.model_copy(update={"pupil_totals": ()})
    care = chance.sample(
        region.care, min(len(region.care), int(PERSONS * chance.choice((0.3, 0.6, 1.5))))
    )
    covered: dict[int, tuple[int, ...]] = {period.code: PLACES for period in periods()}
    linked = link_region(replace(region, reference=bundle, care=tuple(care), covered=covered))
    header = TallyHeader(
        round_id="test", round_statement="test", revision=1, synthetic=True, policy="test",
        reference=bundle.sha256, linker_version="test", engine="test",
        periods=tuple(period for period in periods() if period.code == PERIOD),
        covered={str(PERIOD): PLACES}, tables=catalogue(bundle), derived=(), quality=(),
        double_claims=0, inputs=(),
    )  # fmt: skip
    return bundle, Tally(header, linked.cells.filter(pc.field("period") == PERIOD))


def every_table(tally: Tally) -> tuple[Published, ...]:
    shipped = published_of(POLICY, tally)
    known = {each.table for each in shipped}
    return (*shipped, *(each for each in FURTHER if each.table not in known))


def test_every_table_with_rules_is_protected_whole() -> None:
    """A number that cannot be protected otherwise costs other cells, never the release."""
    rules, seeds, begin = rules_of(POLICY), range(1, 1 + figure(2, 40)), time.monotonic()
    refused = 0
    for seed in seeds:
        bundle, tally = drawn(seed)
        published = every_table(tally)
        try:
            made = protect_tally(tally, bundle, rules, published)
        except ProtectionError as error:
            # docs/protection.md, "One refusal too many": the verifier's bounds are its own.
            if error.code != "verification-failed":
                raise
            refused += 1
            continue
        verify_protection(made.cells, tally, bundle, rules, published, made.certificates)
        assert not made.report.total.exact
        assert not made.report.total.too_narrow
    assert 10 * refused <= len(seeds)
    record("drawn regions of which every table with rules was protected",
           len(seeds) - refused, len(seeds) - refused, 1, time.monotonic() - begin)  # fmt: skip


def test_without_the_last_resort_such_a_region_is_unmet() -> None:
    """Mutation: the zeros that are mostly shown stay shown."""
    bundle, tally = drawn(1)
    rules: Rules = replace(rules_of(POLICY), fallback=False)
    with pytest.raises(ProtectionError, match="protection-unmet"):
        protect_tally(tally, bundle, rules, every_table(tally))


def test_the_tables_are_those_for_which_there_are_rules() -> None:
    bundle, tally = drawn(1)
    grid = Grid.of(tally, bundle, every_table(tally))
    assert {each.table for each in grid.published} >= {each.table for each in FURTHER}
