"""What the number of providers and a table that names them tell of each other.

Who knows which providers have clients in a unit can count them, and who sees their number knows
of all others that they have none. So the table may stand only where their number is shown too.
Neutral ground, for the side that protects and for the side that verifies.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from publisher.protection.grid import Grid, quantity_key
from publisher.protection.measures import CLIENTS, PROVIDERS, Kind
from publisher.protection.primary import few_providers
from publisher.protection.quantities import Quantity, quantities_of
from publisher.protection.regions import region_units
from shared.reference import Level

BREAKDOWN = "provider"
WITHOUT_CODE, NOT_LISTED = "none", "other"
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
        and _may_be_shown(grid, period, level, unit)
        and not quantity.value(grid, period, level, unit)
        and _clients(grid, period, level, unit) >= threshold
    )


def _may_be_shown(grid: Grid, period: int, level: str, unit: str) -> bool:
    if grid.numbers is None:
        return Level(level) in grid.levels(PROVIDERS)
    return quantity_key(period, PROVIDERS, level, unit, "") in grid.numbers


def numbers_told(
    grid: Grid, period: int, level: str, unit: str, withheld: Set[str]
) -> tuple[int, int | None]:
    """The least and most providers of a unit that fit the clients by provider.

    A reader is taken to know which withheld counts are not zero. None where there is no greatest.
    Where the table does not stand at this level it tells nothing.

    Args:
        grid: with true values.
        period: code of the period.
        level: of the unit.
        unit: the unit.
        withheld: keys of the counts that are not shown.
    """
    if Level(level) not in grid.levels(CLIENTS, BREAKDOWN):
        return 0, None
    some, perhaps = [], []
    for quantity in _naming(grid, Level(level)):
        if quantity.value(grid, period, level, unit):
            some.append(quantity.category)
        elif quantity.key(period, level, unit) in withheld:
            perhaps.append(quantity.category)
    countless = NOT_LISTED in (*some, *perhaps)
    return len(some), None if countless else len(some) + len(perhaps)


def where_few_are_named(grid: Grid) -> str:
    """The key of a count of clients by provider at a level where the table cannot stand.

    There the number of providers is published and withheld because a unit has one or two, or it
    is published at other levels only. Empty where the table can stand wherever it does.
    """
    if grid.levels(PROVIDERS):
        for level in grid.levels(CLIENTS, BREAKDOWN):
            for period in grid.periods:
                for unit in region_units(grid, period, [level]):
                    if _is_in_the_way(grid, period, unit.level, unit.unit):
                        first = next(_naming(grid, level))
                        return first.key(period, unit.level, unit.unit)
    return ""


def _is_in_the_way(grid: Grid, period: int, level: str, unit: str) -> bool:
    if Level(level) not in grid.levels(PROVIDERS):
        return True
    place = (grid.holder(PROVIDERS), Level(level), unit, period, PROVIDERS)
    return few_providers(grid.value(*place))


def _clients(grid: Grid, period: int, level: str, unit: str) -> int:
    return grid.value(grid.holder(CLIENTS), Level(level), unit, period, CLIENTS)


def _naming(grid: Grid, level: Level) -> Iterator[Quantity]:
    return (
        each
        for each in quantities_of(grid, {Kind.PERSONS})
        if _names_one(each) and level in each.shown
    )


def _names_one(quantity: Quantity) -> bool:
    return quantity.part.startswith(f"{BREAKDOWN}=") and quantity.category != WITHOUT_CODE
