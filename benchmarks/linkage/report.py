"""What was measured: a table on the terminal, blocks in two documents, and the goals."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.linkage.curve import slope
from benchmarks.linkage.running import OURS, Outcome
from benchmarks.measuring.documents import Goal, goal_lines, goal_table
from benchmarks.measuring.machine import in_words

MB = 1_000_000
WALL_GOALS = {"region": 3.0, "nation": 60.0}
NATION_MEMORY_GOAL_MB = 3_000
LARGEST = "10x nation"
"""Has the same goal for memory as the nation itself."""
RATIO_GOALS = {"pandas": 3.0, "polars": 2.0}
SLOPE_GOAL = 1.1
HEADINGS = ("population", "", "rows", "cells", "wall s, median", "minimum", "runs", "CPU s",
            "peak PSS, MB", "peak RSS, MB", "× ours")  # fmt: skip


def ratio(outcome: Outcome, outcomes: list[Outcome]) -> float | None:
    """How many times our median time it took over the same population."""
    for each in outcomes:
        if each.name == OURS and each.scale == outcome.scale and each.ran and outcome.ran:
            return outcome.wall_seconds / each.wall_seconds
    return None


def largest_common(peer: str, outcomes: list[Outcome]) -> Outcome | None:
    """What a peer did over the largest population over which it and we ran."""
    both = [each for each in outcomes if each.name == peer and ratio(each, outcomes)]
    return max(both, key=lambda each: each.rows, default=None)


def goals(outcomes: list[Outcome], curve: list[Outcome]) -> list[Goal]:
    """Each goal of the design with what was measured and whether it was reached."""
    found = []
    for each in outcomes:
        name = each.scale.name
        if not each.ran or each.name != OURS or name not in WALL_GOALS:
            continue
        goal, wall = WALL_GOALS[name], each.wall_seconds
        found.append((f"{name}: at most {goal:.0f} s", f"{wall:.1f} s", wall <= goal))
        if name == "nation":
            memory = each.peak_bytes / MB
            found.append((f"{name}: at most {NATION_MEMORY_GOAL_MB:,} MB", f"{memory:,.0f} MB",
                          memory <= NATION_MEMORY_GOAL_MB))  # fmt: skip
    for peer, least in RATIO_GOALS.items():
        if largest := largest_common(peer, outcomes):
            times = ratio(largest, outcomes) or 0.0
            found.append((f"{largest.scale.name}: at least {least:.0f} × {peer}", f"{times:.1f} ×",
                          times >= least))  # fmt: skip
    for each in curve:
        if each.scale.name == LARGEST and each.ran:
            memory = each.peak_bytes / MB
            found.append((f"{LARGEST}: at most {NATION_MEMORY_GOAL_MB:,} MB", f"{memory:,.0f} MB",
                          memory <= NATION_MEMORY_GOAL_MB))  # fmt: skip
    if len(curve) > 1:
        grows = slope([(each.rows, each.cpu_seconds) for each in curve])
        found.append((f"CPU grows with rows ^ {SLOPE_GOAL} at most", f"rows ^ {grows:.2f}",
                      grows <= SLOPE_GOAL))  # fmt: skip
    return found


def rows(outcomes: list[Outcome]) -> list[tuple[str, ...]]:
    """The table, without its headings."""
    return [_cells(each, ratio(each, outcomes)) for each in outcomes]


def _cells(outcome: Outcome, times: float | None) -> tuple[str, ...]:
    first = (outcome.scale.name, outcome.name, f"{outcome.rows:,}")
    if not outcome.ran:
        return (*first, "not run", *[""] * (len(HEADINGS) - len(first) - 1))
    return (
        *first,
        f"{outcome.checked.cells:,}" if outcome.checked else "",
        f"{outcome.wall_seconds:.2f}",
        f"{min(cost.wall_seconds for cost in outcome.costs):.2f}",
        f"{len(outcome.costs)}",
        f"{outcome.cpu_seconds:.2f}",
        f"{max(cost.peak_pss_bytes for cost in outcome.costs) / MB:,.0f}",
        f"{max(cost.peak_rss_bytes for cost in outcome.costs) / MB:,.0f}",
        f"{times:.1f}" if times and outcome.name != OURS else "",
    )


def remarks(outcomes: list[Outcome]) -> list[str]:
    """What did not run and why, and whose tallies were equal."""
    lines = [
        f"{each.scale.name}, {each.name}: not run: {each.not_run}"
        for each in outcomes
        if each.not_run
    ]
    for scale in dict.fromkeys(each.scale for each in outcomes):
        same = [each for each in outcomes if each.scale == scale and each.ran and each.checked]
        if len(same) > 1 and same[0].checked:
            names = ", ".join(each.name for each in same)
            lines.append(
                f"{scale.name}: {same[0].checked.cells:,} cells and "
                f"{same[0].checked.contributions:,} contributions of {names} are equal "
                f"(sha256 {same[0].checked.sha256[:16]}…)"
            )
    return lines


def print_table(outcomes: list[Outcome], curve: list[Outcome], console: Console) -> None:
    """The table and the goals, for a terminal."""
    table = Table()
    for index, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if index > 1 else "left", no_wrap=index < 2)
    for cells in rows([*outcomes, *curve]):
        table.add_row(*cells)
    console.print(table)
    for line in remarks(outcomes):
        console.print(line)
    for line in goal_lines(goals(outcomes, curve)):
        console.print(line)


def markdown(outcomes: list[Outcome], curve: list[Outcome], on: dict[str, Any]) -> str:
    """The block of docs/benchmarks.md."""
    lines = [
        f"Measured on {on['on']}: {in_words(on)}. "
        + ", ".join(f"{name} {version}" for name, version in on["versions"].items())
        + ".",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---|---" + "|--:" * (len(HEADINGS) - 2) + "|",
        *("| " + " | ".join(cells) + " |" for cells in rows(outcomes)),
        "",
        *(f"- {line}." for line in remarks(outcomes)),
        "",
        *goal_table(goals(outcomes, curve)),
    ]
    return "\n".join(lines)
