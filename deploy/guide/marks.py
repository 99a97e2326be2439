"""Fixed marks in the place of what differs from run to run: hashes, sizes, an address, rows.

The same value gets the same mark everywhere in the guide, so that the reader can follow it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.hashing.language import tr

ADDRESS = "https://koppelaar.voorbeeld.nl"
_KNOWN_BY = 8
"""Characters by which a shortened hash is the same as the whole one."""
_HASH = re.compile(r"(?<![\w.])[0-9a-f]{8,64}(?!\w)")
_LONG_NUMBER = re.compile(r"[0-9]{5}")
_SAME_EVERYWHERE = (
    (re.compile(r"http://127\.0\.0\.1:[0-9]+"), ADDRESS),
    (re.compile(r"[0-9]+ bytes"), "… bytes"),
    (re.compile(r"[0-9]+ MB"), "… MB"),
    (re.compile(r"Python 3\.[0-9]+"), "Python 3.12"),
)


@dataclass(slots=True)
class Marks:
    """The marks given so far."""

    _given: dict[str, str] = field(default_factory=dict)

    def put(self, text: str) -> str:
        """The text with every mark in place, in lines without space at their end."""
        for pattern, mark in _SAME_EVERYWHERE:
            text = pattern.sub(mark, text)
        text = _HASH.sub(lambda found: self._mark(found.group()), without_rows(text))
        lines = [line.rstrip() for line in text.splitlines()]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")

    def _mark(self, found: str) -> str:
        known = found[:_KNOWN_BY]
        if known not in self._given:
            self._given[known] = _invented(len(self._given) + 1)
        return self._given[known][: len(found)]


def _invented(number: int) -> str:
    """A hash of nothing, without a long run of digits in it."""
    tries = (
        hashlib.sha256(f"voorbeeld {number}.{turn}".encode()).hexdigest() for turn in range(999)
    )
    return next(each for each in tries if not _LONG_NUMBER.search(each))


def without_rows(text: str) -> str:
    """The text without the first rows of a delivery: those are of people."""
    title = tr("De eerste rijen, met het pseudoniem ingekort (alleen hier op het scherm):")
    lines = text.split("\n")
    if title not in lines:
        return text
    first = lines.index(title) + 2  # below the names of the columns
    end = next(n for n in range(first, len(lines)) if not lines[n].startswith("  "))
    return "\n".join([*lines[:first], *["  …"] * (end - first), *lines[end:]])


def shortened(text: str, left_out: Sequence[tuple[str, str]]) -> str:
    """The text without what stands from one line to before another, each by how it starts."""
    lines = text.split("\n")
    for start, until in left_out:
        first = _place(lines, start, 0)
        last = _place(lines, until, first + 1)
        lines[first:last] = ["[…]", ""]
    return "\n".join(lines)


def _place(lines: Sequence[str], start: str, after: int) -> int:
    for place, line in enumerate(lines[after:], start=after):
        if line.startswith(start):
            return place
    raise RuntimeError(f"expected a line that starts with {start!r}")
