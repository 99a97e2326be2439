"""The documents of docs/dpia are as they are made, resolve, and fit the Rijksmodel."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.governance.documents import VERSIONS, documents
from deploy.governance.sources import DPIA, read_sources
from deploy.governance.uses import uses
from shared.agreements import load_agreements
from shared.identity import Role
from tests.support.markdown import ROOT, read, table

SOURCES = read_sources()
STANDARDS = ROOT / ".." / "shared" / "standards"
ABSENT = "reference_data: the standards do not lie beside the project"
HAND_WRITTEN = (
    "README.md", "bewaartermijnen.md", "datalek.md", "gezamenlijk.md", "handhaving.md", "ouders.md",
    "proef.md", "scholen.md", "sleutelceremonie.md", "wijzigen.md",
)  # fmt: skip
TEST_ID = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")


@pytest.mark.parametrize("name", documents(SOURCES))
def test_a_made_document_is_up_to_date(name: str) -> None:
    assert (DPIA / name).read_bytes() == documents(SOURCES)[name], "run `make pages`"


def test_every_threat_has_a_control_and_a_test_or_a_duty() -> None:
    rows = table(read("docs/threat-model.md"), "Nr.", "Threat").rows
    assert [row[0] for row in rows] == [f"T{n:02d}" for n in range(1, len(rows) + 1)]
    risks = {each.id for each in SOURCES.answers.risks}
    assert {row[4] for row in rows} <= risks
    for row in rows:
        assert row[2], row[0]
        assert TEST_ID.search(row[3]) or row[3].startswith("duty of"), row[0]
    without = risks - {row[4] for row in rows}
    assert without <= {"R5", "R9", "R14"}, "a risk that software can lessen has a threat"


def test_every_line_of_enforcement_names_what_shows_it() -> None:
    rows = [
        row
        for columns in (("Nr.", "Afspraak"), ("Nr.", "Wat er mis is"))
        for text in re.split(r"^## ", read("docs/dpia/handhaving.md"), flags=re.M)[1:]
        if f"| {' | '.join(columns)}" in text
        for row in table(text, *columns).rows
    ]
    assert sorted(row[0] for row in rows) == [f"H{n:02d}" for n in range(1, len(rows) + 1)]
    assert len(rows) >= 30
    for row in rows:
        assert row[2], row[0]
        assert TEST_ID.search(row[3]), row[0]


def test_every_clause_but_the_opening_says_which_test_shows_it() -> None:
    for clause in SOURCES.agreements.clauses:
        assert clause.shown_by, clause.clause


def test_the_schemas_describe_the_shipped_documents() -> None:
    for name in ("policy", "agreements"):
        schema = json.loads((DPIA / f"{name}.schema.json").read_text(encoding="utf-8"))
        shipped = tomllib.loads((DPIA / f"{name}.toml").read_text(encoding="utf-8"))
        jsonschema.validate(_without_dates(shipped), schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(_without_dates({**shipped, "bsn": 1}), schema)


def _without_dates(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def test_recipients_of_tables_are_answered_for() -> None:
    answered = {each.id for each in SOURCES.answers.recipients}
    assert {name for each in SOURCES.policy.tables for name in each.recipients} <= answered


def test_every_processing_has_a_party_and_its_terms_are_the_policys() -> None:
    doing = {id_ for party in SOURCES.answers.parties for id_ in party.processings}
    known = set(SOURCES.policy.retention.model_dump())
    agreed = {id_ for each in SOURCES.agreements.agreements for id_ in each.processings}
    for each in SOURCES.answers.processings:
        assert each.id in doing
        assert set(each.terms) <= known
        assert set(each.purposes) <= {purpose.id for purpose in SOURCES.policy.purposes}
    assert agreed <= {each.id for each in SOURCES.answers.processings}
    assert {each.id for each in SOURCES.answers.processings} - agreed <= {"V7"}


def test_reasons_are_of_settings_that_exist() -> None:
    policy = SOURCES.policy
    settings = {
        name
        for part in (policy.protection, policy.corrections, policy.approval, policy.limits)
        for name in part.model_dump()
    }
    assert set(SOURCES.answers.reasons) == settings


def test_uses_of_three_tables_by_hand() -> None:
    """What the definitions of these tables say, read by a person."""
    found = uses(SOURCES.policy)
    assert {"pupils_and_clients", "clients_by_form"} <= set(found["care/1", "form"])
    assert "coverage" not in found["care/1", "form"]
    assert "coverage" not in found["enrolment/1", "linkable"]
    for name in ("pseudonym", "period", "school", "residence", "main"):
        assert {each.id for each in SOURCES.policy.tables} == set(found["enrolment/1", name])
    for id_, column in (
        ("costs", "cost_eur"), ("providers", "provider"), ("clients_by_flow", "first"),
        ("clients_started_by_referrer", "referrer"), ("clients_started_by_age", "age_at_start"),
        ("ended_by_duration", "days_since_start"), ("clients_by_arrangement", "arrangement"),
        ("day_treatment", "half_days"), ("clients_by_domain", "domain"),
    ):  # fmt: skip
        everything = SOURCES.policy.model_copy(
            update={"tables": (SOURCES.policy.tables[0].model_copy(update={"id": id_}),)}
        )
        assert uses(everything)["care/1", column] == (id_,)


@pytest.mark.parametrize("name", HAND_WRITTEN)
def test_a_document_says_that_it_is_a_concept(name: str) -> None:
    assert "Status: concept." in read(f"docs/dpia/{name}")[:1200]


def test_the_overview_lists_every_document() -> None:
    text = read("docs/dpia/README.md")
    for path in sorted(DPIA.iterdir()):
        if path.name not in {"README.md", "suppression.toml"}:
            assert f"]({path.name})" in text, path.name


def test_every_law_that_was_not_looked_up_is_said_to_be() -> None:
    checked = {law.checked for law in SOURCES.answers.laws}
    assert any("te verifiëren" in each for each in checked)
    for law in SOURCES.answers.laws:
        assert law.checked.startswith("ja") or "te verifiëren" in law.checked, law.id


def test_the_pilot_and_the_software_ask_for_the_same_organisations() -> None:
    assert "twee organisaties" in read("docs/dpia/proef.md")
    shipped = load_agreements(DPIA / "agreements.toml").agreements
    assert not [each for each in shipped.agreements if each.role is Role.APPROVER]


# --- the Rijksmodel ---------------------------------------------------------------------------


def tasks(of: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in of:
        yield task
        yield from tasks(task.get("tasks", []))


def answers() -> Iterator[tuple[str, Any]]:
    """Id and value of every answer, without its place in a group."""
    document = json.loads((DPIA / "dpia.json").read_text(encoding="utf-8"))
    for id_, answer in document["answers"].items():
        for each in answer if isinstance(answer, list) else [{id_: answer}]:
            for key, value in each.items():
                if key != "_index":
                    yield re.sub(r"\[\d+\]$", "", key), value["value"]


@pytest.mark.reference_data
@pytest.mark.skipif(not STANDARDS.is_dir(), reason=ABSENT)
def test_the_answers_validate_against_the_output_schema() -> None:
    schema = json.loads(
        (STANDARDS / "assessment-output.v2.schema.json").read_text(encoding="utf-8")
    )
    document = json.loads((DPIA / "dpia.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    wrong: tuple[dict[str, Any], ...] = (
        {"answers": {}, "metadata": {}},
        {**document, "$schema": "x"},
    )
    for break_it in wrong:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate(break_it)


@pytest.mark.reference_data
@pytest.mark.skipif(not STANDARDS.is_dir(), reason=ABSENT)
def test_every_answer_is_to_a_question_of_the_model_and_one_of_its_options() -> None:
    model = yaml.safe_load((STANDARDS / "dpia.yaml").read_text(encoding="utf-8"))
    known = {task["id"]: task for task in tasks(model["tasks"])}
    for id_, value in answers():
        task = known[id_]
        kind = task["type"][0]
        options = [each["value"] for each in task.get("options", [])]
        if kind == "select_option":
            assert value in options, id_
        if kind == "radio_option" and task.get("valueType") != "boolean" and None not in options:
            assert value in options, id_
        if kind == "radio_option" and (True in options or False in options):
            assert value in {None, "true", "false"}, id_
        if kind == "checkbox_option":
            assert isinstance(value, list), id_
            assert not options or set(value) <= set(options), id_


@pytest.mark.reference_data
@pytest.mark.skipif(not STANDARDS.is_dir(), reason=ABSENT)
def test_every_question_of_the_model_has_an_answer() -> None:
    model = yaml.safe_load((STANDARDS / "dpia.yaml").read_text(encoding="utf-8"))
    answered = {id_.split(".")[0] for id_, _ in answers()}
    questions = {task["id"] for task in model["tasks"] if int(task["id"]) <= 19}
    assert questions <= answered


def test_versions_is_the_only_document_that_is_only_added_to() -> None:
    assert VERSIONS not in documents(SOURCES)
    assert Path(DPIA / VERSIONS).is_file()
