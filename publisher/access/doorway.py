"""What the pages for signing in may ask of this room, and the names that both sides know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from publisher.access.addresses import SIGN_IN
from publisher.access.readers import Reader
from shared.redaction import Secret

START, BACK, OUT = f"{SIGN_IN}/start", f"{SIGN_IN}/terug", f"{SIGN_IN}/uit"
SIGN_IN_COOKIE = "__Host-moj-sign-in"
SESSION_COOKIE = "__Host-moj-session"
"""A browser takes a cookie of such a name over TLS only, from this very host."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who came back.

    Attributes:
        session: secret for the cookie; None for an account without a role.
        account: what the operator gives a role to.
        target: the page where they wanted to be.
    """

    session: Secret | None
    account: str
    target: str


class Doorway(Protocol):
    """Where people come in and go out."""

    @property
    def session_seconds(self) -> int:
        """After how long every session ends."""
        ...

    def begin(self, target: str) -> tuple[str, Secret]:
        """The address at the provider, and the secret for the cookie of this browser."""
        ...

    def finish(self, cookie: str, state: str, code: str, before: str = "") -> SignedIn:
        """Who came back with a code, in the browser that went."""
        ...

    def reader(self, cookie: str) -> Reader | None:
        """Whose session a cookie is of; None where it counts no more."""
        ...

    def leave(self, cookie: str, reader: Reader) -> None:
        """End the session of a reader."""
        ...
