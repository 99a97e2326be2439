"""Tokens: what a program of an organisation may use, until when; of the secret only a hash."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from publisher.access.keys import TOKEN_PREFIX, draw, draw_id, heard, stored, told
from publisher.access.readers import Reader
from publisher.access.refusals import token_refused
from publisher.access.roles import TOKEN_ROLES, AccessRole, Resource, check_scopes
from publisher.access.seals import is_sealed, put_seal
from publisher.store import TokenRow
from shared.errors import InputError, NotFoundError, PolicyError
from shared.identity import Identity
from shared.ledger import Event
from shared.redaction import Secret
from shared.state.database import Database, Transaction
from shared.state.ledger_table import was_recorded

AREA: Final = re.compile(r"GM[0-9]{4}|(PO|VO)[0-9]{4}")
MAX_DAYS = 366
"""A token is renewed at least every year: somebody then looks whether it is still needed."""
MAX_ORGANISATION = 120


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the operator and the privacy officer see it: never its secret.

    Attributes:
        area: the municipality or *samenwerkingsverband* whose rows it shows; empty for all.
        last_used_on: the day; a finer moment would say when somebody works.
    """

    token_id: str
    organisation: str
    role: AccessRole
    scopes: frozenset[Resource]
    area: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_on: date | None

    def counts_at(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Wanted:
    """A token that somebody asks for.

    Raises:
        InputError: ``organisation-invalid``, ``area-invalid`` or ``term-invalid``.
        PolicyError: ``role-not-for-tokens`` or ``scope-beyond-role``.
    """

    organisation: str
    role: AccessRole
    scopes: frozenset[Resource]
    days: int
    area: str = ""

    def __post_init__(self) -> None:
        check_organisation(self.organisation)
        check_term(self.days)
        if self.area and AREA.fullmatch(self.area) is None:
            raise InputError(
                "area-invalid",
                "expected GM, PO or VO with four digits, found something else",
                hint="the resource areas of a release lists every code",
            )
        if self.role not in TOKEN_ROLES:
            raise PolicyError(
                "role-not-for-tokens",
                f"expected one of {', '.join(TOKEN_ROLES)}, found {self.role}",
                hint="an approver signs offline, or signs in",
            )
        check_scopes(self.role, self.scopes)
        if self.area and not self.scopes <= {Resource.DOWNLOADS, Resource.API}:
            raise PolicyError(
                "scope-beyond-area",
                "expected the scopes downloads and api for a token of one area, found another",
                hint="pages show the whole region; leave that scope or the area out",
            )


def check_organisation(organisation: str) -> None:
    """Refuse what cannot be the name of an organisation.

    Raises:
        InputError: ``organisation-invalid``.
    """
    is_text = organisation.isprintable() and organisation == organisation.strip()
    if not (is_text and 1 <= len(organisation) <= MAX_ORGANISATION):
        raise InputError(
            "organisation-invalid",
            f"expected the name of an organisation, of 1 to {MAX_ORGANISATION} characters",
            hint="name the organisation and never a person: the log of access shows it",
        )


def check_term(days: int) -> None:
    """Refuse a term that is none, or longer than a year.

    Raises:
        InputError: ``term-invalid``.
    """
    if not 1 <= days <= MAX_DAYS:
        raise InputError(
            "term-invalid",
            f"expected a term of 1 to {MAX_DAYS} days, found {days}",
            hint="give it a year at most, and renew it when it is still needed",
        )


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one publisher."""

    database: Database
    identity: Identity

    def create(self, wanted: Wanted) -> tuple[str, Secret]:
        """Make a token; its id, and its secret, which is nowhere else from now on."""
        token_id, secret = draw_id(), draw()

        def create(tx: Transaction) -> None:
            row = TokenRow(
                token_id=token_id,
                sha256=stored(secret),
                organisation=wanted.organisation,
                role=wanted.role.value,
                scopes=" ".join(sorted(wanted.scopes)),
                area=wanted.area,
                created_at=tx.now,
                expires_at=tx.now + timedelta(days=wanted.days),
            )
            put_seal(row, self.identity)
            tx.session.add(row)
            tx.record(
                Event.TOKEN_CREATED,
                token=token_id,
                organisation=wanted.organisation,
                role=wanted.role.value,
                area=wanted.area,
            )

        self.database.run(create)
        return token_id, secret

    def revoke(self, token_id: str) -> None:
        """Let a token open nothing any more, from this moment; asked again, nothing changes.

        Raises:
            NotFoundError: ``token-id-unknown``.
        """

        def revoke(tx: Transaction) -> None:
            row = tx.session.get(TokenRow, token_id)
            if row is None:
                raise NotFoundError(
                    "token-id-unknown",
                    "expected the id of a token of this publisher, found another",
                    hint="see `publisher token list`",
                )
            if row.revoked_at is None:
                row.revoked_at = tx.now
                put_seal(row, self.identity)
                tx.record(Event.TOKEN_REVOKED, token=token_id)

        self.database.run(revoke)

    def list(self) -> tuple[Token, ...]:
        """Every token that is kept, oldest first."""
        query = select(TokenRow).order_by(TokenRow.created_at, TokenRow.token_id)
        with self.database.reading() as session:
            return tuple(_token(row) for row in session.scalars(query))

    def reader(self, text: str, now: datetime) -> Reader:
        """Who sends a token.

        Args:
            text: what stands behind ``Bearer``.
            now: the present instant.

        Raises:
            NotSignedInError: ``token-malformed``, ``token-unknown``, ``token-altered``,
                ``token-revoked`` or ``token-expired``.
        """
        secret = heard(text.removeprefix(TOKEN_PREFIX)) if text.startswith(TOKEN_PREFIX) else None
        if secret is None:
            raise token_refused("token-malformed", "something else")
        with self.database.reading() as session:
            row = session.scalars(
                select(TokenRow).where(TokenRow.sha256 == stored(secret))
            ).one_or_none()
            if row is None:
                raise token_refused("token-unknown", "one that it does not know")
            taken_away = _was_taken_away(session, row.token_id)
        if not is_sealed(row, self.identity):
            raise token_refused("token-altered", "one that it did not give so")
        token = _token(row)
        if token.revoked_at is not None or taken_away:
            raise token_refused("token-revoked", "one that was revoked")
        if not token.counts_at(now):
            raise token_refused("token-expired", "one whose term has ended")
        if token.last_used_on != now.date():
            self._note_use(token.token_id, now.date())
        return Reader(token.organisation, token.role, token.scopes, token.area)

    def _note_use(self, token_id: str, day: date) -> None:
        used = update(TokenRow).where(TokenRow.token_id == token_id).values(last_used_on=day)

        def note(tx: Transaction) -> None:
            tx.session.connection().execute(used)

        self.database.run(note)


def _was_taken_away(session: Session, token_id: str) -> bool:
    """Whether it was revoked, whatever a row that was put back may say."""
    return was_recorded(session.connection(), Event.TOKEN_REVOKED, token=token_id)


def shown(secret: Secret) -> str:
    """A token as its owner gets it, once."""
    return TOKEN_PREFIX + told(secret)


def _token(row: TokenRow) -> Token:
    return Token(
        token_id=row.token_id,
        organisation=row.organisation,
        role=AccessRole(row.role),
        scopes=frozenset(Resource(each) for each in row.scopes.split()),
        area=row.area,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_on=row.last_used_on,
    )
