"""Run the contenders in turn and keep what each run cost."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.hasher.contenders import Contender
from benchmarks.hasher.source import Sources
from benchmarks.measuring.commands import Cost, RunFailedError, run_measured

LIMIT_SECONDS = 3600


@dataclass(slots=True)
class Outcome:
    """All runs of one contender.

    Attributes:
        not_run: why it did not run; empty where it did.
        kept: whether what it wrote is needed after the runs.
        written: the folder of its last run, where it is kept.
    """

    contender: Contender
    rows: int
    costs: list[Cost] = field(default_factory=list)
    not_run: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    kept: bool = False
    written: Path | None = None

    def median(self, of: Callable[[Cost], float]) -> float:
        """The median over the runs."""
        return statistics.median(map(of, self.costs))

    @property
    def wall_seconds(self) -> float:
        """Median time on the clock."""
        return self.median(lambda cost: cost.wall_seconds)

    @property
    def ran(self) -> bool:
        """Whether every run was good."""
        return bool(self.costs) and not self.not_run

    @property
    def peak_bytes(self) -> int:
        """The highest of any run: of the sum of the tree, or of one process between samples."""
        return max(max(cost.peak_pss_bytes, cost.peak_rss_bytes) for cost in self.costs)

    def to_json(self) -> dict[str, Any]:
        """Everything, with minimum and median."""
        shared = {"name": self.contender.name, "does": self.contender.does, "rows": self.rows}
        if self.not_run:
            return {**shared, "not_run": self.not_run}
        return {
            **shared,
            "wall_seconds": {
                "minimum": min(cost.wall_seconds for cost in self.costs),
                "median": self.wall_seconds,
            },
            "runs": [{n: getattr(cost, n) for n in cost.__slots__} for cost in self.costs],
            "packages": self.packages,
        }


def run_once(contender: Contender, python: Path, sources: Sources, folder: Path) -> Cost:
    """One run in a folder of its own; what it wrote stays there.

    Raises:
        RunFailedError: without what the command printed, which may hold a row.
    """
    folder.mkdir(mode=0o700)
    out = folder / "out"
    command = contender.command(python, sources, out)
    cost, printed = run_measured(command, folder, LIMIT_SECONDS, environment=contender.environment)
    if cost.exit_code:
        raise RunFailedError(f"ended with exit code {cost.exit_code}")
    done = contender.count(out, printed)
    if done != sources.rows:
        raise RunFailedError(f"did {done} rows of {sources.rows}")
    return cost


def run_all(
    ready: list[tuple[Outcome, Path]],
    sources: Sources,
    folder: Path,
    repeat: int,
    once_above_seconds: float,
    tell: Callable[[str], None],
) -> None:
    """Run everyone ``repeat`` times in turn; what takes too long runs once, over all rows too.

    What a run wrote is deleted at once, but for the last run of ``Outcome.kept``.
    """
    for turn in range(1, repeat + 1):
        for outcome, python in ready:
            name = outcome.contender.name
            slow = outcome.costs and outcome.costs[0].wall_seconds > once_above_seconds
            if outcome.not_run or slow:
                continue
            own = folder / f"{name.replace(' ', '-')}-{turn}"
            try:
                cost = run_once(outcome.contender, python, sources, own)
            except RunFailedError as error:
                outcome.not_run = str(error)
                tell(f"{name}: {error}")
                continue
            outcome.costs.append(cost)
            tell(f"{name}, run {turn}: {cost.wall_seconds:.2f} s")
            if outcome.written is not None:
                shutil.rmtree(outcome.written)
            outcome.written = own
            if not outcome.kept:
                shutil.rmtree(own)
                outcome.written = None
