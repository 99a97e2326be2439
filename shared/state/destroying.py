"""The order in which a round is destroyed, written once for both services.

Ledger ``destroying``, then the key folder, then the rows, then ledger and statement
``destroyed``. A restart resumes wherever it stopped; nothing is signed before the fact.

A destruction begins only where the key is seen: a key that is absent may be elsewhere. One that
was announced may have shredded its key already, and goes on without it.

Source: DESIGN 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from shared.canonical import parse_canonical
from shared.destruction import KEY_LOST, Destruction, Ended, Reason
from shared.errors import MonitorError, StateError
from shared.identity import Identity
from shared.ledger import Event
from shared.state.database import Database, Transaction
from shared.state.ledger_table import ledger_entry
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement


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
    reason: Reason,
    steps: Steps,
    *,
    key_lost: bool = False,
) -> Statement:
    """Destroy a round's key and rows, or finish doing so; the signed statement.

    Args:
        reason: why; a destruction that is finished keeps the reason that was announced.
        key_lost: whether the operator vouches that an absent key exists nowhere any more.

    Raises:
        StateError: ``key-folder-absent`` or ``round-key-absent``; nothing was changed.
    """

    def announce(tx: Transaction) -> str:
        if not steps.announce(tx):
            return _announced_reason(tx.session.connection(), round_id)
        checked = _checked_reason(keys, round_id, reason, key_lost=key_lost)
        tx.record(Event.DESTROYING, round=round_id, reason=checked)
        return checked

    announced = database.run(announce)
    # From here nothing of the round can be opened by anyone.
    keys.destroy(round_id)

    def delete(tx: Transaction) -> Statement:
        objects = steps.delete(tx)
        head = tx.record(Event.DESTROYED, round=round_id, objects=objects)
        body = Destruction(
            service=identity.party,
            round_id=round_id,
            objects=objects,
            reason=announced,
            destroyed_at=tx.now,
            ledger_seq=head.seq,
            ledger_sha256=head.sha256,
        )
        statement = Statement.make(Kind.DESTRUCTION, body, identity)
        steps.keep(tx, statement)
        return statement

    return database.run(delete)


def do_all(work: Iterable[Callable[[], Ended | None]]) -> Iterator[Ended]:
    """Do each piece of work, whether an earlier one failed or not; what was ended.

    Raises:
        MonitorError, OSError: the first failure, when everything else was done; later ones are
            its notes.
    """
    first: MonitorError | OSError | None = None
    for each in work:
        try:
            ended = each()
        except (MonitorError, OSError) as error:
            if first is None:
                first = error
            else:
                first.add_note(f"then: {error}")
            continue
        if ended is not None:
            yield ended
    if first is not None:
        raise first


def _checked_reason(keys: RoundKeys, round_id: str, reason: Reason, *, key_lost: bool) -> str:
    keys.check_present()
    if keys.exists(round_id):
        return reason.value
    if not key_lost:
        raise StateError(
            "round-key-absent",
            f"expected the key of round {round_id} in order to destroy it, found none",
            hint="mount the right key folder; only if the key is gone for good, say so",
        )
    return f"{reason} {KEY_LOST}"


def _announced_reason(connection: Connection, round_id: str) -> str:
    query = select(ledger_entry.c.body).where(ledger_entry.c.event == Event.DESTROYING.value)
    bodies = map(parse_canonical, connection.execute(query).scalars())
    return str(next(body["reason"] for body in bodies if body["round"] == round_id))
