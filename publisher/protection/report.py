"""What protection did to a release, per table and level; internal, for auditor and approver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from publisher.protection.audit import Audit
from publisher.protection.engine import Solution
from publisher.protection.grid import Grid, GridCell
from publisher.protection.measures import RULES, Kind, counts_clients, counts_persons, is_public
from publisher.protection.primary import Rule, supplier_remainder_disclosed
from publisher.protection.rounding.method import Placed
from publisher.protection.rules import Rules
from shared.canonical import canonical_json
from shared.reference import Level

_AT_SCHOOLS = Level.SCHOOL.value


@dataclass(frozen=True, slots=True)
class TableReport:
    """Counts of cells of one level of a table, of a table, or of all tables.

    Attributes:
        primary: cells withheld for their own sake, per rule.
        secondary: cells withheld to protect others.
        value: sum of all counts of persons; ``hidden_value`` of the secondary ones only.
        exact: withheld cells that a reader can compute.
        too_narrow: sensitive cells whose interval is narrower than their level.
        smallest_published: the smallest positive count of persons that is published, 0 where
            none is.
        few_others: published counts of which a supplier that knows its own clients is left with
            fewer others than the threshold.
        subtracting: suppliers that would have been left with a few others by what that rule
            withholds; readers of the report get their number.
    """

    cells: int
    primary: Mapping[str, int]
    secondary: int
    value: int
    hidden_value: int
    exact: int
    too_narrow: int
    smallest_published: int
    few_others: int = 0
    subtracting: frozenset[int] = frozenset()

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
            "few_others": self.few_others,
            "subtracting": len(self.subtracting),
            "audit": {"exact": self.exact, "too_narrow": self.too_narrow},
        }


@dataclass(frozen=True, slots=True)
class ProtectionReport:
    """The report of a release.

    Attributes:
        levels: per table and level.
        certificates: issued; every one of them was verified before the report was made.
        smallest_union: the smallest sum of withheld children of a published parent.
    """

    rules: Rules
    levels: Mapping[str, Mapping[str, TableReport]]
    certificates: int
    latent_too_narrow: int
    smallest_union: int | None

    @property
    def tables(self) -> dict[str, TableReport]:
        """Per table, all its levels together."""
        return {name: _together(levels.values()) for name, levels in self.levels.items()}

    @property
    def total(self) -> TableReport:
        """All tables; a quantity that two tables show counts twice."""
        return _together(self.tables.values())

    def to_json(self) -> bytes:
        """Canonical JSON."""
        tables = {
            name: table.as_dict()
            | {"levels": {level: each.as_dict() for level, each in self.levels[name].items()}}
            for name, table in self.tables.items()
        }
        return canonical_json(
            {
                "rules": self.rules.as_dict(),
                "tables": tables,
                "total": self.total.as_dict(),
                "certificates": {"issued": self.certificates, "verified": self.certificates},
                "latent_too_narrow": self.latent_too_narrow,
                "smallest_union": self.smallest_union,
            }
        )


def report_of(
    grid: Grid,
    rules: Rules,
    solutions: Mapping[int, Solution],
    audits: Mapping[int, Audit],
    rounded: Mapping[int, Sequence[Placed]],
) -> ProtectionReport:
    """Count what was withheld, why, and what the audit found.

    Args:
        grid: with true values.
        rules: the parameters.
        solutions: what is withheld, per period.
        audits: what an attack found, per period.
        rounded: the tables that are published rounded, per period.
    """
    exact = {key for audit in audits.values() for key in audit.exact}
    narrow = {key for audit in audits.values() for key in audit.too_narrow}
    counting: dict[str, dict[str, _Tally]] = {}
    shown: set[str] = set()
    for period in grid.periods:
        for cell in grid.cells(period):
            level = counting.setdefault(cell.table, {}).setdefault(cell.level.value, _Tally())
            shown.add(cell.key)
            if is_public(cell.measure):
                level.cells += 1
                continue
            value = (grid.true_value(cell) or 0) if counts_persons(cell.measure) else 0
            level.count(cell.key, value, solutions[period], exact, narrow)
            if cell.key not in solutions[period].withheld:
                level.few_others += _leaves_few_others(grid, rules, cell)
            elif solutions[period].primary.get(cell.key) is Rule.SUPPLIER:
                level.subtracting |= _left_with_few(grid, cell, _remainder_min(rules, cell))
    for tables in rounded.values():
        for table in tables:
            level = counting.setdefault(table.table.id, {}).setdefault(_AT_SCHOOLS, _Tally())
            for one in table.cells:
                shown.add(one.key)
                level.count_rounded(one.key, one.true, one.key in table.shown_at, exact, narrow)
    unions = [audit.smallest_union for audit in audits.values() if audit.smallest_union]
    return ProtectionReport(
        rules=rules,
        levels={
            name: {level: tally.report() for level, tally in counting[name].items()}
            for name in sorted(counting)
        },
        certificates=sum(len(solution.certificates) for solution in solutions.values()),
        latent_too_narrow=len(narrow - shown),
        smallest_union=min(unions, default=None),
    )


def _leaves_few_others(grid: Grid, rules: Rules, cell: GridCell) -> bool:
    """Whether a published count tells a supplier that few of its children are another's."""
    if not counts_clients(cell.measure):
        return False
    least = rules.split_threshold if _is_split(cell) else rules.threshold
    return bool(_left_with_few(grid, cell, least))


def _remainder_min(rules: Rules, cell: GridCell) -> int:
    """The limit of the rule on a supplier's rest that withholds this cell."""
    if RULES[cell.measure].kind is Kind.AMOUNT:
        return rules.remainder_min
    return rules.split_remainder_min if _is_split(cell) else rules.total_remainder_min


def _is_split(cell: GridCell) -> bool:
    return bool(cell.part or RULES[cell.measure].split_of)


def _left_with_few(grid: Grid, cell: GridCell, least: int) -> frozenset[int]:
    """The suppliers that know all but a few of the children behind a cell."""
    inputs = grid.inputs_of(
        cell.table, cell.level, cell.unit, cell.period, cell.measure, cell.category
    )
    return frozenset(
        supplier
        for supplier, own in inputs.of_supplier
        if supplier_remainder_disclosed(inputs.children, own, least)
    )


def _together(parts: Iterable[TableReport]) -> TableReport:
    reports = tuple(parts)
    primary = sum((Counter(report.primary) for report in reports), Counter[str]())
    smallest = (each.smallest_published for each in reports if each.smallest_published)
    return TableReport(
        cells=sum(report.cells for report in reports),
        primary=dict(sorted(primary.items())),
        secondary=sum(report.secondary for report in reports),
        value=sum(report.value for report in reports),
        hidden_value=sum(report.hidden_value for report in reports),
        exact=sum(report.exact for report in reports),
        too_narrow=sum(report.too_narrow for report in reports),
        smallest_published=min(smallest, default=0),
        few_others=sum(report.few_others for report in reports),
        subtracting=frozenset[int]().union(*(report.subtracting for report in reports)),
    )


class _Tally:
    """Running counts of one level of one table."""

    def __init__(self) -> None:
        self.cells = self.secondary = self.value = self.hidden = self.exact = self.narrow = 0
        self.primary: Counter[str] = Counter()
        self.smallest = self.few_others = 0
        self.subtracting: frozenset[int] = frozenset()

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

    def count_rounded(
        self, key: str, value: int, shown: bool, exact: set[str], narrow: set[str]
    ) -> None:
        """A rounded number is none of the counts that were published."""
        self.cells += 1
        self.value += value
        self.exact += key in exact
        self.narrow += key in narrow
        if not shown:
            self.primary[Rule.ROUNDED.value] += 1

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
            few_others=self.few_others,
            subtracting=self.subtracting,
        )
