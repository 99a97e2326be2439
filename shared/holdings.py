"""What a service holds, since when and until when, and what it destroyed: for a privacy officer.

It counts sealed objects and never persons or rows, and names no school. Everything in it stands
in the ledger or in a signed statement too, so that it may be shown to anybody.

Source: DESIGN 8; docs/dpia/bewaartermijnen.md.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.destruction import Kept
from shared.identity import PartyId, Sha256
from shared.statement import Body


class HeldKind(StrEnum):
    """What can be held."""

    OFFERED_KEY = "offered-key"  # no round was made with it yet
    ROUND_KEY = "round-key"  # opens everything of its round
    DELIVERIES = "deliveries"  # sealed envelopes of suppliers
    MATCH_RATES = "match-rates"  # blurred shares, one per delivery and linkage
    FIGURES = "figures"  # whole per cents per delivery, to judge a later round's by
    REPORTS = "linkage-reports"  # sealed: how a round was linked, one per linkage
    LINKAGE_FIGURES = "linkage-figures"  # whole per cents per linkage, to judge a later one by
    TALLIES = "tallies"  # sealed counts
    PROOFS = "proofs"  # sealed certificates and reasons of releases
    RELEASES = "releases"  # tables that readers can see, or may come to see
    HISTORY = "history"  # tables that readers once had
    LEDGER = "ledger"  # entries of the ledger


class Alarm(StrEnum):
    """What somebody must look at."""

    OVERDUE = "retention-overdue"  # its term ended, and it is still here
    UNFINISHED = "destruction-unfinished"  # announced in the ledger and not finished
    UNSENT = "tally-unacknowledged"  # will be destroyed soon, and the publisher does not have it
    KEY_ABSENT = "round-key-absent"  # held, and the key that opens it is not seen
    KEY_VOLUME = "keys-not-apart"  # the key folder is on no volume of its own


class Holding(Body):
    """Something that is held.

    Attributes:
        of: id of the round or release; empty for the service as a whole.
        count: sealed objects, tables or entries; never persons or rows.
        until: end of its term; None where no term of the service ends it.
        policy: sha256 of the policy that its round pins; empty without a round.
        agreements: sha256 of the agreements under which its round was accepted, from the ledger.
    """

    kind: HeldKind
    of: str
    count: Annotated[int, Field(ge=0)]
    since: datetime
    until: datetime | None
    policy: str = ""
    agreements: str = ""


class Gone(Body):
    """Something that was destroyed or has expired, with the evidence.

    Attributes:
        objects: sealed objects whose bytes were deleted.
        statement: sha256 of the signed statement; of a release, of its manifest.
        ledger_seq: the ledger's entry that says so.
    """

    what: Kept
    id: str
    at: datetime
    objects: Annotated[int, Field(ge=0)]
    reason: str
    statement: Sha256
    ledger_seq: Annotated[int, Field(ge=1)]
    ledger_sha256: Sha256


class Warned(Body):
    """An alarm about something."""

    alarm: Alarm
    of: str


class Holdings(Body):
    """Everything that one service holds and has destroyed, at one instant."""

    service: PartyId
    as_of: datetime
    held: tuple[Holding, ...]
    gone: tuple[Gone, ...]
    alarms: tuple[Warned, ...]
