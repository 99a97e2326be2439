"""How one quantity of a period is laid out: which sets of leaves have a node, and their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from publisher.protection.grid import Grid
from publisher.protection.keys import ATOM
from publisher.protection.problem import Additive, Kind, ProblemBuilder
from publisher.protection.quantities import Quantity
from publisher.protection.regions import latent_units, leaves_of, region_units, schools_of
from publisher.protection.sums import SumPlan, plan_sums
from shared.errors import ProtectionError
from shared.reference import Level

Leaves = frozenset[str]
Nodes = Mapping[Leaves, int]
Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """The sets between which sums run.

    Attributes:
        plan: sums over schools and ``elsewhere``.
        names: level and unit of every published unit, by its leaves.
        latent: names of rests and crossings that are no unit, by their leaves.
        inner: the finest sets: innermost groups, and municipalities of residence.
        residences: the municipalities of residence, empty where that cut is not published.
    """

    plan: SumPlan[str]
    names: Mapping[Leaves, tuple[Name, ...]]
    latent: Mapping[Leaves, tuple[Name, ...]]
    inner: tuple[Leaves, ...]
    residences: tuple[Leaves, ...]

    @classmethod
    def of(cls, grid: Grid, period: int, levels: Iterable[Level]) -> Layout:
        """Lay out what is published at these levels."""
        units = region_units(grid, period, levels)
        names: dict[Leaves, tuple[Name, ...]] = {}
        for unit in units:
            names[unit.leaves] = (*names.get(unit.leaves, ()), (unit.level, unit.unit))
        cut = tuple(unit.leaves for unit in units if unit.level == Level.RESIDENCE.value)
        latent: dict[Leaves, tuple[Name, ...]] = {}
        for unit in latent_units(units, schools_of(grid)):
            if unit.leaves not in names:
                latent[unit.leaves] = (*latent.get(unit.leaves, ()), (unit.level, unit.unit))
        within = [leaves for leaves in (*names, *latent) if leaves and leaves not in set(cut)]
        plan = plan_sums(leaves_of(grid, period), within)
        shown = frozenset[str]().union(*within)
        # What stands in no unit of this layout is tied to nothing.
        groups = tuple(plan.sets[group] for group in plan.groups if plan.sets[group] <= shown)
        return cls(plan, names, latent, (*groups, *cut), cut)

    def latent_names(self, leaves: Leaves) -> tuple[Name, ...]:
        """Names of a set that no cell shows; an innermost one is named after its first leaf."""
        atom = ((ATOM, min(leaves)),) if leaves in self.inner else ()
        return (*self.latent.get(leaves, ()), *atom)

    def additive(self, builder: ProblemBuilder, nodes: Nodes, threshold: int) -> Additive:
        """A quantity that is laid out like this, for the rule on groups that no cell names."""
        shown = [
            leaves
            for leaves in sorted(self.names, key=lambda unit: (-len(unit), sorted(unit)))
            if leaves in nodes and builder.nodes[nodes[leaves]].kind is not Kind.LATENT
        ]
        cut = frozenset(self.residences)
        levels: dict[str, list[int]] = {}
        for place, leaves in enumerate(shown):
            for level, _ in self.names[leaves]:
                levels.setdefault(level, []).append(place)
        above = [
            place
            for place, leaves in enumerate(shown)
            if any(level != Level.SCHOOL.value for level, _ in self.names[leaves])
        ]
        return Additive(
            columns=tuple(nodes[leaves] for leaves in self.inner),
            units=tuple(
                (nodes[unit], tuple(at for at, leaves in enumerate(self.inner) if leaves <= unit))
                for unit in shown
            ),
            pairs=(
                tuple(place for place in above if shown[place] not in cut),
                tuple(place for place in above if shown[place] in cut),
            ),
            levels=tuple(map(tuple, levels.values())),
            ties=(tuple(1 if leaves in cut else -1 for leaves in self.inner),) if cut else (),
            threshold=threshold,
        )


@dataclass(frozen=True, slots=True)
class QuantityNodes:
    """Adds the nodes of a quantity, and the sums between them, to a problem.

    Attributes:
        closed: keys of the cells that are withheld from the start, a zero that is mostly shown too.
    """

    grid: Grid
    period: int
    builder: ProblemBuilder
    closed: frozenset[str] = frozenset()

    def add(
        self,
        layout: Layout,
        quantity: Quantity,
        *,
        priority: float,
        may_withhold_zeros: bool,
        ceilings: Mapping[Leaves, int],
    ) -> Nodes:
        """Add one node per set of the layout.

        Args:
            layout: the sets.
            quantity: what is counted.
            priority: factor of the cost of withholding.
            may_withhold_zeros: whether the policy ever lets a zero be withheld.
            ceilings: the greatest value that a reader thinks possible, by set.
        """
        nodes: dict[Leaves, int] = {}
        shown = {level.value for level in quantity.shown}
        for leaves in (*layout.plan.sets, *layout.residences):
            true = sum(quantity.leaf(self.grid, self.period, leaf)[0] for leaf in leaves)
            ceiling = ceilings.get(leaves)
            names = [name for name in layout.names.get(leaves, ()) if name[0] in shown]
            if not names:
                keys = [quantity.key(self.period, *name) for name in layout.latent_names(leaves)]
                nodes[leaves] = self.builder.latent(keys, true, ceiling=ceiling)
                continue
            keys = [quantity.key(self.period, *name) for name in names]
            for level, unit in names:
                self._check_value(quantity, level, unit, true)
            nodes[leaves] = self.builder.cell(
                keys,
                true,
                may_withhold=true > 0 or may_withhold_zeros or not self.closed.isdisjoint(keys),
                priority=priority,
                ceiling=ceiling,
            )
        add_sums(self.builder, layout, nodes)
        return nodes

    def _check_value(self, quantity: Quantity, level: str, unit: str, true: int) -> None:
        if quantity.value(self.grid, self.period, level, unit) != true:
            raise ProtectionError(
                "tally-inconsistent",
                f"expected every level of {quantity.measure} to be the sum of its schools, "
                f"found another value at level {level}",
                hint="the tally and the reference bundle do not belong together",
            )


def add_sums(builder: ProblemBuilder, layout: Layout, nodes: Nodes) -> None:
    """Every unit is the sum of its parts; two cuts of one population have one total."""
    sets = layout.plan.sets
    for whole, parts in layout.plan.equations:
        builder.equal(nodes[sets[whole]], [nodes[sets[part]] for part in parts])
    if layout.residences:
        terms = [(nodes[leaves], 1) for leaves in layout.residences]
        terms += [(nodes[sets[group]], -1) for group in layout.plan.groups]
        builder.tie(terms)


def common_groups(partitions: Sequence[Sequence[Leaves]]) -> tuple[Leaves, ...]:
    """The finest groups that every one of these partitions can add up to, in order.

    A group with leaves that a partition lacks cannot be compared, and is left out.
    """
    first, *others = partitions
    groups = list(first)
    for other in others:
        known = frozenset[str]().union(*other)
        merged: list[Leaves] = []
        for group in (*groups, *other):
            touching = [each for each in merged if not each.isdisjoint(group)]
            merged = [each for each in merged if each.isdisjoint(group)]
            merged.append(group.union(*touching))
        every = frozenset[str]().union(*groups)
        groups = [each for each in merged if each <= known and each <= every]
    return tuple(sorted(groups, key=lambda group: min(group)))
