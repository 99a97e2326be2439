"""The clock, injected everywhere so that tests need not wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present instant in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def instant(moment: datetime) -> str:
    """An instant as it stands in statements: ``2026-10-01T08:00:00Z``."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """Read what ``instant`` wrote."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def today(clock: Clock) -> date:
    """The date of the present instant, in UTC."""
    return clock().date()
