"""Opening the deliveries of a round: part by part, re-keyed at once, in this process only.

Up to so many rows they are held in memory. Of more, every part goes to sealed shards as soon as it
is re-keyed, and is forgotten.

Source: DESIGN 5.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select
from sqlalchemy.orm import Session

from linker.intake.inspection import inspect
from linker.linkage.database import EngineSettings
from linker.linkage.inputs import Delivered, Inputs, Suppliers, rekeyed_schema
from linker.linkage.rekey import link_key
from linker.linkage.staged import StagedShards, shards_for
from linker.linkage.volumes import staging_of
from linker.store import DeliveryRow, DeliveryState, PartRow, deliveries, parts
from shared.contract.deliveries import SCHEMAS
from shared.envelope import check_body, open_body, read_header
from shared.errors import StateError
from shared.round import SchemaName
from shared.state.database import Database
from shared.state.round_documents import KnownRound
from shared.state.round_keys import RoundKeys


@dataclass(frozen=True, slots=True)
class Seen:
    """What one part of a delivery holds, when its rows are out of sight.

    Attributes:
        residences: by period of which there is a row; nobody's where the schema has none.
    """

    supplier: str
    schema: str
    municipalities: tuple[int, ...]
    rows: int
    residences: Mapping[int, frozenset[int]]

    @classmethod
    def of(cls, delivered: Delivered) -> Seen:
        """Look once at the rows of a part."""
        rows = delivered.rows
        found: dict[int, frozenset[int]] = {}
        if "residence" in rows.column_names:
            pairs = rows.group_by(["period", "residence"]).aggregate([]).to_pylist()
            for pair in pairs:
                known = found.get(pair["period"], frozenset())
                found[pair["period"]] = known | {pair["residence"]}
        elif "period" in rows.column_names:
            found = dict.fromkeys(pc.unique(rows["period"]).to_pylist(), frozenset[int]())
        return cls(
            delivered.supplier, delivered.schema, delivered.municipalities, rows.num_rows, found
        )

    def without_rows(self) -> Delivered:
        """The same delivery without a row."""
        rows = rekeyed_schema(SCHEMAS[self.schema]).empty_table()
        return Delivered(self.supplier, self.schema, self.municipalities, rows)


@dataclass(frozen=True, slots=True)
class Opened:
    """Deliveries of a round, re-keyed; use it in a ``with`` block, after which nothing is left.

    Attributes:
        seen: every part, in the order of ``inputs`` of its delivery.
        inputs: hashes of the ciphertexts that they came from, sorted.
        municipalities: those with an enrolment and a care delivery among these.
        delivered: the parts with their rows; none where they are staged.
        staged: the sealed shards of so many rows that memory does not hold them.
    """

    seen: tuple[Seen, ...]
    inputs: tuple[str, ...]
    municipalities: tuple[int, ...]
    delivered: tuple[Delivered, ...]
    staged: StagedShards | None = None
    _closing: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Opened:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.close()

    def of(self, *schemas: SchemaName) -> tuple[Delivered, ...]:
        """The parts of any of ``schemas`` with their rows."""
        return tuple(each for each in self.delivered if each.schema in schemas)

    @property
    def suppliers(self) -> Suppliers:
        """Who delivered what is counted; a place in it is a number in the shards."""
        counted = (each for each in self.seen if each.schema != SchemaName.OBJECTION)
        return tuple(sorted({(each.supplier, each.schema) for each in counted}))

    def rows(self) -> dict[tuple[str, str], int]:
        """Rows as delivered, by supplier and schema."""
        totals: Counter[tuple[str, str]] = Counter()
        for each in self.seen:
            totals[each.supplier, each.schema] += each.rows
        return dict(totals)

    def covered(self, period: int) -> tuple[int, ...]:
        """The municipalities whose residents are the population of ``period``.

        A delivery without a single row for the period says nothing about it: counting its
        residents as pupils without care would be a false zero.
        """
        living: set[int] = set()
        caring: set[int] = set()
        for each in self.seen:
            if period in each.residences and each.schema == SchemaName.ENROLMENT:
                living |= each.residences[period]
            elif period in each.residences and each.schema == SchemaName.CARE:
                caring.update(each.municipalities)
        return tuple(place for place in self.municipalities if place in living & caring)

    def shard_count(self, settings: EngineSettings) -> int:
        """How many shards there are."""
        return settings.shards if self.staged is None else len(self.staged)

    def shards(self, settings: EngineSettings) -> Iterator[Inputs]:
        """The rows as shards of disjoint persons, each made when it is asked for."""
        if self.staged is not None:
            yield from self.staged
            return
        for index in range(settings.shards):
            rows = [each.shard(index, settings.shards) for each in self.delivered]
            yield Inputs.of(rows, self.suppliers)


def open_deliveries(
    database: Database, round_: KnownRound, keys: RoundKeys, settings: EngineSettings
) -> Opened:
    """Open every current delivery of a round and re-key its rows at once.

    Raises:
        StateError: ``round-changed``.
        StorageError: ``staging-full``.
    """
    with database.reading() as session:
        rows = deliveries(session, round_.body.round_id, DeliveryState.CURRENT)
        addresses = {part.sha256 for row in rows for part in parts(session, row.delivery_id)}
    return open_parts(database, round_, keys, addresses, settings)


def open_parts(
    database: Database,
    round_: KnownRound,
    keys: RoundKeys,
    addresses: Collection[str],
    settings: EngineSettings,
) -> Opened:
    """Open the deliveries of which these are the parts.

    Raises:
        StateError: ``round-changed`` where one is not here any more.
        StorageError: ``staging-full``.
        ConfigurationError: what ``staging_of`` refuses.
    """
    with database.reading() as session:
        rows = _deliveries_with(session, round_.body.round_id, addresses)
        found = [
            [part.sha256 for part in parts(session, row.delivery_id) if part.sha256 in addresses]
            for row in rows
        ]
    total = sum(row.rows for row in rows)
    seen: list[Seen] = []
    delivered: list[Delivered] = []
    with ExitStack() as stack:
        staged = None
        if total > settings.shard_rows:
            shards = shards_for(total, settings.shard_rows)
            where = staging_of(os.environ)
            staged = stack.enter_context(
                StagedShards(max(shards, settings.shards), where.folder, sealed=where.sealed)
            )
        for part in _each_part(database, round_, keys, rows, found):
            seen.append(Seen.of(part))
            if staged is None:
                delivered.append(part)
            else:
                staged.add(part)
        return Opened(
            tuple(seen),
            tuple(sorted(chain(*found))),
            _covered(rows, round_),
            tuple(delivered),
            staged,
            stack.pop_all(),
        )


def _each_part(
    database: Database,
    round_: KnownRound,
    keys: RoundKeys,
    rows: Sequence[DeliveryRow],
    found: Sequence[Sequence[str]],
) -> Iterator[Delivered]:
    """Every part of these deliveries, opened and re-keyed."""
    round_id = round_.body.round_id
    opening = keys.opening_key(round_id)
    key = link_key(keys.link_seed(round_id).reveal(), round_id)
    for row, addresses in zip(rows, found, strict=True):
        places = _municipalities(row, round_)
        for address in addresses:
            envelope = _read_envelope(database, address, round_id)
            header = read_header(envelope)
            body = envelope[header.size :]
            check_body(header, body)
            plain: pa.Table = inspect(open_body(header, body, opening), header.context, round_).rows
            yield Delivered.rekeyed(row.supplier, row.schema_name, places, plain, key)


def _deliveries_with(
    session: Session, round_id: str, addresses: Collection[str]
) -> list[DeliveryRow]:
    """The deliveries with any of these parts, in the order of ``deliveries``."""
    query = (
        select(PartRow.sha256, PartRow.delivery_id)
        .join(DeliveryRow, DeliveryRow.delivery_id == PartRow.delivery_id)
        .where(DeliveryRow.round_id == round_id)
    )
    wanted = {delivery for address, delivery in session.execute(query) if address in addresses}
    return [row for row in deliveries(session, round_id) if row.delivery_id in wanted]


def _read_envelope(database: Database, address: str, round_id: str) -> bytes:
    """One envelope, in a read of its own: while one is opened, nobody who uploads must wait."""
    with database.reading() as session:
        envelope = session.get_one(PartRow, address).envelope
    if envelope is None:  # superseded or destroyed since the link began
        raise changed(round_id)
    return envelope


def _municipalities(row: DeliveryRow, round_: KnownRound) -> tuple[int, ...]:
    return round_.body.supplier(row.supplier).municipalities(SchemaName(row.schema_name)) or ()


def _covered(rows: Sequence[DeliveryRow], round_: KnownRound) -> tuple[int, ...]:
    """The municipalities with an enrolment and a care delivery, in order.

    Their residents are the population, in the periods of which there is something.
    """
    schemas = (SchemaName.ENROLMENT.value, SchemaName.CARE.value)
    received: dict[str, set[int]] = {schema: set() for schema in schemas}
    for row in rows:
        if row.schema_name in received:
            received[row.schema_name].update(_municipalities(row, round_))
    return tuple(sorted(set.intersection(*received.values())))


def changed(round_id: str) -> StateError:
    """The deliveries of a round are not those with which a linkage began."""
    return StateError(
        "round-changed",
        f"expected the deliveries of {round_id} as they were when the link began, found others",
        hint="link the round again",
    )
