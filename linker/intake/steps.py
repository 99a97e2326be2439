"""Intake of deliveries in numbered steps, cheap first; the envelope is the credential.

``admit`` judges the header before a byte of the body is accepted; ``store`` checks and opens the
body, has it inspected in a child process, and then changes state in one transaction. A refusal
stores nothing but a count, and repeats nothing of what was sent.

Source: DESIGN 3.4, 4 and 5.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from linker.intake.child import Inspector, Verdict, shared_inspector
from linker.intake.deliveries import add_part, check_next_part, complete
from linker.intake.inspection import rules_of
from linker.intake.judging import figures_term, forget_figures, judge, keep_figures
from linker.intake.plausibility import DEFAULT_BANDS, Bands
from linker.store import (
    PartRow,
    RoundRow,
    RoundState,
    count_refusal,
)
from shared.agreements import Agreements
from shared.clock import Clock, today
from shared.envelope import EnvelopeKind, Header, check_body, open_body, read_header
from shared.errors import (
    BusyError,
    InputError,
    MonitorError,
    NotFoundError,
    PolicyError,
    StateError,
    StorageError,
)
from shared.identity import Card, Identity, Role, check_pinned
from shared.ledger import Event
from shared.receipt import Outcome, Receipt, sign_receipt
from shared.register import Register
from shared.round import TOLD_SCHEMAS, Round, SchemaName
from shared.state.database import Database, Transaction
from shared.state.round_documents import KnownRound
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement


@dataclass(frozen=True, slots=True)
class Admitted:
    """A header that passed every check that needs no body.

    Attributes:
        receipt: the receipt of an identical envelope that was stored before, or None.
    """

    header: Header
    round: KnownRound
    receipt: bytes | None


class Intake:
    """Receives envelopes for one linker.

    Args:
        agreements: reads them anew, so that an expiry counts at once.
        bands: outside which a delivery is held.
        inspector: has bodies inspected; the one of this process where none is given.
    """

    def __init__(
        self,
        database: Database,
        identity: Identity,
        keys: RoundKeys,
        agreements: Callable[[], Agreements],
        clock: Clock,
        bands: Bands = DEFAULT_BANDS,
        inspector: Inspector | None = None,
    ) -> None:
        self._database = database
        self._identity = identity
        self._keys = keys
        self._agreements = agreements
        self._clock = clock
        self._bands = bands
        self._inspector = inspector or shared_inspector()

    def admit(self, address: str, head: bytes) -> Admitted:
        """Judge the header of the envelope that is to be stored at ``address``.

        Args:
            address: SHA-256 of the ciphertext, from the URL.
            head: the first bytes of the envelope, at most 16 KiB of them are read.

        Raises:
            MonitorError: with the code of the step that refused it.
        """
        # 1. Three lines, at the address that they name, for us.
        header = read_header(head)
        context = header.context
        _check_addressed(header, address, self._identity.party)
        # 2. The signature over context, size and hash, by the card that the round's register
        #    names; nothing else is read for a sender who may be anybody.
        with self._database.reading() as session:
            register = _accepted_round(session, context.round_id).register_statement
        card = _card_of(
            Statement.from_bytes(register).read(Kind.REGISTER, Register), context.sender
        )
        header.check_signature(card)
        with self._database.reading() as session:
            row = _accepted_round(session, context.round_id)
            opened = row.read()
        # 3. The same envelope again gets the same receipt, whatever ended or expired since: its
        #    sender may have lost the first answer, and nothing changes.
        known = self._known_receipt(header)
        if known is not None:
            return Admitted(header, opened, known)
        # 4. The supplier's agreement pins that card; from here the sender is known.
        agreements = self._agreements()
        pinned = agreements.fingerprint(context.sender, Role.SUPPLIER)
        check_pinned(card, pinned, role=Role.SUPPLIER)
        day = today(self._clock)
        card.check_valid_on(day)
        with self._counting_refusals(header):
            # 5. The round is open and not past its last day, and the header fits it.
            _check_open(row, opened.body, day)
            _check_fits_round(header, opened)
            # 6. The agreement is in force today, in the version under which was sealed.
            agreement = agreements.check_in_force(context.sender, Role.SUPPLIER, day)
            if agreement.version != context.agreement:
                raise PolicyError(
                    "agreement-version-differs",
                    f"expected a delivery under agreement {agreement.version}, found another",
                    hint="set the version with `hasher key pin --agreement`, and seal again",
                )
            # 7. The round expects this schema from this supplier.
            _check_expected(header, opened.body)
            # 8. It is the next part of its delivery, within the limits.
            with self._database.reading() as session:
                check_next_part(session, header, opened)
        return Admitted(header, opened, None)

    def store(self, admitted: Admitted, body: bytes) -> bytes:
        """Check, open, inspect and store a body; the receipt's bytes.

        Raises:
            MonitorError: with the code of the step that refused it; nothing was stored.
        """
        if admitted.receipt is not None:
            return admitted.receipt
        header, opened = admitted.header, admitted.round
        context = header.context
        with self._counting_refusals(header):
            # 9. Size and hash as signed.
            check_body(header, body)
            # 10. Opened in memory with this round's key.
            plain = open_body(header, body, self._keys.opening_key(context.round_id))
            # 11. Inspected in a child process: exactly the schema, ranges, codes, no raw
            #     identifier. Nothing but numbers comes back.
            verdict = self._inspector.inspect(plain, rules_of(context, opened))
            # 12. One transaction: part, delivery, ledger, receipt.
            envelope = header.to_bytes() + body
            return self._database.run(
                lambda tx: self._confirm(tx, header, opened, envelope, verdict)
            )

    def find_receipt(self, address: str) -> bytes:
        """The receipt of a stored envelope.

        Raises:
            NotFoundError: ``envelope-unknown``.
        """
        with self._database.reading() as session:
            part = session.get(PartRow, address)
        if part is None:
            raise NotFoundError("envelope-unknown", "expected a stored envelope, found none")
        return part.receipt

    def _known_receipt(self, header: Header, session: Session | None = None) -> bytes | None:
        if session is None:
            with self._database.reading() as reading:
                return self._known_receipt(header, reading)
        part = session.get(PartRow, header.sha256)
        if part is None:
            return None
        receipt = Statement.from_bytes(part.receipt).read(Kind.RECEIPT, Receipt)
        same = (receipt.sender, receipt.delivery, receipt.part) == (
            header.context.sender,
            header.context.delivery,
            header.context.part,
        )
        if not same:
            raise StateError(
                "envelope-known",
                "expected a new ciphertext, found one that stands in another delivery",
                hint="seal again; every sealing gives other bytes",
            )
        return part.receipt

    def _confirm(
        self,
        tx: Transaction,
        header: Header,
        opened: KnownRound,
        envelope: bytes,
        part: Verdict,
    ) -> bytes:
        context = header.context
        known = self._known_receipt(header, tx.session)  # it may have come twice at once
        if known is not None:
            return known
        row = _accepted_round(tx.session, context.round_id)
        _check_open(row, opened.body, tx.now.date())
        delivery = add_part(tx, header, opened, part)
        whole = keep_figures(tx, delivery, part.figures)
        head = tx.record(Event.PART_STORED, **_told_of_part(header))
        outcome = Outcome.PART_STORED
        if context.last:
            implausible = judge(tx.session, delivery, whole, opened, self._bands)
            delivery.held_for = delivery.held_for or implausible
            outcome = complete(tx, delivery)
            forget_figures(tx, figures_term(opened.policy))
        said = outcome if context.schema_name in TOLD_SCHEMAS else Outcome.ACCEPTED
        signed = sign_receipt(header, said, tx.now, head, self._identity)
        tx.session.add(
            PartRow(
                sha256=header.sha256,
                delivery_id=context.delivery,
                number=context.part,
                last=bool(context.last),
                rows=context.rows,
                envelope=envelope,
                receipt=signed,
            )
        )
        return signed

    def _counting_refusals(self, header: Header) -> _RefusalCounter:
        return _RefusalCounter(self._database, header)


class _RefusalCounter:
    """Counts a refusal of a known sender, in a transaction of its own."""

    def __init__(self, database: Database, header: Header) -> None:
        self._database, self._context = database, header.context

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, MonitorError) or isinstance(error, BusyError | StorageError):
            return
        code = error.code

        def count(tx: Transaction) -> None:
            count_refusal(tx.session, self._context.round_id, self._context.sender, code)

        # A refusal that cannot be counted is told all the same.
        with suppress(BusyError, StorageError):
            self._database.run(count)


def _told_of_part(header: Header) -> dict[str, str | int]:
    """What the ledger says of a stored part.

    Of objections only the round: whose they are would tell where somebody objects, and when. Its
    supplier has a receipt that names the envelope and the entry.
    """
    context = header.context
    if context.schema_name not in TOLD_SCHEMAS:
        return {"round": context.round_id}
    return {
        "round": context.round_id,
        "supplier": context.sender,
        "schema": context.schema_name,
        "delivery": context.delivery,
        "part": context.part,
        "envelope": header.sha256,
    }


def _accepted_round(session: Session, round_id: str) -> RoundRow:
    """The round that a header names; who asks may be anybody, so nothing is repeated.

    Raises:
        StateError: ``round-unknown``.
    """
    row = session.get(RoundRow, round_id)
    if row is None:
        raise StateError(
            "round-unknown",
            "expected a round that this linker accepted, found another",
            hint="ask the key office whether the linker has accepted the round",
        )
    return row


def _card_of(register: Register, sender: str) -> Card:
    for card in register.cards:
        if card.party == sender:
            return card
    raise InputError(
        "party-unknown",
        "expected a sender whose card stands in the register of the round, found another",
        hint="the key office adds a party with `hasher key register`, in the next round",
    )


def _check_open(row: RoundRow, body: Round, day: date) -> None:
    if row.state is not RoundState.OPEN:
        raise StateError(
            "round-not-open",
            f"expected an open round, found {body.round_id} {row.state}",
            hint="ask the linker to reopen the round, or the key office for a new one",
        )
    last_day = row.last_day(body)
    if day > last_day:
        raise StateError(
            "round-past-closing",
            f"expected a delivery on {last_day} at the latest, found it is {day}",
            hint="ask the linker to reopen the round, or the key office for a new one",
        )


def _check_fits_round(header: Header, opened: KnownRound) -> None:
    context, body = header.context, opened.body
    for what, found, expected in (
        ("round-statement", context.round_statement, opened.sha256),
        ("policy", context.policy, body.policy),
        ("calibration", context.calibration, body.calibration),
        ("synthetic", str(context.synthetic), str(int(body.synthetic))),
    ):
        if found != expected:
            raise PolicyError(
                f"{what}-differs",
                f"expected the {what} of round {body.round_id} ({expected[:16]}), found another",
                hint="import this round's files again with `hasher key import`, and seal again",
            )


def _check_addressed(header: Header, address: str, party: str) -> None:
    if header.sha256 != address:
        raise InputError(
            "address-differs",
            "expected the address to be the hash in the header, found another",
            hint="send to the address that the hasher computes",
        )
    if header.context.kind is not EnvelopeKind.DELIVERY or header.context.recipient != party:
        raise InputError(
            "not-for-us",
            f"expected a delivery to {party}, found something else",
            hint="check to which service this envelope belongs",
        )


def _check_expected(header: Header, body: Round) -> None:
    context = header.context
    schema = _known_schema(context.schema_name)
    _check_stated_rows(schema, context.rows)
    if body.supplier(context.sender).municipalities(schema) is None:
        raise PolicyError(
            "schema-not-expected",
            f"expected from {context.sender} only what the round names, found {schema}",
            hint="ask the key office what your organisation delivers in this round",
        )


def _known_schema(name: str) -> SchemaName:
    try:
        return SchemaName(name)
    except ValueError as error:
        raise InputError(
            "schema-unknown",
            "expected enrolment/1, care/1 or objection/1, found another schema",
            hint="update the hasher to the version of this round and seal again",
        ) from error


def _check_stated_rows(schema: SchemaName, stated: int) -> None:
    if schema is SchemaName.OBJECTION and stated:
        raise InputError(
            "rows-not-zero",
            "expected a header of objections that states 0 rows, found another number",
            hint="nobody needs to know how many there are; seal again with the hasher",
        )
