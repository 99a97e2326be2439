"""Reopening a round: a late or better delivery, then another linkage with a higher revision.

The round's own closing day is signed and stays: every term runs from it, so that a reopening
keeps nothing longer. It gives the round a last day of its own, before that term ends.

Source: DESIGN 5; docs/adr/0014-a-round-is-reopened-within-its-term.md.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import select

from linker.rounds.retention import destroy_by
from linker.store import OutboxRow, RoundRow, RoundState, find_round
from shared.errors import InputError, StateError
from shared.ledger import Event
from shared.state.database import Database, Transaction

SHORTEST = timedelta(days=1)
"""Between the last day of deliveries and the end of the term: the day on which it is linked."""


class ReopenReason(StrEnum):
    """Why a round is opened again; the ledger names it, so it is a code and no sentence."""

    LATE = "late-delivery"  # what was missing comes after all
    CORRECTION = "correction"  # a supplier found that its delivery was wrong
    ERROR = "error"  # the round was closed or linked by mistake


def reopen_round(database: Database, round_id: str, reason: ReopenReason, until: date) -> None:
    """Open a closed, linked or sent round again, for deliveries up to and including ``until``.

    A tally that the publisher did not acknowledge yet is not sent any more. One that it has
    stays there until it takes a higher revision.

    Raises:
        StateError: ``round-state``, or ``reopen-beyond-term``.
        InputError: ``reopen-in-past``.
    """

    def reopen(tx: Transaction) -> None:
        row = find_round(tx.session, round_id)
        row.move(RoundState.OPEN)
        _check_until(row, until, tx.now.date())
        row.open_until = until
        tx.record(
            Event.ROUND_REOPENED,
            round=round_id,
            reason=reason.value,
            revision=row.revision,
            until=until.isoformat(),
        )
        _withdraw_unsent(tx, round_id)

    database.run(reopen)


def _check_until(row: RoundRow, until: date, day: date) -> None:
    last = (destroy_by(row) - SHORTEST).date()
    if until > last:
        raise StateError(
            "reopen-beyond-term",
            f"expected a last day of {last} at the latest, found {until}",
            hint="the round's term runs from its first closing; what comes later belongs in the "
            "next round",
        )
    if until < day:
        raise InputError(
            "reopen-in-past",
            f"expected a last day of {day} or later, found {until}",
            hint="choose how long the supplier needs",
        )


def _withdraw_unsent(tx: Transaction, round_id: str) -> None:
    """Delete the sealed tallies of a round that were not acknowledged.

    One may be on its way at this moment: the publisher then has it, and takes the next one.
    """
    query = select(OutboxRow).where(
        OutboxRow.round_id == round_id,
        OutboxRow.receipt.is_(None),
        OutboxRow.envelope.is_not(None),
    )
    for tally in tx.session.scalars(query):
        tally.envelope = None
        tx.record(Event.TALLY_WITHDRAWN, round=round_id, envelope=tally.sha256)
