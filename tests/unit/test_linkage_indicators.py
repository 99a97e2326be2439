"""The catalogue is complete: every measure is defined once, counted and of the contract."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from linker.linkage.counting import EVERY_ROW, plan
from linker.linkage.definitions import Definitions, MeasureDefinition, Quantity, definitions
from linker.linkage.indicators import DERIVED, TABLES, catalogue
from linker.linkage.protecting import SHIPPED_RULE
from linker.linkage.relations import key_codes
from linker.linkage.stages import FLAGS_PER_MASK, masks, row_flags
from shared.contract.codes import Domain, Education, EndReason, Form, Referrer
from shared.contract.tally import Measure, Table
from shared.policy import load_policy
from shared.reference import ALL_LEVELS, SCHOOL_LEVELS, Arrangement, Level, ProviderGroup
from tests.support.markdown import ROOT
from tests.support.microregion import bundle, school

_MEASURES = [measure for table in TABLES for measure in table.measures]
REFERENCE = bundle([school("99XA00")]).model_copy(
    update={
        "provider_groups": (ProviderGroup(group="groep-a", name="Groep A", agb=("01000001",)),),
        "arrangements": (
            Arrangement(
                number=7, name="Samen", schools=("99XA00",), starts_on="2020-08-01", aim="",
                target="", lump_sum_eur=100, comparison="",
            ),
        ),
    }
)  # fmt: skip


def table(name: str, tables: tuple[Table, ...] = TABLES) -> Table:
    return next(each for each in tables if each.id == name)


def test_every_cell_of_the_catalogue_has_a_column_that_is_counted() -> None:
    counted = {(each.table, each.measure, each.category) for each in plan().columns}
    for each in TABLES:
        breakdown = next((b for b in definitions().breakdowns if b.name == each.breakdown), None)
        for measure in each.measures:
            wanted: set[str | None] = {""}
            if breakdown is not None:
                keyed = breakdown.keyed
                wanted |= {None} if keyed else {code for code, _ in each.categories}
            mine = {c for t, m, c in counted if (t, m) == (each.id, measure.id)}
            assert mine == wanted


@pytest.mark.parametrize("measure", [*_MEASURES, *DERIVED], ids=lambda measure: str(measure.id))
def test_a_definition_says_who_is_counted_and_from_what(measure: Measure) -> None:
    assert all((measure.label, measure.unit, measure.population, measure.numerator, measure.source))
    assert bool(measure.denominator) == (measure in DERIVED)


def test_a_measure_has_one_definition_wherever_it_stands() -> None:
    first = {measure.id: measure for measure in reversed(_MEASURES)}
    assert all(measure == first[measure.id] for measure in _MEASURES)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("clients_by_form", Form),
        ("clients_by_domain", Domain),
        ("clients_started_by_referrer", Referrer),
        ("ended_trajectories_by_reason", EndReason),
        ("clients_by_education", Education),
    ],
)
def test_categories_are_the_contracts_codes_in_order(
    name: str, codes: type[Form | Domain | Referrer | EndReason | Education]
) -> None:
    assert table(name).categories == tuple((str(each.value), each.label) for each in codes)


def test_categories_of_providers_and_arrangements_are_those_of_the_bundle() -> None:
    tables = catalogue(REFERENCE)
    providers = table("clients_by_provider", tables).categories
    assert [code for code, _ in providers] == ["groep-a", "other", "none"]
    arrangements = table("costs_by_arrangement", tables).categories
    assert [code for code, _ in arrangements] == ["7", "none", "unknown"]
    for breakdown, found in (("provider", providers), ("arrangement", arrangements)):
        assert set(key_codes(breakdown, REFERENCE)) == {code for code, _ in found}


def test_levels_are_those_of_the_population_but_for_arrangements() -> None:
    special = {"coverage", "day_treatment", "clients_by_education", "arrangement_schools"}
    assert {each.levels for each in TABLES if each.id not in special} == {ALL_LEVELS}
    assert table("coverage").levels == table("day_treatment").levels == SCHOOL_LEVELS
    assert table("arrangement_schools").levels == (Level.ARRANGEMENT, Level.COMPARISON)
    assert not {Level.SCHOOL, Level.INSTITUTION, Level.BOARD} & set(
        table("clients_by_education").levels
    )


def test_only_breakdowns_of_one_thing_per_person_or_row_exclude_each_other() -> None:
    adding = {each.id for each in TABLES if each.breakdown and not each.overlaps}
    assert adding == {
        "clients_by_education", "started_trajectories_by_referrer", "clients_by_flow",
        "ended_trajectories_by_reason", "ended_by_duration", "running_by_duration",
        "costs_by_form", "costs_by_arrangement",
    }  # fmt: skip


def test_flags_are_shared_and_fit_their_masks() -> None:
    base = plan().family("base")
    assert sum(each.family == "base" for each in plan().columns) > len(base.flags)
    assert len(row_flags()) <= FLAGS_PER_MASK * len(masks())
    assert EVERY_ROW in {flag.where for flag in row_flags()}


def test_the_default_rule_is_that_of_the_shipped_policy() -> None:
    protection = load_policy(ROOT / "docs/dpia/policy.toml").policy.protection
    assert (SHIPPED_RULE.p_percent, SHIPPED_RULE.dominance_percent) == (
        protection.p_percent, protection.dominance_percent,
    )  # fmt: skip


def test_a_sum_without_a_column_is_refused() -> None:
    sound = definitions().measure("cost_eur").model_dump()
    with pytest.raises(ValidationError, match="names a column"):
        MeasureDefinition.model_validate({**sound, "column": ""})
    with pytest.raises(ValidationError, match="names a column"):
        MeasureDefinition.model_validate({**sound, "quantity": Quantity.PERSONS})


@pytest.mark.parametrize("part", ["measures", "breakdowns"])
def test_a_definition_that_refers_to_nothing_is_refused(part: str) -> None:
    sound = definitions()
    with pytest.raises(ValidationError, match="without table or definition"):
        Definitions(
            measures=sound.measures[1:] if part == "measures" else sound.measures,
            derived=sound.derived,
            breakdowns=sound.breakdowns[1:] if part == "breakdowns" else sound.breakdowns,
            tables=sound.tables,
        )
