"""The policy and the agreements load, allow nothing real yet, and say what the documents say."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import BaseModel

from deploy.governance.register import ROLES
from linker.linkage.indicators import TABLES
from publisher.protection.rules import Rules
from publisher.staging import AMOUNTS
from shared.agreements import load_agreements
from shared.errors import PolicyError
from shared.identity import Role
from shared.policy import Status, load_policy
from tests.support.markdown import ROOT, code, read, table, tables

POLICY = load_policy(ROOT / "docs/dpia/policy.toml").policy
AGREEMENTS = load_agreements(ROOT / "docs/dpia/agreements.toml").agreements
DPIA = read("docs/dpia/dpia.md")
ACHTERHOEK = {197, 1859, 1876, 222, 1955, 1586, 1509, 294}
A_DAY = date(2030, 1, 1)


def settings(part: BaseModel) -> list[tuple[str, str]]:
    """Names and values of a part of the policy, as they stand in the documents."""
    return [
        (name, ", ".join(value) if isinstance(value, tuple) else str(value).lower())
        for name, value in part
    ]


def documented(name: str, column: str) -> list[tuple[str, str]]:
    """First two columns of every table of a document whose columns start so."""
    return [
        (code(row[0]), row[1])
        for each in tables(read(name))
        if each.columns[:2] == ("Instelling", column)
        for row in each.rows
    ]


def test_a_concept_allows_no_real_round() -> None:
    assert POLICY.status is Status.CONCEPT
    assert POLICY.fg_advice_on is None
    with pytest.raises(PolicyError, match="policy-not-definitive"):
        POLICY.check_round_allowed(synthetic=False)


def test_the_shipped_policy_is_not_for_synthetic_rounds_either() -> None:
    with pytest.raises(PolicyError, match="synthetic-mismatch"):
        POLICY.check_round_allowed(synthetic=True)


def test_the_dpia_names_its_own_version_and_status() -> None:
    head = {row[0]: row[1] for row in next(tables(DPIA)).rows}
    assert head["Versie"] == POLICY.dpia_version
    assert head["Status"] == POLICY.status.value


def test_purposes_are_those_of_question_5() -> None:
    rows = [tuple(row) for row in table(DPIA, "Doel", "Wat").rows]
    assert rows == [(purpose.id, purpose.text) for purpose in POLICY.purposes]


def test_recipients_are_those_of_question_6() -> None:
    rows = {code(row[0]): row[2] for row in table(DPIA, "Ontvanger", "Wie", "Tabellen").rows}
    receives = {
        recipient: ", ".join(
            f"`{each.id}`" for each in POLICY.tables if recipient in each.recipients
        )
        for published in POLICY.tables
        for recipient in published.recipients
    }
    assert rows == receives


def test_protection_corrections_approval_and_limits_are_those_of_question_17() -> None:
    declared = [
        pair
        for part in (POLICY.protection, POLICY.corrections, POLICY.approval, POLICY.limits)
        for pair in settings(part)
    ]
    assert documented("docs/dpia/dpia.md", "Waarde") == declared


def test_retention_is_that_of_the_document() -> None:
    assert documented("docs/dpia/bewaartermijnen.md", "Dagen") == settings(POLICY.retention)


def test_the_terms_in_words_are_those_of_the_policy() -> None:
    assert POLICY.retention.source_files_after_delivery_days == 30
    assert "30 dagen na levering" in DPIA
    assert "binnen 30 dagen" in read("docs/handleiding/gemeente.md")
    assert f"{POLICY.retention.input_after_close_days} dagen na sluiting" in " ".join(DPIA.split())
    assert f"{POLICY.retention.tally_after_receipt_days} dagen na ontvangst" in DPIA
    assert POLICY.retention.release_after_publication_days <= 10 * 365
    assert POLICY.retention.ledger_days == 5 * 365


def test_the_protection_is_one_that_the_engine_can_give() -> None:
    declared = POLICY.protection.model_dump(exclude=AMOUNTS)
    assert Rules(**declared).as_dict() == declared
    assert set(POLICY.protection.model_dump()) - set(declared) == AMOUNTS


def test_protection_is_not_weaker_than_the_engine_s_defaults() -> None:
    defaults = Rules()
    for name in ("threshold", "split_threshold", "slide", "split_slide", "rate_min"):
        assert getattr(POLICY.protection, name) >= getattr(defaults, name), name
    assert POLICY.protection.zeros != "publish"
    assert POLICY.protection.group
    assert POLICY.protection.union


def test_only_tables_that_are_counted_are_published() -> None:
    counted = {each.id: each for each in TABLES}
    for published in POLICY.tables:
        table = counted[published.counted_as]
        assert published.method == "round" or published.title == table.title
        assert set(published.levels) <= set(table.levels)


def test_forms_are_not_published_per_school() -> None:
    (forms,) = [each for each in POLICY.tables if each.id == "clients_by_form"]
    assert not {"school", "institution", "board"} & {level.value for level in forms.levels}


def test_what_is_published_exactly_per_school_is_a_short_list() -> None:
    """The risk of a whole group (R4) names each part of the clients that stands there."""
    per_school = {
        each.id: {measure.id for measure in table.measures}
        for each in POLICY.tables
        for table in TABLES
        if each.id == table.id and "school" in {level.value for level in each.levels}
    }
    assert {table.id for table in TABLES if table.id in per_school and table.breakdown} == set()
    parts = {"clients_mental_health", "clients_dyslexia"}
    assert set(per_school) == {"pupils_and_clients", "clients_of_kind", "providers", "costs"}
    assert per_school["clients_of_kind"] == parts
    (risk,) = [line for line in DPIA.splitlines() if line.startswith("| R4 | Regel")]
    assert "ggz en dyslexiezorg alleen vanaf tien leerlingen" in risk


def test_agreements_are_of_the_eight_municipalities_duo_and_the_three_services() -> None:
    suppliers = [each for each in AGREEMENTS.agreements if each.role is Role.SUPPLIER]
    codes = {each.municipality for each in suppliers if each.municipality}
    assert codes == ACHTERHOEK
    assert {each.party for each in suppliers} == {f"gm{code:04d}" for code in codes} | {"duo"}
    services = {each.role: each.party for each in AGREEMENTS.agreements if each not in suppliers}
    assert services == {
        Role.LINKER: POLICY.linker,
        Role.PUBLISHER: POLICY.publisher,
        Role.KEY_OFFICE: POLICY.key_office,
    }
    assert AGREEMENTS.region == POLICY.region


def test_nothing_is_signed_and_nothing_is_invented() -> None:
    for each in AGREEMENTS.agreements:
        assert each.status is Status.CONCEPT
        assert each.fingerprint is None
        assert each.document_sha256 is None
        assert each.in_force_from is None
        assert each.in_force_until is None
        with pytest.raises(PolicyError, match="agreement-not-in-force"):
            AGREEMENTS.check_in_force(each.party, each.role, A_DAY)


def test_the_register_has_the_same_agreements() -> None:
    rows = table(read("docs/dpia/verwerkersregister.md"), "Partij", "Rol").rows
    assert [(code(row[0]), row[1], row[3]) for row in rows] == [
        (each.party, ROLES[each.role], each.status.value) for each in AGREEMENTS.agreements
    ]


def test_every_role_has_the_word_of_the_glossary() -> None:
    glossary = read("GLOSSARY.md")
    assert set(ROLES) == set(Role)
    for role, word in ROLES.items():
        assert role is Role.AUDITOR or f"| {role.value.replace('_', ' ')} | {word} |" in glossary


def test_every_point_of_article_28_3_has_an_answer() -> None:
    points = [clause.clause for clause in AGREEMENTS.clauses]
    for letter in "abcdefgh":
        assert sum(point.startswith(f"28(3)({letter}):") for point in points) == 1, letter
    assert sum(point.startswith("28(3) aanhef:") for point in points) == 3
