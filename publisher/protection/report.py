"""What protection did to a release, per table and in total; internal, for auditor and approver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from publisher.protection.audit import Audit
from publisher.protection.engine import Solution
from publisher.protection.grid import DUO_PUPILS, Grid
from publisher.protection.rules import Rules
from shared.canonical import canonical_json


@dataclass(frozen=True, slots=True)
class TableReport:
    """Counts of cells of one table, or of all of them.

    Attributes:
        primary: cells withheld for their own sake, per rule.
        secondary: cells withheld to protect others.
        value: sum of all values; ``hidden_value`` of the secondary ones only.
        exact: withheld cells that a reader can compute.
        too_narrow: sensitive cells whose interval is narrower than their level.
        smallest_published: the smallest positive count that is published, 0 where none is.
    """

    cells: int
    primary: Mapping[str, int]
    secondary: int
    value: int
    hidden_value: int
    exact: int
    too_narrow: int
    smallest_published: int

    @property
    def withheld(self) -> int:
        """Cells that are not published."""
        return sum(self.primary.values()) + self.secondary

    def as_dict(self) -> dict[str, object]:
        """For JSON; shares are whole numbers per ten thousand, so that the bytes are fixed."""
        return {
            "cells": self.cells,
            "primary": dict(self.primary),
            "secondary": self.secondary,
            "withheld": self.withheld,
            "withheld_per_10000": 10_000 * self.withheld // max(self.cells, 1),
            "hidden_value": self.hidden_value,
            "hidden_value_per_10000": 10_000 * self.hidden_value // max(self.value, 1),
            "smallest_published": self.smallest_published,
            "audit": {"exact": self.exact, "too_narrow": self.too_narrow},
        }


@dataclass(frozen=True, slots=True)
class ProtectionReport:
    """The report of a release.

    Attributes:
        tables: per table; ``total`` counts a quantity that two tables show twice.
        certificates: issued; every one of them was verified before the report was made.
        smallest_union: the smallest sum of withheld children of a published parent.
    """

    rules: Rules
    tables: Mapping[str, TableReport]
    total: TableReport
    certificates: int
    latent_too_narrow: int
    smallest_union: int | None

    def to_json(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(
            {
                "rules": self.rules.as_dict(),
                "tables": {name: table.as_dict() for name, table in self.tables.items()},
                "total": self.total.as_dict(),
                "certificates": {"issued": self.certificates, "verified": self.certificates},
                "latent_too_narrow": self.latent_too_narrow,
                "smallest_union": self.smallest_union,
            }
        )


def report_of(
    grid: Grid, rules: Rules, solutions: Mapping[int, Solution], audits: Mapping[int, Audit]
) -> ProtectionReport:
    """Count what was withheld, why, and what the audit found."""
    exact = {key for audit in audits.values() for key in audit.exact}
    narrow = {key for audit in audits.values() for key in audit.too_narrow}
    by_table: dict[str, _Tally] = {}
    shown: set[str] = set()
    for period in grid.periods:
        for cell in grid.cells(period):
            tally = by_table.setdefault(cell.table, _Tally())
            shown.add(cell.key)
            if cell.measure == DUO_PUPILS:
                tally.cells += 1
                continue
            tally.count(cell.key, grid.true_value(cell) or 0, solutions[period], exact, narrow)
    total = _Tally()
    for tally in by_table.values():
        total.add(tally)
    unions = [audit.smallest_union for audit in audits.values() if audit.smallest_union]
    return ProtectionReport(
        rules=rules,
        tables={name: by_table[name].report() for name in sorted(by_table)},
        total=total.report(),
        certificates=sum(len(solution.certificates) for solution in solutions.values()),
        latent_too_narrow=len(narrow - shown),
        smallest_union=min(unions, default=None),
    )


class _Tally:
    """Running counts of one table."""

    def __init__(self) -> None:
        self.cells = self.secondary = self.value = self.hidden = self.exact = self.narrow = 0
        self.primary: Counter[str] = Counter()
        self.smallest = 0

    def count(
        self, key: str, value: int, solution: Solution, exact: set[str], narrow: set[str]
    ) -> None:
        self.cells += 1
        self.value += value
        self.exact += key in exact
        self.narrow += key in narrow
        if key in solution.primary:
            self.primary[solution.primary[key].value] += 1
        elif key in solution.secondary:
            self.secondary += 1
            self.hidden += value
        elif value:
            self.smallest = min(self.smallest or value, value)

    def add(self, other: _Tally) -> None:
        self.cells += other.cells
        self.secondary += other.secondary
        self.value += other.value
        self.hidden += other.hidden
        self.exact += other.exact
        self.narrow += other.narrow
        self.primary += other.primary
        smallest = [one for one in (self.smallest, other.smallest) if one]
        self.smallest = min(smallest, default=0)

    def report(self) -> TableReport:
        return TableReport(
            cells=self.cells,
            primary=dict(sorted(self.primary.items())),
            secondary=self.secondary,
            value=self.value,
            hidden_value=self.hidden,
            exact=self.exact,
            too_narrow=self.narrow,
            smallest_published=self.smallest,
        )
