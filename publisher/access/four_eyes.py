"""Four eyes on who may approve: the publisher proposes, another organisation confirms.

Both sign the same statement: the publisher when it proposes, the other party offline, with the
key that the agreements pin. Whoever runs this service alone can make nobody an approver.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from publisher.access.roles import AccessRole
from shared.agreements import Agreement, Agreements
from shared.errors import PolicyError, TrustError
from shared.identity import Card, Identity, PartyId, Role, Sha256, check_pinned
from shared.statement import Body, Kind, Statement

CONFIRMERS = (Role.APPROVER, Role.AUDITOR, Role.KEY_OFFICE)
"""Who may confirm: parties that watch over a release, and never the publisher itself."""


class AccessMandate(Body):
    """Body of a statement that an account may approve for a party.

    Attributes:
        mandate: id at the publisher.
        account: keyed hash of who signs in; only the publisher can tell whose.
        party: the approver of the agreements for whom the account decides.
    """

    mandate: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    account: Sha256
    role: AccessRole
    party: PartyId
    organisation: str
    until: datetime


def countersign(
    statement: Statement, publisher: Card, fingerprint: str, confirmer: Identity
) -> Statement:
    """Confirm a proposal, offline.

    Args:
        statement: the proposal.
        publisher: the publisher's card.
        fingerprint: of the publisher, as the confirmer's own organisation pinned it.
        confirmer: who confirms.

    Raises:
        TrustError: another publisher signed.
        PolicyError: ``confirmer-not-another``.
    """
    check_pinned(publisher, fingerprint, role=Role.PUBLISHER)
    statement.check_signed_by(publisher)
    mandate = statement.read(Kind.ACCESS, AccessMandate)
    _check_another(confirmer.card, mandate, publisher)
    return statement.countersigned(confirmer)


def check_confirmed(
    statement: Statement, confirmer: Card, publisher: Card, agreements: Agreements, day: date
) -> AccessMandate:
    """Refuse a mandate that no second organisation confirmed.

    Args:
        statement: signed by the publisher and by ``confirmer``.
        confirmer: whose fingerprint the agreements must pin.
        publisher: the publisher's own card.
        agreements: in which both the approver and the confirmer are named.
        day: on which both agreements must be in force.

    Raises:
        PolicyError: ``confirmer-not-another``, ``agreement-missing`` or
            ``agreement-not-in-force``.
        TrustError: ``card-not-pinned``, or a card or signature that does not fit.
    """
    statement.check_signed_by(publisher)
    mandate = statement.read(Kind.ACCESS, AccessMandate)
    _check_another(confirmer, mandate, publisher)
    agreements.check_in_force(mandate.party, Role.APPROVER, day)
    agreement = agreements.check_in_force(confirmer.party, confirmer.role, day)
    check_own_card(confirmer, agreement, day)
    # A fingerprint pins no organisation: what the card says of it counts for nothing here.
    if one_organisation(agreement.organisation, publisher.organisation):
        raise _not_another()
    statement.check_signed_by(confirmer)
    return mandate


def one_organisation(one: str, other: str) -> bool:
    """Whether two names are of one organisation, however somebody typed them."""
    return one.strip().casefold() == other.strip().casefold()


def check_own_card(card: Card, agreement: Agreement, day: date) -> None:
    """Refuse a card that is not the one that the agreement of its party pins, or not valid.

    Raises:
        TrustError: ``card-not-pinned`` or ``card-not-valid``.
    """
    if card.party != agreement.party or card.fingerprint != agreement.fingerprint:
        raise TrustError(
            "card-not-pinned",
            f"expected the card of {agreement.party} that the agreements pin, found another",
            hint="enter the fingerprint from the signed document",
        )
    card.check_valid_on(day)


def _check_another(confirmer: Card, mandate: AccessMandate, publisher: Card) -> None:
    is_watcher = confirmer.role in CONFIRMERS and confirmer.party != mandate.party
    if not is_watcher or one_organisation(confirmer.organisation, publisher.organisation):
        raise _not_another()


def _not_another() -> PolicyError:
    return PolicyError(
        "confirmer-not-another",
        "expected a key office, an auditor or another approver, of another organisation than "
        "the publisher's, found somebody else",
        hint="ask somebody who neither proposes this nor gets the role",
    )
