"""What ends at its term, why it is destroyed, and what a service states when it is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.errors import ConfigurationError
from shared.identity import PartyId, Sha256
from shared.statement import Body, Kind, Statement

MAX_SILENCE = timedelta(days=7)
GRACE = timedelta(days=1)
"""The daily run ends what reached its term; what is there a day later was forgotten."""


class Reason(StrEnum):
    """Why something is destroyed: a code, for the ledger and the statement are public for good."""

    TERM = "term-reached"
    REQUEST = "on-request"  # of a controller
    INCIDENT = "incident"  # a secret or a key may be known to somebody
    ERROR = "error"  # what was delivered or made should not have been
    UNUSED = "offer-unused"  # no round was made with the key that was offered


OPERATOR_REASONS = (Reason.REQUEST, Reason.INCIDENT, Reason.ERROR)
"""Why a person can have something destroyed before its term."""

KEY_LOST = "key-lost"
"""Added to the reason where an operator says that an absent key is gone for good."""


class Kept(StrEnum):
    """What has a term."""

    ROUND = "round"  # its key and everything that only this key opens
    OFFER = "offer"  # a key that was offered, without a round
    RELEASE = "release"  # what readers can see
    FIGURES = "figures"  # whole per cents by which a later round is judged
    ACCESS = "access"  # which organisation used what on which day, and who had access


@dataclass(frozen=True, slots=True)
class Due:
    """Something whose term has ended.

    Attributes:
        until: the instant at which its term ended.
        unfinished: its destruction was announced and not finished.
    """

    what: Kept
    id: str
    until: datetime
    unfinished: bool = False

    def is_overdue(self, now: datetime) -> bool:
        """Whether somebody must look why it is still there."""
        return self.unfinished or self.until + GRACE < now


@dataclass(frozen=True, slots=True)
class Ended:
    """Something that was ended.

    A release that expired has no statement, its entry says it; figures have neither, for they
    are about nobody and stand in no ledger.
    """

    what: Kept
    id: str
    statement: Statement | None = None


class Destruction(Body):
    """Body of a destruction statement: it attests; the restore drill demonstrates.

    Attributes:
        objects: sealed objects whose bytes were deleted; lists of objections are not counted.
        reason: as the ledger announced it; says so where the key was lost before.
        ledger_seq: the ledger's entry of the destruction.
    """

    service: PartyId
    round_id: str
    objects: Annotated[int, Field(ge=0)]
    reason: str
    destroyed_at: datetime
    ledger_seq: Annotated[int, Field(ge=1)]
    ledger_sha256: Sha256

    @classmethod
    def of(cls, statement: Statement) -> Destruction:
        """The body of a destruction statement."""
        return statement.read(Kind.DESTRUCTION, cls)


def check_clock(now: datetime, last_entry_at: datetime | None, *, confirmed: bool) -> None:
    """Refuse to destroy by a clock that may be wrong.

    Raises:
        ConfigurationError: ``clock-ahead`` when the ledger was silent for over seven days and
            nobody confirmed the date.
    """
    if last_entry_at is not None and now - last_entry_at > MAX_SILENCE and not confirmed:
        raise ConfigurationError(
            "clock-ahead",
            f"expected a clock within 7 days of the last ledger entry of {last_entry_at.date()}, "
            f"found {now.date()}",
            hint="check the date of this machine, then run again with --confirm-clock",
        )
