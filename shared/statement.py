"""Public signed JSON: what a party states for everyone to check.

A statement is one canonical JSON object: its kind, its body and one or more signatures over
kind and body. Its name is the SHA-256 of kind and body, so that a counter-signature does not
change it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.canonical import (
    canonical_json,
    from_base64,
    pae,
    parse_canonical,
    parse_line,
    sha256_hex,
    to_base64,
)
from shared.errors import InputError, TrustError
from shared.files import read_file, write_whole
from shared.identity import SIGNATURE_BYTES, Card, Identity, PartyId, Sha256


class Kind(StrEnum):
    """What a statement states."""

    REGISTER = "register"  # key office: the parties and their cards
    OFFER = "offer"  # service: the sealing key of one round
    ROUND = "round"  # key office and linker: everything one linkage needs
    RECEIPT = "receipt"  # linker or publisher: an envelope was stored
    MIRROR = "mirror"  # linker: how a delivery stands now, and how much of it was linked
    RELEASE = "release"  # publisher: the bytes that two approvers look at
    APPROVAL = "approval"  # approver: these bytes may be published
    PAGE_DECISION = "page-decision"  # publisher: what an approver decided who signed in
    CHANGE_REQUEST = "change-request"  # approver: these bytes should change first, and why
    WITHDRAWAL = "withdrawal"  # publisher: a release may no longer be used, and why
    ACCESS = "access"  # publisher and another organisation: who may decide on the page
    DESTRUCTION = "destruction"  # service: a round's key and rows are gone


class Body(BaseModel):
    """What a statement says; every kind has its own fields and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")


AnyBody = TypeVar("AnyBody", bound=Body)

_PARTY: TypeAdapter[str] = TypeAdapter(PartyId)
_FINGERPRINT: TypeAdapter[str] = TypeAdapter(Sha256)


@dataclass(frozen=True, slots=True)
class Signature:
    """One party's signature over a statement's kind and body."""

    party: str
    fingerprint: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """A kind, a body in canonical form, and signatures."""

    kind: Kind
    body: bytes
    signatures: tuple[Signature, ...]

    @classmethod
    def make(cls, kind: Kind, body: Body, signer: Identity) -> Statement:
        """State ``body`` and sign it."""
        unsigned = cls(kind, canonical_json(body.model_dump(mode="json")), ())
        return unsigned.countersigned(signer)

    def countersigned(self, signer: Identity) -> Statement:
        """The same statement with one more signature."""
        signature = Signature(signer.party, signer.card.fingerprint, signer.sign(self._message()))
        return replace(self, signatures=(*self.signatures, signature))

    def _message(self) -> bytes:
        return pae(b"MOJ/1 statement", self.kind.value.encode(), self.body)

    @property
    def sha256(self) -> str:
        """The statement's name: the same however often it is countersigned."""
        return sha256_hex(self._message())

    def check_signed_by(self, card: Card) -> None:
        """Refuse a statement without a good signature of ``card``.

        Raises:
            TrustError: ``signature-missing`` or ``signature-invalid``.
        """
        for signature in self.signatures:
            if signature.party == card.party and signature.fingerprint == card.fingerprint:
                card.verify(self._message(), signature.value)
                return
        raise TrustError(
            "signature-missing",
            f"expected a {self.kind} signed by {card.party} with {card.fingerprint[:16]}…, "
            f"found signatures of {', '.join(s.party for s in self.signatures) or 'nobody'}",
            hint="ask the sender for the signed file, and compare fingerprints",
            about=card.party,
        )

    def read(self, kind: Kind, body_type: type[AnyBody]) -> AnyBody:
        """The body as a value of its type.

        Raises:
            InputError: ``statement-invalid`` for another kind or other fields.
        """
        try:
            if self.kind is not kind:
                raise ValueError("other kind")
            body = body_type.model_validate_json(self.body)
            if canonical_json(body.model_dump(mode="json")) != self.body:
                raise ValueError("another spelling of the body")
            return body
        except ValueError as error:
            raise InputError(
                "statement-invalid",
                f"expected a statement of kind {kind} with its fields, found kind {self.kind}",
                hint="the file may be another one, or of another version",
                about=kind,
            ) from error

    def document(self) -> dict[str, Any]:
        """The statement as a JSON object."""
        return {
            "kind": self.kind.value,
            "body": parse_canonical(self.body),
            "signatures": [
                {
                    "party": signature.party,
                    "fingerprint": signature.fingerprint,
                    "value": to_base64(signature.value),
                }
                for signature in self.signatures
            ],
        }

    def to_bytes(self) -> bytes:
        """Canonical JSON and a newline."""
        return canonical_json(self.document()) + b"\n"

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Read a JSON object.

        Raises:
            InputError: ``statement-invalid``.
        """
        try:
            if set(document) != {"kind", "body", "signatures"}:
                raise ValueError("other fields")
            if not isinstance(document["signatures"], list):
                raise ValueError("signatures are a list")
            signatures = tuple(_read_signature(entry) for entry in document["signatures"])
            return cls(Kind(document["kind"]), canonical_json(document["body"]), signatures)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                "statement-invalid",
                "expected a statement: kind, body and signatures",
                hint="the file is another one, or was altered",
            ) from error

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read canonical JSON."""
        return cls.from_document(parse_line(data))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file."""
        return cls.from_bytes(read_file(path, "a statement"))

    def save(self, path: Path, *, replace: bool = False) -> None:
        """Write a file, whole."""
        write_whole(path, self.to_bytes(), replace=replace)


def _read_signature(entry: Any) -> Signature:
    """A signature from JSON: three fields, each in its one spelling."""
    if set(entry) != {"party", "fingerprint", "value"}:
        raise ValueError("other fields")
    return Signature(
        _PARTY.validate_python(entry["party"], strict=True),
        _FINGERPRINT.validate_python(entry["fingerprint"], strict=True),
        from_base64(entry["value"], SIGNATURE_BYTES),
    )
