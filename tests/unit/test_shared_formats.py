"""Canonical bytes, statements, envelopes and the ledger's entries."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given
from hypothesis import strategies as st

from shared.canonical import MAX_DEPTH, MAX_INTEGER, canonical_json, pae, parse_canonical
from shared.envelope import (
    MAX_BODY_BYTES,
    Context,
    EnvelopeKind,
    check_body,
    check_body_size,
    open_body,
    read_header,
    seal,
)
from shared.errors import InputError, StateError, TrustError
from shared.identity import Identity, Role
from shared.ledger import EMPTY, Entry, Event, Head, next_entry, verify_ledger
from shared.register import Register
from shared.statement import Kind, Statement
from tests.support.parties import NOW, identity

PLAIN = st.text(st.characters(exclude_categories=["Cc", "Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_canonical_json_is_ascii_and_comes_back(value: object) -> None:
    data = canonical_json(value)
    assert data.isascii()
    assert parse_canonical(data) == value


@pytest.mark.parametrize(
    "spelling",
    [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1,"a":1}', b"1.5", b'"\xc3\xab"', b"[1,]", b"NaN", b""],
)
def test_another_spelling_is_refused(spelling: bytes) -> None:
    with pytest.raises(InputError, match="not-canonical"):
        parse_canonical(spelling)


@given(st.characters(categories=["Cc", "Cs"]), PLAIN, st.booleans())
def test_a_text_with_characters_that_a_terminal_obeys_is_neither_written_nor_read(
    odd: str, plain: str, is_key: bool
) -> None:
    value = {plain + odd: 1} if is_key else [plain + odd]
    with pytest.raises(InputError, match="text-not-plain"):
        canonical_json(value)
    with pytest.raises(InputError, match="not-canonical"):
        parse_canonical(json.dumps(value, separators=(",", ":")).encode())


@pytest.mark.parametrize("beyond", [MAX_INTEGER + 1, -MAX_INTEGER - 1, 2**64])
def test_an_integer_that_others_would_round_is_refused(beyond: int) -> None:
    for value in (beyond, {"a": [beyond]}):
        with pytest.raises(TypeError):
            canonical_json(value)
    with pytest.raises(InputError, match="not-canonical"):
        parse_canonical(str(beyond).encode())
    with pytest.raises(InputError, match="not-canonical"):
        parse_canonical(b"9" * 5000)


@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_document_has_a_depth(begin: bytes, end: bytes) -> None:
    inner = b"[]"
    deepest = begin * (MAX_DEPTH - 1) + inner + end * (MAX_DEPTH - 1)
    assert canonical_json(parse_canonical(deepest)) == deepest
    for more in (1, 100_000):
        with pytest.raises(InputError, match="not-canonical"):
            parse_canonical(begin * more + deepest + end * more)


@pytest.mark.parametrize("value", [1.5, {1: 2}, b"x", {"a": object()}])
def test_what_has_no_single_spelling_is_a_programmers_error(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_pre_authentication_encoding_is_injective(a: list[bytes], b: list[bytes]) -> None:
    assert (pae(*a) == pae(*b)) == (a == b)


# --- statements --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def office() -> Identity:
    return identity("sleutelbeheer", Role.KEY_OFFICE)


@pytest.fixture(scope="module")
def register(office: Identity) -> Statement:
    body = Register(region="proef", issued_at=NOW, cards=(office.card,))
    return Statement.make(Kind.REGISTER, body, office)


def test_a_statement_comes_back_from_its_bytes(register: Statement, office: Identity) -> None:
    again = Statement.from_bytes(register.to_bytes())
    assert again == register
    again.check_signed_by(office.card)
    assert again.read(Kind.REGISTER, Register).card("sleutelbeheer") == office.card


def test_a_counter_signature_keeps_the_name(register: Statement) -> None:
    other = identity("koppelaar", Role.LINKER)
    both = register.countersigned(other)
    assert both.sha256 == register.sha256
    both.check_signed_by(other.card)


def test_another_body_or_kind_breaks_the_signature(register: Statement, office: Identity) -> None:
    changed = replace(register, body=register.body.replace(b"proef", b"ander"))
    for forged in (changed, replace(register, kind=Kind.OFFER)):
        with pytest.raises(TrustError, match="signature-invalid"):
            forged.check_signed_by(office.card)


def test_a_statement_is_read_as_its_own_kind_only(register: Statement) -> None:
    with pytest.raises(InputError, match="statement-invalid"):
        register.read(Kind.ROUND, Register)


@pytest.mark.parametrize("data", [b"{}", b"[]", b'"x"', b'{"body":{},"kind":"x","signatures":[]}'])
def test_what_is_no_statement_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="statement-invalid"):
        Statement.from_bytes(data)


# --- envelopes ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sender() -> Identity:
    return identity("gm0197", Role.SUPPLIER)


@pytest.fixture(scope="module")
def recipient() -> Identity:
    return identity("koppelaar", Role.LINKER)


@pytest.fixture(scope="module")
def context() -> Context:
    return Context(
        kind=EnvelopeKind.DELIVERY, sender="gm0197", recipient="koppelaar", round_id="proef",
        round_statement="a" * 64, schema_name="care/1", policy="b" * 64, agreement="1",
        calibration="c" * 64, synthetic=1, delivery="d" * 32, part=1, previous="", last=1,
        supersedes="", rows=3, tool="hasher 0.1.0",
    )  # fmt: skip


@pytest.fixture(scope="module")
def envelope(context: Context, sender: Identity, recipient: Identity) -> bytes:
    return seal(context, b"inhoud", sender, recipient.card.sealing_key())


def test_the_first_three_lines_say_what_left_the_building(
    envelope: bytes, context: Context
) -> None:
    lines = envelope.split(b"\n", 3)
    assert lines[0] == b"MOJ/1"
    shown = parse_canonical(lines[1])
    assert (shown["sender"], shown["recipient"], shown["rows"]) == ("gm0197", "koppelaar", 3)
    assert all(isinstance(value, str | int) for value in shown.values())
    assert not any(isinstance(value, bool) for value in shown.values())
    assert set(parse_canonical(lines[2])) == {"bytes", "sha256", "signature"}


def test_an_envelope_opens_for_its_recipient(
    envelope: bytes, sender: Identity, recipient: Identity
) -> None:
    header = read_header(envelope)
    header.check_signature(sender.card)
    body = envelope[header.size :]
    check_body(header, body)
    assert open_body(header, body, recipient.opening_key()) == b"inhoud"


def test_the_body_is_plain_hpke_with_the_context_line_as_info(
    envelope: bytes, context: Context, recipient: Identity
) -> None:
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    body = envelope.split(b"\n", 3)[3]
    assert suite.decrypt(body, recipient.opening_key(), info=context.line()) == b"inhoud"


def test_an_envelope_opens_for_nobody_else(envelope: bytes, sender: Identity) -> None:
    header = read_header(envelope)
    with pytest.raises(TrustError, match="cannot-open"):
        open_body(header, envelope[header.size :], sender.opening_key())


def test_another_context_does_not_open_the_body(
    envelope: bytes, context: Context, recipient: Identity
) -> None:
    header = read_header(envelope)
    spliced = replace(header, context=context.model_copy(update={"rows": 4}))
    with pytest.raises(TrustError, match="cannot-open"):
        open_body(spliced, envelope[header.size :], recipient.opening_key())


def test_a_header_of_another_is_refused(envelope: bytes, sender: Identity) -> None:
    header = read_header(envelope)
    with pytest.raises(TrustError, match="signature-invalid"):
        header.check_signature(identity("gm0197", Role.SUPPLIER).card)
    with pytest.raises(TrustError, match="sender-mismatch"):
        header.check_signature(identity("gm0222", Role.SUPPLIER).card)


@given(position=st.integers(0, 400), bit=st.integers(0, 7))
def test_no_flipped_bit_of_the_header_is_accepted(
    position: int, bit: int, envelope: bytes, sender: Identity
) -> None:
    altered = bytearray(envelope)
    altered[position] ^= 1 << bit
    with pytest.raises((InputError, TrustError)):
        read_header(bytes(altered)).check_signature(sender.card)


def test_a_header_over_16_kib_is_refused(envelope: bytes) -> None:
    lines = envelope.split(b"\n", 3)
    long = b"\n".join((lines[0], lines[1] + b" " * 20_000, lines[2], lines[3]))
    with pytest.raises(InputError, match="header-invalid"):
        read_header(long)


def test_a_body_over_64_mib_is_refused() -> None:
    check_body_size(MAX_BODY_BYTES)
    with pytest.raises(InputError, match="body-too-large"):
        check_body_size(MAX_BODY_BYTES + 1)


# --- ledger ------------------------------------------------------------------------------------


def chain(signer: Identity, length: int = 5) -> list[Entry]:
    entries: list[Entry] = []
    head = EMPTY
    for number in range(length):
        at = datetime(2026, 10, 1, 0, number, tzinfo=UTC)
        entry = next_entry(head, at, Event.PART_STORED, {"part": number}, signer)
        entries.append(entry)
        head = Head(entry.seq, entry.sha256)
    return entries


def lines(entries: list[Entry]) -> list[bytes]:
    return [entry.line() + b"\n" for entry in entries]


def test_a_whole_ledger_verifies_with_its_witnesses(recipient: Identity) -> None:
    entries = chain(recipient)
    witness = Head(3, entries[2].sha256)
    head = verify_ledger(lines(entries), recipient.card, [witness])
    assert head == Head(5, entries[4].sha256)
    assert verify_ledger([], recipient.card) == EMPTY


def test_the_first_bad_entry_is_named(recipient: Identity) -> None:
    entries = chain(recipient)
    swapped = [entries[0], entries[2], entries[1], *entries[3:]]
    dropped = [*entries[:2], *entries[3:]]
    changed = [*entries[:3], replace(entries[3], body=b'{"part":9}'), entries[4]]
    for broken, number in ((swapped, 2), (dropped, 3), (changed, 4)):
        with pytest.raises(StateError, match=f"entry {number}"):
            verify_ledger(lines(broken), recipient.card)


def test_a_rewritten_ledger_contradicts_its_witnesses(recipient: Identity) -> None:
    """The service itself signs another history; a receipt from before tells."""
    witness = Head(3, chain(recipient)[2].sha256)
    head, rewritten = EMPTY, []
    for number in range(5):
        at = datetime(2026, 10, 2, 0, number, tzinfo=UTC)
        entry = next_entry(head, at, Event.PART_STORED, {"part": number}, recipient)
        rewritten.append(entry)
        head = Head(entry.seq, entry.sha256)
    verify_ledger(lines(rewritten), recipient.card)
    with pytest.raises(StateError, match="entry 3"):
        verify_ledger(lines(rewritten), recipient.card, [witness])


def test_two_receipts_that_disagree_betray_a_fork(recipient: Identity) -> None:
    entries = chain(recipient)
    good, forged = Head(3, entries[2].sha256), Head(3, "f" * 64)
    for witnesses in ([good, forged], [forged, good]):
        with pytest.raises(StateError, match="entry 3"):
            verify_ledger(lines(entries), recipient.card, witnesses)


def test_a_ledger_that_was_cut_off_contradicts_its_witnesses(recipient: Identity) -> None:
    entries = chain(recipient)
    with pytest.raises(StateError, match="ledger-broken"):
        verify_ledger(lines(entries[:3]), recipient.card, [Head(5, entries[4].sha256)])


def test_another_signers_ledger_is_refused(recipient: Identity) -> None:
    with pytest.raises(StateError, match="entry 1"):
        verify_ledger(lines(chain(recipient)), identity("koppelaar", Role.LINKER).card)
