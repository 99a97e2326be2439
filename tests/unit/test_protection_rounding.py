"""Audited rounding: the draw, a release with rounded tables, and what can be rounded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from publisher.protection import (
    Certificate,
    Protected,
    Published,
    RoundedTable,
    Rounding,
    protect_tally,
    rounding_key,
    verify_protection,
)
from publisher.protection.grid import Grid
from publisher.protection.rounding.draw import BASE, bounds, rounded
from publisher.protection.rounding.places import cells_of_table, check_roundable
from shared.contract.tally import Tally
from shared.errors import PolicyError, ProtectionError
from shared.policy import PublishedTable, load_policy
from shared.redaction import Secret
from shared.reference import Level, Reference
from tests.support.corrections import RULES, region
from tests.support.drawn_tally import drawn_tally
from tests.support.protection import PERIOD, PUBLISHED, tally

KEY = Secret(bytes(range(32)))
VIA_GP = "clients_mental_health_via_gp"
ROUNDING = Rounding((RoundedTable("clients_by_form_school", "clients_by_form"),), KEY)


# --- the draw ----------------------------------------------------------------------------------


@given(st.integers(0, 10_000), st.text(max_size=20))
def test_a_count_goes_to_a_multiple_next_to_it(count: int, cell: str) -> None:
    shown = rounded(count, KEY, cell)
    least, most = bounds(shown)
    assert shown % BASE == 0
    assert abs(shown - count) < BASE
    assert least <= count <= most
    assert rounded(count, KEY, cell) == shown


def test_the_draw_is_fair_and_its_mean_error_is_at_most_two() -> None:
    """Counts as they are at schools: mostly below 5, sometimes many."""
    counts = [0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 6, 7, 8, 9, 11, 13, 17, 23, 34]
    errors = [
        rounded(count, KEY, f"cell {number}") - count for number in range(500) for count in counts
    ]
    assert abs(sum(errors) / len(errors)) < 0.05
    assert sum(map(abs, errors)) / len(errors) <= 2


def test_a_higher_count_is_never_shown_lower() -> None:
    for cell in ("a", "b", "c"):
        shown = [rounded(count, KEY, cell) for count in range(60)]
        assert shown == sorted(shown)


def test_another_key_draws_otherwise() -> None:
    other = rounding_key(Secret(bytes(32)))
    cells = [f"cell {number}" for number in range(100)]
    assert [rounded(3, KEY, cell) for cell in cells] != [rounded(3, other, cell) for cell in cells]


def test_a_rounded_zero_stands_for_zero_to_four() -> None:
    assert bounds(0) == (0, 4)
    assert bounds(5) == (1, 9)


# --- a release ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    bundle: Reference
    counted: Tally
    protected: Protected

    def check(self, rows: pd.DataFrame, proofs: tuple[Certificate, ...]) -> None:
        verify_protection(
            self.protected.cells, self.counted, self.bundle, RULES, PUBLISHED, proofs, (),
            ROUNDING, rows,
        )  # fmt: skip

    @property
    def grid(self) -> Grid:
        return Grid.of(self.counted, self.bundle, PUBLISHED)

    @property
    def rows(self) -> pd.DataFrame:
        return self.protected.rounded


@pytest.fixture(scope="module")
def made() -> Made:
    bundle, places = region(3)
    counted = tally(bundle, places)
    return Made(
        bundle, counted, protect_tally(counted, bundle, RULES, PUBLISHED, rounding=ROUNDING)
    )


def test_a_rounded_table_is_whole_and_proved(made: Made) -> None:
    assert len(made.rows) == 12 * 9
    assert set(made.rows["status"]) == {"r", "c"}
    assert made.rows["value"].isna().equals(made.rows["status"] == "c")
    made.check(made.rows, made.protected.certificates)
    report = made.protected.report
    assert (report.total.exact, report.total.too_narrow, report.latent_too_narrow) == (0, 0, 0)


def test_what_is_shown_lies_around_what_was_counted(made: Made) -> None:
    """A second oracle: the counts of the tally, and plain arithmetic."""
    true = {
        (row["unit"], row["category"]): row["value"]
        for row in made.counted.cells.to_pylist()
        if (row["table"], row["level"], row["measure"]) == ("clients_by_form", "school", "clients")
    }
    errors = [
        abs(row["value"] - true.get((row["unit"], row["category"]), 0))
        for row in made.rows.to_dict("records")
        if row["status"] == "r"
    ]
    assert len(errors) > 20
    assert max(errors) <= 4
    assert sum(errors) / len(errors) <= 2


def test_a_proof_of_a_rounded_count_is_missed(made: Made) -> None:
    shown = made.rows[made.rows["status"] == "r"].iloc[0]
    name = f"24/clients/school/{shown['unit']}/form={shown['category']}"
    kept = tuple(proof for proof in made.protected.certificates if proof.cell != name)
    assert len(kept) < len(made.protected.certificates)
    with pytest.raises(ProtectionError, match="verification-failed"):
        made.check(made.rows, kept)


def test_another_value_and_a_row_too_few_are_refused(made: Made) -> None:
    place = made.rows.index[made.rows["status"] == "r"][0]
    changed = made.rows.copy()
    changed.loc[place, "value"] += 5
    other = made.rows.copy()
    other.loc[place, "measure"] = "pupils"
    alone = made.rows.copy()
    for one in cells_of_table(ROUNDING.tables[0], made.grid, PERIOD):
        if one.alone:
            its = (alone["unit"] == one.school) & (alone["category"] == one.category)
            at = alone.index[its][0]
            alone.loc[at, "value"] = rounded(one.true, KEY, one.key)
            alone.loc[at, "status"] = "r"
    assert not alone.equals(made.rows)
    for rows in (changed, other, alone, made.rows.drop(index=place)):
        with pytest.raises(ProtectionError, match="release-differs"):
            made.check(rows, made.protected.certificates)


def test_a_table_is_not_both_exact_and_rounded(made: Made) -> None:
    with pytest.raises(PolicyError, match="rounding-impossible"):
        protect_tally(
            made.counted, made.bundle, RULES, PUBLISHED,
            rounding=Rounding((RoundedTable("x", "pupils_and_clients"),), KEY),
        )  # fmt: skip


@pytest.mark.parametrize("level", [Level.SCHOOL, Level.REGION])
def test_nor_beside_a_measure_of_a_school_that_its_categories_bound(level: Level) -> None:
    """With stay is at least each form with stay: what the rounded ones tell of it is not proven."""
    bundle, tally = drawn_tally(1)
    published = (
        Published("pupils_and_clients", (Level.SCHOOL, Level.REGION)),
        Published("clients_by_form", (Level.REGION,)),
        Published("clients_with_stay", (level,)),
        Published("clients_of_kind", (Level.SCHOOL, Level.REGION)),
    )
    grid, table = Grid.of(tally, bundle, published), RoundedTable("x", "clients_by_form")
    if level is Level.SCHOOL:
        with pytest.raises(PolicyError, match="rounding-impossible"):
            check_roundable(table, grid)
    else:
        check_roundable(table, grid)


KINDS_AT: dict[str, tuple[Level, ...]] = {
    "pupils_and_clients": (Level.SCHOOL, Level.REGION),
    "clients_of_kind": (Level.SCHOOL, Level.REGION),
    VIA_GP: (Level.REGION,),
    "starts_and_ends": (Level.REGION,),
    "day_treatment": (Level.REGION,),
}


def kinds_grid(**changed: tuple[Level, ...]) -> Grid:
    bundle, tally = drawn_tally(1)
    published = (Published(table, levels) for table, levels in {**KINDS_AT, **changed}.items())
    return Grid.of(tally, bundle, tuple(each for each in published if each.levels))


def test_a_measure_is_a_part_of_the_nearest_that_is_published_per_school() -> None:
    table = RoundedTable("x", VIA_GP)
    for levels, whole in (((Level.SCHOOL,), "clients_mental_health"), ((Level.REGION,), "clients")):
        grid = kinds_grid(clients_of_kind=levels)
        check_roundable(table, grid)
        cells = list(cells_of_table(table, grid, grid.periods[0]))
        assert len(cells) == len(grid.units(Level.SCHOOL, grid.periods[0]))
        for one in cells:
            assert one.whole == f"{grid.periods[0]}/{whole}/school/{one.school}/"
            assert one.key == f"{grid.periods[0]}/{VIA_GP}/school/{one.school}/"


@pytest.mark.parametrize(
    ("table", "changed"),
    [
        (VIA_GP, {VIA_GP: ()}),
        (VIA_GP, {VIA_GP: (Level.SCHOOL,)}),
        ("clients_of_kind", {"clients_of_kind": (Level.REGION,), VIA_GP: (Level.SCHOOL,)}),
        ("starts_and_ends", {}),
        ("day_treatment", {}),
        ("no_such_table", {}),
    ],
    ids=[
        "nowhere exact", "exact per school", "the whole of a part per school",
        "a part of two, and trajectories", "an amount", "unknown",
    ],
)  # fmt: skip
def test_a_measure_that_is_tied_to_others_is_not_rounded(
    table: str, changed: dict[str, tuple[Level, ...]]
) -> None:
    check_roundable(RoundedTable("x", VIA_GP), kinds_grid())
    with pytest.raises(PolicyError, match="rounding-impossible"):
        check_roundable(RoundedTable("x", table), kinds_grid(**changed))


def test_nor_is_a_part_of_two_measures() -> None:
    """Who started is one of the clients, and has one of the trajectories that started."""
    grid = kinds_grid()
    table = grid.tables["starts_and_ends"]
    started = tuple(each for each in table.measures if each.id == "clients_started")
    only = replace(
        grid, tables={**grid.tables, table.id: table.model_copy(update={"measures": started})}
    )
    with pytest.raises(PolicyError, match="who are a part of others"):
        check_roundable(RoundedTable("x", table.id), only)


# --- the policy --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"of": ""},
        {"of": "forms_school"},
        {"method": "suppress"},
        {"levels": ("school", "municipality")},
    ],
)
def test_a_rounded_table_names_what_it_is_of_and_is_of_schools(changes: dict[str, object]) -> None:
    declared: dict[str, object] = {
        "id": "forms_school", "title": "t", "levels": ("school",), "recipients": ("publiek",),
        "method": "round", "of": "clients_by_form",
    }  # fmt: skip
    assert PublishedTable.model_validate(declared).counted_as == "clients_by_form"
    with pytest.raises(ValidationError):
        PublishedTable.model_validate({**declared, **changes})


def test_the_default_catalogue_rounds_per_school_what_is_small_there() -> None:
    policy = load_policy(Path(__file__).parents[2] / "docs/dpia/policy.toml").policy
    rounded_tables = [table for table in policy.tables if table.method == "round"]
    assert [(table.of, table.levels) for table in rounded_tables] == [
        ("clients_by_form", (Level.SCHOOL,)),
        (VIA_GP, (Level.SCHOOL,)),
    ]
