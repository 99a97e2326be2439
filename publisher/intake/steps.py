"""Intake of tallies in numbered steps: at least once delivered, exactly once taken.

Once per (round, revision): identical bytes again give the same receipt, other bytes for a
revision that is here are refused, and so is a lower revision.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from publisher.intake.headings import check_heading
from publisher.store import (
    RoundRow,
    RoundState,
    TallyRow,
    find_round,
    newest_tally,
    older_tallies,
)
from shared.contract.tally import SCHEMA, Tally
from shared.envelope import EnvelopeKind, Header, check_body, open_body, read_header
from shared.errors import InputError, NotFoundError, PolicyError, StateError
from shared.identity import Identity
from shared.ledger import Event
from shared.receipt import Outcome, sign_receipt
from shared.state.database import Database, Transaction
from shared.state.round_documents import KnownRound
from shared.state.round_keys import RoundKeys


@dataclass(frozen=True, slots=True)
class Admitted:
    """A header that passed every check that needs no body."""

    header: Header
    round: KnownRound
    receipt: bytes | None


class Intake:
    """Receives tallies for one publisher."""

    def __init__(self, database: Database, identity: Identity, keys: RoundKeys) -> None:
        self._database = database
        self._identity = identity
        self._keys = keys

    def admit(self, address: str, head: bytes) -> Admitted:
        """Judge the header of the tally that is to be stored at ``address``.

        Raises:
            MonitorError: with the code of the step that refused it.
        """
        # 1. Three lines, at the address that they name, for us.
        header = read_header(head)
        context = header.context
        if header.sha256 != address:
            raise InputError("address-differs", "expected the address to be the hash in the header")
        if context.kind is not EnvelopeKind.TALLY or context.recipient != self._identity.party:
            raise InputError("not-for-us", f"expected a tally to {self._identity.party}")
        # 2. The round, and the signature of the linker that its offer names.
        with self._database.reading() as session:
            row = _accepted_round(session, context.round_id)
            accepted = row.read()
            known = session.get(TallyRow, address)
            newest = newest_tally(session, context.round_id)
        header.check_signature(accepted.linker.card)
        # 3. The same envelope again gets the same receipt.
        if known is not None:
            return Admitted(header, accepted, known.receipt)
        # 4. The header fits the round; a tally without the round's mark is refused.
        check_known(row)
        for what, found, expected in (
            ("schema", context.schema_name, SCHEMA),
            ("round-statement", context.round_statement, accepted.sha256),
            ("policy", context.policy, accepted.body.policy),
            ("calibration", context.calibration, accepted.body.calibration),
            ("synthetic", str(context.synthetic), str(int(accepted.body.synthetic))),
        ):
            if found != expected:
                raise PolicyError(
                    f"{what}-differs",
                    f"expected the {what} of the round ({expected[:16]}), found another",
                    hint="link the round again with the version of this round",
                )
        # 5. A higher revision than any that is here.
        if newest is not None and context.revision <= newest.revision:
            raise StateError(
                "revision-not-higher",
                f"expected a revision above {newest.revision}, found {context.revision}",
                hint="reopen and link the round again to correct it",
            )
        return Admitted(header, accepted, None)

    def store(self, admitted: Admitted, body: bytes) -> bytes:
        """Check, open and store a tally; the receipt's bytes.

        Raises:
            MonitorError: with the code of the step that refused it; nothing was stored.
        """
        if admitted.receipt is not None:
            return admitted.receipt
        header, context = admitted.header, admitted.header.context
        # 6. Size and hash as signed; 7. opened in memory; 8. a tally of this round and revision.
        check_body(header, body)
        tally = open_tally(header, body, self._keys)
        check_heading(tally.header, context, admitted.round)
        # 9. One transaction: tally, ledger, receipt.

        def take(tx: Transaction) -> bytes:
            check_known(find_round(tx.session, context.round_id))
            newest = newest_tally(tx.session, context.round_id)
            if newest is not None and context.revision <= newest.revision:
                raise StateError("revision-not-higher", "expected a higher revision")
            # What it replaces can neither be staged nor published any more: its body goes.
            for older in older_tallies(tx.session, context.round_id, context.revision):
                older.envelope = None
                tx.record(
                    Event.TALLY_SUPERSEDED,
                    round=context.round_id,
                    revision=older.revision,
                    envelope=older.sha256,
                )
            head = tx.record(
                Event.TALLY_RECEIVED,
                round=context.round_id,
                revision=context.revision,
                envelope=header.sha256,
            )
            signed = sign_receipt(header, Outcome.TALLY_STORED, tx.now, head, self._identity)
            tx.session.add(
                TallyRow(
                    sha256=header.sha256,
                    round_id=context.round_id,
                    revision=context.revision,
                    envelope=header.to_bytes() + body,
                    receipt=signed,
                    received_at=tx.now,
                )
            )
            return signed

        return self._database.run(take)

    def find_receipt(self, address: str) -> bytes:
        """The receipt of a stored tally.

        Raises:
            NotFoundError: ``envelope-unknown``.
        """
        with self._database.reading() as session:
            row = session.get(TallyRow, address)
        if row is None:
            raise NotFoundError("envelope-unknown", "expected a stored envelope, found none")
        return row.receipt


def _accepted_round(session: Session, round_id: str) -> RoundRow:
    """The round that a header names; who asks may be anybody, so nothing is repeated.

    Raises:
        StateError: ``round-unknown``.
    """
    row = session.get(RoundRow, round_id)
    if row is None:
        raise StateError(
            "round-unknown",
            "expected a round that this publisher accepted, found another",
            hint="the operator accepts it with `publisher round accept`",
        )
    return row


def check_known(row: RoundRow) -> None:
    """Refuse a round of which the key is gone or going.

    Raises:
        StateError: ``round-not-open``.
    """
    if row.state is not RoundState.KNOWN:
        raise StateError("round-not-open", f"expected round {row.round_id}, found it gone")


def open_tally(header: Header, body: bytes, keys: RoundKeys) -> Tally:
    """Open a sealed tally in memory."""
    return Tally.from_bytes(open_body(header, body, keys.opening_key(header.context.round_id)))


def open_stored(row: TallyRow, keys: RoundKeys) -> Tally:
    """Open a tally from the store.

    Raises:
        StateError: ``tally-expired``.
    """
    if row.envelope is None:
        raise StateError(
            "tally-expired",
            f"expected the tally of {row.round_id}, found that its term has ended",
            hint="link and send the round again, if it still exists",
        )
    header = read_header(row.envelope)
    body = row.envelope[header.size :]
    check_body(header, body)
    return open_tally(header, body, keys)
