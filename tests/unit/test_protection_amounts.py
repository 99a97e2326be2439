"""Amounts: what is withheld, that it is proven on values, and that no mean tells it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pandas as pd
import pytest

from publisher.protection import (
    Certificate,
    Protected,
    Published,
    Rules,
    derive_rates,
    protect_tally,
    verify_protection,
)
from publisher.protection.amounts.judging import DaysTold
from publisher.protection.grid import Grid
from publisher.protection.primary import (
    amount_dominated,
    amount_level,
    few_providers,
    supplier_remainder_disclosed,
)
from publisher.protection.verification.amounts import claim_of_amount
from publisher.protection.verification.check import check_claim
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.reference import Level, Reference
from tests.support.amounts import Care, Child, amount_tally, some_care
from tests.support.protection import PERIOD, reference, school

ALL = (
    Level.SCHOOL, Level.MUNICIPALITY, Level.TYPE, Level.TYPE_MUNICIPALITY, Level.REGION,
    Level.TOTAL, Level.RESIDENCE,
)  # fmt: skip
COARSE = (
    Level.TYPE_MUNICIPALITY, Level.MUNICIPALITY, Level.TYPE, Level.REGION, Level.TOTAL,
)  # fmt: skip
PUBLISHED = (
    Published("pupils_and_clients", ALL),
    Published("clients_by_form", COARSE),
    Published("costs", ALL),
    Published("costs_by_form", COARSE),
    Published("providers", ALL),
    Published("starts_and_ends", COARSE),
    Published("ended_by_duration", COARSE),
)
RULES = Rules(fallback=True)
AMOUNTS = ("cost_eur", "ended_days")


@dataclass(frozen=True)
class Case:
    """A tally that was protected."""

    bundle: Reference
    tally: Tally
    protected: Protected
    published: tuple[Published, ...] = PUBLISHED
    rules: Rules = RULES

    def verify(self, cells: pd.DataFrame, certificates: tuple[Certificate, ...]) -> None:
        verify_protection(cells, self.tally, self.bundle, self.rules, self.published, certificates)

    def status(self, level: Level, unit: str, measure: str, category: str = "") -> str:
        cells = self.protected.cells
        found = cells[
            (cells["level"] == level.value) & (cells["unit"] == unit)
            & (cells["measure"] == measure) & (cells["category"] == category)
        ]  # fmt: skip
        return str(found["status"].iloc[0])


@cache
def some_case(seed: int = 1) -> Case:
    bundle, tally = some_care(seed)
    return Case(bundle, tally, protect_tally(tally, bundle, RULES, PUBLISHED))


def case(children: list[Child], *published: Published, rules: Rules = RULES) -> Case:
    codes = sorted({child.school for child in children})
    bundle = reference(school(code) for code in codes)
    tally = amount_tally(bundle, children, {(code, 1): 200 for code in codes})
    protected = protect_tally(tally, bundle, rules, published)
    return Case(bundle, tally, protected, published, rules)


def clients(code: str, count: int, *, cost: int = 1000, supplier: int = 1) -> list[Child]:
    """Children with as many providers as there are children up to five."""
    return [
        Child(code, 1, (Care(provider=at % 5, cost=cost + at, supplier=supplier),))
        for at in range(count)
    ]


def withheld(case_: Case, measure: str) -> pd.DataFrame:
    cells = case_.protected.cells
    return cells[(cells["measure"] == measure) & (cells["status"] == "c")]


def key_of(row: Mapping[Hashable, Any], *names: str) -> tuple[object, ...]:
    return tuple(row[name] for name in names)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_rule_holds_for_every_published_amount(seed: int) -> None:
    """A second oracle: plain loops over the cells of the tally and of the release."""
    made = some_case(seed)
    counted = {"cost_eur": "clients", "ended_days": "ended_trajectories"}
    places = ("level", "unit", "category", "measure")
    cells = made.protected.cells.to_dict("records")
    hidden = {key_of(row, *places) for row in cells if row["status"] == "c"}
    held = {key_of(row, "table", *places): row for row in made.tally.cells.to_pylist()}
    published = 0
    for row in cells:
        if row["measure"] not in AMOUNTS or row["status"] == "c":
            continue
        source = held.get(key_of(row, "table", *places))
        beside = (*key_of(row, "level", "unit", "category"), counted[row["measure"]])
        assert beside not in hidden
        if source is None:
            assert row["value"] == 0
            continue
        published += 1
        assert row["value"] == source["value"]
        assert source["contributors"] >= RULES.split_threshold
        assert source["providers"] >= 3
        assert source["protect_clients"] == source["protect_providers"] == 0
        assert not source["dominated"] & 3
        for each in source["contributions"]:
            assert source["contributors"] - each["clients"] not in range(1, RULES.remainder_min)
    assert published > 5


@pytest.mark.parametrize("seed", [1, 2])
def test_the_proof_is_verified_and_the_attack_finds_nothing(seed: int) -> None:
    made = some_case(seed)
    made.verify(made.protected.cells, made.protected.certificates)
    report = made.protected.report
    assert (report.total.exact, report.total.too_narrow, report.latent_too_narrow) == (0, 0, 0)
    owners = {certificate.cell.split("/")[1] for certificate in made.protected.certificates}
    assert set(AMOUNTS) <= owners


def test_a_certificate_of_an_amount_moves_up_by_its_level() -> None:
    """In whole euros: at least p per cent of the amount itself."""
    made = some_case()
    true = {
        f"{PERIOD}/{row['measure']}/{row['level']}/{row['unit']}/": row["value"]
        for row in made.tally.cells.to_pylist()
        if row["table"] == "costs"
    }
    checked = 0
    for certificate in made.protected.certificates:
        if certificate.cell in true:
            step = dict(certificate.delta)[certificate.cell]
            checked += 1
            assert 100 * step >= RULES.p_percent * true[certificate.cell]
    assert checked > 5


@pytest.mark.parametrize("measure", [*AMOUNTS, "providers"])
def test_a_release_that_shows_a_sensitive_amount_is_refused(measure: str) -> None:
    made = some_case(2)
    place = ["table", "level", "unit", "category", "measure"]
    true = pd.DataFrame(made.tally.cells.to_pylist()).set_index(place)["value"].to_dict()
    sensitive = {c.cell for c in made.protected.certificates}
    for at, row in withheld(made, measure).iterrows():
        key = f"{PERIOD}/{measure}/{row['level']}/{row['unit']}/"
        if row["category"] == "" and key in sensitive:
            cells = made.protected.cells.copy()
            cells.loc[at, "value"] = true[tuple(row[name] for name in place)]
            cells.loc[at, "status"] = ""
            with pytest.raises(ProtectionError, match=r"verification-failed|release-differs"):
                made.verify(cells, made.protected.certificates)
            return
    assert measure == "providers"


@pytest.mark.parametrize("measure", AMOUNTS)
def test_a_flipped_digit_or_a_missing_certificate_is_refused(measure: str) -> None:
    made = some_case()
    own = [c for c in made.protected.certificates if c.cell.split("/")[1] == measure]
    others = tuple(c for c in made.protected.certificates if c not in own)
    with pytest.raises(ProtectionError, match="verification-failed"):
        made.verify(made.protected.cells, others)
    first = next(c for c in own if len(c.delta) > 1)
    (key, step), *rest = first.delta
    changed = replace(first, delta=((key, step + 1), *rest))
    with pytest.raises(ProtectionError, match="verification-failed"):
        made.verify(made.protected.cells, (changed, *(c for c in own if c is not first), *others))


def test_one_withheld_cost_is_not_told_by_the_total_and_the_others() -> None:
    """9 children at one school: another school's cost is withheld too, its count is not."""
    children = [*clients("01AA00", 9), *clients("02AA00", 20), *clients("03AA00", 30)]
    made = case(
        children,
        Published("pupils_and_clients", (Level.SCHOOL, Level.REGION)),
        Published("costs", (Level.SCHOOL, Level.REGION)),
        rules=replace(RULES, remainder_min=0),
    )
    hidden = set(withheld(made, "cost_eur")["unit"])
    assert "01AA00" in hidden
    assert len(hidden) == 2
    assert withheld(made, "clients").empty
    assert made.status(Level.REGION, "region", "cost_eur") == ""


def test_a_withheld_count_withholds_its_cost_and_mean() -> None:
    children = [*clients("01AA00", 3), *clients("02AA00", 20), *clients("03AA00", 30)]
    made = case(
        children,
        Published("pupils_and_clients", (Level.SCHOOL, Level.REGION)),
        Published("costs", (Level.SCHOOL, Level.REGION)),
    )
    counts, costs = (set(withheld(made, name)["unit"]) for name in ("clients", "cost_eur"))
    assert counts
    assert counts <= costs
    derived = derive_rates(made.protected.cells, made.bundle, RULES)
    means = derived[derived["measure"] == "cost_per_client"].set_index("unit")
    assert {unit for unit in means.index if means.loc[unit, "status"] == "c"} == counts | costs
    total = sum(care.cost for child in children for care in child.care)
    assert means.loc["region", "value"] == round(total / 53)


def test_one_costly_child_is_not_told_by_a_sum_over_many() -> None:
    children = [*clients("01AA00", 30), *clients("02AA00", 30), *clients("03AA00", 30)]
    children[0] = Child("01AA00", 1, (Care(provider=1, cost=400_000),))
    published = (
        Published("pupils_and_clients", (Level.SCHOOL, Level.REGION)),
        Published("costs", (Level.SCHOOL,)),
    )
    made = case(children, *published)
    assert set(withheld(made, "cost_eur")["unit"]) == {"01AA00"}
    assert made.protected.report.tables["costs"].primary == {"dominance": 1}


def test_negative_corrections_are_amounts_like_others() -> None:
    """Absolute contributions count; a school whose correction exceeds its cost is protected."""
    children = [*clients("01AA00", 6), *clients("02AA00", 20), *clients("03AA00", 30)]
    children += [Child("01AA00", 1, (Care(provider=2, cost=-50_000),))]
    made = case(
        children,
        Published("pupils_and_clients", (Level.SCHOOL, Level.REGION)),
        Published("costs", (Level.SCHOOL, Level.REGION)),
    )
    assert made.status(Level.SCHOOL, "01AA00", "cost_eur") == "c"
    made.verify(made.protected.cells, made.protected.certificates)


def test_the_dimensions_are_those_that_policy_names() -> None:
    """One supplier pays everything: over suppliers nothing could be shown."""
    children = [*clients("01AA00", 30), *clients("02AA00", 30)]
    published = (
        Published("pupils_and_clients", (Level.SCHOOL,)),
        Published("costs", (Level.SCHOOL,)),
    )
    assert withheld(case(children, *published), "cost_eur").empty
    over = replace(RULES, amount_over=("clients", "providers", "suppliers"))
    assert len(withheld(case(children, *published, rules=over), "cost_eur")) == 2


def test_a_cost_is_withheld_where_few_are_left_for_who_knows_its_own() -> None:
    """30 children, 27 of one municipality: it would tell what the other 3 cost."""
    published = (
        Published("pupils_and_clients", (Level.SCHOOL,)),
        Published("costs", (Level.SCHOOL,)),
    )
    mixed = [*clients("01AA00", 27), *clients("01AA00", 3, supplier=2), *clients("02AA00", 30)]
    made = case(mixed, *published)
    assert set(withheld(made, "cost_eur")["unit"]) == {"01AA00"}
    assert withheld(made, "clients").empty
    off = case(mixed, *published, rules=replace(RULES, remainder_min=0))
    assert withheld(off, "cost_eur").empty


def test_days_are_not_split_by_class_of_duration() -> None:
    cells = some_case().protected.cells
    days = cells[cells["measure"] == "ended_days"]
    assert not days.empty
    assert set(days["category"]) == {""}


def test_classes_of_duration_bound_the_days() -> None:
    told = DaysTold(("a", "b"), ((1, 91), (92, 182)), (10, 3))
    assert told.bounds() == (10 + 3 * 92, 10 * 91 + 3 * 182)


@pytest.mark.parametrize(
    ("value", "width", "level"),
    [(1000, 0, 150), (1000, 200, 200), (-1000, 0, 150), (0, 0, 1), (1, 0, 1), (101, 0, 16)],
)
def test_the_level_of_an_amount(value: int, width: int, level: int) -> None:
    assert amount_level(value, width, 15) == level


def test_the_rules_on_amounts_at_their_edges() -> None:
    assert amount_dominated(1, 0, 1)
    assert amount_dominated(0, 3, 2)
    assert not amount_dominated(0, 4, 2)
    assert [few_providers(n) for n in range(4)] == [False, True, True, False]
    left = [supplier_remainder_disclosed(20, own, 10) for own in (0, 10, 11, 19, 20)]
    assert left == [False, False, True, True, False]


def test_withheld_costs_of_one_total_are_of_enough_children_together() -> None:
    """6 and 7 children hide each other, but their sum would tell what 13 cost: one more."""
    children = [*clients("01AA00", 6), *clients("02AA00", 7)]
    children += [*clients("03AA00", 40), *clients("04AA00", 50)]
    made = case(
        children,
        Published("pupils_and_clients", (Level.SCHOOL, Level.REGION)),
        Published("costs", (Level.SCHOOL, Level.REGION)),
        rules=replace(RULES, remainder_min=0, split_threshold=20),
    )
    hidden = set(withheld(made, "cost_eur")["unit"])
    assert {"01AA00", "02AA00"} < hidden
    assert "region" not in hidden
    alone = frozenset(f"{PERIOD}/cost_eur/school/{code}/" for code in ("01AA00", "02AA00"))
    grid = Grid.of(made.tally, made.bundle, made.published)
    claim = claim_of_amount(grid, made.rules, PERIOD, "cost_eur", alone)
    assert claim.direction == "up"
    with pytest.raises(ProtectionError, match="step 3"):
        check_claim(claim, made.protected.certificates)
