"""The catalogue is complete: every measure is defined, counted and drawn from the contract."""

from __future__ import annotations

import pytest

from linker.linkage.indicators import (
    CLIENTS_BY_FORM_TABLE,
    COUNTS,
    COVERAGE_TABLE,
    DERIVED,
    DUO_PUPILS,
    TABLES,
)
from shared.contract.codes import Form
from shared.contract.tally import Measure
from shared.reference import Level

_MEASURES = [measure for table in TABLES for measure in table.measures]


def test_every_measure_of_every_table_is_counted_or_comes_from_the_reference() -> None:
    counted = {(count.table.id, count.measure.id) for count in COUNTS}
    declared = {(table.id, measure.id) for table in TABLES for measure in table.measures}
    assert declared - counted == {(COVERAGE_TABLE.id, DUO_PUPILS.id)}
    assert counted <= declared


def test_every_breakdown_has_its_categories_counted_and_its_total() -> None:
    for table in TABLES:
        categories = {count.category for count in COUNTS if count.table is table}
        assert categories == ({"", table.breakdown} if table.breakdown else {""})
        assert bool(table.categories) == bool(table.breakdown)


@pytest.mark.parametrize("measure", [*_MEASURES, *DERIVED], ids=lambda measure: str(measure.id))
def test_a_definition_says_who_is_counted_and_from_what(measure: Measure) -> None:
    assert all((measure.label, measure.unit, measure.population, measure.numerator, measure.source))
    assert bool(measure.denominator) == (measure in DERIVED)


def test_forms_are_the_contracts_youth_care_forms_in_order() -> None:
    assert len(CLIENTS_BY_FORM_TABLE.categories) == 9
    assert CLIENTS_BY_FORM_TABLE.categories == tuple((str(form.value), form.label) for form in Form)
    assert CLIENTS_BY_FORM_TABLE.overlaps


def test_only_coverage_has_no_cut_by_residence() -> None:
    assert [table for table in TABLES if Level.RESIDENCE not in table.levels] == [COVERAGE_TABLE]
