"""The laws that every tally obeys, checked on its cells alone, by other means than it was made.

A law that is broken stops the linkage. The error names the law and the place (table, level,
unit, period, category, measure: all of them public), never a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from linker.linkage.indicators import CLIENTS, COUNTS, DUO_PUPILS, PUPILS
from shared.contract.periods import Period
from shared.contract.tally import CELL_KEY, Table
from shared.errors import StateError
from shared.reference import UNKNOWN_SCHOOL_UNITS, Level, Reference

_INNERMOST = (Level.SCHOOL.value, Level.ELSEWHERE.value)
_PLACE = ("level", "unit", "period")
_CLAIMED = sorted({count.measure.id for count in COUNTS if count.claimed})


def check_laws(
    cells: pa.Table, tables: Sequence[Table], reference: Reference, periods: Sequence[Period]
) -> None:
    """Check every law.

    Args:
        cells: table in the schema ``CELLS``.
        tables: the catalogue that the cells belong to.
        reference: the bundle that the round pins.
        periods: the periods of the round.

    Raises:
        StateError: ``tally-breaks-law``, at the first place in key order.
    """
    _check_keys(cells, tables, reference, periods)
    rows = _values_and_contributions(cells)
    counted = rows.filter(pc.not_equal(rows["measure"], DUO_PUPILS.id))
    _check_sums(counted, tables, reference)
    _check_residence(counted, tables)
    values = counted.filter(pc.equal(counted["municipality"], 0))
    _check_clients_within_pupils(values)
    _check_one_number(values, tables)
    for table in tables:
        if table.breakdown:
            _check_breakdown(values, table)
    _check_contributions(cells, rows)


def _check_keys(
    cells: pa.Table, tables: Sequence[Table], reference: Reference, periods: Sequence[Period]
) -> None:
    """Every key is once there, positive, in the catalogue, the round and the reference."""
    keys = cells.select(list(CELL_KEY))
    per_key = keys.append_column("n", pa.array([1] * len(keys), pa.int64()))
    _refuse("unique-keys", _summed(per_key, CELL_KEY), above=1)
    _refuse("positive-values", keys.append_column("n", pc.less(cells["value"], 1).cast(pa.int64())))
    allowed: dict[str, tuple[tuple[str, ...], set[tuple[object, ...]]]] = {
        "catalogue": (("table", "level", "category", "measure"), _known_cells(tables)),
        "units-of-the-reference": (("level", "unit"), _known_units(reference)),
        "periods-of-the-round": (("period",), {(period.code,) for period in periods}),
    }
    for law, (columns, known) in allowed.items():
        found = _summed(per_key, columns).sort_by([(column, "ascending") for column in columns])
        for row in found.select(list(columns)).to_pylist():
            if tuple(row.values()) not in known:
                raise _broken(law, row)


def _known_cells(tables: Sequence[Table]) -> set[tuple[object, ...]]:
    return {
        (table.id, level.value, category, measure.id)
        for table in tables
        for level in table.levels
        for category in ("", *(code for code, _ in table.categories))
        for measure in table.measures
    }


def _known_units(reference: Reference) -> set[tuple[object, ...]]:
    units: set[tuple[object, ...]] = {
        (level.value, unit) for level, unit in UNKNOWN_SCHOOL_UNITS.items()
    }
    for school in reference.schools:
        units |= {(level.value, unit) for level, unit in school.units().items()}
    return units | {(Level.RESIDENCE.value, place.key) for place in reference.municipalities}


def _values_and_contributions(cells: pa.Table) -> pa.Table:
    """Long rows: key, municipality (0 is the cell's value) and n."""
    keys = cells.select(list(CELL_KEY))
    lists = cells["contributions"].combine_chunks()
    pairs = lists.flatten()
    owners = keys.take(pc.list_parent_indices(lists))
    values = keys.append_column("municipality", pa.array([0] * len(keys), pa.int64()))
    contributions = owners.append_column("municipality", pairs.field("municipality").cast("int64"))
    return pa.concat_tables(
        [
            values.append_column("n", cells["value"]),
            contributions.append_column("n", pairs.field("clients").cast("int64")),
        ]
    )


def _check_sums(rows: pa.Table, tables: Sequence[Table], reference: Reference) -> None:
    """Every level above is the sum of its schools and of elsewhere; contributions too."""
    below = rows.filter(pc.is_in(rows["level"], pa.array(_INNERMOST)))
    summed = below.join(_parents(reference), ["level", "unit"], join_type="inner").drop_columns(
        ["level", "unit"]
    )
    summed = summed.rename_columns({"parent_level": "level", "parent_unit": "unit"})
    above = rows.filter(
        pc.invert(pc.is_in(rows["level"], pa.array((*_INNERMOST, Level.RESIDENCE.value))))
    )
    key = (*CELL_KEY, "municipality")
    summed = _of_catalogue(summed, tables)
    _refuse("sum-of-schools", _differences(above, summed, key))


def _parents(reference: Reference) -> pa.Table:
    pairs = {
        (level, unit, parent, parent_unit)
        for units in (UNKNOWN_SCHOOL_UNITS, *(school.units() for school in reference.schools))
        for level, unit in units.items()
        for parent, parent_unit in units.items()
        if level in _INNERMOST and parent not in _INNERMOST
    }
    names = ("level", "unit", "parent_level", "parent_unit")
    return pa.table(
        {
            name: pa.array([str(pair[place]) for pair in sorted(pairs)], pa.string())
            for place, name in enumerate(names)
        }
    )


def _of_catalogue(rows: pa.Table, tables: Sequence[Table]) -> pa.Table:
    """Only rows at a level that their table has."""
    pairs = [(table.id, level.value) for table in tables for level in table.levels]
    known = pa.table(
        {
            "table": pa.array([table for table, _ in pairs], pa.string()),
            "level": pa.array([level for _, level in pairs], pa.string()),
        }
    )
    return rows.join(known, ["table", "level"], join_type="left semi")


def _check_residence(rows: pa.Table, tables: Sequence[Table]) -> None:
    """Municipalities of residence add up to the whole population."""
    cut = pa.array([table.id for table in tables if Level.RESIDENCE in table.levels], pa.string())
    tied = rows.filter(pc.is_in(rows["table"], cut))
    residence = tied.filter(pc.equal(tied["level"], Level.RESIDENCE.value))
    total = tied.filter(pc.equal(tied["level"], Level.TOTAL.value))
    key = ("table", "period", "category", "measure", "municipality")
    _refuse("residence-is-total", _differences(residence, total, key))


def _check_clients_within_pupils(values: pa.Table) -> None:
    """No unit has more clients than pupils."""
    totals = values.filter(pc.equal(values["category"], ""))
    clients = totals.filter(pc.equal(totals["measure"], CLIENTS.id))
    pupils = totals.filter(pc.equal(totals["measure"], PUPILS.id))
    for table in pc.unique(clients["table"]).to_pylist():
        of_table = clients.filter(pc.equal(clients["table"], table))
        excess = _differences(of_table, pupils, _PLACE)
        _refuse("clients-within-pupils", excess.filter(pc.greater(excess["n"], 0)))


def _check_one_number(values: pa.Table, tables: Sequence[Table]) -> None:
    """A measure that stands in two tables has the same totals in both."""
    totals = values.filter(pc.equal(values["category"], ""))
    for place, first in enumerate(tables):
        for second in tables[place + 1 :]:
            shared = {m.id for m in first.measures} & {m.id for m in second.measures}
            levels = pa.array([str(level) for level in first.levels if level in second.levels])
            rows = totals.filter(
                pc.and_(
                    pc.is_in(totals["measure"], pa.array(sorted(shared), pa.string())),
                    pc.is_in(totals["level"], levels),
                )
            )
            left, right = (
                rows.filter(pc.equal(rows["table"], table.id)) for table in (first, second)
            )
            _refuse("one-number-per-measure", _differences(left, right, (*_PLACE, "measure")))


def _check_breakdown(values: pa.Table, table: Table) -> None:
    """Categories that overlap: largest ≤ total ≤ sum; that exclude each other: sum = total."""
    rows = values.filter(pc.equal(values["table"], table.id))
    is_total = pc.equal(rows["category"], "")
    totals, parts = rows.filter(is_total), rows.filter(pc.invert(is_total))
    key = (*_PLACE, "measure")
    slack = _differences(totals, parts, key)
    if not table.overlaps:
        _refuse("categories-are-total", slack)
    _refuse("total-within-categories", slack.filter(pc.greater(slack["n"], 0)))
    excess = _differences(_largest(parts, key), totals, key)
    _refuse("category-within-total", excess.filter(pc.greater(excess["n"], 0)))


def _check_contributions(cells: pa.Table, rows: pa.Table) -> None:
    """Largest contribution ≤ clients ≤ sum of contributions; other measures have none."""
    is_value = pc.equal(rows["municipality"], 0)
    values, parts = rows.filter(is_value), rows.filter(pc.invert(is_value))
    claimed = pa.array(_CLAIMED, pa.string())
    stray = parts.filter(pc.invert(pc.is_in(parts["measure"], claimed)))
    _refuse("contributions-of-clients-only", _summed(stray, CELL_KEY))
    values = values.filter(pc.is_in(values["measure"], claimed))
    slack = _differences(values, parts, CELL_KEY)
    _refuse("clients-within-contributions", slack.filter(pc.greater(slack["n"], 0)))
    excess = _differences(_largest(parts, CELL_KEY), values, CELL_KEY)
    _refuse("contribution-within-clients", excess.filter(pc.greater(excess["n"], 0)))


def _summed(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    grouped = rows.group_by(list(key), use_threads=False).aggregate([("n", "sum")])
    return grouped.rename_columns({"n_sum": "n"})


def _largest(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    grouped = rows.group_by(list(key), use_threads=False).aggregate([("n", "max")])
    return grouped.rename_columns({"n_max": "n"})


def _differences(left: pa.Table, right: pa.Table, key: Sequence[str]) -> pa.Table:
    """``left`` minus ``right`` per key, where absent is zero; only what differs."""
    columns = [*key, "n"]
    negative = right.select(list(key)).append_column("n", pc.negate(right["n"]))
    both = pa.concat_tables([left.select(columns), negative], promote_options="default")
    together = _summed(both, key)
    return together.filter(pc.not_equal(together["n"], 0))


def _refuse(law: str, rows: pa.Table, *, above: int = 0) -> None:
    """Raise for the first of the rows whose n is not 0, or is more than ``above``."""
    if above:
        rows = rows.filter(pc.greater(rows["n"], above))
    rows = rows.filter(pc.not_equal(rows["n"], 0))
    if len(rows):
        key = [name for name in rows.column_names if name != "n"]
        first = rows.sort_by([(name, "ascending") for name in key]).slice(0, 1)
        raise _broken(law, first.select(key).to_pylist()[0])


def _broken(law: str, place: dict[str, Any]) -> StateError:
    named = ", ".join(f"{name} {value or '(total)'}" for name, value in place.items())
    return StateError(
        "tally-breaks-law",
        f"expected a tally that obeys the law {law}, got one that breaks it at {named}",
        hint="nothing was sent; this is a fault in the linkage, report it with this message",
    )
