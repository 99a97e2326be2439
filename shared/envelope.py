"""The envelope: a sealed body behind a header that anyone may read and nobody may change.

Three lines and a body: ``MOJ/1``; the context as canonical JSON; the size, hash and signature
of the body; then one HPKE ciphertext bound to the context line. ``head -3`` shows what left
the building. The signature is checked before a byte of the body is read.

Source: DESIGN 3.4; RFC 9180 (base mode, ``info`` is the context line).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.canonical import (
    canonical_json,
    from_base64,
    pae,
    parse_canonical,
    sha256_hex,
    to_base64,
)
from shared.errors import InputError, TrustError
from shared.identity import SIGNATURE_BYTES, Card, Identity, PartyId, Sha256

MAGIC = b"MOJ/1"
SUITE: Final = "MLKEM768X25519-HKDFSHA256-AES256GCM"
MAX_HEADER_BYTES = 16 * 1024
TARGET_BODY_BYTES = 16 * 1024 * 1024
MAX_BODY_BYTES = 64 * 1024 * 1024

_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


Flag = Annotated[int, Field(ge=0, le=1)]
"""A yes (1) or no (0): headers hold only integers and strings."""


class EnvelopeKind(StrEnum):
    """What an envelope carries."""

    GRANT = "grant"  # key office to supplier: the round secret
    DELIVERY = "delivery"  # supplier to linker: a part of a delivery
    TALLY = "tally"  # linker to publisher: the counts


class Context(BaseModel):
    """What everyone may know about an envelope.

    Attributes:
        previous: SHA-256 of the previous part's ciphertext, empty for part 1.
        part: 1 for a grant and a tally, which are one part.
        supersedes: the delivery that this one replaces, empty for none.
        revision: the revision of a tally, 0 for other kinds.
        rows: rows in this part; 0 for a grant and for objections, whose number nobody needs.
        agreement: version of the agreement under which a supplier delivers, else empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    suite: Literal["MLKEM768X25519-HKDFSHA256-AES256GCM"] = SUITE
    kind: EnvelopeKind
    sender: PartyId
    recipient: PartyId
    round_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,40}$")]
    round_statement: Sha256
    schema_name: Annotated[str, Field(pattern=r"^[a-z]+/[0-9]+$")]
    policy: Sha256
    agreement: Annotated[str, Field(max_length=40)]
    calibration: Sha256
    synthetic: Flag
    delivery: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    part: Annotated[int, Field(ge=1, le=9999)]
    previous: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
    last: Flag
    supersedes: Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")]
    revision: Annotated[int, Field(ge=0, le=9999)] = 0
    rows: Annotated[int, Field(ge=0, le=100_000_000)]
    tool: Annotated[str, Field(pattern=r"^[a-z]+ [0-9A-Za-z.+]{1,30}$")]

    @model_validator(mode="after")
    def _says_what_its_kind_can(self) -> Context:
        if self.kind is not EnvelopeKind.DELIVERY:
            whole = (self.part, self.previous, self.last, self.supersedes, self.rows)
            if whole != (1, "", 1, "", 0) or self.agreement:
                raise ValueError("only a delivery has parts, rows and an agreement")
        if (self.revision > 0) is not (self.kind is EnvelopeKind.TALLY):
            raise ValueError("a tally has a revision, and nothing else has")
        if (self.part == 1) is not (self.previous == ""):
            raise ValueError("each part names the one before it")
        return self

    def line(self) -> bytes:
        """The canonical context line."""
        return canonical_json(self.model_dump(mode="json"))


def _checked_signature(text: str) -> str:
    from_base64(text, SIGNATURE_BYTES)
    return text


class Seal(BaseModel):
    """The third line: size and hash of the ciphertext, and the sender's signature."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: Annotated[int, Field(ge=1, le=MAX_BODY_BYTES)]
    sha256: Sha256
    signature: Annotated[str, AfterValidator(_checked_signature)]


@dataclass(frozen=True, slots=True)
class Header:
    """The three lines, parsed but not yet trusted."""

    context: Context
    seal: Seal

    @property
    def size(self) -> int:
        """Length of the three lines in bytes."""
        return len(self.to_bytes())

    @property
    def sha256(self) -> str:
        """Hash of the ciphertext: the envelope's address."""
        return self.seal.sha256

    def to_bytes(self) -> bytes:
        """The three lines, each with its newline; the ciphertext follows them."""
        third = canonical_json(self.seal.model_dump(mode="json"))
        return b"\n".join((MAGIC, self.context.line(), third, b""))

    def check_signature(self, card: Card) -> None:
        """Refuse a header that ``card`` did not sign.

        Raises:
            TrustError: ``sender-mismatch`` or ``signature-invalid``.
        """
        if card.party != self.context.sender:
            raise TrustError(
                "sender-mismatch",
                f"expected an envelope of {card.party}, found one of {self.context.sender}",
                about=self.context.sender,
            )
        message = _signed_message(self.context.line(), self.seal.bytes, self.seal.sha256)
        card.verify(message, from_base64(self.seal.signature, SIGNATURE_BYTES))


def _signed_message(context_line: bytes, size: int, sha256: str) -> bytes:
    return pae(b"MOJ/1 envelope", context_line, str(size).encode(), bytes.fromhex(sha256))


def seal(
    context: Context, body: bytes, sender: Identity, recipient: MLKEM768X25519PublicKey
) -> bytes:
    """Seal ``body`` to ``recipient`` and sign it as ``sender``; the whole envelope.

    Raises:
        InputError: ``body-too-large``.
    """
    if context.sender != sender.party:
        raise RuntimeError("the context names another sender than the identity that signs")
    line = context.line()
    ciphertext = _SUITE.encrypt(body, recipient, info=line)
    check_body_size(len(ciphertext))
    digest = sha256_hex(ciphertext)
    signature = sender.sign(_signed_message(line, len(ciphertext), digest))
    third = Seal(bytes=len(ciphertext), sha256=digest, signature=to_base64(signature))
    return Header(context, third).to_bytes() + ciphertext


def check_body_size(size: int) -> None:
    """Refuse a body over the limit.

    Raises:
        InputError: ``body-too-large``.
    """
    if size > MAX_BODY_BYTES:
        raise InputError(
            "body-too-large",
            f"expected at most {MAX_BODY_BYTES} bytes in one part, found {size}",
            hint="deliver in more parts",
        )


def read_header(data: bytes) -> Header:
    """Parse the three lines at the start of ``data``; trust nothing yet.

    Raises:
        InputError: ``header-invalid``.
    """
    head = data[:MAX_HEADER_BYTES]
    lines = head.split(b"\n", 3)
    try:
        if len(lines) != 4 or lines[0] != MAGIC:
            raise ValueError("not three lines")
        context = Context.model_validate(parse_canonical(lines[1]))
        if context.line() != lines[1]:
            raise ValueError("another spelling of the context")
        third = Seal.model_validate(parse_canonical(lines[2]))
        if canonical_json(third.model_dump(mode="json")) != lines[2]:
            raise ValueError("another spelling of the seal")
    except (ValueError, InputError) as error:
        raise InputError(
            "header-invalid",
            "expected the three header lines of an MOJ/1 envelope within 16 KiB",
            hint="the file is not an envelope, or was altered on its way; send it again",
        ) from error
    return Header(context, third)


def check_body(header: Header, body: bytes) -> None:
    """Refuse a body of another size or hash than the signed header says.

    Raises:
        TrustError: ``body-altered``.
    """
    if len(body) != header.seal.bytes or hashlib.sha256(body).hexdigest() != header.seal.sha256:
        raise TrustError(
            "body-altered",
            f"expected {header.seal.bytes} bytes with the hash in the header, found other bytes",
            hint="the file was cut off or altered on its way; send it again",
        )


def open_body(header: Header, ciphertext: bytes, key: MLKEM768X25519PrivateKey) -> bytes:
    """Open a body with the recipient's key.

    Raises:
        TrustError: ``cannot-open``.
    """
    try:
        return _SUITE.decrypt(ciphertext, key, info=header.context.line())
    except (InvalidTag, ValueError) as error:
        raise TrustError(
            "cannot-open",
            "expected a body sealed to this key and context, found another",
            hint="it was sealed for another round or recipient, or its key was destroyed",
        ) from error
