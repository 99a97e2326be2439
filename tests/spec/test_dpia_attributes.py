"""What may be delivered is the same in the contract, the policy and the DPIA, in order."""

from __future__ import annotations

import pytest

from shared.contract.deliveries import SCHEMAS
from shared.policy import DeliverySchema, load_policy
from tests.support.markdown import ROOT, Table, code, read, tables

POLICY = load_policy(ROOT / "docs/dpia/policy.toml").policy
TYPES = {"gewoon", "gevoelig", "bijzonder", "strafrechtelijk", "nationaal identificatienummer"}
NOT_YET = "nog geen tabel"


def declared(name: str) -> DeliverySchema:
    (schema,) = [schema for schema in POLICY.schemas if schema.name == name]
    return schema


def dpia_table(name: str) -> Table:
    (found,) = [
        each
        for each in tables(read("docs/dpia/dpia.md"))
        if (each.heading, each.columns[0]) == (f"`{name}`", "Attribuut")
    ]
    return found


def test_the_same_schemas_everywhere() -> None:
    headings = [
        each.heading.strip("`")
        for each in tables(read("docs/dpia/dpia.md"))
        if each.columns[0] == "Attribuut"
    ]
    assert list(SCHEMAS) == [schema.name for schema in POLICY.schemas] == headings


@pytest.mark.parametrize("name", SCHEMAS)
def test_contract_is_policy(name: str) -> None:
    contract = [(column.name, column.label) for column in SCHEMAS[name].columns]
    assert contract == [(each.name, each.label) for each in declared(name).attributes]
    assert POLICY.attributes(name) == tuple(column.name for column in SCHEMAS[name].columns)


@pytest.mark.parametrize("name", SCHEMAS)
def test_policy_is_dpia(name: str) -> None:
    policy = [
        (each.name, each.label, each.category, ", ".join(each.purposes), each.why)
        for each in declared(name).attributes
    ]
    dpia = [(code(row[0]), *row[1:5]) for row in dpia_table(name).rows]
    assert policy == dpia


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_source_is_named_in_the_dpia(name: str) -> None:
    assert f"Bron: {declared(name).source}." in read("docs/dpia/dpia.md")


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_attribute_has_a_type_of_the_rijksmodel(name: str) -> None:
    assert {each.category for each in declared(name).attributes} <= TYPES


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_uses_an_attribute_is_a_published_table_or_said_to_be_missing(name: str) -> None:
    known = {f"`{table.id}`" for table in POLICY.tables}
    for row in dpia_table(name).rows:
        assert row[5] == NOT_YET or set(row[5].split(", ")) <= known, row[0]


def test_every_purpose_is_served_by_an_attribute() -> None:
    served = {
        purpose
        for schema in POLICY.schemas
        for attribute in schema.attributes
        for purpose in attribute.purposes
    }
    assert served == {purpose.id for purpose in POLICY.purposes}


def test_no_attribute_has_the_name_of_something_that_stays_at_the_source() -> None:
    forbidden = ("bsn", "naam", "name", "straat", "postcode", "geboorte", "birth", "commentaar")
    for schema in POLICY.schemas:
        for attribute in schema.attributes:
            assert not any(word in attribute.name for word in forbidden)
