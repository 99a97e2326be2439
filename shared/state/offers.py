"""Keys that were offered for a round: entered when they are made, ended when no round takes them.

A key that no round was made with opens nothing and protects nothing, but it is a key of children's
data to come. It has the term of a delivery: `input_after_close_days` from the day of its offer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.clock import Clock
from shared.destruction import Due, Ended, Kept, Reason
from shared.errors import GoneError, StateError
from shared.identity import Identity
from shared.ledger import Event
from shared.state.columns import Instant, one_of
from shared.state.database import Database, Transaction
from shared.state.destroying import Steps, destroy_round
from shared.state.round_acceptance import make_offer
from shared.state.round_keys import RoundKeys
from shared.statement import Statement


class OfferState(StrEnum):
    """Whether a key that was offered is still here."""

    OFFERED = "offered"  # it is; where a round was made with it, the round says until when
    DESTROYING = "destroying"  # announced in the ledger; a restart finishes it
    DESTROYED = "destroyed"  # no round was made with it, and it is gone


class OfferColumns:
    """Columns of a table of offered keys."""

    round_id: Mapped[str] = mapped_column(String(41), primary_key=True)
    state: Mapped[OfferState] = mapped_column(one_of(OfferState))
    offered_at: Mapped[datetime] = mapped_column(Instant)
    destruction: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)


@dataclass(frozen=True, slots=True)
class Offers:
    """The offered keys of one service.

    Attributes:
        table: the service's table of offered keys.
        is_used: whether a round was made with the key of this id.
    """

    database: Database
    keys: RoundKeys
    identity: Identity
    table: type[OfferColumns]
    is_used: Callable[[Session, str], bool]

    def make(self, round_id: str, clock: Clock) -> Statement:
        """Make a round's key, enter it, and offer its public half; the same again if asked again.

        Raises:
            InputError: ``round-id-invalid``.
            GoneError: ``offer-destroyed``: one id is one life.
        """
        with self.database.reading() as session:
            check_offer_stands(session.get(self.table, round_id))
            is_gone = self.is_used(session, round_id) and not self.keys.exists(round_id)
        if is_gone:
            raise _gone()
        offer = make_offer(self.identity, self.keys, round_id, clock)
        self._enter(round_id)
        return offer

    def _enter(self, round_id: str) -> None:
        def enter(tx: Transaction) -> None:
            if tx.session.get(self.table, round_id) is not None:
                return
            row = self.table()
            row.round_id, row.state, row.offered_at = round_id, OfferState.OFFERED, tx.now
            tx.session.add(row)
            tx.record(Event.KEY_OFFERED, round=round_id)

        self.database.run(enter)

    def not_entered(self) -> list[str]:
        """Keys that are here and stand nowhere: a crash came between a key and its entry."""
        with self.database.reading() as session:
            return [
                round_id
                for round_id in self.keys.round_ids()
                if session.get(self.table, round_id) is None and not self.is_used(session, round_id)
            ]

    def enter_all(self) -> None:
        """Enter what stands nowhere; its term begins now."""
        for round_id in self.not_entered():
            self._enter(round_id)

    def held(self, session: Session) -> list[OfferColumns]:
        """The offered keys that no round was made with and that are not gone, by id."""
        query = select(self.table).where(self.table.state != OfferState.DESTROYED)
        return [
            row
            for row in session.scalars(query.order_by(self.table.round_id))
            if not self.is_used(session, row.round_id)
        ]

    def due(self, session: Session, now: datetime, term: timedelta) -> list[Due]:
        """The offered keys of which the term has ended or a destruction was begun."""
        found = []
        for row in self.held(session):
            unfinished, until = row.state is OfferState.DESTROYING, row.offered_at + term
            if unfinished or until <= now:
                found.append(Due(Kept.OFFER, row.round_id, until, unfinished))
        return found

    def destroy(self, round_id: str) -> Ended:
        """Destroy a key that no round was made with, or finish doing so.

        Raises:
            StateError: ``offer-used`` where a round was made with it since it was found due.
        """

        def announce(tx: Transaction) -> bool:
            row = tx.session.get_one(self.table, round_id)
            if self.is_used(tx.session, round_id):
                raise StateError(
                    "offer-used",
                    f"expected a key that no round was made with, found that {round_id} was",
                    hint="nothing was destroyed; the round says until when its key is kept",
                )
            is_new = row.state is OfferState.OFFERED
            row.state = OfferState.DESTROYING
            return is_new

        def delete(tx: Transaction) -> int:
            tx.session.get_one(self.table, round_id).state = OfferState.DESTROYED
            return 0

        def keep(tx: Transaction, statement: Statement) -> None:
            tx.session.get_one(self.table, round_id).destruction = statement.to_bytes()

        steps = Steps(announce, delete, keep)
        statement = destroy_round(
            self.database, self.keys, self.identity, round_id, Reason.UNUSED, steps
        )
        return Ended(Kept.OFFER, round_id, statement)

    def statements(self, session: Session) -> list[Statement]:
        """Every statement of an offered key that was destroyed, by id."""
        query = select(self.table).where(self.table.destruction.is_not(None))
        rows = session.scalars(query.order_by(self.table.round_id))
        return [Statement.from_bytes(row.destruction) for row in rows if row.destruction]


def check_offer_stands(row: OfferColumns | None) -> None:
    """Refuse a round whose offered key is gone or going.

    Raises:
        GoneError: ``offer-destroyed``.
    """
    if row is not None and row.state is not OfferState.OFFERED:
        raise _gone()


def _gone() -> GoneError:
    return GoneError(
        "offer-destroyed",
        "expected a round whose key was not destroyed, found that it was",
        hint="offer a key for a round with another id",
    )
