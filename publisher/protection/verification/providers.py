"""The claim of one period about providers: bands, and that distinct numbers do not add up."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.protection.grid import Grid, quantity_key
from publisher.protection.measures import PROVIDERS, RULES, Kind
from publisher.protection.named import numbers_told
from publisher.protection.primary import Rule, few_providers
from publisher.protection.quantities import Quantity, quantities_of
from publisher.protection.regions import RegionUnit, region_units
from publisher.protection.rules import Rules
from publisher.protection.verification.claim import Claim, Demand, Relation
from shared.reference import Level


def claim_of_providers(grid: Grid, rules: Rules, period: int, withheld: frozenset[str]) -> Claim:
    """State what the release claims for the distinct providers of a period."""
    true: dict[str, int] = {}
    relations: list[Relation] = []
    demands: list[Demand] = []
    for quantity in quantities_of(grid, {Kind.PROVIDERS}):
        units = [unit for unit in region_units(grid, period, quantity.shown) if unit.leaves]
        for unit in units:
            key = quantity.key(period, unit.level, unit.unit)
            true[key] = grid.value(
                quantity.table, Level(unit.level), unit.unit, period, quantity.measure
            )
            demands.extend(_demands(grid, period, unit, key, true[key], withheld))
            least, most = numbers_told(grid, period, unit.level, unit.unit, withheld)
            relations.append(Relation(((key, 1),), least, most))
        relations.extend(_relations(quantity, period, units))
    return Claim(
        true=true,
        withheld=withheld & frozenset(true),
        latent=frozenset(),
        relations=tuple(relations),
        demands=tuple(demands),
        unions=(),
        direction=rules.direction,
    )


def _demands(
    grid: Grid, period: int, unit: RegionUnit, key: str, value: int, withheld: frozenset[str]
) -> Iterator[Demand]:
    if few_providers(value):
        yield Demand(key, Rule.PROVIDERS, 1, 1, 2)
        return
    counted = RULES[PROVIDERS].counted
    count = quantity_key(period, counted, unit.level, unit.unit, "")
    if Level(unit.level) not in grid.levels(counted) or count in withheld:
        yield Demand(key, Rule.BUNDLE, 1, 1, None)


def _relations(quantity: Quantity, period: int, units: list[RegionUnit]) -> Iterator[Relation]:
    """One unit of several names is one number; a part is at most its whole; parts reach it."""
    keys: dict[frozenset[str], list[str]] = {}
    of_level: dict[str, dict[frozenset[str], str]] = {}
    for unit in units:
        key = quantity.key(period, unit.level, unit.unit)
        keys.setdefault(unit.leaves, []).append(key)
        of_level.setdefault(unit.level, {})[unit.leaves] = key
    for same in keys.values():
        yield from (Relation(((same[0], 1), (other, -1)), 0, 0) for other in same[1:])
    homes = of_level.pop(Level.RESIDENCE.value, {})
    for whole, (name, *_) in keys.items():
        for part, (inner, *_) in keys.items():
            if part < whole:
                yield Relation(((name, 1), (inner, -1)), 0, None)
        for parts in of_level.values():
            within = [key for leaves, key in parts.items() if leaves < whole]
            if sum(len(leaves) for leaves in parts if leaves < whole) == len(whole):
                yield Relation((*((key, 1) for key in within), (name, -1)), 0, None)
    for name in of_level.get(Level.TOTAL.value, {}).values():
        yield from (Relation(((name, 1), (home, -1)), 0, None) for home in homes.values())
        if homes:
            terms = ((home, 1) for home in homes.values())
            yield Relation((*terms, (name, -1)), 0, None)
