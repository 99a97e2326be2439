"""A linker under uvicorn on loopback: many uploads at once, its end, and silent clients."""

from __future__ import annotations

import asyncio
import http.client
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from linker.store import DeliveryRow, DeliveryState, PartRow
from shared.ledger import Head, verify_ledger
from shared.receipt import Receipt
from shared.round import TrustedRound
from shared.service import serving
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement
from tests.support.assurance import recorded
from tests.support.parties import (
    Letter,
    MiniRegion,
    care_table,
    enrolment_table,
    pseudonym,
    seal_letter,
)
from tests.support.serving import HOST, Served, served_linker

UPLOADS = 200


def letters(region: MiniRegion, trusted: TrustedRound, count: int) -> list[Letter]:
    """First parts of different deliveries of every supplier, none of which is complete."""
    found = []
    for number in range(count):
        rows = [{"pseudonym": pseudonym(1_000 * number + row)} for row in range(20)]
        party = ("gm0197", "gm0222", "duo")[number % 3]
        kind = ("enrolment/1", enrolment_table) if party == "duo" else ("care/1", care_table)
        schema, table = kind
        found.append(seal_letter(region, trusted, party, table(rows), schema, last=0))
    return found


def stored(region: MiniRegion) -> dict[str, bytes]:
    """Every receipt by the address of its envelope."""
    database = region.linker_database()
    with database.reading() as session:
        found = {row.sha256: row.receipt for row in session.scalars(select(PartRow))}
    database.close()
    return found


def check_ledger(region: MiniRegion, receipts: dict[str, bytes]) -> None:
    """The ledger verifies, with every receipt as a witness."""
    database = region.linker_database()
    with database.reading() as session:
        lines = [entry.line() for entry in entries(session.connection())]
    database.close()
    read = [Statement.from_bytes(each).read(Kind.RECEIPT, Receipt) for each in receipts.values()]
    witnesses = [Head(each.ledger_seq, each.ledger_sha256) for each in read]
    verify_ledger(lines, region.identities["koppelaar"].card, witnesses)
    assert len({each.ledger_seq for each in read}) == len(read)


def test_two_hundred_uploads_at_once_lose_nothing(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    sent = letters(region, trusted, UPLOADS)
    gate = threading.Barrier(UPLOADS)
    receipts: dict[str, bytes] = {}
    with recorded("concurrent uploads", None) as tally, served_linker(region) as linker:

        def send(letter: Letter) -> tuple[str, int, bytes]:
            with httpx2.Client(base_url=linker.url, timeout=120, trust_env=False) as client:
                gate.wait()
                answer = client.put(f"/envelopes/{letter.address}", content=letter.data)
                return letter.address, answer.status_code, answer.content

        with ThreadPoolExecutor(UPLOADS) as pool:
            for address, status, content in pool.map(send, sent):
                tally.add(passed=status == 201)
                receipts[address] = content
        peak = linker.peak_megabytes()
    assert (tally.count, tally.passed) == (UPLOADS, UPLOADS)
    assert stored(region) == receipts
    check_ledger(region, receipts)
    assert peak < 512


def test_the_same_upload_many_times_at_once_is_stored_once(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    (letter,) = letters(region, trusted, 1)
    gate = threading.Barrier(12)
    with served_linker(region) as linker:

        def send(_: int) -> tuple[int, bytes]:
            with httpx2.Client(base_url=linker.url, timeout=60, trust_env=False) as client:
                gate.wait()
                answer = client.put(f"/envelopes/{letter.address}", content=letter.data)
                return answer.status_code, answer.content

        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(send, range(12)))
    assert {content for _, content in answers} == set(stored(region).values())
    assert {status for status, _ in answers} <= {200, 201}


# --- the end of the service --------------------------------------------------------------------


@contextmanager
def half_sent(linker: Served, letter: Letter) -> Iterator[http.client.HTTPConnection]:
    """A connection over which the first half of an envelope was sent."""
    connection = http.client.HTTPConnection(HOST, linker.port, timeout=60)
    connection.putrequest("PUT", f"/envelopes/{letter.address}")
    connection.putheader("Content-Length", str(len(letter.data)))
    connection.endheaders(letter.data[: len(letter.data) // 2])
    try:
        yield connection
    finally:
        connection.close()


def large(region: MiniRegion, trusted: TrustedRound) -> Letter:
    """An envelope that does not fit in the buffers of a connection."""
    rows = [{"pseudonym": pseudonym(number)} for number in range(20_000)]
    return seal_letter(region, trusted, "gm0197", care_table(rows), "care/1")


def wait_until_running(linker: Served) -> None:
    """Wait until the service has begun with the upload."""
    with httpx2.Client(base_url=linker.url, trust_env=False) as client:
        for _ in range(600):
            running = client.get("/metrics").text
            if "moj_requests_running 2.0" in running:  # the upload, and this question
                return
            time.sleep(0.01)
    raise AssertionError("the upload did not begin")


def test_an_upload_in_progress_ends_well_when_the_service_must_stop(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    letter = large(region, trusted)
    with served_linker(region) as linker, half_sent(linker, letter) as connection:
        wait_until_running(linker)
        linker.process.send_signal(signal.SIGTERM)
        connection.send(letter.data[len(letter.data) // 2 :])
        answer = connection.getresponse()
        assert answer.status == 201
        receipt = answer.read()
        connection.close()
        assert linker.process.wait(30) in (0, -signal.SIGTERM)
    assert stored(region) == {letter.address: receipt}


def test_an_upload_that_does_not_end_is_refused_whole(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    letter = large(region, trusted)
    with served_linker(region, grace=1) as linker, half_sent(linker, letter):
        wait_until_running(linker)
        assert linker.stop() in (0, -signal.SIGTERM)
    assert stored(region) == {}
    with region.linker_client() as client:
        answer = client.put(f"/envelopes/{letter.address}", content=letter.data)
    assert answer.status_code == 201
    database = region.linker_database()
    with database.reading() as session:
        (row,) = session.scalars(select(DeliveryRow))
    database.close()
    assert (row.state, row.rows) == (DeliveryState.CURRENT, 20_000)


# --- connections -------------------------------------------------------------------------------


@contextmanager
def in_this_process(app: FastAPI) -> Iterator[int]:
    """An app served by the protocol of our services; its port."""
    config = serving.configuration(app, HOST, 0)
    config.log_level = "critical"  # a refused connection warns
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("begin", [b"", b"GET / HTTP/1.1\r\nX-Slow: "])
def test_a_connection_on_which_nothing_is_asked_is_closed(
    monkeypatch: pytest.MonkeyPatch, begin: bytes
) -> None:
    monkeypatch.setattr(serving, "HEADER_SECONDS", 0.2)
    with in_this_process(FastAPI()) as port, socket.create_connection((HOST, port), 20) as client:
        client.sendall(begin)
        assert client.recv(100) == b""


def test_a_connection_on_which_something_was_asked_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEADER_SECONDS", 0.2)
    app = FastAPI()

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(0.5)
        return "done"

    with in_this_process(app) as port:
        answer = httpx2.get(f"http://{HOST}:{port}/slow", trust_env=False)
    assert answer.json() == "done"


def test_headers_without_end_are_refused() -> None:
    noise = random.Random(1).randbytes(64 * 1024).hex().encode()
    with in_this_process(FastAPI()) as port:
        with socket.create_connection((HOST, port), 20) as client:
            client.sendall(b"GET / HTTP/1.1\r\nX-Much: " + noise)
            answer = client.recv(1_000)
        alive = httpx2.get(f"http://{HOST}:{port}/", trust_env=False)
    assert answer.split(b" ")[1] in (b"400", b"431")
    assert noise[:40] not in answer
    assert alive.status_code == 404
