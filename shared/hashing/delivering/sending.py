"""Sending sealed parts to the linker, in order, and keeping its receipts beside them.

A part that has a receipt is not sent again, and the linker answers a part that it has with the
receipt that it gave before: after any failure the same command goes on where it stopped.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from shared.envelope import Header
from shared.errors import (
    GoneError,
    InputError,
    MonitorError,
    NotFoundError,
    PolicyError,
    StateError,
    TrustError,
)
from shared.files import write_whole
from shared.hashing.delivering.connection import unreachable
from shared.hashing.delivering.packed import Packed
from shared.identity import Card
from shared.receipt import Receipt, check_receipt
from shared.statement import Statement

ATTEMPTS = 5
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 120.0
_CHUNK_BYTES = 256 * 1024
_LONGEST_TEXT = 400
_CODE = re.compile(r"[a-z]+(-[a-z]+)*")
_LATER = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request may succeed."""
_CLASSES: dict[int, type[MonitorError]] = {
    400: InputError, 403: PolicyError, 404: NotFoundError, 410: GoneError, 413: InputError,
    422: InputError,
}  # fmt: skip

TellBytes = Callable[[int, int], None]
"""Called with the bytes that went and the bytes that there are."""
Wait = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A part with the receipt of it; ``sent`` is false where the receipt was there before."""

    packed: Packed
    receipt: Receipt
    sent: bool


@dataclass(frozen=True, slots=True)
class Linker:
    """The linker as this supplier reaches it.

    Attributes:
        url: its address, checked.
        card: the pinned card whose signature every receipt must have.
        wait: how to wait between attempts.
    """

    url: str
    card: Card
    client: httpx2.Client
    wait: Wait = time.sleep


def send(parts: Sequence[Packed], linker: Linker, tell: TellBytes) -> Iterator[Delivered]:
    """Send every part that has no receipt yet, and give each with its receipt as it comes.

    Raises:
        StateError: ``linker-unreachable`` or ``linker-busy``, or the linker's own code.
        TrustError: a receipt is not the linker's, or for something else; or a part was altered.
    """
    total = sum(each.path.stat().st_size for each in parts)
    done = entry = 0
    for packed in parts:
        known = known_receipt(packed, linker.card, after=entry)
        receipt = known or _send_one(packed, linker, done, total, tell, after=entry)
        yield Delivered(packed, receipt, sent=known is None)
        entry = receipt.ledger_seq
        done += packed.path.stat().st_size
        tell(done, total)


def known_receipt(packed: Packed, linker: Card, *, after: int = 0) -> Receipt | None:
    """The receipt that is kept beside a part, checked; None where there is none."""
    if not packed.receipt_path.exists():
        return None
    return check_receipt(Statement.load(packed.receipt_path), packed.header, linker, after=after)


def _send_one(
    packed: Packed, linker: Linker, done: int, total: int, tell: TellBytes, *, after: int
) -> Receipt:
    data = packed.read()

    def body() -> Iterator[bytes]:
        for start in range(0, len(data), _CHUNK_BYTES):
            yield data[start : start + _CHUNK_BYTES]
            tell(done + min(start + _CHUNK_BYTES, len(data)), total)

    def put() -> httpx2.Response:
        headers = {"Content-Length": str(len(data)), "Content-Type": "application/octet-stream"}
        return linker.client.put(address_of(linker, packed.header), content=body(), headers=headers)

    statement = Statement.from_bytes(ask(linker, put))
    receipt = check_receipt(statement, packed.header, linker.card, after=after)
    write_whole(packed.receipt_path, statement.to_bytes())
    return receipt


def fetch_receipt(packed: Packed, linker: Linker) -> Receipt:
    """The linker's receipt of a part that it has; kept beside the part where it was lost.

    Raises:
        StateError: ``linker-unreachable`` or ``linker-busy``.
        NotFoundError: ``envelope-unknown``.
    """
    address = address_of(linker, packed.header)
    statement = Statement.from_bytes(ask(linker, lambda: linker.client.get(address)))
    receipt = check_receipt(statement, packed.header, linker.card)
    if not packed.receipt_path.exists():
        write_whole(packed.receipt_path, statement.to_bytes())
    return receipt


def address_of(linker: Linker, header: Header) -> str:
    """Where the linker keeps an envelope: at the hash of its ciphertext."""
    return f"{linker.url}/envelopes/{header.sha256}"


def ask(linker: Linker, request: Callable[[], httpx2.Response]) -> bytes:
    """The body of a good answer, after as many attempts as are reasonable.

    Raises:
        StateError: ``linker-unreachable`` or ``linker-busy``, or the linker's own code.
        TrustError: ``linker-certificate``.
    """
    pause = FIRST_WAIT_SECONDS
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = request()
        except httpx2.HTTPError as error:
            problem = unreachable(error)
            if attempt == ATTEMPTS or isinstance(problem, TrustError):
                raise problem from error
            asked = 0.0
        else:
            if answer.status_code in {200, 201}:
                return answer.content
            if answer.status_code not in _LATER:
                raise refused(answer)
            asked = retry_after(answer, datetime.now(UTC))
            if attempt == ATTEMPTS or asked > LONGEST_WAIT_SECONDS:
                raise _busy()
        linker.wait(max(pause, asked))
        pause *= 2
    raise RuntimeError("the last attempt answers or raises")


def retry_after(answer: httpx2.Response, now: datetime) -> float:
    """How many seconds the service asks us to wait; 0 where it does not say.

    Source: RFC 9110, section 10.2.3: seconds, or a date.
    """
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (moment.astimezone(UTC) - now).total_seconds())


def refused(answer: httpx2.Response) -> MonitorError:
    """The refusal of the linker, with its own code where it gives one."""
    try:
        problem = answer.json()
        code, detail = str(problem["code"]), _printable(problem["detail"])
        hint = _printable(problem.get("hint", ""))
        if _CODE.fullmatch(code) is None:
            raise ValueError("not a code of ours")
    except (ValueError, KeyError, TypeError):
        return StateError(
            "linker-refused",
            f"expected an answer of the linker, got status {answer.status_code}",
            hint="check the address: this may be another service than the linker",
        )
    kind = _CLASSES.get(answer.status_code, StateError)
    return kind(code, f"the linker refused: {detail}", hint=hint)


def _printable(text: object) -> str:
    """What a terminal can show: no control characters of another machine, and not too much."""
    return "".join(mark for mark in str(text) if mark.isprintable())[:_LONGEST_TEXT]


def _busy() -> StateError:
    return StateError(
        "linker-busy",
        "expected the linker to take the delivery, found that it asks to come back later",
        hint="what was received is kept; give the same command again in an hour",
    )
