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
    ACCESS = "access"  # lines of the log of access
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
        count: sealed objects, tables or entries; never persons or rows, and no list of objections.
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


SEALED = frozenset({HeldKind.DELIVERIES, HeldKind.REPORTS, HeldKind.TALLIES, HeldKind.PROOFS})
"""Kinds of sealed objects that a round's key opens."""


class Remains(Body):
    """What a service still has of one round and what it destroyed of it, for the DPIA.

    Attributes:
        held: sealed objects that are still here.
        until: end of their term; None where nothing is left.
        destroyed: sealed objects whose bytes were deleted at the end of the round.
        statement: sha256 of the signed statement of destruction; empty before it.
    """

    held: Annotated[int, Field(ge=0)]
    until: datetime | None
    destroyed: Annotated[int, Field(ge=0)]
    destroyed_at: datetime | None = None
    statement: str = ""


def remains_of(holdings: Holdings, round_id: str) -> Remains:
    """What remains of a round."""
    held = [each for each in holdings.held if each.of == round_id and each.kind in SEALED]
    gone = [
        each for each in holdings.gone if (each.what, each.id) == (Kept.ROUND, round_id)
    ]  # one: a round is destroyed once
    return Remains(
        held=sum(each.count for each in held),
        until=held[0].until if held else None,
        destroyed=sum(each.objects for each in gone),
        destroyed_at=gone[0].at if gone else None,
        statement=gone[0].statement if gone else "",
    )
