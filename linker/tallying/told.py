"""How a count is told to an operator: not at all when it is small, and never to be computed.

A cause with fewer than ten rows is told together with others, so that the causes still add up to
what is told of all, and no difference of two numbers is a small one.

Source: DESIGN 5; docs/handleiding/koppelaar.md.
"""

from __future__ import annotations

from collections.abc import Mapping

SMALLEST_COUNT = 10
"""Rows or children below which a count is not told; 0 is."""
TOGETHER = "together"
"""The name of what is told together."""


def told_count(count: int) -> int | None:
    """The count; None where it is too small to tell."""
    return count if count == 0 or count >= SMALLEST_COUNT else None


def told_parts(counts: Mapping[str, int], rest: int) -> tuple[tuple[str, int], ...] | None:
    """Counts that add up, largest first and what is told together last.

    Args:
        counts: by name, parts of a whole.
        rest: what the whole has beside these parts.

    Returns:
        None where a small number would follow from the sum: because it is small itself, or
        because the rest is.
    """
    if told_count(sum(counts.values())) is None or told_count(rest) is None:
        return None
    order = sorted(((count, name) for name, count in counts.items() if count), reverse=True)
    shown = {name: count for count, name in order if count >= SMALLEST_COUNT}
    together = sum(count for count, _name in order if count < SMALLEST_COUNT)
    while 0 < together < SMALLEST_COUNT:
        _name, count = shown.popitem()
        together += count
    return (*shown.items(), *([(TOGETHER, together)] if together else []))
