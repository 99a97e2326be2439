"""What a long test counted, kept for docs/assurance.md: one JSON line per test."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDER_VARIABLE = "MOJ_ASSURANCE"
LONG = os.environ.get("MOJ_LONG") == "1"
"""Whether the tests with large figures run; ``make test-long`` says so."""


def figure(short: int, long: int) -> int:
    """The first figure in ``make test``, the second in ``make test-long``."""
    return long if LONG else short


def record(row: str, count: int, passed: int, seed: int | None, seconds: float) -> None:
    """Keep what a test counted; nothing is kept unless ``MOJ_ASSURANCE`` names a folder.

    Args:
        row: what was tried, as it will stand in the table; rows of one name are added up.
        count: how many cases were tried.
        passed: how many of those held.
        seed: what the cases were drawn from, or None where nothing was drawn.
        seconds: how long it took.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    line = {
        "row": row,
        "count": count,
        "passed": passed,
        "seed": seed,
        "seconds": round(seconds, 1),
    }
    # One file per process: tests that run beside each other never write in the same one.
    with (target / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(line) + "\n")


@dataclass
class Tally:
    """Cases that are counted while a test runs."""

    count: int = 0
    passed: int = 0

    def add(self, *, passed: bool) -> None:
        """Count one case."""
        self.count += 1
        self.passed += passed


@contextmanager
def recorded(row: str, seed: int | None) -> Iterator[Tally]:
    """Count cases in the block and record them at its end, also where a test fails."""
    tally, begin = Tally(), time.monotonic()
    try:
        yield tally
    finally:
        record(row, tally.count, tally.passed, seed, time.monotonic() - begin)
