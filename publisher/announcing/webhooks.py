"""Webhooks: addresses that are told of every release event, in order, at least once.

The ledger is the outbox. An event stands in it because it was entered in the transaction that
made it happen; each address has a mark up to where it has been told. A notice is sent before the
mark moves, so that a crash between the two sends it again and never leaves it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
from sqlalchemy import select

from publisher.announcing.events import ReleaseEvent, events_in
from publisher.announcing.notices import make_notice
from publisher.announcing.place import Place
from publisher.store import WebhookRow
from shared.clock import Clock
from shared.errors import InputError, NotFoundError, StateError
from shared.identity import Identity
from shared.state.database import Database, Transaction

TIMEOUT_SECONDS = 10.0
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
MAX_URL = 500
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one address in one round of telling.

    Attributes:
        sent: notices that it confirmed.
        problem: code of what stopped it, or empty.
    """

    url: str
    sent: int
    problem: str


def add(database: Database, url: str) -> None:
    """Tell an address of what happens from now on.

    Raises:
        InputError: ``webhook-address``.
        StateError: ``webhook-known``.
    """
    check_address(url)

    def add(tx: Transaction) -> None:
        if tx.session.get(WebhookRow, url) is not None:
            raise StateError("webhook-known", "expected an address that is not on the list yet")
        tx.session.add(WebhookRow(url=url, told_seq=tx.head().seq, added_at=tx.now))

    database.run(add)


def remove(database: Database, url: str) -> None:
    """Tell an address no more.

    Raises:
        NotFoundError: ``webhook-unknown``.
    """

    def remove(tx: Transaction) -> None:
        row = tx.session.get(WebhookRow, url)
        if row is None:
            raise NotFoundError(
                "webhook-unknown",
                "expected an address that is on the list",
                hint="see `publisher webhook list`",
            )
        tx.session.delete(row)

    database.run(remove)


def listed(database: Database) -> list[WebhookRow]:
    """Every address, by name."""
    with database.reading() as session:
        return list(session.scalars(select(WebhookRow).order_by(WebhookRow.url)))


def check_address(url: str) -> None:
    """Refuse an address to which a notice could not go safely.

    Raises:
        InputError: ``webhook-address``; does not repeat it, since a password may stand in it.
    """
    is_plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= MAX_URL
    if not (is_plain and _is_whole(url)):
        raise InputError(
            "webhook-address",
            f"expected an https address of at most {MAX_URL} plain characters, without a name, "
            "password or fragment",
        )


def _is_whole(url: str) -> bool:
    """Whether an address can be asked, safely, and has no name, password or fragment in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        host.encode("idna")  # what looks it up does this too, and fails on a label too long
        httpx2.URL(url)
        has_port = parts.port != 0
    except (ValueError, httpx2.InvalidURL):
        return False
    is_secured = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    return is_secured and bool(host) and has_port and "@" not in parts.netloc and not parts.fragment


def origin(url: str) -> str:
    """The scheme and host of an address: behind them a secret of its receiver may stand."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def tell_all(database: Database, place: Place, signer: Identity, clock: Clock) -> list[Told]:
    """Send every address that is due what it was not told of yet.

    One that fails keeps no other waiting, and is tried again later: after a minute, then after
    twice as long each time, at most six hours. It is never given up, only removed.
    """
    now = clock()
    due = [row for row in listed(database) if row.next_at is None or row.next_at <= now]
    return [_tell(database, row, place, signer, clock) for row in due]


def _tell(
    database: Database, row: WebhookRow, place: Place, signer: Identity, clock: Clock
) -> Told:
    with database.reading() as session:
        events = events_in(session.connection(), after=row.told_seq)
    for sent, event in enumerate(events):
        problem = _post(row.url, event, place, signer, clock)
        if problem:
            _note(database, row.url, problem)
            return Told(row.url, sent, problem)
        _confirm(database, row.url, event)
    return Told(row.url, len(events), "")


def _post(url: str, event: ReleaseEvent, place: Place, signer: Identity, clock: Clock) -> str:
    """Send one notice; empty when it was confirmed, else the code of what went wrong.

    Of the answer only the status is taken: a body without an end would keep the others waiting.
    """
    notice = make_notice(event, place, signer, clock())
    try:
        with httpx2.stream(
            "POST", url, content=notice.body, headers=dict(notice.headers),
            timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False,
        ) as answer:  # fmt: skip
            return "" if answer.is_success else f"webhook-status-{answer.status_code}"
    except httpx2.HTTPError:
        return "webhook-unreachable"  # why stands in no log: it could repeat the address


def _confirm(database: Database, url: str, event: ReleaseEvent) -> None:
    def confirm(tx: Transaction) -> None:
        row = tx.session.get(WebhookRow, url)
        if row is not None:  # else it was removed while it was told
            row.told_seq = max(row.told_seq, event.seq)
            row.attempts, row.next_at, row.problem = 0, None, ""

    database.run(confirm)


def _note(database: Database, url: str, problem: str) -> None:
    def note(tx: Transaction) -> None:
        row = tx.session.get(WebhookRow, url)
        if row is not None:
            row.attempts += 1
            row.next_at = tx.now + min(FIRST_WAIT * 2 ** min(row.attempts - 1, 20), LONGEST_WAIT)
            row.problem = problem

    database.run(note)
