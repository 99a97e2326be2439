"""What the rules on amounts ask of one cell; neutral ground for both sides of the proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from publisher.protection.certificates import Certificate
from publisher.protection.grid import Grid, Inputs, quantity_key
from publisher.protection.keys import ATOM
from publisher.protection.measures import DAYS_OF_CLASS, RULES, Kind
from publisher.protection.primary import (
    Rule,
    amount_dominated,
    amount_level,
    below_threshold,
    few_providers,
    supplier_remainder_disclosed,
)
from publisher.protection.quantities import Quantity
from publisher.protection.regions import leaves_of, region_units
from publisher.protection.rules import Rules
from shared.contract.tally import (
    DOMINATED_BY_CLIENT,
    DOMINATED_BY_PROVIDER,
    DOMINATED_BY_SUPPLIER,
)
from shared.reference import Level

DIMENSIONS = {
    "clients": (0, DOMINATED_BY_CLIENT),
    "providers": (1, DOMINATED_BY_PROVIDER),
    "suppliers": (2, DOMINATED_BY_SUPPLIER),
}
"""Place of each dimension among the widths of a cell, and its bit of dominance."""


@dataclass(frozen=True, slots=True)
class AmountCell:
    """A published cell of an amount: its count, and who is behind it.

    Attributes:
        count: key of the count that must be published beside it; empty where policy publishes
            none there.
        classes: for days, keys of the counts by class of duration, where policy publishes those.
    """

    inputs: Inputs
    count: str
    classes: tuple[str, ...] = ()

    def rule(self, rules: Rules, counts: frozenset[str]) -> Rule | None:
        """The first rule that withholds it.

        Args:
            rules: the parameters.
            counts: keys of the counts that are withheld.
        """
        inputs = self.inputs
        if not self.count or self.count in counts or not counts.isdisjoint(self.classes):
            # Days bound how many trajectories each class can have: of a withheld class they
            # would tell more than any other number can make good.
            return Rule.BUNDLE
        if below_threshold(inputs.children, rules.split_threshold):
            return Rule.AMOUNT
        if few_providers(inputs.providers):
            return Rule.PROVIDERS
        chosen = [DIMENSIONS[name] for name in rules.amount_over]
        if any(amount_dominated(inputs.widths[at], inputs.dominated, bit) for at, bit in chosen):
            return Rule.DOMINANCE
        if any(
            supplier_remainder_disclosed(inputs.children, own, rules.remainder_min)
            for _, own in inputs.of_supplier
        ):
            return Rule.SUPPLIER
        return None

    def width(self, rules: Rules) -> int:
        """How much larger it must be able to be, over the dimensions that policy chose."""
        return max((self.inputs.widths[DIMENSIONS[name][0]] for name in rules.amount_over),
                   default=0)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reach:
    """How much larger an amount must be able to be, and how much smaller besides."""

    up: int
    down: int


@dataclass(frozen=True, slots=True)
class AmountFacts:
    """An amount over a set of schools.

    Attributes:
        children: with a row that adds to it, over all schools.
        least: the least that a reader thinks possible; ``most`` the greatest, None for no bound.
    """

    value: int
    children: int
    least: int
    most: int | None

    def reach(self, width: int, rules: Rules) -> Reach:
        """How far its alternatives must lie.

        It must be able to be larger by its level. Where the counts beside it say that it cannot,
        a reader knows that whatever is withheld; then it must be able to be smaller by the rest,
        so that it is never known more closely than its level.
        """
        level = amount_level(self.value, width, rules.p_percent)
        if self.most is None:
            return Reach(level, 0)
        level = min(level, self.most - self.least)
        up = min(level, self.most - self.value)
        return Reach(up, level - up)


def cell_of(grid: Grid, quantity: Quantity, period: int, level: str, unit: str) -> AmountCell:
    """The cell that shows an amount for a unit."""
    counted = RULES[quantity.measure].counted
    breakdown = grid.tables[quantity.table].breakdown if quantity.part else None
    key = quantity_key(period, counted, level, unit, quantity.part)
    shown = Level(level) in grid.levels(counted, breakdown)
    place = (quantity.table, Level(level), unit, period, quantity.measure, quantity.category)
    told = days_told(grid, quantity, period, level, unit)
    return AmountCell(grid.inputs_of(*place), key if shown else "", told.keys if told else ())


def facts_of(
    grid: Grid,
    quantity: Quantity,
    period: int,
    leaves: frozenset[str],
    names: Iterable[tuple[str, str]] = (),
    counts: frozenset[str] = frozenset(),
    raised: Sequence[frozenset[str]] = (),
) -> AmountFacts:
    """What is known of an amount over a set of schools.

    Args:
        grid: with true values.
        quantity: the amount.
        period: code of the period.
        leaves: the schools.
        names: level and unit of the cells that show it.
        counts: keys of the counts that are withheld.
        raised: schools that may have more of what is counted, by ``raised_by``.
    """
    found = [quantity.leaf(grid, period, leaf) for leaf in sorted(leaves)]
    value = sum(each for each, _ in found)
    rule = RULES[quantity.measure]
    least, most = rule.each
    counted = sum(_counted(grid, quantity, period, leaf) for leaf in leaves)
    # Where nothing is counted, and readers must think that there may be: one.
    perhaps = counted or any(each <= leaves for each in raised)
    least, most = least * counted, None if most is None else most * perhaps
    for level, unit in names:
        told = days_told(grid, quantity, period, level, unit)
        if told is not None and counts.isdisjoint(told.keys):
            low, high = told.bounds()
            least, most = max(least, low), high if most is None else min(most, high)
    # Negative corrections: a reader knows that they exist, and no more than that.
    return AmountFacts(
        value,
        sum(inputs.children for _, inputs in found),
        min(value, least),
        None if most is None else max(value, most),
    )


@dataclass(frozen=True, slots=True)
class DaysTold:
    """Days of a unit, and the published counts of trajectories by class of duration.

    Attributes:
        keys: of the counts, by class.
        days: least and most days of one trajectory, by class.
        counts: true numbers, by class.
    """

    keys: tuple[str, ...]
    days: tuple[tuple[int, int], ...]
    counts: tuple[int, ...]

    def bounds(self) -> tuple[int, int]:
        """Least and most days that the classes leave possible."""
        pairs = list(zip(self.days, self.counts, strict=True))
        return sum(low * n for (low, _), n in pairs), sum(high * n for (_, high), n in pairs)


def days_told(
    grid: Grid, quantity: Quantity, period: int, level: str, unit: str
) -> DaysTold | None:
    """What classes of duration tell about the days of a unit; None where they are not published."""
    counted = RULES[quantity.measure].counted
    if quantity.part or Level(level) not in grid.levels(counted, "duration"):
        return None
    tables = (grid.tables[wanted.table] for wanted in grid.published)
    table = next(
        each for each in tables
        if each.breakdown == "duration" and counted in {m.id for m in each.measures}
    )  # fmt: skip
    classes = tuple(code for code, _ in table.categories)
    return DaysTold(
        tuple(quantity_key(period, counted, level, unit, f"duration={code}") for code in classes),
        tuple(DAYS_OF_CLASS[code] for code in classes),
        tuple(grid.value(table.id, Level(level), unit, period, counted, code) for code in classes),
    )


def raised_by(
    certificates: Iterable[Certificate], grid: Grid, period: int, measure: str
) -> tuple[frozenset[str], ...]:
    """Sets of schools of which a proof of the counts says: there may be more here.

    A zero that is withheld needs such a proof; what it counts then has an amount as well.

    Args:
        certificates: of the counts.
        grid: with true values.
        period: code of the period.
        measure: the amount.
    """
    rule = RULES[measure]
    if rule.each[1] is None:
        return ()
    keys = {key for each in certificates for key, step in each.delta if step > 0}
    units = [
        (unit.level, unit.unit, unit.leaves)
        for unit in region_units(grid, period, grid.levels(rule.counted))
    ]
    units += [(ATOM, leaf, frozenset({leaf})) for leaf in leaves_of(grid, period)]
    return tuple(
        leaves
        for level, unit, leaves in units
        if leaves and quantity_key(period, rule.counted, level, unit, "") in keys
    )


def _counted(grid: Grid, quantity: Quantity, period: int, leaf: str) -> int:
    kind, _, unit = leaf.rpartition(" ")
    counted = RULES[quantity.measure].counted
    if quantity.part:
        return 0
    table = grid.holder(counted)
    return grid.value(table, Level(kind or Level.SCHOOL), unit, period, counted, "")


def amounts_of(grid: Grid) -> tuple[str, ...]:
    """The amounts that are published, in the order of the rules."""
    return tuple(
        measure
        for measure, rule in RULES.items()
        if rule.kind is Kind.AMOUNT and grid.levels(measure)
    )
