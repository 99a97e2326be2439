"""The synthetic region: sizes, shares and rates are near what they are meant to be."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from deploy.demo.generator import Dirt, Truth, generate
from deploy.demo.generator.products import ARRANGEMENT_PRODUCTS
from deploy.demo.generator.truth import Person, Trajectory
from tests.support.oracle import Expected, Key, enrolment_of, expected, forms_of

SEED = 20_240_901
EVERYWHERE = [197, 222, 294, 1509, 1586, 1859, 1876, 1955]
ALL_YEARS = range(20, 26)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return generate(tmp_path_factory.mktemp("region"), seed=SEED)


@pytest.fixture(scope="module")
def cells(truth: Truth) -> Expected:
    return expected(truth, EVERYWHERE)


def count(cells: Expected, measure: str, level: str, unit: str, period: int) -> int:
    return cells.get(Key("pupils_and_clients", level, unit, period, "", measure), 0)


def rows(truth: Truth) -> Iterator[tuple[Person, Trajectory]]:
    return ((person, row) for person in truth.persons for row in person.trajectories)


def test_about_42_000_pupils_live_in_the_region_every_year(cells: Expected) -> None:
    pupils = [count(cells, "pupils", "total", "total", period) for period in ALL_YEARS]
    assert all(40_000 <= number <= 44_500 for number in pupils), (SEED, pupils)
    assert abs(sum(pupils) / 6 - 42_000) < 800, (SEED, pupils)


def test_about_7_000_children_and_young_people_get_youth_care(truth: Truth) -> None:
    for year in truth.periods:
        clients = sum(1 for person in truth.persons if forms_of(person, year, EVERYWHERE))
        assert 6_200 <= clients <= 7_900, (SEED, year, clients)


def test_toddlers_and_young_adults_get_care_without_being_pupils(truth: Truth) -> None:
    last = truth.periods[-1]
    ages = Counter(
        min(18, last - person.born_on.year)
        for person in truth.persons
        if enrolment_of(person, last) is None and forms_of(person, last, EVERYWHERE)
    )
    assert sum(ages[age] for age in range(4)) > 200
    assert ages[18] > 80


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("BO", 0.10, 0.155),
        ("SBO", 0.28, 0.50),
        ("SO", 0.42, 0.62),
        ("VSO", 0.50, 0.70),
        ("PRO", 0.25, 0.42),
        ("VO", 0.09, 0.14),
        ("MBO", 0.04, 0.13),
    ],
)
def test_share_of_clients_follows_the_school_type(
    cells: Expected, kind: str, low: float, high: float
) -> None:
    pupils = sum(count(cells, "pupils", "type", kind, period) for period in ALL_YEARS)
    clients = sum(count(cells, "clients", "type", kind, period) for period in ALL_YEARS)
    assert low < clients / pupils < high, SEED


def test_schools_are_about_as_large_as_the_real_ones(truth: Truth, cells: Expected) -> None:
    inside = [school for school in truth.schools if school.in_region]
    assert len(inside) == 188
    assert len(truth.schools) - len(inside) == 40
    assert {school.institution for school in truth.schools} <= {
        f"99{first}{chr(second)}" for first in "XYZ" for second in range(65, 91)
    }
    primary = sorted(
        count(cells, "pupils", "school", school.code, 24)
        for school in inside
        if school.kind == "BO"
    )
    assert len(primary) == 132
    assert 110 <= primary[66] <= 155
    assert sum(size < 100 for size in primary) > 35


def test_small_numbers_are_the_normal_case(truth: Truth, cells: Expected) -> None:
    clients = [
        count(cells, "clients", "school", school.code, 24)
        for school in truth.schools
        if school.in_region
    ]
    assert 0.10 < sum(0 < number < 10 for number in clients) / len(clients) < 0.28


def test_swvs_cut_through_two_municipalities(truth: Truth) -> None:
    for municipality in (1876, 1955):
        inside = [school for school in truth.schools if school.municipality == municipality]
        assert len({school.swv_po for school in inside if school.kind == "BO"}) == 2


def test_duration_of_ended_care_follows_the_cbs_classes(truth: Truth) -> None:
    lengths = [
        (row.stopped_on - row.started_on).days
        for _, row in rows(truth)
        if row.stopped_on and row.started_on and row.started_on.year > 1950 < row.stopped_on.year
    ]
    classes = Counter(bisect([91, 182, 365, 730], days) for days in lengths)
    meant = (0.161, 0.172, 0.296, 0.233, 0.137)
    for index, share in enumerate(meant):
        assert abs(classes[index] / len(lengths) - share) < 0.07, (SEED, index)


def test_every_rate_of_dirt_is_near_its_target(truth: Truth) -> None:
    every = [row for _, row in rows(truth)]
    marks = Counter(mark for row in every for mark in row.dirt)
    for mark, rate in {
        Dirt.INVALID_NUMBER: 0.003,
        Dirt.SENTINEL_NUMBER: 0.002,
        Dirt.SEPARATORS: 0.015,
        Dirt.ADULT_NUMBER: 0.005,
        Dirt.CANCELLED: 0.010,
        Dirt.NO_REFERRER: 0.060,
    }.items():
        assert 0.6 * rate < marks[mark] / len(every) < 1.5 * rate, (SEED, mark)
    assert 0.22 < sum(row.assigned_until is None for row in every) / len(every) < 0.28
    lines = [line for row in every for line in row.declarations]
    assert 0.015 < sum(line.credit for line in lines) / len(lines) < 0.025
    assert marks[Dirt.AGB_LOST_ZERO] > 0
    assert marks[Dirt.LOWER_CASE_CODE] > 0
    assert marks[Dirt.EMPTY_AS_1900] > 0
    assert marks[Dirt.CLAIMED_TWICE] > 0


def test_every_rate_of_dirt_in_enrolments_is_near_its_target(truth: Truth) -> None:
    enrolments = [row for person in truth.persons for row in person.enrolments]
    marks = Counter(mark for row in enrolments for mark in row.dirt)
    assert 0.001 < marks[Dirt.UNKNOWN_SCHOOL] / len(enrolments) < 0.003
    assert 0.004 < marks[Dirt.DOUBLE_ENROLMENT] / len(enrolments) < 0.009
    # Two rows for every pupil who changed.
    assert 0.02 < marks[Dirt.MID_YEAR_CHANGE] / 2 / len(enrolments) < 0.04
    pupils = [person for person in truth.persons if person.enrolments]
    assert 0.002 < sum(person.kind == "O" for person in pupils) / len(pupils) < 0.006


def test_costs_and_providers_are_of_the_right_order(truth: Truth) -> None:
    total_ct = sum(
        (-1 if line.credit else 1)
        * (line.submitted_ct if line.granted_ct is None else line.granted_ct)
        for _, row in rows(truth)
        for line in row.declarations
    )
    assert 55e6 < total_ct / 100 / truth.years < 110e6
    assert len(truth.providers) == 150
    codes = [agb for provider in truth.providers for agb in provider.agb]
    assert len(codes) == len(set(codes)) == 180
    by_provider = Counter(row.provider for _, row in rows(truth))
    top = sum(number for _, number in by_provider.most_common(15))
    assert 0.5 < top / by_provider.total() < 0.9


def test_duo_counts_at_least_the_residents(truth: Truth, cells: Expected) -> None:
    totals = {(school, year): total for school, year, total in truth.duo_totals}
    for school in truth.schools:
        if school.in_region:
            for year in truth.periods:
                residents = count(cells, "pupils", "school", school.code, year - 2000)
                assert residents <= totals.get((school.code, year), 0), school.code


def test_the_traps_are_set(truth: Truth, cells: Expected) -> None:
    traps = {trap.letter: trap for trap in truth.traps}
    assert sorted(traps) == list("abcdefg")
    last = truth.periods[-1] - 2000

    def clients(school: str) -> int:
        return count(cells, "clients", "school", school, last)

    assert clients(traps["a"].schools[0]) == 1
    assert clients(traps["b"].schools[1]) == 3
    place = next(s.municipality for s in truth.schools if s.code == traps["b"].schools[0])
    total = count(cells, "clients", "type*municipality", f"VO*GM{place:04d}", last)
    assert total == clients(traps["b"].schools[0]) + 3
    assert {s.swv_po for s in truth.schools if s.code in traps["c"].schools} == {"PO2501"}
    for school in traps["e"].schools:
        assert clients(school) / count(cells, "pupils", "school", school, last) > 0.8
    closed, went_on = traps["f"].schools
    closing = traps["f"].year - 2000
    assert count(cells, "pupils", "school", closed, closing) > 0
    assert count(cells, "pupils", "school", closed, closing + 1) == 0
    grown = count(cells, "pupils", "school", went_on, closing + 1)
    assert grown > count(cells, "pupils", "school", went_on, closing)


def test_one_provider_serves_one_school(truth: Truth) -> None:
    trap = next(trap for trap in truth.traps if trap.letter == "d")
    provider = next(p for p in truth.providers if p.group == trap.note)
    served = {
        row.school
        for person, care in rows(truth)
        if care.agb in provider.agb and (row := enrolment_of(person, trap.year)) is not None
    }
    assert served == set(trap.schools)


def test_tracers_are_alone_with_their_form_at_their_school(truth: Truth, cells: Expected) -> None:
    assert len(truth.tracers) == 8
    by_number = {person.number: person for person in truth.persons}
    for tracer in truth.tracers:
        period = tracer.year - 2000
        key = Key("clients_by_form", "school", tracer.school, period, str(tracer.form), "clients")
        assert cells[key] == 1
        born = by_number[tracer.number].born_on
        reference = date(tracer.year, 10, 1)
        had_birthday = (born.month, born.day) <= (reference.month, reference.day)
        assert tracer.age == tracer.year - born.year - (not had_birthday)


def test_three_clients_of_aalten_object(truth: Truth) -> None:
    objectors = [person for person in truth.persons if person.objects]
    assert len(objectors) == 3
    for person in objectors:
        assert any(row.municipality == 197 for row in person.trajectories)
        assert forms_of(person, truth.periods[-1], EVERYWHERE)


def test_care_within_an_arrangement_has_its_product_and_no_other_care_has(truth: Truth) -> None:
    arrangements = {each.number: each for each in truth.arrangements}
    found: dict[int, int] = dict.fromkeys(arrangements, 0)
    for person in truth.persons:
        for row in person.trajectories:
            number = ARRANGEMENT_PRODUCTS.get(row.product.upper())
            if number is None:
                continue
            begins = row.started_on or row.assigned_from
            assert begins >= arrangements[number].starts_on
            schools = {each.school for each in person.enrolments}
            assert schools & set(arrangements[number].schools) or Dirt.ADULT_NUMBER in row.dirt
            found[number] += 1
    assert all(found.values())
    assert sum(found.values()) > 50, found


def test_some_children_are_only_claimed_by_rows_that_do_not_count(truth: Truth) -> None:
    # Else a product that forgets to drop a cancelled row would still count right.
    only_cancelled = [
        person
        for person in truth.persons
        if person.trajectories and all(Dirt.CANCELLED in row.dirt for row in person.trajectories)
    ]
    assert len(only_cancelled) > 50


def test_progress_names_every_step(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    generate(
        tmp_path,
        seed=1,
        years=1,
        pupils_scale=0.02,
        progress=lambda name, done, total: seen.append((name, done, total)),
    )
    assert [done for _, done, _ in seen] == list(range(7))
    assert seen[-1] == ("done", 6, 6)
