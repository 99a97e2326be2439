"""The quantities of a release: every measure in total, and every category of its breakdowns.

Neutral ground, for the side that protects and for the side that verifies: it says what is
counted and which limits hold, not how anything is protected.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from publisher.protection.grid import LEVEL_ORDER, Grid, Inputs, measures_of, quantity_key
from publisher.protection.measures import CLIENTS, PUPILS, RULES, Kind, Term, counts_clients
from publisher.protection.rules import Rules
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is counted: a measure of a table of the tally, in one category or in total.

    Attributes:
        part: breakdown and category, as in ``form=2``; empty for a total.
        shown: the levels at which it is published.
        levels: those that together tell its groups apart.
        whole: the quantity that it is a part of, for rules that compare the two.
        split: whether it tells something sensitive of a part of the children.
        sensitive: whether a table that shows it says that its parts are sensitive.
    """

    table: str
    measure: str
    category: str
    part: str
    shown: tuple[Level, ...]
    levels: tuple[Level, ...]
    whole: Term | None
    split: bool
    sensitive: bool = True

    @property
    def term(self) -> Term:
        """Measure and part."""
        return self.measure, self.part

    @property
    def kind(self) -> Kind:
        """What it counts."""
        return RULES[self.measure].kind

    def threshold(self, rules: Rules) -> int:
        """The least number of children that is shown."""
        return rules.split_threshold if self.split else rules.threshold

    def slide(self, rules: Rules) -> int:
        """The least distance between a withheld count and its alternative."""
        return rules.split_slide if self.split else rules.slide

    def remainder_min(self, rules: Rules) -> int:
        """The least number of others that a supplier may be left with; 0 is no limit."""
        if not counts_clients(self.measure):
            return 0
        if not self.split:
            return rules.total_remainder_min
        return rules.split_remainder_min if self.sensitive else 0

    def key(self, period: int, level: str, unit: str) -> str:
        """Name of the quantity for a unit."""
        return quantity_key(period, self.measure, level, unit, self.part)

    def value(self, grid: Grid, period: int, level: str, unit: str) -> int:
        """Its value for a unit."""
        place = (self.table, Level(level), unit, period, self.measure, self.category)
        return grid.value(*place)

    def leaf(self, grid: Grid, period: int, leaf: str) -> tuple[int, Inputs]:
        """Its value at one leaf, and who is behind it."""
        kind, _, unit = leaf.rpartition(" ")
        level = Level(kind or Level.SCHOOL)
        if level not in grid.tables[self.table].levels:
            # Not counted per school: one school stands for all of its type in its municipality.
            level, unit = Level.TYPE_MUNICIPALITY, grid.represents.get(leaf, "")
        place = (self.table, level, unit, period, self.measure, self.category)
        return grid.value(*place), grid.inputs_of(*place)


def quantities_of(grid: Grid, kinds: Collection[Kind]) -> tuple[Quantity, ...]:
    """The published quantities of these kinds: totals first, then by table and category."""
    found: dict[Term, Quantity] = {}
    for measure, rule in RULES.items():
        shown = grid.levels(measure)
        if rule.kind in kinds and shown:
            whole = _whole(measure, "")
            found[measure, ""] = Quantity(
                grid.holder(measure), measure, "", "", shown, _levels_of(grid, measure), whole,
                bool(rule.split_of), _is_sensitive(grid, measure),
            )  # fmt: skip
    for name in sorted({wanted.table for wanted in grid.published}):
        table = grid.tables[name]
        for measure in (each.id for each in table.measures if RULES[each.id].kind in kinds):
            shown = grid.levels(measure, table.breakdown)
            for code, _ in table.categories:
                if measure not in measures_of(table, code):
                    continue
                part = f"{table.breakdown}={code}"
                found[measure, part] = Quantity(
                    name, measure, code, part, shown, shown, _whole(measure, part),
                    measure != PUPILS, _is_sensitive(grid, measure, table.breakdown),
                )  # fmt: skip
    return tuple(found.values())


def children_behind(quantity: Quantity, known: Collection[Term]) -> Term | None:
    """The smallest count of children, of those known, that holds everybody behind a quantity.

    Only for what is counted in trajectories: a published number of them tells that there are at
    least as many children as the rules ask for. None where no such count is known.
    """
    measure = RULES[quantity.measure].behind
    while measure:
        for part in (quantity.part, ""):
            if (measure, part) in known:
                return measure, part
        measure = next(iter(RULES[measure].within), "")
    return None


def _is_sensitive(grid: Grid, measure: str, breakdown: str | None = None) -> bool:
    """Whether any table that shows it calls its parts sensitive."""
    return any(
        wanted.sensitive and measure in {each.id for each in grid.tables[wanted.table].measures}
        for wanted in grid.published
        if breakdown is None or grid.tables[wanted.table].breakdown == breakdown
    )


def _levels_of(grid: Grid, measure: str) -> tuple[Level, ...]:
    """Pupils and clients are told apart together: wherever one is published, both are tied."""
    if measure not in (PUPILS, CLIENTS):
        return grid.levels(measure)
    both = {*grid.levels(PUPILS), *grid.levels(CLIENTS)}
    return tuple(sorted(both, key=LEVEL_ORDER.__getitem__))


def _whole(measure: str, part: str) -> Term | None:
    """The total that a category splits; for clients of an education the pupils of it."""
    if measure == PUPILS:
        return None
    if part.startswith("education=") and measure == CLIENTS:
        return PUPILS, part
    if part:
        return measure, ""
    if measure == CLIENTS:
        return PUPILS, ""
    split_of = RULES[measure].split_of
    return (split_of, "") if split_of else None
