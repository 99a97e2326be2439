"""The claim of a standalone release: rows from OUT, CELLS and SPEC, not from the solver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publisher.protection.cellfile import TOTAL, UNIT_LEVEL, Cells, LevelUnit, Spec, level_units
from publisher.protection.keys import key_of
from publisher.protection.primary import (
    Rule,
    below_threshold,
    group_disclosed,
    rate_unreliable,
)
from publisher.protection.verification.claim import Claim, Demand, Relation, Terms, Union


def claim_of_cells(spec: Spec, cells: Cells, withheld: frozenset[str]) -> Claim:
    """State what a released file claims.

    Args:
        spec: as read from SPEC.
        cells: the true innermost cells.
        withheld: keys of the cells that OUT withholds.
    """
    units = level_units(spec, cells)
    categories = (TOTAL, *cells.categories)
    true = {
        _key(unit, category): sum(cells.counts[member, category] for member in unit.members)
        for unit in units
        for category in categories
    }
    demands = (
        demand
        for unit in units
        for category in categories
        if (demand := _demand(spec, cells, unit, category, true)) is not None
    )
    return Claim(
        true=true,
        withheld=withheld,
        latent=frozenset(),
        relations=(
            *_relations(spec, cells, units, true),
            *_told_of_totals(spec, cells, units, true, withheld),
        ),
        demands=tuple(demands),
        unions=tuple(_unions(spec, cells, units)),
        direction=spec.rules.direction,
    )


def _key(unit: LevelUnit, category: str) -> str:
    return key_of(unit.level, *unit.key, category)


def _inner(unit: str, category: str) -> str:
    return key_of(UNIT_LEVEL, unit, category)


def _relations(
    spec: Spec, cells: Cells, units: tuple[LevelUnit, ...], true: Mapping[str, int]
) -> list[Relation]:
    relations = []
    for unit in units:
        if unit.level != UNIT_LEVEL:
            for category in (TOTAL, *cells.categories):
                parts = [(_inner(member, category), -1) for member in sorted(unit.members)]
                relations.append(Relation(((_key(unit, category), 1), *parts), 0, 0))
        if spec.denominator:
            whole = _denominator(cells, unit)
            total = _key(unit, TOTAL)
            if true[total] <= whole:
                relations.append(Relation(((total, 1),), 0, whole))
    if spec.breakdown:
        for name in cells.units:
            relations.extend(_breakdown_relations(spec, cells, name))
    return relations


def _breakdown_relations(spec: Spec, cells: Cells, unit: str) -> list[Relation]:
    """SUM over exclusive categories; DISTINCT (max ≤ total ≤ sum) over overlapping ones."""
    total = _inner(unit, TOTAL)
    parts = [_inner(unit, category) for category in cells.categories]
    less_parts: Terms = ((total, 1), *((part, -1) for part in parts))
    if not spec.overlap:
        return [Relation(less_parts, 0, 0)]
    above_each = [Relation(((total, 1), (part, -1)), 0, None) for part in parts]
    return [Relation(less_parts, None, 0), *above_each]


def _told_of_totals(
    spec: Spec,
    cells: Cells,
    units: tuple[LevelUnit, ...],
    true: Mapping[str, int],
    withheld: frozenset[str],
) -> Iterator[Relation]:
    """A part that is shown leaves the threshold of its total: else the rule had withheld it."""
    threshold = spec.rules.threshold
    if not spec.rules.group:
        return
    for unit in units:
        total = _key(unit, TOTAL)
        for part in (_key(unit, category) for category in cells.categories):
            shown = true[part] > 0 and part not in withheld and total in withheld
            if shown and not group_disclosed(true[part], true[total], threshold):
                yield Relation(((total, 1), (part, -1)), threshold, None, of_pattern=True)


def _denominator(cells: Cells, unit: LevelUnit) -> int:
    return sum(cells.denominators[member] for member in unit.members)


def _demand(
    spec: Spec, cells: Cells, unit: LevelUnit, category: str, true: Mapping[str, int]
) -> Demand | None:
    """The first primary rule that applies to a cell, as a demand."""
    rules, key = spec.rules, _key(unit, category)
    count, top = true[key], max(spec.rules.threshold - 1, 1)
    if below_threshold(count, rules.threshold):
        return Demand(key, Rule.THRESHOLD, rules.slide, 1, top)
    if count == 0:
        hidden = rules.zeros == "protect"
        return Demand(key, Rule.ZERO, rules.slide, 1, top) if hidden else None
    whole = _denominator(cells, unit) if spec.denominator else None
    if rules.group and category != TOTAL:
        total = _key(unit, TOTAL)
        if group_disclosed(count, true[total], rules.threshold):
            guard = Relation(((total, 1), (key, -1)), 0, top)
            return Demand(key, Rule.GROUP, rules.slide, 1, None, (guard,))
    elif rules.group and whole is not None and 0 <= whole - count < rules.threshold:
        return Demand(key, Rule.GROUP, rules.slide, max(whole - top, 1), whole)
    if whole is not None and rate_unreliable(whole, rules.rate_min):
        return Demand(key, Rule.RATE, rules.slide, 1, None)
    return None


def _unions(spec: Spec, cells: Cells, units: tuple[LevelUnit, ...]) -> list[Union]:
    """Every parent with the units of another level, or the categories, that add up to it."""
    unions = []
    threshold = spec.rules.threshold if spec.rules.union else 0
    home: dict[str, dict[str, LevelUnit]] = {}
    for unit in units:
        home.setdefault(unit.level, {}).update(dict.fromkeys(unit.members, unit))
    for parent in units:
        for of_level in home.values():
            within = {of_level[member].key: of_level[member] for member in sorted(parent.members)}
            if len(within) > 1 and sum(len(c.members) for c in within.values()) == len(
                parent.members
            ):
                for category in (TOTAL, *cells.categories):
                    children = tuple(_key(child, category) for child in within.values())
                    unions.append(Union(_key(parent, category), children, threshold))
        if spec.breakdown and not spec.overlap:
            parts = tuple(_key(parent, category) for category in cells.categories)
            unions.append(Union(_key(parent, TOTAL), parts, threshold))
    return unions
