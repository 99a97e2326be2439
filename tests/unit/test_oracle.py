"""The oracle itself, on people made by hand: each rule of what counts, once."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from deploy.demo.generator.truth import Dirt, Enrolment, Person, School, Trajectory, Truth
from tests.support.oracle import Expected, Key, expected

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
    of_oracle = imported(root / "tests" / "support" / "oracle.py")
    assert not {name for name in of_oracle if name.split(".")[0] in product}
    modules = sorted((root / "deploy" / "demo" / "generator").glob("*.py"))
    assert len(modules) > 20
    of_generator = set().union(*(imported(module) for module in modules))
    used = {name for name in of_generator if name.split(".")[0] in product}
    assert used <= {"shared.contract.codes", "shared.contract.periods"}
