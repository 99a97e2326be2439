"""Checks of what a release consists of: tables, levels, units, and each cell once."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.protection.rates import COVERAGE
from publisher.released import COLUMNS
from publisher.screening.subject import KEY, Places, Screened, places
from shared.reference import JOINT_LEVELS, Level


def columns(it: Screened) -> Places:
    """The columns of a released table, in order and type."""
    for table in it.release.tables:
        if not table.cells.schema.equals(COLUMNS):
            yield table.id


def not_empty(it: Screened) -> Places:
    """A table has rows; one about arrangements, in a region that has none, has none either."""
    around = {each.id for each in it.policy.tables if set(each.levels) <= set(JOINT_LEVELS)}
    for table in it.release.tables:
        may_be_empty = table.id in around and not any(it.reference.joint_units())
        if table.cells.num_rows == 0 and not may_be_empty:
            yield table.id


def tables_allowed(it: Screened) -> Places:
    """The policy allows each table."""
    allowed = {table.id for table in it.policy.tables}
    yield from (table.id for table in it.release.tables if table.id not in allowed)


def tables_missing(it: Screened) -> Places:
    """Each table that the policy allows is there."""
    found = {table.id for table in it.release.tables}
    yield from (table.id for table in it.policy.tables if table.id not in found)


def _levels(it: Screened) -> Iterator[tuple[str, str]]:
    """Each level of each table, once."""
    found = it.cells[["table", "level"]].drop_duplicates()
    yield from found.itertuples(index=False)


def levels_allowed(it: Screened) -> Places:
    """The policy allows each level of each table."""
    allowed = {(table.id, level.value) for table in it.policy.tables for level in table.levels}
    tables = {table.id for table in it.policy.tables}
    for table, level in _levels(it):
        if table in tables and (table, level) not in allowed:
            yield f"{table}: {level}"


def levels_missing(it: Screened) -> Places:
    """Each level that the policy allows is there, of the tables that are."""
    found = set(_levels(it))
    held = {table for table, _ in found}
    known = {level.value for school in it.reference.schools for level in school.units()}
    known |= {level.value for level, _, _ in it.reference.joint_units()}
    for table in it.policy.tables:
        for level in (each.value for each in table.levels if table.id in held):
            if level in known and (table.id, level) not in found:
                yield f"{table.id}: {level}"


def duplicates(it: Screened) -> Places:
    """No cell stands there twice."""
    yield from places(it.cells[it.cells.duplicated(KEY)])


def complete_matrix(it: Screened) -> Places:
    """Within a level, every unit has the same measures and categories in the same periods.

    Otherwise a row that is absent would say something about that unit. Coverage is left out of
    it: it is there where DUO gives a total, and that is public.
    """
    matrix = it.cells[it.cells["measure"] != COVERAGE]
    for (table, level), rows in matrix.groupby(["table", "level"], sort=False):
        shapes: dict[str, set[tuple[object, ...]]] = {}
        for unit, *cell in rows[["unit", "period", "category", "measure"]].itertuples(index=False):
            shapes.setdefault(unit, set()).add(tuple(cell))
        fullest = max(shapes.values(), key=len)
        for unit, shape in shapes.items():
            if shape != fullest:
                yield f"{table}: {level} {unit}"


def units_known(it: Screened) -> Places:
    """The reference bundle knows each unit."""
    found = it.cells[["level", "unit"]].drop_duplicates()
    for level, unit in found.itertuples(index=False):
        if not _is_known(it, level, unit):
            yield f"{level} {unit}"


def _is_known(it: Screened, level: str, unit: str) -> bool:
    """Whether the bundle has a name for it; it gives the code back for what it does not know."""
    return level in set(Level) and it.reference.label(Level(level), unit) != unit


def schools_missing(it: Screened) -> Places:
    """Each school of the region is in the first table with schools."""
    schools = it.cells[it.cells["level"].eq(Level.SCHOOL.value)]
    if schools.empty:
        return
    found = set(schools["unit"])
    for school in it.reference.schools:
        if school.in_region and school.code not in found:
            yield f"school {school.code}"


def whole_level(it: Screened) -> Places:
    """Each table goes up to a level for the whole region, so that its parts can be placed."""
    whole = {Level.REGION.value, Level.TOTAL.value, Level.RESIDENCE.value, Level.ARRANGEMENT.value}
    for table, rows in it.cells.groupby("table", sort=False):
        if not whole & set(rows["level"]):
            yield str(table)
