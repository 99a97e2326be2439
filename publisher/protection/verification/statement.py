"""What a release states of its quantities: values, and sums over the innermost groups.

Every quantity is stated on its innermost groups, the finest thing that its published sums can
tell apart; each cell above them is their sum. Nothing here comes from the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from publisher.protection.grid import Grid, Inputs, quantity_key
from publisher.protection.keys import ATOM
from publisher.protection.measures import Term
from publisher.protection.quantities import Quantity
from publisher.protection.regions import RegionUnit, latent_units, region_units, schools_of
from publisher.protection.rules import Rules
from publisher.protection.verification.claim import (
    Additive,
    Claim,
    Demand,
    Relation,
    Terms,
    Union,
)
from shared.reference import Level

Leaves = frozenset[str]


@dataclass(slots=True)
class Statement:
    """Collects the parts of a claim about one block of a period."""

    grid: Grid
    rules: Rules
    period: int
    withheld: frozenset[str]
    true: dict[str, int] = field(default_factory=dict)
    latent: set[str] = field(default_factory=set)
    relations: list[Relation] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)
    unions: list[Union] = field(default_factory=list)
    additive: list[Additive] = field(default_factory=list)
    least: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    inner: dict[Term, dict[Leaves, str]] = field(default_factory=dict)
    quantities: dict[Term, Quantity] = field(default_factory=dict)
    _units: dict[tuple[Level, ...], tuple[RegionUnit, ...]] = field(default_factory=dict)

    def claim(self) -> Claim:
        """The finished claim."""
        return Claim(
            true=self.true,
            withheld=self.withheld & frozenset(self.true),
            latent=frozenset(self.latent),
            relations=tuple(self.relations),
            demands=tuple(self.demands),
            unions=tuple(self.unions),
            direction=self.rules.direction,
            additive=tuple(self.additive),
            least=self.least,
            known=self.known,
        )

    def units(self, quantity: Quantity) -> tuple[RegionUnit, ...]:
        """Every unit that tells the groups of a quantity apart."""
        if quantity.levels not in self._units:
            self._units[quantity.levels] = region_units(self.grid, self.period, quantity.levels)
        return self._units[quantity.levels]

    def shown(self, quantity: Quantity) -> list[RegionUnit]:
        """The units that are published."""
        return [unit for unit in self.units(quantity) if unit.level in quantity.shown]

    def latent_units(self, quantity: Quantity) -> list[RegionUnit]:
        """Rests and crossings that are no unit."""
        units = self.units(quantity)
        named = {unit.leaves for unit in units}
        return [u for u in latent_units(units, schools_of(self.grid)) if u.leaves not in named]

    def key(self, quantity: Quantity, unit: RegionUnit) -> str:
        """Name of a quantity of a unit."""
        return self._key(quantity, unit.level, unit.unit)

    def add(self, quantity: Quantity) -> None:
        """Values of a quantity, and its sums over the innermost groups."""
        self.quantities[quantity.term] = quantity
        units, shown = self.units(quantity), self.shown(quantity)
        for unit in shown:
            value = quantity.value(self.grid, self.period, unit.level, unit.unit)
            self.true[self.key(quantity, unit)] = value
        latent = self.latent_units(quantity)
        # What is only in a rest is a group too: arrangements alone leave most schools there.
        groups = groups_of((*units, *latent))
        inner = {group: self._inner_key(quantity, shown, group) for group in groups}
        self.inner[quantity.term] = inner
        for unit in shown:
            self._sum_up(self.key(quantity, unit), unit.leaves, inner)
        for unit in latent:
            key = self.key(quantity, unit)
            self.true[key] = sum(self.true[inner[g]] for g in inner if g <= unit.leaves)
            self.latent.add(key)
            self._sum_up(key, unit.leaves, inner)
        if any(unit.level == Level.RESIDENCE.value for unit in units):
            cut = [(key, 1 if _of_residence(group) else -1) for group, key in inner.items()]
            self.relations.append(Relation(tuple(cut), 0, 0))

    def terms(self, term: Term, leaves: Leaves) -> Terms:
        """A unit of a quantity as the sum of its innermost groups."""
        inner = self.inner.get(term, {})
        return tuple((key, 1) for group, key in inner.items() if group <= leaves)

    def children(self, quantity: Quantity, leaves: Leaves) -> int:
        """How many children are behind a set of schools."""
        return sum(self._inputs(quantity, leaf).children for leaf in leaves)

    def of_suppliers(self, quantity: Quantity, leaves: Leaves) -> tuple[int, ...]:
        """Per supplier with clients in a set of schools, how many it can itself place there."""
        own: dict[int, int] = {}
        for leaf in leaves:
            for supplier, clients in self._inputs(quantity, leaf).of_supplier:
                own[supplier] = own.get(supplier, 0) + clients
        return tuple(clients for clients in own.values() if clients)

    def leaves_of(self, quantity: Quantity) -> dict[str, Leaves]:
        """Every name of a quantity, with the leaves that it is about."""
        units = (*self.shown(quantity), *self.latent_units(quantity))
        inner = {key: group for group, key in self.inner[quantity.term].items()}
        return {self.key(quantity, unit): unit.leaves for unit in units} | inner

    def unite(self, quantity: Quantity) -> None:
        """Every parent with the published units of another level that add up to it."""
        units = self.shown(quantity)
        threshold = quantity.threshold(self.rules) if self.rules.union else 0
        for parent in units:
            for level in dict.fromkeys(unit.level for unit in units):
                children = {
                    unit.leaves: self.key(quantity, unit)
                    for unit in units
                    if unit.level == level and unit.leaves and unit.leaves <= parent.leaves
                }
                # Those around arrangements can overlap; then they are no parts of it.
                whole = frozenset[str]().union(*children)
                if len(children) > 1 and sum(map(len, children)) == len(whole) == len(
                    parent.leaves
                ):
                    key = self.key(quantity, parent)
                    self.unions.append(Union(key, tuple(children.values()), threshold))

    def sum_all(self, quantity: Quantity) -> None:
        """All cells of a quantity, for the groups that two of them make."""
        inner, units = self.inner[quantity.term], self.shown(quantity)
        parts: dict[str, frozenset[str]] = {}
        schools: list[str] = []
        homes: list[str] = []
        levels: dict[str, list[str]] = {}
        for unit in sorted(units, key=lambda unit: (-len(unit.leaves), sorted(unit.leaves))):
            if unit.leaves:
                key = self.key(quantity, unit)
                parts[key] = frozenset(name for g, name in inner.items() if g <= unit.leaves)
                levels.setdefault(unit.level, []).append(key)
                if unit.level != Level.SCHOOL.value:
                    (homes if _of_residence(unit.leaves) else schools).append(key)
        tie = tuple((name, 1 if _of_residence(g) else -1) for g, name in inner.items())
        ties = (tie,) if any(_of_residence(group) for group in inner) else ()
        threshold = quantity.threshold(self.rules) if self.rules.union else 0
        pairs = (tuple(schools), tuple(homes))
        by_level = tuple(map(frozenset, levels.values()))
        self.additive.append(Additive(parts, pairs, by_level, ties, threshold))

    def _inner_key(self, quantity: Quantity, shown: Sequence[RegionUnit], group: Leaves) -> str:
        for unit in shown:
            if unit.leaves == group:
                return self.key(quantity, unit)
        key = self._key(quantity, ATOM, min(group))
        self.latent.add(key)
        self.true[key] = sum(quantity.leaf(self.grid, self.period, leaf)[0] for leaf in group)
        return key

    def _inputs(self, quantity: Quantity, leaf: str) -> Inputs:
        return quantity.leaf(self.grid, self.period, leaf)[1]

    def _sum_up(self, key: str, leaves: Leaves, inner: dict[Leaves, str]) -> None:
        parts = [name for group, name in inner.items() if group <= leaves]
        if parts != [key]:
            self.relations.append(Relation(((key, 1), *((name, -1) for name in parts)), 0, 0))

    def _key(self, quantity: Quantity, level: str, unit: str) -> str:
        return quantity_key(self.period, quantity.measure, level, unit, quantity.part)


def groups_of(units: Sequence[RegionUnit]) -> list[Leaves]:
    """Leaves that stand in exactly the same units, together."""
    seen: dict[str, list[int]] = {}
    for number, unit in enumerate(units):
        for leaf in sorted(unit.leaves):
            seen.setdefault(leaf, []).append(number)
    alike: dict[tuple[int, ...], set[str]] = {}
    for leaf, within in seen.items():
        alike.setdefault(tuple(within), set()).add(leaf)
    return [frozenset(leaves) for leaves in alike.values()]


def _of_residence(leaves: Leaves) -> bool:
    return all(leaf.startswith("residence ") for leaf in leaves)
