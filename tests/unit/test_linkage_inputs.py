"""A delivery that is not what the contract says never reaches the engine."""

from __future__ import annotations

import pyarrow as pa
import pytest

from linker.linkage.inputs import Delivered, Inputs, rekeyed_schema, suppliers_of
from shared.contract.deliveries import CARE, OBJECTION
from tests.support.micro_rows import Care, Enrolment
from tests.support.microregion import (
    care_rows,
    enrolment_rows,
)


def test_a_pseudonym_is_refused() -> None:
    with pytest.raises(RuntimeError, match="other columns"):
        Delivered("gm1", "objection/1", (1,), OBJECTION.arrow.empty_table())


def test_another_type_is_refused() -> None:
    rows = enrolment_rows([Enrolment(1)])
    wider = rows.set_column(1, "period", rows["period"].cast(pa.int64()))
    with pytest.raises(RuntimeError, match="other columns"):
        Delivered("duo", "enrolment/1", (1,), wider)


def test_nulls_are_refused() -> None:
    schema = pa.schema([pa.field("link_id", pa.binary(16))])
    rows = pa.table([pa.array([None], pa.binary(16))], schema=schema)
    with pytest.raises(RuntimeError, match="hold nulls"):
        Delivered("gm1", "objection/1", (1,), rows)


@pytest.mark.parametrize("municipalities", [(), (1, 2)])
def test_a_care_delivery_is_for_exactly_one_municipality(municipalities: tuple[int, ...]) -> None:
    with pytest.raises(RuntimeError, match="exactly one municipality"):
        Delivered("gm1", "care/1", municipalities, rekeyed_schema(CARE).empty_table())


def test_rows_carry_who_delivered_them_and_for_which_municipality() -> None:
    deliveries = [
        Delivered("gm2", "care/1", (2,), care_rows([Care(1), Care(2)])),
        Delivered("gm1", "care/1", (1,), care_rows([Care(3)])),
        Delivered("gm1", "enrolment/1", (1,), enrolment_rows([Enrolment(3)])),
    ]
    suppliers = suppliers_of(deliveries)
    inputs = Inputs.of(deliveries, suppliers)
    assert suppliers == (("gm1", "care/1"), ("gm1", "enrolment/1"), ("gm2", "care/1"))
    assert inputs.care_rows["supplier_no"].to_pylist() == [2, 2, 0]
    assert inputs.care_rows["municipality"].to_pylist() == [2, 2, 1]
    assert inputs.enrolment_rows["supplier_no"].to_pylist() == [1]
    assert len(inputs.objection_rows) == 0
