"""A supplier that knows its own clients computes nobody else's from a generated release.

Two attackers: a system of whole numbers with every relation, and an enumeration of all tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.protection import Protected, Published, Rules, catalogue
from publisher.protection import tally as gate
from shared.errors import ProtectionError
from shared.reference import Level
from tests.support.amounts import Care, Child
from tests.support.assurance import figure, record
from tests.support.protection import reference, school
from tests.support.subtracting import Region, enumerated, told_to

RULES = Rules(fallback=True, split_remainder_min=10)
FORMS = ("1", "2")


@st.composite
def regions(draw: st.DrawFn) -> Region:
    """Two or three schools, helped mostly by one municipality and a little by another."""
    codes = [f"{number:02d}AA00" for number in range(draw(st.integers(2, 3)))]
    children: list[Child] = []
    for code in codes:
        for form in FORMS:
            for supplier, counts in ((1, (0, 9, 12, 14)), (2, (0, 1, 1, 2, 11))):
                care = (Care(form, supplier, supplier),)
                children += [Child(code, 1, care)] * draw(st.sampled_from(counts))
        both = (Care("1", 1, 1), Care("2", 2, 2))
        children += [Child(code, 1, both) for _ in range(draw(st.integers(0, 2)))]
    distinct = tuple(replace(child) for child in children)
    levels = (Level.SCHOOL, Level.REGION)
    published = (Published("pupils_and_clients", levels), Published("clients_by_form", levels))
    return Region(reference(map(school, codes)), distinct, published)


def _protected(region: Region) -> Protected | None:
    try:
        return region.protect(RULES)
    except ProtectionError as error:
        if error.code != "protection-unmet":
            raise
        return None


def _attacked(attack: Callable[[Region, Protected, int], int], examples: int) -> int:
    """How many suppliers of generated regions attacked."""
    attacked = 0

    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    @given(regions())
    def check(region: Region) -> None:
        nonlocal attacked
        made = _protected(region)
        if made is not None:
            attacked += sum(attack(region, made, supplier) for supplier in region.suppliers())

    check()
    return attacked


def _by_program(region: Region, made: Protected, supplier: int) -> int:
    assert not told_to(region, made, supplier)
    return 1


def _by_enumeration(region: Region, made: Protected, supplier: int) -> int:
    found = enumerated(region, made, supplier, FORMS)
    assert not found
    return found is not None


@pytest.mark.parametrize("attack", [_by_program, _by_enumeration])
def test_no_supplier_learns_of_few_others(attack: Callable[[Region, Protected, int], int]) -> None:
    begin = time.monotonic()
    attacked = _attacked(attack, figure(25, 5_000))
    assert attacked > 5
    record(f"suppliers subtracting their own from generated releases, {attack.__name__[1:]}",
           attacked, attacked, 0, time.monotonic() - begin)  # fmt: skip


def test_without_the_floor_a_supplier_learns_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutation: the search takes a count below a supplier's own; both attackers see it."""
    monkeypatch.setattr(catalogue, "face_suppliers", lambda *_, **__: None)
    monkeypatch.setattr(gate, "check_claims", lambda *_: None)
    seen = [0, 0]

    def both(region: Region, made: Protected, supplier: int) -> int:
        seen[0] += bool(told_to(region, made, supplier))
        seen[1] += bool(enumerated(region, made, supplier, FORMS))
        return 1

    _attacked(both, 25)
    assert all(seen)
