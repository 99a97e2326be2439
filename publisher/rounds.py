"""Rounds at the publisher: accept the same round that the linker accepted."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.store import RoundRow, RoundState
from shared.agreements import Agreements
from shared.errors import StateError
from shared.identity import Card, Role
from shared.policy import PinnedPolicy, Policy, read_policy
from shared.reference import Reference
from shared.register import Register
from shared.round import Offer, Round, check_pinned_document, check_round
from shared.state.database import Database
from shared.state.round_acceptance import check_own_offer, service_pins
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement


@dataclass(frozen=True, slots=True)
class AcceptedRound:
    """A round as the publisher works with it; its documents were checked at acceptance."""

    body: Round
    sha256: str
    linker: Card
    register: Register
    policy: Policy
    reference: Reference


def accept_round(
    database: Database,
    keys: RoundKeys,
    *,
    statement: Statement,
    register: Statement,
    reference: bytes,
    policy: PinnedPolicy,
    policy_bytes: bytes,
    agreements: Agreements,
) -> Round:
    """Check a countersigned round and keep it.

    Raises:
        TrustError: a signature, pin or hash does not fit.
        PolicyError: the policy does not allow it.
        StateError: ``round-known`` or ``round-key-absent``.
    """
    trusted = check_round(statement, register, service_pins(agreements, policy.policy))
    body, bundle = trusted.body, Reference.from_bytes(reference)
    check_own_offer(trusted.publisher_offer, keys)
    check_pinned_document("policy", body.policy, policy.sha256)
    check_pinned_document("reference", body.reference, bundle.sha256)
    policy.policy.check_round_allowed(synthetic=body.synthetic)
    with database.transaction() as tx:
        if tx.session.get(RoundRow, body.round_id) is not None:
            raise StateError("round-known", f"expected a new round, found {body.round_id} again")
        tx.session.add(
            RoundRow(
                round_id=body.round_id,
                state=RoundState.KNOWN,
                statement=statement.to_bytes(),
                register_statement=register.to_bytes(),
                reference=bundle.to_bytes(),
                policy=policy_bytes,
                accepted_at=tx.now,
            )
        )
    return body


def open_round(row: RoundRow) -> AcceptedRound:
    """A stored round, read back."""
    statement = Statement.from_bytes(row.statement)
    body = statement.read(Kind.ROUND, Round)
    offer = Statement.from_document(body.offers[0]).read(Kind.OFFER, Offer)
    register = Statement.from_bytes(row.register_statement).read(Kind.REGISTER, Register)
    assert offer.card.role is Role.LINKER
    return AcceptedRound(
        body,
        statement.sha256,
        offer.card,
        register,
        read_policy(row.policy).policy,
        Reference.from_bytes(row.reference),
    )
