"""The log of access: on which day an organisation used what, in which role; and nothing more.

No address, no browser, no moment, no person and no count: for accounting it is enough to know
that an organisation had access and used it.

Source: DPIA question 10, the term of the log of access.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from threading import Lock

from sqlalchemy import select

from publisher.access.readers import Reader
from publisher.access.roles import AccessRole, Resource
from publisher.store import AccessLogRow
from shared.state.database import Database, Transaction


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """That an organisation used a kind of thing on a day."""

    day: date
    organisation: str
    role: AccessRole
    resource: Resource


@dataclass(frozen=True, slots=True)
class Journal:
    """The log of access of one publisher."""

    database: Database
    _noted: set[Use] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def note(self, reader: Reader, resource: Resource, day: date) -> None:
        """Write down that somebody uses something, before they get it.

        It is written once a day, so that it costs a page nothing and tells nobody's habits.
        """
        use = Use(day, reader.organisation, reader.role, resource)
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
            self._noted.intersection_update({each for each in self._noted if each.day == day})
            self._noted.add(use)

    def between(self, first: date, last: date) -> tuple[Use, ...]:
        """Every use on these days, by day."""
        query = select(AccessLogRow).where(AccessLogRow.day >= first, AccessLogRow.day <= last)
        with self.database.reading() as session:
            rows = session.scalars(query).all()
        return tuple(
            sorted(
                Use(row.day, row.organisation, AccessRole(row.role), Resource(row.resource))
                for row in rows
            )
        )
