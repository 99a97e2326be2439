"""Making the tally of a closed round: open, re-key, link, check, seal, queue.

Plain rows exist in the memory of this process only, and only while it links.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.orm import Session

from linker.inspection import inspect
from linker.linkage.database import ENGINE, EngineSettings
from linker.linkage.engine import Linked, Progress, link, silent
from linker.linkage.feedback import Noise, told_percent, two_sided_noise
from linker.linkage.indicators import DERIVED, TABLES
from linker.linkage.inputs import Delivered
from linker.linkage.rekey import link_key
from linker.mirrors import keep_rates
from linker.rounds import covered_municipalities
from linker.store import (
    DeliveryRow,
    DeliveryState,
    OutboxRow,
    PartRow,
    RoundRow,
    RoundState,
    deliveries,
    find_round,
    parts,
)
from shared import __version__
from shared.contract.tally import SCHEMA, SupplierQuality, Tally, TallyHeader
from shared.envelope import Context, EnvelopeKind, check_body, open_body, read_header, seal
from shared.errors import StateError
from shared.identity import Identity
from shared.ledger import Event
from shared.round import SchemaName
from shared.state.database import Database, Transaction
from shared.state.round_documents import KnownRound
from shared.state.round_keys import RoundKeys


@dataclass(frozen=True, slots=True)
class Opened:
    """The current deliveries of a round, re-keyed, with the hashes of what they came from.

    Attributes:
        municipalities: those with a current enrolment and a current care delivery.
    """

    delivered: tuple[Delivered, ...]
    inputs: tuple[str, ...]
    municipalities: tuple[int, ...]

    def of(self, *schemas: SchemaName) -> tuple[Delivered, ...]:
        """The deliveries of any of ``schemas``."""
        return tuple(each for each in self.delivered if each.schema in schemas)

    def rows(self) -> dict[tuple[str, str], int]:
        """Rows as delivered, by supplier and schema."""
        totals: Counter[tuple[str, str]] = Counter()
        for each in self.delivered:
            totals[each.supplier, each.schema] += each.rows.num_rows
        return dict(totals)

    def covered(self, period: int) -> tuple[int, ...]:
        """The municipalities whose residents are the population of ``period``.

        A delivery without a single row for the period says nothing about it: counting its
        residents as pupils without care would be a false zero.
        """
        residences = _values(self.of(SchemaName.ENROLMENT), "residence", period)
        caring = {
            place
            for each in self.of(SchemaName.CARE)
            if _rows_of(each, period).num_rows
            for place in each.municipalities
        }
        return tuple(place for place in self.municipalities if place in residences & caring)


def _rows_of(delivered: Delivered, period: int) -> pa.Table:
    return delivered.rows.filter(pc.equal(delivered.rows["period"], period))


def _values(deliveries_: Sequence[Delivered], column: str, period: int) -> set[int]:
    return {
        value
        for each in deliveries_
        for value in pc.unique(_rows_of(each, period)[column]).to_pylist()
    }


def make_tally(
    database: Database,
    identity: Identity,
    keys: RoundKeys,
    round_id: str,
    settings: EngineSettings,
    progress: Progress = silent,
    noise: Noise = two_sided_noise,
) -> Tally:
    """Link a closed round and queue its sealed tally for the publisher.

    An error leaves the round closed, so that it can be linked again.

    Args:
        settings: what this machine allows.
        progress: told of every step that begins.
        noise: blurs what the suppliers are told about the linkage.

    Raises:
        StateError: ``round-state``, ``round-changed``, ``nothing-covered``, or what the engine
            refuses.
    """
    with database.reading() as session:
        row = find_round(session, round_id)
        if row.state is not RoundState.CLOSED:
            raise StateError(
                "round-state",
                f"expected a closed round, found {round_id} {row.state}",
                hint="close it first with `linker round close`",
            )
        round_, revision = row.read(), row.revision + 1
    opened = open_deliveries(database, round_, keys)
    covered = {period.code: opened.covered(period.code) for period in round_.body.periods}
    if not any(covered.values()):
        raise StateError(
            "nothing-covered",
            "expected at least one municipality with both enrolment and care, found none",
            hint="see `linker round status` for what was delivered",
        )
    linked = link(
        opened.of(SchemaName.ENROLMENT, SchemaName.CARE),
        opened.of(SchemaName.OBJECTION),
        round_.reference,
        round_.body.periods,
        covered,
        settings,
        progress,
    )
    tally = Tally(_header(round_, revision, covered, linked, opened), linked.cells)
    told = {supplier: told_percent(match, noise) for supplier, match in linked.matches.items()}
    _queue(database, identity, round_, tally, told)
    return tally


def open_deliveries(database: Database, round_: KnownRound, keys: RoundKeys) -> Opened:
    """Open every current delivery of a round and re-key its rows at once.

    Raises:
        StateError: ``round-changed``.
    """
    round_id = round_.body.round_id
    opening = keys.opening_key(round_id)
    key = link_key(keys.link_seed(round_id).reveal(), round_id)
    with database.reading() as session:
        rows = deliveries(session, round_id, DeliveryState.CURRENT)
        hashes = [[part.sha256 for part in parts(session, row.delivery_id)] for row in rows]
        municipalities = covered_municipalities(session, round_)
    delivered: list[Delivered] = []
    for row, addresses in zip(rows, hashes, strict=True):
        places = _municipalities(row, round_)
        for address in addresses:
            envelope = _read_envelope(database, address, round_id)
            header = read_header(envelope)
            body = envelope[header.size :]
            check_body(header, body)
            plain = inspect(open_body(header, body, opening), header.context, round_).rows
            delivered.append(Delivered.rekeyed(row.supplier, row.schema_name, places, plain, key))
    return Opened(tuple(delivered), tuple(sorted(chain(*hashes))), municipalities)


def _read_envelope(database: Database, address: str, round_id: str) -> bytes:
    """One envelope, in a read of its own: while one is opened, nobody who uploads must wait."""
    with database.reading() as session:
        envelope = session.get_one(PartRow, address).envelope
    if envelope is None:  # superseded or destroyed since the link began
        raise _changed(round_id)
    return envelope


def _municipalities(row: DeliveryRow, round_: KnownRound) -> tuple[int, ...]:
    return round_.body.supplier(row.supplier).municipalities(SchemaName(row.schema_name)) or ()


def _header(
    round_: KnownRound,
    revision: int,
    covered: Mapping[int, tuple[int, ...]],
    linked: Linked,
    opened: Opened,
) -> TallyHeader:
    return TallyHeader(
        round_id=round_.body.round_id,
        round_statement=round_.sha256,
        revision=revision,
        synthetic=round_.body.synthetic,
        policy=round_.body.policy,
        reference=round_.body.reference,
        linker_version=__version__,
        engine=ENGINE,
        periods=round_.body.periods,
        covered={str(code): places for code, places in covered.items()},
        tables=TABLES,
        derived=DERIVED,
        quality=_quality(linked, opened.rows()),
        double_claims=linked.double_claims,
        inputs=opened.inputs,
    )


def _quality(
    linked: Linked, delivered: Mapping[tuple[str, str], int]
) -> tuple[SupplierQuality, ...]:
    """Quality with the rows as delivered: what is left after objections would tell their number."""
    return tuple(
        each.model_copy(update={"rows": delivered[each.supplier, each.schema_name]})
        for each in linked.quality
    )


def _queue(
    database: Database,
    identity: Identity,
    round_: KnownRound,
    tally: Tally,
    told: Mapping[tuple[str, str], int | None],
) -> None:
    offer, body = round_.publisher, round_.body
    context = Context(
        kind=EnvelopeKind.TALLY,
        sender=identity.party,
        recipient=offer.card.party,
        round_id=body.round_id,
        round_statement=round_.sha256,
        schema_name=SCHEMA,
        policy=body.policy,
        agreement="",
        calibration=body.calibration,
        synthetic=int(body.synthetic),
        delivery=secrets.token_hex(16),
        part=1,
        previous="",
        last=1,
        supersedes="",
        revision=tally.header.revision,
        rows=0,
        tool=f"linker {__version__}",
    )
    envelope = seal(context, tally.to_bytes(), identity, offer.sealing_key())
    address = read_header(envelope).sha256

    def queue(tx: Transaction) -> None:
        row = find_round(tx.session, body.round_id)
        row.move(RoundState.LINKED)  # refuses a second link that ran at the same time
        _check_unchanged(tx.session, row, tally)
        row.revision = tally.header.revision
        tx.record(Event.ROUND_LINKED, round=body.round_id, revision=row.revision)
        keep_rates(tx, body.round_id, row.revision, told)
        tx.session.add(
            OutboxRow(
                sha256=address,
                round_id=body.round_id,
                revision=row.revision,
                envelope=envelope,
                attempts=0,
                created_at=tx.now,
            )
        )
        tx.record(Event.TALLY_QUEUED, round=body.round_id, envelope=address)

    database.run(queue)


def _check_unchanged(session: Session, row: RoundRow, tally: Tally) -> None:
    """Refuse a tally of deliveries that are not current any more.

    The round can have been reopened and closed again while it was linked.
    """
    now = sorted(
        part.sha256
        for delivery in deliveries(session, row.round_id, DeliveryState.CURRENT)
        for part in parts(session, delivery.delivery_id)
    )
    if (row.revision + 1, tuple(now)) != (tally.header.revision, tally.header.inputs):
        raise _changed(row.round_id)


def _changed(round_id: str) -> StateError:
    return StateError(
        "round-changed",
        f"expected the deliveries of {round_id} as they were when the link began, found others",
        hint="link the round again",
    )
