"""What was measured: JSON with everything, curves, and a block in a document."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring.documents import Goal, goal_table
from benchmarks.measuring.machine import in_words
from benchmarks.protection.attack import Found
from benchmarks.protection.contenders import Result
from benchmarks.protection.curves import draw
from benchmarks.protection.tables import Table

BLOCK = "bench-protection"
HEADINGS = ("table", "schools", "level", "contender", "secondary", "hidden value", "cost",
            "s, own", "s, process", "CPU s", "exposed", "too narrow", "primary shown",
            "certificates")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """One contender on one table; ``not_run`` says why there is no result."""

    table: Table
    contender: str
    result: Result | None = None
    found: Found | None = None
    not_run: str = ""

    def to_json(self) -> dict[str, Any]:
        """Everything but the names of the withheld cells."""
        line: dict[str, Any] = {**asdict(self.table), "contender": self.contender}
        if self.result is None or self.found is None:
            return {**line, "not_run": self.not_run}
        run = {name: getattr(self.result, name) for name in
               ("seconds", "wall_seconds", "cpu_seconds", "certificates", "more")}  # fmt: skip
        return {**line, **run, **asdict(self.found), "cost": round(self.found.cost, 2)}


def _name(table: Table) -> str:
    return f"{table.shape}, {table.periods} years" if table.periods > 1 else table.shape


def _cells(outcome: Outcome) -> tuple[str, ...]:
    table, result, found = outcome.table, outcome.result, outcome.found
    place = (_name(table), f"{table.schools:,}", f"{table.level}", outcome.contender)
    if result is None or found is None:
        return (*place, f"not run: {outcome.not_run}", *[""] * (len(HEADINGS) - 5))
    return (
        *place, f"{found.secondary:,}", f"{found.hidden_value:,}", f"{found.cost:,.2f}",
        f"{result.seconds:.1f}", f"{result.wall_seconds:.1f}", f"{result.cpu_seconds:.1f}",
        f"{found.exact:,}", f"{found.too_narrow:,}", f"{found.shown:,}",
        f"{result.certificates:,}" if result.certificates else "none",
    )  # fmt: skip


def markdown(
    outcomes: list[Outcome], goals: list[Goal], on: dict[str, Any], curves: list[str]
) -> str:
    """The block for a document."""
    lines = [
        f"Measured on {on['on']}: {in_words(on)}.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---|--:|--:|---" + "|--:" * (len(HEADINGS) - 4) + "|",
        *("| " + " | ".join(_cells(outcome)) + " |" for outcome in outcomes),
        "",
        *goal_table(goals),
        "",
        *(f"![{Path(name).stem}]({name})" for name in curves),
    ]
    return "\n".join(lines)


def write_curves(outcomes: list[Outcome], folder: Path) -> list[str]:
    """Seconds and secondary cells over the number of schools; the names of the files."""
    seconds: dict[str, list[tuple[float, float]]] = {}
    cells: dict[str, list[tuple[float, float]]] = {}
    for outcome in outcomes:
        table, result, found = outcome.table, outcome.result, outcome.found
        if result is None or found is None or table.periods > 1:
            continue
        line = f"{table.shape}, level {table.level}: {outcome.contender.removeprefix('publisher ')}"
        seconds.setdefault(line, []).append((table.schools, result.seconds))
        cells.setdefault(line, []).append((table.schools, found.secondary))
    pictures = {
        "protection-seconds.svg": draw("Seconds to protect a table", "seconds", seconds),
        "protection-cells.svg": draw("Secondary cells", "cells", cells),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        (folder / name).write_text(picture, encoding="utf-8")
    return [f"{folder.name}/{name}" for name in pictures]
