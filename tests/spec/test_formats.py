"""docs/formats.md is true: the product and a second implementation agree with its vectors.

What is tested against is read from the document, and from nothing else. Bytes, identities, numbers
and keys stand in test_formats_basics.py, the text itself in test_formats_document.py.
"""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from deploy.demo.documents import policy_text, shipped_policy
from linker.intake.inspection import inspect
from shared.canonical import canonical_json
from shared.contract.deliveries import SCHEMAS
from shared.contract.tally import Tally, TallyHeader
from shared.envelope import Context, EnvelopeKind, check_body, open_body, read_header, seal
from shared.errors import MonitorError
from shared.identity import (
    load_card,
    sealing_private_key,
)
from shared.ledger import Entry, Event, Head, read_entry, verify_ledger
from shared.policy import read_policy
from shared.receipt import Receipt
from shared.redaction import Secret
from shared.register import Register
from shared.round import Offer, Pins, Round, check_round
from shared.state.round_documents import KnownRound
from shared.statement import Kind, Statement
from tests.support import vectors as second
from tests.support.formats import (
    BODIES,
    CARDS,
    SEEDS,
    STATEMENTS,
    VECTORS,
    card_of,
    cases,
    identity_of,
    refused,
)
from tests.support.places import small_reference
from tests.support.vectors import Json

# --- statements, rounds, ledger ----------------------------------------------------------------


@pytest.mark.parametrize("case", cases("statements"), ids=lambda each: each["id"])
def test_a_statement_is_made_and_read(case: Json) -> None:
    kind, data = Kind(case["kind"]), case["text"].encode()
    statement = Statement.from_bytes(data + b"\n")
    body = statement.read(kind, BODIES[case["kind"]])
    document = second.read_statement(data + b"\n")
    unsigned = {**document, "signatures": list[Json]()}
    made = Statement(kind, canonical_json(body.model_dump(mode="json")), ())
    for party in case["signers"]:
        statement.check_signed_by(card_of(party))
        second.check_signed(document, CARDS[party])
        made = made.countersigned(identity_of(party))
        seed = bytes.fromhex(SEEDS[party]["sign_seed"])
        unsigned["signatures"].append(second.signature_entry(document, CARDS[party], seed))
    assert made.to_bytes() == data + b"\n"
    assert second.encode(unsigned) == data
    message = second.statement_message(document)
    assert statement.sha256 == hashlib.sha256(message).hexdigest() == case["name"]


def test_every_kind_of_statement_has_a_vector() -> None:
    assert {each["kind"] for each in cases("statements")} == {kind.value for kind in Kind}
    assert set(BODIES) == {kind.value for kind in Kind}


@pytest.mark.parametrize("case", cases("altered-statements"), ids=lambda each: each["why"])
def test_an_altered_statement_is_refused(case: Json) -> None:
    def read() -> None:
        statement = Statement.from_bytes(case["text"].encode())
        statement.check_signed_by(card_of(case["card"]))
        statement.read(Kind(case["read_as"]), BODIES[case["read_as"]])

    def read_again() -> None:
        second.check_signed(second.read_statement(case["text"].encode()), CARDS[case["card"]])

    assert refused(read) == case["refused"]
    # The second implementation reads no bodies: that is all it may take.
    expected = "" if case["why"].endswith(", signed") else case["refused"]
    assert refused(read_again) == expected


@pytest.mark.parametrize("case", cases("round-checks"), ids=lambda each: each["refused"] or "good")
def test_a_round_is_checked(case: Json) -> None:
    round_ = Statement.from_bytes(STATEMENTS[case["round"]])
    some = Statement(round_.kind, round_.body, round_.signatures[: case["signatures"]])
    register = Statement.from_bytes(STATEMENTS[case["register"]])
    pins, day = Pins.model_validate(case["pins"]), date.fromisoformat(case["day"])
    code_ = refused(lambda: check_round(some, register, pins, day=day, accepted=case["accepted"]))
    assert code_ == case["refused"]


@pytest.mark.parametrize("case", cases("ledger", "cases"), ids=lambda each: each["why"])
def test_a_ledger_is_verified(case: Json) -> None:
    lines = [VECTORS["ledger"]["lines"][name].encode() for name in case["export"]]
    signer = VECTORS["ledger"]["signer"]
    witnesses = [Head(*each) for each in case["witnesses"]]
    events = {event.value for event in Event}
    again = second.verify_ledger(lines, CARDS[signer], case["witnesses"], events)
    if case["first_bad"]:
        assert again == case["first_bad"]
        with pytest.raises(MonitorError, match=f"entry {case['first_bad']}") as refusal:
            verify_ledger(lines, card_of(signer), witnesses)
        assert refusal.value.code == VECTORS["ledger"]["refused"]
    else:
        assert again == tuple(case["head"])
        assert verify_ledger(lines, card_of(signer), witnesses) == Head(*case["head"])


def test_a_ledger_line_is_made() -> None:
    for name in "123":
        line = VECTORS["ledger"]["lines"][name].encode()
        entry = read_entry(line)
        message = second.ledger_message(second.decode(line))
        signature = identity_of(VECTORS["ledger"]["signer"]).sign(message)
        made = Entry(entry.seq, entry.at, entry.event, entry.body, entry.previous, signature)
        assert made.line() == line


# --- bodies and envelopes ----------------------------------------------------------------------


def known_round() -> KnownRound:
    statement = Statement.from_bytes(STATEMENTS["round"])
    linker, publisher = (
        Statement.from_bytes(STATEMENTS[f"offer-{name}"]).read(Kind.OFFER, Offer)
        for name in ("linker", "publisher")
    )
    return KnownRound(
        body=statement.read(Kind.ROUND, Round), sha256=statement.sha256, linker=linker,
        publisher=publisher,
        register=Statement.from_bytes(STATEMENTS["register"]).read(Kind.REGISTER, Register),
        policy=read_policy(policy_text(shipped_policy()).encode()).policy,
        reference=small_reference(),
    )  # fmt: skip


def part_context(schema: str, rows: int) -> Context:
    context = read_header(base64.b64decode(VECTORS["envelopes"]["delivery-1"]["envelope"])).context
    return context.model_copy(update={"schema_name": schema, "rows": rows})


@pytest.mark.parametrize("case", cases("bodies", "parts"), ids=lambda each: each["schema"])
def test_a_part_passes_inspection(case: Json) -> None:
    schema, rows = case["schema"], case["rows"]
    stated = 0 if schema == "objection/1" else len(rows)
    found = inspect(base64.b64decode(case["body"]), part_context(schema, stated), known_round())
    assert found.held_for == ""
    assert [
        {name: v.hex() if isinstance(v, bytes) else v for name, v in row.items()}
        for row in found.rows.to_pylist()
    ] == rows
    assert rows == sorted(rows, key=lambda row: row["pseudonym"])
    file = pq.ParquetFile(io.BytesIO(base64.b64decode(case["body"])))
    columns = [file.metadata.row_group(0).column(at) for at in range(len(SCHEMAS[schema].columns))]
    assert {column.compression for column in columns} <= {"ZSTD", "UNCOMPRESSED"}
    assert not any(column.is_stats_set for column in columns)


@pytest.mark.parametrize("case", cases("refused-bodies"), ids=lambda each: each["why"])
def test_another_body_is_refused(case: Json) -> None:
    context = part_context(case["schema"], case["rows_stated"])
    body = base64.b64decode(case["body"])
    assert refused(lambda: inspect(body, context, known_round())) == case["refused"]


def test_a_tally_is_read() -> None:
    vector = VECTORS["bodies"]["tally"]
    tally = Tally.from_bytes(base64.b64decode(vector["body"]))
    assert tally.header == TallyHeader.model_validate(vector["header"])
    assert tally.cells.to_pylist() == vector["cells"]
    metadata = pq.read_schema(io.BytesIO(base64.b64decode(vector["body"]))).metadata
    assert second.decode(metadata[b"MOJ/1 tally"]) == vector["header"]


def open_product(data: bytes, sender: str, seal_seed: str) -> tuple[Context, bytes]:
    header = read_header(data)
    header.check_signature(card_of(sender))
    body = data[header.size :]
    check_body(header, body)
    key = sealing_private_key(Secret(bytes.fromhex(seal_seed)))
    return header.context, open_body(header, body, key)


@pytest.mark.parametrize("name", VECTORS["envelopes"])
def test_an_envelope_opens(name: str) -> None:
    case = VECTORS["envelopes"][name]
    data, seed = base64.b64decode(case["envelope"]), bytes.fromhex(case["seal_seed"])
    context, body = open_product(data, case["sender"], case["seal_seed"])
    assert hashlib.sha256(body).hexdigest() == case["body_sha256"]
    again = second.open_envelope(data, CARDS[case["sender"]], seed)
    assert again == (context.model_dump(mode="json"), body)
    assert read_header(data).sha256 == case["address"]
    # The other direction: what each makes of the same context and body, the other opens.
    line, sign_seed = again[0], bytes.fromhex(SEEDS[case["sender"]]["sign_seed"])
    made = second.seal_envelope(line, body, sign_seed, second.seal_key(seed))
    assert open_product(made, case["sender"], case["seal_seed"]) == (context, body)
    key = sealing_private_key(Secret(seed)).public_key()
    sealed = seal(context, body, identity_of(case["sender"]), key)
    assert second.open_envelope(sealed, CARDS[case["sender"]], seed) == (line, body)


def test_every_kind_of_envelope_has_a_vector_and_parts_are_chained() -> None:
    headers = {
        name: read_header(base64.b64decode(each["envelope"]))
        for name, each in VECTORS["envelopes"].items()
    }
    assert {header.context.kind for header in headers.values()} == set(EnvelopeKind)
    assert headers["delivery-2"].context.previous == headers["delivery-1"].sha256
    grant = VECTORS["envelopes"]["grant"]
    opened = open_product(base64.b64decode(grant["envelope"]), grant["sender"], grant["seal_seed"])
    assert opened[1].hex() == VECTORS["pseudonyms"]["secret"]
    round_ = Statement.from_bytes(STATEMENTS["round"])
    assert {each.context.round_statement for each in headers.values()} == {round_.sha256}
    assert known_round().body.calibration == VECTORS["pseudonyms"]["calibration"]


@pytest.mark.parametrize("case", cases("altered-envelopes"), ids=lambda each: each["why"])
def test_an_altered_envelope_is_refused(case: Json) -> None:
    whole = VECTORS["envelopes"][case.get("of", "delivery-2")]
    data = bytearray(base64.b64decode(case.get("envelope", whole["envelope"])))
    if "xor" in case:
        offset, mask = case["xor"]
        data[offset] ^= mask
    altered = bytes(data[: case.get("cut", len(data))])
    sender, seed = case.get("sender", whole["sender"]), case.get("seal_seed", whole["seal_seed"])
    assert refused(lambda: open_product(altered, sender, seed)) == case["refused"]
    again = refused(lambda: second.open_envelope(altered, CARDS[sender], bytes.fromhex(seed)))
    assert again == case["refused"]


@pytest.mark.parametrize("case", cases("respelled"), ids=lambda each: each["why"])
def test_another_spelling_is_refused(case: Json, tmp_path: Path) -> None:
    data = case["text"].encode()

    def product() -> None:
        if case["reader"] == "card":
            (tmp_path / "card.json").write_bytes(data)
            loaded = load_card(tmp_path / "card.json")
            assert loaded.fingerprint == card_of("gm0197").fingerprint
        elif case["reader"] == "ledger":
            verify_ledger([data], card_of("koppelaar"))
        else:
            statement = Statement.from_bytes(data)
            statement.check_signed_by(card_of("koppelaar"))
            statement.read(Kind.RECEIPT, Receipt)

    assert refused(product) == case["refused"]
    if "signed" in case["why"]:
        return  # the second implementation reads no bodies
    if case["reader"] == "card":
        assert refused(lambda: second.check_card(second.decode(data))) == "card-invalid"
    elif case["reader"] == "ledger":
        events = {event.value for event in Event}
        assert second.verify_ledger([data], CARDS["koppelaar"], [], events) == 1
    else:
        again = refused(lambda: second.read_statement(data))
        assert again in {"statement-invalid", "not-canonical"}
