"""What suppliers know of a period that is published again."""

from __future__ import annotations

import pandas as pd
import pytest

from publisher.protection import Rules, earlier_release, protect_tally, verify_protection
from publisher.protection.engine import Solution, protect_block
from publisher.protection.grid import Grid
from publisher.protection.problem import Problem
from publisher.protection.secondary import Progress
from publisher.protection.time import joint
from publisher.protection.time.earlier import Earlier, before_key, counted_cells, versions_of
from publisher.protection.verification.claim import Claim
from publisher.protection.verification.over_time import claim_over_time
from tests.support.beside_suppliers import (
    FORM,
    KNOWS,
    OWN,
    SCHOOLS,
    Case,
    clients,
    status,
    surrounded,
)
from tests.support.protection import PERIOD


def corrected() -> tuple[Case, Earlier]:
    """A release, and its region with more clients."""
    first = surrounded()
    before = first.protect(KNOWS)
    rows = before.cells.itertuples(index=False, name=None)
    earlier = earlier_release(
        "first",
        [(*row[:6], None if pd.isna(row[6]) else int(row[6]), row[7]) for row in rows],
        {table.id: table for table in first.tally.header.tables},
        first.published,
        KNOWS,
        (first.tally, first.bundle),
    )
    more = clients(SCHOOLS[2], 15, 1) + clients(SCHOOLS[2], 15, 2)
    return surrounded(more), earlier


def claimed_over_time(then: Case, earlier: Earlier) -> tuple[Claim, int]:
    """What both releases claim together, and the number of the earlier one."""
    grid = Grid.of(then.tally, then.bundle, then.published)
    versions = versions_of((earlier,), grid, PERIOD)
    claim = claim_over_time(grid, KNOWS, PERIOD, counted_cells(grid, PERIOD), versions)
    return claim, versions[0].number


def test_a_correction_is_proven_to_suppliers_as_well() -> None:
    """A period that is published again: what a supplier knows of each release is respected."""
    then, earlier = corrected()
    made = protect_tally(then.tally, then.bundle, KNOWS, then.published, earlier=(earlier,))
    assert status(made, SCHOOLS[0], FORM) == "c"
    verify_protection(
        made.cells, then.tally, then.bundle, KNOWS, then.published, made.certificates, (earlier,)
    )
    claim, number = claimed_over_time(then, earlier)
    region_now = f"{PERIOD}/clients/region/region/form={FORM}"
    assert claim.least[region_now] == OWN + 9 + 40 + 15
    assert claim.least[before_key(region_now, number)] == OWN + 9 + 40
    total = region_now.replace(f"form={FORM}", "")
    assert claim.known[before_key(total, number)] == claim.known[total] - 15


def test_search_and_verifier_agree_on_what_suppliers_know_of_every_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problems: list[Problem] = []

    def seen(build: joint.Build, rules: Rules, progress: Progress | None) -> Solution:
        problems.append(build(frozenset()))
        return protect_block(build, rules, progress)

    monkeypatch.setattr(joint, "protect_block", seen)
    then, earlier = corrected()
    protect_tally(then.tally, then.bundle, KNOWS, then.published, earlier=(earlier,))
    claim, _ = claimed_over_time(then, earlier)
    floors = {key: node.floor for node in problems[0].nodes for key in node.keys}
    told = {key: least for key, least in claim.least.items() if least > 1 and key in floors}
    assert {key: floors[key] for key in told} == told
    assert any("before-" in key and told[key] != told.get(now_of(key)) for key in told)


def now_of(key: str) -> str:
    """The name, in the release of now, of a quantity of an earlier one."""
    return "/".join(part for part in key.split("/") if not part.startswith("before-"))
