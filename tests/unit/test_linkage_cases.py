"""Cases by hand: the rows that were delivered, and every cell of interest that they must give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.micro_cases import (
    AWAY,
    CARE,
    CASES,
    GROUPS,
    LISTED,
    NEW,
    OLD,
    OTHER_GROUP,
    PUPIL,
    SECONDARY,
    SPECIAL,
    UNLISTED,
    Wanted,
    place_of,
    schools,
    together,
)
from tests.support.micro_count import Counted, Key, differences
from tests.support.micro_rows import NO_PROVIDER, Care, Enrolment
from tests.support.microregion import (
    UNKNOWN_SCHOOL,
    Region,
    arrangement,
    bundle,
    everywhere,
    link_region,
    wanted_cells,
    whole_cells,
)

REFERENCE = bundle(
    schools(),
    groups=GROUPS,
    arrangements=[
        arrangement(1, OLD, AWAY, starts_on="2021-01-01"),
        arrangement(2, OLD, SPECIAL, starts_on="2021-08-01", lump_sum_eur=145_000),
        arrangement(3, starts_on="2020-08-01", lump_sum_eur=1_000),
    ],
)


def linked(region: Region) -> dict[Key, Counted]:
    """What the linkage makes of it, which is what the naive count makes of it."""
    found = whole_cells(link_region(region).cells)
    assert differences(found, wanted_cells(region)) == []
    return found


def cells(
    enrolments: tuple[Enrolment, ...],
    care: tuple[Care, ...],
    *,
    objections: tuple[int, ...] = (),
    covered: dict[int, tuple[int, ...]] | None = None,
) -> dict[Key, Counted]:
    """The same of a few rows."""
    return linked(Region(REFERENCE, enrolments, care, objections, covered or everywhere(1, 2, 3)))


def at(
    found: dict[Key, Counted], level: str = "region", unit: str = "region", period: int = 20
) -> Wanted:
    """The values of one unit in one period."""
    return {
        (key[0], key[4], key[5]): cell.value
        for key, cell in found.items()
        if key[1:4] == (level, unit, period)
    }


def check(found: Wanted, wanted: Wanted) -> None:
    """Every cell that a case names; 0 says that it is absent."""
    assert {key: found.get(key, 0) for key in wanted} == wanted


@pytest.fixture(scope="module")
def of_all_cases() -> dict[Key, Counted]:
    """Every case, side by side in one region."""
    return linked(together(list(CASES.values())))


@pytest.mark.parametrize("index", range(len(CASES)), ids=list(CASES))
def test_rows_give_cells(of_all_cases: dict[Key, Counted], index: int) -> None:
    case = list(CASES.values())[index]
    place = f"GM{place_of(index):04d}"
    check(at(of_all_cases, "municipality", place, case.period), case.wanted)


def test_a_child_in_two_municipalities_is_one_client_that_both_contribute() -> None:
    rows = (replace(CARE, cost_eur=80), replace(CARE, municipality=2, cost_eur=20))
    found = cells((PUPIL, replace(PUPIL, person=2)), rows)
    key: Key = ("costs", "school", OLD, 20, "", "cost_eur")
    assert found[key] == Counted(
        value=100, contributions={1: 1, 2: 1}, contributors=1, providers=1, largest_share=1000,
        protect_clients=15, protect_providers=15, protect_suppliers=12, dominated=1 | 2 | 4,
    )  # fmt: skip
    clients: Key = ("pupils_and_clients", "residence", "GM0001", 20, "", "clients")
    assert found[clients].contributions == {1: 1, 2: 1}


def test_the_width_that_the_p_rule_asks_for() -> None:
    """Three children of 600, 300 and 84 euro: 15 % of 600 is 6 more than the third has."""
    pupils = tuple(replace(PUPIL, person=person) for person in (1, 2, 3))
    rows = (
        replace(CARE, person=1, cost_eur=600, provider=LISTED),
        replace(CARE, person=2, cost_eur=300, provider=OTHER_GROUP, municipality=2),
        replace(CARE, person=3, cost_eur=85, provider=UNLISTED, municipality=3),
        replace(CARE, person=3, cost_eur=-1, provider=NO_PROVIDER, municipality=3),
    )
    cell = cells(pupils, rows)["costs", "region", "region", 20, "", "cost_eur"]
    assert cell == Counted(
        value=984, contributions={1: 1, 2: 1, 3: 1}, contributors=3, providers=3,
        largest_share=334, protect_clients=6, protect_providers=5, protect_suppliers=6,
        dominated=1 | 2 | 4,
    )  # fmt: skip


def test_a_supplier_that_is_missing_is_no_population_and_still_pays_for_others() -> None:
    """A pilot: municipality 2 did not deliver its enrolments, and its residents are nowhere."""
    pupils = (PUPIL, replace(PUPIL, person=2, residence=2))
    care = (replace(CARE, municipality=2), replace(CARE, person=2, municipality=2))
    found = cells(pupils, care, covered={20: (1,), 21: (), 22: ()})
    check(
        at(found),
        {
            ("pupils_and_clients", "", "pupils"): 1,
            ("pupils_and_clients", "", "clients"): 1,
            ("coverage", "", "not_covered"): 1,
            ("costs", "", "cost_eur"): 100,
        },
    )
    assert at(found, "residence", "GM0002") == {}


def test_an_objection_takes_a_child_out_of_every_table() -> None:
    pupils = (PUPIL, replace(PUPIL, person=2))
    care = (CARE, replace(CARE, person=2))
    assert cells(pupils, care, objections=(2,)) == cells((PUPIL,), (CARE,))
    everybody = cells(pupils, care, objections=(1, 2))
    assert {key[5] for key in everybody} <= {"lump_sum_eur"}


def test_a_school_that_merges_is_another_school_from_then_on() -> None:
    pupils = (PUPIL, replace(PUPIL, period=21, school=NEW))
    care = (CARE, replace(CARE, period=21, municipality=2))
    found = cells(pupils, care)
    old, new = at(found, "school", OLD), at(found, "school", NEW, 21)
    assert old["pupils_and_clients", "", "clients"] == 1
    assert new["pupils_and_clients", "", "clients"] == 1
    assert at(found, "school", OLD, 21) == at(found, "school", NEW) == {}
    assert at(found, "type", "BO") == at(found)
    assert old.get(("clients_by_flow", "continuing", "clients")) == 1


def test_a_school_in_two_arrangements_counts_in_both() -> None:
    pupils = (
        PUPIL,
        replace(PUPIL, person=2, school=SPECIAL),
        replace(PUPIL, person=3, school=NEW),
        replace(PUPIL, person=4, school=AWAY),
        replace(PUPIL, person=5, school=SECONDARY),
        replace(PUPIL, person=6, school=UNKNOWN_SCHOOL),
    )
    care = tuple(replace(CARE, person=person, cost_eur=10 * person) for person in range(1, 7))
    found = cells(pupils, care)
    table = "arrangement_schools"

    def joint(level: str, number: str, period: int = 20) -> dict[str, int]:
        values = at(found, level, number, period).items()
        assert all(key[:2] == (table, "") for key, _ in values)
        return {measure: value for (_, _, measure), value in values}

    # Arrangement 1 began on 1 January of this school year; its other school is outside the region.
    assert joint("arrangement", "1") == {
        "pupils": 1, "clients": 1, "cost_eur": 10, "lump_sum_eur": 60_000,
    }  # fmt: skip
    assert joint("arrangement", "2") == {"pupils": 2, "clients": 2, "cost_eur": 30}
    assert joint("arrangement", "2", 21) == {"lump_sum_eur": 145_000}
    # Both are compared with the one primary school that is in no arrangement.
    assert joint("comparison", "1") == {"pupils": 1, "clients": 1, "cost_eur": 30}
    assert joint("comparison", "2") == {"pupils": 1, "clients": 1, "cost_eur": 30}
