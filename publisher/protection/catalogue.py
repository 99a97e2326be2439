"""From a tally to the general problem: one block per period (PROTECTION section 2).

Persons add up over schools and every level above them; residence is a second cut with the
same total; clients are at most pupils, pupils at most DUO's total; forms lie below their
total and together reach it. Totals of different tables are one quantity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from publisher.protection.families import families_of
from publisher.protection.grid import CLIENTS, NOT_COVERED, PUPILS, Grid
from publisher.protection.judge import Interval, Judge, Measured
from publisher.protection.layout import Layout, Leaves, Nodes, Quantity, QuantityNodes
from publisher.protection.problem import Problem, ProblemBuilder
from publisher.protection.rules import Rules
from shared.contract.tally import Table
from shared.reference import Level

_TOTAL_PRIORITY = 2.0
"""Totals per school are what the monitor is for: dearer to withhold than a split."""


@dataclass(slots=True)
class PeriodProblem:
    """Builds the problem of one period; sums are planned once and used in every round."""

    grid: Grid
    rules: Rules
    period: int
    _layouts: dict[tuple[Level, ...], Layout] = field(default_factory=dict)

    def build(self, closed: frozenset[str]) -> Problem:
        """The problem in which the cells ``closed`` are withheld from the start."""
        builder = ProblemBuilder()
        totals = self._add_totals(builder)
        self._relate_totals(builder, totals)
        judge = Judge(self.rules, builder, closed)
        duo = self._duo_totals() if PUPILS in totals else {}
        for measure, nodes in totals.items():
            whole = totals.get(PUPILS) if measure == CLIENTS else None
            judge.judge(
                Measured(nodes, whole=whole, family=(nodes,), duo=duo if measure == PUPILS else {})
            )
        for table in self._breakdowns():
            self._add_breakdown(builder, judge, table, totals[CLIENTS])
        judge.collect()
        self._add_families(builder, totals)
        return builder.build()

    def _layout(self, levels: tuple[Level, ...]) -> Layout:
        if levels not in self._layouts:
            self._layouts[levels] = Layout.of(self.grid, self.period, levels)
        return self._layouts[levels]

    def _persons(self) -> Layout:
        """Pupils and clients share a layout: wherever one is published, both are tied."""
        shown = {*self.grid.levels(PUPILS), *self.grid.levels(CLIENTS)}
        return self._layout(tuple(level for level in Level if level in shown))

    def _layout_of(self, measure: str) -> Layout:
        if measure == NOT_COVERED:
            return self._layout(self.grid.levels(NOT_COVERED))
        return self._persons()

    def _breakdowns(self) -> tuple[Table, ...]:
        tables = dict.fromkeys(wanted.table for wanted in self.grid.published)
        return tuple(
            table for name in sorted(tables) if (table := self.grid.tables[name]).breakdown
        )

    def _add_totals(self, builder: ProblemBuilder) -> dict[str, Nodes]:
        """One quantity per measure: pupils, clients and those who are not covered."""
        adder = QuantityNodes(self.grid, self.period, builder)
        ceilings = {leaves: high for leaves, (_, high) in self._duo_totals().items()}
        totals: dict[str, Nodes] = {}
        for measure in (PUPILS, CLIENTS, NOT_COVERED):
            shown = self.grid.levels(measure)
            if shown:
                quantity = Quantity(self.grid.holder(measure), measure, "", "", shown)
                totals[measure] = adder.add(
                    self._layout_of(measure),
                    quantity,
                    priority=_TOTAL_PRIORITY,
                    may_withhold_zeros=self.rules.zeros == "protect",
                    ceilings=ceilings if measure == PUPILS else {},
                )
        return totals

    def _relate_totals(self, builder: ProblemBuilder, totals: Mapping[str, Nodes]) -> None:
        """Clients are pupils; resident pupils and those not covered fit in DUO's total."""
        if PUPILS in totals and CLIENTS in totals:
            for leaves in self._persons().inner:
                builder.at_most((totals[CLIENTS][leaves],), (totals[PUPILS][leaves],))
        if PUPILS in totals and NOT_COVERED in totals:
            duo = self._duo_totals()
            for leaves in self._layout_of(NOT_COVERED).inner:
                pupils = totals[PUPILS].get(leaves)
                if pupils is not None and leaves in duo:
                    builder.within((totals[NOT_COVERED][leaves], pupils), duo[leaves][1])

    def _add_breakdown(
        self,
        builder: ProblemBuilder,
        judge: Judge,
        table: Table,
        totals: Nodes,
    ) -> None:
        """The categories of a breakdown, tied to the totals that they split."""
        layout = self._layout(self.grid.levels(CLIENTS, table.breakdown))
        adder = QuantityNodes(self.grid, self.period, builder)
        of_category: dict[str, Nodes] = {}
        for code, _ in table.categories:
            of_category[code] = adder.add(
                layout,
                Quantity(
                    table.id, CLIENTS, code, f"{table.breakdown}={code}",
                    self.grid.levels(CLIENTS, table.breakdown),
                ),
                priority=1.0,
                may_withhold_zeros=self.rules.zeros != "publish",
                ceilings={},
            )  # fmt: skip
        self._relate_breakdown(builder, table, layout, of_category, totals)
        family = (totals, *of_category.values())
        for nodes in of_category.values():
            judge.judge(Measured(nodes, split=True, whole=totals, family=family))
        if not table.overlaps:
            for leaves in layout.names:
                parts = tuple(nodes[leaves] for nodes in of_category.values() if leaves in nodes)
                builder.families.append((totals[leaves], parts, self.rules.split_threshold))
        for nodes in of_category.values():
            self._add_family(builder, layout, nodes, self.rules.split_threshold)

    def _relate_breakdown(
        self,
        builder: ProblemBuilder,
        table: Table,
        layout: Layout,
        of_category: Mapping[str, Nodes],
        totals: Nodes,
    ) -> None:
        """DISTINCT where categories overlap, else SUM, for every innermost group."""
        finest = self._persons().inner
        for leaves in layout.inner:
            whole = [totals[part] for part in finest if part <= leaves]
            parts = [nodes[leaves] for nodes in of_category.values()]
            if not table.overlaps:
                builder.tie([*((node, 1) for node in whole), *((part, -1) for part in parts)])
                continue
            builder.at_most(whole, parts)
            for part in parts:
                builder.at_most((part,), whole)

    def _duo_totals(self) -> dict[Leaves, Interval]:
        """DUO's total per set of schools of which every one has a total that can be true."""
        table, known = self.grid.holder(PUPILS), {}
        for leaves in self._persons().plan.sets:
            totals = [self.grid.reference.pupil_total(leaf, self.period) for leaf in leaves]
            low = sum(total.low for total in totals if total is not None)
            high = sum(total.high for total in totals if total is not None)
            residents = sum(
                self.grid.value(table, Level.SCHOOL, leaf, self.period, PUPILS) for leaf in leaves
            )
            # Registers differ: a total below the resident pupils bounds nothing.
            if None not in totals and residents <= high:
                known[leaves] = (low, high)
        return known

    def _add_families(self, builder: ProblemBuilder, totals: Mapping[str, Nodes]) -> None:
        for measure, nodes in totals.items():
            self._add_family(builder, self._layout_of(measure), nodes, self.rules.threshold)

    def _add_family(
        self, builder: ProblemBuilder, layout: Layout, nodes: Nodes, threshold: int
    ) -> None:
        """Parents and children between published levels, and all units, for the union rule."""
        sets = layout.plan.sets
        position = layout.plan.positions()
        levels: dict[str, list[int]] = {}
        for leaves, names in layout.names.items():
            if leaves in position:
                for level, _ in names:
                    levels.setdefault(level, []).append(position[leaves])
        for parent, children in families_of(sets, tuple(levels.values())):
            within = tuple(nodes[sets[child]] for child in children)
            builder.families.append((nodes[sets[parent]], within, threshold))
        builder.additive.append(layout.additive(builder, nodes, threshold))
