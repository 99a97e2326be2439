"""Distinct providers of one period: 0 and 3 or more are shown, 1 or 2 are withheld.

Providers do not add up: a whole has at least those of its largest part, and at most all of them
together. A reader who sees the sign thinks of one or two; where the numbers around it leave
only one of these possible, more is withheld.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from publisher.protection.engine import Solution, protect_block
from publisher.protection.grid import Grid, quantity_key
from publisher.protection.measures import PROVIDERS, RULES
from publisher.protection.measures import Kind as MeasureKind
from publisher.protection.named import numbers_told
from publisher.protection.primary import Rule, few_providers
from publisher.protection.problem import BASE_COST, Kind, Node, Problem, ProblemBuilder, Sensitive
from publisher.protection.quantities import Quantity, quantities_of
from publisher.protection.regions import RegionUnit, region_units
from publisher.protection.rules import Rules
from shared.reference import Level

Leaves = frozenset[str]


@dataclass(frozen=True, slots=True)
class ProviderProblem:
    """Builds the problem of the providers of one period.

    Attributes:
        counts: keys of the counts that are withheld; providers are withheld with their clients.
    """

    grid: Grid
    period: int
    counts: frozenset[str]

    def build(self, closed: frozenset[str]) -> Problem:
        """The problem in which the cells ``closed`` are withheld from the start."""
        builder = ProblemBuilder()
        for quantity in quantities_of(self.grid, {MeasureKind.PROVIDERS}):
            self._add(builder, quantity, closed)
        return builder.build()

    def _add(self, builder: ProblemBuilder, quantity: Quantity, closed: frozenset[str]) -> None:
        units = [
            unit for unit in region_units(self.grid, self.period, quantity.shown) if unit.leaves
        ]
        names: dict[Leaves, list[RegionUnit]] = {}
        for unit in units:
            names.setdefault(unit.leaves, []).append(unit)
        nodes: dict[Leaves, int] = {}
        for leaves, of_unit in names.items():
            first = of_unit[0]
            true = self.grid.value(
                quantity.table, Level(first.level), first.unit, self.period, PROVIDERS
            )
            keys = tuple(quantity.key(self.period, unit.level, unit.unit) for unit in of_unit)
            least, most = self._told(of_unit)
            cost = len(keys) * BASE_COST
            builder.nodes.append(Node(keys, true, max(least, min(true, 1)), most, Kind.CELL, cost))
            nodes[leaves] = len(builder.nodes) - 1
        for lesser, greater in never_more(units):
            builder.at_most([nodes[each] for each in lesser], [nodes[each] for each in greater])
        for leaves in sorted(nodes, key=lambda each: (-len(each), nodes[each])):
            rule = self._rule(names[leaves], builder.nodes[nodes[leaves]], closed)
            if rule is not None:
                most = 2 if rule is Rule.PROVIDERS else None
                builder.sensitive.append(Sensitive(nodes[leaves], rule, 1, 1, most))

    def _told(self, units: list[RegionUnit]) -> tuple[int, int | None]:
        """What the clients by provider tell of the number of providers of one set of schools."""
        told = [
            numbers_told(self.grid, self.period, unit.level, unit.unit, self.counts)
            for unit in units
        ]
        most = [high for _, high in told if high is not None]
        return max(low for low, _ in told), min(most, default=None)

    def _rule(self, units: list[RegionUnit], node: Node, closed: frozenset[str]) -> Rule | None:
        if few_providers(node.true):
            return Rule.PROVIDERS
        if any(clients_withheld(self.grid, self.period, unit, self.counts) for unit in units):
            return Rule.BUNDLE
        return None if closed.isdisjoint(node.keys) else Rule.CLOSING


def clients_withheld(grid: Grid, period: int, unit: RegionUnit, counts: frozenset[str]) -> bool:
    """Whether the count that providers need beside them is not published."""
    counted = RULES[PROVIDERS].counted
    shown = Level(unit.level) in grid.levels(counted)
    return not shown or quantity_key(period, counted, unit.level, unit.unit, "") in counts


def never_more(
    units: list[RegionUnit],
) -> Iterator[tuple[tuple[Leaves, ...], tuple[Leaves, ...]]]:
    """DISTINCT: every part is at most its whole, and a whole at most its parts together."""
    sets = list(dict.fromkeys(unit.leaves for unit in units))
    by_level: dict[str, list[Leaves]] = {}
    for unit in units:
        by_level.setdefault(unit.level, []).append(unit.leaves)
    total = by_level.get(Level.TOTAL.value, [])
    homes = by_level.pop(Level.RESIDENCE.value, [])
    for whole in sets:
        yield from (((part,), (whole,)) for part in sets if part < whole)
        for of_level in by_level.values():
            within = tuple(part for part in of_level if part < whole)
            if len(within) > 1 and sum(map(len, within)) == len(whole):
                yield (whole,), within
    for whole in total:
        yield from (((home,), (whole,)) for home in homes)
        if homes:
            yield (whole,), tuple(homes)


def protect_providers(grid: Grid, rules: Rules, period: int, counts: frozenset[str]) -> Solution:
    """Protect the numbers of providers of one period.

    Raises:
        ProtectionError: ``protection-unmet``.
    """
    return protect_block(ProviderProblem(grid, period, counts).build, rules)
