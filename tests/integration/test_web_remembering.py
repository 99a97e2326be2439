"""What unknown readers are given again: the same bytes, until something that they see changes."""

from __future__ import annotations

import asyncio
import io
import json
import os
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher import remembering
from publisher.access.gate import READER
from publisher.releasing.calendar import announce
from publisher.remembering import RememberedAnswers, SharedLooks
from shared.errors import BusyError
from tests.support.access import app_of, asking, fed_publisher, give
from tests.support.parties import NOW, ROUND
from tests.support.publishing import RELEASE, Publisher

TABLE = f"/api/v1/releases/{RELEASE}/tables/pupils_and_clients"
PLACES = (
    "/", "/en/", "/scholen", "/releases", f"/releases/{RELEASE}", "/verantwoording",
    "/api/v1/releases", f"{TABLE}/observations", f"{TABLE}/downloads/csv", "/uitgaven.atom",
)  # fmt: skip
OF_ONE_REQUEST = {"x-request-id", "date"}


@contextmanager
def published(folder: Path) -> Iterator[Publisher]:
    (folder / "regio").mkdir()
    with fed_publisher(folder / "regio") as fed:
        fed.releases.stage(ROUND)
        fed.publish(folder / "pakket")
        yield fed


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    with published(tmp_path_factory.mktemp("remembering")) as found:
        yield found


@dataclass
class Counted:
    """The publisher's routes, and how often they were reached past what is remembered."""

    app: FastAPI
    reached: int = 0


@pytest.fixture
def counted(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return counting_app(publisher, monkeypatch)


def counting_app(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> Counted:
    found = Counted(FastAPI())
    given = RememberedAnswers.__init__

    def counting(self: RememberedAnswers, app: ASGIApp, **more: Any) -> None:
        async def reach(scope: Scope, receive: Receive, send: Send) -> None:
            found.reached += scope["type"] == "http"
            await app(scope, receive, send)

        given(self, reach, **more)

    monkeypatch.setattr(RememberedAnswers, "__init__", counting)
    found.app = app_of(publisher.region, access="public")
    return found


def plain(answer: Response) -> tuple[int, dict[str, str], bytes]:
    headers = {name: value for name, value in answer.headers.items() if name not in OF_ONE_REQUEST}
    return answer.status_code, headers, answer.content


def test_the_second_reader_gets_what_the_first_got_and_no_route_is_reached(
    counted: Counted,
) -> None:
    with asking(counted.app) as client:
        first = [plain(client.get(place)) for place in PLACES]
        assert (counted.reached, {status for status, *_ in first}) == (len(PLACES), {200})
        assert [plain(client.get(place)) for place in PLACES] == first
        assert counted.reached == len(PLACES)


def test_who_has_it_already_is_told_so_as_the_route_itself_does(counted: Counted) -> None:
    with asking(counted.app) as client:
        for place in ("/scholen", f"{TABLE}/downloads/csv"):
            known = {"If-None-Match": client.get(place).headers["etag"]}
            remembered = plain(client.get(place, headers=known))
            assert remembered[0] == 304
            reached = counted.reached
            fresh = plain(client.get(place, params={"anders": ""}, headers=known))
            if fresh[0] == 304:  # the file refuses what it does not know
                assert (fresh, counted.reached) == (remembered, reached + 1)


def test_formats_are_not_mixed_up(counted: Counted) -> None:
    with asking(counted.app) as client:
        for _ in range(2):
            for kind in ("application/json", "text/csv"):
                answer = client.get(f"{TABLE}/observations", headers={"accept": kind})
                assert answer.headers["content-type"].startswith(kind)
    assert counted.reached == 2


def test_what_is_given_again_depends_on_no_other_header_of_a_request(publisher: Publisher) -> None:
    others = {
        "host": "elders.example", "x-forwarded-host": "elders.example", "accept-language": "en",
        "user-agent": "een ander", "referer": "https://elders.example/", "range": "bytes=0-1",
        "forwarded": "host=elders.example", "x-forwarded-proto": "http", "origin": "null",
        "accept-encoding": "identity", "if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT",
        "api-version": "2", "cookie": "a=b",
    }  # fmt: skip
    places = (*PLACES, f"{TABLE}/observations?pageSize=5")
    with (
        asking(app_of(publisher.region, access="public")) as one,
        asking(app_of(publisher.region, access="public"), **others) as another,
    ):
        for place in places:
            assert plain(one.get(place)) == plain(another.get(place)), place


def test_a_release_that_is_withdrawn_is_gone_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with published(tmp_path) as publisher:
        counted = counting_app(publisher, monkeypatch)
        with asking(counted.app) as client:
            for _ in range(2):
                assert client.get(f"{TABLE}/downloads/csv").status_code == 200
                assert "ingetrokken" not in client.get("/releases").text
            assert counted.reached == 2
            publisher.releases.withdraw(RELEASE, "Een fout in de bron.")
            assert client.get(f"{TABLE}/downloads/csv").status_code == 410
            assert "ingetrokken" in client.get("/releases").text


def test_what_is_entered_in_the_ledger_is_seen_at_once(
    counted: Counted, publisher: Publisher
) -> None:
    place, day = "/api/v1/calendar", NOW.date() + timedelta(days=30)
    with asking(counted.app) as client:
        before = client.get(place).json()
        announce(publisher.releases.database, ROUND, "Volgend jaar", day, provisional=True)
        assert client.get(place).json() == before  # of this round a release is there already
        assert counted.reached == 2


def test_a_new_day_is_seen_since_a_review_can_be_over_by_then(
    counted: Counted, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    with asking(counted.app) as client:
        for days, reached in ((0, 1), (0, 1), (1, 2)):
            monkeypatch.setattr(publisher.region.clock, "now", NOW + timedelta(days))
            assert client.get("/scholen").status_code == 200
            assert counted.reached == reached


def test_a_policy_that_is_replaced_counts_at_once(counted: Counted, publisher: Publisher) -> None:
    policy = publisher.region.publisher_settings.policy
    with asking(counted.app) as client:
        before = client.get("/verantwoording")
        policy.write_bytes(policy.read_bytes() + b"\n# met een regel erbij\n")
        os.utime(policy, ns=(1, 1))
        after = client.get("/verantwoording")
    assert (before.status_code, after.status_code, counted.reached) == (200, 200, 2)
    assert before.text != after.text  # the page names the policy's sha256


def test_nothing_is_remembered_of_or_for_somebody_who_is_known(
    counted: Counted, publisher: Publisher
) -> None:
    token = give(publisher.releases).text
    with asking(counted.app, token) as known, asking(counted.app) as unknown:
        for number in (1, 2):
            assert "private" in known.get("/scholen").headers["cache-control"]
            assert counted.reached == number
        assert unknown.get("/scholen").headers["cache-control"] == "no-cache"
        assert counted.reached == 3


def test_a_closed_publisher_gives_nobody_what_somebody_got(publisher: Publisher) -> None:
    app, token = app_of(publisher.region), give(publisher.releases).text
    with asking(app, token) as known, asking(app) as unknown:
        for _ in range(2):
            assert known.get("/scholen").status_code == 200
            assert unknown.get("/scholen").status_code == 401


def test_only_what_a_route_gives_out_for_keeping_is_kept(counted: Counted) -> None:
    places = ("/metrics", "/healthz", "/toezicht", "/scholen/99XX", "/api/v1/releases/geen")
    with asking(counted.app) as client:
        for place in places:
            client.get(place)
            client.get(place)
        client.head("/")
        client.post("/")
    assert counted.reached == 2 * len(places) + 2


def test_what_is_given_again_is_logged_and_counted_under_its_route(publisher: Publisher) -> None:
    log = io.StringIO()
    with asking(app_of(publisher.region, log, access="public")) as client:
        for _ in range(3):
            client.get("/scholen/99XA01")
            client.get("/scholen")
        counters = client.get("/metrics").text
    lines = [json.loads(line)["route"] for line in log.getvalue().splitlines()]
    assert lines.count("/scholen") == 3
    assert 'moj_requests_total{method="GET",route="/scholen",status="200"} 3.0' in counters


# --- the middleware by itself -------------------------------------------------------------------


def small(app: ASGIApp, look: remembering.Look, most: int = 100) -> TestClient:
    inner = RememberedAnswers(app, look, most)

    async def gated(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})[READER] = None
        await inner(scope, receive, send)

    return TestClient(gated)


def numbered(**headers: str) -> ASGIApp:
    """Answers with a number of its own each time."""
    count = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal count
        count += 1
        sent = {"etag": f'"{count}"', "cache-control": "no-cache", **headers}
        await PlainTextResponse(f"{count:040d}", headers=sent)(scope, receive, send)

    return app


def test_the_oldest_goes_when_there_is_too_much() -> None:
    client = small(numbered(), lambda: 0)
    a, b, c = (client.get(place).text for place in "abc")  # 120 bytes, of which 100 are kept
    assert [client.get(place).text for place in "cb"] == [c, b]
    assert client.get("a").text != a


def test_what_is_too_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "LARGEST_BYTES", 39)
    client = small(numbered(), lambda: 0)
    assert client.get("a").text != client.get("a").text


@pytest.mark.parametrize(
    "headers", [{"cache-control": "no-store"}, {"set-cookie": "a=1"}, {"cache-control": "private"}]
)
def test_what_is_for_one_reader_is_not_kept(headers: dict[str, str]) -> None:
    client = small(numbered(**headers), lambda: 0)
    assert client.get("a").text != client.get("a").text


def test_what_comes_in_pieces_is_not_kept() -> None:
    count = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal count
        count += 1
        pieces = iter([f"{count}", "."])
        sent = {"etag": '"a"', "cache-control": "no-cache"}
        await StreamingResponse(pieces, headers=sent)(scope, receive, send)

    client = small(app, lambda: 0)
    assert [client.get("a").text, client.get("a").text] == ["1.", "2."]


def test_nothing_of_before_a_change_is_given_after_it() -> None:
    seen = iter([1, 1, 2])
    client = small(numbered(), lambda: next(seen))
    a, again, after = (client.get("a").text for _ in range(3))
    assert a == again != after


def test_an_answer_made_while_something_changed_is_not_kept() -> None:
    """Two readers ask at once; the second sees a change before the first has its answer."""
    seen, first_goes_on, count = 1, asyncio.Event(), 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal count
        count += 1
        mine = count
        if mine == 1:
            await first_goes_on.wait()
        sent = {"etag": f'"{mine}"', "cache-control": "no-cache"}
        await PlainTextResponse(str(mine), headers=sent)(scope, receive, send)

    inner = RememberedAnswers(app, lambda: seen)

    async def ask(place: str) -> bytes:
        body = b""

        async def send(message: object) -> None:
            nonlocal body
            assert isinstance(message, dict)
            body += message.get("body", b"")

        async def receive() -> dict[str, object]:
            return {"type": "http.request"}

        scope: Scope = {
            "type": "http", "method": "GET", "scheme": "http", "path": place, "headers": [],
            "query_string": b"", "state": {READER: None},
        }  # fmt: skip
        await inner(scope, receive, send)
        return body

    async def both() -> list[bytes]:
        nonlocal seen
        first = asyncio.create_task(ask("/a"))
        while count == 0:
            await asyncio.sleep(0)
        seen = 2
        other = await ask("/b")
        first_goes_on.set()
        return [await first, other, await ask("/a")]

    assert asyncio.run(both()) == [b"1", b"2", b"3"]


def test_where_nothing_can_be_seen_the_routes_answer() -> None:
    def blind() -> int:
        raise BusyError("database-busy", "expected a database, found it busy")

    client = small(numbered(), blind)
    assert client.get("a").text != client.get("a").text


def test_who_ask_together_share_a_look_that_begins_after_all_of_them_asked() -> None:
    begun: list[int] = []
    asked = 0

    def look() -> int:
        begun.append(asked)
        return asked

    async def ask(looks: SharedLooks) -> tuple[int, int]:
        nonlocal asked
        asked += 1
        mine = asked
        seen = await looks.now()
        assert isinstance(seen, int)
        return mine, seen

    async def many() -> list[tuple[int, int]]:
        looks = SharedLooks(look)
        first = [asyncio.create_task(ask(looks)) for _ in range(50)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return await asyncio.gather(*first, *(ask(looks) for _ in range(50)))

    found = asyncio.run(many())
    assert all(seen >= mine for mine, seen in found)
    assert len(begun) <= 3


def test_who_asks_during_a_look_waits_for_the_next() -> None:
    begun, goes_on, seen = threading.Event(), threading.Event(), 0

    def look() -> int:
        nonlocal seen
        seen += 1
        mine = seen
        begun.set()
        assert goes_on.wait(60)
        return mine

    async def two() -> list[Hashable]:
        looks = SharedLooks(look)
        first = asyncio.create_task(looks.now())
        while not begun.is_set():
            await asyncio.sleep(0)
        second = asyncio.create_task(looks.now())
        await asyncio.sleep(0)
        goes_on.set()
        return [await first, await second]

    assert asyncio.run(two()) == [1, 2]
