"""Write docs/assurance.md from what the long tests counted; nothing in it is typed.

The tests leave one JSON line each in the folder that ``MOJ_ASSURANCE`` names; ``make test-long``
sets it, and then runs ``python -m deploy.make_assurance``. A row that was tried now replaces the
row of before, and every row says of which version of the code it is: so a part of the long tests
can be run again by itself. What was promised and never tried stands in the page as such.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "assurance.md"
KEPT = ROOT / "docs" / "assurance.json"
FOLDER_VARIABLE = "MOJ_ASSURANCE"
PROMISED = {
    "bombs": 40,
    "concurrent uploads": 200,
    "destructions that stop at an executed line": 5_000,
    "disk full": 200,
    "Files looked through during a link": 200,
    "kill -9 of uvicorn during uploads": 200,
    "lives of a round and its release, of the stateful model": 2_000,
    "lives of backup and restore of a destroyed round": 50,
    "mutated and re-signed bodies": 20_000,
    "mutated envelopes and spliced headers": 10_000,
    "protection against enumeration, crossing levels": 20_000,
    "protection against enumeration, SUM and DISTINCT breakdowns": 15_000,
    "races: approve and withdraw": 500,
    "races: close and deliver": 500,
    "races: decide and supersede": 500,
    "races: link and link": 500,
    "races: publish and withdraw": 500,
    "races: the same envelope twice": 500,
    "races: two parts at once": 500,
    "SIGKILL at an executed line, then recovered": 5_000,
    "SIGKILL in the recovery from a SIGKILL": 1_000,
    "the audit against enumeration, any pattern": 15_000,
}
"""How many cases of a kind the long tests try at least."""
_INTRO = """\
# What was tried, how often, and with what outcome

This page is written by `make test-long`, from what its tests counted. Do not change it by hand.
A seed is what the cases were drawn from: with the same seed and the same version the same cases
are tried again. *Passed* must equal *tried*, and where a number of cases was promised, no fewer
may be tried: the command fails where that is not so. *Version* is the commit that was tried, with
a + where files were changed since.

"""
_HEAD = (
    "| What | Tried | Passed | Promised | Seed | Duration | Version | Day |\n"
    "|---|---:|---:|---:|---|---:|---|---|\n"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        seeds: what the cases were drawn from, in order; empty where nothing was drawn.
        seconds: how long all of them took.
        version: the commit that was tried.
        day: when, as an ISO date.
    """

    name: str
    count: int
    passed: int
    seeds: tuple[int, ...]
    seconds: float
    version: str = ""
    day: str = ""

    def line(self) -> str:
        """The line in Markdown."""
        promised = f"{PROMISED[self.name]:,}" if self.name in PROMISED else "-"
        seeds = ", ".join(map(str, self.seeds)) or "-"
        figures = f"{self.count:,} | {self.passed:,} | {promised} | {seeds}"
        return (
            f"| {self.name} | {figures} | {_lasting(self.seconds)} | {self.version} | {self.day} |"
        )

    def fault(self) -> str | None:
        """What is wrong with the row, or None."""
        if self.passed != self.count:
            return f"{self.name}: {self.count - self.passed:,} of {self.count:,} did not pass"
        if self.count < PROMISED.get(self.name, 0):
            return f"{self.name}: {self.count:,} tried of {PROMISED[self.name]:,} promised"
        return None


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
    return _ordered(found)


def _ordered(rows: Mapping[str, Row]) -> list[Row]:
    return [rows[name] for name in sorted(rows, key=str.casefold)]


def _row(document: dict[str, object]) -> Row:
    seed = document["seed"]
    seeds = () if seed is None else (int(str(seed)),)
    count, passed = int(str(document["count"])), int(str(document["passed"]))
    return Row(str(document["row"]), count, passed, seeds, float(str(document["seconds"])))


def _together(old: Row, new: Row) -> Row:
    return replace(
        old,
        count=old.count + new.count,
        passed=old.passed + new.passed,
        seeds=tuple(sorted({*old.seeds, *new.seeds})),
        seconds=old.seconds + new.seconds,
    )


def renewed(kept: Iterable[Row], tried: Iterable[Row], version: str, day: str) -> list[Row]:
    """The rows of before, each replaced where it was tried now."""
    found = {row.name: row for row in kept}
    for row in tried:
        found[row.name] = replace(row, version=version, day=day)
    return _ordered(found)


def page(rows: Iterable[Row]) -> str:
    """The whole page: the rows, and what was promised and never tried."""
    found = list(rows)
    text = _INTRO + _HEAD + "".join(f"{row.line()}\n" for row in found)
    untried = sorted(PROMISED.keys() - {row.name for row in found}, key=str.casefold)
    if untried:
        text += "\nNot tried yet:\n\n" + "".join(f"- {name}\n" for name in untried)
    return text


def _kept() -> list[Row]:
    if not KEPT.exists():
        return []
    rows = json.loads(KEPT.read_text(encoding="utf-8"))
    return [Row(**{**row, "seeds": tuple(row["seeds"])}) for row in rows]


def _version() -> str:
    """The commit, from git itself; ``+`` where a tracked file differs."""
    command = ["git", "describe", "--always", "--exclude=*", "--dirty=+"]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return found.stdout.strip()


def main() -> None:
    """Entry point."""
    folder = Path(os.environ.get(FOLDER_VARIABLE, str(ROOT / ".assurance")))
    tried = read_rows(folder)
    if not tried:
        sys.exit(f"expected records of the long tests in {folder.name}, found none")
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    rows = renewed(_kept(), tried, _version(), today)
    KEPT.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(rows), encoding="utf-8")
    sys.stdout.write(f"{len(tried)} rows renewed of {len(rows)} in {PAGE.name}\n")
    faults = [fault for row in tried if (fault := row.fault())]
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
