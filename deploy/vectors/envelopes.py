"""Vectors of envelopes: some that open, and what becomes of altered ones.

Sealing draws at random, so an envelope is kept for as long as it opens to the same content.
"""

from __future__ import annotations

import base64
from typing import Any

from deploy.vectors.bodies import objection_body, tally_body
from deploy.vectors.parties import PARTIES, ROUND, ChangedError, Json, b64, refusal, seed
from deploy.vectors.primitives import round_seed, secret_key
from deploy.vectors.statements import round_statements
from shared.canonical import pae, sha256_hex
from shared.envelope import Context, EnvelopeKind, Header, Seal, open_body, read_header, seal
from shared.hashing.pseudonym import calibration
from shared.identity import sealing_private_key
from shared.redaction import Secret


def context_of(
    kind: EnvelopeKind, sender: str, recipient: str, schema: str, **more: Any
) -> Context:
    """A context of the vectors' round; ``more`` replaces what most envelopes have."""
    known: Json = {
        "round_id": ROUND, "round_statement": round_statements()["round"].sha256,
        "policy": seed("policy").hex(), "calibration": calibration(secret_key()), "synthetic": 1,
        "agreement": "", "delivery": seed("delivery").hex()[:32], "part": 1, "previous": "",
        "last": 1, "supersedes": "", "rows": 0, "tool": "vectors 1", **more,
    }  # fmt: skip
    return Context(kind=kind, sender=sender, recipient=recipient, schema_name=schema, **known)


def kept_envelope(old: Json, context: Context, body: bytes, seal_seed: bytes) -> Json:
    """The envelope of the document where it still opens to this, else one sealed anew."""
    sender = PARTIES[context.sender]

    def check() -> None:
        data = base64.b64decode(old["envelope"])
        header = read_header(data)
        header.check_signature(sender.card)
        opened = open_body(header, data[header.size :], sealing_private_key(Secret(seal_seed)))
        if (header.context, opened) != (context, body):
            raise ChangedError

    if old and not refusal(check):
        return old
    envelope = seal(context, body, sender, sealing_private_key(Secret(seal_seed)).public_key())
    return {
        "sender": context.sender,
        "seal_seed": seal_seed.hex(),
        "envelope": b64(envelope),
        "address": read_header(envelope).sha256,
        "body_sha256": sha256_hex(body),
    }


def envelope_vectors(old: Json, bodies: Json) -> Json:
    """A grant, a delivery of objections in two parts and a tally, by id.

    Args:
        bodies: the vectors of bodies, of which two are sealed here.
    """
    linker, publisher = round_seed("koppelaar", "seal"), round_seed("publicist", "seal")
    supplier = PARTIES["gm0197"].seal_seed.reveal()
    made: Json = {}

    def add(id_: str, context: Context, body: bytes, seal_seed: bytes) -> str:
        made[id_] = kept_envelope(old.get(id_, {}), context, body, seal_seed)
        return str(made[id_]["address"])

    grant = context_of(EnvelopeKind.GRANT, "sleutelbeheer", "gm0197", "grant/1")
    add("grant", grant, seed("round secret"), supplier)
    first = context_of(
        EnvelopeKind.DELIVERY, "gm0197", "koppelaar", "objection/1", agreement="1", last=0
    )
    address = add("delivery-1", first, objection_body(bodies), linker)
    second = first.model_copy(update={"part": 2, "previous": address, "last": 1})
    add("delivery-2", second, objection_body(bodies), linker)
    tally = context_of(EnvelopeKind.TALLY, "koppelaar", "publicist", "tally/1", revision=1)
    add("tally", tally, tally_body(bodies), publisher)
    return made


def altered_vectors(old: list[Json], envelopes: Json) -> list[Json]:
    """What is done to an envelope, and the first refusal that follows.

    ``xor`` is an offset and a mask, ``cut`` a length to keep, ``sender`` whose card is used and
    ``seal_seed`` with which seed it is opened.
    """
    data = base64.b64decode(envelopes["delivery-2"]["envelope"])
    header = read_header(data)
    rows = data.index(b'"rows":0') + 7
    third = data.index(b"\n", 8) + 1
    signature = data.index(b'"signature":"') + 13
    size = data.index(b'"bytes":') + 8
    unused = signature + 85  # the last letter of 64 bytes has four bits that say nothing
    cases: list[Json] = [
        {"why": "untouched", "refused": ""},
        {"why": "a bit of the first line", "xor": [0, 1], "refused": "header-invalid"},
        {"why": "rows in the context", "xor": [rows, 1], "refused": "signature-invalid"},
        {"why": "a brace of the third line", "xor": [third, 1], "refused": "header-invalid"},
        {"why": "the size", "xor": [size, 1], "refused": "signature-invalid"},
        {"why": "the signature", "xor": [signature, _safe(data[signature])],
         "refused": "signature-invalid"},
        {"why": "unused bits of the signature",
         "xor": [unused, data[unused] ^ (data[unused] + 1)], "refused": "header-invalid"},
        {"why": "first byte of the body", "xor": [header.size, 128], "refused": "body-altered"},
        {"why": "last bit of the body", "xor": [len(data) - 1, 1], "refused": "body-altered"},
        {"why": "a byte short", "cut": len(data) - 1, "refused": "body-altered"},
        {"why": "without its third newline", "cut": header.size - 1, "refused": "header-invalid"},
        {"why": "the card of another", "sender": "koppelaar", "refused": "sender-mismatch"},
        {"why": "the key of another", "seal_seed": PARTIES["gm0197"].seal_seed.reveal().hex(),
         "refused": "cannot-open"},
    ]  # fmt: skip
    other = next((each for each in old if each["why"].startswith("sealed with")), {})
    return [{"of": "delivery-2", **each} for each in cases] + [_other_info(other, header)]


def _safe(octet: int) -> int:
    """A mask after which a letter or digit is another letter or digit."""
    return next(mask for mask in range(1, 64) if chr(octet ^ mask).isalnum())


def _other_info(old: Json, header: Header) -> Json:
    """An envelope that is well signed, and sealed with the context line of another."""
    why, sender = "sealed with the context of part 1 and signed with that of part 2", "gm0197"
    part_1 = header.context.model_copy(update={"part": 1, "previous": "", "last": 0})
    if old and read_header(base64.b64decode(old["envelope"])).context == header.context:
        return old
    key = sealing_private_key(Secret(round_seed("koppelaar", "seal"))).public_key()
    first = seal(part_1, b"inhoud", PARTIES[sender], key)
    ciphertext = first[read_header(first).size :]
    # The signed message is public; only the sender's own key makes it good.
    message = signed_message(header.context.line(), ciphertext)
    third = Seal(
        bytes=len(ciphertext),
        sha256=sha256_hex(ciphertext),
        signature=b64(PARTIES[sender].sign(message)),
    )
    spliced = Header(header.context, third).to_bytes() + ciphertext
    return {"why": why, "envelope": b64(spliced), "refused": "cannot-open"}


def signed_message(context_line: bytes, ciphertext: bytes) -> bytes:
    """What the sender of an envelope signs."""
    digest = bytes.fromhex(sha256_hex(ciphertext))
    return pae(b"MOJ/1 envelope", context_line, str(len(ciphertext)).encode(), digest)
