"""The oracle itself, on people made by hand: each rule of what counts, once."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from deploy.demo.generator.truth import (
    Declaration,
    Dirt,
    Enrolment,
    Person,
    School,
    Trajectory,
    Truth,
)
from tests.support.micro_count import Counted
from tests.support.micro_rows import Care
from tests.support.oracle import Expected, Key, expected
from tests.support.oracle_care import care_rows_of
from tests.support.oracle_tally import whole_tally

HERE, THERE = 197, 222


def school(code: str, municipality: int = HERE, *, in_region: bool = True) -> School:
    return School(
        code, code, "BO", "", "7121AA", "", municipality, "", in_region, 10, 0.0, 0.0,
        board="99001", swv_po="PO2502",
    )  # fmt: skip


ENROLLED = Enrolment(2021, "99XA01", "BO", HERE, "7121", 4, date(2020, 8, 1), None, True)
CARE = Trajectory(
    municipality=HERE, assignment="1", agb="22990001", provider="", category="45",
    product="45A48", assigned_from=date(2021, 11, 1), assigned_until=date(2021, 12, 1),
    started_on=None, stopped_on=None, end_reason="", change_reason="", referrer="01",
    funding="ZIN", volume=1.0, unit="04", frequency="2", budget_ct=0, legal_status="",
)  # fmt: skip


def person(*rows: Enrolment | Trajectory, kind: str = "B", objects: bool = False) -> Person:
    return Person(
        number="999000000",
        kind=kind,
        born_on=date(2012, 1, 1),
        sex=1,
        enrolments=tuple(row for row in rows if isinstance(row, Enrolment)),
        trajectories=tuple(row for row in rows if isinstance(row, Trajectory)),
        objects=objects,
    )


def truth_of(*persons: Person) -> Truth:
    return Truth(
        seed=0, first_year=2021, years=1, municipalities=((HERE, "A"), (THERE, "B")),
        schools=(school("99XA01"), school("99XA02", THERE), school("99ZZ00", 221, in_region=False)),
        providers=(), arrangements=(), persons=persons, duo_totals=(), tracers=(), traps=(),
    )  # fmt: skip


def cells_of(*persons: Person) -> Expected:
    return expected(truth_of(*persons), [HERE, THERE])


def clients(*rows: Enrolment | Trajectory, kind: str = "B", objects: bool = False) -> int:
    cells = cells_of(person(ENROLLED, *rows, kind=kind, objects=objects))
    return cells.get(Key("pupils_and_clients", "total", "total", 21, "", "clients"), 0)


def test_a_pupil_adds_one_at_every_level() -> None:
    cells = cells_of(person(ENROLLED, CARE))
    counted = {(key.level, key.unit) for key in cells if key.table == "pupils_and_clients"}
    assert counted == {
        ("school", "99XA01"), ("institution", "99XA"), ("board", "99001"), ("type", "BO"),
        ("sector", "PO"), ("municipality", "GM0197"), ("type*municipality", "BO*GM0197"),
        ("swv_po", "PO2502"), ("region", "region"), ("total", "total"), ("residence", "GM0197"),
    }  # fmt: skip
    assert set(cells.values()) == {1}


@pytest.mark.parametrize(("code", "unit"), [("99ZZ00", "BO"), ("98QA00", "onbekend")])
def test_schools_outside_the_region_count_elsewhere(code: str, unit: str) -> None:
    cells = cells_of(person(replace(ENROLLED, school=code)))
    levels = {(key.level, key.unit) for key in cells}
    assert levels == {("elsewhere", unit), ("total", "total"), ("residence", "GM0197")}


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (replace(CARE), True),
        (replace(CARE, change_reason="13"), False),
        (replace(CARE, dirt=frozenset({Dirt.INVALID_NUMBER})), False),
        (replace(CARE, dirt=frozenset({Dirt.SENTINEL_NUMBER})), False),
        (replace(CARE, dirt=frozenset({Dirt.SEPARATORS, Dirt.AGB_LOST_ZERO})), True),
        (replace(CARE, category="48", product="48A01"), False),
        (replace(CARE, municipality=1859), False),
        # The real start and stop go before the assigned ones.
        (replace(CARE, started_on=date(2022, 8, 1), stopped_on=date(2022, 9, 1)), False),
        (replace(CARE, assigned_from=date(2020, 1, 1), stopped_on=date(2021, 7, 31)), False),
        (replace(CARE, assigned_from=date(2020, 1, 1), stopped_on=date(2021, 8, 1)), True),
        (replace(CARE, assigned_from=date(2022, 7, 31), assigned_until=None), True),
        (replace(CARE, assigned_from=date(2022, 8, 1), assigned_until=None), False),
        # 1900 is empty: the assigned dates decide.
        (replace(CARE, started_on=date(1900, 1, 1), stopped_on=date(1900, 1, 1)), True),
        (replace(CARE, assigned_until=date(1900, 1, 1)), True),
    ],
)
def test_which_care_makes_a_client(change: Trajectory, counts: bool) -> None:
    assert clients(change) == int(counts)


def test_a_child_counts_once_however_often_it_is_claimed() -> None:
    assert clients(CARE, replace(CARE, municipality=THERE), replace(CARE, category="41")) == 1


def test_forms_overlap_and_the_total_is_distinct() -> None:
    cells = cells_of(person(ENROLLED, CARE, replace(CARE, product="45a04")))
    by_form = {
        key.category: value
        for key, value in cells.items()
        if key.table == "clients_by_form" and key.level == "total"
    }
    assert by_form == {"": 1, "2": 1, "4": 1}


def test_a_number_without_bsn_and_an_objection() -> None:
    assert clients(CARE, kind="O") == 0
    assert clients(CARE, objects=True) == 0
    assert cells_of(person(ENROLLED, CARE, objects=True)) == {}
    told = expected(truth_of(person(ENROLLED, CARE, objects=True)), [HERE], objections=False)
    assert told[Key("pupils_and_clients", "total", "total", 21, "", "clients")] == 1


def school_of(*rows: Enrolment) -> str | None:
    cells = cells_of(person(*rows))
    return next((key.unit for key in cells if key.level == "school"), None)


def test_which_enrolment_decides() -> None:
    other = replace(ENROLLED, school="99XA02")
    assert school_of(other, ENROLLED) == "99XA01"
    assert school_of(replace(ENROLLED, main=False), other) == "99XA02"
    assert school_of(replace(ENROLLED, left_on=date(2021, 10, 1)), other) == "99XA02"
    assert school_of(replace(ENROLLED, left_on=date(2021, 10, 2)), other) == "99XA01"
    assert school_of(replace(ENROLLED, enrolled_on=date(2021, 10, 1))) == "99XA01"
    assert school_of(replace(ENROLLED, enrolled_on=date(2021, 10, 2))) is None
    assert school_of(replace(ENROLLED, dirt=frozenset({Dirt.INVALID_NUMBER}))) is None


def test_only_residents_of_covered_municipalities_are_the_population() -> None:
    truth = truth_of(person(ENROLLED, replace(CARE, municipality=THERE)))
    assert expected(truth, [THERE]) == {}
    alone = expected(truth, [HERE])
    assert not any(key.measure == "clients" for key in alone)
    both = expected(truth, [HERE], care_from=[HERE, THERE])
    assert both[Key("clients_by_form", "school", "99XA01", 21, "2", "clients")] == 1


def rows_of(*rows: Trajectory, born_on: date = date(2012, 1, 1)) -> list[Care]:
    child = replace(person(ENROLLED, *rows), born_on=born_on)
    return care_rows_of(child, 7, (2020, 2021, 2022), (HERE, THERE))


def test_a_trajectory_becomes_a_row() -> None:
    line = Declaration(date(2021, 11, 1), date(2021, 11, 30), 8.0, 1_050, False, None)
    (row,) = rows_of(replace(CARE, declarations=(line,)))
    assert row == Care(
        person=7, municipality=HERE, form=2, period=21, days=31, started=True, ended=True,
        first=True, end_reason=9, domain=1, provider="22990001", referrer=1, funding=1, since=31,
        age_at_start=9, cost_eur=11, half_days=0, arrangement=0,
    )  # fmt: skip


def test_care_over_years_has_a_row_each_and_declarations_go_by_day() -> None:
    """Ten days of which three fall in the first year; a credit takes half a euro back."""
    first, last = date(2021, 7, 29), date(2021, 8, 7)
    lines = (
        Declaration(first, last, 10.0, 1_000, False, 2_000),
        Declaration(first, last, 0.0, 100, True, 50),
    )
    rows = rows_of(
        replace(CARE, started_on=first, stopped_on=last, end_reason="31", declarations=lines)
    )
    told = [(r.period, r.days, r.since, r.started, r.ended, r.end_reason, r.cost_eur) for r in rows]
    assert told == [(20, 3, 3, True, False, 0, 6), (21, 7, 10, False, True, 1, 14)]


def test_overlapping_care_is_merged_and_touching_care_is_not() -> None:
    """Of one form, provider and funding; the first start, the last end and its reason."""
    rows = [
        replace(CARE, assigned_until=date(2021, 11, 30), end_reason="32", referrer=""),
        replace(CARE, assigned_from=date(2021, 11, 30), assigned_until=date(2021, 12, 31),
                product="54013", category="54", end_reason="31", referrer="04"),
        replace(CARE, assigned_from=date(2022, 1, 1), assigned_until=date(2022, 1, 31)),
        replace(CARE, funding="PGB"),
    ]  # fmt: skip
    told = {
        (row.days, row.first, row.end_reason, row.referrer, row.domain, row.funding)
        for row in rows_of(*rows)
    }
    assert told == {
        (61, True, 1, 4, 1, 1),
        (31, False, 9, 1, 1, 1),
        (31, True, 9, 1, 1, 2),
    }


def test_half_days_are_of_day_treatment_and_never_below_zero() -> None:
    line = Declaration(date(2021, 11, 1), date(2021, 11, 10), 4.5, 100, False, 0)
    day = replace(CARE, category="41", product="41a92", unit="16", declarations=(line,))
    (row,) = rows_of(day)
    assert (row.form, row.half_days, row.arrangement, row.cost_eur) == (3, 5, 2, 0)
    assert rows_of(replace(day, declarations=(replace(line, credit=True),)))[0].half_days == 0
    assert rows_of(replace(day, unit="04"))[0].half_days == 0


def test_a_child_claimed_by_two_municipalities_has_a_row_of_each() -> None:
    found = rows_of(CARE, replace(CARE, municipality=THERE))
    assert [(row.municipality, row.first) for row in found] == [(HERE, True), (THERE, True)]


def test_the_whole_tally_has_every_level_and_no_one_who_objects() -> None:
    truth = truth_of(person(ENROLLED, CARE), replace(person(ENROLLED, CARE), objects=True))
    cells = whole_tally(truth, [HERE, THERE])
    key = ("pupils_and_clients", "residence", "GM0197", 21, "", "clients")
    assert cells[key] == Counted(
        1, contributions={HERE: 1}, contributors=1, providers=1, largest_share=1000
    )
    assert cells["providers", "school", "99XA01", 21, "", "providers"].value == 1
    both = whole_tally(truth, [HERE, THERE], objections=False)
    assert both[key].value == 2


def test_the_truth_is_saved_whole_and_never_shows_a_number(tmp_path: Path) -> None:
    truth = truth_of(person(ENROLLED, CARE))
    truth.save(tmp_path / "truth")
    assert Truth.load(tmp_path / "truth") == truth
    assert "999000000" not in repr(truth)


def imported(path: Path) -> set[str]:
    """Names of the modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_neither_the_oracle_nor_the_generator_leans_on_the_product() -> None:
    root = Path(__file__).parents[2]
    product = ("shared", "linker", "publisher")
    support = root / "tests" / "support"
    plain = [
        *support.glob("oracle*.py"),
        *(support / f"micro_{name}.py" for name in ("rows", "places", "catalogue", "count")),
    ]
    assert len(plain) == 7
    of_oracle = set().union(*(imported(module) for module in plain))
    assert not {name for name in of_oracle if name.split(".")[0] in product}
    # Nor on a helper that does.
    helpers = {name.removeprefix("tests.support.") for name in of_oracle if "support" in name}
    assert helpers <= {module.stem for module in plain}
    modules = sorted((root / "deploy" / "demo" / "generator").glob("*.py"))
    assert len(modules) > 20
    of_generator = set().union(*(imported(module) for module in modules))
    used = {name for name in of_generator if name.split(".")[0] in product}
    assert used <= {"shared.contract.codes", "shared.contract.periods"}
