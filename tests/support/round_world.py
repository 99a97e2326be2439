"""Both services and everybody around them, as the model of a round moves them.

What is pure and dear, counting and protecting, is done once for the same input and remembered:
the model looks at what happens around it, ten thousand times over.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from inspect import isfunction
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
import pandas as pd
import pyarrow as pa
from sqlalchemy import event, select

from linker.intake.child import Inspector, Verdict
from linker.intake.inspection import Rules
from linker.intake.steps import Intake
from linker.linkage.engine import link
from linker.rounds.lifecycle import accept_round
from linker.rounds.retention import Retention as LinkerRetention
from linker.store import OutboxRow
from linker.tallying import making as tallying
from linker.tallying import outbox
from linker.tallying.making import make_tally
from publisher import staging
from publisher.protection import protect_tally, verify_protection
from publisher.releasing.releases import Releases
from publisher.rounds.retention import Retention as PublisherRetention
from shared.contract.tally import Tally
from shared.envelope import read_header
from shared.errors import MonitorError
from shared.ledger import Entry, Event
from shared.round import TrustedRound
from shared.state.database import Database
from shared.state.ledger_table import ledger_entry
from shared.statement import Statement
from tests.support.narrow_policy import narrow_policy
from tests.support.parties import ROUND, Letter, MiniRegion, make_region, seal_letter
from tests.support.round_children import CAP, Key, table_of
from tests.support.rounds import SETTINGS, publisher_of, take
from tests.support.snapshots import copied

INPUT_DAYS, TALLY_DAYS, RELEASE_DAYS = 20, 30, 60

_LEVELS = '["school", "municipality", "total"]'


def short_policy() -> str:
    """The shipped policy with terms that a model reaches, and one small table to publish."""
    text = narrow_policy()
    head, *tables = text.split("[[tables]]")
    last, mark, rest = tables[-1].partition("# --- Bescherming")
    assert last
    first = tables[0]
    begin, end = first.index("levels = ["), first.index("recipients")
    text = head + "[[tables]]" + first[:begin] + f"levels = {_LEVELS}\n" + first[end:] + mark + rest
    for name, days in (
        ("input_after_close_days", INPUT_DAYS),
        ("tally_after_receipt_days", TALLY_DAYS),
        ("release_after_publication_days", RELEASE_DAYS),
        ("max_objections_per_supplier", CAP),
    ):
        lines = [f"{name} = {days}" if line.startswith(f"{name} =") else line
                 for line in text.splitlines()]  # fmt: skip
        text = "\n".join(lines) + "\n"
    return text


def saved_region(folder: Path) -> tuple[MiniRegion, Statement]:
    """A region whose round both services accepted, to be copied for each life."""
    region = make_region(folder, policy=short_policy())
    database = region.linker_database()
    accepted = accept_round(
        database,
        region.identities["koppelaar"],
        region.linker_keys,
        region.files(),
        region.pinned_agreements,
        region.clock,
    )
    database.close()
    publisher_of(region, accepted).database.close()
    return region, accepted


@dataclass
class World:
    """One life: a copy of the saved region, with both services open."""

    region: MiniRegion
    trusted: TrustedRound
    linker: Database = field(init=False)
    publisher: Releases = field(init=False)

    @classmethod
    def begin(cls, saved: MiniRegion, accepted: Statement, folder: Path) -> World:
        region = copied(saved, folder)
        return cls(region, region.trusted(accepted))

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Open everything from what is on disk."""
        self.linker = self.region.linker_database()
        identity = self.region.identities["publicist"]
        database = self.region.publisher_database()
        self.publisher = Releases(database, identity, self.region.publisher_keys)
        for each in (self.linker, database):
            event.listen(each.engine, "connect", _wait_for_no_disk)

    def stop(self) -> None:
        """Forget everything that is in memory."""
        self.linker.close()
        self.publisher.database.close()

    def end(self) -> None:
        self.stop()
        shutil.rmtree(self.region.folder)

    @property
    def linker_retention(self) -> LinkerRetention:
        identity = self.region.identities["koppelaar"]
        return LinkerRetention(self.linker, self.region.linker_keys, identity)

    @property
    def publisher_retention(self) -> PublisherRetention:
        made = self.publisher
        return PublisherRetention(made.database, made.keys, made.identity)

    def letters(self, key: Key, variant: int, supersedes: str, parts: int) -> list[Letter]:
        """The parts of a new delivery, sealed."""
        party, schema = key
        table, delivery = table_of(key, variant), ""
        cut = table.num_rows // parts
        sealed: list[Letter] = []
        for number in range(1, parts + 1):
            is_last = number == parts
            rows = table.slice(0, cut) if not is_last else table.slice(cut * (number - 1))
            more: dict[str, Any] = {"delivery": delivery} if delivery else {}
            letter = seal_letter(
                self.region,
                self.trusted,
                party,
                rows,
                schema,
                part=number,
                last=int(is_last),
                previous=sealed[-1].address if sealed else "",
                supersedes=supersedes,
                **more,
            )
            delivery = letter.context.delivery
            sealed.append(letter)
        return sealed

    def put(self, letter: Letter) -> bytes:
        """Give the linker an envelope; its receipt."""
        intake = Intake(
            self.linker,
            self.region.identities["koppelaar"],
            self.region.linker_keys,
            lambda: self.region.agreements,
            self.region.clock,
            self.region.linker_settings.bands,
            _inspector,
        )
        header = read_header(letter.data)
        admitted = intake.admit(header.sha256, letter.data[: header.size])
        return intake.store(admitted, letter.data[header.size :])

    def link(self) -> Tally:
        identity = self.region.identities["koppelaar"]
        with patch.object(tallying, "link", partial(_remembered, link)):
            return make_tally(self.linker, identity, self.region.linker_keys, ROUND, SETTINGS)

    def stage(self) -> str:
        with (
            patch.object(staging, "protect_tally", partial(_remembered, protect_tally)),
            patch.object(staging, "verify_protection", partial(_remembered, verify_protection)),
        ):
            return self.publisher.stage(ROUND).release_id

    def take(self, envelope: bytes) -> bytes:
        """Give the publisher a tally; its receipt."""
        return take(self.publisher, envelope)

    def send(self, fault: str) -> list[str]:
        """Send what is pending over a wire on which requests or answers are lost."""

        def put(_url: str, *, content: bytes, **_: object) -> httpx2.Response:
            if fault == "request lost":
                raise httpx2.ConnectError("lost")
            try:
                receipt = self.take(content)
                if fault == "twice":
                    assert self.take(content) == receipt
            except MonitorError as error:
                return httpx2.Response(error.http_status, json={"code": error.code})
            if fault == "answer lost":
                raise httpx2.ReadTimeout("lost")
            return httpx2.Response(201, content=receipt)

        with patch.object(httpx2, "put", put):
            card = self.region.identities["publicist"].card
            return outbox.send_pending(self.linker, "http://publicist", card)

    def queued(self) -> dict[int, bytes | None]:
        """The bodies in the linker's outbox by revision; None where one was deleted."""
        with self.linker.reading() as session:
            rows = session.execute(select(OutboxRow.revision, OutboxRow.envelope))
            return {row[0]: row[1] for row in rows}


def entries_after(database: Database, seq: int) -> list[Entry]:
    """The entries of a ledger after number ``seq``."""
    with database.reading() as session:
        query = select(ledger_entry).where(ledger_entry.c.seq > seq).order_by(ledger_entry.c.seq)
        return [
            Entry(row.seq, row.at, Event(row.event), row.body, row.previous, row.signature)
            for row in session.connection().execute(query)
        ]


def _wait_for_no_disk(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


_memory: dict[str, Any] = {}


class _RememberingInspector(Inspector):
    """Has the child inspect each body once."""

    def inspect(self, body: bytes, rules: Rules) -> Verdict:
        key = _digest(["inspect", body, rules.schema.name, rules])
        if key not in _memory:
            _memory[key] = super().inspect(body, rules)
        found: Verdict = _memory[key]
        return found


_inspector = _RememberingInspector()


def _digest(values: Sequence[object]) -> str:
    """A name for all that a pure function is given: nothing of it may be left out."""
    found = hashlib.sha256()
    for value in values:
        for part in _parts(value):
            found.update(part + b"\x00")
    return found.hexdigest()


def _parts(value: object) -> Iterator[bytes]:
    if isinstance(value, pa.Table):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as writer:
            writer.write_table(value.combine_chunks())
        yield sink.getvalue().to_pybytes()
    elif isinstance(value, pd.DataFrame):
        yield value.to_json(orient="table").encode()
    elif isinstance(value, Tally):
        header = value.header.model_copy(update={"revision": 0, "inputs": ()})
        yield header.model_dump_json().encode()
        yield from _parts(value.cells)
    elif isinstance(value, list | tuple):
        yield f"{type(value).__name__} of {len(value)}".encode()
        for each in value:
            yield from _parts(each)
    elif is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__.encode()
        for each in fields(value):
            yield from _parts(getattr(value, each.name))
    elif isfunction(value):
        yield f"{value.__module__}.{value.__qualname__}".encode()
    else:
        assert " at 0x" not in repr(value), f"{type(value)} has no name of its own"
        yield repr(value).encode()


def _remembered(real: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """Do what is pure once for the same arguments; of a tally the revision changes nothing."""
    said = {name: value for name, value in more.items() if name != "progress"}
    key = _digest([real.__name__, *arguments, *sorted(said.items())])
    if key not in _memory:
        _memory[key] = real(*arguments, **more)
    return _memory[key]


@contextmanager
def no_waiting_for_the_disk() -> Iterator[None]:
    """Tests of the model end no process: what was written need not have reached the disk."""
    with patch("os.fsync", lambda _: None):
        yield
