"""The specification of intake runs: every row of docs/dpia/intake.toml, against the linker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.documents import policy_text, shipped_policy
from deploy.make_specification import INTAKE
from linker.intake.reasons import Reason
from linker.rounds.lifecycle import accept_round
from tests.support.intake_cases import (
    HELD,
    LETTERS,
    TABLES,
    Desk,
    by_another,
    by_itself,
    capped,
    care_of,
    with_value,
)
from tests.support.markdown import ROOT
from tests.support.mirrors import looks_like_citizen_numbers
from tests.support.parties import MiniRegion, make_region, objection_table
from tests.support.refusals import raised

RULES = {rule["id"]: rule for rule in INTAKE.rules()}
COMPUTED = {
    "round-statement-differs", "policy-differs", "calibration-differs", "synthetic-differs",
    "value-not-allowed", "residence-not-expected", "body-not-parquet", "body-damaged",
}  # fmt: skip
"""Codes that intake puts together; the number of such places is watched below."""
OF_OTHERS = {
    "shared/envelope.py": (),
    "shared/contract/guards.py": (),
    "shared/service/upload.py": (),
    "shared/agreements.py": (
        "approvers-missing", "agreement-incomplete", "agreement-document-missing",
        "agreement-document-differs", "agreements-invalid",
    ),
    "shared/identity.py": (
        "passphrase-needed", "passphrase-wrong", "seal-key-invalid", "card-invalid",
        "identity-invalid",
    ),
}  # fmt: skip
"""Modules whose refusals intake passes on, with those that it never meets."""


def examples(function: str) -> list[Any]:
    return list(_examples(function))


def _examples(function: str) -> Iterator[object]:
    for id_, rule in RULES.items():
        if rule.get("function") == function:
            for row in rule["rows"]:
                yield pytest.param(row, id=f"{id_}-{'-'.join(map(str, row[:-1]))}"[:80])


@pytest.fixture
def desk(region: MiniRegion, trusted: Any) -> Iterator[Desk]:
    with region.linker_client() as client:
        yield Desk(region, trusted, client)


@pytest.mark.parametrize("row", examples("letter"))
def test_an_envelope_is_judged_as_specified(desk: Desk, row: Sequence[str]) -> None:
    _said, key, outcome = row
    assert LETTERS[key](desk) == outcome


@pytest.mark.parametrize("row", examples("table"))
def test_a_table_is_judged_as_specified(row: Sequence[str]) -> None:
    _said, key, outcome = row
    assert TABLES[key]() == outcome


@pytest.mark.parametrize("row", examples("value"))
def test_a_value_is_judged_as_specified(row: Sequence[Any]) -> None:
    schema, column, value, outcome = row
    assert with_value(schema, column, value) == outcome


@pytest.mark.parametrize("row", examples("objections"))
def test_objections_are_held_as_specified(tmp_path: Path, row: Sequence[Any]) -> None:
    count, most, outcome = row
    region = make_region(tmp_path, policy=capped(policy_text(shipped_policy()), most))
    database = region.linker_database()
    accepted = accept_round(
        database, region.identities["koppelaar"], region.linker_keys, region.files(),
        region.pinned_agreements, region.clock,
    )  # fmt: skip
    database.close()
    with region.linker_client() as client:
        desk = Desk(region, region.trusted(accepted), client)
        letter = desk.letter(schema="objection/1", table=objection_table(list(range(count))))
        assert desk.send(letter) == outcome
        assert b"held" not in client.get(f"/envelopes/{letter.address}").content


@pytest.mark.parametrize("row", examples("plausible"))
def test_a_strange_delivery_is_held_as_specified(row: Sequence[Any]) -> None:
    rows, name, percent, outcome = row
    assert bool(by_itself(rows, name, percent)) is (outcome == HELD)


@pytest.mark.parametrize("row", examples("compared"))
def test_a_delivery_is_compared_as_specified(row: Sequence[Any]) -> None:
    other, rows, name, then, now, outcome = row
    assert bool(by_another(other, rows, name, then, now)) is (outcome == HELD)


@pytest.mark.parametrize("row", examples("decision"))
def test_a_person_decides_as_specified(desk: Desk, row: Sequence[str]) -> None:
    state, decision, outcome = row
    table = looks_like_citizen_numbers() if state == "aangehouden" else care_of(5)
    desk.send(desk.letter(table=table, last=int(state != "niet compleet")))
    wanted = {"aangehouden": "held", "niet compleet": "incomplete", "geldig": "current"}[state]
    assert desk.delivery_state() == wanted
    assert desk.decide(accept=decision == "aannemen") == outcome


# --- nothing is left out -------------------------------------------------------------------------


def specified() -> set[str]:
    """Every code that a chapter shows or names."""
    shown = {row[-1] for rule in RULES.values() for row in rule.get("rows", ())}
    named = {each["code"] for rule in RULES.values() for each in rule.get("also", ())}
    assert not shown & named, "what a row shows needs no test elsewhere"
    return (shown | named) - {"", HELD}


def test_every_refusal_of_the_code_has_a_chapter() -> None:
    of_intake: set[str] = set()
    computed = 0
    for path in sorted((ROOT / "linker" / "intake").glob("*.py")):
        codes, more = raised(path)
        of_intake |= codes
        computed += more
    assert computed == 3, "a code is put together at another place: add it to COMPUTED"
    for name, never in OF_OTHERS.items():
        of_intake |= raised(ROOT / name)[0] - set(never)
    assert specified() == of_intake | COMPUTED


def test_every_reason_to_hold_a_delivery_is_shown() -> None:
    """Each row that is held has one of the reasons of its chapter, and every reason has a row."""
    named = [name for rule in RULES.values() for name in rule.get("reasons", ())]
    assert sorted(named) == sorted(reason.value for reason in Reason)
    shown = set()
    for id_, compute in (("plausible", by_itself), ("compared", by_another)):
        shown |= {compute(*row[:-1]) for row in RULES[id_]["rows"]} - {""}
    assert shown == {*RULES["plausible"]["reasons"], *RULES["compared"]["reasons"]}


def test_every_example_is_used() -> None:
    used = {row[1] for rule in RULES.values() for row in rule.get("rows", ())
            if rule["function"] in {"letter", "table"}}  # fmt: skip
    assert used == {*LETTERS, *TABLES}


def test_the_page_says_what_the_specification_says() -> None:
    page = INTAKE.path().read_text(encoding="utf-8")
    assert page == INTAKE.page(), "run python -m deploy.make_pages"
