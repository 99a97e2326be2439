"""What a data officer would write with pandas: read, check, pseudonymise, derive, encrypt.

Independent of this project: its own normalisation (python-stdnum), HKDF and HMAC (standard
library). ``plain.py FILE SECRET ROUND PUBLIC_KEY OUT`` writes one encrypted CSV file
and prints its number of rows.
"""

from __future__ import annotations

import hashlib
import hmac
import sys
from pathlib import Path

import pandas as pd
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite
from stdnum.nl import bsn

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
INFO = b"plain script"
SENTINELS = {"111111110", "123456782"}
EDUCATION = {
    "BO": 0, "SBO": 0, "SO": 0, "VSO": 0, "PRO": 0, "VMBO-BK": 2, "VMBO-GT": 3, "HAVO": 4, "VWO": 5,
}  # fmt: skip


def derive_key(secret: bytes, round_id: str) -> bytes:
    """HKDF-Expand to 32 bytes: one block."""
    info = b"MOJ/1 pseudonym\x00" + round_id.encode()
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()


def pseudonym(key: bytes, number: str) -> str:
    """HMAC of the number with its prefix, as hexadecimal text."""
    return hmac.new(key, b"bsn:" + number.encode(), hashlib.sha256).hexdigest()


def main(file: str, secret: str, round_id: str, public_key: str, out: str) -> None:
    """Do the job."""
    key = derive_key(Path(secret).read_bytes(), round_id)
    pupils = pd.read_csv(file, sep=";", dtype=str, keep_default_na=False)
    number = pupils["pgn"].map(bsn.compact)
    good = number.map(bsn.is_valid) & ~number.isin(SENTINELS)
    pupils, number = pupils[good], number[good]
    born = pd.to_datetime(pupils["geboortedatum"], format="%d-%m-%Y")
    counted = pd.to_datetime(pupils["peildatum"], format="%d-%m-%Y")
    birthday_passed = (counted.dt.month * 100 + counted.dt.day) >= (
        born.dt.month * 100 + born.dt.day
    )
    delivery = pd.DataFrame(
        {
            "pseudonym": number.map(lambda value: pseudonym(key, value)),
            "period": pupils["schooljaar"].str[2:4].astype(int),
            "school": pupils["vestigingscode"].str.upper(),
            "education": pupils["onderwijssoort"].map(EDUCATION),
            "residence": pupils["woongemeente"].astype(int),
            "age": counted.dt.year - born.dt.year - (~birthday_passed).astype(int),
            "linkable": pupils["pgn_type"].eq("B"),
            "main": pupils["hoofdinschrijving"].eq("J"),
        }
    )
    body = delivery.to_csv(index=False).encode()
    octets = Path(public_key).read_bytes()
    recipient = MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(octets[:1184]),
        X25519PublicKey.from_public_bytes(octets[1184:]),
    )
    Path(out).write_bytes(SUITE.encrypt(body, recipient, info=INFO))
    print(len(delivery))


if __name__ == "__main__":
    main(*sys.argv[1:])
