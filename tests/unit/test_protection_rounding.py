"""Audited rounding: the draw, what is withheld beside exact tables, and the proof of it."""

from __future__ import annotations

from collections.abc import Mapping
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
from publisher.protection.rounding.fitting import Fitting
from publisher.protection.rounding.places import Parts, RoundedCell, cells_of_table, check_roundable
from publisher.protection.verification.check import check_claim
from publisher.protection.verification.claim import Claim
from publisher.protection.verification.rounded import with_rounded
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
CATEGORIES = Parts(complete=True, overlap=True)
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


# --- beside exact tables -----------------------------------------------------------------------


def cell(school: str, true: int, group: str = "G", *, alone: bool = False) -> RoundedCell:
    return RoundedCell(school, school, "clients", "2", true, group, alone, f"total {school}")


def fitted(
    cells: list[RoundedCell],
    shown_at: Mapping[str, int],
    true: Mapping[str, int],
    *proofs: Certificate,
) -> tuple[frozenset[str], tuple[Certificate, ...]]:
    return Fitting(cells, shown_at, true, parts=CATEGORIES, level=2).fit(proofs)


def test_two_schools_of_a_group_can_each_be_something_else() -> None:
    shown, proofs = fitted([cell("A", 7), cell("B", 6)], {"A": 5, "B": 5}, {"G": 13})
    assert shown == {"A", "B"}
    for proof in proofs:
        assert sum(step for _, step in proof.delta) == 0
        assert abs(dict(proof.delta)[proof.cell]) >= 2


def test_what_the_group_tells_is_not_shown() -> None:
    """One child in two schools, of which one is shown as 5: it must be that one."""
    shown, _ = fitted([cell("A", 1), cell("B", 0)], {"A": 5, "B": 0}, {"G": 1})
    assert shown == frozenset()


def test_a_count_that_an_exact_table_has_is_not_shown_again() -> None:
    cells = [cell("A", 7, alone=True), cell("B", 6, "H"), cell("C", 9, "H")]
    proof = Certificate.of("G", {"G": 2})
    shown, _ = fitted(cells, {"A": 5, "B": 5, "C": 10}, {"G": 7, "H": 15}, proof)
    assert shown == {"B", "C"}


def test_a_proof_of_an_exact_table_is_divided_over_its_schools() -> None:
    cells = [cell("A", 7), cell("B", 6)]
    proof = Certificate.of("G", {"G": 3, "H": -3})
    shown, proofs = fitted(cells, {"A": 5, "B": 5}, {"G": 13, "H": 9}, proof)
    assert shown == {"A", "B"}
    (divided,) = [dict(each.delta) for each in proofs if each.cell == "G"]
    assert divided.get("A", 0) + divided.get("B", 0) == 3


def test_rounded_counts_that_contradict_a_proof_are_withheld() -> None:
    """The proof takes 12 of the group; its schools can give 3 and 5."""
    cells = [cell("A", 9), cell("B", 7)]
    proof = Certificate.of("G", {"G": -12})
    shown, proofs = fitted(cells, {"A": 10, "B": 5}, {"G": 16}, proof)
    assert len(shown) == 1
    (divided,) = [dict(each.delta) for each in proofs if each.cell == "G"]
    assert divided["A"] + divided["B"] == -12
    for key in shown:
        assert {"A": 6, "B": 1}[key] <= {"A": 9, "B": 7}[key] + divided[key]


def test_no_count_is_more_than_the_total_of_its_school() -> None:
    """6 can only become 8, and of those 6 children nobody is left for another form."""
    cells = [cell("A", 6), cell("B", 9)]
    true = {"G": 15, "total A": 6, "total B": 9}
    shown, proofs = fitted(cells, {"A": 10, "B": 10}, true)
    for proof in proofs:
        for key, step in proof.delta:
            assert {"A": 6, "B": 9}[key] + step <= true[f"total {key}"]
    assert shown == frozenset()


MEASURES = Parts(complete=False, overlap=True)


def test_a_measure_is_no_more_than_what_it_is_part_of_and_may_be_less() -> None:
    """Of 6 with ggz 6 came via the gp: none can be more. Where 9 have it, 3 more can."""
    cells = [replace(cell(school, 6), measure="via_gp", category="") for school in "AB"]
    shown_at = {"A": 10, "B": 5}
    shown, _ = Fitting(
        cells, shown_at, {"G": 12, "total A": 6, "total B": 6}, parts=MEASURES, level=2
    ).fit(())
    assert shown == frozenset()
    shown, proofs = Fitting(
        cells, shown_at, {"G": 12, "total A": 9, "total B": 30}, parts=MEASURES, level=2
    ).fit(())
    assert shown == {"A", "B"}
    assert {proof.cell for proof in proofs} == {"A", "B"}


def test_the_verifier_refuses_more_of_a_measure_than_its_whole() -> None:
    cells = [replace(cell(school, 6), measure="via_gp", category="") for school in "AB"]
    true = {"G": 12, "total A": 7, "total B": 20}
    exact = Claim(true, frozenset(), frozenset(), (), (), (), "either")
    claim = with_rounded(exact, cells, {"A": 5, "B": 5}, parts=MEASURES, level=2)
    fewer, more = {"A": -2, "B": 2}, {"A": 2, "B": -2}
    assert check_claim(claim, [Certificate.of("A", fewer), Certificate.of("B", fewer)]) == 2
    with pytest.raises(ProtectionError, match="verification-failed"):
        check_claim(claim, [Certificate.of("A", more), Certificate.of("B", fewer)])


def test_a_withheld_count_is_no_more_than_its_whole_either() -> None:
    """Of A, which is not shown, at most 6 have the form: so at B it cannot be fewer than 6."""
    cells = [replace(cell("A", 6), alone=True), cell("B", 6)]
    true = {"G": 12, "total A": 6, "total B": 6}
    shown, _ = fitted(cells, {"A": 5, "B": 5}, true)
    assert shown == frozenset()
    exact = Claim(true, frozenset(), frozenset(), (), (), (), "either")
    claim = with_rounded(exact, cells, {"B": 5}, parts=CATEGORIES, level=2)
    with pytest.raises(ProtectionError, match="verification-failed"):
        check_claim(claim, [Certificate.of("B", {"A": 2, "B": -2})])


def test_the_verifier_adds_a_group_up_and_leaves_no_client_without_a_category() -> None:
    cells = [cell(school, 6) for school in "AB"]
    true = {"G": 12, "total A": 6, "total B": 9}
    exact = Claim(true, frozenset(), frozenset({"total B"}), (), (), (), "either")
    of_forms, of_measures = (
        with_rounded(exact, cells, {"A": 5}, parts=parts, level=2)
        for parts in (CATEGORIES, MEASURES)
    )
    fewer = Certificate.of("A", {"A": -2, "B": 2})
    assert check_claim(of_measures, [fewer]) == 1
    with pytest.raises(ProtectionError, match="verification-failed"):
        check_claim(of_forms, [fewer])
    for apart in ({"A": -2}, {"A": -2, "B": 1}, {"A": -2, "B": 3}):
        with pytest.raises(ProtectionError, match="verification-failed"):
            check_claim(of_measures, [Certificate.of("A", apart)])


def test_a_proof_that_takes_a_total_below_what_is_shown_withholds_it() -> None:
    """Shown as 10 it is 6 at least; the proof leaves 5 clients at its school."""
    cells = [cell("A", 7), cell("B", 7)]
    true = {"G": 14, "total A": 7, "total B": 20}
    proof = Certificate.of("total A", {"total A": -2, "total B": 2})
    shown, proofs = Fitting(cells, {"A": 10, "B": 5}, true, parts=MEASURES, level=2).fit([proof])
    assert shown == {"B"}
    (divided,) = [dict(each.delta) for each in proofs if each.cell == "total A"]
    assert divided == {"total A": -2, "total B": 2, "A": -2, "B": 2}


def test_a_withheld_category_takes_what_the_others_leave() -> None:
    """Every client of A has a form, and of the one that is not shown there must then be some.

    At A 5 clients have 3 of one form and 2 of another; of the second there are 4 in the group.
    """
    first = [cell("A", 3, "G1"), cell("B", 9, "G1")]
    second = [replace(cell(school, 2, "G2"), key=f"{school}2", alone=True) for school in "AB"]
    true = {"G1": 12, "G2": 4, "total A": 5, "total B": 10}
    shown, proofs = fitted([*first, *second], {"A": 5, "B": 10, "A2": 0, "B2": 0}, true)
    assert shown == {"A", "B"}
    for proof in proofs:
        step = dict(proof.delta)
        assert 3 + step.get("A", 0) + 2 + step.get("A2", 0) >= 5
        assert 9 + step.get("B", 0) + 2 + step.get("B2", 0) >= 10
        assert step.get("A2", 0) + step.get("B2", 0) == 0


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
