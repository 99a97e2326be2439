"""A second implementation of docs/formats.md, written from the document alone.

It uses hashlib, hmac, json and the bare primitives of cryptography, and nothing of the product,
so that both can be held against the same vectors.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

Json = dict[str, Any]
DOCUMENT = Path(__file__).parents[2] / "docs" / "formats.md"
_BLOCK = re.compile(r"^```json vector\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHORT = {'"': '\\"', "\\": "\\\\"}
_HEX = re.compile(r"[0-9a-f]{64}")
_PARTY = re.compile(r"[a-z][a-z0-9-]{1,30}")
_ROLES = {"key_office", "supplier", "linker", "publisher", "approver", "auditor"}
_KINDS = {"register", "offer", "round", "receipt", "mirror", "release", "approval", "withdrawal",
          "destruction", "page-decision", "access", "change-request"}  # fmt: skip
_CARD = {"party", "role", "name", "organisation", "sign_key", "seal_key", "valid_from",
         "valid_until"}  # fmt: skip
_SUITE = b"HPKE" + bytes.fromhex("647a 0001 0002")
_XWING = bytes.fromhex("5c2e2f2f5e5c")
_ENC_BYTES = 1088 + 32


class RefusedError(Exception):
    """A refusal of the second implementation, by its code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def require(condition: object, code: str) -> None:
    if not condition:
        raise RefusedError(code)


def read_vectors() -> Json:
    """Every vector of the document by its name."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return {block["vector"]: block["data"] for block in map(json.loads, _BLOCK.findall(text))}


def _encode_text(text: str) -> str:
    pieces = []
    for char in text:
        if char <= "\x1f" or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff":
            raise ValueError("control character, or half a character")
        if char in _SHORT:
            pieces.append(_SHORT[char])
        elif " " <= char <= "~":
            pieces.append(char)
        else:
            units = char.encode("utf-16-be")
            pieces += [f"\\u{high:02x}{low:02x}" for high, low in zip(*[iter(units)] * 2)]  # noqa: B905 - UTF-16 has an even number of bytes
    return '"' + "".join(pieces) + '"'


def encode(value: object) -> bytes:
    """The one spelling of a value."""
    return _encode(value).encode("ascii")


def _encode(value: object, level: int = 0) -> str:
    if level == 32 and isinstance(value, dict | list):
        raise ValueError("too deep")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        if not -(2**53) < value < 2**53:
            raise ValueError("too large")
        return str(value)
    if isinstance(value, str):
        return _encode_text(value)
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: [ord(char) for char in key])
        pairs = (f"{_encode_text(key)}:{_encode(value[key], level + 1)}" for key in keys)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_encode(each, level + 1) for each in value) + "]"
    raise TypeError(type(value).__name__)


def decode(data: bytes, code: str = "not-canonical") -> Any:
    """The value of canonical JSON."""
    try:
        value = json.loads(data.decode("ascii"), parse_float=_no_fraction)
        require(encode(value) == data, code)
    except (ValueError, TypeError) as error:
        raise RefusedError(code) from error
    return value


def _no_fraction(text: str) -> float:
    raise ValueError(text)


def pae(*pieces: bytes) -> bytes:
    encoded = struct.pack("<Q", len(pieces))
    for piece in pieces:
        encoded += struct.pack("<Q", len(piece)) + piece
    return encoded


def from_base64(text: object, code: str) -> bytes:
    """Base64 in its one spelling."""
    require(isinstance(text, str), code)
    try:
        data = base64.b64decode(str(text), validate=True)
    except ValueError as error:
        raise RefusedError(code) from error
    require(base64.b64encode(data).decode() == text, code)
    return data


def sign(seed: bytes, message: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def sign_key(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def verify(card: Json, message: bytes, signature: bytes) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(card["sign_key"]))
    try:
        key.verify(signature, message)
    except InvalidSignature as error:
        raise RefusedError("signature-invalid") from error


def sealing_keys(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    stream = hashlib.shake_256(seed).digest(96)
    return (
        MLKEM768PrivateKey.from_seed_bytes(stream[:64]),
        X25519PrivateKey.from_private_bytes(stream[64:]),
    )


def seal_key(seed: bytes) -> bytes:
    mlkem, x25519 = sealing_keys(seed)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def fingerprint(card: Json) -> str:
    pieces = (card["party"].encode(), card["role"].encode(), bytes.fromhex(card["sign_key"]))
    seal = from_base64(card["seal_key"], "card-invalid")
    return hashlib.sha256(pae(b"MOJ/1 fingerprint", *pieces, seal)).hexdigest()


def check_card(card: Json, code: str = "card-invalid") -> None:
    require(set(card) == _CARD and all(isinstance(value, str) for value in card.values()), code)
    require(_PARTY.fullmatch(card["party"]) and card["role"] in _ROLES, code)
    require(all(1 <= len(card[name]) <= 120 for name in ("name", "organisation")), code)
    require(_HEX.fullmatch(card["sign_key"]), code)
    require(len(from_base64(card["seal_key"], code)) == 1216, code)
    for name in ("valid_from", "valid_until"):
        require(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", card[name]), code)


def check_day(card: Json, day: str) -> None:
    moment = date.fromisoformat(day)
    first, last = map(date.fromisoformat, (card["valid_from"], card["valid_until"]))
    require(first <= moment <= last, "card-not-valid")


def read_identity(text: str, passphrase: str | None) -> tuple[Json, bytes, bytes]:
    """Card and both seeds of a private file."""
    document = decode(text.encode("ascii"), "identity-invalid")
    require(document["format"] == "MOJ/1 identity", "identity-invalid")
    check_card(document["card"], "identity-invalid")
    if "seeds" in document:
        seeds = from_base64(document["seeds"], "identity-invalid")
    else:
        require(passphrase is not None, "passphrase-needed")
        sealed = document["sealed"]
        require(sealed["kdf"] == "argon2id", "identity-invalid")
        kdf = Argon2id(salt=bytes.fromhex(sealed["salt"]), length=32, iterations=sealed["passes"],
                       lanes=sealed["lanes"], memory_cost=sealed["memory_kib"])  # fmt: skip
        box = AESGCM(kdf.derive(str(passphrase).encode()))
        try:
            seeds = box.decrypt(bytes.fromhex(sealed["nonce"]),
                                from_base64(sealed["box"], "identity-invalid"),
                                encode(document["card"]))  # fmt: skip
        except InvalidTag as error:
            raise RefusedError("passphrase-wrong") from error
    require(len(seeds) == 64, "identity-invalid")
    return document["card"], seeds[:32], seeds[32:]


def hkdf_extract(salt: bytes, key: bytes) -> bytes:
    return hmac.digest(salt, key, "sha256")


def hkdf_expand(key: bytes, info: bytes, length: int = 32) -> bytes:
    stream, block = b"", b""
    while len(stream) < length:
        block = hmac.digest(key, block + info + bytes([len(stream) // 32 + 1]), "sha256")
        stream += block
    return stream[:length]


def normalise(raw: str) -> str:
    text = "".join(char for char in raw if char not in " .-\u00a0")
    require(text, "number-empty")
    require(all("0" <= char <= "9" for char in text), "number-characters")
    require(len(text) > 7 or text.strip("0"), "number-sentinel")
    require(len(text) in (8, 9), "number-length")
    text = text.rjust(9, "0")
    require(text not in {"000000000", "999999999", "111111110", "123456782"}, "number-sentinel")
    digits = [int(char) for char in text]
    residue = (sum((9 - i) * digits[i] for i in range(8)) - digits[8]) % 11
    education = residue == 5 and text.startswith("10")
    require(residue == 0 or education, "number-checksum")
    return ("onr:" if education else "bsn:") + text


def pseudonym_key(secret: bytes, round_id: str) -> bytes:
    require(len(secret) == 32, "secret-invalid")
    return hkdf_expand(secret, b"MOJ/1 pseudonym\0" + round_id.encode())


def pseudonym(key: bytes, number: str) -> bytes:
    return hmac.digest(key, number.encode(), "sha256")


def round_secret(seed: bytes, purpose: str, round_id: str) -> bytes:
    return hkdf_expand(seed, f"MOJ/1 {purpose}\0{round_id}".encode())


def link_key(link_seed: bytes, round_id: str) -> bytes:
    return hkdf_expand(hkdf_extract(bytes(32), link_seed), f"MOJ/1 link\0{round_id}".encode())


def _labelled_extract(salt: bytes, label: bytes, key: bytes) -> bytes:
    return hkdf_extract(salt or bytes(32), b"HPKE-v1" + _SUITE + label + key)


def _key_schedule(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    context = b"\0" + _labelled_extract(b"", b"psk_id_hash", b"")
    context += _labelled_extract(b"", b"info_hash", info)
    secret = _labelled_extract(shared, b"secret", b"")

    def expand(label: bytes, length: int) -> bytes:
        full = struct.pack(">H", length) + b"HPKE-v1" + _SUITE + label + context
        return hkdf_expand(secret, full, length)

    return expand(b"key", 32), expand(b"base_nonce", 12)


def _combine(mlkem: bytes, x25519: bytes, ephemeral: bytes, public: bytes) -> bytes:
    return hashlib.sha3_256(mlkem + x25519 + ephemeral + public + _XWING).digest()


def hpke_seal(public: bytes, info: bytes, body: bytes) -> bytes:
    mlkem, x25519 = public[:1184], public[1184:]
    shared_m, ciphertext = MLKEM768PublicKey.from_public_bytes(mlkem).encapsulate()
    ephemeral = X25519PrivateKey.generate()
    shared_x = ephemeral.exchange(X25519PublicKey.from_public_bytes(x25519))
    encapsulated = ephemeral.public_key().public_bytes_raw()
    shared = _combine(shared_m, shared_x, encapsulated, x25519)
    key, nonce = _key_schedule(shared, info)
    return ciphertext + encapsulated + AESGCM(key).encrypt(nonce, body, b"")


def hpke_shared_secret(seed: bytes, enc: bytes) -> bytes:
    mlkem, x25519 = sealing_keys(seed)
    ciphertext, ephemeral = enc[:1088], enc[1088:]
    shared_x = x25519.exchange(X25519PublicKey.from_public_bytes(ephemeral))
    public = x25519.public_key().public_bytes_raw()
    return _combine(mlkem.decapsulate(ciphertext), shared_x, ephemeral, public)


def hpke_open(seed: bytes, info: bytes, sealed: bytes) -> bytes:
    require(len(sealed) >= _ENC_BYTES + 16, "cannot-open")
    key, nonce = _key_schedule(hpke_shared_secret(seed, sealed[:_ENC_BYTES]), info)
    try:
        return AESGCM(key).decrypt(nonce, sealed[_ENC_BYTES:], b"")
    except InvalidTag as error:
        raise RefusedError("cannot-open") from error


def envelope_message(context_line: bytes, size: int, digest: str) -> bytes:
    return pae(b"MOJ/1 envelope", context_line, str(size).encode(), bytes.fromhex(digest))


def open_envelope(data: bytes, card: Json, seal_seed: bytes) -> tuple[Json, bytes]:
    """Context and opened body of an envelope."""
    lines = data[:16384].split(b"\n", 3)
    require(len(lines) == 4 and lines[0] == b"MOJ/1", "header-invalid")
    context, third = decode(lines[1], "header-invalid"), decode(lines[2], "header-invalid")
    require(set(third) == {"bytes", "sha256", "signature"}, "header-invalid")
    signature = from_base64(third["signature"], "header-invalid")
    require(context["sender"] == card["party"], "sender-mismatch")
    verify(card, envelope_message(lines[1], third["bytes"], third["sha256"]), signature)
    body = data[sum(len(line) + 1 for line in lines[:3]) :]
    digest = hashlib.sha256(body).hexdigest()
    require((len(body), digest) == (third["bytes"], third["sha256"]), "body-altered")
    return context, hpke_open(seal_seed, lines[1], body)


def seal_envelope(context: Json, body: bytes, sign_seed: bytes, recipient: bytes) -> bytes:
    line = encode(context)
    sealed = hpke_seal(recipient, line, body)
    digest = hashlib.sha256(sealed).hexdigest()
    signature = sign(sign_seed, envelope_message(line, len(sealed), digest))
    third = {"bytes": len(sealed), "sha256": digest,
             "signature": base64.b64encode(signature).decode()}  # fmt: skip
    return b"\n".join((b"MOJ/1", line, encode(third), sealed))


def statement_message(document: Json) -> bytes:
    return pae(b"MOJ/1 statement", document["kind"].encode(), encode(document["body"]))


def read_statement(data: bytes) -> Json:
    document = decode(data.removesuffix(b"\n"))
    require(isinstance(document, dict), "statement-invalid")
    require(set(document) == {"kind", "body", "signatures"}, "statement-invalid")
    require(document["kind"] in _KINDS, "statement-invalid")
    require(isinstance(document["signatures"], list), "statement-invalid")
    for entry in document["signatures"]:
        require(set(entry) == {"party", "fingerprint", "value"}, "statement-invalid")
        from_base64(entry["value"], "statement-invalid")
    return dict(document)


def check_signed(document: Json, card: Json) -> None:
    for entry in document["signatures"]:
        if (entry["party"], entry["fingerprint"]) == (card["party"], fingerprint(card)):
            signature = from_base64(entry["value"], "statement-invalid")
            verify(card, statement_message(document), signature)
            return
    raise RefusedError("signature-missing")


def signature_entry(document: Json, card: Json, sign_seed: bytes) -> Json:
    value = base64.b64encode(sign(sign_seed, statement_message(document))).decode()
    return {"party": card["party"], "fingerprint": fingerprint(card), "value": value}


def ledger_message(entry: Json) -> bytes:
    return pae(
        b"MOJ/1 ledger entry", str(entry["seq"]).encode(), entry["at"].encode(),
        entry["event"].encode(), encode(entry["body"]), bytes.fromhex(entry["previous"]),
    )  # fmt: skip


def verify_ledger(
    lines: Iterable[bytes],
    card: Json,
    witnesses: Sequence[Sequence[Any]],
    events: set[str],
) -> tuple[int, str] | int:
    """Number and hash of the last entry; or the number of the first bad one alone."""
    head = (0, "0" * 64)
    seen: dict[int, set[str]] = {}
    for seq, digest in witnesses:
        seen.setdefault(seq, set()).add(digest)
    for number, line in enumerate(lines, start=1):
        try:
            entry = decode(line)
            fields = {"seq", "at", "event", "body", "previous", "sha256", "signature"}
            require(set(entry) == fields and entry["event"] in events, "ledger-line-invalid")
            digest = hashlib.sha256(ledger_message(entry)).hexdigest()
            require(digest == entry["sha256"], "ledger-line-invalid")
            require((entry["seq"], entry["previous"]) == (number, head[1]), "ledger-link-broken")
            signature = from_base64(entry["signature"], "ledger-line-invalid")
            verify(card, ledger_message(entry), signature)
            require(seen.pop(number, {digest}) == {digest}, "ledger-broken")
        except RefusedError:
            return number
        head = (number, digest)
    return head[0] + 1 if seen else head
