"""The claim of one period of a release: rows from its cells, the reference and the rules.

Every quantity is stated on the innermost groups, the finest thing that its published sums can
tell apart; each cell above them is their sum. Nothing here comes from the search.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from publisher.protection.grid import (
    CLIENTS,
    NOT_COVERED,
    PUPILS,
    Grid,
    quantity_key,
)
from publisher.protection.keys import ATOM
from publisher.protection.primary import (
    Rule,
    below_threshold,
    group_disclosed,
    remainder_disclosed,
    zero_withheld,
)
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
from shared.contract.tally import Table
from shared.reference import Level

Leaves = frozenset[str]


def claim_of_tally(grid: Grid, rules: Rules, period: int, withheld: frozenset[str]) -> Claim:
    """State what the release claims for a period.

    Args:
        grid: what may be published, with true values.
        rules: the parameters that the release names.
        period: code of the period.
        withheld: keys of the quantities that the release withholds.
    """
    statement = _Statement(grid, rules, period, withheld)
    persons = _in_order({*grid.levels(PUPILS), *grid.levels(CLIENTS)})
    for measure, levels in (
        (PUPILS, persons),
        (CLIENTS, persons),
        (NOT_COVERED, grid.levels(NOT_COVERED)),
    ):
        if grid.levels(measure):
            total = _Counted(grid.holder(measure), measure, "", "", grid.levels(measure), levels)
            statement.add(total)
            statement.judge(total)
    statement.relate_totals()
    for name in sorted({wanted.table for wanted in grid.published}):
        if grid.tables[name].breakdown:
            statement.add_breakdown(grid.tables[name])
    return statement.claim()


def _in_order(levels: Iterable[Level]) -> tuple[Level, ...]:
    wanted = set(levels)
    return tuple(level for level in Level if level in wanted)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A quantity: where it is shown, and the levels that together tell its groups apart."""

    table: str
    measure: str
    category: str
    part: str
    shown: tuple[Level, ...]
    levels: tuple[Level, ...]


@dataclass(slots=True)
class _Statement:
    """Collects the parts of a claim."""

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
    inner: dict[tuple[str, str], dict[Leaves, str]] = field(default_factory=dict)

    def claim(self) -> Claim:
        """The finished claim."""
        return Claim(
            true=self.true,
            withheld=self.withheld,
            latent=frozenset(self.latent),
            relations=tuple(self.relations),
            demands=tuple(self.demands),
            unions=tuple(self.unions),
            direction=self.rules.direction,
            additive=tuple(self.additive),
        )

    def add(self, counted: _Counted) -> None:
        """Values of a quantity, and its sums over the innermost groups."""
        units = region_units(self.grid, self.period, counted.levels)
        shown = [unit for unit in units if unit.level in counted.shown]
        for unit in shown:
            self.true[self._key(counted, unit.level, unit.unit)] = self.grid.value(
                counted.table, Level(unit.level), unit.unit, self.period,
                counted.measure, counted.category,
            )  # fmt: skip
        inner = {group: self._inner_key(counted, shown, group) for group in _groups(units)}
        self.inner[counted.measure, counted.part] = inner
        for unit in shown:
            self._sum_up(self._key(counted, unit.level, unit.unit), unit.leaves, inner)
        for unit in self._latent_units(units):
            key = self._key(counted, unit.level, unit.unit)
            self.true[key] = sum(self.true[inner[g]] for g in inner if g <= unit.leaves)
            self.latent.add(key)
            self._sum_up(key, unit.leaves, inner)
        if any(unit.level == Level.RESIDENCE.value for unit in units):
            cut = [(key, 1 if _of_residence(group) else -1) for group, key in inner.items()]
            self.relations.append(Relation(tuple(cut), 0, 0))

    def judge(self, counted: _Counted) -> None:
        """What the primary rules demand of a quantity, cell by cell."""
        units = region_units(self.grid, self.period, counted.levels)
        for unit in units:
            if unit.level in counted.shown:
                demand = self._demand(counted, unit)
                if demand is not None:
                    self.demands.append(demand)
        inner = self.inner[counted.measure, counted.part]
        latent = [self._key(counted, u.level, u.unit) for u in self._latent_units(units)]
        threshold, level, _ = self._limits(counted)
        for key in dict.fromkeys([*latent, *inner.values()]):
            if key in self.latent and below_threshold(self.true[key], threshold):
                self.demands.append(Demand(key, Rule.MARGIN, level, 0, None))
        shown = [unit for unit in units if unit.level in counted.shown]
        self._unite(counted, shown)
        self._sum_all(counted, shown)

    def relate_totals(self) -> None:
        """Clients are pupils; pupils, and those not covered, fit in DUO's total."""
        pupils = self.inner.get((PUPILS, ""), {})
        for group, key in self.inner.get((CLIENTS, ""), {}).items():
            if group in pupils:
                self.relations.append(Relation(((pupils[group], 1), (key, -1)), 0, None))
        not_covered = self.inner.get((NOT_COVERED, ""), {})
        for group, key in pupils.items():
            duo = self._duo(group)
            if duo is not None and self.true[key] <= duo[1]:
                self.relations.append(Relation(((key, 1),), None, duo[1]))
        for group, key in not_covered.items():
            duo, within = self._duo(group), self._terms((PUPILS, ""), group)
            if duo is not None and within:
                together = ((key, 1), *within)
                if sum(self.true[name] for name, _ in together) <= duo[1]:
                    self.relations.append(Relation(together, None, duo[1]))

    def add_breakdown(self, table: Table) -> None:
        """The categories of a breakdown: DISTINCT where they overlap, else SUM."""
        levels = self.grid.levels(CLIENTS, table.breakdown)
        parts = [
            _Counted(table.id, CLIENTS, code, f"{table.breakdown}={code}", levels, levels)
            for code, _ in table.categories
        ]
        for counted in parts:
            self.add(counted)
        for group in _groups(region_units(self.grid, self.period, levels)):
            total = self._terms((CLIENTS, ""), group)
            split = [self.inner[CLIENTS, counted.part][group] for counted in parts]
            less = (*total, *((key, -1) for key in split))
            self.relations.append(Relation(less, None if table.overlaps else 0, 0))
            if table.overlaps:
                for key in split:
                    self.relations.append(Relation((*total, (key, -1)), 0, None))
        for counted in parts:
            self.judge(counted)
        if not table.overlaps:
            for unit in region_units(self.grid, self.period, levels):
                keys = tuple(self._key(counted, unit.level, unit.unit) for counted in parts)
                whole = quantity_key(self.period, CLIENTS, unit.level, unit.unit, "")
                threshold = self.rules.split_threshold if self.rules.union else 0
                self.unions.append(Union(whole, keys, threshold))

    def _demand(self, counted: _Counted, unit: RegionUnit) -> Demand | None:
        """The first primary rule that applies to a published cell."""
        key, rules = self._key(counted, unit.level, unit.unit), self.rules
        threshold, level, top = self._limits(counted)
        count = self.true[key]
        if count == 0:
            hidden = self._zero_withheld(counted, unit)
            return Demand(key, Rule.ZERO, 1, 1, top) if hidden else None
        if below_threshold(count, threshold):
            return Demand(key, Rule.THRESHOLD, level, 1, top)
        whole = self._whole(counted, unit)
        exhausted = sum(self.true[name] for name, _ in whole)
        if rules.group and whole and group_disclosed(count, exhausted, threshold):
            guard = Relation((*whole, (key, -1)), 0, top)
            return Demand(key, Rule.GROUP, level, 1, None, (guard,))
        duo = self._duo(unit.leaves) if counted.measure == PUPILS else None
        if duo and count <= duo[1] and remainder_disclosed(count, *duo, rules.remainder):
            return Demand(
                key, Rule.REMAINDER, level, max(duo[0] - rules.remainder + 1, 1), duo[1] - 1
            )
        return None

    def _zero_withheld(self, counted: _Counted, unit: RegionUnit) -> bool:
        total = quantity_key(self.period, counted.measure, unit.level, unit.unit, "")
        return zero_withheld(
            self.rules.zeros,
            split=bool(counted.part),
            parent=self.true[total],
            parent_shown=total not in self.withheld,
            least=self.rules.zero_parent_min,
        )

    def _whole(self, counted: _Counted, unit: RegionUnit) -> Terms:
        """The total that a split splits; for clients the resident pupils; else nothing."""
        if counted.part:
            return self._terms((CLIENTS, ""), unit.leaves)
        if counted.measure == CLIENTS and (PUPILS, "") in self.inner:
            return self._terms((PUPILS, ""), unit.leaves)
        return ()

    def _terms(self, quantity: tuple[str, str], leaves: Leaves) -> Terms:
        """A unit of a quantity as the sum of its innermost groups."""
        inner = self.inner.get(quantity, {})
        return tuple((key, 1) for group, key in inner.items() if group <= leaves)

    def _limits(self, counted: _Counted) -> tuple[int, int, int]:
        """Threshold, level and the greatest value below the threshold."""
        rules = self.rules
        threshold = rules.split_threshold if counted.part else rules.threshold
        level = rules.split_slide if counted.part else rules.slide
        return threshold, level, max(threshold - 1, 1)

    def _duo(self, leaves: Leaves) -> tuple[int, int] | None:
        totals = [self.grid.reference.pupil_total(leaf, self.period) for leaf in leaves]
        known = [total for total in totals if total is not None]
        if not known or len(known) < len(totals):
            return None
        return sum(total.low for total in known), sum(total.high for total in known)

    def _latent_units(self, units: Sequence[RegionUnit]) -> list[RegionUnit]:
        named = {unit.leaves for unit in units}
        return [u for u in latent_units(units, schools_of(self.grid)) if u.leaves not in named]

    def _inner_key(self, counted: _Counted, shown: Sequence[RegionUnit], group: Leaves) -> str:
        for unit in shown:
            if unit.leaves == group:
                return self._key(counted, unit.level, unit.unit)
        key = self._key(counted, ATOM, min(group))
        self.latent.add(key)
        self.true[key] = sum(self._leaf(counted, leaf) for leaf in group)
        return key

    def _leaf(self, counted: _Counted, leaf: str) -> int:
        kind, _, unit = leaf.rpartition(" ")
        level = Level(kind) if kind else Level.SCHOOL
        return self.grid.value(
            counted.table, level, unit, self.period, counted.measure, counted.category
        )

    def _sum_up(self, key: str, leaves: Leaves, inner: dict[Leaves, str]) -> None:
        parts = [name for group, name in inner.items() if group <= leaves]
        if parts != [key]:
            self.relations.append(Relation(((key, 1), *((name, -1) for name in parts)), 0, 0))

    def _unite(self, counted: _Counted, units: Sequence[RegionUnit]) -> None:
        """Every parent with the published units of another level that add up to it."""
        threshold = self._limits(counted)[0] if self.rules.union else 0
        for parent in units:
            for level in dict.fromkeys(unit.level for unit in units):
                children = {
                    unit.leaves: self._key(counted, unit.level, unit.unit)
                    for unit in units
                    if unit.level == level and unit.leaves and unit.leaves <= parent.leaves
                }
                if len(children) > 1 and sum(map(len, children)) == len(parent.leaves):
                    key = self._key(counted, parent.level, parent.unit)
                    self.unions.append(Union(key, tuple(children.values()), threshold))

    def _sum_all(self, counted: _Counted, units: Sequence[RegionUnit]) -> None:
        """All cells of a quantity, for the groups that two of them make."""
        inner = self.inner[counted.measure, counted.part]
        parts: dict[str, frozenset[str]] = {}
        schools: list[str] = []
        homes: list[str] = []
        levels: dict[str, list[str]] = {}
        for unit in sorted(units, key=lambda unit: (-len(unit.leaves), sorted(unit.leaves))):
            if unit.leaves:
                key = self._key(counted, unit.level, unit.unit)
                parts[key] = frozenset(name for g, name in inner.items() if g <= unit.leaves)
                levels.setdefault(unit.level, []).append(key)
                if unit.level != Level.SCHOOL.value:
                    (homes if _of_residence(unit.leaves) else schools).append(key)
        tie = tuple((name, 1 if _of_residence(g) else -1) for g, name in inner.items())
        ties = (tie,) if any(_of_residence(group) for group in inner) else ()
        threshold = self._limits(counted)[0] if self.rules.union else 0
        pairs = (tuple(schools), tuple(homes))
        by_level = tuple(map(frozenset, levels.values()))
        self.additive.append(Additive(parts, pairs, by_level, ties, threshold))

    def _key(self, counted: _Counted, level: str, unit: str) -> str:
        return quantity_key(self.period, counted.measure, level, unit, counted.part)


def _groups(units: Sequence[RegionUnit]) -> list[Leaves]:
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
