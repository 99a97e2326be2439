"""What the linker keeps: rounds, deliveries, sealed parts, counts, linkages, and the outbox.

docs/data-model.md says per table what is stored, when it is scrubbed and who reads it. Every
body is ciphertext; everything else is a public statement, an id, a hash, a count of rows, a
blurred share or a whole per cent.
Large columns are deferred: they are loaded where they are used, in a session that is open.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    String,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from shared.errors import NotFoundError, StateError
from shared.round import Round
from shared.state.columns import Instant, one_of
from shared.state.offers import OfferColumns
from shared.state.round_documents import RoundDocuments


class RoundState(StrEnum):
    """Where a round is in its life."""

    OPEN = "open"  # deliveries are accepted
    CLOSED = "closed"  # no more deliveries; can be linked
    LINKED = "linked"  # a tally is in the outbox
    SENT = "sent"  # the publisher acknowledged the tally
    DESTROYING = "destroying"  # announced in the ledger; a restart finishes it
    DESTROYED = "destroyed"  # key and rows are gone; nothing can be opened any more


class DeliveryState(StrEnum):
    """Where a delivery is in its life."""

    INCOMPLETE = "incomplete"  # parts are missing
    HELD = "held"  # complete, but outside the bands: a person decides
    CURRENT = "current"  # what will be linked
    SUPERSEDED = "superseded"  # replaced by a later one; its bodies are deleted
    REJECTED = "rejected"  # a person decided against it; its bodies are deleted


ROUND_MOVES = {
    RoundState.OPEN: {RoundState.CLOSED, RoundState.DESTROYING},
    RoundState.CLOSED: {RoundState.LINKED, RoundState.OPEN, RoundState.DESTROYING},
    RoundState.LINKED: {RoundState.SENT, RoundState.OPEN, RoundState.DESTROYING},
    RoundState.SENT: {RoundState.OPEN, RoundState.DESTROYING},
    RoundState.DESTROYING: {RoundState.DESTROYED},
    RoundState.DESTROYED: set[RoundState](),
}
"""Which state may follow which; back to open is a reopening, see reopening.py."""


class Base(DeclarativeBase):
    """Tables of the linker."""


class RoundRow(RoundDocuments, Base):
    """A round that this linker accepted, with the public documents that it pins."""

    __tablename__ = "round"

    state: Mapped[RoundState] = mapped_column(one_of(RoundState))
    revision: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant, default=None)  # the first time
    open_until: Mapped[date | None] = mapped_column(Date, default=None)  # since it was reopened
    # Large, and not needed before the sender of an envelope is known.
    reference: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_group="large")
    policy: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_group="large")

    def move(self, to: RoundState) -> None:
        """Move to another state.

        Raises:
            StateError: ``round-state``.
        """
        if to not in ROUND_MOVES[self.state]:
            raise StateError(
                "round-state",
                f"expected a round that can become {to}, found {self.round_id} {self.state}",
                hint="see `linker round status`",
            )
        self.state = to

    def last_day(self, body: Round) -> date:
        """The last day on which deliveries are taken: of the round, or of its reopening."""
        return self.open_until or body.closes_on


class OfferRow(OfferColumns, Base):
    """A key that was offered for a round; it has a term until a round is made with it."""

    __tablename__ = "offer"


class DeliveryRow(Base):
    """A delivery of one supplier and schema, in one or more parts."""

    __tablename__ = "delivery"

    delivery_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.round_id"), index=True)
    supplier: Mapped[str] = mapped_column(String(31))
    schema_name: Mapped[str] = mapped_column(String(20))
    state: Mapped[DeliveryState] = mapped_column(one_of(DeliveryState))
    supersedes: Mapped[str] = mapped_column(String(32))
    rows: Mapped[int]
    held_for: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)


class PartRow(Base):
    """One envelope: its header for good, its sealed bytes until they are no longer needed."""

    __tablename__ = "part"
    __table_args__ = (UniqueConstraint("delivery_id", "number"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.delivery_id"), index=True)
    number: Mapped[int]
    last: Mapped[bool]
    rows: Mapped[int]
    envelope: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    receipt: Mapped[bytes] = mapped_column(LargeBinary)


class RefusalRow(Base):
    """How often an envelope was refused, per supplier and reason; never what stood in it."""

    __tablename__ = "refusal"

    round_id: Mapped[str] = mapped_column(String(41), primary_key=True)
    supplier: Mapped[str] = mapped_column(String(31), primary_key=True)
    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    count: Mapped[int]


class MatchRateRow(Base):
    """What a supplier is told about one linkage of its delivery; drawn once, never again.

    The exact share is not kept: it stands in the sealed tally only.
    """

    __tablename__ = "match_rate"

    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.delivery_id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    percent: Mapped[int | None]  # blurred; None over too few persons


class FigureRow(Base):
    """A whole per cent about how a delivery is made up, by which a later round's is judged."""

    __tablename__ = "figure"

    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.delivery_id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    percent: Mapped[int]


class LinkageRow(Base):
    """One linkage of a round: with what it was made, and how the deliveries were linked.

    The manifest says nothing about a person; the report is sealed and goes with the round's key.
    """

    __tablename__ = "linkage"

    round_id: Mapped[str] = mapped_column(ForeignKey("round.round_id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    manifest: Mapped[bytes] = mapped_column(LargeBinary)
    tally_mac: Mapped[str] = mapped_column(String(64))  # keyed: no hash of a count can be tried
    report: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class LinkageFigureRow(Base):
    """A figure of one linkage by which the next round's is judged; about no person."""

    __tablename__ = "linkage_figure"
    __table_args__ = (
        ForeignKeyConstraint(["round_id", "revision"], ["linkage.round_id", "linkage.revision"]),
    )

    round_id: Mapped[str] = mapped_column(String(41), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    supplier: Mapped[str] = mapped_column(String(31), primary_key=True)
    schema_name: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]


class OutboxRow(Base):
    """A sealed tally on its way to the publisher."""

    __tablename__ = "outbox"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.round_id"), index=True)
    revision: Mapped[int]
    envelope: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    attempts: Mapped[int] = mapped_column(default=0)
    receipt: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    created_at: Mapped[datetime] = mapped_column(Instant)


def find_round(session: Session, round_id: str) -> RoundRow:
    """The round called ``round_id``.

    Raises:
        StateError: ``round-unknown``.
    """
    row = session.get(RoundRow, round_id)
    if row is None:
        raise StateError(
            "round-unknown",
            f"expected a round that this linker accepted, found none called {round_id}",
            hint="the operator accepts it with `linker round accept`",
        )
    return row


def look_up_round(session: Session, round_id: str) -> RoundRow:
    """The round that somebody asked for, who may be anybody: the answer repeats nothing.

    Raises:
        NotFoundError: ``round-unknown``.
    """
    row = session.get(RoundRow, round_id)
    if row is None:
        raise NotFoundError("round-unknown", "expected a round of this linker, found none")
    return row


def deliveries(session: Session, round_id: str, *states: DeliveryState) -> list[DeliveryRow]:
    """The deliveries of a round in any of ``states``, by supplier, schema and id."""
    query = select(DeliveryRow).where(DeliveryRow.round_id == round_id)
    if states:
        query = query.where(DeliveryRow.state.in_(states))
    order = (DeliveryRow.supplier, DeliveryRow.schema_name, DeliveryRow.delivery_id)
    return list(session.scalars(query.order_by(*order)))


def parts(session: Session, delivery_id: str) -> list[PartRow]:
    """The parts of a delivery in order."""
    query = select(PartRow).where(PartRow.delivery_id == delivery_id)
    return list(session.scalars(query.order_by(PartRow.number)))


def delete_bodies(session: Session, delivery_id: str) -> None:
    """Delete the sealed bytes of a delivery; headers and receipts stay."""
    for part in parts(session, delivery_id):
        part.envelope = None


def count_refusal(session: Session, round_id: str, supplier: str, code: str) -> None:
    """Count one more refusal."""
    row = session.get(RefusalRow, (round_id, supplier, code))
    if row is None:
        session.add(RefusalRow(round_id=round_id, supplier=supplier, code=code, count=1))
    else:
        row.count += 1
