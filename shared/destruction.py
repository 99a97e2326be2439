"""What a service states when a round's key and rows are gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from shared.errors import ConfigurationError
from shared.identity import PartyId, Sha256
from shared.statement import Body

MAX_SILENCE = timedelta(days=7)


class Destruction(Body):
    """Body of a destruction statement: it attests; the restore drill demonstrates.

    Attributes:
        objects: sealed objects whose bytes were deleted.
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
