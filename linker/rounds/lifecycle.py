"""Rounds at the linker: offer a key, accept, close, and say how things stand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from linker.rounds.retention import Retention, destroy_by, due_round
from linker.store import (
    DeliveryState,
    OfferRow,
    RefusalRow,
    RoundRow,
    RoundState,
    deliveries,
    find_round,
)
from shared.agreements import Agreements, PinnedAgreements
from shared.clock import Clock, instant, today
from shared.errors import PolicyError, StateError
from shared.identity import Identity, Role, check_pinned
from shared.ledger import Event
from shared.round import SchemaName, Supplier
from shared.state.database import Database, Transaction
from shared.state.offers import check_offer_stands
from shared.state.round_acceptance import CheckedRound, RoundFiles, check_files
from shared.state.round_documents import KnownRound
from shared.state.round_keys import RoundKeys
from shared.statement import Statement


def accept_round(
    database: Database,
    identity: Identity,
    keys: RoundKeys,
    files: RoundFiles,
    agreements: PinnedAgreements,
    clock: Clock,
) -> Statement:
    """Check a round in every respect, countersign it and open it.

    Raises:
        TrustError: a signature, pin or hash does not fit.
        PolicyError: the policy or an agreement does not allow it, ``approvers-missing``.
        StateError: ``round-known``, ``round-key-absent`` or ``retention-overdue``.
        GoneError: ``offer-destroyed``.
    """
    now = clock()
    checked = check_files(files, agreements.agreements, keys, Role.LINKER, today(clock))
    body = checked.trusted.body
    for supplier in body.suppliers:
        _check_supplier(supplier, checked, agreements.agreements, today(clock))
    agreements.agreements.check_two_organisations(today(clock))
    Retention(database, keys, identity).check_nothing_overdue(
        now, checked.policy, opening=body.round_id
    )
    accepted = files.statement.countersigned(identity)

    def accept(tx: Transaction) -> Statement:
        known = tx.session.get(RoundRow, body.round_id)
        if known is not None:
            return _same_again(known, accepted)
        check_offer_stands(tx.session.get(OfferRow, body.round_id))
        tx.session.add(
            RoundRow(
                round_id=body.round_id,
                state=RoundState.OPEN,
                statement=accepted.to_bytes(),
                register_statement=files.register.to_bytes(),
                reference=checked.reference.to_bytes(),
                policy=files.policy,
                opened_at=tx.now,
            )
        )
        tx.record(Event.ROUND_OPENED, round=body.round_id, statement=accepted.sha256,
                  agreements=agreements.sha256)  # fmt: skip
        return accepted

    return database.run(accept)


def _same_again(known: RoundRow, accepted: Statement) -> Statement:
    """The countersigned round as it was accepted, for who lost the file; never another one."""
    stored = Statement.from_bytes(known.statement)
    if stored.sha256 != accepted.sha256:
        raise StateError("round-known", f"expected a new round, found {known.round_id} again")
    return stored


def _check_supplier(
    supplier: Supplier, checked: CheckedRound, agreements: Agreements, day: date
) -> None:
    """A supplier has a valid card that its agreement pins, and delivers only what is declared."""
    card = checked.trusted.register_body.card(supplier.party)
    pinned = agreements.fingerprint(supplier.party, Role.SUPPLIER)
    check_pinned(card, pinned, role=Role.SUPPLIER)
    card.check_valid_on(day)
    for expected in supplier.expected:
        checked.policy.attributes(expected.schema_name.value)
        if expected.schema_name is SchemaName.CARE and len(expected.municipalities) != 1:
            raise PolicyError(
                "care-of-several-municipalities",
                f"expected care of one municipality from {supplier.party}, "
                f"found {len(expected.municipalities)}",
                hint="name one supplier per municipality for care/1",
            )


def close_round(
    database: Database, round_id: str, *, without: frozenset[tuple[str, str]] = frozenset()
) -> None:
    """Close a round; every delivery must be complete and decided, and none may be missing.

    Args:
        without: supplier and schema of expected deliveries that need not be there.

    Raises:
        StateError: ``deliveries-undecided``, ``deliveries-missing`` or ``round-state``.
    """

    def close(tx: Transaction) -> None:
        row = find_round(tx.session, round_id)
        undecided = deliveries(tx.session, round_id, DeliveryState.INCOMPLETE, DeliveryState.HELD)
        if undecided:
            names = ", ".join(f"{d.supplier} {d.schema_name} ({d.state})" for d in undecided)
            raise StateError(
                "deliveries-undecided",
                f"expected every delivery complete and decided, found {names}",
                hint="wait for the missing parts, or decide with `linker decide`",
            )
        missing = _missing(tx.session, row.read()) - without
        if missing and row.state is RoundState.OPEN:
            names = ", ".join(f"{supplier}:{schema}" for supplier, schema in sorted(missing))
            raise StateError(
                "deliveries-missing",
                f"expected every delivery of the round, found none of {names}",
                hint="wait for them, or close with `--without SUPPLIER:SCHEMA` for each",
            )
        row.move(RoundState.CLOSED)
        row.closed_at = row.closed_at or tx.now  # the term runs from the first time
        tx.record(Event.ROUND_CLOSED, round=round_id)

    database.run(close)


def _missing(session: Session, opened: KnownRound) -> set[tuple[str, str]]:
    """Expected deliveries that are not current; nobody has to have objections."""
    current = {
        (delivery.supplier, delivery.schema_name)
        for delivery in deliveries(session, opened.body.round_id, DeliveryState.CURRENT)
    }
    return {
        (supplier.party, expected.schema_name.value)
        for supplier in opened.body.suppliers
        for expected in supplier.expected
        if expected.schema_name is not SchemaName.OBJECTION
    } - current


def round_status(session: Session, row: RoundRow, now: datetime) -> dict[str, Any]:
    """How a round stands: what is expected, received, held and refused; no count of persons."""
    opened, due = row.read(), due_round(row, now)
    present = deliveries(session, row.round_id)
    matrix = [
        {
            "supplier": supplier.party,
            "schema": expected.schema_name.value,
            "municipalities": list(expected.municipalities),
            "deliveries": [
                {"id": d.delivery_id, "state": str(d.state), "held_for": d.held_for}
                for d in present
                if (d.supplier, d.schema_name) == (supplier.party, expected.schema_name.value)
            ],
        }
        for supplier in opened.body.suppliers
        for expected in supplier.expected
    ]
    refusals = session.scalars(select(RefusalRow).where(RefusalRow.round_id == row.round_id))
    return {
        "round": row.round_id,
        "state": str(row.state),
        "revision": row.revision,
        "synthetic": opened.body.synthetic,
        "closes_on": opened.body.closes_on.isoformat(),
        "open_until": row.last_day(opened.body).isoformat(),
        "overdue": row.state == RoundState.OPEN and now.date() > row.last_day(opened.body),
        "destroy_by": instant(destroy_by(row)),
        "retention_overdue": due is not None and due.is_overdue(now),
        "matrix": matrix,
        "refusals": [
            {"supplier": r.supplier, "code": r.code, "count": r.count}
            for r in sorted(refusals, key=lambda r: (r.supplier, r.code))
        ],
    }


def status_on(database: Database, round_id: str, clock: Clock) -> dict[str, Any]:
    """The status of one round now.

    Raises:
        StateError: ``round-unknown``.
    """
    with database.reading() as session:
        return round_status(session, find_round(session, round_id), clock())
