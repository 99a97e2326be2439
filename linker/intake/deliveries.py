"""The life of a delivery: parts in order, held or current, superseded, decided.

Source: DESIGN 3.4: a delivery becomes current atomically when complete, inspected and not
held; until then the one that it supersedes stays current.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linker.intake.child import Verdict
from linker.intake.inspection import check_within_limit
from linker.intake.reasons import Reason
from linker.store import (
    DeliveryRow,
    DeliveryState,
    PartRow,
    RoundState,
    delete_bodies,
    find_round,
    parts,
)
from shared.envelope import Header
from shared.errors import StateError
from shared.ledger import Event
from shared.receipt import Outcome
from shared.round import SchemaName
from shared.state.database import Database, Transaction
from shared.state.round_documents import KnownRound

MOST_UNDECIDED: Final = 100
"""Deliveries of one supplier, schema and round that may wait for a part or for a person."""
MOST_BYTES: Final = 1024**3
"""Sealed bytes of one supplier, schema and round: ten times what a million rows take."""


def check_next_part(session: Session, header: Header, opened: KnownRound) -> DeliveryRow | None:
    """The delivery that the part continues, None where it begins one; else refuse the part."""
    context = header.context
    limit = opened.body.limits.max_rows_per_delivery
    delivery = session.get(DeliveryRow, context.delivery)
    if delivery is None:
        _check_supersedes_current(
            session, context.round_id, context.sender, context.schema_name, context.supersedes
        )
    known = parts(session, context.delivery)
    continues = delivery is None or (
        delivery.state is DeliveryState.INCOMPLETE
        and (delivery.supplier, delivery.schema_name, delivery.round_id, delivery.supersedes)
        == (context.sender, context.schema_name, context.round_id, context.supersedes)
    )
    previous = known[-1].sha256 if known else ""
    if not continues or (context.part, context.previous) != (len(known) + 1, previous):
        raise StateError(
            "part-out-of-order",
            f"expected part {len(known) + 1} of the delivery, found part {context.part}, "
            "or one of another delivery",
            hint="send the parts of one delivery in order; `hasher send` does so",
        )
    check_within_limit((delivery.rows if delivery else 0) + context.rows, limit)
    _check_room(session, header)
    return delivery


def _check_room(session: Session, header: Header) -> None:
    """Refuse to keep more of one supplier than it can need: its key may be stolen.

    Else deliveries that are never completed would fill the disk for every other supplier, and
    give an operator more to decide than a person can.
    """
    context = header.context
    own = (
        DeliveryRow.round_id == context.round_id,
        DeliveryRow.supplier == context.sender,
        DeliveryRow.schema_name == context.schema_name,
    )
    undecided = session.scalars(
        select(DeliveryRow.delivery_id).where(
            *own, DeliveryRow.state.in_((DeliveryState.INCOMPLETE, DeliveryState.HELD))
        )
    ).all()
    if context.delivery not in undecided and len(undecided) >= MOST_UNDECIDED:
        raise StateError(
            "too-many-undecided",
            f"expected at most {MOST_UNDECIDED} deliveries that are incomplete or held, found more",
            hint="call the linker, who decides about the earlier ones; then send again",
        )
    stored = session.scalar(
        select(func.coalesce(func.sum(func.length(PartRow.envelope)), 0))
        .join(DeliveryRow, DeliveryRow.delivery_id == PartRow.delivery_id)
        .where(*own)
    )
    if int(stored or 0) + header.seal.bytes > MOST_BYTES:
        raise StateError(
            "too-much-stored",
            f"expected at most {MOST_BYTES} bytes of one supplier and schema, found more",
            hint="call the linker, who decides about the earlier deliveries; then send again",
        )


def add_part(tx: Transaction, header: Header, opened: KnownRound, part: Verdict) -> DeliveryRow:
    """Count an inspected part in its delivery, and note why a person must look at it.

    Limits hold for the rows that are there, whatever a header says: that of objections says 0.

    Raises:
        StateError: the part is not the next one.
        InputError: ``too-many-rows``.
    """
    limits = opened.body.limits
    delivery = check_next_part(tx.session, header, opened) or _begin(tx, header)
    delivery.rows += part.rows
    check_within_limit(delivery.rows, limits.max_rows_per_delivery)
    over_cap = (
        delivery.schema_name == SchemaName.OBJECTION.value
        and delivery.rows > limits.max_objections_per_supplier
    )
    held_for = part.held_for or (Reason.OBJECTIONS.code() if over_cap else "")
    delivery.held_for = delivery.held_for or held_for
    return delivery


def _begin(tx: Transaction, header: Header) -> DeliveryRow:
    """Enter the delivery of which ``header`` is the first part."""
    context = header.context
    delivery = DeliveryRow(
        delivery_id=context.delivery,
        round_id=context.round_id,
        supplier=context.sender,
        schema_name=context.schema_name,
        state=DeliveryState.INCOMPLETE,
        supersedes=context.supersedes,
        rows=0,
        held_for="",
        created_at=tx.now,
    )
    tx.session.add(delivery)
    tx.session.flush()
    return delivery


def _check_supersedes_current(
    session: Session, round_id: str, supplier: str, schema: str, supersedes: str
) -> DeliveryRow | None:
    """The current delivery, which ``supersedes`` must name; None where there is none."""
    query = select(DeliveryRow).where(
        DeliveryRow.round_id == round_id,
        DeliveryRow.supplier == supplier,
        DeliveryRow.schema_name == schema,
        DeliveryRow.state == DeliveryState.CURRENT,
    )
    current = session.scalars(query).one_or_none()
    if (current.delivery_id if current else "") != supersedes:
        raise StateError(
            "supersedes-not-current",
            "expected `supersedes` to name the delivery that is current, found another",
            hint="seal again with --supersedes and the delivery id that `hasher send` printed",
        )
    return current


def complete(tx: Transaction, delivery: DeliveryRow) -> Outcome:
    """Hold a delivery whose last part was stored, or make it current."""
    if delivery.schema_name == SchemaName.OBJECTION.value:
        tx.record(Event.DELIVERY_COMPLETE, round=delivery.round_id)
    if delivery.held_for:
        delivery.state = DeliveryState.HELD
        _record(tx, Event.DELIVERY_HELD, delivery)
        return Outcome.DELIVERY_HELD
    make_current(tx, delivery)
    return Outcome.DELIVERY_CURRENT


def make_current(tx: Transaction, delivery: DeliveryRow) -> None:
    """Make a complete delivery current; the one that it supersedes loses its bodies.

    Raises:
        StateError: ``supersedes-not-current`` when another became current in between.
    """
    old = _check_supersedes_current(
        tx.session, delivery.round_id, delivery.supplier, delivery.schema_name, delivery.supersedes
    )
    if old is not None:
        old.state = DeliveryState.SUPERSEDED
        delete_bodies(tx.session, old.delivery_id)
        _record(tx, Event.DELIVERY_SUPERSEDED, old)
    delivery.state = DeliveryState.CURRENT
    _record(tx, Event.DELIVERY_CURRENT, delivery)


def _record(tx: Transaction, event: Event, delivery: DeliveryRow) -> None:
    """Enter what became of a delivery; of objections nobody may read whether they were held."""
    if delivery.schema_name == SchemaName.OBJECTION.value:
        return
    tx.record(
        event,
        round=delivery.round_id,
        supplier=delivery.supplier,
        delivery=delivery.delivery_id,
    )


def decide_delivery(database: Database, delivery_id: str, *, accept: bool) -> None:
    """Decide a held delivery, or give up an incomplete one.

    Raises:
        StateError: ``delivery-not-undecided``, or ``round-not-open``.
    """

    def decide(tx: Transaction) -> None:
        delivery = tx.session.get(DeliveryRow, delivery_id)
        may = {DeliveryState.HELD} if accept else {DeliveryState.HELD, DeliveryState.INCOMPLETE}
        if delivery is None or delivery.state not in may:
            raise StateError(
                "delivery-not-undecided",
                "expected a held delivery (or an incomplete one to reject), found none",
                hint="see `linker round status` for the ids",
            )
        round_ = find_round(tx.session, delivery.round_id)
        if round_.state is not RoundState.OPEN:  # it was destroyed with its deliveries undecided
            raise StateError(
                "round-not-open",
                f"expected an open round, found {round_.round_id} {round_.state}",
                hint="what was delivered is gone; there is nothing to decide any more",
            )
        # Of objections only that something was decided: whose they were would tell who objects.
        about: dict[str, str] = {
            "supplier": delivery.supplier,
            "delivery": delivery_id,
            "decision": "accepted" if accept else "rejected",
        }
        is_objection = delivery.schema_name == SchemaName.OBJECTION.value
        tx.record(
            Event.DELIVERY_DECIDED, round=delivery.round_id, **({} if is_objection else about)
        )
        if accept:
            make_current(tx, delivery)
        else:
            delivery.state = DeliveryState.REJECTED
            delete_bodies(tx.session, delivery_id)

    database.run(decide)
