"""The order in which a round is destroyed, written once for both services.

Ledger ``destroying``, then the key folder, then the rows, then ledger and statement
``destroyed``. A restart resumes wherever it stopped; nothing is signed before the fact.

Source: DESIGN 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.destruction import Destruction
from shared.identity import Identity
from shared.ledger import Event
from shared.state.database import Database, Transaction
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement

TERM = "the retention term was reached"


@dataclass(frozen=True, slots=True)
class Steps:
    """What a service does of its own in the transactions before and after the key goes.

    Attributes:
        announce: mark the round; False where an earlier run announced it already.
        delete: delete the rows and mark the round destroyed; the number of objects deleted.
        keep: keep the signed statement.
    """

    announce: Callable[[Transaction], bool]
    delete: Callable[[Transaction], int]
    keep: Callable[[Transaction, Statement], None]


def destroy_round(
    database: Database,
    keys: RoundKeys,
    identity: Identity,
    round_id: str,
    reason: str,
    steps: Steps,
) -> Statement:
    """Destroy a round's key and rows, or finish doing so; the signed statement."""
    with database.transaction() as tx:
        if steps.announce(tx):
            tx.record(Event.DESTROYING, round=round_id, reason=reason)
    # From here nothing of the round can be opened by anyone.
    keys.destroy(round_id)
    with database.transaction() as tx:
        objects = steps.delete(tx)
        head = tx.record(Event.DESTROYED, round=round_id, objects=objects)
        body = Destruction(
            service=identity.party,
            round_id=round_id,
            objects=objects,
            reason=reason,
            destroyed_at=tx.now,
            ledger_seq=head.seq,
            ledger_sha256=head.sha256,
        )
        statement = Statement.make(Kind.DESTRUCTION, body, identity)
        steps.keep(tx, statement)
    return statement
