"""Intake: what is refused, with which code, and that a refusal stores nothing but a count."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import func, select

from linker.intake.deliveries import decide_delivery
from linker.rounds.lifecycle import close_round, status_on
from linker.store import DeliveryRow, DeliveryState, PartRow
from shared.envelope import read_header
from shared.errors import StateError
from shared.identity import Role
from shared.receipt import Outcome, Receipt
from shared.round import TrustedRound
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement
from tests.support.parties import (
    NOW,
    ROUND,
    Letter,
    MiniRegion,
    care_table,
    enrolment_table,
    identity,
    objection_table,
    pseudonym,
    seal_letter,
)
from tests.support.rounds import EVERY_DELIVERY

Seal = Callable[..., Letter]


@pytest.fixture
def client(region: MiniRegion, trusted: TrustedRound) -> Iterator[TestClient]:
    with region.linker_client() as client:
        yield client


@pytest.fixture
def seal(region: MiniRegion, trusted: TrustedRound) -> Seal:
    def seal(**changes: Any) -> Letter:
        party = changes.pop("party", "gm0197")
        schema = changes.pop("schema", "care/1")
        table = changes.pop("table", None)
        if table is None:
            table = care_table([{"pseudonym": pseudonym(n)} for n in range(5)])
        return seal_letter(region, trusted, party, table, schema, **changes)

    return seal


def put(client: TestClient, letter: Letter, data: bytes | None = None) -> Response:
    return client.put(f"/envelopes/{letter.address}", content=data or letter.data)


def stored(region: MiniRegion) -> int:
    database = region.linker_database()
    with database.reading() as session:
        count = session.scalar(select(func.count()).select_from(PartRow)) or 0
        deliveries = session.scalar(select(func.count()).select_from(DeliveryRow)) or 0
    database.close()
    return count + deliveries


def assert_refused(region: MiniRegion, response: Response, status: int, code: str) -> None:
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert stored(region) == 0


def test_a_delivery_is_stored_and_its_receipt_is_the_linkers(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter = seal()
    answer = put(client, letter)
    assert answer.status_code == 201
    statement = Statement.from_bytes(answer.content)
    statement.check_signed_by(region.identities["koppelaar"].card)
    receipt = statement.read(Kind.RECEIPT, Receipt)
    assert (receipt.rows, receipt.outcome) == (5, Outcome.DELIVERY_CURRENT)
    assert client.get(f"/envelopes/{letter.address}").content == answer.content


def test_the_same_envelope_again_gets_the_same_receipt(client: TestClient, seal: Seal) -> None:
    letter = seal()
    first, second = put(client, letter), put(client, letter)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content


def test_the_ledger_records_each_event_in_its_transaction(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    receipt = Statement.from_bytes(put(client, seal()).content).read(Kind.RECEIPT, Receipt)
    database = region.linker_database()
    with database.reading() as session:
        chain = list(entries(session.connection()))
    database.close()
    assert [entry.event.value for entry in chain] == [
        "round_opened", "part_stored", "delivery_current",
    ]  # fmt: skip
    assert chain[receipt.ledger_seq - 1].sha256 == receipt.ledger_sha256


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"round_statement": "0" * 64}, "round-statement-differs"),
        ({"policy": "0" * 64}, "policy-differs"),
        ({"calibration": "0" * 64}, "calibration-differs"),
        ({"synthetic": 0}, "synthetic-differs"),
        ({"agreement": "oud"}, "agreement-version-differs"),
        ({"agreement": ""}, "agreement-version-differs"),
    ],
)
def test_a_header_that_does_not_fit_the_round_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal, changes: dict[str, Any], code: str
) -> None:
    assert_refused(region, put(client, seal(**changes)), 403, code)


def test_a_delivery_for_another_round_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    assert_refused(region, put(client, seal(round_id="andere-ronde")), 409, "round-unknown")


def test_an_envelope_for_another_recipient_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    assert_refused(region, put(client, seal(recipient="publicist")), 400, "not-for-us")


def test_a_schema_that_the_round_does_not_expect_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    table = enrolment_table([{"pseudonym": pseudonym(1)}])
    letter = seal(schema="enrolment/1", table=table)
    assert_refused(region, put(client, letter), 403, "schema-not-expected")


def test_an_unknown_sender_is_refused(region: MiniRegion, client: TestClient, seal: Seal) -> None:
    stranger = identity("vreemde", Role.SUPPLIER)
    region.identities["vreemde"] = stranger
    assert_refused(region, put(client, seal(party="vreemde")), 400, "party-unknown")


def test_another_key_behind_a_known_name_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    forger = identity("gm0197", Role.SUPPLIER)
    assert_refused(region, put(client, seal(signer=forger)), 403, "signature-invalid")


@pytest.mark.parametrize("line", [0, 1, 2])
def test_an_altered_header_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal, line: int
) -> None:
    letter = seal()
    lines = letter.data.split(b"\n", 3)
    lines[line] = lines[line].replace(b"1", b"2")
    answer = put(client, letter, b"\n".join(lines))
    assert answer.status_code in {400, 403}
    assert stored(region) == 0


def test_an_altered_body_is_refused(region: MiniRegion, client: TestClient, seal: Seal) -> None:
    letter = seal()
    altered = letter.data[:-1] + bytes([letter.data[-1] ^ 1])
    assert_refused(region, put(client, letter, altered), 403, "body-altered")


def test_a_body_that_is_cut_off_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter = seal()
    assert_refused(region, put(client, letter, letter.data[:-10]), 403, "body-altered")


def test_a_body_that_goes_on_is_refused(region: MiniRegion, client: TestClient, seal: Seal) -> None:
    letter = seal()
    assert_refused(region, put(client, letter, letter.data + b"x" * 40_000), 400, "body-longer")


def test_another_address_is_refused(region: MiniRegion, client: TestClient, seal: Seal) -> None:
    answer = client.put("/envelopes/" + "0" * 64, content=seal().data)
    assert_refused(region, answer, 400, "address-differs")


@pytest.mark.parametrize(
    "data", [b"", b"MOJ/1\n", b"x" * 100, b"MOJ/1\n{}\n{}\n", b"\x00" * 50_000]
)
def test_what_is_no_envelope_is_refused(
    region: MiniRegion, client: TestClient, data: bytes
) -> None:
    answer = client.put("/envelopes/" + "0" * 64, content=data)
    assert_refused(region, answer, 400, "header-invalid")


def test_an_expired_agreement_is_refused_with_an_explanation(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    text = region.agreements_path.read_text()
    until = f"in_force_until = {date(2027, 10, 5)}"
    assert until in text
    region.agreements_path.write_text(text.replace(until, f"in_force_until = {date(2026, 10, 4)}"))
    answer = put(client, seal())
    assert_refused(region, answer, 403, "agreement-not-in-force")
    assert "verwerkersovereenkomst" in answer.json()["hint"]


def test_a_supplier_without_agreement_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    text = region.agreements_path.read_text()
    blocks = [b for b in text.split("[[agreements]]") if 'party = "gm0197"' not in b]
    region.agreements_path.write_text("[[agreements]]".join(blocks))
    assert_refused(region, put(client, seal()), 403, "agreement-missing")


def test_an_undeclared_column_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    table = care_table([{"pseudonym": pseudonym(1)}])
    table = table.append_column("postcode", pa.array([7121], pa.uint16()))
    answer = put(client, seal(table=table))
    assert_refused(region, answer, 403, "attribute-undeclared")
    assert "postcode" not in answer.text


@pytest.mark.parametrize(
    "raw", [b"999000007", b"999.000.007".ljust(32), b"999000007".ljust(32, b"\0")]
)
def test_a_raw_bsn_in_the_pseudonym_column_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal, raw: bytes
) -> None:
    rows = [{"pseudonym": pseudonym(n)} for n in range(20)]
    table = care_table([*rows, {"pseudonym": raw.ljust(32, b"0")}])
    answer = put(client, seal(table=table))
    assert_refused(region, answer, 400, "raw-identifier")
    assert "999" not in answer.text


def test_a_bsn_as_provider_code_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    table = care_table([{"pseudonym": pseudonym(1), "provider": b"99900000"}])
    assert_refused(region, put(client, seal(table=table)), 400, "raw-identifier")


@pytest.mark.parametrize(
    ("column", "value"),
    [("form", 5), ("domain", 99), ("age_at_start", 121), ("days_in_period", 367), ("period", 23)],
)
def test_values_outside_their_range_or_list_are_refused(
    region: MiniRegion, client: TestClient, seal: Seal, column: str, value: int
) -> None:
    table = care_table([{"pseudonym": pseudonym(1), column: value}])
    answer = put(client, seal(table=table))
    assert_refused(region, answer, 400, "value-not-allowed")


def test_another_type_of_column_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    table = care_table([{"pseudonym": pseudonym(1)}])
    position = table.schema.get_field_index("cost_eur")
    table = table.set_column(position, "cost_eur", pa.array([100], pa.int64()))
    assert_refused(region, put(client, seal(table=table)), 400, "schema-differs")


def test_more_rows_than_the_header_says_are_refused(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    assert_refused(region, put(client, seal(rows=4)), 400, "row-count-differs")


def test_a_body_that_is_no_table_is_refused(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    assert_refused(region, put(client, seal(body=b"bsn;naam\n")), 400, "body-not-parquet")


def test_refusals_are_counted_per_supplier_and_reason(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    for _ in range(2):
        put(client, seal(policy="0" * 64))
    put(client, seal(signer=identity("gm0197", Role.SUPPLIER)))  # not known to be gm0197: uncounted
    database = region.linker_database()
    status = status_on(database, ROUND, region.clock)
    database.close()
    assert status["refusals"] == [{"supplier": "gm0197", "code": "policy-differs", "count": 2}]


def test_parts_come_in_order_and_become_current_together(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    first = seal(last=0)
    delivery = first.context.delivery
    second = seal(delivery=delivery, part=2, previous=first.address)
    early = put(client, second)
    assert early.json()["code"] == "part-out-of-order"
    assert put(client, first).status_code == 201
    wrong = seal(delivery=delivery, part=2, previous="1" * 64)
    assert put(client, wrong).json()["code"] == "part-out-of-order"
    database = region.linker_database()
    with pytest.raises(StateError, match="deliveries-undecided"):
        close_round(database, ROUND)
    assert put(client, second).status_code == 201
    with database.reading() as session:
        row = session.get_one(DeliveryRow, delivery)
    assert (row.state, row.rows) == (DeliveryState.CURRENT, 10)
    close_round(database, ROUND, without=EVERY_DELIVERY)
    database.close()
    late = put(client, seal())
    assert (late.status_code, late.json()["code"]) == (409, "round-not-open")
    assert put(client, second).status_code == 200  # a replay still gets its receipt


def test_a_delivery_replaces_the_one_that_it_names_and_its_bodies_go(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    first = seal()
    put(client, first)
    unnamed = put(client, seal())
    assert (unnamed.status_code, unnamed.json()["code"]) == (409, "supersedes-not-current")
    second = seal(supersedes=first.context.delivery)
    assert put(client, second).status_code == 201
    database = region.linker_database()
    with database.reading() as session:
        assert session.get_one(PartRow, first.address).envelope is None
        kept = session.get_one(PartRow, second.address).envelope
        assert session.get_one(DeliveryRow, first.context.delivery).state is (
            DeliveryState.SUPERSEDED
        )
    database.close()
    assert kept == second.data  # what is stored is the sealed envelope, byte for byte


def test_objections_say_nothing_but_accepted_and_are_held_above_the_cap(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    few = seal(schema="objection/1", table=objection_table([1, 2, 3]))
    receipt = Statement.from_bytes(put(client, few).content).read(Kind.RECEIPT, Receipt)
    assert (receipt.rows, receipt.outcome) == (0, Outcome.ACCEPTED)
    cap = region.policy.policy.limits.max_objections_per_supplier
    many = objection_table(list(range(cap + 1)))
    letter = seal(schema="objection/1", table=many, supersedes=few.context.delivery)
    receipt = Statement.from_bytes(put(client, letter).content).read(Kind.RECEIPT, Receipt)
    assert receipt.outcome is Outcome.ACCEPTED  # the supplier learns no more
    database = region.linker_database()
    with database.reading() as session:
        assert session.get_one(DeliveryRow, letter.context.delivery).state is DeliveryState.HELD
        assert session.get_one(DeliveryRow, few.context.delivery).state is DeliveryState.CURRENT
    decide_delivery(database, letter.context.delivery, accept=True)
    with database.reading() as session:
        assert session.get_one(DeliveryRow, letter.context.delivery).state is DeliveryState.CURRENT
    database.close()


def test_the_log_holds_routes_and_codes_only(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter = seal()
    put(client, letter)
    lines = [json.loads(line) for line in region.log_lines if line.strip()]
    assert [(line["route"], line["status"]) for line in lines] == [("/envelopes/{sha256}", 201)]
    assert letter.address not in "".join(region.log_lines)
    assert read_header(letter.data).context.delivery not in "".join(region.log_lines)


def test_every_answer_has_security_headers(client: TestClient) -> None:
    headers = client.get("/healthz").headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"


def test_an_unknown_address_is_a_problem_that_echoes_nothing(client: TestClient) -> None:
    answer = client.get("/envelopes/999000007")
    assert (answer.status_code, answer.json()["code"]) == (404, "envelope-unknown")
    assert "999" not in answer.text


def test_the_round_says_whether_it_takes_deliveries(client: TestClient) -> None:
    answer = client.get(f"/rounds/{ROUND}").json()
    assert (answer["state"], answer["closesOn"]) == ("open", "2026-11-04")
    assert NOW.date().isoformat() < answer["closesOn"]
