"""Write docs/assurance.md from what the long tests counted; nothing in it is typed.

The tests leave one JSON line each in the folder that ``MOJ_ASSURANCE`` names;
``make test-long`` sets it, and then runs ``python -m deploy.make_assurance``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "assurance.md"
FOLDER_VARIABLE = "MOJ_ASSURANCE"
_INTRO = """\
# What was tried, how often, and with what outcome

This page is written by `make test-long`, from what its tests counted. Do not change it by hand.
A seed is what the cases were drawn from: with the same seed and the same version the same cases
are tried again. *Passed* must equal *tried*; the run fails where it does not.

"""
_NOTHING = "No figures yet: run `make test-long`.\n"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        seeds: what the cases were drawn from, in order; empty where nothing was drawn.
        seconds: how long all of them took.
    """

    name: str
    count: int
    passed: int
    seeds: tuple[int, ...]
    seconds: float

    def line(self) -> str:
        """The line in Markdown."""
        seeds = ", ".join(map(str, self.seeds)) or "-"
        figures = f"{self.count:,} | {self.passed:,} | {seeds} | {_lasting(self.seconds)}"
        return f"| {self.name} | {figures} |"


def _lasting(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def read_rows(folder: Path) -> list[Row]:
    """The records below ``folder``, added up by name, in the order of the names."""
    found: dict[str, Row] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            new = _row(json.loads(line))
            old = found.get(new.name)
            found[new.name] = new if old is None else _together(old, new)
    return [found[name] for name in sorted(found, key=str.casefold)]


def _row(document: dict[str, object]) -> Row:
    seed = document["seed"]
    seeds = () if seed is None else (int(str(seed)),)
    count, passed = int(str(document["count"])), int(str(document["passed"]))
    return Row(str(document["row"]), count, passed, seeds, float(str(document["seconds"])))


def _together(old: Row, new: Row) -> Row:
    return Row(
        old.name,
        old.count + new.count,
        old.passed + new.passed,
        tuple(sorted({*old.seeds, *new.seeds})),
        old.seconds + new.seconds,
    )


def page(rows: Iterable[Row]) -> str:
    """The whole page."""
    lines = [row.line() for row in rows]
    if not lines:
        return _INTRO + _NOTHING
    head = "| What | Tried | Passed | Seed | Duration |\n|---|---:|---:|---|---:|\n"
    return _INTRO + head + "\n".join(lines) + "\n"


def main() -> None:
    """Entry point."""
    folder = Path(os.environ.get(FOLDER_VARIABLE, str(ROOT / ".assurance")))
    rows = read_rows(folder)
    if not rows:
        sys.exit(f"expected records of the long tests in {folder.name}, found none")
    PAGE.write_text(page(rows), encoding="utf-8")
    sys.stdout.write(f"{len(rows)} rows in {PAGE.name}\n")


if __name__ == "__main__":
    main()
