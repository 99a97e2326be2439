"""What the publisher keeps: rounds, sealed tallies, releases, approvals, internal documents.

docs/data-model.md says per table what is stored, when it is scrubbed and who reads it. Counts
that are not released stand here only as ciphertext.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, LargeBinary, String, Text, UniqueConstraint, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from publisher.policies import ReleaseState, check_move
from shared.errors import NotFoundError, StateError
from shared.ledger import Event, Head
from shared.state.columns import Instant, one_of
from shared.state.database import Transaction
from shared.state.offers import OfferColumns
from shared.state.round_documents import RoundDocuments


class RoundState(StrEnum):
    """Whether what belongs to a round can still be opened."""

    KNOWN = "known"  # its key is here
    DESTROYING = "destroying"  # announced in the ledger; a restart finishes it
    DESTROYED = "destroyed"  # key, tallies and internal documents are gone


class Base(DeclarativeBase):
    """Tables of the publisher."""


class RoundRow(RoundDocuments, Base):
    """A round that this publisher accepted, with the public documents that it pins."""

    __tablename__ = "round"

    state: Mapped[RoundState] = mapped_column(one_of(RoundState))
    accepted_at: Mapped[datetime] = mapped_column(Instant)


class OfferRow(OfferColumns, Base):
    """A key that was offered for a round; it has a term until a round is made with it."""

    __tablename__ = "offer"


class TallyRow(Base):
    """A sealed tally: its bytes until the term, its receipt for good."""

    __tablename__ = "tally"
    __table_args__ = (UniqueConstraint("round_id", "revision"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.round_id"))
    revision: Mapped[int]
    envelope: Mapped[bytes | None] = mapped_column(LargeBinary)
    receipt: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Instant)


class ReleaseRow(Base):
    """A release: the signed manifest and where it stands."""

    __tablename__ = "release"

    release_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.round_id"))
    revision: Mapped[int]
    state: Mapped[ReleaseState] = mapped_column(one_of(ReleaseState))
    statement: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    summary: Mapped[str] = mapped_column(Text, default="")
    proposer: Mapped[str] = mapped_column(String(31), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    withdrawal: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    staged_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant, default=None)

    def move(self, tx: Transaction, to: ReleaseState, event: Event, **more: str | int) -> Head:
        """Move to another state and enter it in the ledger; there is no other way to move.

        Raises:
            StateError: ``release-state``.
        """
        check_move(self.release_id, self.state, to)
        self.state = to
        return tx.record(event, release=self.release_id, statement=self.sha256, **more)


class ReleasedTableRow(Base):
    """The released bytes of one table; public once the release is."""

    __tablename__ = "released_table"

    release_id: Mapped[str] = mapped_column(ForeignKey("release.release_id"), primary_key=True)
    table_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes | None] = mapped_column(LargeBinary)


class ApprovalRow(Base):
    """An approver's signed statement over a release."""

    __tablename__ = "approval"

    release_id: Mapped[str] = mapped_column(ForeignKey("release.release_id"), primary_key=True)
    party: Mapped[str] = mapped_column(String(31), primary_key=True)
    organisation: Mapped[str] = mapped_column(String(120))
    statement: Mapped[bytes] = mapped_column(LargeBinary)
    card: Mapped[bytes] = mapped_column(LargeBinary)


class ChangeRequestRow(Base):
    """An approver's signed request for change of a release."""

    __tablename__ = "change_request"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    release_id: Mapped[str] = mapped_column(ForeignKey("release.release_id"))
    party: Mapped[str] = mapped_column(String(31))
    statement: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class AnnouncementRow(Base):
    """A line of the release calendar: what readers may expect, and when."""

    __tablename__ = "announcement"

    round_id: Mapped[str] = mapped_column(String(41), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    expected_on: Mapped[date] = mapped_column(Date)
    provisional: Mapped[bool]
    moved_from: Mapped[date | None] = mapped_column(Date, default=None)
    announced_at: Mapped[datetime] = mapped_column(Instant)


class ContextRow(Base):
    """An import of figures from elsewhere: open data, areas, or outcomes of a questionnaire."""

    __tablename__ = "context_import"

    source: Mapped[str] = mapped_column(String(60), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    document: Mapped[bytes | None] = mapped_column(LargeBinary)
    imported_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(500), default="")


class NoteRow(Base):
    """One version of a note about a signal or a measure; without words once it was removed."""

    __tablename__ = "note"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(800))
    owner: Mapped[str] = mapped_column(String(80))
    review_on: Mapped[date] = mapped_column(Date)
    written_on: Mapped[date] = mapped_column(Date)
    removed: Mapped[bool]


class WebhookRow(Base):
    """An address that is told of releases, and up to where in the ledger it has been told.

    Attributes:
        told_seq: the last entry of the ledger that it confirmed, or that was there before it.
        attempts: since the last confirmation.
        next_at: before which it is not tried again; None for at once.
        problem: code of the last failure, or empty.
    """

    __tablename__ = "webhook"

    url: Mapped[str] = mapped_column(String(500), primary_key=True)
    told_seq: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    problem: Mapped[str] = mapped_column(String(40), default="")
    added_at: Mapped[datetime] = mapped_column(Instant)


class InternalDocumentRow(Base):
    """Certificates and reasons of a release, sealed under a key of its round."""

    __tablename__ = "internal_document"

    release_id: Mapped[str] = mapped_column(ForeignKey("release.release_id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    box: Mapped[bytes | None] = mapped_column(LargeBinary)


class TokenRow(Base):
    """A token of a program: what it may use and until when, under the hash of its secret."""

    __tablename__ = "access_token"

    token_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    organisation: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(20))
    scopes: Mapped[str] = mapped_column(String(120))
    area: Mapped[str] = mapped_column(String(6))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    last_used_on: Mapped[date | None] = mapped_column(Date, default=None)
    seal: Mapped[str] = mapped_column(String(64), default="")


class MandateRow(Base):
    """The role of an account; of an approver with what two parties signed."""

    __tablename__ = "access_mandate"

    mandate_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    organisation: Mapped[str] = mapped_column(String(120))
    party: Mapped[str] = mapped_column(String(31))
    statement: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    card: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    seal: Mapped[str] = mapped_column(String(64), default="")


class SignInRow(Base):
    """Somebody who went to the identity provider and has not come back yet."""

    __tablename__ = "access_sign_in"

    state_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    target: Mapped[str] = mapped_column(String(200))
    started_at: Mapped[datetime] = mapped_column(Instant)


class SessionRow(Base):
    """A session under one mandate of an account, by the hash of the secret in its cookie."""

    __tablename__ = "access_session"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    mandate_id: Mapped[str] = mapped_column(String(16), default="")
    started_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    seal: Mapped[str] = mapped_column(String(64), default="")


class AccessLogRow(Base):
    """On a day, somebody of an organisation used a kind of thing in a role; no more than that."""

    __tablename__ = "access_log"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    organisation: Mapped[str] = mapped_column(String(120), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    resource: Mapped[str] = mapped_column(String(20), primary_key=True)


def find_round(session: Session, round_id: str) -> RoundRow:
    """The round called ``round_id``.

    Raises:
        StateError: ``round-unknown``.
    """
    row = session.get(RoundRow, round_id)
    if row is None:
        raise StateError(
            "round-unknown",
            f"expected a round that this publisher accepted, found none called {round_id}",
            hint="the operator accepts it with `publisher round accept`",
        )
    return row


def find_release(session: Session, release_id: str) -> ReleaseRow:
    """The release called ``release_id``.

    Raises:
        NotFoundError: ``release-unknown``.
    """
    row = session.get(ReleaseRow, release_id)
    if row is None:
        raise NotFoundError(
            "release-unknown",
            "expected a release of this publisher, found none with that id",
            hint="see `publisher status`",
        )
    return row


def newest_tally(session: Session, round_id: str) -> TallyRow | None:
    """The tally of a round with the highest revision."""
    query = select(TallyRow).where(TallyRow.round_id == round_id)
    return session.scalars(query.order_by(TallyRow.revision.desc()).limit(1)).one_or_none()


def first_tally(session: Session, round_id: str) -> TallyRow | None:
    """The tally of a round that came first; every term of the round runs from it."""
    query = select(TallyRow).where(TallyRow.round_id == round_id)
    return session.scalars(query.order_by(TallyRow.revision).limit(1)).one_or_none()


def older_tallies(session: Session, round_id: str, revision: int) -> list[TallyRow]:
    """The tallies of a round below ``revision`` of which the body is still here."""
    query = select(TallyRow).where(
        TallyRow.round_id == round_id,
        TallyRow.revision < revision,
        TallyRow.envelope.is_not(None),
    )
    return list(session.scalars(query.order_by(TallyRow.revision)))


def released_tables(session: Session, release_id: str) -> list[ReleasedTableRow]:
    """The tables of a release in order."""
    query = select(ReleasedTableRow).where(ReleasedTableRow.release_id == release_id)
    return list(session.scalars(query.order_by(ReleasedTableRow.position)))


def approvals(session: Session, release_id: str) -> list[ApprovalRow]:
    """The recorded approvals of a release."""
    query = select(ApprovalRow).where(ApprovalRow.release_id == release_id)
    return list(session.scalars(query.order_by(ApprovalRow.party)))
