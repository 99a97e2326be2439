"""A receipt attests what was sent, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from shared.canonical import to_base64
from shared.envelope import Context, EnvelopeKind, Header, Seal
from shared.errors import TrustError
from shared.identity import Identity, Role
from shared.ledger import Head
from shared.receipt import Outcome, Receipt, check_receipt, sign_receipt
from shared.statement import Kind, Statement
from tests.support.parties import NOW, ROUND, identity

HEAD = Head(7, "a" * 64)


def header_of(kind: EnvelopeKind = EnvelopeKind.DELIVERY, **changes: Any) -> Header:
    fields: dict[str, Any] = {
        "kind": kind, "sender": "gm0197", "recipient": "koppelaar", "round_id": ROUND,
        "round_statement": "b" * 64, "schema_name": "care/1", "policy": "c" * 64,
        "agreement": "", "calibration": "d" * 64, "synthetic": 1, "delivery": "e" * 32, "part": 1,
        "previous": "", "last": 1, "supersedes": "", "rows": 0, "tool": "hasher 1",
        "revision": int(kind is EnvelopeKind.TALLY),
    }  # fmt: skip
    seal = Seal(bytes=1, sha256="f" * 64, signature=to_base64(bytes(64)))
    return Header(Context(**{**fields, **changes}), seal)


@pytest.fixture(scope="module")
def linker() -> Identity:
    return identity("koppelaar", Role.LINKER)


def receipt_of(header: Header, outcome: Outcome, linker: Identity, **changes: Any) -> Statement:
    signed = Statement.from_bytes(sign_receipt(header, outcome, NOW, HEAD, linker))
    body = signed.read(Kind.RECEIPT, Receipt).model_copy(update=changes)
    return Statement.make(Kind.RECEIPT, body, linker)


@pytest.mark.parametrize(
    ("header", "outcome"),
    [(header_of(), Outcome.DELIVERY_CURRENT), (header_of(), Outcome.DELIVERY_HELD),
     (header_of(last=0), Outcome.PART_STORED),
     (header_of(schema_name="objection/1"), Outcome.ACCEPTED),
     (header_of(schema_name="objection/1", last=0), Outcome.ACCEPTED),
     (header_of(EnvelopeKind.TALLY, schema_name="tally/1"), Outcome.TALLY_STORED)],
    ids=str,
)  # fmt: skip
def test_every_outcome_belongs_to_its_envelopes(
    header: Header, outcome: Outcome, linker: Identity
) -> None:
    for said in Outcome:
        statement = receipt_of(header, said, linker)
        if said is outcome or {said, outcome} == {Outcome.DELIVERY_CURRENT, Outcome.DELIVERY_HELD}:
            assert check_receipt(statement, header, linker.card).outcome is said
        else:
            with pytest.raises(TrustError, match="receipt-differs"):
                check_receipt(statement, header, linker.card)


@pytest.mark.parametrize(
    "changes",
    [{"service": "publicist"}, {"sender": "gm0222"}, {"round_id": "andere-2026"},
     {"schema_name": "enrolment/1"}, {"delivery": "0" * 32}, {"part": 2}, {"envelope": "0" * 64},
     {"rows": 1}, {"ledger_seq": 5}],
    ids=str,
)  # fmt: skip
def test_whatever_else_it_attests_is_no_receipt_of_this(
    changes: dict[str, Any], linker: Identity
) -> None:
    header = header_of()
    statement = receipt_of(header, Outcome.DELIVERY_CURRENT, linker)
    assert check_receipt(statement, header, linker.card, after=5).ledger_seq == HEAD.seq
    other = receipt_of(header, Outcome.DELIVERY_CURRENT, linker, **changes)
    with pytest.raises(TrustError, match="receipt-differs"):
        check_receipt(other, header, linker.card, after=5)


def test_every_field_of_a_receipt_is_compared_or_is_the_services_own() -> None:
    own = {"outcome", "stored_at", "ledger_sha256"}
    compared = {"service", "sender", "round_id", "schema_name", "delivery", "part", "envelope",
                "rows", "ledger_seq"}  # fmt: skip
    assert set(Receipt.model_fields) == own | compared


def test_the_receipt_of_another_service_is_none(linker: Identity) -> None:
    header, other = header_of(), identity("koppelaar", Role.LINKER)
    statement = receipt_of(header, Outcome.DELIVERY_CURRENT, other)
    with pytest.raises(TrustError, match="signature-"):
        check_receipt(statement, header, linker.card)


# --- a header says what its kind can -----------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "changes"),
    [*((kind, changes)
       for kind in (EnvelopeKind.GRANT, EnvelopeKind.TALLY)
       for changes in ({"part": 2, "previous": "0" * 64}, {"last": 0}, {"supersedes": "0" * 32},
                       {"rows": 1}, {"agreement": "1"})),
     (EnvelopeKind.GRANT, {"revision": 1}), (EnvelopeKind.DELIVERY, {"revision": 1}),
     (EnvelopeKind.TALLY, {"revision": 0}), (EnvelopeKind.DELIVERY, {"previous": "0" * 64}),
     (EnvelopeKind.DELIVERY, {"part": 2})],
    ids=str,
)  # fmt: skip
def test_a_header_of_another_shape_is_refused(kind: EnvelopeKind, changes: dict[str, Any]) -> None:
    header_of(kind)
    with pytest.raises(ValueError, match=r"only a delivery|a tally has|each part names"):
        header_of(kind, **changes)
