"""What both services do at the end of a term; each says itself what it keeps and until when.

Source: DESIGN 8.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.destruction import Due, Ended, Kept, Reason, check_clock
from shared.errors import StateError
from shared.identity import Identity
from shared.policy import Policy
from shared.state.database import Database
from shared.state.destroying import Steps, destroy_round, do_all
from shared.state.ledger_table import last_entry_at
from shared.state.offers import OfferColumns, Offers
from shared.state.round_documents import RoundDocuments
from shared.state.round_keys import RoundKeys
from shared.statement import Statement


@dataclass(frozen=True, slots=True)
class Retaining(ABC):
    """Ends what one service keeps when its term ends.

    Attributes:
        offer_table: the service's table of offered keys.
        round_table: the service's table of rounds.
        command: the service's command line.
    """

    database: Database
    keys: RoundKeys
    identity: Identity

    offer_table: ClassVar[type[OfferColumns]]
    round_table: ClassVar[type[RoundDocuments]]
    command: ClassVar[str]

    @abstractmethod
    def steps(self, round_id: str) -> Steps:
        """What destroying a round is at this service."""

    @abstractmethod
    def find_due(self, session: Session, now: datetime, policy: Policy | None) -> Iterator[Due]:
        """What this service keeps, beside offered keys, and whose term has ended."""

    @abstractmethod
    def end_other(self, due: Due, now: datetime, policy: Policy | None) -> Ended | None:
        """End something that is neither a round nor an offered key; None where it lives on."""

    @property
    def offers(self) -> Offers:
        """The keys that were offered."""
        return Offers(self.database, self.keys, self.identity, self.offer_table, self._is_round)

    def _is_round(self, session: Session, round_id: str) -> bool:
        return session.get(self.round_table, round_id) is not None

    def destroy(self, round_id: str, reason: Reason, *, key_lost: bool = False) -> Statement:
        """Destroy a round's key and all that it opens, or finish an interrupted destruction.

        Args:
            reason: why; a destruction that is finished keeps the reason that was announced.
            key_lost: the operator vouches that an absent key exists nowhere any more.

        Raises:
            StateError: ``round-unknown``, ``round-destroyed``, ``key-folder-absent``, or
                ``round-key-absent`` where the key is not seen before the announcement.
        """
        steps = self.steps(round_id)
        return destroy_round(
            self.database, self.keys, self.identity, round_id, reason, steps, key_lost=key_lost
        )

    def due(self, now: datetime, policy: Policy | None = None) -> list[Due]:
        """What has reached its term, and what was begun and not finished.

        Args:
            now: the present instant.
            policy: has the terms of what belongs to no round; without it that is left alone.
        """
        with self.database.reading() as session:
            found = list(self.find_due(session, now, policy))
            if policy is not None:
                term = timedelta(days=policy.retention.input_after_close_days)
                found += self.offers.due(session, now, term)
        return found

    def overdue(self, now: datetime, policy: Policy | None = None) -> list[Due]:
        """What should have been ended by now: for the status, and for whoever is woken by it."""
        return [each for each in self.due(now, policy) if each.is_overdue(now)]

    def check_nothing_overdue(
        self, now: datetime, policy: Policy | None, *, opening: str = ""
    ) -> None:
        """Refuse new work: who did not destroy in time gets nothing more to keep.

        Args:
            now: the present instant.
            policy: has the terms of what belongs to no round.
            opening: id of a round that is being accepted; of its own key the offer tells.

        Raises:
            StateError: ``retention-overdue``.
        """
        own = Kept.OFFER, opening
        overdue = [each for each in self.overdue(now, policy) if (each.what, each.id) != own]
        if overdue:
            first = overdue[0]
            raise StateError(
                "retention-overdue",
                f"expected nothing past its term, found {first.what} {first.id}".rstrip()
                + f", of which the term ended on {first.until.date()}",
                hint=f"run `{self.command} retain`, find out why it did not run by itself, and "
                "try again",
            )

    def retain(
        self, now: datetime, *, policy: Policy | None = None, clock_confirmed: bool = False
    ) -> Iterator[Ended]:
        """End everything whose term was reached, and finish interrupted destructions.

        Raises:
            ConfigurationError: ``clock-ahead``.
            MonitorError, OSError: the first failure, after everything else was done.
        """
        due = self.due(now, policy)
        if due or self.offers.not_entered():
            with self.database.reading() as session:
                check_clock(now, last_entry_at(session.connection()), confirmed=clock_confirmed)
        self.offers.enter_all()
        yield from do_all(partial(self._end, each, now, policy) for each in due)

    def _end(self, due: Due, now: datetime, policy: Policy | None) -> Ended | None:
        if due.what is Kept.OFFER:
            return self.offers.destroy(due.id)
        if due.what is Kept.ROUND:
            return Ended(Kept.ROUND, due.id, self.destroy(due.id, Reason.TERM))
        return self.end_other(due, now, policy)

    def statements(self) -> list[Statement]:
        """The statement of every destruction, of rounds and of offered keys, by id."""
        table = self.round_table
        with self.database.reading() as session:
            query = select(table.destruction).where(table.destruction.is_not(None))
            stored = session.scalars(query.order_by(table.round_id)).all()
            rounds = [Statement.from_bytes(each) for each in stored if each is not None]
            return rounds + self.offers.statements(session)
