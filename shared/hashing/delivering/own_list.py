"""The supplier's own list of objections: sealed to itself, and sealed anew in every round.

Pseudonyms live one round, so the list must hold numbers. At rest it is one sealed file: two
lines that anyone may read (what it is; whose it is and its signature) and an HPKE ciphertext,
padded so that its size does not tell how many people objected. It opens in memory only.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from pydantic import Field

from shared.canonical import canonical_json, from_base64, pae, parse_canonical, to_base64
from shared.errors import InputError, NotFoundError, TrustError
from shared.files import PRIVATE, read_file, write_whole
from shared.identity import SIGNATURE_BYTES, Identity, PartyId
from shared.statement import Body

FILE_NAME = "objections.moj"
_MAGIC = b"MOJ/1 own list"
_BLOCK_BYTES = 16 * 1024
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Entry(Body):
    """One person who objects; ``number`` is normalised and is never shown."""

    number: Annotated[str, Field(pattern=r"^(bsn|onr):[0-9]{9}$", repr=False)]
    added_on: date


class SealedOnce(Body):
    """The list as it was sealed for a round.

    Attributes:
        version: of the list when it was sealed.
        sent: whether the linker gave a receipt.
    """

    round_id: str
    delivery: str
    version: int
    sealed_on: date
    sent: bool = False


class OwnList(Body):
    """The whole list; ``version`` goes up with every change of who is on it."""

    version: Annotated[int, Field(ge=0)] = 0
    entries: tuple[Entry, ...] = ()
    sealed: tuple[SealedOnce, ...] = ()

    def __contains__(self, number: str) -> bool:
        return any(entry.number == number for entry in self.entries)

    @property
    def numbers(self) -> list[str]:
        """Every number once, in order."""
        return sorted(entry.number for entry in self.entries)

    def with_number(self, number: str, day: date) -> OwnList:
        """The list with one person more; the same list where the person is on it."""
        if number in self:
            return self
        entries = (*self.entries, Entry(number=number, added_on=day))
        return self.model_copy(update={"entries": entries, "version": self.version + 1})

    def without_number(self, number: str) -> OwnList:
        """The list with one person less.

        Raises:
            NotFoundError: ``objection-not-listed``.
        """
        if number not in self:
            raise NotFoundError(
                "objection-not-listed",
                "expected a number that is on your list of objections, found that it is not",
                hint="nothing was changed; check the number, and see `hasher object list`",
            )
        entries = tuple(entry for entry in self.entries if entry.number != number)
        return self.model_copy(update={"entries": entries, "version": self.version + 1})

    def with_sealed(self, once: SealedOnce) -> OwnList:
        """The list with a note that it was sealed."""
        return self.model_copy(update={"sealed": (*self.sealed, once)})

    def with_sent(self, delivery: str) -> OwnList:
        """The list with a note that the linker has a delivery that was made of it."""
        sealed = tuple(
            once.model_copy(update={"sent": once.sent or once.delivery == delivery})
            for once in self.sealed
        )
        return self.model_copy(update={"sealed": sealed})

    def last_sent(self, round_id: str) -> str:
        """The delivery of this list that the linker last got for a round, empty for none."""
        sent = [once.delivery for once in self.sealed if once.round_id == round_id and once.sent]
        return sent[-1] if sent else ""

    def is_due(self, round_id: str) -> bool:
        """Whether the list, as it is now, was not sealed for a round yet."""
        versions = [once.version for once in self.sealed if once.round_id == round_id]
        if not versions:
            return bool(self.entries)
        return versions[-1] != self.version


def load_own_list(folder: Path, identity: Identity) -> OwnList:
    """The list of this party; an empty one where there is no file.

    Raises:
        TrustError: ``own-list-altered`` or ``own-list-of-other``.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return OwnList()
    lines = read_file(path, "your own list of objections").split(b"\n", 2)
    try:
        magic, head, ciphertext = lines
        owner = parse_canonical(head)
        if magic != _MAGIC or owner["fingerprint"] != identity.card.fingerprint:
            raise TrustError(
                "own-list-of-other",
                "expected a list of objections of this identity, found one of another",
                hint="restore the identity with which the list was made, or make a new list",
            )
        info = _info(identity.party, identity.card.fingerprint)
        signature = from_base64(owner["signature"], SIGNATURE_BYTES)
        identity.card.verify(pae(_MAGIC, info, ciphertext), signature)
        plain = _SUITE.decrypt(ciphertext, identity.opening_key(), info=info)
        return OwnList.model_validate_json(plain.partition(b"\n")[0])
    except (ValueError, KeyError, TypeError, InvalidTag, InputError) as error:
        raise _altered() from error
    except TrustError as error:
        if error.code == "signature-invalid":
            raise _altered() from error
        raise


def save_own_list(folder: Path, own: OwnList, identity: Identity) -> None:
    """Seal the list to its own supplier, sign it and write it whole."""
    plain = canonical_json(own.model_dump(mode="json")) + b"\n"
    plain += bytes(-len(plain) % _BLOCK_BYTES)
    fingerprint = identity.card.fingerprint
    info = _info(identity.party, fingerprint)
    ciphertext = _SUITE.encrypt(plain, identity.card.sealing_key(), info=info)
    signature = to_base64(identity.sign(pae(_MAGIC, info, ciphertext)))
    head = canonical_json(
        {"fingerprint": fingerprint, "party": identity.party, "signature": signature}
    )
    data = b"\n".join((_MAGIC, head, ciphertext))
    write_whole(folder / FILE_NAME, data, mode=PRIVATE, replace=True)


def _info(party: PartyId, fingerprint: str) -> bytes:
    return canonical_json({"fingerprint": fingerprint, "list": "objections/1", "party": party})


def _altered() -> TrustError:
    return TrustError(
        "own-list-altered",
        "expected your own list of objections as it was written, found other bytes",
        hint="restore the file from your safe copy; nothing was changed",
    )
