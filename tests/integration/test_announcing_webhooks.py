"""Webhooks against a receiver on loopback: told in order, at least once, signed, never lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from publisher.announcing import webhooks
from publisher.announcing.commands import webhook_group
from publisher.announcing.events import release_events
from publisher.announcing.notices import FRESH, ID, SENT_AT, SIGNATURE, check_notice, make_notice
from publisher.announcing.place import Place
from publisher.announcing.webhooks import Told, add, check_address, listed, remove, tell_all
from publisher.settings import Settings
from shared.errors import InputError, MonitorError, NotFoundError, StateError, TrustError
from shared.identity import Identity
from shared.ledger import Event
from shared.service.commands import Installation
from shared.state.database import Database, Transaction
from tests.support.parties import MiniRegion

HERE = Place("https://monitor.example.org", "Regio", "mailto:a@example.org",
             "https://example.org/licence", is_closed=False)  # fmt: skip


@dataclass
class Receiver:
    """A program that is told; it answers what the test wants."""

    port: int = 0
    status: int = 204
    promised: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [headers[ID.lower()] for headers, _ in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(state.status)
            if state.status in (301, 302, 307, 308):
                self.send_header("location", "/elsewhere")
            self.send_header("content-length", str(state.promised))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def database(region: MiniRegion) -> Iterator[Database]:
    database = region.publisher_database()
    yield database
    database.close()


@pytest.fixture
def signer(region: MiniRegion) -> Identity:
    return region.identities["publicist"]


def enter(database: Database, event: Event, release: str = "uitgave-v1.0") -> None:
    """What publishing and the like enter in the ledger."""

    def enter(tx: Transaction) -> None:
        tx.record(event, release=release, statement="a" * 64)

    database.run(enter)


def told(database: Database, region: MiniRegion, signer: Identity) -> list[Told]:
    return tell_all(database, HERE, signer, region.clock)


def test_everything_since_it_was_added_is_told_once_and_in_order(
    database: Database, region: MiniRegion, signer: Identity, receiver: Receiver
) -> None:
    enter(database, Event.RELEASE_PUBLISHED, "eerder-v1.0")
    add(database, receiver.url)
    enter(database, Event.RELEASE_PUBLISHED)
    enter(database, Event.RELEASE_STAGED, "binnenskamers-v1.0")
    enter(database, Event.RELEASE_WITHDRAWN)
    assert told(database, region, signer) == [Told(receiver.url, 2, "")]
    documents = [json.loads(body) for _, body in receiver.got]
    assert [each["event"] for each in documents] == ["release_published", "release_withdrawn"]
    assert {each["releaseId"] for each in documents} == {"uitgave-v1.0"}
    assert documents[0]["href"] == "https://monitor.example.org/api/v1/releases/uitgave-v1.0"
    assert told(database, region, signer) == [Told(receiver.url, 0, "")]
    assert len(receiver.got) == 2


def test_a_receiver_can_check_what_it_got(
    database: Database, region: MiniRegion, signer: Identity, receiver: Receiver
) -> None:
    add(database, receiver.url)
    enter(database, Event.RELEASE_PUBLISHED)
    told(database, region, signer)
    ((headers, body),) = receiver.got
    assert check_notice(headers, body, signer.card, region.clock()) == receiver.ids[0]
    for altered_headers, altered_body, code in (
        (headers, body.replace(b"v1.0", b"v9.0"), "notice-not-signed"),
        (headers | {ID.lower(): "0" * 64}, body, "notice-not-signed"),
        (headers | {SENT_AT.lower(): "2026-01-01T00:00:00Z"}, body, "notice-not-signed"),
        (headers | {SIGNATURE.lower(): "x"}, body, "notice-malformed"),
        (headers | {SENT_AT.lower(): "gisteren"}, body, "notice-malformed"),
        (headers | {SENT_AT.lower(): "2026-01-01"}, body, "notice-malformed"),
        ({}, body, "notice-malformed"),
    ):
        with pytest.raises(MonitorError) as caught:
            check_notice(altered_headers, altered_body, signer.card, region.clock())
        assert caught.value.code == code
    with pytest.raises(TrustError) as late:
        check_notice(headers, body, signer.card, region.clock() + FRESH + timedelta(seconds=1))
    assert late.value.code == "notice-not-fresh"
    with pytest.raises(TrustError) as other:
        check_notice(headers, body, region.identities["koppelaar"].card, region.clock())
    assert other.value.code == "notice-not-signed"


@pytest.mark.parametrize("status", [302, 400, 404, 410, 500, 503])
def test_what_is_not_confirmed_is_sent_again_the_same(
    database: Database, region: MiniRegion, signer: Identity, receiver: Receiver, status: int
) -> None:
    add(database, receiver.url)
    enter(database, Event.RELEASE_PUBLISHED)
    enter(database, Event.RELEASE_SUPERSEDED)
    receiver.status = status
    assert told(database, region, signer) == [Told(receiver.url, 0, f"webhook-status-{status}")]
    assert len(receiver.got) == 1  # the second waits for the first; nothing followed
    assert told(database, region, signer) == []  # not due yet
    receiver.status = 200
    later = region.clock() + timedelta(minutes=1)
    assert tell_all(database, HERE, signer, lambda: later)[0].sent == 2
    (first, again, _) = receiver.got
    assert first[1] == again[1]
    assert receiver.ids[0] == receiver.ids[1] != receiver.ids[2]
    (row,) = listed(database)
    assert (row.attempts, row.next_at, row.problem) == (0, None, "")


def test_waiting_doubles_up_to_six_hours(
    database: Database, region: MiniRegion, signer: Identity, receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    add(database, receiver.url)
    enter(database, Event.RELEASE_PUBLISHED)
    receiver.status = 500
    waits, now = [], region.clock()

    def clock() -> datetime:
        return now

    monkeypatch.setattr(database, "_clock", clock)
    for _ in range(12):
        tell_all(database, HERE, signer, clock)
        at = listed(database)[0].next_at
        assert at is not None
        waits.append((at - now).total_seconds() / 60)
        now = at
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]


def test_a_crash_after_sending_sends_again_and_loses_nothing(
    database: Database, region: MiniRegion, signer: Identity, receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    add(database, receiver.url)
    enter(database, Event.RELEASE_PUBLISHED)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(webhooks, "_confirm", crash)
        with pytest.raises(KeyboardInterrupt):
            told(database, region, signer)
    told(database, region, signer)
    assert len(receiver.got) == 2
    assert len(set(receiver.ids)) == 1


def test_one_that_fails_keeps_no_other_waiting(
    database: Database, region: MiniRegion, signer: Identity, receiver: Receiver
) -> None:
    add(database, "http://127.0.0.1:1/")
    add(database, receiver.url)
    enter(database, Event.RELEASE_PUBLISHED)
    found = {each.url: each for each in told(database, region, signer)}
    assert found["http://127.0.0.1:1/"].problem == "webhook-unreachable"
    assert found[receiver.url].sent == 1


def test_the_body_of_an_answer_is_not_waited_for(
    database: Database, region: MiniRegion, signer: Identity, receiver: Receiver
) -> None:
    """It could have no end, and the addresses behind it would never be told."""
    receiver.status, receiver.promised = 200, 10
    add(database, receiver.url)
    enter(database, Event.RELEASE_PUBLISHED)
    assert told(database, region, signer) == [Told(receiver.url, 1, "")]


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "ftp://example.org", "https://", "https://a:geheim@example.org/",
     "https://example.org/#x", "https://example.org/a b", "https://example.org/\n",
     f"https://example.org/{'x' * 500}", "", "https://exämple.org", "https://[::1/", "https://h:x/",
     "https://h:99999/", "https://h:0/", "https://1.2.3.999/", "https://a..b/",
     f"https://{'a' * 64}.example/"],
)  # fmt: skip
def test_an_address_that_is_not_safe_is_refused_and_not_repeated(
    database: Database, url: str
) -> None:
    with pytest.raises(InputError) as caught:
        add(database, url)
    assert caught.value.code == "webhook-address"
    assert "geheim" not in str(caught.value) + caught.value.hint
    assert not listed(database)


def test_an_address_is_on_the_list_once_and_can_be_removed(
    database: Database, region: MiniRegion, signer: Identity, receiver: Receiver
) -> None:
    check_address("https://example.org/hook?token=1")
    add(database, receiver.url)
    with pytest.raises(StateError, match="not on the list yet"):
        add(database, receiver.url)
    remove(database, receiver.url)
    with pytest.raises(NotFoundError):
        remove(database, receiver.url)
    enter(database, Event.RELEASE_PUBLISHED)
    assert told(database, region, signer) == []


def test_a_notice_is_the_same_whenever_it_is_sent(database: Database, signer: Identity) -> None:
    enter(database, Event.RELEASE_EXPIRED)
    (event,) = release_events(database)
    one, two = (
        make_notice(event, HERE, signer, datetime.fromisoformat(f"2026-03-0{day}T09:00:00+00:00"))
        for day in (1, 2)
    )
    assert (one.id, one.body) == (two.id, two.body)
    assert one.headers[SIGNATURE] != two.headers[SIGNATURE]


def test_the_commands_add_list_send_and_remove(
    region: MiniRegion, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = Installation(tmp_path / "publisher.toml", Settings)
    monkeypatch.setitem(vars(here), "settings", region.publisher_settings)

    def typed(*words: str) -> str:
        found = CliRunner().invoke(webhook_group, words, obj=here, catch_exceptions=False)
        return found.output

    typed("add", receiver.url)
    assert typed("list") == f"{receiver.url}  in order\n"
    enter(here.database, Event.RELEASE_PUBLISHED)
    assert typed("send") == f"http://127.0.0.1:{receiver.port}  1 confirmed\n"  # a timer logs it
    assert json.loads(receiver.got[0][1])["href"].startswith("http://127.0.0.1:")
    enter(here.database, Event.RELEASE_WITHDRAWN)
    receiver.status = 503
    with pytest.raises(StateError, match="confirm its notices"):
        typed("send")
    assert typed("list") == f"{receiver.url}  webhook-status-503 (1 times)\n"
    typed("remove", receiver.url)
    assert typed("list") == ""
    here.database.close()
