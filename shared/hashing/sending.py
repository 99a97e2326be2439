"""Sending sealed parts to the linker, in order, and keeping its receipts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx2

from shared.envelope import EnvelopeKind, Header, read_header
from shared.errors import InputError, StateError, TrustError
from shared.files import read_file, write_whole
from shared.hashing.sealing import SUFFIX
from shared.identity import Card
from shared.receipt import Receipt
from shared.statement import Kind, Statement

TIMEOUT_SECONDS = 60.0
ATTEMPTS = 4
FIRST_WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Packed:
    """A sealed part on disk."""

    path: Path
    header: Header
    data: bytes


def parts_in(folder: Path) -> list[Packed]:
    """The sealed parts in a folder, by delivery and part.

    Raises:
        InputError: ``nothing-to-send`` or ``several-deliveries``.
    """
    packed = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        data = read_file(path, "an envelope")
        header = read_header(data)
        if header.context.kind is EnvelopeKind.DELIVERY:
            packed.append(Packed(path, header, data))
    if not packed:
        raise InputError(
            "nothing-to-send",
            f"expected sealed parts (*{SUFFIX}) in {folder.name}, found none",
            hint="make them with `hasher seal`",
        )
    if len({each.header.context.delivery for each in packed}) != 1:
        raise InputError(
            "several-deliveries",
            f"expected the parts of one delivery in {folder.name}, found more",
            hint="geef de map van één levering",
        )
    return sorted(packed, key=lambda each: each.header.context.part)


def receipt_path(packed: Packed) -> Path:
    """Where the receipt of a part is kept: beside it."""
    return packed.path.with_suffix(".receipt.json")


def send(
    parts: Iterable[Packed],
    url: str,
    linker: Card,
    wait: Callable[[float], None] = time.sleep,
) -> list[Receipt]:
    """Send every part that has no receipt yet; safe to repeat after any failure.

    Args:
        linker: the pinned card whose signature every receipt must have.
        wait: how to wait between attempts.

    Raises:
        StateError: ``linker-unreachable``, or the linker's own code when it refuses.
        TrustError: a receipt is not the linker's, or for something else.
    """
    receipts = []
    for packed in parts:
        path = receipt_path(packed)
        if path.exists():
            statement = Statement.load(path)
        else:
            answer = _put(f"{url}/envelopes/{packed.header.sha256}", packed.data, wait)
            statement = Statement.from_bytes(answer)
        receipts.append(check_receipt(statement, packed.header, linker))
        if not path.exists():
            write_whole(path, statement.to_bytes())
    return receipts


def check_receipt(statement: Statement, header: Header, linker: Card) -> Receipt:
    """A receipt that is the linker's and for this part.

    Raises:
        TrustError: ``signature-missing``, ``signature-invalid`` or ``receipt-differs``.
    """
    statement.check_signed_by(linker)
    receipt = statement.read(Kind.RECEIPT, Receipt)
    context = header.context
    expected = (header.sha256, context.delivery, context.part, context.round_id)
    if (receipt.envelope, receipt.delivery, receipt.part, receipt.round_id) != expected:
        raise TrustError(
            "receipt-differs",
            "expected a receipt for the part that was sent, found one for something else",
            hint="check the address of the linker",
        )
    return receipt


def fetch_receipt(url: str, header: Header, linker: Card) -> Receipt:
    """The linker's receipt of a part that it has.

    Raises:
        StateError: ``linker-unreachable`` or ``envelope-unknown``.
    """
    try:
        answer = httpx2.get(f"{url}/envelopes/{header.sha256}", timeout=TIMEOUT_SECONDS)
    except httpx2.HTTPError as error:
        raise _unreachable() from error
    if answer.status_code != 200:
        raise _refused(answer)
    return check_receipt(Statement.from_bytes(answer.content), header, linker)


def _put(url: str, data: bytes, wait: Callable[[float], None]) -> bytes:
    pause = FIRST_WAIT_SECONDS
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = httpx2.put(url, content=data, timeout=TIMEOUT_SECONDS)
        except httpx2.HTTPError as error:
            if attempt == ATTEMPTS:
                raise _unreachable() from error
        else:
            if answer.status_code in {200, 201}:
                return answer.content
            if answer.status_code < 500 or attempt == ATTEMPTS:
                raise _refused(answer)
        wait(pause)
        pause *= 2
    raise _unreachable()


def _unreachable() -> StateError:
    return StateError(
        "linker-unreachable",
        "expected an answer of the linker, got none",
        hint="check the address and your network; what was received is kept, send again later",
    )


def _refused(answer: httpx2.Response) -> StateError:
    try:
        problem = answer.json()
        code, detail = str(problem["code"]), str(problem["detail"])
        hint = str(problem.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        code, detail, hint = "linker-refused", f"got status {answer.status_code}", ""
    return StateError(code, f"the linker refused: {detail}", hint=hint)
