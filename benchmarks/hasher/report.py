"""What was measured: a table on the terminal, JSON with everything, a block in a document."""

from __future__ import annotations

import os
import platform
import re
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.hasher.contenders import SEAL
from benchmarks.hasher.equality import Compared
from benchmarks.hasher.running import Outcome

BEGIN, END = "<!-- bench-hasher:begin -->", "<!-- bench-hasher:end -->"
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


def machine() -> dict[str, Any]:
    """What it ran on."""
    processor = memory = ""
    for path, pattern in (("/proc/cpuinfo", r"model name\s*:\s*(.+)"), ("/proc/meminfo",
                           r"MemTotal:\s*(\d+) kB")):  # fmt: skip
        found = re.search(pattern, Path(path).read_text()) if Path(path).exists() else None
        value = found.group(1) if found else ""
        processor, memory = (value, memory) if path.endswith("cpuinfo") else (processor, value)
    return {
        "processor": processor or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": int(memory or 0) * 1024,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average_before": os.getloadavg()[0],
        "on": date.today().isoformat(),
    }


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


def goals(outcomes: list[Outcome]) -> list[tuple[str, str, bool]]:
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
    for goal, found, reached in goals(outcomes):
        console.print(f"{'reached    ' if reached else 'NOT reached'} {goal}: {found}")


def markdown(outcomes: list[Outcome], on: dict[str, Any], compared: Compared | None) -> str:
    """The block for a document, with its markers."""
    lines = [
        BEGIN,
        f"Measured on {on['on']}: {outcomes[0].rows:,} rows, {on['cores']} cores "
        f"({on['processor']}), {on['memory_bytes'] / (1 << 30):.0f} GiB, {on['system']}, "
        f"Python {on['python']}; load before the start {on['load_average_before']:.2f}.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---" + "|--:" * (len(HEADINGS) - 1) + "|",
        *("| " + " | ".join(cells) + " |" for cells in rows(outcomes)),
        "",
        *(f"- {line}." for line in _remarks(outcomes)),
        "",
        "| Goal | Measured | Reached |",
        "|---|--:|---|",
        *(f"| {goal} | {found} | {'yes' if ok else 'no'} |" for goal, found, ok in goals(outcomes)),
    ]
    if compared is not None:
        lines += ["", _equal(compared)]
    return "\n".join([*lines, END])


def _equal(compared: Compared) -> str:
    text = f"{compared.pseudonyms:,} pseudonyms equal an independent computation"
    if compared.delivery_rows:
        text += f"; all columns of {compared.delivery_rows:,} rows equal the plain script's"
    return text + "."


def write_block(document: Path, block: str) -> None:
    """Put the block in the place of the earlier one.

    Raises:
        ValueError: the document does not have the two markers, once each and in order.
    """
    text = document.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"expected {BEGIN} and {END} once each in {document.name}")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    document.write_text(before + block + after, encoding="utf-8")
