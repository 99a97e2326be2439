"""What released figures say about a difference: more than chance, or perhaps only chance.

Everything here is worked out from released clients and pupils. Where one of them is withheld
there is no verdict, so that a verdict tells nothing that the figures do not.

Source: Wilson's interval for a proportion, and Newcombe's for a difference of two (method 10 in
Statistics in Medicine 17, 1998); 95 %. The same pupils are mostly there in both years, which
makes the second one careful: it rather says "stable" once too often.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from publisher.dashboard.findings import CLIENTS, PUPILS, Findings
from shared.contract.periods import Period
from shared.reference import Level

_Z = 1.959963984540054
"""The normal quantile of 97.5 %."""


class Direction(StrEnum):
    """A difference, as far as the figures carry it."""

    MORE = "more"  # more than chance explains
    SAME = "same"  # chance can explain it
    LESS = "less"  # less than chance explains


@dataclass(frozen=True, slots=True)
class Share:
    """Clients among pupils, both released."""

    clients: int
    pupils: int

    @property
    def rate(self) -> float:
        """Clients per pupil."""
        return self.clients / self.pupils

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the rate."""
        n, p = self.pupils, self.rate
        middle = (p + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
        half = _Z / (1 + _Z * _Z / n) * sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Development:
    """How a unit moved between two periods without a trend break between them."""

    first: Period
    last: Period
    direction: Direction


def share_of(findings: Findings, level: Level, unit: str, period: int) -> Share | None:
    """The share of clients of a unit, where both of its counts are released."""
    clients, pupils = (findings.cell(level, unit, measure, period) for measure in (CLIENTS, PUPILS))
    if clients is None or pupils is None or clients.value is None or not pupils.value:
        return None
    if clients.value > pupils.value:  # two tables of other sources; no proportion
        return None
    return Share(clients.value, pupils.value)


def position(own: Share, whole: Share) -> Direction:
    """Where a unit stands beside the mean of all of its kind."""
    low, high = own.interval
    if whole.rate < low:
        return Direction.MORE
    return Direction.LESS if whole.rate > high else Direction.SAME


def change(before: Share, after: Share) -> tuple[float, float]:
    """Newcombe's 95 % interval of the rate after, less the rate before."""
    (low1, high1), (low2, high2) = before.interval, after.interval
    moved = after.rate - before.rate
    down = sqrt((after.rate - low2) ** 2 + (high1 - before.rate) ** 2)
    up = sqrt((high2 - after.rate) ** 2 + (before.rate - low1) ** 2)
    return moved - down, moved + up


def apart(own: tuple[Share, Share], others: tuple[Share, Share]) -> tuple[float, float]:
    """95 % interval of how much more one group changed than another: before and after of both.

    Source: Zou and Donner, limits of a difference from the limits of its two terms (Statistics in
    Medicine 27, 2008), which is how Newcombe's interval is made too. Nobody is in both groups.
    """
    (low1, high1), (low2, high2) = change(*own), change(*others)
    moved1, moved2 = own[1].rate - own[0].rate, others[1].rate - others[0].rate
    moved = moved1 - moved2
    down = sqrt((moved1 - low1) ** 2 + (high2 - moved2) ** 2)
    up = sqrt((high1 - moved1) ** 2 + (moved2 - low2) ** 2)
    return moved - down, moved + up


def direction_of(interval: tuple[float, float]) -> Direction:
    """What an interval of a difference says: more, less, or perhaps chance."""
    low, high = interval
    if low > 0:
        return Direction.MORE
    return Direction.LESS if high < 0 else Direction.SAME


def development(findings: Findings, level: Level, unit: str) -> Development | None:
    """From the first to the last shown period since the last trend break, if there are two."""
    since = max((code for code in findings.breaks), default=0)
    shown = [
        (period, share)
        for period in findings.periods
        if period.code >= since
        and (share := share_of(findings, level, unit, period.code)) is not None
    ]
    if len(shown) < 2 or shown[-1][0] != findings.latest:
        return None
    (first, before), (last, after) = shown[0], shown[-1]
    return Development(first, last, direction_of(change(before, after)))
