"""What a delivery may not hide, exceed or learn: limits of intake, and errors that say nothing."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy
from fastapi.testclient import TestClient
from httpx2 import Response

from deploy.demo.documents import policy_text, shipped_policy
from linker import app as linker_app
from linker.intake import inspection
from linker.intake.inspection import inspect
from linker.intake.steps import Intake
from linker.rounds.lifecycle import status_on
from linker.store import DeliveryRow, DeliveryState, OutboxRow, PartRow, RoundRow, find_round
from linker.tallying import outbox
from shared.contract.deliveries import OBJECTION_BLOCK
from shared.errors import MonitorError, StateError
from shared.hashing.delivering.sealing import to_parquet
from shared.identity import Role
from shared.round import TrustedRound
from shared.service.logs import Log
from shared.state.round_documents import KnownRound
from shared.statement import Statement
from tests.support.bombs import forged, varint
from tests.support.parties import (
    ROUND,
    Letter,
    MiniRegion,
    care_table,
    enrolment_table,
    identity,
    make_region,
    objection_table,
    pseudonym,
    seal_letter,
)
from tests.support.rounds import children, linked, publisher_of, take

ROWS, OBJECTIONS = 2_000, 2 * OBJECTION_BLOCK
PLANTED = "999000007"

Seal = Callable[..., Letter]


@pytest.fixture
def region(tmp_path: Path) -> MiniRegion:
    """A region whose policy has limits that a test can reach."""
    text = policy_text(shipped_policy())
    for name, value in (
        ("max_rows_per_delivery", ROWS),
        ("max_objections_per_supplier", OBJECTIONS),
    ):
        text, found = re.subn(rf"{name} = [0-9_]+", f"{name} = {value}", text)
        assert found == 1
    return make_region(tmp_path, policy=text)


@pytest.fixture
def client(region: MiniRegion, trusted: TrustedRound) -> Iterator[TestClient]:
    with region.linker_client() as client:
        yield client


@pytest.fixture
def seal(region: MiniRegion, trusted: TrustedRound) -> Seal:
    def seal(schema: str = "care/1", table: pa.Table | None = None, **changes: Any) -> Letter:
        party = "duo" if schema == "enrolment/1" else "gm0197"
        return seal_letter(region, trusted, party, table or TABLES[schema](5), schema, **changes)

    return seal


@pytest.fixture
def known(region: MiniRegion, trusted: TrustedRound) -> KnownRound:
    database = region.linker_database()
    with database.reading() as session:
        round_ = find_round(session, ROUND).read()
    database.close()
    return round_


def rows_of(count: int) -> list[dict[str, Any]]:
    return [{"pseudonym": pseudonym(number)} for number in range(count)]


TABLES: dict[str, Callable[[int], pa.Table]] = {
    "care/1": lambda count: care_table(rows_of(count)),
    "enrolment/1": lambda count: enrolment_table(rows_of(count)),
    "objection/1": lambda count: objection_table(list(range(count))),
}


def put(client: TestClient, letter: Letter, data: bytes | None = None) -> Response:
    return client.put(f"/envelopes/{letter.address}", content=data or letter.data)


def code_of(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def delivery_of(region: MiniRegion, letter: Letter) -> DeliveryRow:
    database = region.linker_database()
    with database.reading() as session:
        row = session.get_one(DeliveryRow, letter.context.delivery)
    database.close()
    return row


# --- rows --------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", ["care/1", "enrolment/1"])
def test_a_header_cannot_state_no_rows_for_a_body_with_rows(
    client: TestClient, seal: Seal, schema: str
) -> None:
    assert code_of(put(client, seal(schema, rows=0))) == (400, "row-count-differs")


def test_a_header_of_objections_states_no_number(client: TestClient, seal: Seal) -> None:
    assert code_of(put(client, seal("objection/1", rows=5))) == (400, "rows-not-zero")


def two_parts(client: TestClient, seal: Seal, first: int, second: int) -> tuple[Letter, Response]:
    one = seal("objection/1", TABLES["objection/1"](first), last=0)
    assert put(client, one).status_code == 201
    two = seal(
        "objection/1",
        TABLES["objection/1"](second),
        delivery=one.context.delivery,
        part=2,
        previous=one.address,
    )
    return two, put(client, two)


def test_the_cap_on_objections_counts_every_part(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter, answer = two_parts(client, seal, OBJECTIONS, 1)
    assert answer.status_code == 201
    delivery = delivery_of(region, letter)
    assert (delivery.state, delivery.rows) == (DeliveryState.HELD, OBJECTIONS + OBJECTION_BLOCK)
    database = region.linker_database()
    status = status_on(database, ROUND, region.clock)
    database.close()
    (line,) = [each for each in status["matrix"] if each["deliveries"]]
    assert set(line["deliveries"][0]) == {"id", "state", "held_for"}  # no number of objections
    assert not re.search(r"[0-9]", line["deliveries"][0]["held_for"])


def test_as_many_objections_as_the_cap_need_no_look(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter, _ = two_parts(client, seal, OBJECTION_BLOCK, 1)
    assert delivery_of(region, letter).state is DeliveryState.CURRENT


def test_the_limit_on_rows_counts_every_part_of_objections(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter, answer = two_parts(client, seal, ROWS, 1)
    assert code_of(answer) == (400, "too-many-rows")
    assert delivery_of(region, letter).rows == ROWS  # the refused part changed nothing


# --- what a small body can hold ----------------------------------------------------------------


def never_read(_file: object) -> pa.Table:
    raise AssertionError("a column was read")


def refused_unread(
    body: bytes, letter: Letter, known: KnownRound, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The code with which a body is refused before a column of it is read."""
    monkeypatch.setattr(inspection, "_read", never_read)
    with pytest.raises(MonitorError) as refused:
        inspect(body, letter.context, known)
    return refused.value.code


def test_too_many_rows_are_refused_before_they_are_read(
    client: TestClient, seal: Seal, known: KnownRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = TABLES["objection/1"](ROWS + 1)
    letter = seal("objection/1", table)
    assert code_of(put(client, letter)) == (400, "too-many-rows")
    assert refused_unread(to_parquet(table), letter, known, monkeypatch) == "too-many-rows"


def test_a_body_that_expands_is_refused_before_it_is_read(
    client: TestClient, seal: Seal, known: KnownRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = to_parquet(TABLES["objection/1"](100))
    size = pq.read_metadata(io.BytesIO(body)).row_group(0).total_byte_size
    big = forged(body, varint(size), varint(inspection.INSIDE_FLOOR_BYTES + 1))
    letter = seal("objection/1", body=big)
    assert code_of(put(client, letter)) == (400, "body-too-large-inside")
    assert refused_unread(big, letter, known, monkeypatch) == "body-too-large-inside"


def test_row_groups_with_more_rows_than_the_footer_says_are_refused(
    client: TestClient, seal: Seal, known: KnownRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = b"\x16"  # a 64-bit number in the next field; the first one is the number of rows
    sound = to_parquet(TABLES["objection/1"](100))
    body = forged(sound, number + varint(100), number + varint(1), count=1)
    metadata = pq.read_metadata(io.BytesIO(body))
    assert (metadata.num_rows, metadata.row_group(0).num_rows) == (1, 100)
    letter = seal("objection/1", body=body)
    assert code_of(put(client, letter)) == (400, "body-damaged")
    assert refused_unread(body, letter, known, monkeypatch) == "body-damaged"


def test_a_table_with_other_rows_than_its_footer_is_refused(
    seal: Seal, known: KnownRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pq.ParquetFile, "read", lambda _file, **_: TABLES["care/1"](4))
    with pytest.raises(MonitorError, match="body-damaged"):
        inspect(to_parquet(TABLES["care/1"](5)), seal().context, known)


def test_a_column_name_that_is_no_text_is_refused(client: TestClient, seal: Seal) -> None:
    sink = io.BytesIO()
    pq.write_table(TABLES["objection/1"](5), sink, store_schema=False)
    body = forged(sink.getvalue(), b"pseudonym", b"\xff\xfeeudonym")
    answer = put(client, seal("objection/1", body=body))
    assert code_of(answer) == (400, "body-not-parquet")


@pytest.mark.parametrize("place", ["table", "column"])
def test_numbers_beside_the_columns_are_refused(client: TestClient, seal: Seal, place: str) -> None:
    table = TABLES["care/1"](5)
    note = {"note": PLANTED}
    if place == "table":
        table = table.replace_schema_metadata(note)
    else:
        fields = [field.with_metadata(note) for field in table.schema]
        table = table.cast(pa.schema(fields))
    answer = put(client, seal(table=table))
    assert code_of(answer) == (400, "metadata-not-allowed")
    assert PLANTED not in answer.text


def test_numbers_behind_the_types_are_refused(client: TestClient, seal: Seal) -> None:
    table, sink = TABLES["care/1"](5), io.BytesIO()
    hidden = base64.b64encode(table.schema.serialize().to_pybytes() + PLANTED.encode() * 300)
    with pq.ParquetWriter(sink, table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"ARROW:schema": hidden})
    answer = put(client, seal(body=sink.getvalue()))
    assert code_of(answer) == (400, "metadata-not-allowed")


def test_residents_of_other_municipalities_are_refused(client: TestClient, seal: Seal) -> None:
    table = enrolment_table([*rows_of(5), {"pseudonym": pseudonym(6), "residence": 301}])
    answer = put(client, seal("enrolment/1", table))
    assert code_of(answer) == (400, "residence-not-expected")
    assert "301" not in answer.text


# --- when, and for whom, work is done ----------------------------------------------------------


def test_a_round_takes_deliveries_until_the_day_on_which_it_closes(
    region: MiniRegion, client: TestClient, seal: Seal, trusted: TrustedRound
) -> None:
    left = trusted.body.closes_on - region.clock.now.date()
    region.clock.now += left
    on_time = seal()
    assert put(client, on_time).status_code == 201
    region.clock.now += timedelta(days=1)
    late = put(client, seal(supersedes=on_time.context.delivery))
    assert code_of(late) == (409, "round-past-closing")
    assert put(client, on_time).status_code == 200  # a replay still gets its receipt


def test_a_known_envelope_is_answered_without_its_body(client: TestClient, seal: Seal) -> None:
    letter = seal()
    first = put(client, letter)
    again = put(client, letter, letter.data + b"x" * 40_000)
    assert (again.status_code, again.content) == (200, first.content)


def test_for_an_unknown_signer_only_the_register_is_read(
    client: TestClient, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_row: object) -> KnownRound:
        raise AssertionError("the documents of the round were read")

    monkeypatch.setattr(RoundRow, "read", read)
    answer = put(client, seal(signer=identity("gm0197", Role.SUPPLIER)))
    assert code_of(answer) == (403, "signature-invalid")


def test_large_columns_are_loaded_only_when_they_are_used(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter = seal()
    put(client, letter)
    database = region.linker_database()
    with database.reading() as session:
        part = session.get_one(PartRow, letter.address)
        round_ = session.get_one(RoundRow, ROUND)
        assert sqlalchemy.inspect(part).unloaded == {"envelope"}
        assert sqlalchemy.inspect(round_).unloaded == {"reference", "policy"}
        assert part.envelope == letter.data
    database.close()


# --- errors that say nothing -------------------------------------------------------------------


def test_an_unknown_round_is_a_problem_that_echoes_nothing(client: TestClient) -> None:
    answer = client.get(f"/rounds/{PLANTED}")
    assert code_of(answer) == (404, "round-unknown")
    assert PLANTED not in answer.text


def test_an_error_that_nobody_foresaw_is_told_by_its_class_only(
    region: MiniRegion,
    trusted: TrustedRound,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def find_receipt(_intake: object, address: str) -> bytes:
        raise ValueError(f"no such thing: {address}")

    monkeypatch.setattr(Intake, "find_receipt", find_receipt)
    stream = io.StringIO()
    app = linker_app.create_app(
        region.linker_settings, clock=region.clock, log=Log("linker", stream)
    )
    with TestClient(app, raise_server_exceptions=True) as client:  # what is raised fails the test
        answer = client.get(f"/envelopes/{PLANTED}")
    assert code_of(answer) == (500, "unexpected")
    assert answer.headers["x-content-type-options"] == "nosniff"
    (line,) = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (line["code"], line["route"], line["status"]) == (
        "ValueError", "/envelopes/{sha256}", 500,
    )  # fmt: skip
    printed = capfd.readouterr()
    for text in (answer.text, stream.getvalue(), printed.out, printed.err, caplog.text):
        assert PLANTED not in text


# --- the outbox --------------------------------------------------------------------------------


def test_a_refused_tally_does_not_keep_the_later_ones(
    region: MiniRegion, accepted: Statement, trusted: TrustedRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(region, trusted, children(count=100))
    releases = publisher_of(region, accepted)
    database = region.linker_database()
    with database.transaction() as tx:
        tx.session.add(
            OutboxRow(
                sha256="0" * 64,
                round_id=ROUND,
                revision=0,
                envelope=b"refused",
                created_at=tx.now - timedelta(days=1),
            )
        )

    def put_tally(_url: str, *, content: bytes, **_: object) -> httpx2.Response:
        if content == b"refused":
            return httpx2.Response(409, json={"code": "revision-not-higher"})
        return httpx2.Response(201, content=take(releases, content))

    monkeypatch.setattr(httpx2, "put", put_tally)
    assert [row.revision for row in outbox.pending(database)] == [0, 1]
    with pytest.raises(StateError, match="publisher-refused"):
        outbox.send_pending(database, "http://publicist", region.identities["publicist"].card)
    assert [row.revision for row in outbox.pending(database)] == [0]
    assert status_on(database, ROUND, region.clock)["state"] == "sent"
    database.close()
