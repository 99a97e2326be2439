"""A round as a service keeps it: the public documents that were checked at acceptance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from shared.policy import Policy, read_policy
from shared.reference import Reference
from shared.register import Register
from shared.round import Offer, Round
from shared.statement import Kind, Statement


@dataclass(frozen=True, slots=True)
class KnownRound:
    """A round, read back.

    Attributes:
        sha256: name of the round statement.
        linker: the linker's offer; its card is the linker's.
        publisher: the publisher's offer.
    """

    body: Round
    sha256: str
    linker: Offer
    publisher: Offer
    register: Register
    policy: Policy
    reference: Reference


class RoundDocuments:
    """Columns of a table of rounds: the documents as they were accepted, and how the round ended.

    Attributes:
        destruction: the signed statement; None while the round is held.
    """

    round_id: Mapped[str] = mapped_column(String(41), primary_key=True)
    destruction: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    statement: Mapped[bytes] = mapped_column(LargeBinary)
    register_statement: Mapped[bytes] = mapped_column("register", LargeBinary)
    reference: Mapped[bytes] = mapped_column(LargeBinary)
    policy: Mapped[bytes] = mapped_column(LargeBinary)

    def body(self) -> Round:
        """The round alone; the other documents are large."""
        return Statement.from_bytes(self.statement).read(Kind.ROUND, Round)

    def read(self) -> KnownRound:
        """The documents as values; their signatures were checked when they were accepted."""
        statement = Statement.from_bytes(self.statement)
        body = statement.read(Kind.ROUND, Round)
        linker, publisher = (
            Statement.from_document(offer).read(Kind.OFFER, Offer) for offer in body.offers
        )
        return KnownRound(
            body=body,
            sha256=statement.sha256,
            linker=linker,
            publisher=publisher,
            register=Statement.from_bytes(self.register_statement).read(Kind.REGISTER, Register),
            policy=_read_policy(self.policy),
            reference=_read_reference(self.reference),
        )


# Every envelope needs them and they never change; a service has a few rounds at a time.
@lru_cache(maxsize=4)
def _read_policy(data: bytes) -> Policy:
    return read_policy(data).policy


@lru_cache(maxsize=4)
def _read_reference(data: bytes) -> Reference:
    return Reference.from_bytes(data)
