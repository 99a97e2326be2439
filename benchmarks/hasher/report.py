"""What was measured: a table on the terminal, JSON with everything, a block in a document."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.hasher.contenders import SEAL
from benchmarks.hasher.equality import Compared
from benchmarks.hasher.running import Outcome
from benchmarks.measuring.documents import Goal, goal_lines, goal_table
from benchmarks.measuring.machine import in_words

BLOCK = "bench-hasher"
MB = 1_000_000
RATE_GOAL, MEMORY_GOAL_MB = 600_000, 300
RATIO_GOALS = {
    "anonlink encode": 10.0,
    "OpenLinkToken tokenize": 3.0,
    "OpenLinkToken package": 3.0,
    "plain script": 3.0,
}
HEADINGS = ("", "wall s, median", "minimum", "runs", "rows/s", "CPU s", "peak PSS, MB",
            "peak RSS, MB", "× ours")  # fmt: skip


def ratios(outcomes: list[Outcome]) -> dict[str, float]:
    """How many times our median time each other took."""
    ours = next((each for each in outcomes if each.contender.name == SEAL and each.ran), None)
    if ours is None:
        return {}
    return {
        each.contender.name: each.wall_seconds / ours.wall_seconds
        for each in outcomes
        if each.ran and each.contender.peer
    }


def goals(outcomes: list[Outcome]) -> list[Goal]:
    """Each goal of the design with what was measured and whether it was reached."""
    found = []
    for each in outcomes:
        if each.contender.name == SEAL and each.ran:
            rate, memory = each.rows / each.wall_seconds, each.peak_bytes / MB
            found += [
                (f"at least {RATE_GOAL:,} rows/s", f"{rate:,.0f} rows/s", rate >= RATE_GOAL),
                (f"at most {MEMORY_GOAL_MB} MB", f"{memory:,.0f} MB", memory <= MEMORY_GOAL_MB),
            ]
    for name, ratio in ratios(outcomes).items():
        goal = RATIO_GOALS[name]
        found.append((f"at least {goal:.0f} × {name}", f"{ratio:.1f} ×", ratio >= goal))
    return found


def _cells(outcome: Outcome, ratio: float | None) -> tuple[str, ...]:
    name = outcome.contender.name
    if not outcome.ran:
        return (name, "not run", *[""] * (len(HEADINGS) - 2))
    return (
        name,
        f"{outcome.wall_seconds:.2f}",
        f"{min(cost.wall_seconds for cost in outcome.costs):.2f}",
        f"{len(outcome.costs)}",
        f"{outcome.rows / outcome.wall_seconds:,.0f}",
        f"{outcome.median(lambda cost: cost.cpu_seconds):.2f}",
        f"{max(cost.peak_pss_bytes for cost in outcome.costs) / MB:,.0f}",
        f"{max(cost.peak_rss_bytes for cost in outcome.costs) / MB:,.0f}",
        f"{ratio:.1f}" if ratio else "",
    )


def rows(outcomes: list[Outcome]) -> list[tuple[str, ...]]:
    """The table, without its headings."""
    of = ratios(outcomes)
    return [_cells(each, of.get(each.contender.name)) for each in outcomes]


def _remarks(outcomes: list[Outcome]) -> list[str]:
    """What each contender does, or why it did not run."""
    return [
        f"{each.contender.name}: {each.contender.does if each.ran else 'not run: ' + each.not_run}"
        for each in outcomes
    ]


def print_table(outcomes: list[Outcome], console: Console) -> None:
    """The table and the goals, for a terminal."""
    table = Table()
    for index, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if index else "left", no_wrap=not index)
    for cells in rows(outcomes):
        table.add_row(*cells)
    console.print(table)
    for line in _remarks(outcomes):
        console.print(line)
    for line in goal_lines(goals(outcomes)):
        console.print(line)


def markdown(outcomes: list[Outcome], on: dict[str, Any], compared: Compared | None) -> str:
    """The block for a document."""
    lines = [
        f"Measured on {on['on']}: {outcomes[0].rows:,} rows, {in_words(on)}.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---" + "|--:" * (len(HEADINGS) - 1) + "|",
        *("| " + " | ".join(cells) + " |" for cells in rows(outcomes)),
        "",
        *(f"- {line}." for line in _remarks(outcomes)),
        "",
        *goal_table(goals(outcomes)),
    ]
    if compared is not None:
        lines += ["", _equal(compared)]
    return "\n".join(lines)


def _equal(compared: Compared) -> str:
    text = f"{compared.pseudonyms:,} pseudonyms equal an independent computation"
    if compared.delivery_rows:
        text += f"; all columns of {compared.delivery_rows:,} rows equal the plain script's"
    return text + "."
