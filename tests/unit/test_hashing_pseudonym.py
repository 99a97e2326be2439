"""Pseudonyms against the known answers of RFC 4231 and RFC 5869, and by a second computation."""

from __future__ import annotations

import hashlib
import hmac

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from shared.errors import TrustError
from shared.hashing.normalise import normalise
from shared.hashing.pseudonym import CANARIES, calibration, derive_key, pseudonyms

SECRET = bytes(range(32))


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [  # RFC 4231, test cases 1, 2 and 6
        (
            b"\x0b" * 20,
            "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            b"\xaa" * 131,
            "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ],
)
def test_hmac_known_answers(key: bytes, text: str, expected: str) -> None:
    assert pseudonyms(key, pa.array([text])).to_pylist()[0].hex() == expected


def test_hkdf_expand_known_answer() -> None:
    # RFC 5869, test case 1: the expand step on its own
    prk = bytes.fromhex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    info = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9")
    expected = (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    assert HKDFExpand(SHA256(), 42, info).derive(prk).hex() == expected


def test_key_is_one_block_of_hkdf_expand_over_the_round() -> None:
    info = b"MOJ/1 pseudonym\x00" + b"2026-a" + b"\x01"
    assert derive_key(SECRET, "2026-a") == hmac.digest(SECRET, info, "sha256")
    assert derive_key(SECRET, "2026-a") != derive_key(SECRET, "2026-b")


def test_secret_of_another_length_is_refused() -> None:
    with pytest.raises(TrustError) as caught:
        derive_key(b"short", "2026-a")
    assert caught.value.code == "secret-invalid"


def test_calibration_goes_the_whole_way_from_raw_text() -> None:
    key = derive_key(SECRET, "2026-a")
    by_hand = hashlib.sha256()
    for raw in CANARIES:
        by_hand.update(hmac.digest(key, normalise(raw).encode(), "sha256"))
    assert calibration(key) == by_hand.hexdigest()
    assert calibration(key) != calibration(derive_key(SECRET, "2026-b"))


def test_calibration_never_changes() -> None:
    key = derive_key(SECRET, "2026-a")
    assert calibration(key) == CALIBRATION


def test_pseudonyms_of_several_chunks_keep_their_order() -> None:
    key = derive_key(SECRET, "2026-a")
    numbers = [f"bsn:{value:09d}" for value in range(70_000)]
    found = pseudonyms(key, pa.array(numbers))
    for index in (0, 65_535, 65_536, 69_999):
        expected = hmac.digest(key, numbers[index].encode(), "sha256")
        assert found[index].as_py() == expected


def test_a_refused_number_has_no_pseudonym() -> None:
    with pytest.raises(RuntimeError):
        pseudonyms(SECRET, pa.array(["bsn:999000007", None]))


CALIBRATION = "c2c1f2409fec3e98fc7eba2e71f4a9f4b3e4e31715331df92cf156c8224f8c2f"
