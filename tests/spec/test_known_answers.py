"""Known answers: the cryptography that we build on gives what its standards say, on every release.

Vectors are of others: the package cryptography-vectors (RFC 4231, 5869, 7748, 8032, 9180, FIPS 203)
and C2SP's Wycheproof, which is read beside the project. They go through the product's own functions
wherever those take the input, else through the same primitive as the product. Each test counts
what it ran: a file that became empty fails.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import cryptography
import cryptography_vectors
import numpy as np
import pyarrow as pa
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP521R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from linker.linkage.rekey import link_ids
from shared.canonical import to_base64
from shared.envelope import SUITE
from shared.errors import TrustError
from shared.hashing.pseudonym import pseudonyms
from shared.identity import (
    SEAL_KEY_BYTES,
    Card,
    Identity,
    Role,
    sealing_private_key,
    sealing_public_bytes,
)
from shared.redaction import Secret
from tests.support import vectors as second

WYCHEPROOF = Path(__file__).parents[2] / ".." / "shared" / "vectors" / "wycheproof"
ENOUGH_MLKEM = 100
KEMS = {0x10: KEM.P256, 0x12: KEM.P521, 0x20: KEM.X25519}
KDFS = {1: KDF.HKDF_SHA256, 3: KDF.HKDF_SHA512, 0x11: KDF.SHAKE256}
AEADS = {1: AEAD.AES_128_GCM, 2: AEAD.AES_256_GCM, 3: AEAD.CHACHA20_POLY1305}


def lines_of(name: str) -> Iterator[str]:
    with cryptography_vectors.open_vector_file(name, "r") as file:
        for line in file:
            yield line.strip()


def records_of(name: str, last: str) -> Iterator[dict[str, str]]:
    """Records of lines ``key = value``, each of which ends with the key ``last``."""
    record: dict[str, str] = {}
    for line in lines_of(name):
        if "=" in line and not line.startswith("#"):
            key, _, value = (part.strip() for part in line.partition("="))
            record[key] = value
            if key == last:
                yield record
                record = {}


def json_of(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads("\n".join(lines_of(name)))
    return found


def wycheproof(name: str) -> list[dict[str, Any]]:
    """Every case of a file, with its group's fields."""
    path = WYCHEPROOF / f"{name}_test.json"
    if not path.is_file():
        pytest.skip("reference_data: no Wycheproof vectors beside the project")
    document = json.loads(path.read_text(encoding="utf-8"))
    found = [
        {**{key: value for key, value in group.items() if key != "tests"}, **case}
        for group in document["testGroups"]
        for case in group["tests"]
    ]
    assert len(found) == document["numberOfTests"]
    return found


def octets(record: dict[str, Any], *names: str) -> Iterator[bytes]:
    for name in names:
        yield bytes.fromhex(record[name])


SEAL_KEY = to_base64(bytes(SEAL_KEY_BYTES))
"""Any: these vectors only sign."""


def card_of(sign_key: bytes) -> Card:
    return Card(
        party="vector", role=Role.AUDITOR, name="vector", organisation="vector",
        sign_key=sign_key.hex(), seal_key=SEAL_KEY, valid_from=date(2026, 1, 1),
        valid_until=date(2026, 1, 1),
    )  # fmt: skip


def verifies(card: Card, message: bytes, signature: bytes) -> bool:
    try:
        card.verify(message, signature)
    except TrustError:
        return False
    return True


def hmac_of(key: bytes, message: bytes) -> bytes:
    """The pseudonym of any bytes: the product's own HMAC, past the check that they are text."""
    offsets = np.array([0, len(message)], np.int32)
    numbers = pa.StringArray.from_buffers(1, pa.py_buffer(offsets), pa.py_buffer(message))
    (found,) = pseudonyms(key, numbers).to_pylist()
    return bytes(found)


def test_the_vectors_are_of_the_release_that_is_installed() -> None:
    assert cryptography_vectors.__version__ == cryptography.__version__


# --- HMAC and HKDF -----------------------------------------------------------------------------


def test_rfc_4231() -> None:
    ran = 0
    for record in records_of("HMAC/rfc-4231-sha256.txt", "MD"):
        key, message, expected = octets(record, "Key", "Msg", "MD")
        assert hmac_of(key, message) == second.hkdf_extract(key, message) == expected
        ran += 1
    assert ran >= 6


@pytest.mark.reference_data
def test_wycheproof_hmac() -> None:
    ran = linked = 0
    for case in wycheproof("hmac_sha256"):
        key, message, tag = octets(case, "key", "msg", "tag")
        fits = hmac_of(key, message)[: case["tagSize"] // 8] == tag
        assert fits == (case["result"] == "valid"), case["tcId"]
        if len(message) == 32 and case["tagSize"] == 128:  # as a link id is made
            (link_id,) = link_ids(key, pa.array([message], pa.binary(32))).to_pylist()
            assert link_id == tag
            linked += 1
        ran += 1
    assert ran >= 174
    assert linked >= 3


def test_rfc_5869() -> None:
    ran = 0
    for record in records_of("KDF/rfc-5869-HKDF-SHA256.txt", "OKM"):
        key, salt, info, prk, expected = octets(record, "IKM", "salt", "info", "PRK", "OKM")
        length = int(record["L"])
        assert HKDF(SHA256(), length, salt, info).derive(key) == expected
        assert HKDFExpand(SHA256(), length, info).derive(prk) == expected
        assert second.hkdf_extract(salt or bytes(32), key) == prk
        assert second.hkdf_expand(prk, info, length) == expected
        ran += 1
    assert ran >= 3


@pytest.mark.reference_data
def test_wycheproof_hkdf() -> None:
    ran = 0
    for case in wycheproof("hkdf_sha256"):
        key, salt, info, expected = octets(case, "ikm", "salt", "info", "okm")
        if case["result"] == "invalid":  # SizeTooLarge: more than 255 blocks
            assert case["flags"] == ["SizeTooLarge"]
            with pytest.raises(ValueError, match="large"):
                HKDF(SHA256(), case["size"], salt, info).derive(key)
        else:
            assert HKDF(SHA256(), case["size"], salt, info).derive(key) == expected
            prk = second.hkdf_extract(salt or bytes(32), key)
            assert second.hkdf_expand(prk, info, case["size"]) == expected
            assert HKDFExpand(SHA256(), case["size"], info).derive(prk) == expected
        ran += 1
    assert ran >= 86


# --- Ed25519 -----------------------------------------------------------------------------------


def test_rfc_8032() -> None:
    ran = 0
    for line in lines_of("asymmetric/Ed25519/sign.input"):
        private, public, message, signed = (bytes.fromhex(part) for part in line.split(":")[:4])
        card = card_of(public)
        identity = Identity(card, Secret(private[:32]), Secret(bytes(32)))
        assert identity.sign(message) == signed[:64]
        assert verifies(card, message, signed[:64])
        assert not verifies(card, message + b"\0", signed[:64])
        ran += 1
    assert ran >= 1024


@pytest.mark.reference_data
def test_wycheproof_ed25519() -> None:
    results = {"valid": 0, "invalid": 0}
    for case in wycheproof("ed25519"):
        message, signature = octets(case, "msg", "sig")
        card = card_of(bytes.fromhex(case["publicKey"]["pk"]))
        assert verifies(card, message, signature) == (case["result"] == "valid"), case["tcId"]
        results[case["result"]] += 1
    assert results["valid"] >= 88
    assert results["invalid"] >= 63


# --- key agreement -----------------------------------------------------------------------------


def test_rfc_7748() -> None:
    ran = 0
    for record in records_of("asymmetric/X25519/rfc7748.txt", "OUTPUT_U"):
        scalar, point, expected = octets(record, "INPUT_SCALAR", "INPUT_U", "OUTPUT_U")
        private = X25519PrivateKey.from_private_bytes(scalar)
        assert private.exchange(X25519PublicKey.from_public_bytes(point)) == expected
        ran += 1
    assert ran >= 3


@pytest.mark.reference_data
def test_wycheproof_x25519() -> None:
    """What is *acceptable*, per flag.

    ``ZeroSharedSecret`` (all of ``LowOrderPublic``): refused, as RFC 7748, section 6.1 allows.
    ``Twist``, ``NonCanonicalPublic``, ``SmallPublicKey``, ``EdgeCase…``, ``SpecialPublicKey`` and
    ``Ktv`` without it: computed as RFC 7748, section 5 says. In the hybrid nothing is lost: the
    combiner hashes both public values, and ML-KEM stands beside it.
    """
    computed = refused = 0
    for case in wycheproof("x25519"):
        scalar, point, expected = octets(case, "private", "public", "shared")
        private = X25519PrivateKey.from_private_bytes(scalar)
        public = X25519PublicKey.from_public_bytes(point)
        if "ZeroSharedSecret" in case["flags"]:
            assert case["result"] == "acceptable"
            with pytest.raises(ValueError, match="shared key"):
                private.exchange(public)
            refused += 1
        else:
            assert private.exchange(public) == expected, case["tcId"]
            computed += 1
    assert computed >= 487
    assert refused >= 31


def test_fips_203_ml_kem_768() -> None:
    """Also for an altered ciphertext, which gives another secret and never an error."""
    ran = 0
    records = records_of("asymmetric/MLKEM/kat_MLKEM_768.rsp", "ss")
    for record in itertools.islice(records, ENOUGH_MLKEM):
        d, z, public = octets(record, "d", "z", "pk")
        private = MLKEM768PrivateKey.from_seed_bytes(d + z)
        assert private.public_key().public_bytes_raw() == public
        for ciphertext, secret in (("ct", "ss"), ("ct_n", "ss_n")):
            encapsulated, expected = octets(record, ciphertext, secret)
            assert private.decapsulate(encapsulated) == expected
        ran += 1
    assert ran >= ENOUGH_MLKEM


@pytest.mark.reference_data
def test_wycheproof_ml_kem_768() -> None:
    results = {"valid": 0, "invalid": 0}
    for case in wycheproof("mlkem_768"):
        seed, ciphertext = octets(case, "seed", "c")
        if case["result"] == "invalid":  # a seed or a ciphertext of another length
            with pytest.raises(ValueError, match=r"64 bytes long|Invalid ML-KEM-768 ciphertext"):
                MLKEM768PrivateKey.from_seed_bytes(seed).decapsulate(ciphertext)
        else:
            public, expected = octets(case, "ek", "K")
            private = MLKEM768PrivateKey.from_seed_bytes(seed)
            assert private.public_key().public_bytes_raw() == public
            assert private.decapsulate(ciphertext) == expected, case["tcId"]
        results[case["result"]] += 1
    assert results["valid"] >= 153
    assert results["invalid"] >= 40


# --- AEAD and HPKE -----------------------------------------------------------------------------


@pytest.mark.reference_data
@pytest.mark.parametrize(
    ("name", "cipher", "floor"),
    [("aes_gcm", AESGCM, 197), ("chacha20_poly1305", ChaCha20Poly1305, 316)],
)
def test_wycheproof_aead(
    name: str, cipher: type[AESGCM] | type[ChaCha20Poly1305], floor: int
) -> None:
    """With nonces of 96 bits: the product uses no other, and HPKE neither."""
    ran = 0
    for case in wycheproof(name):
        if case["ivSize"] != 96:
            continue
        key, nonce, extra, message, sealed, tag = octets(
            case, "key", "iv", "aad", "msg", "ct", "tag"
        )
        if case["result"] == "valid":
            assert cipher(key).encrypt(nonce, message, extra) == sealed + tag
            assert cipher(key).decrypt(nonce, sealed + tag, extra) == message
        else:
            with pytest.raises(InvalidTag):
                cipher(key).decrypt(nonce, sealed + tag, extra)
        ran += 1
    assert ran >= floor


def hpke_private_key(case: dict[str, Any]) -> Any:
    (private,) = octets(case, "skRm")
    match case["kem_id"]:
        case 0x20:
            return X25519PrivateKey.from_private_bytes(private)
        case 0x10:
            return derive_private_key(int.from_bytes(private, "big"), SECP256R1())
        case 0x12:
            return derive_private_key(int.from_bytes(private, "big"), SECP521R1())
    return sealing_private_key(Secret(private))  # 0x647a, as the product makes it from a seed


def check_hpke(case: dict[str, Any], suite: Suite) -> None:
    """Open the first message, and refuse it with another info.

    The public call has no associated data, which the product does not use; the vectors do.
    """
    info, enc = octets(case, "info", "enc")
    first = case["encryptions"][0]
    sealed, extra, message = octets(first, "ct", "aad", "pt")
    private = hpke_private_key(case)
    opened = openssl.hpke._decrypt_with_aad(suite, enc + sealed, private, info, extra)
    assert opened == message
    with pytest.raises(InvalidTag):
        openssl.hpke._decrypt_with_aad(suite, enc + sealed, private, info + b"x", extra)
    with pytest.raises(InvalidTag):
        suite.decrypt(enc + sealed, private, info=info)


def test_rfc_9180_base_mode() -> None:
    ran: list[tuple[int, int, int]] = []
    for case in json_of("HPKE/test-vectors.json"):
        ids = case["kem_id"], case["kdf_id"], case["aead_id"]
        if case["mode"] != 0 or ids[0] not in KEMS or ids[2] not in AEADS:
            continue  # other modes, or X448 and export only: the product has none of them
        check_hpke(case, Suite(KEMS[ids[0]], KDFS[ids[1]], AEADS[ids[2]]))
        ran.append(ids)
    assert len(ran) >= 18
    # The key schedule and the cipher of our suite, with another KEM.
    assert {(kem, 1, 2) for kem in KEMS} <= set(ran)


def test_ml_kem_768_with_x25519_in_hpke() -> None:
    """The KEM of our suite, from the seed as the product expands it.

    No vector has exactly our suite: KDF and cipher of it stand in RFC 9180's, the KEM in these.
    """
    ran: list[tuple[int, int]] = []
    for case in json_of("HPKE/hpke-pq-test-vectors.json"):
        if case["kem_id"] != 0x647A:
            continue
        seed, public, enc, shared = octets(case, "skRm", "pkRm", "enc", "shared_secret")
        assert sealing_public_bytes(Secret(seed)) == second.seal_key(seed) == public
        assert second.hpke_shared_secret(seed, enc) == shared
        suite = Suite(KEM.MLKEM768_X25519, KDFS[case["kdf_id"]], AEADS[case["aead_id"]])
        check_hpke(case, suite)
        ran.append((case["kdf_id"], case["aead_id"]))
    assert len(ran) >= 2
    assert (1, 3) in ran
    assert SUITE == "MLKEM768X25519-HKDFSHA256-AES256GCM"
