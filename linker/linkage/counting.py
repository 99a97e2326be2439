"""From definitions to what must be counted: flags on rows, families of counts, columns of cells.

A *flag* is a condition on a row of care, or on its client; every measure in every category has
one. Many share one (clients, their cost and their providers are all over the same rows), so that
what must be counted is far less than what is shown.

A *family* is counted together: in the base family every flag is a column, and in a keyed family
the categories (providers, arrangements, educations) are keys, so that many categories are rows
instead of columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from linker.linkage.definitions import (
    Breakdown,
    Category,
    MeasureDefinition,
    Of,
    Quantity,
    TableDefinition,
    definitions,
)
from shared.reference import Level

BASE = "base"
EVERY_ROW = "TRUE"


@dataclass(frozen=True, slots=True)
class Flag:
    """A condition under which a row counts.

    Attributes:
        where: SQL over the columns of a row of care.
        of_client: it is a comparison of a column of the client: all rows of the client count,
            or none.
    """

    where: str
    of_client: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """A column that is added up over the rows of a flag."""

    flag: Flag
    column: str


@dataclass(frozen=True, slots=True)
class Family:
    """What is counted together.

    Attributes:
        key: name of the breakdown whose categories are keys; empty where they are columns.
        flags: clients with a row that counts.
        rows: rows that count are themselves counted.
        amounts: columns that are added up.
    """

    name: str
    key: str
    flags: tuple[Flag, ...]
    rows: tuple[Flag, ...]
    amounts: tuple[Amount, ...]

    @property
    def key_column(self) -> str:
        """The column of a row of care that holds the key."""
        return f"{self.key}_key"


@dataclass(frozen=True, slots=True)
class CellColumn:
    """Where the cells of one measure of one table, in one category, are counted.

    Attributes:
        category: empty for the total; None where the family's key is the category.
        family: its name; not used where nothing is counted of care.
    """

    table: str
    levels: tuple[Level, ...]
    measure: str
    quantity: Quantity
    category: str | None
    family: str
    flag: Flag
    amount: Amount | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to count, and which cells it is for."""

    families: tuple[Family, ...]
    columns: tuple[CellColumn, ...]

    def family(self, name: str) -> Family:
        """The family with this name."""
        return next(each for each in self.families if each.name == name)


@cache
def plan() -> Plan:
    """What the definitions ask to count."""
    columns = tuple(column for table in definitions().tables for column in _columns(table))
    keyed = [each.name for each in definitions().breakdowns if each.keyed]
    families = (_family(BASE, "", columns), *(_family(name, name, columns) for name in keyed))
    return Plan(families, columns)


def _columns(table: TableDefinition) -> Iterator[CellColumn]:
    found = definitions()
    breakdown = found.breakdown(table.breakdown) if table.breakdown else None
    for id_ in table.measures:
        measure = found.measure(id_)
        yield _column(table, measure, BASE, "", None, None)
        if breakdown is None:
            continue
        if breakdown.keyed:
            yield _column(table, measure, breakdown.name, None, None, None)
        else:
            for category in breakdown.categories:
                yield _column(table, measure, BASE, category.code, breakdown, category)


def _column(
    table: TableDefinition,
    measure: MeasureDefinition,
    family: str,
    code: str | None,
    breakdown: Breakdown | None,
    category: Category | None,
) -> CellColumn:
    flag = _flag(measure, breakdown, category)
    amount = Amount(flag, measure.column) if measure.quantity is Quantity.SUM else None
    return CellColumn(
        table.id, table.levels, measure.id, measure.quantity, code, family, flag, amount
    )


def _flag(
    measure: MeasureDefinition, breakdown: Breakdown | None, category: Category | None
) -> Flag:
    conditions = [measure.where] if measure.where else []
    if breakdown is not None and category is not None:
        of_client = breakdown.of is Of.CLIENT
        if of_client and conditions:
            raise RuntimeError(f"{measure.id}: only all clients are split by {breakdown.name}")
        if of_client:
            return Flag(category.where, of_client=True)
        conditions.append(category.where)
    return Flag(" AND ".join(f"({each})" for each in conditions) or EVERY_ROW)


def _family(name: str, key: str, columns: tuple[CellColumn, ...]) -> Family:
    mine = [each for each in columns if each.family == name and each.quantity.of_care]
    trajectories = [each for each in mine if each.quantity is Quantity.TRAJECTORIES]
    return Family(
        name,
        key,
        tuple(dict.fromkeys(each.flag for each in mine)),
        tuple(dict.fromkeys(each.flag for each in trajectories)),
        tuple(dict.fromkeys(each.amount for each in mine if each.amount)),
    )
