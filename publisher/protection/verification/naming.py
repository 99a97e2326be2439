"""What the numbers of providers of parts tell of the clients by provider of their whole.

Where parts share no children, as schools do not:

1. A provider is at no more of them than it has clients. So their numbers together are at most
   all these clients, and per provider at most as many as there are parts.
2. Clients of a part with no provider have care of nobody with a code.

Only a shown number tells something. These hold for the pattern at hand; the search does not know
them, and where a proof breaks one the table loses its level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.protection.grid import quantity_key
from publisher.protection.measures import CLIENTS, PROVIDERS
from publisher.protection.named import BREAKDOWN, NOT_LISTED, WITHOUT_CODE
from publisher.protection.quantities import Quantity
from publisher.protection.regions import RegionUnit, region_units
from publisher.protection.verification.claim import Relation
from publisher.protection.verification.statement import Statement
from shared.reference import JOINT_LEVELS, Level


def told_by_numbers_of_parts(statement: Statement) -> Iterator[Relation]:
    """State both for every unit of which clients by provider are published."""
    naming = {
        quantity.category: quantity
        for quantity in statement.quantities.values()
        if quantity.part.startswith(f"{BREAKDOWN}=")
    }
    if not naming:
        return
    levels = set(statement.grid.levels(PROVIDERS)) - {Level.RESIDENCE, *JOINT_LEVELS}
    for level in sorted(levels):
        numbered = [
            unit
            for unit in region_units(statement.grid, statement.period, [level])
            if unit.leaves and _shows_number(statement, unit)
        ]
        for whole in statement.shown(next(iter(naming.values()))):
            parts = [unit for unit in numbered if unit.leaves < whole.leaves]
            if parts:
                yield from _of_providers(statement, naming, whole, parts)
                if WITHOUT_CODE in naming:
                    yield from _of_nobody(statement, naming[WITHOUT_CODE], whole, parts)


def _of_providers(
    statement: Statement, naming: dict[str, Quantity], whole: RegionUnit,
    parts: Sequence[RegionUnit],
) -> Iterator[Relation]:  # fmt: skip
    """Step 1; nothing where there can be providers that are not listed."""
    together, terms = 0, []
    for category, quantity in naming.items():
        key = statement.key(quantity, whole)
        hidden, value = key in statement.withheld, statement.true[key]
        if category == NOT_LISTED and (hidden or value):
            return
        if category in (WITHOUT_CODE, NOT_LISTED):
            continue
        if hidden:
            terms.append((key, 1))
        else:
            together += min(value, len(parts))
    numbers = sum(_number(statement, part) for part in parts)
    if terms:
        yield Relation(tuple(terms), numbers - together, None, of_pattern=True)


def _of_nobody(
    statement: Statement, quantity: Quantity, whole: RegionUnit, parts: Sequence[RegionUnit]
) -> Iterator[Relation]:
    """Step 2."""
    key = statement.key(quantity, whole)
    clients = [
        quantity_key(statement.period, CLIENTS, part.level, part.unit, "")
        for part in parts
        if not _number(statement, part)
    ]
    shown = statement.true.keys() - statement.withheld
    least = sum(statement.true[of] for of in clients if of in shown)
    if key in statement.withheld and least:
        yield Relation(((key, 1),), least, None, of_pattern=True)


def _shows_number(statement: Statement, unit: RegionUnit) -> bool:
    key = quantity_key(statement.period, PROVIDERS, unit.level, unit.unit, "")
    if statement.grid.numbers is not None:
        return key in statement.grid.numbers
    return key not in statement.withheld


def _number(statement: Statement, unit: RegionUnit) -> int:
    grid = statement.grid
    return grid.value(
        grid.holder(PROVIDERS), Level(unit.level), unit.unit, statement.period, PROVIDERS
    )
