"""What must never change a count, and what must hold between counts, for every indicator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from linker.linkage.engine import Linked
from tests.support.assurance import figure
from tests.support.micro_catalogue import CHILDREN, RULES
from tests.support.micro_count import Counted, Key
from tests.support.micro_drawing import care_of, full_region
from tests.support.micro_places import JOINT_LEVELS
from tests.support.micro_rows import Care, Enrolment
from tests.support.microregion import (
    PERIODS,
    Region,
    deliveries_of,
    link_region,
    whole_cells,
    without_objections,
)

SEEDS = range(figure(2, 100))
every_region = pytest.mark.parametrize("seed", SEEDS)
NEWCOMER = 99
NOTHING = Counted(0)
Cells = Mapping[Key, Counted]

_OVERLAPPING = {
    "clients_by_form", "clients_by_domain", "clients_started_by_referrer",
    "clients_started_by_age", "clients_by_provider", "clients_by_arrangement",
}  # fmt: skip
_EXCLUSIVE = {
    "clients_by_education", "started_trajectories_by_referrer", "clients_by_flow",
    "ended_trajectories_by_reason", "ended_by_duration", "running_by_duration", "costs_by_form",
    "costs_by_arrangement",
}  # fmt: skip
_WITHIN = {
    "clients": "pupils",
    "clients_with_stay": "clients",
    "clients_mental_health": "clients",
    "clients_mental_health_via_gp": "clients_mental_health",
    "clients_dyslexia": "clients",
    "clients_started": "clients",
    "clients_ended": "clients",
    "clients_ended_as_planned": "clients_ended",
    "ended_as_planned_trajectories": "ended_trajectories",
    "ended_trajectories": "ended_days",
    "running_trajectories": "running_days",
    "clients_day_treatment": "clients",
    "largest_provider_clients": "clients",
}
"""Measures of which the first is at most the second in every unit and period."""


@cache
def base(seed: int) -> Linked:
    """The linkage that the others are compared with."""
    return link_region(full_region(seed))


def check_same(seed: int, got: Linked) -> None:
    """No count of any kind is another."""
    assert got.cells.equals(base(seed).cells)
    assert got.double_claims == base(seed).double_claims


@every_region
def test_row_order_parts_and_shards_change_nothing(seed: int) -> None:
    region, random = full_region(seed), Random(seed)
    shuffled = replace(
        region,
        enrolments=tuple(random.sample(region.enrolments, len(region.enrolments))),
        care=tuple(random.sample(region.care, len(region.care))),
    )
    got = link_region(shuffled, parts=2, shards=3)
    check_same(seed, got)
    assert got.quality == base(seed).quality


@every_region
def test_delivering_every_row_twice_changes_no_count(seed: int) -> None:
    region = full_region(seed)
    twice = replace(region, enrolments=region.enrolments * 2, care=region.care * 2)
    check_same(seed, link_region(twice))


@every_region
def test_a_second_supplier_of_one_municipality_with_the_same_rows_changes_no_count(
    seed: int,
) -> None:
    region = full_region(seed)
    again = [
        replace(each, supplier=f"again-{each.supplier}") for each in deliveries_of(region, parts=2)
    ]
    check_same(seed, link_region(region, besides=again[::2]))


@every_region
def test_another_link_key_changes_nothing(seed: int) -> None:
    got = link_region(full_region(seed), key="another")
    check_same(seed, got)
    assert got.quality == base(seed).quality


@every_region
def test_an_unlinkable_child_adds_only_a_pupil(seed: int) -> None:
    region = full_region(seed)
    pupil = Enrolment(NEWCOMER, school=region.reference.schools[0].code, linkable=False)
    more = replace(
        region,
        enrolments=(*region.enrolments, pupil),
        care=region.care + care_of(seed, NEWCOMER),
    )
    before, after = whole_cells(base(seed).cells), counted(more)
    assert set(before) <= set(after)
    changed = {key for key in after if after[key] != before.get(key)}
    measure = "pupils" if 1 in region.covered[20] else "not_covered"
    assert {key[-1] for key in changed} == {measure}
    assert {after[key].value - before.get(key, NOTHING).value for key in changed} == {1}


@every_region
def test_care_of_who_is_no_pupil_changes_nothing(seed: int) -> None:
    region = full_region(seed)
    check_same(seed, link_region(replace(region, care=region.care + care_of(seed, NEWCOMER))))


@every_region
def test_an_objection_is_as_if_the_child_was_never_delivered(seed: int) -> None:
    region = full_region(seed)
    never = replace(without_objections(region), objections=())
    expected, got = link_region(never), base(seed)
    # A match is over the persons as delivered, so that an objection does not show in it.
    assert got == replace(expected, store=got.store, matches=got.matches)
    assert got.cells.equals(expected.cells)
    linked = {supplier: match.linked for supplier, match in expected.matches.items()}
    assert {supplier: match.linked for supplier, match in got.matches.items()} == linked


@every_region
def test_an_objection_changes_only_cells_that_the_child_is_in(seed: int) -> None:
    """And each of those by one child at most."""
    region = full_region(seed)
    who = next(row.person for row in region.enrolments if row.person not in region.objections)
    before = whole_cells(base(seed).cells)
    after = counted(replace(region, objections=(*region.objections, who)))
    periods = {row.period for row in region.enrolments if row.person == who}
    for key in before | after:
        lost = before.get(key, NOTHING).contributors - after.get(key, NOTHING).contributors
        assert lost in (0, 1)
        if before.get(key) != after.get(key):
            assert key[3] in periods


@every_region
def test_a_client_more_adds_one_at_every_level_of_its_school(seed: int) -> None:
    region = full_region(seed)
    place = region.reference.schools[0]
    more = replace(
        region,
        enrolments=(*region.enrolments, Enrolment(NEWCOMER, school=place.code, residence=1)),
        care=(*region.care, Care(NEWCOMER, municipality=2, form=3)),
        covered=dict.fromkeys(PERIODS, (1, 2, 3)),
    )
    without = replace(more, enrolments=region.enrolments, care=region.care)
    before, after = counted(without), counted(more)
    units = {(level.value, unit) for level, unit in place.units().items()}
    for level, unit in units | {("residence", "GM0001")}:
        for table, category in (("pupils_and_clients", ""), ("clients_by_form", "3")):
            key: Key = (table, level, unit, 20, category, "clients")
            assert after[key].value == before.get(key, NOTHING).value + 1
            had = before.get(key, NOTHING).contributions.get(2, 0)
            assert after[key].contributions[2] == had + 1


@every_region
def test_what_must_hold_between_the_counts_of_one_linkage(seed: int) -> None:
    cells = whole_cells(base(seed).cells)
    counts_add_up_over_levels(cells)
    categories_bound_their_total_or_add_up_to_it(cells)
    a_measure_is_one_number_in_every_table_and_within_what_it_is_part_of(cells)
    providers_of_a_unit_are_between_those_of_its_schools(cells)
    protection_inputs_fit_their_cell(cells)


def counted(region: Region) -> dict[Key, Counted]:
    """Every cell of a linkage of this region."""
    return whole_cells(link_region(region).cells)


def counts_add_up_over_levels(cells: Cells) -> None:
    added: dict[tuple[str, int, str, str, str], int] = {}
    for (table, level, _, period, category, measure), cell in cells.items():
        place = (table, period, category, measure, level)
        added[place] = added.get(place, 0) + cell.value
    levels_of = {(rule.table, rule.measure): rule.levels for rule in RULES}
    for (table, period, category, measure, level), value in added.items():
        if measure in {"providers", "largest_provider_clients", "duo_pupils", "lump_sum_eur"}:
            continue
        levels = levels_of.get((table, measure), ())
        sums = {
            one: added.get((table, period, category, measure, one), 0)
            for one in ("total", "region", "elsewhere", "residence", "type", "municipality")
        }
        if level in JOINT_LEVELS:
            continue
        assert sums["total"] == sums["region"] + sums["elsewhere"]
        assert sums["type"] == sums["municipality"] == sums["region"]
        if "residence" in levels:
            assert sums["residence"] == sums["total"]
        if level in {"school", "institution", "sector", "type*municipality"}:
            assert value == sums["region"]


def categories_bound_their_total_or_add_up_to_it(cells: Cells) -> None:
    parts: dict[Key, list[int]] = {}
    for (table, level, unit, period, category, measure), cell in cells.items():
        if category:
            place = (table, level, unit, period, "", measure)
            parts.setdefault(place, []).append(cell.value)
    assert {key[0] for key in parts} <= _OVERLAPPING | _EXCLUSIVE
    for key, values in parts.items():
        total = cells[key].value if key in cells else 0
        if key[0] in _EXCLUSIVE:
            assert sum(values) == total
        else:
            assert max(values) <= total <= sum(values)


def a_measure_is_one_number_in_every_table_and_within_what_it_is_part_of(cells: Cells) -> None:
    totals: dict[tuple[str, str, int, str], set[int]] = {}
    for (_, level, unit, period, category, measure), cell in cells.items():
        if not category and level not in JOINT_LEVELS:
            totals.setdefault((level, unit, period, measure), set()).add(cell.value)
    for (level, unit, period, measure), values in totals.items():
        assert len(values) == 1
        if measure in _WITHIN:
            assert max(values) <= max(totals[level, unit, period, _WITHIN[measure]])


def providers_of_a_unit_are_between_those_of_its_schools(cells: Cells) -> None:
    """The largest number of a school at least, and all of them together at most."""
    for measure in ("providers", "largest_provider_clients"):
        for period in (20, 21, 22):
            schools = values_at(cells, "school", period, measure)
            whole = values_at(cells, "region", period, measure)
            assert max(schools, default=0) <= sum(whole) <= sum(schools)
            homes = values_at(cells, "residence", period, measure)
            everywhere = values_at(cells, "total", period, measure)
            assert max(homes, default=0) <= sum(everywhere) <= sum(homes)


def values_at(cells: Cells, level: str, period: int, measure: str) -> list[int]:
    """The values of every unit of a level."""
    return [
        cell.value
        for key, cell in cells.items()
        if (key[0], key[1], key[3], key[5]) == ("providers", level, period, measure)
    ]


def protection_inputs_fit_their_cell(cells: Cells) -> None:
    persons = {rule.measure for rule in RULES if rule.quantity == CHILDREN} | {"pupils"}
    for key, cell in cells.items():
        claimed = cell.contributions.values()
        assert max(claimed, default=0) <= cell.contributors
        if claimed:
            assert cell.contributors <= sum(claimed)
            assert 0 <= cell.largest_share <= 1000
            assert (cell.providers == 0) == (cell.largest_share == 0)
        if key[5] in persons:
            assert cell.value == cell.contributors
        assert cell.value or cell.contributors
        assert min(cell.protect_clients, cell.protect_providers, cell.protect_suppliers) >= 0
