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


def session_altered() -> NotSignedInError:
    """A session that lies in the database and that this publisher did not write so."""
    return NotSignedInError(
        "session-altered",
        "expected a session as this publisher wrote it, found one that was altered",
        hint="sign in again, and tell whoever runs this service",
    )


def mandate_altered() -> TrustError:
    """A role that lies in the database and that nobody gave so."""
    return TrustError(
        "mandate-altered",
        "expected a role as this publisher gave it and as it was confirmed, found another",
        hint="tell whoever runs this service; the role is revoked and given anew",
    )


def mandate_not_in_force() -> PolicyError:
    """An account that does not decide for an approver, or not any more."""
    return PolicyError(
        "mandate-not-in-force",
        "expected an account that decides for this approver today, found another",
        hint="the publisher proposes it anew and another organisation confirms it",
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
