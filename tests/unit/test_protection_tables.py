"""Counts beside clients and forms: their relations, limits and levels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.protection import Published, Rules, protect_tally, verify_protection
from publisher.protection.catalogue import PeriodProblem
from publisher.protection.grid import Grid
from publisher.protection.layout import common_groups
from publisher.protection.measures import ACROSS, RULES, Kind
from publisher.protection.quantities import quantities_of
from publisher.protection.verification.tally import claim_of_tally
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.reference import Level, Reference
from tests.support.amounts import Care, Child, amount_tally, some_care
from tests.support.protection import PERIOD, reference, school

LEVELS = (Level.TYPE_MUNICIPALITY, Level.MUNICIPALITY, Level.TYPE, Level.REGION, Level.TOTAL)
PUBLISHED = (
    Published("pupils_and_clients", (Level.SCHOOL, *LEVELS)),
    Published("starts_and_ends", LEVELS),
    Published("ended_by_duration", LEVELS),
)


def of_two(first: list[Care], second: list[Care]) -> tuple[Reference, Tally]:
    """Two schools; a child per trajectory."""
    children = [Child("01AA00", 1, (care,)) for care in first]
    children += [Child("02AA00", 1, (care,)) for care in second]
    bundle = reference([school("01AA00"), school("02AA00")])
    return bundle, amount_tally(bundle, children, {("01AA00", 1): 200, ("02AA00", 1): 200})


def started(count: int, *, providers: int = 4) -> list[Care]:
    return [Care(started=True, provider=at % providers) for at in range(count)]


def test_started_clients_are_withheld_like_totals_and_proven() -> None:
    bundle, tally = of_two(started(3) + [Care()] * 20, started(12) + [Care()] * 20)
    published = (
        Published("pupils_and_clients", (Level.SCHOOL, Level.REGION)),
        Published("starts_and_ends", (Level.SCHOOL, Level.REGION)),
    )
    protected = protect_tally(tally, bundle, Rules(fallback=True), published)
    verify_protection(
        protected.cells, tally, bundle, Rules(fallback=True), published, protected.certificates
    )
    cells = protected.cells.set_index(["unit", "measure"])["status"]
    assert cells["01AA00", "clients_started"] == cells["01AA00", "started_trajectories"] == "c"
    assert cells["01AA00", "clients"] == ""
    assert "c" in (cells["02AA00", "clients_started"], cells["region", "clients_started"])


def test_a_threshold_counts_children_and_not_their_trajectories() -> None:
    """Three children with five trajectories each: fifteen is no large number."""
    bundle = reference([school("01AA00"), school("02AA00")])
    children = [Child("01AA00", 1, tuple(started(5))) for _ in range(3)]
    children += [Child(code, 1, (Care(),)) for code in ("01AA00", "02AA00") for _ in range(20)]
    children += [Child("02AA00", 1, (care,)) for care in started(12)]
    tally = amount_tally(bundle, children, {("01AA00", 1): 200, ("02AA00", 1): 200})
    published = (
        Published("pupils_and_clients", (Level.SCHOOL,)),
        Published("starts_and_ends", (Level.SCHOOL,)),
    )
    cells = protect_tally(tally, bundle, Rules(fallback=True), published).cells
    found = cells.set_index(["unit", "measure"])
    assert found["status"]["01AA00", "started_trajectories"] == "c"
    assert found["value"]["02AA00", "started_trajectories"] == 12


def test_both_sides_state_the_same_relations() -> None:
    """As many quantities, and the same true table satisfies both."""
    bundle, tally = some_care(5)
    rules = Rules(fallback=True)
    grid = Grid.of(tally, bundle, PUBLISHED)
    problem = PeriodProblem(grid, rules, PERIOD).build(frozenset())
    claim = claim_of_tally(grid, rules, PERIOD, frozenset())
    true = {key: node.true for node in problem.nodes for key in node.keys}
    assert true == dict(claim.true)
    for relation in claim.relations:
        total = sum(factor * claim.true[key] for key, factor in relation.terms)
        assert relation.low is None or relation.low <= total
        assert relation.high is None or total <= relation.high
    floors = {demand.cell: demand.level for demand in claim.demands}
    needs = {key: item.level for item in problem.sensitive for key in problem.nodes[item.node].keys}
    assert set(floors) <= set(needs)
    assert all(needs[cell] >= level for cell, level in floors.items())


@pytest.mark.parametrize("relation", ACROSS, ids=str)
def test_relations_across_tables_name_measures_that_have_rules(relation: object) -> None:
    for measure, _ in (*relation.lesser, *relation.greater):  # type: ignore[attr-defined]
        assert RULES[measure].kind in (Kind.PERSONS, Kind.TRAJECTORIES)


def test_what_a_measure_is_part_of_has_rules_and_no_circle() -> None:
    for measure, rule in RULES.items():
        for whole in (*rule.within, *filter(None, (rule.split_of, rule.counted))):
            assert whole in RULES
            assert measure not in RULES[whole].within
        assert bool(rule.counted) == (rule.kind in (Kind.AMOUNT, Kind.PROVIDERS))


def test_a_breakdown_without_stated_relations_is_refused() -> None:
    bundle, tally = of_two(started(12), started(12))
    tables = tuple(
        table.model_copy(update={"breakdown": "domain"}) if table.breakdown == "form" else table
        for table in tally.header.tables
    )
    header = tally.header.model_copy(update={"tables": tables})
    with pytest.raises(ProtectionError, match="measure-unknown"):
        protect_tally(
            Tally(header, tally.cells), bundle, Rules(),
            [Published("clients_by_form", (Level.REGION,))],
        )  # fmt: skip


def test_a_table_that_is_not_counted_per_school_has_levels_of_types_only() -> None:
    bundle, tally = of_two(started(12), started(12))
    tables = tuple(
        table.model_copy(update={"levels": (Level.MUNICIPALITY, Level.TYPE_MUNICIPALITY,
                                            Level.SWV_PO, Level.REGION)})
        if table.id == "starts_and_ends" else table
        for table in tally.header.tables
    )  # fmt: skip
    counted = Tally(tally.header.model_copy(update={"tables": tables}), tally.cells)
    with pytest.raises(ProtectionError, match="level-unknown"):
        Grid.of(counted, bundle, [Published("starts_and_ends", (Level.SWV_PO,))])
    coarse = [Published("starts_and_ends", (Level.MUNICIPALITY, Level.REGION))]
    grid = Grid.of(counted, bundle, coarse)
    (quantity, *_) = quantities_of(grid, {Kind.TRAJECTORIES})
    leaves = ("01AA00", "02AA00")
    assert [quantity.leaf(grid, PERIOD, leaf)[0] for leaf in leaves] == [24, 0]


def test_groups_that_every_partition_adds_up_to() -> None:
    def sets(*groups: str) -> list[frozenset[str]]:
        return [frozenset(group) for group in groups]

    assert common_groups([sets("a", "b", "c"), sets("ab", "c")]) == tuple(sets("ab", "c"))
    assert common_groups([sets("ab", "c"), sets("a", "bc")]) == tuple(sets("abc"))
    assert common_groups([sets("a", "b"), sets("a", "bx")]) == tuple(sets("a"))
    assert common_groups([sets("a", "b"), sets("a")]) == tuple(sets("a"))


def test_days_are_withheld_where_a_class_of_duration_is() -> None:
    """Days of a unit tell how many long trajectories there can be; so they go with the class."""
    short = [Care(ended=True, days=100, provider=at % 5) for at in range(30)]
    long = [Care(ended=True, days=731, provider=at % 5) for at in range(24)]
    bundle, tally = of_two([*short, *long[:6]], [*short, *long])
    rules = replace(Rules(fallback=True), remainder_min=0)
    published = (
        Published("pupils_and_clients", (Level.SCHOOL, Level.REGION)),
        Published("ended_by_duration", (Level.SCHOOL, Level.REGION)),
    )
    protected = protect_tally(tally, bundle, rules, published)
    verify_protection(
        protected.cells, tally, bundle, rules, published, protected.certificates
    )  # fmt: skip
    cells = protected.cells.set_index(["unit", "measure", "category"])["status"]
    assert cells["01AA00", "ended_trajectories", "731"] == "c"
    assert cells["01AA00", "ended_trajectories", ""] == ""
    assert cells["01AA00", "ended_days", ""] == "c"
