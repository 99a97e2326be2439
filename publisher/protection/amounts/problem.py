"""One amount of one period as a general problem: own variables in whole units.

An amount adds up over schools and over categories that exclude each other. What is withheld
must be able to be larger by its level; a reader knows that nothing is negative, unless a
correction made it so, and how much those who are counted beside it can add.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from publisher.protection.amounts.judging import AmountFacts, cell_of, facts_of
from publisher.protection.families import families_of
from publisher.protection.grid import Grid
from publisher.protection.layout import Layout, Leaves, Nodes, add_sums
from publisher.protection.measures import Kind as MeasureKind
from publisher.protection.measures import Term
from publisher.protection.primary import Rule, below_threshold
from publisher.protection.problem import (
    BASE_COST,
    COST_PER_CHILD,
    Kind,
    Node,
    Problem,
    ProblemBuilder,
    Sensitive,
)
from publisher.protection.quantities import Quantity, quantities_of
from publisher.protection.rules import Rules
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class Family:
    """Cells of a parent, and per part its cells with the children behind it."""

    parent: tuple[str, ...]
    parts: tuple[tuple[tuple[str, ...], int], ...]


@dataclass(slots=True)
class AmountProblem:
    """Builds the problem of one amount.

    Attributes:
        counts: keys of the counts that are withheld; an amount is withheld with its count.
        raised: schools that may have more of what is counted, by the proofs of the counts.
        kept: keys of cells that readers have already: these are constants.
        families: of the problem that was built last, for the rule on unions.
        leaves: the schools behind every node of that problem.
    """

    grid: Grid
    rules: Rules
    period: int
    measure: str
    counts: frozenset[str]
    raised: tuple[Leaves, ...] = ()
    kept: frozenset[str] = frozenset()
    families: list[Family] = field(default_factory=list)
    leaves: dict[int, Leaves] = field(default_factory=dict)
    _layouts: dict[tuple[Level, ...], Layout] = field(default_factory=dict)

    def build(self, closed: frozenset[str]) -> Problem:
        """The problem in which the cells ``closed`` are withheld from the start."""
        builder = ProblemBuilder()
        self.families, self.leaves = [], {}
        quantities = self.quantities()
        nodes = {quantity.term: self._add(builder, quantity) for quantity in quantities}
        parts_of = list(self._exclusive(quantities))
        for total, parts in parts_of:
            inner = self.layout(next(q for q in quantities if q.term == parts[0])).inner
            whole = self.layout(next(q for q in quantities if q.term == total)).inner
            for group in inner:
                terms = [(nodes[total][leaves], 1) for leaves in whole if leaves <= group]
                builder.tie([*terms, *((nodes[part][group], -1) for part in parts)])
        found = [
            found
            for quantity in quantities
            for found in self._sensitive(builder, quantity, nodes[quantity.term], closed)
        ]
        builder.sensitive.extend(item for _, item in sorted(found, key=lambda pair: -pair[0]))
        for quantity in quantities:
            self._add_families(builder, quantity, nodes[quantity.term])
        for total, parts in parts_of:
            of_parts = [quantity for quantity in quantities if quantity.term in parts]
            self._add_part_families(builder, nodes, total, of_parts)
        return builder.build()

    def quantities(self) -> list[Quantity]:
        """The amount in total, and in every category in which it is published."""
        return [
            quantity
            for quantity in quantities_of(self.grid, {MeasureKind.AMOUNT})
            if quantity.measure == self.measure
        ]

    def layout(self, quantity: Quantity) -> Layout:
        """The sets of schools between which its sums run."""
        if quantity.levels not in self._layouts:
            self._layouts[quantity.levels] = Layout.of(self.grid, self.period, quantity.levels)
        return self._layouts[quantity.levels]

    def _exclusive(self, quantities: list[Quantity]) -> Iterator[tuple[Term, tuple[Term, ...]]]:
        by_table: dict[str, list[Term]] = {}
        for quantity in quantities:
            if quantity.part and not self.grid.tables[quantity.table].overlaps:
                by_table.setdefault(quantity.table, []).append(quantity.term)
        for parts in by_table.values():
            yield (self.measure, ""), tuple(parts)

    def _add(self, builder: ProblemBuilder, quantity: Quantity) -> Nodes:
        layout, shown = self.layout(quantity), {level.value for level in quantity.shown}
        nodes: dict[Leaves, int] = {}
        for leaves in (*layout.plan.sets, *layout.residences):
            names = [name for name in layout.names.get(leaves, ()) if name[0] in shown]
            facts = self._facts(quantity, leaves, names)
            cost = len(names) * (BASE_COST + COST_PER_CHILD * facts.children)
            keys = names or layout.latent_names(leaves)
            node = Node(
                tuple(quantity.key(self.period, *name) for name in keys),
                facts.value,
                facts.least,
                facts.most,
                self._kind(names, quantity) if names else Kind.LATENT,
                cost if names else 0.0,
            )
            builder.nodes.append(node)
            nodes[leaves] = len(builder.nodes) - 1
            self.leaves[nodes[leaves]] = leaves
        add_sums(builder, layout, nodes)
        return nodes

    def _kind(self, names: Iterable[tuple[str, str]], quantity: Quantity) -> Kind:
        keys = [quantity.key(self.period, *name) for name in names]
        return Kind.PUBLIC if self.kept.issuperset(keys) else Kind.CELL

    def _sensitive(
        self, builder: ProblemBuilder, quantity: Quantity, nodes: Nodes, closed: frozenset[str]
    ) -> Iterator[tuple[int, Sensitive]]:
        layout, shown = self.layout(quantity), {level.value for level in quantity.shown}
        for leaves, node in nodes.items():
            known = builder.nodes[node]
            names = [name for name in layout.names.get(leaves, ()) if name[0] in shown]
            facts = self._facts(quantity, leaves, names)
            rule, width = self._rule(quantity, names)
            if known.kind is Kind.PUBLIC:
                rule = None
            elif known.kind is Kind.LATENT:
                few = below_threshold(facts.children, self.rules.split_threshold)
                rule = Rule.MARGIN if known.keys and few else None
            elif rule is None and not closed.isdisjoint(known.keys):
                rule = Rule.CLOSING
            if rule is not None:
                reach = facts.reach(width, self.rules)
                yield len(leaves), Sensitive(node, rule, reach.up, 0, None, below=reach.down)

    def _rule(
        self, quantity: Quantity, names: Sequence[tuple[str, str]]
    ) -> tuple[Rule | None, int]:
        """The rule that withholds it in one of its names, and how wide it must stay."""
        cells = [cell_of(self.grid, quantity, self.period, *name) for name in names]
        rules = [rule for cell in cells if (rule := cell.rule(self.rules, self.counts))]
        return rules[0] if rules else None, max((c.width(self.rules) for c in cells), default=0)

    def _facts(
        self, quantity: Quantity, leaves: Leaves, names: Sequence[tuple[str, str]] = ()
    ) -> AmountFacts:
        return facts_of(self.grid, quantity, self.period, leaves, names, self.counts, self.raised)

    def _add_families(self, builder: ProblemBuilder, quantity: Quantity, nodes: Nodes) -> None:
        layout = self.layout(quantity)
        sets, position = layout.plan.sets, layout.plan.positions()
        levels: dict[str, list[int]] = {}
        for leaves, names in layout.names.items():
            if leaves in position:
                for level, _ in names:
                    levels.setdefault(level, []).append(position[leaves])
        for parent, children in families_of(sets, tuple(levels.values())):
            within = ((quantity, nodes[sets[at]], sets[at]) for at in children)
            self._add_family(builder, nodes[sets[parent]], within)

    def _add_part_families(
        self, builder: ProblemBuilder, nodes: Mapping[Term, Nodes], total: Term,
        parts: Sequence[Quantity],
    ) -> None:  # fmt: skip
        for leaves in self.layout(parts[0]).names:
            if leaves in nodes[total]:
                within = ((part, nodes[part.term][leaves], leaves) for part in parts)
                self._add_family(builder, nodes[total][leaves], within)

    def _add_family(
        self, builder: ProblemBuilder, parent: int, within: Iterable[tuple[Quantity, int, Leaves]]
    ) -> None:
        parts = tuple(
            (builder.nodes[node].keys, self._facts(quantity, leaves).children)
            for quantity, node, leaves in within
        )
        self.families.append(Family(builder.nodes[parent].keys, parts))
