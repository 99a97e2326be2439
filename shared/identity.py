"""Who a party is: two seeds that it keeps, and a card that it shows.

An identity signs with Ed25519 and opens what is sealed to it with ML-KEM-768 + X25519. Both
key pairs come from 32-byte seeds, so that a copy is two short strings.

Source: DESIGN 3.1; RFC 8032; FIPS 203; RFC 9180 for the suite that uses the sealing key.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.canonical import (
    canonical_json,
    from_base64,
    pae,
    parse_line,
    sha256_hex,
    to_base64,
)
from shared.errors import ConfigurationError, InputError, TrustError
from shared.files import PRIVATE, check_private, read_file, write_whole
from shared.passphrase import Hardness
from shared.redaction import Secret

SEED_BYTES = 32
SIGNATURE_BYTES = 64
_MLKEM_PUBLIC_BYTES = 1184
SEAL_KEY_BYTES = _MLKEM_PUBLIC_BYTES + 32
_TAG_BYTES = 16
_KDF = "argon2id"
PASSPHRASE = "MOJ_PASSPHRASE"  # noqa: S105 - the name of a variable, not a secret
_FORMAT = "MOJ/1 identity"

PartyId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _checked_seal_key(text: str) -> str:
    from_base64(text, SEAL_KEY_BYTES)
    return text


SealKey = Annotated[str, AfterValidator(_checked_seal_key)]
"""ML-KEM-768 and X25519 public keys together, 1216 bytes in base64."""
PlainText = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
"""A name as people write it: no control characters, which a terminal would obey."""


class Role(StrEnum):
    """What a party does."""

    KEY_OFFICE = "key_office"
    SUPPLIER = "supplier"
    LINKER = "linker"
    PUBLISHER = "publisher"
    APPROVER = "approver"
    AUDITOR = "auditor"


class Card(BaseModel):
    """The public face of an identity.

    Attributes:
        sign_key: Ed25519 public key, hexadecimal.
        seal_key: ML-KEM-768 and X25519 public keys together, base64.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    party: PartyId
    role: Role
    name: PlainText
    organisation: PlainText
    sign_key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    seal_key: SealKey
    valid_from: date
    valid_until: date

    @property
    def fingerprint(self) -> str:
        """SHA-256 over party, role and both keys: what an agreement pins, hexadecimal."""
        return sha256_hex(
            pae(
                b"MOJ/1 fingerprint",
                self.party.encode(),
                self.role.encode(),
                bytes.fromhex(self.sign_key),
                from_base64(self.seal_key, SEAL_KEY_BYTES),
            )
        )

    def check_valid_on(self, day: date) -> None:
        """Refuse a card outside its validity.

        Raises:
            TrustError: ``card-not-valid``.
        """
        if not self.valid_from <= day <= self.valid_until:
            raise TrustError(
                "card-not-valid",
                f"expected a card of {self.party} valid on {day}, "
                f"found one from {self.valid_from} to {self.valid_until}",
                hint="ask the party for a new card and pin its fingerprint",
                about=self.party,
            )

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check an Ed25519 signature of this party.

        Raises:
            TrustError: ``signature-invalid``.
        """
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.sign_key))
        try:
            key.verify(signature, message)
        except InvalidSignature as error:
            raise TrustError(
                "signature-invalid",
                f"expected a signature of {self.party}, found one that does not fit",
                hint="the file was altered, or another party made it; ask the sender",
                about=self.party,
            ) from error

    def sealing_key(self) -> MLKEM768X25519PublicKey:
        """The public key to seal to."""
        return sealing_public_key(from_base64(self.seal_key, SEAL_KEY_BYTES))


def sealing_public_key(data: bytes) -> MLKEM768X25519PublicKey:
    """Read ML-KEM-768 (1184 bytes) and X25519 (32 bytes) public keys.

    Raises:
        InputError: ``seal-key-invalid``.
    """
    try:
        if len(data) != SEAL_KEY_BYTES:
            raise ValueError("wrong length")
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(data[:_MLKEM_PUBLIC_BYTES]),
            X25519PublicKey.from_public_bytes(data[_MLKEM_PUBLIC_BYTES:]),
        )
    except ValueError as error:
        raise InputError(
            "seal-key-invalid",
            "expected an ML-KEM-768 and X25519 public key of 1216 bytes",
            hint="ask the party for its card again",
        ) from error


def sealing_private_key(seed: Secret) -> MLKEM768X25519PrivateKey:
    """The private key of a 32-byte seed: SHAKE256 gives ML-KEM's 64 bytes, then X25519's 32."""
    stream = hashlib.shake_256(seed.reveal()).digest(96)
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(stream[:64]),
        X25519PrivateKey.from_private_bytes(stream[64:]),
    )


def sealing_public_bytes(seed: Secret) -> bytes:
    """The public half of ``sealing_private_key``: ML-KEM-768 ‖ X25519, 1216 bytes."""
    stream = hashlib.shake_256(seed.reveal()).digest(96)
    return (
        MLKEM768PrivateKey.from_seed_bytes(stream[:64]).public_key().public_bytes_raw()
        + X25519PrivateKey.from_private_bytes(stream[64:]).public_key().public_bytes_raw()
    )


@dataclass(frozen=True, slots=True)
class Identity:
    """A party's own card with the seeds behind it."""

    card: Card
    sign_seed: Secret
    seal_seed: Secret

    @classmethod
    def create(
        cls,
        *,
        party: str,
        role: Role,
        name: str,
        organisation: str,
        valid_from: date,
        valid_until: date,
    ) -> Identity:
        """Make a new identity from the system's randomness."""
        sign_seed, seal_seed = Secret(os.urandom(SEED_BYTES)), Secret(os.urandom(SEED_BYTES))
        public = Ed25519PrivateKey.from_private_bytes(sign_seed.reveal()).public_key()
        card = Card(
            party=party,
            role=role,
            name=name,
            organisation=organisation,
            sign_key=public.public_bytes_raw().hex(),
            seal_key=to_base64(sealing_public_bytes(seal_seed)),
            valid_from=valid_from,
            valid_until=valid_until,
        )
        return cls(card, sign_seed, seal_seed)

    @property
    def party(self) -> str:
        """The party's id."""
        return self.card.party

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.sign_seed.reveal()).sign(message)

    def opening_key(self) -> MLKEM768X25519PrivateKey:
        """The private key that opens what is sealed to this party."""
        return sealing_private_key(self.seal_seed)

    def save(self, path: Path, passphrase: str | None = None) -> None:
        """Write the private file, mode 0600, under a passphrase if given."""
        seeds = self.sign_seed.reveal() + self.seal_seed.reveal()
        document: dict[str, Any] = {
            "format": _FORMAT,
            "card": self.card.model_dump(mode="json"),
        }
        if passphrase is None:
            document["seeds"] = to_base64(seeds)
        else:
            salt, nonce = os.urandom(16), os.urandom(12)
            hard = Hardness()
            key = hard.key(passphrase, salt)
            box = AESGCM(key).encrypt(nonce, seeds, canonical_json(document["card"]))
            document["sealed"] = {
                "kdf": _KDF,
                "passes": hard.passes,
                "lanes": hard.lanes,
                "memory_kib": hard.memory_kib,
                "salt": salt.hex(),
                "nonce": nonce.hex(),
                "box": to_base64(box),
            }
        write_whole(path, canonical_json(document) + b"\n", mode=PRIVATE)

    @classmethod
    def load(cls, path: Path, passphrase: str | None = None) -> Identity:
        """Read a private file.

        Raises:
            ConfigurationError: ``identity-invalid``, ``secret-readable``, ``passphrase-needed`` or
                ``passphrase-wrong``.
        """
        data = read_file(path, "a private identity file")
        check_private(path)
        try:
            document = parse_line(data)
            if document["format"] != _FORMAT:
                raise ValueError("other format")
            seeds = _open_seeds(document, passphrase)
            sign, seal = Secret(seeds[:SEED_BYTES]), Secret(seeds[SEED_BYTES:])
            identity = cls(parse_card(document["card"]), sign, seal)
            identity.check_own_card()
        except (ValueError, KeyError, TypeError, InputError) as error:
            raise ConfigurationError(
                "identity-invalid",
                f"expected a private identity in {path.name}",
                hint="restore the file from your safe copy, or make a new identity",
                about=path.name,
            ) from error
        return identity

    def check_own_card(self) -> None:
        """Refuse the card of other seeds.

        Raises:
            ValueError: the card is not of this identity.
        """
        public = Ed25519PrivateKey.from_private_bytes(self.sign_seed.reveal()).public_key()
        own = (public.public_bytes_raw().hex(), to_base64(sealing_public_bytes(self.seal_seed)))
        if own != (self.card.sign_key, self.card.seal_key):
            raise ValueError("the card of other seeds")


def _open_seeds(document: dict[str, Any], passphrase: str | None) -> bytes:
    if "seeds" in document:
        return from_base64(document["seeds"], 2 * SEED_BYTES)
    sealed = document["sealed"]
    if sealed["kdf"] != _KDF:
        raise ValueError("another way from passphrase to key")
    if passphrase is None:
        raise ConfigurationError(
            "passphrase-needed",
            "expected a passphrase for this identity, got none",
            hint=f"set it in the environment variable {PASSPHRASE}",
        )
    hard = Hardness(sealed["passes"], sealed["lanes"], sealed["memory_kib"])
    key = hard.key(passphrase, bytes.fromhex(sealed["salt"]))
    try:
        return AESGCM(key).decrypt(
            bytes.fromhex(sealed["nonce"]),
            from_base64(sealed["box"], 2 * SEED_BYTES + _TAG_BYTES),
            canonical_json(document["card"]),
        )
    except InvalidTag as error:
        raise ConfigurationError(
            "passphrase-wrong",
            "expected the passphrase of this identity, got another",
            hint="try again; without it a new identity is needed",
        ) from error


def save_card(card: Card, path: Path, *, replace: bool = False) -> None:
    """Write a card as canonical JSON."""
    write_whole(path, canonical_json(card.model_dump(mode="json")) + b"\n", replace=replace)


def load_card(path: Path) -> Card:
    """Read a card; whether to trust it is the reader's pin, not the card.

    Raises:
        InputError: ``card-invalid``.
    """
    try:
        return parse_card(parse_line(read_file(path, "a card")))
    except (ValueError, TypeError) as error:
        raise InputError(
            "card-invalid",
            f"expected a card in {path.name}",
            hint="ask the party for its card again",
            about=path.name,
        ) from error


def parse_card(document: Any) -> Card:
    """A card from JSON, in its one spelling.

    Raises:
        ValueError: other fields, values or spelling.
    """
    card = Card.model_validate(document)
    if card.model_dump(mode="json") != document:
        raise ValueError("another spelling of the card")
    return card


def check_pinned(card: Card, fingerprint: str, *, role: Role) -> None:
    """Refuse a card that is not the pinned one.

    Raises:
        TrustError: ``card-not-pinned``.
    """
    if card.role is not role or card.fingerprint != fingerprint:
        raise TrustError(
            "card-not-pinned",
            f"expected the card of {card.party} as {role} with the pinned fingerprint "
            f"{fingerprint[:16]}…, found {card.role} {card.fingerprint[:16]}…",
            hint="compare the fingerprint with the signed agreement; if they differ, stop and call",
            about=card.party,
        )
