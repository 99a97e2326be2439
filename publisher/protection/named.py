"""What the number of providers and a table that names them tell of each other.

Who knows which providers have clients in a unit can count them, and who sees their number knows
of all others that they have none. So the table may stand only where their number is shown too.
Neutral ground, for the side that protects and for the side that verifies.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from publisher.protection.grid import Grid
from publisher.protection.measures import CLIENTS, PROVIDERS, Kind
from publisher.protection.primary import few_providers
from publisher.protection.quantities import Quantity, quantities_of
from publisher.protection.regions import region_units
from shared.reference import Level

BREAKDOWN = "provider"
_WITHOUT_CODE, _NOT_LISTED = "none", "other"
"""Categories beside the providers: care of nobody with a code, which their number leaves out, and
providers that are not in the reference, of which there can be many."""


def is_told_to_be_none(
    grid: Grid, threshold: int, period: int, quantity: Quantity, level: str, unit: str
) -> bool:
    """Whether everybody knows that a count of clients is zero, published or not.

    Args:
        grid: with true values.
        threshold: the least number of clients that is shown; below it, their providers are not.
        period: code of the period.
        quantity: the count.
        level: of the unit.
        unit: the unit.
    """
    return (
        _names_one(quantity)
        and Level(level) in grid.levels(PROVIDERS)
        and not quantity.value(grid, period, level, unit)
        and _clients(grid, period, level, unit) >= threshold
    )


def numbers_told(
    grid: Grid, period: int, level: str, unit: str, withheld: Set[str]
) -> tuple[int, int | None]:
    """The least and most providers of a unit that fit the clients by provider.

    None where there is no greatest. Where the table does not stand at this level it tells nothing.

    Args:
        grid: with true values.
        period: code of the period.
        level: of the unit.
        unit: the unit.
        withheld: keys of the counts that are not shown.
    """
    if Level(level) not in grid.levels(CLIENTS, BREAKDOWN):
        return 0, None
    hidden, shown = [], []
    for quantity in _naming(grid, Level(level)):
        if quantity.key(period, level, unit) in withheld:
            hidden.append(quantity.category)
        elif quantity.value(grid, period, level, unit):
            shown.append(quantity.category)
    countless = _NOT_LISTED in (*hidden, *shown)
    return len(shown), None if countless else len(shown) + len(hidden)


def where_few_are_named(grid: Grid, threshold: int) -> str:
    """The key of a count of clients by provider at a level where the table cannot stand.

    There the number of providers is published and withheld in a unit of which clients are shown,
    or it is published at other levels only. Empty where the table can stand wherever it does.

    Args:
        grid: with true values.
        threshold: the least number of clients that is shown.
    """
    if grid.levels(PROVIDERS):
        for level in grid.levels(CLIENTS, BREAKDOWN):
            for period in grid.periods:
                for unit in region_units(grid, period, [level]):
                    if _is_in_the_way(grid, threshold, period, unit.level, unit.unit):
                        first = next(_naming(grid, level))
                        return first.key(period, unit.level, unit.unit)
    return ""


def _is_in_the_way(grid: Grid, threshold: int, period: int, level: str, unit: str) -> bool:
    if Level(level) not in grid.levels(PROVIDERS):
        return True
    place = (grid.holder(PROVIDERS), Level(level), unit, period, PROVIDERS)
    return few_providers(grid.value(*place)) and _clients(grid, period, level, unit) >= threshold


def _clients(grid: Grid, period: int, level: str, unit: str) -> int:
    return grid.value(grid.holder(CLIENTS), Level(level), unit, period, CLIENTS)


def _naming(grid: Grid, level: Level) -> Iterator[Quantity]:
    return (
        each
        for each in quantities_of(grid, {Kind.PERSONS})
        if _names_one(each) and level in each.shown
    )


def _names_one(quantity: Quantity) -> bool:
    return quantity.part.startswith(f"{BREAKDOWN}=") and quantity.category != _WITHOUT_CODE
