"""What was measured: JSON with everything, curves, and a block in a document."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.protection.attack import Found
from benchmarks.protection.contenders import Result
from benchmarks.protection.curves import draw
from benchmarks.protection.tables import Table

BEGIN, END = "<!-- bench-protection:begin -->", "<!-- bench-protection:end -->"
OURS, EXACT = "publisher protect", "publisher protect --exact"
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


def _time(result: Result) -> str:
    """On a machine that does other work as well, the seconds of CPU say more."""
    return f"{result.seconds:.1f} s; the whole process took {result.cpu_seconds:.1f} s of CPU"


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


def goals(outcomes: list[Outcome]) -> list[tuple[str, str, bool]]:
    """Each goal of PROTECTION section 10 with what was measured and whether it was reached."""
    ran = {
        (o.table.shape, o.table.schools, o.table.level, o.table.periods, o.contender): o
        for o in outcomes
        if o.result and o.found
    }
    found: list[tuple[str, str, bool]] = []

    def add(goal: str, measured: str, reached: bool) -> None:
        found.append((goal, measured, reached))

    ours = [o for o in ran.values() if o.contender.startswith(OURS) and o.found]
    exposed = sum(o.found.exact + o.found.too_narrow + o.found.shown for o in ours if o.found)
    add("nothing exposed, too narrow or shown, in any table", f"{exposed}", exposed == 0)
    small, exact = ran.get(("A", 400, 1, 1, OURS)), ran.get(("A", 400, 1, 1, EXACT))
    if small and small.found:
        cells = small.found.secondary
        add("A, 400 schools: at most 41 secondary cells", f"{cells}", cells <= 41)
    if small and small.found and exact and exact.found and exact.result:
        bound = exact.result.more["optimum"]["bound"]
        above = (small.found.cost - bound) / bound
        add("A, 400 schools: at most 5 % above the optimum", f"{100 * above:.1f} %", above <= 0.05)
        proved = exact.result.more["optimum"]["gap"] <= 1e-6
        seconds = exact.result.seconds
        add(
            "A, 400 schools: the optimum proved in at most 30 s",
            f"{seconds:.1f} s, {'proved' if proved else 'not proved'}",
            proved and seconds <= 30,
        )
    crossing = ran.get(("B", 400, 1, 1, OURS))
    if crossing and crossing.found and crossing.result:
        cells, seconds = crossing.found.secondary, crossing.result.seconds
        add("B, 400 schools: at most 108 secondary cells", f"{cells}", cells <= 108)
        add("B, 400 schools: in at most 5 s", _time(crossing.result), seconds <= 5)
    for schools, limit in ((2000, 30), (10000, 300)):
        for shape in "AB":
            large = ran.get((shape, schools, 1, 1, OURS))
            if large and large.result:
                seconds = large.result.seconds
                add(
                    f"{shape}, {schools:,} schools: at most {limit} s",
                    _time(large.result),
                    seconds <= limit,
                )
    years = ran.get(("A", 400, 1, 6, OURS))
    if years and years.result:
        seconds = years.result.seconds
        add("A, 400 schools, 6 years pooled: at most 20 s", _time(years.result), seconds <= 20)
    return found


def markdown(outcomes: list[Outcome], on: dict[str, Any], curves: list[str]) -> str:
    """The block for a document, with its markers."""
    lines = [
        BEGIN,
        f"Measured on {on['on']}: {on['cores']} cores ({on['processor']}), "
        f"{on['memory_bytes'] / (1 << 30):.0f} GiB, {on['system']}, Python {on['python']}; "
        f"load before the start {on['load_average_before']:.2f}.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---|--:|--:|---" + "|--:" * (len(HEADINGS) - 4) + "|",
        *("| " + " | ".join(_cells(outcome)) + " |" for outcome in outcomes),
        "",
        "| Goal | Measured | Reached |",
        "|---|--:|---|",
        *(f"| {goal} | {seen} | {'yes' if ok else 'no'} |" for goal, seen, ok in goals(outcomes)),
        "",
        *(f"![{Path(name).stem}]({name})" for name in curves),
        END,
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
