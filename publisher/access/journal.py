"""The log of access: on which day an organisation used what, in which role; and nothing more.

No address, no browser, no moment, no person and no count: for accounting it is enough to know
that an organisation had access and used it.

Source: DPIA question 10, the term of the log of access.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from threading import Lock
from typing import Protocol

from sqlalchemy import select

from publisher.access.roles import AccessRole, Resource
from publisher.store import AccessLogRow
from shared.state.database import Database, Transaction


class Passage(StrEnum):
    """Coming in and going out; the log has them beside what was used."""

    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"  # by the button; a session that ends by itself is no act of anybody


class HasRole(Protocol):
    """Somebody with a role: a reader, or the mandate under which one comes in."""

    @property
    def organisation(self) -> str:
        """On whose behalf."""
        ...

    @property
    def role(self) -> AccessRole:
        """As what."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """That an organisation used a kind of thing, came in or went out on a day."""

    day: date
    organisation: str
    role: AccessRole
    resource: Resource | Passage

    @classmethod
    def of(cls, who: HasRole, resource: Resource | Passage, day: date) -> Use:
        """The use that somebody with a role makes; nothing else of them is known here."""
        return cls(day, who.organisation, who.role, resource)


@dataclass(frozen=True, slots=True)
class Journal:
    """The log of access of one publisher."""

    database: Database
    _noted: set[Use] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def note(self, use: Use) -> None:
        """Write down that somebody uses something, before they get it.

        It is written once a day, so that it costs a page nothing and tells nobody's habits.
        """
        with self._lock:
            if use in self._noted:
                return

        def note(tx: Transaction) -> None:
            tx.session.merge(
                AccessLogRow(
                    day=use.day,
                    organisation=use.organisation,
                    role=use.role.value,
                    resource=use.resource.value,
                )
            )

        self.database.run(note)
        with self._lock:
            # Yesterday's are of no use any more.
            self._noted.intersection_update({each for each in self._noted if each.day == use.day})
            self._noted.add(use)

    def between(self, first: date, last: date) -> tuple[Use, ...]:
        """Every use on these days, by day."""
        query = select(AccessLogRow).where(AccessLogRow.day >= first, AccessLogRow.day <= last)
        with self.database.reading() as session:
            rows = session.scalars(query).all()
        return tuple(
            sorted(
                Use(row.day, row.organisation, AccessRole(row.role), _kind(row.resource))
                for row in rows
            )
        )


def _kind(text: str) -> Resource | Passage:
    return Passage(text) if text in list(Passage) else Resource(text)
