"""Vectors of what everything else is made of: canonical bytes, identities, numbers, keys."""

from __future__ import annotations

import hashlib
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from deploy.vectors.parties import PARTIES, ROUND, ChangedError, Json, b64, refusal, seed
from linker.linkage.rekey import link_ids, link_key
from shared.canonical import canonical_json, pae
from shared.hashing.normalise import normalise, normalise_column
from shared.hashing.pseudonym import CANARIES, calibration, derive_key, pseudonyms
from shared.identity import Identity, sealing_public_bytes
from shared.redaction import Secret

PASSPHRASE: Final = "een openbare zin"  # noqa: S105 - public, of a test vector


def _nested(levels: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(levels - 1):
        inner = [inner]
    return inner


VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 9007199254740991, -9007199254740991, "", "a/b", '"\\', "\xa0",
    "é", "€", "\U0001f600", [], {}, [1, [2, {}]], {"b": 1, "a": 2, "B": 3, "": 4},
    {"\uffff": 1, "\U00010000": 2, "é": 3}, _nested(32),
)  # fmt: skip
SPELLINGS = {
    "white space": b'{"a": 1}', "order of keys": b'{"b":1,"a":2}', "key twice": b'{"a":1,"a":1}',
    "fraction": b"1.0", "exponent": b"1e2", "minus zero": b"-0", "leading zero": b"01",
    "plus": b"+1", "not a number": b"NaN", "raw UTF-8": '"é"'.encode(), "upper-case escape":
    b'"\\u00E9"', "needless escape": b'"\\u0061"', "escaped solidus": b'"\\/"',
    "long escape": b'"\\u000a"', "raw control": b'"\n"', "trailing comma": b"[1,]",
    "control character": b'"\\u0000"', "newline in a text": b'"\\n"', "tab in a key": b'{"\\t":1}',
    "delete": b'"\\u007f"', "control character of Latin-1": b'"\\u0085"', "half a character":
    b'"\\ud83d"', "halves the wrong way round": b'"\\ude00\\ud83d"', "too large":
    b"9007199254740992", "too small": b"-9007199254740992", "33 levels": b"[" * 33 + b"]" * 33,
    "byte order mark": b"\xef\xbb\xbf1", "two values": b"1 2", "newline": b"1\n", "nothing": b"",
}  # fmt: skip
RAW_NUMBERS = (
    "999000007", "999 000 019", "999-000-019", "9990.00.007", "999\u00a0000\u00a0019", "00000012",
    "000000012", "109900012", "", " .-", "99900000A", "999000007\t", "٩٩٩٠٠٠٠٠٧", "9990000",
    "9990000070", "0", "0000000", "000000000", "111111110", "123456782", "999999999", "999000008",
    "999000001", "999000002",
)  # fmt: skip


def canonical_vectors() -> Json:
    """Values with their one spelling, and spellings that are refused."""
    return {
        "valid": [{"value": each, "bytes": canonical_json(each).decode()} for each in VALUES],
        "invalid": [{"why": why, "hex": data.hex()} for why, data in SPELLINGS.items()],
        "refused": "not-canonical",
    }


def pae_vectors() -> list[Json]:
    """Lists of pieces with their encoding."""
    every: tuple[tuple[bytes, ...], ...] = ((), (b"",), (b"a", b"b"), (b"ab",), (b"MOJ/1", b"\0"))
    return [{"pieces": [p.hex() for p in each], "bytes": pae(*each).hex()} for each in every]


def identity_vectors(old: Json) -> Json:
    """Seeds, cards, fingerprints and private files."""
    with tempfile.TemporaryDirectory() as name:
        locked = Path(name) / "locked.json"
        plain = Path(name) / "plain.json"
        PARTIES["gm0197"].save(plain)
        PARTIES["gm0197"].save(locked, PASSPHRASE)
        files = {"plain": plain.read_text().rstrip(), "locked": locked.read_text().rstrip()}
        locked.write_text(old.get("files", {}).get("locked", "{}"))
        if not refusal(lambda: _check_same(Identity.load(locked, PASSPHRASE))):
            files["locked"] = locked.read_text()
    return {
        "parties": [
            {
                "sign_seed": each.sign_seed.reveal().hex(),
                "seal_seed": each.seal_seed.reveal().hex(),
                "seal_stream": hashlib.shake_256(each.seal_seed.reveal()).hexdigest(96),
                "card": each.card.model_dump(mode="json"),
                "fingerprint": each.card.fingerprint,
            }
            for each in PARTIES.values()
        ],
        "passphrase": PASSPHRASE,
        "files": files,
    }


def _check_same(found: Identity) -> None:
    if found != PARTIES["gm0197"]:
        raise ChangedError


def card_vectors() -> Json:
    """Fields that no card can have, and when and as whom a card is good."""
    card = PARTIES["gm0197"].card
    wrong: tuple[Json, ...] = (
        {"party": "GM0197"}, {"party": "g" * 32}, {"role": "owner"}, {"name": ""},
        {"name": "n" * 121}, {"sign_key": card.sign_key.upper()}, {"sign_key": card.sign_key[2:]},
        {"valid_until": "31-12-2028"}, {"format": "MOJ/1 card"},
    )  # fmt: skip
    return {
        "party": "gm0197",
        "refused_fields": [{"change": each, "refused": "card-invalid"} for each in wrong],
        "days": [
            {"day": "2026-01-01", "refused": ""},
            {"day": "2028-12-31", "refused": ""},
            {"day": "2025-12-31", "refused": "card-not-valid"},
            {"day": "2029-01-01", "refused": "card-not-valid"},
        ],
        "pins": [
            {"fingerprint": card.fingerprint, "role": "supplier", "refused": ""},
            {"fingerprint": card.fingerprint, "role": "linker", "refused": "card-not-pinned"},
            {"fingerprint": "0" * 64, "role": "supplier", "refused": "card-not-pinned"},
        ],
    }


def number_vectors() -> list[Json]:
    """Raw texts with their one spelling, or with why they are refused."""
    found: list[Json] = []
    for raw in RAW_NUMBERS:
        number = normalise_column(pa.array([raw], pa.string())).numbers[0].as_py()
        refused = "" if number else refusal(partial(normalise, raw))
        found.append({"raw": raw, "number": number or "", "refused": refused})
    return found


def secret_key() -> bytes:
    """The pseudonym key of the vectors' round."""
    return derive_key(seed("round secret"), ROUND)


def pseudonym_vectors() -> Json:
    """From a round secret to pseudonyms and their calibration."""
    numbers = normalise_column(pa.array(CANARIES, pa.string())).numbers
    made = pseudonyms(secret_key(), numbers).to_pylist()
    return {
        "secret": seed("round secret").hex(),
        "round_id": ROUND,
        "key": secret_key().hex(),
        "canaries": [
            {"raw": raw, "number": number, "pseudonym": value.hex()}
            for raw, number, value in zip(CANARIES, numbers.to_pylist(), made, strict=True)
        ],
        "calibration": calibration(secret_key()),
        "refused_secrets": [{"hex": "00" * size, "refused": "secret-invalid"} for size in (31, 33)],
    }


def round_seed(service: str, purpose: str) -> bytes:
    """What a service derives from its seed of the round."""
    info = f"MOJ/1 {purpose}\0{ROUND}".encode()
    return HKDFExpand(SHA256(), 32, info).derive(seed(f"{service} round"))


def round_key_vectors() -> Json:
    """From a service's seed of a round to its keys and to a link id."""
    pseudonym = bytes.fromhex(pseudonym_vectors()["canaries"][0]["pseudonym"])
    key = link_key(round_seed("koppelaar", "relink"), ROUND)
    ids = link_ids(key, pa.array([pseudonym], pa.binary(32)))
    return {
        "round_seed": seed("koppelaar round").hex(),
        "round_id": ROUND,
        "seal_seed": round_seed("koppelaar", "seal").hex(),
        "seal_key": b64(sealing_public_bytes(Secret(round_seed("koppelaar", "seal")))),
        "link_seed": round_seed("koppelaar", "relink").hex(),
        "storage_key": round_seed("koppelaar", "storage").hex(),
        "link_key": key.hex(),
        "pseudonym": pseudonym.hex(),
        "link_id": ids[0].as_py().hex(),
    }
