"""Two things that happen at the same moment, and what a linker must be like afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from threading import Barrier
from typing import Any

import pyarrow as pa
from sqlalchemy import select

from linker.intake.child import Inspector, Verdict
from linker.intake.figures import Figures
from linker.intake.inspection import Rules
from linker.intake.steps import Admitted, Intake
from linker.store import DeliveryRow, DeliveryState, RefusalRow
from shared.canonical import parse_canonical
from shared.envelope import read_header
from shared.errors import MonitorError
from shared.identity import Card
from shared.ledger import Entry, Event, Head, verify_ledger
from shared.receipt import Receipt
from shared.round import TrustedRound
from shared.state.database import Database
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement
from tests.support.parties import Letter, MiniRegion, care_table, pseudonym, seal_letter

SUPPLIER, SCHEMA = "gm0197", "care/1"


class Order(StrEnum):
    """Who comes first; what both knew before they began is the same in each."""

    TOGETHER = "together"
    FIRST = "the first, then the second"
    SECOND = "the second, then the first"


@dataclass(frozen=True)
class Ended:
    """How one of two ended: with a result, or refused with a code."""

    result: Any = None
    code: str = ""

    @property
    def is_done(self) -> bool:
        return not self.code


Act = Callable[[], Any]


class Race:
    """Runs two acts at once, in an order that a seed draws."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._pool = ThreadPoolExecutor(2)
        self.seed, self.number, self.order = seed, 0, Order.TOGETHER

    def __enter__(self) -> Race:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown()

    def __str__(self) -> str:
        return f"seed {self.seed}, race {self.number}, {self.order}"

    def run(self, first: Act, second: Act) -> tuple[Ended, Ended]:
        """Both acts, each in a thread of its own when they are together."""
        self.number += 1
        self.order = self._draw.choice(list(Order))
        if self.order is Order.TOGETHER:
            barrier = Barrier(2)
            one = self._pool.submit(_ended, first, barrier)
            two = self._pool.submit(_ended, second, barrier)
            return one.result(), two.result()
        if self.order is Order.FIRST:
            return _ended(first), _ended(second)
        later, sooner = _ended(second), _ended(first)
        return sooner, later


def _ended(act: Act, barrier: Barrier | None = None) -> Ended:
    if barrier:
        barrier.wait()
    try:
        return Ended(act())
    except MonitorError as error:
        return Ended(code=error.code)


class Trusting(Inspector):
    """Says what a test wants of a body: which of two is first does not depend on what is in it."""

    held_for = ""

    def inspect(self, body: bytes, rules: Rules) -> Verdict:
        assert body
        return Verdict(Figures(rules.rows or 0, {}), self.held_for)


class Desk:
    """The intake of a linker, and one supplier's deliveries of care."""

    def __init__(self, region: MiniRegion, trusted: TrustedRound, database: Database) -> None:
        self.region, self.trusted, self.database = region, trusted, database
        self.inspector = Trusting()
        self._table = care_table([{"pseudonym": pseudonym(n)} for n in range(3)])
        self.receipts: list[bytes] = []
        agreements = region.agreements  # read once: they do not change here
        self.intake = Intake(
            database,
            region.identities["koppelaar"],
            region.linker_keys,
            lambda: agreements,
            region.clock,
            inspector=self.inspector,
        )

    def seal(self, table: pa.Table | None = None, **changes: Any) -> Letter:
        """Another delivery, or a part of one, that supersedes the current one."""
        changes.setdefault("supersedes", self.current() or "")
        return seal_letter(
            self.region, self.trusted, SUPPLIER, table or self._table, SCHEMA, **changes
        )

    def admit(self, letter: Letter) -> Admitted:
        return self.intake.admit(letter.address, letter.data)

    def storing(self, letter: Letter) -> Act:
        """An upload of which the header was admitted before the race began."""
        admitted = self.admit(letter)
        body = letter.data[read_header(letter.data).size :]
        return lambda: self.intake.store(admitted, body)

    def store(self, letter: Letter, *, held_for: str = "") -> None:
        self.inspector.held_for = held_for
        self.keep(Ended(self.storing(letter)()))
        self.inspector.held_for = ""

    def keep(self, ended: Ended) -> None:
        """Remember a receipt that was issued."""
        if ended.is_done:
            self.receipts.append(ended.result)

    def current(self) -> str | None:
        """The current delivery; there are never two."""
        query = select(DeliveryRow.delivery_id).where(
            DeliveryRow.supplier == SUPPLIER,
            DeliveryRow.schema_name == SCHEMA,
            DeliveryRow.state == DeliveryState.CURRENT,
        )
        with self.database.reading() as session:
            return session.scalars(query).one_or_none()

    def refusals(self) -> dict[str, int]:
        with self.database.reading() as session:
            return {row.code: row.count for row in session.scalars(select(RefusalRow))}

    def check_ledger(self) -> list[Entry]:
        """The whole ledger: it verifies, and what each receipt witnessed stands in it."""
        heads = [
            Head(receipt.ledger_seq, receipt.ledger_sha256)
            for receipt in (
                Statement.from_bytes(each).read(Kind.RECEIPT, Receipt) for each in self.receipts
            )
        ]
        return verified(self.database, self.region.identities["koppelaar"].card, heads)


def verified(database: Database, signer: Card, witnesses: list[Head] | None = None) -> list[Entry]:
    """Every entry of a ledger, which verifies."""
    with database.reading() as session:
        chain = list(entries(session.connection()))
    verify_ledger([entry.line() for entry in chain], signer, witnesses or [])
    return chain


def where(chain: list[Entry], event: Event, **body: Any) -> Iterator[int]:
    """The numbers of the entries of an event with these values, in order."""
    for entry in chain:
        if entry.event is event and body.items() <= parse_canonical(entry.body).items():
            yield entry.seq
