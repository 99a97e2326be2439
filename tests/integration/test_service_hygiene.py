"""What surrounds every route of both services: bounds, rates, room, headers, logs and counters."""

from __future__ import annotations

import asyncio
import io
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from linker import app as linker_app
from publisher import app as publisher_app
from shared.envelope import MAX_BODY_BYTES, Header, read_header
from shared.errors import BusyError, NotFoundError, TooManyError
from shared.round import TrustedRound
from shared.service.bounds import MAX_REQUEST_HEADER_BYTES, MAX_URL_BYTES, Bounds
from shared.service.headers import SECURITY_HEADERS
from shared.service.hygiene import surround
from shared.service.logs import FIELDS, REQUEST_ID, Log
from shared.service.problems import UNEXPECTED, UnexpectedErrors
from shared.service.rates import MAX_BUCKETS, Buckets, Rate, bucket_of
from shared.service.upload import Room, read_upload
from tests.support.parties import (
    ROUND,
    Letter,
    MiniRegion,
    care_table,
    pseudonym,
    seal_letter,
)

PLANTED = "999000007"
MANY = Rate(1_000, 1_000)


class Small:
    """A small service with its log and its counters."""

    def __init__(self, rate: Rate = MANY, bounds: Bounds | None = None) -> None:
        self.log = io.StringIO()
        self.app = FastAPI()
        self.metrics = surround(self.app, Log("test", self.log), rate, bounds or Bounds())

        @self.app.put("/things/{name}")
        async def put(name: str, request: Request) -> dict[str, int]:
            upload = await read_upload(request, 10)
            size = len(upload.head)
            async for chunk in upload._rest:
                size += len(chunk)
            return {"bytes": size}

        @self.app.get("/things/{name}")
        def get(name: str, number: int = 0) -> str:
            raise NotFoundError("thing-unknown", "expected a thing, found none")

        self.client = TestClient(self.app, raise_server_exceptions=False)

    def counted(self, sample: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(sample, labels) or 0


# --- bounds ------------------------------------------------------------------------------------


def test_a_request_that_says_it_is_too_large_is_refused_unread() -> None:
    small = Small(bounds=Bounds(body_bytes=100))
    answer = small.client.put("/things/a", content=b"x" * 101)
    assert (answer.status_code, answer.json()["code"]) == (413, "request-too-large")
    assert small.client.put("/things/a", content=b"x" * 100).json() == {"bytes": 100}
    assert small.counted("moj_refusals_total", code="request-too-large") == 1


def test_a_request_that_does_not_say_how_large_it_is_is_refused_when_it_is() -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(11):
            yield b"x" * 10

    answer = Small(bounds=Bounds(body_bytes=100)).client.put("/things/a", content=chunks())
    assert (answer.status_code, answer.json()["code"]) == (413, "request-too-large")


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("/things/" + "a" * MAX_URL_BYTES, {}),
        ("/things/a?b=" + "a" * MAX_URL_BYTES, {}),
        ("/things/a", {"x-much": "a" * MAX_REQUEST_HEADER_BYTES}),
    ],
)
def test_a_large_address_or_header_is_refused(address: str, headers: dict[str, str]) -> None:
    answer = Small().client.get(address, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "request-header-too-large")


async def call(
    app: FastAPI,
    messages: list[dict[str, Any]],
    method: str = "PUT",
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> list[dict[str, Any]]:
    """The answer to a request that comes in pieces and then comes no further."""
    sent: list[dict[str, Any]] = []
    left = list(messages)

    async def receive() -> dict[str, Any]:
        if left:
            return left.pop(0)
        await asyncio.sleep(3600)
        raise AssertionError("nobody waits this long")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": "/things/a", "raw_path": b"/things/a",
        "query_string": b"", "headers": list(headers), "client": ("192.0.2.1", 1), "scheme": "http",
        "server": ("localhost", 80), "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    await app(scope, receive, send)
    return sent


@pytest.mark.parametrize("bounds", [Bounds(idle_seconds=0.05), Bounds(whole_seconds=0.05)])
def test_a_request_that_stops_coming_is_given_up(bounds: Bounds) -> None:
    small = Small(bounds=bounds)
    piece = {"type": "http.request", "body": b"x", "more_body": True}
    start, body = asyncio.run(call(small.app, [piece, piece]))
    assert start["status"] == 408
    assert json.loads(body["body"])["code"] == "request-too-slow"


def test_a_client_that_goes_away_is_no_error_of_the_service() -> None:
    small = Small()
    piece = {"type": "http.request", "body": b"x", "more_body": True}
    start, _ = asyncio.run(call(small.app, [piece, {"type": "http.disconnect"}]))
    assert start["status"] == 400
    assert small.counted("moj_refusals_total", code="upload-cut-off") == 1


def test_what_says_that_it_is_too_large_is_not_asked_for() -> None:
    gone = [{"type": "http.disconnect"}]  # whoever reads on finds that nobody is there any more
    headers = [(b"content-length", b"101")]
    start, body = asyncio.run(call(Small(bounds=Bounds(body_bytes=100)).app, gone, headers=headers))
    assert (start["status"], json.loads(body["body"])["code"]) == (413, "request-too-large")


# --- rates -------------------------------------------------------------------------------------


def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    small = Small(Rate(per_second=0.5, burst=3))
    answers = [small.client.get("/things/a") for _ in range(5)]
    assert [each.status_code for each in answers] == [404, 404, 404, 429, 429]
    last = answers[-1]
    assert last.json()["code"] == "too-many-requests"
    assert last.headers["retry-after"] == "2"
    assert last.headers["x-content-type-options"] == "nosniff"
    assert small.counted("moj_refusals_total", code="too-many-requests") == 2


def test_a_bucket_fills_again_and_never_above_its_burst() -> None:
    now = [0.0]
    buckets = Buckets(Rate(per_second=2, burst=4), lambda: now[0])
    for _ in range(4):
        buckets.take("a")
    with pytest.raises(TooManyError):
        buckets.take("a")
    buckets.take("b")  # another address has a bucket of its own
    now[0] = 0.5
    buckets.take("a")
    now[0] = 1_000
    for _ in range(4):
        buckets.take("a")
    with pytest.raises(TooManyError) as refused:
        buckets.take("a")
    assert refused.value.retry_after_seconds == 1


def test_addresses_that_are_kept_have_a_bound() -> None:
    buckets = Buckets(MANY)
    for number in range(MAX_BUCKETS + 50):
        buckets.take(str(number))
    assert len(buckets._buckets) == MAX_BUCKETS


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("testclient", "testclient", True),
    ],
)
def test_a_network_of_one_subscriber_is_one_bucket(one: str, other: str, same: bool) -> None:
    assert (bucket_of(one) == bucket_of(other)) is same


def test_a_supplier_has_a_rate_of_its_own(
    region: MiniRegion, trusted: TrustedRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linker_app, "SENDER_RATE", Rate(per_second=0.1, burst=2))
    with region.linker_client() as client:
        statuses = [
            put(client, letter_of(region, trusted, party, last=0)).status_code
            for party in ("gm0197", "gm0197", "gm0197", "gm0222")
        ]
    assert statuses == [201, 201, 429, 201]


def letter_of(region: MiniRegion, trusted: TrustedRound, party: str, **more: Any) -> Letter:
    table = care_table([{"pseudonym": pseudonym(number)} for number in range(5)])
    return seal_letter(region, trusted, party, table, "care/1", **more)


def put(client: TestClient, letter: Letter) -> Any:
    return client.put(f"/envelopes/{letter.address}", content=letter.data)


# --- room --------------------------------------------------------------------------------------


def announced(letter: Letter, size: int) -> Header:
    header = read_header(letter.data)
    return Header(header.context, header.seal.model_copy(update={"bytes": size}))


def test_bodies_in_memory_have_a_bound_together(region: MiniRegion, trusted: TrustedRound) -> None:
    large = announced(letter_of(region, trusted, "gm0197"), MAX_BODY_BYTES)
    small = announced(letter_of(region, trusted, "gm0197"), 1)

    async def wait_and_enter() -> list[str]:
        room, order = Room(seconds=0.05), []
        async with room.for_body(large):
            with pytest.raises(BusyError, match="no-room"):
                async with room.for_body(small):
                    order.append("entered too early")
        async with room.for_body(small):
            order.append("entered when there was room")
        return order

    assert asyncio.run(wait_and_enter()) == ["entered when there was room"]


def test_a_large_body_is_not_passed_by_small_ones_for_ever(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    large = announced(letter_of(region, trusted, "gm0197"), MAX_BODY_BYTES)
    small = announced(letter_of(region, trusted, "gm0197"), 1)

    async def crowd() -> list[str]:
        room, order = Room(seconds=5), []

        async def enter(name: str, header: Header) -> None:
            async with room.for_body(header):
                order.append(name)

        async with room.for_body(small):
            tasks = [asyncio.create_task(enter("large", large))]
            await asyncio.sleep(0)
            tasks += [asyncio.create_task(enter("small", small)) for _ in range(3)]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(crowd()) == ["large", "small", "small", "small"]


# --- headers, logs and counters ----------------------------------------------------------------


def test_every_answer_has_the_headers_and_an_id_that_stands_in_the_log() -> None:
    small = Small()
    for address in ("/things/a", "/nothing", "/metrics"):
        answer = small.client.get(address, headers={REQUEST_ID: PLANTED})
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value
        line = json.loads(small.log.getvalue().splitlines()[-1])
        assert answer.headers[REQUEST_ID] == line["request"] != PLANTED
    assert {name for text in small.log.getvalue().splitlines() for name in json.loads(text)} <= (
        FIELDS | {"at", "service"}
    )


def test_nothing_that_a_client_says_stands_in_the_log_or_the_counters() -> None:
    small = Small()
    small.client.request(f"GET{PLANTED}", f"/{PLANTED}?{PLANTED}={PLANTED}",
                         headers={"user-agent": PLANTED, "referer": PLANTED})  # fmt: skip
    answer = small.client.get(f"/things/{PLANTED}", params={"number": f"x{PLANTED}"})
    assert (answer.status_code, answer.json()["code"]) == (400, "request-invalid")
    for text in (answer.text, small.log.getvalue(), small.client.get("/metrics").text):
        assert PLANTED not in text
    assert small.counted("moj_requests_total", method="other", route="unmatched", status="404") == 1


def test_counters_tell_of_requests_and_refusals_by_code() -> None:
    small = Small()
    for _ in range(3):
        small.client.get("/things/a")
    text = small.client.get("/metrics").text
    assert 'moj_requests_total{method="GET",route="/things/{name}",status="404"} 3.0' in text
    assert 'moj_refusals_total{code="thing-unknown"} 3.0' in text
    assert small.counted("moj_requests_running") == 0


def test_the_counters_of_a_linker_name_no_party_round_school_or_number_of_rows(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    with region.linker_client() as client:
        letter = letter_of(region, trusted, "gm0197")
        put(client, letter)
        put(client, letter_of(region, trusted, "gm0197", policy="0" * 64))
        text = client.get("/metrics").text
    assert 'route="/envelopes/{sha256}",status="201"} 1.0' in text
    assert 'moj_refusals_total{code="policy-differs"} 1.0' in text
    for word in ("gm0197", "duo", ROUND, letter.context.delivery, letter.address, "99XA", "rows"):
        assert word not in text


@pytest.mark.parametrize("service", ["linker", "publisher"])
def test_both_services_have_all_of_it(region: MiniRegion, service: str) -> None:
    kinds: dict[str, Callable[[], FastAPI]] = {
        "linker": lambda: linker_app.create_app(
            region.linker_settings.model_copy(update={"request_burst": 3}), log=Log("t", stream)
        ),
        "publisher": lambda: publisher_app.create_app(
            region.publisher_settings.model_copy(update={"request_burst": 3}), log=Log("t", stream)
        ),
    }
    stream = io.StringIO()
    with TestClient(kinds[service](), raise_server_exceptions=False) as client:
        assert client.put("/healthz", headers={"content-length": "999999999"}).status_code == 413
        assert "moj_requests_total" in client.get("/metrics").text
        answers = [client.get("/healthz") for _ in range(200)]
    assert 429 in {each.status_code for each in answers}
    assert all(REQUEST_ID in each.headers for each in answers)


# --- errors half-way ---------------------------------------------------------------------------


def test_an_error_half_way_an_answer_raises_nothing_and_sends_no_second_answer() -> None:
    async def breaks(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError(PLANTED)

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope: dict[str, Any] = {"type": "http"}
    asyncio.run(UnexpectedErrors(breaks)(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert scope[UNEXPECTED] == "ValueError"


# --- memory ------------------------------------------------------------------------------------

_PROGRAM = """
import ctypes, resource
from pathlib import Path
from shared.service.hardening import forbid_core_dumps
resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
forbid_core_dumps()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_a_service_leaves_no_picture_of_its_memory() -> None:
    said = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    assert said.stdout.split("\n")[0] == "(0, 0) 0"


def test_a_service_forbids_core_dumps_before_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.service import serving

    order: list[str] = []
    monkeypatch.setattr(serving, "forbid_core_dumps", lambda: order.append("forbid"))
    monkeypatch.setattr(uvicorn.Server, "run", lambda _server: order.append("run"))
    serving.serve(FastAPI(), "127.0.0.1", 1)
    assert order == ["forbid", "run"]
    assert resource.getrlimit(resource.RLIMIT_CORE)  # of this process, untouched
    assert "serving.serve(" in (Path(serving.__file__).parent / "commands.py").read_text()
