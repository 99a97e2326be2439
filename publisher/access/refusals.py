"""The errors of access; none of them repeats what was sent."""

from __future__ import annotations

from shared.errors import NotFoundError, PolicyError, TrustError


class NotSignedInError(TrustError):
    """Nobody is known to ask, or by something that does not count any more."""

    http_status = 401


def sign_in_needed() -> NotSignedInError:
    """Somebody who sent neither a token nor a session."""
    return NotSignedInError(
        "sign-in-needed",
        "expected a token or a session, found neither",
        hint="sign in, or send the token that the publisher gave you as Authorization: Bearer",
    )


def token_refused(code: str, found: str) -> NotSignedInError:
    """A token that does not count."""
    return NotSignedInError(
        code,
        f"expected a token that this publisher gave and that counts today, found {found}",
        hint="ask the publisher for a new token",
    )


def session_ended() -> NotSignedInError:
    """A session that ended, or that never was."""
    return NotSignedInError(
        "session-ended",
        "expected a session that still runs, found one that has ended",
        hint="sign in again",
    )


def not_allowed() -> PolicyError:
    """Somebody who is known and may not use this."""
    return PolicyError(
        "access-not-allowed",
        "expected a role and a scope that may use this, found another",
        hint="ask the publisher which role you need",
    )


def not_plain() -> NotFoundError:
    """An address with a character that no address of this service has."""
    return NotFoundError(
        "address-not-plain",
        "expected an address without line ends and other unprintable characters, found one",
        hint="look at the address; nothing stands there",
    )


def another_area() -> PolicyError:
    """Somebody who may see the rows of one area, and asked for others."""
    return PolicyError(
        "area-not-yours",
        "expected a question about the area that this token is for, found another question",
        hint="ask for downloads and tables without `area`, or with your own",
    )
