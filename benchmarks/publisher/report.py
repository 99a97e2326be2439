"""What was measured: goals, JSON with everything, and a block in a document."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.measuring.documents import Goal, goal_table
from benchmarks.measuring.machine import in_words
from benchmarks.publisher.running import Export, Load

BLOCK = "bench-publisher"
OURS, FLOOR = "publisher", "same bytes from memory"
MB = 1_000_000
P95_SECONDS, FIRST_SECONDS, EXPORT_MB, GROWN_MB = 0.100, 0.200, 100, 32
GOAL_FORMAT = "csv"


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that one run measured."""

    on: dict[str, Any]
    schools: int
    rows: int
    addresses: int
    loads: tuple[Load, ...]
    exports: tuple[Export, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything."""
        return {
            "machine": self.on, "schools": self.schools, "rows": self.rows,
            "addresses": self.addresses,
            "loads": [each.to_json() for each in self.loads],
            "exports": [each.to_json() for each in self.exports],
            "goals": [list(goal) for goal in goals(self)],
        }  # fmt: skip


def goals(measured: Measured) -> list[Goal]:
    """Each goal with what was measured and whether it was reached."""
    ours = next(each for each in measured.loads if each.name == OURS)
    large = next(each for each in measured.exports if each.format == GOAL_FORMAT)
    p95, first = ours.percentile(95), max(large.first)
    grown = max(each.grown_bytes for each in measured.exports) / MB
    return [
        (f"p95 under {1000 * P95_SECONDS:.0f} ms, {ours.readers} readers, one core",
         f"{1000 * p95:.0f} ms", p95 < P95_SECONDS and not ours.failed),
        (f"an export of at least {EXPORT_MB} MB",
         f"{large.size_bytes / MB:.0f} MB", large.size_bytes >= EXPORT_MB * MB),
        (f"its first byte within {1000 * FIRST_SECONDS:.0f} ms, each time",
         f"{1000 * first:.0f} ms", first < FIRST_SECONDS),
        (f"memory flat: at most {GROWN_MB} MB more during and after any export",
         f"{grown:.0f} MB", grown <= GROWN_MB),
    ]  # fmt: skip


def markdown(measured: Measured) -> str:
    """The block for a document."""
    lines = [
        f"Measured on {measured.on['on']}: a region of {measured.schools:,} schools, "
        f"{measured.addresses} addresses; {in_words(measured.on)}.",
        "",
        "| | readers | answers/s | p50 ms | p95 ms | p99 ms | CPU ms per answer | not 200 |",
        "|---" + "|--:" * 7 + "|",
        *map(_load, measured.loads),
        "",
        f"Exports of a table of {measured.rows:,} rows:",
        "",
        "| | MB | first byte ms, median | largest | whole file s | MB/s | more memory, MB |",
        "|---" + "|--:" * 6 + "|",
        *map(_export, measured.exports),
        "",
        *goal_table(goals(measured)),
    ]
    return "\n".join(lines)


def _load(each: Load) -> str:
    times = " | ".join(f"{1000 * each.percentile(percent):.0f}" for percent in (50, 95, 99))
    return (
        f"| {each.name} | {each.readers} | {each.per_second:,.0f} | {times} | "
        f"{each.cpu_milliseconds:.2f} | {each.failed} |"
    )


def _export(each: Export) -> str:
    whole = median(each.whole)
    return (
        f"| {each.format} | {each.size_bytes / MB:,.1f} | {1000 * median(each.first):.0f} | "
        f"{1000 * max(each.first):.0f} | {whole:.1f} | {each.size_bytes / MB / whole:,.0f} | "
        f"{each.grown_bytes / MB:.0f} |"
    )
