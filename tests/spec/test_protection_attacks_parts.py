"""Attacks on tables of which a code can also be that of a form: educations, and providers.

The reader of ``tests.support.attacker`` knows them apart, and knows that educations add up and
that a child can have several providers.
"""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest

from publisher.protection import Protected, Published, protect_tally, verify_protection
from publisher.staging import rules_of
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.reference import Level, Reference
from tests.support.attack_intervals import Attack, System, exposed, too_narrow
from tests.support.attacker import Place, View, careless_cells, subtraction
from tests.support.drawn_tally import POLICY, drawn_tally
from tests.support.told import released

PERIOD, RULES = 21, rules_of(POLICY)
LEVELS = (Level.MUNICIPALITY, Level.TYPE, Level.REGION, Level.TOTAL)
LARGE = (Level.REGION, Level.TOTAL)
"""Where three providers or more have clients."""
SEEDS = (1, 3, 4)
by_table = pytest.mark.parametrize("by", ["education", "provider"])


def published(by: str) -> tuple[Published, ...]:
    tables = ("pupils_and_clients", "providers", "clients_by_form", f"clients_by_{by}")
    return tuple(
        Published(table, LARGE if table == "clients_by_provider" else LEVELS) for table in tables
    )


@cache
def made(seed: int, by: str) -> tuple[Reference, Tally, Protected]:
    bundle, tally = drawn_tally(seed, persons=300, period=PERIOD)
    return bundle, tally, protect_tally(tally, bundle, RULES, published(by))


def told(view: View) -> set[Place]:
    intervals = Attack(System(view)).intervals()
    assert intervals, "the truth itself must fit"
    return subtraction(view) | exposed(intervals)


def without_secondary_cells(tally: Tally, protected: Protected) -> pd.DataFrame:
    """Whatever no rule withholds for its own sake is shown."""
    columns = ["table", "level", "unit", "category", "measure"]
    truth = {
        tuple(str(row[column]) for column in columns): row["value"]
        for row in tally.cells.to_pylist()
    }
    cells = protected.cells.copy()
    for at in cells.index[cells["status"] == "c"]:
        true = truth.get(tuple(str(cells.loc[at, column]) for column in columns), 0)
        if true >= RULES.split_threshold:
            cells.loc[at, ["value", "status"]] = (true, "")
    return cells


@by_table
@pytest.mark.parametrize("seed", SEEDS)
def test_no_part_is_computed_from_a_release(seed: int, by: str) -> None:
    bundle, tally, protected = made(seed, by)
    verify_protection(protected.cells, tally, bundle, RULES, published(by), protected.certificates)
    view = View.of(released(protected.cells), bundle, PERIOD)
    assert not told(view)
    assert not too_narrow(Attack(System(view)).intervals())
    assert not careless_cells(view)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_secondary_cells_it_is_and_the_verifier_refuses(seed: int) -> None:
    """Attack: the defence taken out. Clients of providers do not add up and need no such cells."""
    by = "education"
    bundle, tally, protected = made(seed, by)
    cells = without_secondary_cells(tally, protected)
    found = told(View.of(released(cells), bundle, PERIOD))
    assert any(place.category.startswith(f"{by}=") for place in found)
    with pytest.raises(ProtectionError, match="verification-failed"):
        verify_protection(cells, tally, bundle, RULES, published(by), protected.certificates)


def test_an_education_and_a_form_of_one_code_are_two_quantities() -> None:
    bundle, tally, protected = made(1, "education")
    view = View.of(released(protected.cells), bundle, PERIOD)
    educations = {category for _, category in view.cells if "=" in category}
    forms = {category for _, category in view.overlapping[0]}
    assert {category.partition("=")[2] for category in educations} & forms
    assert not educations & forms
    assert not view.torn
    assert {total for total, _ in view.sums} == {("pupils", ""), ("clients", "")}
    truth = {
        (row["measure"], row["category"]): row["value"]
        for row in tally.cells.to_pylist()
        if row["table"] == "clients_by_education" and row["level"] == "total"
    }
    for (measure, _), parts in view.sums:
        whole = truth[measure, ""]
        assert sum(truth.get((m, c.partition("=")[2]), 0) for m, c in parts) == whole
