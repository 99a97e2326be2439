"""The delivery matrix: on the command line, as JSON, and as a page of this computer only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fastapi.testclient import TestClient

from linker.cli import linker as linker_command
from linker.intake.deliveries import decide_delivery
from linker.oversight.matrix import Line, Matrix, matrices
from linker.oversight.matrix_page import DELIVERY_STATES, ROUND_STATES, SCHEMAS, tasks
from linker.oversight.operator_pages import create_operator_app
from linker.store import DeliveryState, RoundState
from shared.clock import today
from shared.contract.deliveries import SCHEMAS as WIRE_SCHEMAS
from shared.errors import StateError
from shared.round import TrustedRound
from shared.service.logs import Log
from tests.support.parties import (
    ROUND,
    Letter,
    MiniRegion,
    care_table,
    objection_table,
    pseudonym,
    seal_letter,
)
from tests.support.web import Html

OBJECTIONS = 37
Deliver = Callable[..., Letter]


@pytest.fixture
def deliver(region: MiniRegion, trusted: TrustedRound) -> Iterator[Deliver]:
    with region.linker_client() as client:

        def deliver(count: int = 5, schema: str = "care/1", **more: Any) -> Letter:
            party = more.pop("party", "gm0197")
            rows = [{"pseudonym": pseudonym(number)} for number in range(count)]
            objections = schema == "objection/1"
            table = objection_table(list(range(count))) if objections else care_table(rows)
            letter = seal_letter(region, trusted, party, table, schema, **more)
            client.put(f"/envelopes/{letter.address}", content=letter.data)
            return letter

        yield deliver


@pytest.fixture
def everything(region: MiniRegion, deliver: Deliver) -> dict[str, Letter]:
    """One delivery in every state, objections, and a refusal."""
    first = deliver(2_345)
    deliver(policy="0" * 64)
    found = {
        "current": deliver(2_345, supersedes=first.context.delivery),
        "incomplete": deliver(4, last=0, party="gm0222"),
        "objections": deliver(OBJECTIONS, "objection/1"),
    }
    found["held"] = deliver(7, supersedes=found["current"].context.delivery)
    found["rejected"] = deliver(8, supersedes=found["current"].context.delivery)
    database = region.linker_database()
    decide_delivery(database, found["rejected"].context.delivery, accept=False)
    database.close()
    return found


def matrix(region: MiniRegion) -> Matrix:
    database = region.linker_database()
    (found,) = matrices(database, ROUND, region.clock)
    database.close()
    return found


def line(found: Matrix, supplier: str, schema: str = "care/1") -> Line:
    (one,) = [e for e in found.lines if (e.supplier, e.schema_name) == (supplier, schema)]
    return one


def test_the_matrix_has_a_line_for_everything_that_is_expected(
    region: MiniRegion, everything: dict[str, Letter]
) -> None:
    found = matrix(region)
    assert len(found.lines) == 5
    care = line(found, "gm0197")
    assert {(each.state, each.rows) for each in care.received} == {
        (DeliveryState.CURRENT, 2_345),
        (DeliveryState.HELD, 7),
        (DeliveryState.REJECTED, 8),
    }
    assert (care.superseded, care.overdue) == (1, False)
    assert [each.held_for for each in care.received if each.state is DeliveryState.HELD] == [
        "replaces-fewer"
    ]
    (partial,) = line(found, "gm0222").received
    assert (partial.state, partial.parts) == (DeliveryState.INCOMPLETE, 1)
    assert line(found, "duo", "enrolment/1").received == ()
    assert [(each.supplier, each.code, each.count) for each in found.refused] == [
        ("gm0197", "policy-differs", 1)
    ]


def test_objections_have_no_number_anywhere(
    region: MiniRegion, everything: dict[str, Letter]
) -> None:
    found = line(matrix(region), "gm0197", "objection/1")
    (one,) = found.received
    assert (one.rows, found.superseded) == (None, None)
    document = matrix(region).document()["lines"][2]
    for each in document["received"]:
        del each["delivery"]  # random, and may hold any digits
    assert document["schema_name"] == "objection/1"
    assert str(OBJECTIONS) not in json.dumps(document)


def test_what_does_not_count_on_the_last_day_is_overdue_and_objections_never_are(
    region: MiniRegion, everything: dict[str, Letter], trusted: TrustedRound
) -> None:
    region.clock.now += timedelta(days=(trusted.body.closes_on - today(region.clock)).days)
    assert [each for each in matrix(region).lines if each.overdue] == []
    region.clock.forward(1)
    late = {(each.supplier, each.schema_name) for each in matrix(region).lines if each.overdue}
    assert late == {("duo", "enrolment/1"), ("gm0222", "care/1")}


def test_an_unknown_round_has_no_matrix(region: MiniRegion) -> None:
    database = region.linker_database()
    with pytest.raises(StateError, match="round-unknown"):
        matrices(database, "andere", region.clock)
    assert matrices(database, None, region.clock) == []
    database.close()


def operator(region: MiniRegion, *words: str) -> Result:
    settings = region.folder / "koppelaar" / "linker.toml"
    values = region.linker_settings.model_dump(
        mode="json", exclude_none=True, exclude={"bands", "alarms"}
    )
    settings.write_text("\n".join(f"{name} = {json.dumps(each)}" for name, each in values.items()))
    return CliRunner().invoke(linker_command, ["--settings", str(settings), *words])


def test_the_command_shows_the_same(region: MiniRegion, everything: dict[str, Letter]) -> None:
    shown = operator(region, "matrix")
    assert shown.exit_code == 0, shown.output
    held = everything["held"].context.delivery
    assert f"held {held}: parts 1, 7 rows (far fewer rows than in the delivery" in shown.output
    assert "refused: gm0197 policy-differs 1x" in shown.output
    document = json.loads(operator(region, "matrix", ROUND, "--json").output)
    assert {each["rows"] for each in document[0]["lines"][1]["received"]} == {7, 8, 2_345}


# --- the page ----------------------------------------------------------------------------------


@pytest.fixture
def pages(region: MiniRegion) -> Iterator[TestClient]:
    app = create_operator_app(region.linker_settings, clock=region.clock, log=Log("t", StringIO()))
    with TestClient(app, base_url="http://localhost:8411") as client:
        yield client


def test_the_page_shows_the_matrix_in_dutch_and_without_script(
    pages: TestClient, everything: dict[str, Letter]
) -> None:
    answer = pages.get(f"/operator/rounds/{ROUND}")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"
    page = Html.of(answer.text)
    assert page.all("script") == []
    assert "SYNTHETISCH" in page.text
    assert "telt mee" in page.text
    assert "veel minder rijen dan in de levering die zij vervangt" in page.text
    assert "2.345" in page.text
    (objections,) = [row for row in page.tables[0] if row[:2] == ["gm0197", "bezwaren"]]
    assert objections[4:] == ["", ""]
    style, icon = page.attributes("link", "href")
    assert pages.get(style).headers["content-type"].startswith("text/css")
    assert pages.get(icon).headers["content-type"].startswith("image/svg+xml")


def test_the_page_says_what_to_do_while_the_round_is_open(
    pages: TestClient, everything: dict[str, Letter], region: MiniRegion
) -> None:
    page = Html.of(pages.get(f"/operator/rounds/{ROUND}").text)
    held = everything["held"].context.delivery
    assert f"Beslis over levering {held} (jeugdhulp van gm0197): zij is aangehouden." in page.text
    partial = everything["incomplete"].context.delivery
    assert f"Van levering {partial} (jeugdhulp van gm0222) ontbreken delen." in page.text
    found = matrix(region)
    quiet = replace(
        found, lines=tuple(replace(each, overdue=False, received=()) for each in found.lines)
    )
    assert tasks(quiet) == ()
    late = replace(quiet, lines=(replace(line(quiet, "gm0222"), overdue=True),))
    assert tasks(late) == ("Bel gm0222: de laatste dag voor jeugdhulp is voorbij.",)
    for state in set(RoundState) - {RoundState.OPEN}:
        assert tasks(replace(late, state=state)) == ()


def test_every_row_of_the_page_has_a_name_and_every_table_can_be_reached(
    pages: TestClient, everything: dict[str, Letter]
) -> None:
    page = Html.of(pages.get(f"/operator/rounds/{ROUND}").text)
    named = [each for each in page.all("th") if each.attributes.get("scope") == "row"]
    assert len(named) == sum(len(table) - 1 for table in page.tables)
    reached = [each.attributes for each in page.all("div") if "tabindex" in each.attributes]
    assert len(reached) == len(page.tables) == 2
    assert all(each["role"] == "region" and each["aria-label"] for each in reached)


def test_the_list_leads_to_each_round(pages: TestClient, trusted: TrustedRound) -> None:
    page = Html.of(pages.get("/operator").text)
    (past_the_menu, address) = page.attributes("a", "href")
    assert past_the_menu == "#inhoud"
    assert pages.get(address).status_code == 200


def test_another_round_is_a_problem_that_echoes_nothing(pages: TestClient) -> None:
    answer = pages.get("/operator/rounds/999000007")
    assert (answer.status_code, answer.json()["code"]) == (404, "round-unknown")
    assert "999000007" not in answer.text


@pytest.mark.parametrize("name", ["koppelaar.voorbeeld.nl", "169.254.1.1", "localhost.evil.nl"])
def test_the_pages_answer_under_the_name_of_this_computer_only(
    pages: TestClient, trusted: TrustedRound, name: str
) -> None:
    answer = pages.get("/operator", headers={"host": f"{name}:8411"})
    assert answer.status_code == 400
    assert ROUND not in answer.text


def test_the_service_for_suppliers_has_no_page_of_the_operator(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    with region.linker_client() as client:
        for address in ("/operator", f"/operator/rounds/{ROUND}"):
            assert client.get(address).status_code == 404


def test_every_state_and_schema_has_its_word() -> None:
    assert set(DELIVERY_STATES) == set(DeliveryState)
    assert set(ROUND_STATES) == set(RoundState)
    assert set(SCHEMAS) == set(WIRE_SCHEMAS)
