"""Every integer table that a reader can believe in, of a file of counts; by enumeration.

It shares nothing with the relations of the product but the names of cells and of units.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from publisher.protection.cellfile import Cells, Spec, level_units
from publisher.protection.keys import key_of

MOST_TABLES = 300_000
ROOM = 3
"""How far above the greatest count the enumeration goes; a witness rarely moves further."""

Values = NDArray[np.int64]
Place = tuple[str, str]  # unit, category; "" is the total


def seen_values(
    spec: Spec, cells: Cells, withheld: frozenset[str], above: int | None = None
) -> Mapping[str, set[int]] | None:
    """Per withheld cell its values over all believable tables; None where these are too many.

    Each withheld innermost count takes every value, sums follow by adding up, and tables that
    show anything else fall out.

    Args:
        spec: what the columns mean.
        cells: the true counts.
        withheld: keys of the cells that are not published.
        above: no innermost count goes further above its true value; then some values may be
            missing, and none is wrong.
    """
    most = ROOM + max(cells.counts[unit, category] for unit in cells.units
                      for category in ("", *cells.categories))  # fmt: skip
    places: list[Place] = [(unit, c) for unit in cells.units for c in cells.categories or ("",)]
    if spec.overlap:
        places += [(unit, "") for unit in cells.units]
    options = [
        np.arange(
            min(cells.counts[place], 1),
            (most if above is None else min(cells.counts[place] + above, most)) + 1,
        )
        if key_of("unit", *place) in withheld
        else np.array([cells.counts[place]])
        for place in places
    ]
    if np.prod([len(option) for option in options], dtype=np.float64) > MOST_TABLES:
        return None
    grid = np.meshgrid(*options, indexing="ij")
    of_place = {place: axis.ravel() for place, axis in zip(places, grid, strict=True)}
    tables = _added_up(spec, cells, of_place)
    truth = _added_up(spec, cells, {place: np.array([cells.counts[place]]) for place in places})
    fits = np.ones(grid[0].size, dtype=np.bool_)
    for key, values in tables.items():
        true = int(truth[key][0])
        fits &= values >= min(true, 1) if key in withheld else values == true
    fits &= _possible(spec, cells, tables) & _passed(spec, cells, tables, truth, withheld)
    return {key: set(np.unique(tables[key][fits]).tolist()) for key in withheld}


def _added_up(spec: Spec, cells: Cells, of_place: Mapping[Place, Values]) -> dict[str, Values]:
    """Every cell of every table, as sums of the innermost ones."""
    found: dict[str, Values] = {}
    for unit in level_units(spec, cells):
        for category in ("", *cells.categories):
            parts = [category]
            if not category and cells.categories and not spec.overlap:
                parts = list(cells.categories)
            found[key_of(unit.level, *unit.key, category)] = np.sum(
                [of_place[member, part] for member in sorted(unit.members) for part in parts],
                axis=0,
            )
    return found


def _possible(spec: Spec, cells: Cells, tables: Mapping[str, Values]) -> NDArray[np.bool_]:
    """Overlapping categories lie below their total and reach it; counts below their denominator."""
    fits = np.ones(next(iter(tables.values())).size, dtype=np.bool_)
    if spec.overlap:
        for unit in cells.units:
            total = tables[key_of("unit", unit, "")]
            parts = [tables[key_of("unit", unit, category)] for category in cells.categories]
            fits &= (total >= np.max(parts, axis=0)) & (total <= np.sum(parts, axis=0))
    if spec.denominator:
        for unit_ in level_units(spec, cells):
            whole = sum(cells.denominators[member] for member in unit_.members)
            fits &= tables[key_of(unit_.level, *unit_.key, "")] <= whole
    return fits


def _passed(
    spec: Spec,
    cells: Cells,
    tables: Mapping[str, Values],
    truth: Mapping[str, Values],
    withheld: frozenset[str],
) -> NDArray[np.bool_]:
    """A part that is shown was not nearly all of its total, or the rule on groups had hidden it."""
    fits = np.ones(next(iter(tables.values())).size, dtype=np.bool_)
    for unit in level_units(spec, cells) if spec.rules.group else ():
        total = key_of(unit.level, *unit.key, "")
        for part in (key_of(unit.level, *unit.key, category) for category in cells.categories):
            least = truth[part] + spec.rules.threshold
            if truth[part] and part not in withheld and truth[total] >= least:
                fits &= tables[total] >= least
    return fits
