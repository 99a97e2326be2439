"""Figures in a document: goals, and a block between two markers that every run replaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

Goal = tuple[str, str, bool]
"""What was to be reached, what was measured, and whether it was reached."""


def goal_table(goals: Iterable[Goal]) -> list[str]:
    """The goals as the lines of a table."""
    return [
        "| Goal | Measured | Reached |",
        "|---|--:|---|",
        *(f"| {goal} | {found} | {'yes' if ok else 'no'} |" for goal, found, ok in goals),
    ]


def goal_lines(goals: Iterable[Goal]) -> Iterator[str]:
    """The goals as lines for a terminal."""
    for goal, found, ok in goals:
        yield f"{'reached    ' if ok else 'NOT reached'} {goal}: {found}"


def write_block(document: Path, name: str, block: str) -> None:
    """Put the block in the place of the earlier one, between the markers of this name.

    Raises:
        ValueError: the document does not have the two markers, once each and in order.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    text = document.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"expected {begin} and {end} once each in {document.name}")
    before, after = text.partition(begin)[0], text.partition(end)[2]
    document.write_text(f"{before}{begin}\n{block}\n{end}{after}", encoding="utf-8")
