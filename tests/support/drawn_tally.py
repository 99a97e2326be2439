"""Tallies of drawn small regions, counted by the linker, and every table that has rules.

Regions of some dozens of children have what a real one has in a few places: zeros under few
pupils, totals of one or two, parts that are all of their whole.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pyarrow.compute as pc

from linker.linkage.indicators import catalogue
from publisher.protection import (
    Protected,
    Published,
    Rules,
    narrowed_until_made,
    protect_tally,
)
from publisher.staging import published_of, rounding_of
from shared.contract.tally import Tally, TallyHeader
from shared.policy import load_policy
from shared.redaction import Secret
from shared.reference import JOINT_LEVELS, Arrangement, Level, Reference
from tests.support.micro_drawing import full_region
from tests.support.microregion import arrangement, link_region, periods
from tests.support.protection import SPLIT_LEVELS

POLICY = load_policy(Path(__file__).parents[2] / "docs" / "dpia" / "policy.toml").policy
ROUNDING_KEY = Secret(bytes(range(32)))
PLACES, PERSONS = (1, 2, 3), 60
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
    Published("ended_by_duration", SPLIT_LEVELS),
    Published("running_by_duration", SPLIT_LEVELS),
    Published("arrangement_schools", JOINT_LEVELS),
)
"""Those that the policy may leave out, at the levels of a split."""


def drawn_tally(seed: int, *, persons: int = PERSONS, period: int = 21) -> tuple[Reference, Tally]:
    """One period of a region in which not every child has care."""
    chance = Random(seed)
    region = full_region(seed, persons)
    care = chance.sample(
        region.care, min(len(region.care), int(persons * chance.choice((0.3, 0.6, 1.5))))
    )
    bundle = region.reference.model_copy(
        update={"pupil_totals": (), "arrangements": _of_schools(chance, region.reference)}
    )
    covered: dict[int, tuple[int, ...]] = {each.code: PLACES for each in periods()}
    linked = link_region(replace(region, reference=bundle, care=tuple(care), covered=covered))
    header = TallyHeader(
        round_id="test", round_statement="test", revision=1, synthetic=True, policy="test",
        reference=bundle.sha256, linker_version="test", engine="test",
        periods=tuple(each for each in periods() if each.code == period),
        covered={str(period): PLACES}, tables=catalogue(bundle), derived=(), quality=(),
        double_claims=0, inputs=(),
    )  # fmt: skip
    return bundle, Tally(header, linked.cells.filter(pc.field("period") == period))


def _of_schools(chance: Random, reference: Reference) -> tuple[Arrangement, ...]:
    """Two arrangements of schools in the region; they may overlap, and be the same schools."""
    codes = [school.code for school in reference.schools if school.in_region]
    return tuple(
        arrangement(
            number, *sorted(chance.sample(codes, min(len(codes), chance.choice((1, 2, 3)))))
        )
        for number in (1, 2)
    )


def every_table(tally: Tally) -> tuple[Published, ...]:
    """What the policy publishes, and what else there are rules for."""
    shipped = published_of(POLICY, tally)
    known = {each.table for each in shipped}
    return (*shipped, *(each for each in FURTHER if each.table not in known))


def protect_as_staged(
    bundle: Reference, tally: Tally, rules: Rules
) -> tuple[Protected, tuple[Published, ...]]:
    """Every table, or what can be protected of it; the verifier has not been asked again."""

    def make(kept: tuple[Published, ...]) -> tuple[Protected, tuple[Published, ...]]:
        rounding = rounding_of(POLICY, kept, ROUNDING_KEY)
        return protect_tally(tally, bundle, rules, kept, rounding=rounding), kept

    return narrowed_until_made(make, every_table(tally), tally.header.tables)
