"""What providers declare: per quarter, with credit lines and refused or unanswered lines."""

from __future__ import annotations

import random
from datetime import date, timedelta

from deploy.demo.generator.truth import Declaration

_CREDIT, _REFUSED, _UNANSWERED = 0.02, 0.01, 0.03


def declare(
    first: date, last: date, week_volume: float, year_ct: int, chance: random.Random
) -> tuple[Declaration, ...]:
    """Lines from the first to the last day, both declared; nothing where last comes first."""
    lines = []
    starts = first
    while starts <= last:
        ends = min(last, _quarter_end(starts))
        days = (ends - starts).days + 1
        amount = year_ct * days // 365
        chosen = chance.random()
        granted: int | None = amount
        if chosen < _REFUSED:
            granted = 0
        elif chosen < _REFUSED + _UNANSWERED:
            granted = None
        volume = round(week_volume * days / 7, 1)
        lines.append(Declaration(starts, ends, volume, amount, False, granted))
        if chance.random() < _CREDIT:
            lines.append(Declaration(starts, ends, volume, amount // 2, True, amount // 2))
        starts = ends + timedelta(days=1)
    return tuple(lines)


def _quarter_end(day: date) -> date:
    month = (day.month - 1) // 3 * 3 + 3
    following = date(day.year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)
