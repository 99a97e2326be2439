"""The delivery matrix of a round: what is expected of whom, what is there, and what is in the way.

For the operator only. Rows are counted per delivery, but not of objections: how many there are
is nobody's business, and neither is how often they were replaced.

Source: DESIGN 3.4 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from linker.intake.reasons import in_english
from linker.store import (
    DeliveryRow,
    DeliveryState,
    RefusalRow,
    RoundRow,
    RoundState,
    deliveries,
    find_round,
    parts,
)
from shared.clock import Clock, instant, today
from shared.round import Expected, SchemaName
from shared.state.database import Database


@dataclass(frozen=True, slots=True)
class Received:
    """One delivery that came.

    Attributes:
        rows: None of objections.
        held_for: the stored reasons; see ``linker.intake.reasons``.
    """

    delivery: str
    state: DeliveryState
    parts: int
    rows: int | None
    since: datetime
    held_for: str


@dataclass(frozen=True, slots=True)
class Line:
    """What one supplier delivers in one schema.

    Attributes:
        due_on: the last day of deliveries.
        overdue: that day is over and nothing counts yet; never of objections.
        superseded: deliveries that were replaced; None of objections.
        received: every other delivery, in order of arrival.
    """

    supplier: str
    schema_name: str
    municipalities: tuple[int, ...]
    due_on: date
    overdue: bool
    superseded: int | None
    received: tuple[Received, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """How often a supplier's envelopes were refused for one reason, in whatever schema."""

    supplier: str
    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """A round as its operator sees it."""

    round_id: str
    state: RoundState
    revision: int
    synthetic: bool
    lines: tuple[Line, ...]
    refused: tuple[Refused, ...]

    def document(self) -> dict[str, Any]:
        """The matrix as JSON."""
        found = asdict(self)
        for line in found["lines"]:
            line["due_on"] = line["due_on"].isoformat()
            for each in line["received"]:
                each["since"] = instant(each["since"])
                each["held_for"] = in_english(each["held_for"])
        return found


def matrices(database: Database, round_id: str | None, clock: Clock) -> list[Matrix]:
    """The matrix of one round, or of every round that was not destroyed, newest first.

    Raises:
        StateError: ``round-unknown``.
    """
    with database.reading() as session:
        if round_id is not None:
            return [matrix_of(session, find_round(session, round_id), today(clock))]
        query = select(RoundRow).where(RoundRow.state != RoundState.DESTROYED)
        rows = session.scalars(query.order_by(RoundRow.opened_at.desc(), RoundRow.round_id))
        return [matrix_of(session, row, today(clock)) for row in rows]


def as_text(matrix: Matrix) -> Iterator[str]:
    """The matrix as lines for a terminal."""
    yield f"round {matrix.round_id}: {matrix.state}, linked {matrix.revision}x"
    for line in matrix.lines:
        overdue = ", overdue" if line.overdue else ""
        replaced = f", replaced {line.superseded}x" if line.superseded else ""
        yield f"  {line.supplier:<16} {line.schema_name:<14} due {line.due_on}{overdue}{replaced}"
        for each in line.received:
            rows = "" if each.rows is None else f", {each.rows} rows"
            why = f" ({in_english(each.held_for)})" if each.held_for else ""
            yield f"    {each.state} {each.delivery}: parts {each.parts}{rows}{why}"
        if not line.received:
            yield "    expected"
    for refused in matrix.refused:
        yield f"  refused: {refused.supplier} {refused.code} {refused.count}x"


def matrix_of(session: Session, row: RoundRow, day: date) -> Matrix:
    """The matrix of a round on ``day``."""
    body = row.read().body
    present = deliveries(session, row.round_id)
    refusals = session.scalars(select(RefusalRow).where(RefusalRow.round_id == row.round_id))
    due_on = row.last_day(body)
    return Matrix(
        round_id=row.round_id,
        state=row.state,
        revision=row.revision,
        synthetic=body.synthetic,
        lines=tuple(
            _line(
                session,
                supplier.party,
                expected,
                [
                    each
                    for each in present
                    if (each.supplier, each.schema_name) == (supplier.party, expected.schema_name)
                ],
                due_on,
                is_over=row.state is RoundState.OPEN and day > due_on,
            )
            for supplier in body.suppliers
            for expected in supplier.expected
        ),
        refused=tuple(
            Refused(each.supplier, each.code, each.count)
            for each in sorted(refusals, key=lambda each: (each.supplier, each.code))
        ),
    )


def _line(
    session: Session,
    supplier: str,
    expected: Expected,
    found: list[DeliveryRow],
    due_on: date,
    *,
    is_over: bool,
) -> Line:
    is_objection = expected.schema_name is SchemaName.OBJECTION
    counts = any(each.state is DeliveryState.CURRENT for each in found)
    replaced = sum(each.state is DeliveryState.SUPERSEDED for each in found)
    return Line(
        supplier=supplier,
        schema_name=expected.schema_name.value,
        municipalities=expected.municipalities,
        due_on=due_on,
        overdue=is_over and not counts and not is_objection,
        superseded=None if is_objection else replaced,
        received=tuple(
            Received(
                each.delivery_id,
                each.state,
                len(parts(session, each.delivery_id)),
                None if is_objection else each.rows,
                each.created_at,
                each.held_for if each.state is DeliveryState.HELD else "",
            )
            for each in sorted(found, key=lambda each: (each.created_at, each.delivery_id))
            if each.state is not DeliveryState.SUPERSEDED
        ),
    )
