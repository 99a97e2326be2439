"""Who protects a table: `publisher protect` as a process, and the peer in its own environment."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measuring.commands import RunFailedError, run_measured
from benchmarks.protection.tables import Table
from publisher.protection.effort import Effort
from publisher.protection.keys import key_of

PEER = Path(__file__).resolve().parent / "peers" / "tau.py"
TOTAL = "Total"
OURS = {
    Effort.QUICK: "publisher protect --quick",
    Effort.USUAL: "publisher protect",
    Effort.EXACT: "publisher protect --exact",
}


@dataclass(frozen=True, slots=True)
class Result:
    """One run.

    Attributes:
        withheld: keys of the cells that are not published.
        seconds: of the protection itself, as the contender says.
        wall_seconds: of the whole process, from its start to its end.
        cpu_seconds: of the process and its children.
        certificates: how many were verified; 0 where the contender proves nothing.
    """

    withheld: frozenset[str]
    seconds: float
    wall_seconds: float
    cpu_seconds: float
    certificates: int = 0
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ours:
    """`publisher protect`, as hard as asked, with a process per core of the goals."""

    effort: Effort = Effort.USUAL
    processes: int = 2
    limit_seconds: float = 1800

    @property
    def name(self) -> str:
        """The command with its option."""
        return OURS[self.effort]

    def run(self, table: Table, files: tuple[Path, Path], folder: Path) -> Result:
        """Protect the table.

        Raises:
            RunFailedError: it took too long or ended with an error.
        """
        out, report = folder / "out.csv", folder / "report.json"
        command = [
            str(Path(sys.executable).with_name("publisher")), "protect", str(files[0]),
            "--spec", str(files[1]), "--out", str(out), "--report", str(report),
            "--certificates", str(folder / "proof.jsonl"), "--processes", str(self.processes),
            *OURS[self.effort].split()[2:],
        ]  # fmt: skip
        wall, cpu = _run(command, self.limit_seconds, folder)
        found = json.loads(report.read_bytes())
        more = {"optimum": found["optimum"]} if "optimum" in found else {}
        return Result(
            _withheld(out), found["seconds"], wall, cpu, found["certificates"]["verified"], more
        )


@dataclass(frozen=True, slots=True)
class Peer:
    """τ-ARGUS as pytauargus ships it; it takes one hierarchy, so only tables of shape A."""

    name: str
    method: str
    python: Path
    limit_seconds: float

    def run(self, table: Table, files: tuple[Path, Path], folder: Path) -> Result:
        """Protect the table.

        Raises:
            RunFailedError: it cannot take this table, took too long or ended with an error.
        """
        if table.shape != "A" or table.periods > 1:
            raise RunFailedError("takes one hierarchy per variable, not levels that cross")
        if table.level != 1:
            raise RunFailedError("has no such distance for counts")
        out = folder / "out.json"
        command = [str(self.python), str(PEER), str(files[0]), str(out), self.method]
        wall, cpu = _run(command, self.limit_seconds, folder)
        found = json.loads(out.read_bytes())
        withheld = frozenset(_peer_key(place, form) for place, form, _ in found["withheld"])
        return Result(withheld, found["seconds"], wall, cpu, more={"version": found["version"]})


def _run(command: list[str], limit_seconds: float, folder: Path) -> tuple[float, float]:
    """Seconds on the clock and of CPU of a command that has to succeed."""
    cost, _printed = run_measured(command, folder, limit_seconds)
    if cost.exit_code:
        raise RunFailedError(f"ended with exit code {cost.exit_code}")
    return cost.wall_seconds, cost.cpu_seconds


def _withheld(out: Path) -> frozenset[str]:
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return frozenset(_key(row) for row in rows if row["status"])


def _key(row: dict[str, str]) -> str:
    level = row["level"]
    unit = "school_year" if "school_year" in row else "school"
    columns = {"unit": [unit], "all": []}.get(level, level.split("*"))
    return key_of(level, *(row[column] for column in columns), row["form"])


def _peer_key(place: str, form: str) -> str:
    category = "" if form == TOTAL else form
    if place == TOTAL:
        return key_of("region", "R", category)
    return key_of("municipality" if place.startswith("M") else "unit", place, category)
