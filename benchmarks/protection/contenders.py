"""Who protects a table: `publisher protect` as a process, and the peer in its own environment."""

from __future__ import annotations

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.protection.tables import Table
from publisher.protection.keys import key_of

PEER = Path(__file__).resolve().parent / "peers" / "tau.py"
TOTAL = "Total"


class NotRunError(Exception):
    """A contender gave no result for a table; why."""


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
    """`publisher protect`, in one process unless asked otherwise."""

    name: str
    processes: int = 1
    exact: bool = False
    limit_seconds: float = 1800

    def run(self, table: Table, files: tuple[Path, Path], folder: Path) -> Result:
        """Protect the table.

        Raises:
            NotRunError: it took too long or ended with an error.
        """
        out, report = folder / "out.csv", folder / "report.json"
        command = [
            str(Path(sys.executable).with_name("publisher")), "protect", str(files[0]),
            "--spec", str(files[1]), "--out", str(out), "--report", str(report),
            "--certificates", str(folder / "proof.jsonl"), "--processes", str(self.processes),
            *(["--exact"] if self.exact else []),
        ]  # fmt: skip
        wall, cpu = measured(command, self.limit_seconds, folder)
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
            NotRunError: it cannot take this table, took too long or ended with an error.
        """
        if table.shape != "A" or table.periods > 1:
            raise NotRunError("takes one hierarchy per variable, not levels that cross")
        if table.level != 1:
            raise NotRunError("has no such distance for counts")
        out = folder / "out.json"
        command = [str(self.python), str(PEER), str(files[0]), str(out), self.method]
        wall, cpu = measured(command, self.limit_seconds, folder)
        found = json.loads(out.read_bytes())
        withheld = frozenset(_peer_key(place, form) for place, form, _ in found["withheld"])
        return Result(withheld, found["seconds"], wall, cpu, more={"version": found["version"]})


def measured(command: list[str], limit_seconds: float, folder: Path) -> tuple[float, float]:
    """Run a command in a folder, for what it leaves; return its seconds on the clock and of CPU.

    Raises:
        NotRunError: it took too long or ended with an error.
    """
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(limit_seconds)
    except subprocess.TimeoutExpired as error:
        raise NotRunError(f"not finished in {limit_seconds:.0f} s") from error
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise NotRunError(f"ended with exit code {process.returncode}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


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
