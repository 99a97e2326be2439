"""A database that goes away: 503 and a time to ask again, nothing twice, and then it goes on."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from linker.app import create_app as linker_app
from linker.rounds.lifecycle import accept_round, close_round
from linker.rounds.reopening import ReopenReason, reopen_round
from linker.store import DeliveryRow, find_round
from publisher.app import create_app as publisher_app
from shared.errors import BusyError, UnreachableError
from shared.ledger import Event
from shared.service.logs import Log
from shared.state.database import ATTEMPTS, Database, Transaction
from shared.state.ledger_table import entries
from shared.statement import Statement
from tests.support.databases import PostgreSQL, find_binaries, running_server
from tests.support.parties import (
    ROUND,
    Letter,
    MiniRegion,
    care_table,
    make_region,
    pseudonym,
    seal_letter,
)

PRODUCT = ("linker", "publisher", "shared")


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    """A server that a test may stop; the one of the other tests goes on."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server on this machine")
    with running_server(binaries) as running:
        yield running


@pytest.fixture
def region(tmp_path: Path, server: PostgreSQL) -> Iterator[MiniRegion]:
    with server.lending():
        yield make_region(tmp_path, new_database=server.new_database)


def accept(region: MiniRegion, database: Database) -> None:
    accept_round(
        database, region.identities["koppelaar"], region.linker_keys, region.files(),
        region.pinned_agreements, region.clock,
    )  # fmt: skip


def letter_of(region: MiniRegion, party: str, number: int) -> Letter:
    database = region.linker_database()
    with database.reading() as session:
        accepted = Statement.from_bytes(find_round(session, ROUND).statement)
    database.close()
    rows = [{"pseudonym": pseudonym(number)}]
    return seal_letter(region, region.trusted(accepted), party, care_table(rows), "care/1")


def put(client: TestClient, letter: Letter) -> Response:
    return client.put(f"/envelopes/{letter.address}", content=letter.data)


def is_told(answer: Response) -> bool:
    """Whether the answer says that it will be better later, and nothing of the database."""
    told = (answer.status_code, answer.json()["code"], answer.headers["retry-after"])
    assert "socket" not in answer.text
    return told == (503, "database-unreachable", "5")


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_a_server_that_stops_and_comes_back_costs_503s_and_no_delivery(
    region: MiniRegion, server: PostgreSQL, mode: str
) -> None:
    database = region.linker_database()
    accept(region, database)
    first, second = letter_of(region, "gm0197", 1), letter_of(region, "gm0222", 2)
    log = Log("linker", io.StringIO())
    with (
        TestClient(linker_app(region.linker_settings, clock=region.clock, log=log)) as client,
        TestClient(publisher_app(region.publisher_settings, clock=region.clock, log=log)) as other,
    ):
        assert put(client, first).status_code == 201
        assert other.get("/healthz").status_code == 200
        server.stop(mode)
        for answer in (
            put(client, second), put(client, first), client.get(f"/envelopes/{first.address}"),
            client.get("/healthz"), client.get("/toezicht"), client.get(f"/rounds/{ROUND}"),
            other.get("/healthz"), other.get("/toezicht"), other.get("/"),
        ):  # fmt: skip
            assert is_told(answer), answer.text
        server.start()
        assert client.get("/healthz").status_code == other.get("/healthz").status_code == 200
        assert put(client, first).status_code == 200
        assert put(client, second).status_code == 201
    with database.reading() as session:
        senders = {row.supplier for row in session.scalars(select(DeliveryRow))}
        seen = [entry.seq for entry in entries(session.connection())]
    assert senders == {"gm0197", "gm0222"}
    assert seen == list(range(1, len(seen) + 1))
    database.close()


def test_work_of_which_the_answer_was_lost_is_not_done_again_blindly(
    region: MiniRegion, server: PostgreSQL
) -> None:
    database, begun = region.linker_database(), []

    def work(tx: Transaction) -> None:
        begun.append(tx)
        tx.record(Event.KEY_OFFERED, round=ROUND)
        server.stop()
        tx.record(Event.KEY_OFFERED, round=ROUND)

    with pytest.raises(UnreachableError, match="database-unreachable"):
        database.run(work)
    assert len(begun) == 1
    server.start()
    with database.reading() as session:
        assert list(entries(session.connection())) == []
    database.run(lambda tx: tx.record(Event.KEY_OFFERED, round=ROUND))
    database.close()


def test_commands_without_a_server_say_so_and_succeed_later(
    region: MiniRegion, server: PostgreSQL
) -> None:
    database = region.linker_database()
    server.stop()
    with pytest.raises(UnreachableError):
        accept(region, database)
    server.start()
    accept(region, database)
    close_round(database, ROUND, without=frozenset({
        ("duo", "enrolment/1"), ("gm0197", "care/1"), ("gm0222", "care/1")}))  # fmt: skip
    server.stop()
    until = region.clock().date()
    with pytest.raises(UnreachableError):
        reopen_round(database, ROUND, ReopenReason.LATE, until)
    server.start()
    reopen_round(database, ROUND, ReopenReason.LATE, until)
    database.close()


# --- every writer tries again ------------------------------------------------------------------


def test_work_that_the_database_undid_is_done_again(region: MiniRegion) -> None:
    database, begun = region.linker_database(), []

    def work(tx: Transaction) -> int:
        begun.append(tx)
        if len(begun) < ATTEMPTS:
            raise BusyError("database-busy", "expected a turn, found others busy")
        return tx.record(Event.KEY_OFFERED, round=ROUND).seq

    assert database.run(work) == 1
    assert len(begun) == ATTEMPTS
    database.close()


def test_no_writer_of_either_service_gives_up_at_the_first_conflict() -> None:
    """Only ``Database.run`` begins a transaction; whoever writes goes through it."""
    root = Path(__file__).parents[2]
    found = {
        str(path.relative_to(root))
        for package in PRODUCT
        for path in (root / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "transaction"
    }
    assert found == {"shared/state/database.py"}
