"""From a tally to the general problem: the counts of one period are one block (PROTECTION 2).

Persons and trajectories add up over schools and every level above them; residence is a second
cut with the same total; what is part of something is at most that; categories add up to their
total or together reach it. Totals of different tables are one quantity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from publisher.protection.families import families_of
from publisher.protection.grid import Grid
from publisher.protection.judge import Interval, Judge, Measured
from publisher.protection.layout import (
    Layout,
    Leaves,
    Nodes,
    QuantityNodes,
    common_groups,
)
from publisher.protection.measures import (
    ACROSS,
    NOT_COVERED,
    PUPILS,
    RULES,
    AtMost,
    Kind,
    Term,
    counts_clients,
)
from publisher.protection.named import is_told_to_be_none
from publisher.protection.problem import Kind as Shown
from publisher.protection.problem import Problem, ProblemBuilder
from publisher.protection.quantities import Quantity, children_behind, quantities_of
from publisher.protection.rules import Rules
from publisher.protection.suppliers import Known, face_suppliers
from shared.reference import Level

COUNTS = frozenset({Kind.PERSONS, Kind.TRAJECTORIES})
_TOTAL_PRIORITY = 2.0
"""Totals per school are what the monitor is for: dearer to withhold than a split."""


@dataclass(slots=True)
class PeriodProblem:
    """Builds the problem of one period; sums are planned once and used in every round."""

    grid: Grid
    rules: Rules
    period: int
    quantities: tuple[Quantity, ...] = ()
    _layouts: dict[tuple[Level, ...], Layout] = field(default_factory=dict)
    _suppliers: dict[Term, Mapping[Leaves, Known]] = field(default_factory=dict)
    _common: dict[tuple[tuple[Level, ...], ...], tuple[Leaves, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """List what is counted."""
        self.quantities = quantities_of(self.grid, COUNTS)

    def build(self, closed: frozenset[str]) -> Problem:
        """The problem in which the cells ``closed`` are withheld from the start."""
        builder = ProblemBuilder()
        nodes = self._add_nodes(builder, closed)
        if self.rules.fallback and self.rules.zeros != "publish":
            builder.reserve.extend(
                place for place, node in enumerate(builder.nodes) if node.kind is Shown.PUBLIC
            )
        for relation in self._relations():
            self._relate(builder, relation, nodes)
        self._add_exclusive(builder, nodes)
        self._relate_to_duo(builder, nodes)
        judge = Judge(self.rules, builder, closed)
        for quantity in self.quantities:
            judge.judge(self._measured(quantity, nodes))
        judge.collect()
        self._tell_of_days(builder, nodes)
        if self.rules.faces_suppliers:
            self._face_suppliers(builder, nodes)
        self._add_unions(builder, nodes)
        return builder.build()

    def _layout(self, levels: tuple[Level, ...]) -> Layout:
        if levels not in self._layouts:
            self._layouts[levels] = Layout.of(self.grid, self.period, levels)
        return self._layouts[levels]

    def _layout_of(self, term: Term) -> Layout:
        return self._layout(self._of_term()[term].levels)

    def _of_term(self) -> dict[Term, Quantity]:
        return {quantity.term: quantity for quantity in self.quantities}

    def _add_nodes(self, builder: ProblemBuilder, closed: frozenset[str]) -> dict[Term, Nodes]:
        adder = QuantityNodes(self.grid, self.period, builder, closed)
        return {
            quantity.term: adder.add(
                self._layout(quantity.levels),
                quantity,
                priority=1.0 if quantity.part else _TOTAL_PRIORITY,
                may_withhold_zeros=self.rules.zeros == "protect"
                or (quantity.split and self.rules.zeros != "publish"),
                ceilings=self._ceilings(quantity),
            )
            for quantity in self.quantities
        }

    def _ceilings(self, quantity: Quantity) -> dict[Leaves, int]:
        """The most that a reader thinks possible, by set of schools."""
        if quantity.term == (PUPILS, ""):
            return {leaves: high for leaves, (_, high) in self._duo_totals().items()}
        return {
            leaves: 0
            for leaves, names in self._layout(quantity.levels).names.items()
            for level, unit in names
            if is_told_to_be_none(
                self.grid, self.rules.threshold, self.period, quantity, level, unit
            )
        }

    def _breakdowns(self) -> Iterator[tuple[Term, tuple[Term, ...], bool]]:
        """Each total with its categories, and whether these overlap."""
        known = self._of_term()
        for name in sorted({wanted.table for wanted in self.grid.published}):
            table = self.grid.tables[name]
            for measure in table.measures:
                parts = tuple((measure.id, f"{table.breakdown}={c}") for c, _ in table.categories)
                if parts and parts[0] in known:
                    yield (measure.id, ""), parts, table.overlaps

    def _relations(self) -> Iterator[AtMost]:
        """What is never more than something else, of what is published."""
        known = self._of_term()
        for measure, part in known:
            for greater in RULES[measure].within:
                if (greater, part) in known:
                    yield AtMost(((measure, part),), ((greater, part),))
        for total, parts, overlap in self._breakdowns():
            if overlap:
                yield AtMost((total,), parts)
                for category in parts:
                    yield AtMost((category,), (total,))
        for relation in ACROSS:
            if all(term in known for term in (*relation.lesser, *relation.greater)):
                yield relation

    def _relate(
        self, builder: ProblemBuilder, relation: AtMost, nodes: Mapping[Term, Nodes]
    ) -> None:
        for group in self._groups((*relation.lesser, *relation.greater)):
            builder.at_most(
                [node for term in relation.lesser for node in self._within(term, group, nodes)],
                [node for term in relation.greater for node in self._within(term, group, nodes)],
            )

    def _groups(self, terms: tuple[Term, ...]) -> tuple[Leaves, ...]:
        """The groups of schools on which all these quantities can be compared."""
        known = self._of_term()
        levels = tuple(dict.fromkeys(known[term].levels for term in terms))
        if levels not in self._common:
            self._common[levels] = common_groups([self._layout(each).inner for each in levels])
        return self._common[levels]

    def _within(self, term: Term, group: Leaves, nodes: Mapping[Term, Nodes]) -> list[int]:
        return [nodes[term][part] for part in self._layout_of(term).inner if part <= group]

    def _add_exclusive(self, builder: ProblemBuilder, nodes: Mapping[Term, Nodes]) -> None:
        """Categories that exclude each other add up to their total."""
        for total, parts, overlap in self._breakdowns():
            if not overlap:
                for group in self._groups((total, *parts)):
                    terms = [(node, 1) for node in self._within(total, group, nodes)]
                    for part in parts:
                        terms += [(node, -1) for node in self._within(part, group, nodes)]
                    builder.tie(terms)

    def _relate_to_duo(self, builder: ProblemBuilder, nodes: Mapping[Term, Nodes]) -> None:
        """Resident pupils and those not covered fit in DUO's total."""
        if (PUPILS, "") in nodes and (NOT_COVERED, "") in nodes:
            duo = self._duo_totals()
            for leaves in self._layout_of((NOT_COVERED, "")).inner:
                pupils = nodes[PUPILS, ""].get(leaves)
                if pupils is not None and leaves in duo:
                    builder.within((nodes[NOT_COVERED, ""][leaves], pupils), duo[leaves][1])

    def _measured(self, quantity: Quantity, nodes: Mapping[Term, Nodes]) -> Measured:
        own = nodes[quantity.term]
        family: tuple[Nodes, ...] = (own,)
        for total, parts, _ in self._breakdowns():
            if quantity.term in parts:
                family = (nodes[total], *(nodes[part] for part in parts))
        behind = children_behind(quantity, nodes)
        return Measured(
            own,
            quantity.threshold(self.rules),
            quantity.slide(self.rules),
            split=quantity.split,
            whole=nodes.get(quantity.whole) if quantity.whole else None,
            behind=nodes[behind] if behind else None,
            family=family,
            duo=self._duo_totals() if quantity.term == (PUPILS, "") else {},
            children=self._children(quantity, own) if quantity.kind is not Kind.PERSONS else None,
            known=self._known(quantity) if quantity.remainder_min(self.rules) else {},
        )

    def _known(self, quantity: Quantity) -> Mapping[Leaves, Known]:
        """What suppliers know of every set of a quantity."""
        if quantity.term not in self._suppliers:
            layout = self._layout(quantity.levels)
            self._suppliers[quantity.term] = {
                leaves: Known.of(quantity, self.grid, self.rules, self.period, leaves)
                for leaves in (*layout.plan.sets, *layout.residences)
            }
        return self._suppliers[quantity.term]

    def _face_suppliers(self, builder: ProblemBuilder, nodes: Mapping[Term, Nodes]) -> None:
        """Where the rule on a supplier's rest holds, proofs hold for suppliers as well."""
        least: dict[int, int] = {}
        ruled: set[int] = set()
        for quantity in self.quantities:
            if not counts_clients(quantity.measure):
                continue
            for leaves, known in self._known(quantity).items():
                least[nodes[quantity.term][leaves]] = known.least
            if quantity.remainder_min(self.rules):
                ruled.update(nodes[quantity.term].values())
        face_suppliers(builder, least, ruled)

    def _children(self, quantity: Quantity, sets: Iterable[Leaves]) -> dict[Leaves, int]:
        """How many children are behind every set; they add up over schools."""
        return {
            leaves: sum(quantity.leaf(self.grid, self.period, leaf)[1].children for leaf in leaves)
            for leaves in sets
        }

    def _duo_totals(self) -> dict[Leaves, Interval]:
        """DUO's total per set of schools of which every one has a total that can be true."""
        pupils = self._of_term().get((PUPILS, ""))
        known: dict[Leaves, Interval] = {}
        if pupils is None:
            return known
        for leaves in self._layout(pupils.levels).plan.sets:
            totals = [self.grid.reference.pupil_total(leaf, self.period) for leaf in leaves]
            if None in totals:
                continue
            low = sum(total.low for total in totals if total is not None)
            high = sum(total.high for total in totals if total is not None)
            residents = sum(pupils.leaf(self.grid, self.period, leaf)[0] for leaf in leaves)
            # Registers differ: a total below the resident pupils bounds nothing.
            if residents <= high:
                known[leaves] = (low, high)
        return known

    def _tell_of_days(self, builder: ProblemBuilder, nodes: Mapping[Term, Nodes]) -> None:
        """Where days may be shown there are as many children as the rule on amounts asks for."""
        least = self.rules.split_threshold
        for days in quantities_of(self.grid, {Kind.AMOUNT}):
            behind = children_behind(days, nodes)
            if behind is None:
                continue
            for leaves, children in self._children(days, self._layout(days.shown).names).items():
                if children >= least and leaves in nodes[behind]:
                    builder.at_least(((nodes[behind][leaves], 1),), least)

    def _add_unions(self, builder: ProblemBuilder, nodes: Mapping[Term, Nodes]) -> None:
        known = self._of_term()
        for total, parts, overlap in self._breakdowns():
            if not overlap:
                threshold = known[parts[0]].threshold(self.rules)
                for leaves in filter(nodes[total].__contains__, self._layout_of(parts[0]).names):
                    within = tuple(nodes[part][leaves] for part in parts if leaves in nodes[part])
                    builder.families.append((nodes[total][leaves], within, threshold))
        for quantity in self.quantities:
            layout = self._layout(quantity.levels)
            self._add_family(builder, layout, nodes[quantity.term], quantity.threshold(self.rules))

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
