"""Whether somebody who is known still stands: the agreements of today, at every use.

A role and a token are given for months; an agreement can end in between. What is open to everybody
asks for none of this. What is not:

- An approver stands by their mandate, as two organisations signed it and as it counts today.
- Who reads figures of a closed publisher reads them as a recipient of the policy: a municipality
  while it takes part. So an organisation that the agreements name needs one in force. One that
  they do not name (a school board, a *samenwerkingsverband*) processes nothing and needs none.
- Oversight ends with no agreement: what is still held is looked after until it is destroyed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from threading import Lock

from publisher.access.four_eyes import one_organisation
from publisher.access.holding import check_confirmed_mandate
from publisher.access.readers import Reader
from publisher.access.roles import FIGURES, AccessRole, Resource
from shared.agreements import Agreements, PinnedAgreements
from shared.canonical import sha256_hex
from shared.errors import PolicyError
from shared.files import read_file
from shared.identity import Card
from shared.state.database import Database


@dataclass(slots=True)
class AgreementsInUse:
    """The agreements as they lie there now; parsed again when their bytes are others.

    Attributes:
        load: reads and checks them.
    """

    path: Path
    load: Callable[[], PinnedAgreements]
    _known: PinnedAgreements | None = None
    _lock: Lock = field(default_factory=Lock)

    def __call__(self) -> Agreements:
        """The agreements.

        Raises:
            ConfigurationError: they are wrong.
        """
        sha256 = sha256_hex(read_file(self.path, "the agreements"))
        with self._lock:
            if self._known is None or self._known.sha256 != sha256:
                self._known = self.load()
            return self._known.agreements


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether readers of one publisher still stand.

    Attributes:
        publisher: the publisher's own card.
    """

    database: Database
    publisher: Card
    agreements: Callable[[], Agreements]

    def check(self, reader: Reader, resource: Resource, now: datetime) -> None:
        """Refuse who has a role or a token, and no ground for it today.

        Raises:
            PolicyError: ``agreement-not-in-force``, or as of a mandate.
            TrustError: as of a mandate.
        """
        if reader.role is AccessRole.APPROVER:
            with self.database.reading() as session:
                check_confirmed_mandate(
                    session, reader.mandate, self.publisher, self.agreements(), now
                )
        elif resource in FIGURES:
            check_takes_part(self.agreements(), reader.organisation, now.date())


def check_takes_part(agreements: Agreements, organisation: str, day: date) -> None:
    """Refuse an organisation that the agreements name, and that has none in force.

    Raises:
        PolicyError: ``agreement-not-in-force``.
    """
    own = [
        each for each in agreements.agreements if one_organisation(each.organisation, organisation)
    ]
    if own and not any(each.in_force_on(day) for each in own):
        raise PolicyError(
            "agreement-not-in-force",
            f"expected an agreement of {own[0].organisation} in force on {day}, found none",
            hint="figures that are not open are for who takes part; renew the agreement and enter "
            "it in agreements.toml",
            about=own[0].party,
        )
