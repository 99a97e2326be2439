"""Rounds at the publisher: accept the same round that the linker accepted."""

from __future__ import annotations

from publisher.rounds.retention import Retention
from publisher.store import OfferRow, RoundRow, RoundState
from shared.agreements import PinnedAgreements
from shared.clock import Clock, today
from shared.errors import StateError
from shared.identity import Role
from shared.ledger import Event
from shared.round import Round
from shared.state.database import Transaction
from shared.state.offers import check_offer_stands
from shared.state.round_acceptance import RoundFiles, check_files


def accept_round(
    retention: Retention,
    files: RoundFiles,
    agreements: PinnedAgreements,
    clock: Clock,
) -> Round:
    """Check a countersigned round and keep it.

    Raises:
        TrustError: a signature, pin or hash does not fit.
        PolicyError: the policy does not allow it.
        StateError: ``round-known``, ``round-key-absent`` or ``retention-overdue``.
        GoneError: ``offer-destroyed``.
    """
    checked = check_files(
        files, agreements.agreements, retention.keys, Role.PUBLISHER, today(clock)
    )
    body = checked.trusted.body
    retention.check_nothing_overdue(clock(), checked.policy, opening=body.round_id)

    def accept(tx: Transaction) -> Round:
        known = tx.session.get(RoundRow, body.round_id)
        if known is not None:
            if known.read().sha256 == checked.trusted.sha256:
                return body
            raise StateError("round-known", f"expected a new round, found {body.round_id} again")
        check_offer_stands(tx.session.get(OfferRow, body.round_id))
        tx.session.add(
            RoundRow(
                round_id=body.round_id,
                state=RoundState.KNOWN,
                statement=files.statement.to_bytes(),
                register_statement=files.register.to_bytes(),
                reference=checked.reference.to_bytes(),
                policy=files.policy,
                accepted_at=tx.now,
            )
        )
        tx.record(
            Event.ROUND_OPENED,
            round=body.round_id,
            statement=checked.trusted.sha256,
            agreements=agreements.sha256,
        )
        return body

    return retention.database.run(accept)
