"""What was measured: a table on the terminal, blocks in two documents, and the goals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.linkage.curve import slope
from benchmarks.linkage.running import OURS, Outcome

MB = 1_000_000
WALL_GOALS = {"region": 3.0, "nation": 60.0}
NATION_MEMORY_GOAL_MB = 3_000
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


def goals(outcomes: list[Outcome], curve: list[Outcome]) -> list[tuple[str, str, bool]]:
    """Each goal of the design with what was measured and whether it was reached."""
    found = []
    for each in outcomes:
        name = each.scale.name
        if not each.ran or name not in WALL_GOALS:
            continue
        if each.name == OURS:
            goal = WALL_GOALS[name]
            wall = each.wall_seconds
            found.append((f"{name}: at most {goal:.0f} s", f"{wall:.1f} s", wall <= goal))
            if name == "nation":
                memory = each.peak_bytes / MB
                found.append((f"{name}: at most {NATION_MEMORY_GOAL_MB:,} MB", f"{memory:,.0f} MB",
                              memory <= NATION_MEMORY_GOAL_MB))  # fmt: skip
        elif name == "nation" and (times := ratio(each, outcomes)):
            least = RATIO_GOALS[each.name]
            found.append((f"{name}: at least {least:.0f} × {each.name}", f"{times:.1f} ×",
                          times >= least))  # fmt: skip
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
    for goal, found, reached in goals(outcomes, curve):
        console.print(f"{'reached    ' if reached else 'NOT reached'} {goal}: {found}")


def markdown(outcomes: list[Outcome], curve: list[Outcome], on: dict[str, Any]) -> str:
    """The block of docs/benchmarks.md."""
    lines = [
        f"Measured on {on['on']}: {on['cores']} cores ({on['processor']}), "
        f"{on['memory_bytes'] / (1 << 30):.0f} GiB, {on['system']}, Python {on['python']}; load "
        f"before the start {on['load_average_before']:.2f}. "
        + ", ".join(f"{name} {version}" for name, version in on["versions"].items())
        + ".",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---|---" + "|--:" * (len(HEADINGS) - 2) + "|",
        *("| " + " | ".join(cells) + " |" for cells in rows(outcomes)),
        "",
        *(f"- {line}." for line in remarks(outcomes)),
        "",
        "| Goal | Measured | Reached |",
        "|---|--:|---|",
        *(
            f"| {goal} | {found} | {'yes' if ok else 'no'} |"
            for goal, found, ok in goals(outcomes, curve)
        ),
    ]
    return "\n".join(lines)


def write_block(document: Path, name: str, block: str) -> None:
    """Put the block in the place of the earlier one, between the markers of this name.

    Raises:
        ValueError: the document does not have the two markers, once each and in order.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    text = document.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"expected {begin} and {end} once each in {document.name}")
    before, after = text.partition(begin)[0], text.partition(end)[2]
    document.write_text(f"{before}{begin}\n{block}\n{end}{after}", encoding="utf-8")
