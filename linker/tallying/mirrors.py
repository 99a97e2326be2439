"""Mirrors: how each delivery stands now, as its supplier may hear it.

What a mirror says follows from what is stored; only the match rate is a thing of its own. It is
drawn once per linkage, in the transaction that stores the linkage, and destroyed with the round.

Source: DESIGN 5; docs/adr/0012-match-rates-are-blurred.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from linker.store import (
    DeliveryRow,
    DeliveryState,
    MatchRateRow,
    PartRow,
    RefusalRow,
    RoundRow,
    RoundState,
    deliveries,
    find_round,
    parts,
)
from shared.errors import GoneError, NotFoundError
from shared.identity import Identity
from shared.mirror import Mirror, NoRate, RefusedUploads, Standing
from shared.round import SchemaName
from shared.state.database import Database, Transaction
from shared.statement import Kind, Statement

STANDINGS: Final[dict[DeliveryState, Standing]] = {
    DeliveryState.INCOMPLETE: Standing.INCOMPLETE,
    DeliveryState.HELD: Standing.HELD,
    DeliveryState.CURRENT: Standing.CURRENT,
    DeliveryState.SUPERSEDED: Standing.SUPERSEDED,
    DeliveryState.REJECTED: Standing.REJECTED,
}
"""What a supplier hears of a state; of objections it hears ``accepted``, whatever the state."""

_DESTROYED = (RoundState.DESTROYING, RoundState.DESTROYED)


def keep_rates(
    tx: Transaction, round_id: str, revision: int, told: Mapping[tuple[str, str], int | None]
) -> None:
    """Keep what the suppliers are told about a linkage of their current deliveries.

    Args:
        told: whole per cents by supplier and schema; None over too few persons.
    """
    for delivery in deliveries(tx.session, round_id, DeliveryState.CURRENT):
        if (key := (delivery.supplier, delivery.schema_name)) in told:
            tx.session.add(
                MatchRateRow(delivery_id=delivery.delivery_id, revision=revision, percent=told[key])
            )


def delete_rates(tx: Transaction, round_id: str) -> None:
    """Delete what was told about the linkages of a round."""
    ids = select(DeliveryRow.delivery_id).where(DeliveryRow.round_id == round_id)
    tx.session.execute(delete(MatchRateRow).where(MatchRateRow.delivery_id.in_(ids)))


def find_mirror(database: Database, identity: Identity, address: str) -> bytes:
    """The signed mirror of the delivery of a stored envelope, as it stands now.

    Raises:
        NotFoundError: ``envelope-unknown``.
        GoneError: ``round-destroyed``.
    """
    with database.reading() as session:
        part = session.get(PartRow, address)
        if part is None:
            raise NotFoundError("envelope-unknown", "expected a stored envelope, found none")
        delivery = session.get_one(DeliveryRow, part.delivery_id)
        round_ = _standing_round(session, delivery.round_id)
        mirror = _mirror(session, delivery, round_, address, identity.party, database.now())
    return Statement.make(Kind.MIRROR, mirror, identity).to_bytes()


def mirrors_of(
    database: Database, identity: Identity, round_id: str, supplier: str | None = None
) -> list[Mirror]:
    """The mirror of every delivery of a round, by supplier, schema and id: what each may hear.

    Args:
        supplier: leave the deliveries of others out.

    Raises:
        StateError: ``round-unknown``.
        GoneError: ``round-destroyed``.
    """
    with database.reading() as session:
        round_ = _standing_round(session, round_id)
        return [
            _mirror(session, delivery, round_, part.sha256, identity.party, database.now())
            for delivery in deliveries(session, round_id)
            if supplier in (None, delivery.supplier)
            for part in parts(session, delivery.delivery_id)[-1:]
        ]


def _standing_round(session: Session, round_id: str) -> RoundRow:
    """The round, of which something is left to tell."""
    row = find_round(session, round_id)
    if row.state in _DESTROYED:
        raise GoneError(
            "round-destroyed",
            "expected a round that was not destroyed, found that it was",
            hint="the receipts and the statement of destruction stay; a mirror does not",
        )
    return row


def _mirror(
    session: Session,
    delivery: DeliveryRow,
    round_: RoundRow,
    address: str,
    service: str,
    now: datetime,
) -> Mirror:
    known: dict[str, Any] = {
        "service": service,
        "supplier": delivery.supplier,
        "round_id": delivery.round_id,
        "schema_name": delivery.schema_name,
        "delivery": delivery.delivery_id,
        "envelope": address,
        "as_of": now,
    }
    if delivery.schema_name == SchemaName.OBJECTION.value:
        return Mirror(
            **known,
            standing=Standing.ACCEPTED,
            parts_received=None,
            rows_received=None,
            rows_refused=None,
            refused_uploads=(),
            revision=0,
            match_percent=None,
            no_match_percent=NoRate.OBJECTIONS,
        )
    percent, why = _rate(session, delivery, round_)
    return Mirror(
        **known,
        standing=STANDINGS[delivery.state],
        parts_received=len(parts(session, delivery.delivery_id)),
        rows_received=delivery.rows,
        rows_refused=delivery.rows if delivery.state is DeliveryState.REJECTED else 0,
        refused_uploads=_refused(session, delivery),
        revision=0 if percent is None else round_.revision,
        match_percent=percent,
        no_match_percent=why,
    )


def _rate(
    session: Session, delivery: DeliveryRow, round_: RoundRow
) -> tuple[int | None, NoRate | None]:
    """The rate of the round's last linkage, or why there is none."""
    if delivery.state in (DeliveryState.SUPERSEDED, DeliveryState.REJECTED):
        return None, NoRate.NOT_COUNTED
    row = session.get(MatchRateRow, (delivery.delivery_id, round_.revision))
    if row is None:
        return None, NoRate.BEFORE_LINKING
    return row.percent, NoRate.TOO_FEW_PERSONS if row.percent is None else None


def _refused(session: Session, delivery: DeliveryRow) -> tuple[RefusedUploads, ...]:
    query = select(RefusalRow).where(
        RefusalRow.round_id == delivery.round_id, RefusalRow.supplier == delivery.supplier
    )
    return tuple(
        RefusedUploads(code=row.code, count=row.count)
        for row in session.scalars(query.order_by(RefusalRow.code))
    )
