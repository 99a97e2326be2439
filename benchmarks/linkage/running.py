"""Run a contender over a drawn population as a whole process, and keep what it cost."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.linkage.equality import Checked, DifferentTalliesError, check, differences
from benchmarks.linkage.scale import Scale
from benchmarks.measuring.commands import Cost, RunFailedError, run_measured

LIMIT_SECONDS = 2 * 3600
OURS = "linker"
CONTENDERS = {
    OURS: "benchmarks.linkage.ours",
    "polars": "benchmarks.linkage.peers.polars_tally",
    "pandas": "benchmarks.linkage.peers.pandas_tally",
}
"""Name and module of everyone who makes the tally; each takes SOURCE and OUT."""


@dataclass(slots=True)
class Outcome:
    """All runs of one contender over one population."""

    name: str
    scale: Scale
    rows: int
    costs: list[Cost] = field(default_factory=list)
    not_run: str = ""
    checked: Checked | None = None

    @property
    def ran(self) -> bool:
        """Whether every run was good."""
        return bool(self.costs) and not self.not_run

    def median(self, of: Callable[[Cost], float]) -> float:
        """The median over the runs."""
        return statistics.median(map(of, self.costs))

    @property
    def wall_seconds(self) -> float:
        """Median time on the clock."""
        return self.median(lambda cost: cost.wall_seconds)

    @property
    def cpu_seconds(self) -> float:
        """Median processor time."""
        return self.median(lambda cost: cost.cpu_seconds)

    @property
    def peak_bytes(self) -> int:
        """The highest of any run: of the sum of the tree, or of one process between samples."""
        return max(max(cost.peak_pss_bytes, cost.peak_rss_bytes) for cost in self.costs)

    def to_json(self) -> dict[str, Any]:
        """Everything."""
        runs = [{name: getattr(cost, name) for name in cost.__slots__} for cost in self.costs]
        found = {"name": self.name, "scale": self.scale.name, "rows": self.rows, "runs": runs}
        if self.checked:
            found |= {"cells": self.checked.cells, "sha256": self.checked.sha256}
        return {**found, "not_run": self.not_run} if self.not_run else found


def run_all(
    names: list[str],
    scale: Scale,
    rows: int,
    source: Path,
    folder: Path,
    repeat: int,
    once_above_seconds: float,
    tell: Callable[[str], None],
) -> list[Outcome]:
    """Run everyone ``repeat`` times in turn, and compare what the first runs wrote.

    Raises:
        DifferentTalliesError: two contenders counted differently.
    """
    outcomes = [Outcome(name, scale, rows) for name in names]
    kept: Path | None = None
    for turn in range(repeat):
        for outcome in outcomes:
            slow = outcome.costs and outcome.costs[0].wall_seconds > once_above_seconds
            if outcome.not_run or slow:
                continue
            out = folder / f"{outcome.name}-{turn}"
            try:
                outcome.costs.append(run_once(outcome.name, source, out))
            except RunFailedError as error:
                outcome.not_run = str(error)
                tell(f"{scale.name}, {outcome.name}: {error}")
                continue
            tell(f"{scale.name}, {outcome.name}: {outcome.costs[-1].wall_seconds:.2f} s")
            outcome.checked = outcome.checked or check(out / "tally")
            if kept is None:
                kept, first = out, outcome
            elif outcome.checked != first.checked:
                where = differences(kept / "tally", out / "tally")
                raise DifferentTalliesError(
                    f"{first.name} and {outcome.name} differ over the {scale.name}:\n{where}"
                )
            if out != kept:
                shutil.rmtree(out)
    if kept is not None:
        shutil.rmtree(kept)
    return outcomes


def run_once(name: str, source: Path, folder: Path) -> Cost:
    """One run in a folder of its own; the tally stays there.

    Raises:
        RunFailedError: it ended with an error, or took too long.
    """
    folder.mkdir(mode=0o700)
    command = [sys.executable, "-m", CONTENDERS[name], str(source), str(folder / "tally")]
    cost, printed = run_measured(command, folder, LIMIT_SECONDS, inside=Path(__file__).parents[2])
    if cost.exit_code:
        last = printed.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise RunFailedError(f"ended with exit code {cost.exit_code}: {''.join(last)[:200]}")
    return cost
