"""Rule "union": no group of a few children is told, not even one that no cell names."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.protection import Protected, Published, Rules, engine, protect_tally
from publisher.protection.groups import in_row_space
from publisher.protection.verification import check
from publisher.protection.verification.groups import Combinations
from shared.contract.codes import SchoolType
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.reference import Level, Reference
from tests.support.protection import Place, reference, school, tally

Case = tuple[Reference, Tally, tuple[Published, ...]]
Vector = list[int]


def _of_form(form: str, count: int) -> tuple[frozenset[str], ...]:
    return (frozenset({form}),) * count


def _clients(few: int) -> tuple[frozenset[str], ...]:
    """Many clients of form 2, and some of form 19."""
    return _of_form("2", 40) + _of_form("19", few)


def _published(*levels: Level) -> tuple[Published, ...]:
    return (Published("pupils_and_clients", levels), Published("clients_by_form", levels))


def _total_without_region() -> Case:
    """Form 19 elsewhere: 3 at primary and 4 at secondary schools; both cells are withheld."""
    bundle = reference(
        [
            school("01AA00"),
            school("02AA00", municipality=2),
            school("90ZA00", municipality=20, in_region=False),
            school("91ZA00", SchoolType.VO, 20, in_region=False),
        ]
    )
    few = {"01AA00": 14, "02AA00": 15, "90ZA00": 3, "91ZA00": 4}
    places = [Place(code, 1, 300, _clients(count)) for code, count in few.items()]
    levels = (Level.MUNICIPALITY, Level.REGION, Level.ELSEWHERE, Level.TOTAL)
    return bundle, tally(bundle, places), _published(*levels)


def _swv_without_type_in_municipality() -> Case:
    """Form 19 in PO2501 outside BO*GM0001: 7 in two schools of different type and place."""
    rows = (
        ("01AA00", SchoolType.BO, 1, "PO2501", 14),
        ("02AA00", SchoolType.SBO, 1, "PO2501", 3),
        ("03AA00", SchoolType.BO, 2, "PO2501", 4),
        ("04AA00", SchoolType.BO, 2, "PO2502", 14),
        ("05AA00", SchoolType.SBO, 2, "PO2502", 15),
    )
    bundle = reference(school(code, kind, place, swv_po=swv) for code, kind, place, swv, _ in rows)
    places = [Place(code, 1, 300, _clients(count)) for code, _, _, _, count in rows]
    levels = (Level.TYPE_MUNICIPALITY, Level.SWV_PO)
    return bundle, tally(bundle, places), _published(*levels)


CASES = pytest.mark.parametrize(
    ("case", "told_by"),
    [
        (_total_without_region, (("total", "total"), ("region", "region"))),
        (
            _swv_without_type_in_municipality,
            (("swv_po", "PO2501"), ("type*municipality", "BO*GM0001")),
        ),
    ],
    ids=["total-region", "swv-type*municipality"],
)


def _protect(case: Case, **rules: bool) -> Protected:
    bundle, counted, published = case
    return protect_tally(counted, bundle, Rules(**rules), published)  # type: ignore[arg-type]


def _withheld(cells: pd.DataFrame, level: str, unit: str) -> bool:
    here = (cells["level"] == level) & (cells["unit"] == unit) & (cells["category"] == "19")
    return bool((cells[here]["status"] == "c").all())


@CASES
def test_a_small_group_without_a_cell_is_not_told(
    case: Callable[[], Case], told_by: tuple[tuple[str, str], ...]
) -> None:
    cells = _protect(case()).cells
    assert any(_withheld(cells, *place) for place in told_by)


@CASES
def test_without_the_rule_both_numbers_are_shown(
    case: Callable[[], Case], told_by: tuple[tuple[str, str], ...]
) -> None:
    cells = _protect(case(), union=False).cells
    assert not any(_withheld(cells, *place) for place in told_by)


@CASES
def test_the_verifier_refuses_what_a_careless_search_tells(
    case: Callable[[], Case],
    told_by: tuple[tuple[str, str], ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "told_groups", lambda problem, hidden: frozenset())
    with pytest.raises(ProtectionError, match="verification-failed"):
        _protect(case())
    monkeypatch.setattr(check, "tells_small_group", lambda claim: False)
    cells = _protect(case()).cells
    assert not any(_withheld(cells, *place) for place in told_by)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(1, 7).flatmap(lambda width: st.tuples(_rows(width, 6), _rows(width, 4))))
def test_both_eliminations_agree_with_fractions(drawn: tuple[list[Vector], list[Vector]]) -> None:
    rows, groups = drawn
    rank = _rank(rows)
    expected = [_rank([*rows, group]) == rank for group in groups]
    searched = in_row_space(np.array(rows, dtype=np.int64), np.array(groups, dtype=np.int64))
    assert searched.tolist() == expected
    known = Combinations()
    for row in rows:
        known.add(_sparse(row))
    assert [known.make(_sparse(group)) for group in groups] == expected


def _rows(width: int, most: int) -> st.SearchStrategy[list[Vector]]:
    row = st.lists(st.integers(0, 1), min_size=width, max_size=width)
    return st.lists(row, min_size=1, max_size=most)


def _sparse(row: Vector) -> dict[str, int]:
    return {str(place): factor for place, factor in enumerate(row) if factor}


def _rank(rows: list[Vector]) -> int:
    left = [[Fraction(factor) for factor in row] for row in rows]
    rank = 0
    for column in range(len(rows[0])):
        lead = next((row for row in left[rank:] if row[column]), None)
        if lead is None:
            continue
        left.remove(lead)
        left.insert(rank, lead)
        for place in range(rank + 1, len(left)):
            times = left[place][column] / lead[column]
            left[place] = [a - times * b for a, b in zip(left[place], lead, strict=True)]
        rank += 1
    return rank
