"""Attacks on a table of which a code can also be that of a form: educations, with pupils and care.

The reader of ``tests.support.attacker`` knows them apart, and knows that educations add up.
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
PUBLISHED = tuple(
    Published(table, LEVELS)
    for table in ("pupils_and_clients", "clients_by_form", "clients_by_education")
)
SEEDS = (1, 3, 4)


@cache
def made(seed: int) -> tuple[Reference, Tally, Protected]:
    bundle, tally = drawn_tally(seed, persons=300, period=PERIOD)
    return bundle, tally, protect_tally(tally, bundle, RULES, PUBLISHED)


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


@pytest.mark.parametrize("seed", SEEDS)
def test_no_education_is_computed_from_a_release(seed: int) -> None:
    bundle, tally, protected = made(seed)
    verify_protection(protected.cells, tally, bundle, RULES, PUBLISHED, protected.certificates)
    view = View.of(released(protected.cells), bundle, PERIOD)
    assert not told(view)
    assert not too_narrow(Attack(System(view)).intervals())
    assert not careless_cells(view)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_secondary_cells_it_is_and_the_verifier_refuses(seed: int) -> None:
    """Attack: the defence taken out."""
    bundle, tally, protected = made(seed)
    cells = without_secondary_cells(tally, protected)
    found = told(View.of(released(cells), bundle, PERIOD))
    assert any(place.category.startswith("education=") for place in found)
    with pytest.raises(ProtectionError, match="verification-failed"):
        verify_protection(cells, tally, bundle, RULES, PUBLISHED, protected.certificates)


def test_an_education_and_a_form_of_one_code_are_two_quantities() -> None:
    bundle, tally, protected = made(1)
    view = View.of(released(protected.cells), bundle, PERIOD)
    educations = {category for _, category in view.cells if "=" in category}
    forms = {category for _, category in view.forms}
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
