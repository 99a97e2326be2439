"""From settings to the gate and to signing in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from publisher.access.doorway import BACK
from publisher.access.gate import Gate
from publisher.access.journal import Journal
from publisher.access.provider import Provider
from publisher.access.sessions import Sessions
from publisher.access.signing_in import SigningIn
from publisher.access.standing import AgreementsInUse, Standing
from publisher.access.tokens import Tokens
from publisher.settings import Settings
from shared.clock import Clock
from shared.files import read_file
from shared.identity import Identity
from shared.redaction import Secret
from shared.state.database import Database


def signing_in_of(
    settings: Settings, database: Database, identity: Identity, clock: Clock
) -> SigningIn | None:
    """How people sign in; None where the settings name no provider.

    Raises:
        InputError: the file with the provider's secret is not there.
    """
    if not settings.sign_in_issuer:
        return None
    secret = None
    if settings.sign_in_secret:
        data = read_file(Path(settings.sign_in_secret), "the secret of the identity provider")
        secret = Secret(data.strip())
    provider = Provider(
        issuer=settings.sign_in_issuer,
        client=settings.sign_in_client,
        secret=secret,
        redirect=settings.public_address.rstrip("/") + BACK,
        clock=clock,
    )
    sessions = sessions_of(settings, database, identity)
    return SigningIn(database, identity, provider, sessions, Journal(database))


def sessions_of(settings: Settings, database: Database, identity: Identity) -> Sessions:
    """The sessions, with their terms."""
    return Sessions(
        database,
        identity,
        idle=timedelta(minutes=settings.session_idle_minutes),
        whole=timedelta(hours=settings.session_hours),
    )


def gate_of(
    settings: Settings,
    database: Database,
    identity: Identity,
    clock: Clock,
    signing_in: SigningIn | None,
) -> Gate:
    """What stands before every address."""
    agreements = AgreementsInUse(settings.agreements, settings.load_agreements)
    return Gate(
        tokens=Tokens(database, identity),
        standing=Standing(database, identity.card, agreements),
        journal=Journal(database),
        clock=clock,
        is_closed=settings.access == "closed",
        sessions=None if signing_in is None else signing_in.sessions,
    )
