"""From standalone cells to the general problem (PROTECTION sections 2, 3 and 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from publisher.protection.cellfile import TOTAL, Cells, LevelUnit, Spec, level_units
from publisher.protection.families import families_of
from publisher.protection.keys import key_of
from publisher.protection.primary import (
    Rule,
    below_threshold,
    group_disclosed,
    rate_unreliable,
    zero_withheld,
)
from publisher.protection.problem import Problem, ProblemBuilder, Sensitive
from publisher.protection.sums import SumPlan, plan_sums


def cell_key(unit: LevelUnit, category: str) -> str:
    """Name of a cell in certificates."""
    return key_of(unit.level, *unit.key, category)


@dataclass(frozen=True, slots=True)
class CellProblem:
    """Builds the problem of one file; the structure is planned once and used every round."""

    spec: Spec
    cells: Cells
    units: tuple[LevelUnit, ...]
    plan: SumPlan[str]

    @classmethod
    def of(cls, spec: Spec, cells: Cells) -> CellProblem:
        """Plan the sums of a file."""
        units = level_units(spec, cells)
        return cls(spec, cells, units, plan_sums(cells.units, (unit.members for unit in units)))

    def build(self, closed: frozenset[str]) -> Problem:
        """The problem in which the cells ``closed`` are withheld from the start."""
        builder = ProblemBuilder()
        categories = (TOTAL, *self.cells.categories)
        nodes = {category: self._add_category(builder, category) for category in categories}
        self._relate(builder, nodes)
        for place in range(len(self.plan.sets)):
            for category in categories:
                self._judge(builder, nodes, place, category, closed)
        self._add_families(builder, nodes)
        return builder.build()

    def _add_category(self, builder: ProblemBuilder, category: str) -> list[int]:
        keys = self._keys(category)
        nodes = []
        for place, members in enumerate(self.plan.sets):
            true = sum(self.cells.counts[unit, category] for unit in members)
            whole = self._denominator(place) if category == TOTAL else None
            nodes.append(
                builder.cell(
                    keys[members],
                    true,
                    may_withhold=true > 0 or self.spec.rules.zeros == "protect",
                    # A denominator that the count exceeds is no bound on it.
                    ceiling=whole if whole is not None and whole >= true else None,
                )
            )
        for whole_at, parts in self.plan.equations:
            builder.equal(nodes[whole_at], (nodes[part] for part in parts))
        return nodes

    def _keys(self, category: str) -> Mapping[frozenset[str], list[str]]:
        keys: dict[frozenset[str], list[str]] = {}
        for unit in self.units:
            keys.setdefault(unit.members, []).append(cell_key(unit, category))
        return keys

    def _denominator(self, place: int) -> int | None:
        if not self.spec.denominator:
            return None
        return sum(self.cells.denominators[unit] for unit in self.plan.sets[place])

    def _relate(self, builder: ProblemBuilder, nodes: Mapping[str, list[int]]) -> None:
        """SUM over exclusive categories, DISTINCT over overlapping ones, per innermost unit."""
        if not self.spec.breakdown:
            return
        for group in self.plan.groups:
            total = nodes[TOTAL][group]
            parts = [nodes[category][group] for category in self.cells.categories]
            if not self.spec.overlap:
                builder.equal(total, parts)
                continue
            builder.at_most((total,), parts)
            for part in parts:
                builder.at_most((part,), (total,))

    def _judge(
        self,
        builder: ProblemBuilder,
        nodes: Mapping[str, list[int]],
        place: int,
        category: str,
        closed: frozenset[str],
    ) -> None:
        """Add the node to the sensitive ones if a primary rule withholds it."""
        rules, node = self.spec.rules, nodes[category][place]
        true, top = builder.nodes[node].true, max(rules.threshold - 1, 1)
        whole = self._denominator(place)
        rule, low, high = None, 1, None
        guards: tuple[tuple[int, int, int], ...] = ()
        if below_threshold(true, rules.threshold):
            rule, high = Rule.THRESHOLD, top
        elif true == 0:
            if not zero_withheld(rules.zeros, split=False, parent=0, parent_shown=True, least=0):
                return
            rule, high = Rule.ZERO, top
        elif rules.group and category == TOTAL and whole is not None:
            if group_disclosed(true, whole, rules.threshold) and whole >= true:
                rule, low, high = Rule.GROUP, max(whole - top, 1), whole
        elif rules.group and category != TOTAL:
            total = nodes[TOTAL][place]
            if group_disclosed(true, builder.nodes[total].true, rules.threshold):
                rule = Rule.GROUP
                guards = ((builder.difference(total, node), 0, top),)
            elif closed.isdisjoint(builder.nodes[node].keys):
                # Who sees a part knows that the rule did not withhold it.
                builder.at_least(((total, 1), (node, -1)), rules.threshold)
        if rule is None and rate_unreliable(0 if whole is None else whole, rules.rate_min):
            rule = Rule.RATE if whole is not None else None
        if rule is None and closed.intersection(builder.nodes[node].keys):
            rule = Rule.CLOSING
        if rule is not None:
            family = (nodes[TOTAL][place], *(nodes[c][place] for c in self.cells.categories))
            builder.sensitive.append(Sensitive(node, rule, rules.slide, low, high, guards, family))

    def _add_families(self, builder: ProblemBuilder, nodes: Mapping[str, list[int]]) -> None:
        threshold = self.spec.rules.threshold
        position = self.plan.positions()
        by_level: dict[str, list[int]] = {}
        for unit in self.units:
            by_level.setdefault(unit.level, []).append(position[unit.members])
        for parent, children in families_of(self.plan.sets, tuple(by_level.values())):
            for of_category in nodes.values():
                members = tuple(of_category[child] for child in children)
                builder.families.append((of_category[parent], members, threshold))
        if self.spec.breakdown and not self.spec.overlap:
            for place in range(len(self.plan.sets)):
                parts = tuple(nodes[category][place] for category in self.cells.categories)
                builder.families.append((nodes[TOTAL][place], parts, threshold))
