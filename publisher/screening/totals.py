"""Checks of sums: what adds up in public, adds up exactly, and no gap has only one hidden part."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from publisher.released import CellStatus
from publisher.screening.subject import CLIENTS, PUPILS, RATE, Places, Screened, places
from shared.reference import COMBINED, Level, municipality_key

_UNIT = ["table", "level", "unit", "period", "measure"]
_CELL = ["table", "level", "unit", "period", "category"]
_HALF = 0.5
_ROUNDING = 1e-9


def _parents(it: Screened) -> Iterator[tuple[Level, str, Level, str]]:
    """Level and unit of each part, and of the whole that it is a part of."""
    seen: set[tuple[Level, str, Level, str]] = set()
    for school in it.reference.schools:
        units = school.units()
        for child, parent in _ABOVE:
            if child in units and parent in units:
                link = (child, units[child], parent, units[parent])
                if link not in seen:
                    seen.add(link)
                    yield link
    for municipality in it.reference.municipalities:
        key = municipality_key(municipality.code)
        yield Level.RESIDENCE, key, Level.TOTAL, "total"


_ABOVE = (
    (Level.SCHOOL, Level.INSTITUTION),
    (Level.SCHOOL, Level.TYPE_MUNICIPALITY),
    (Level.SCHOOL, Level.MUNICIPALITY),
    (Level.SCHOOL, Level.TYPE),
    (Level.TYPE_MUNICIPALITY, Level.MUNICIPALITY),
    (Level.TYPE_MUNICIPALITY, Level.TYPE),
    (Level.TYPE, Level.SECTOR),
    (Level.MUNICIPALITY, Level.REGION),
    (Level.SECTOR, Level.REGION),
)
"""Which level is a whole of which parts, with no school beside them."""


def _families(it: Screened) -> pd.DataFrame:
    """Counts of children beside the whole that they are a part of, one row per part."""
    links = pd.DataFrame(
        [(c.value, u, p.value, w) for c, u, p, w in _parents(it)],
        columns=["level", "unit", "whole_level", "whole_unit"],
    )
    counts = it.totals[it.totals["status"].ne(CellStatus.ROUNDED)]
    parts = counts.merge(links, on=["level", "unit"])
    whole = counts[[*_UNIT, "value"]].rename(
        columns={"level": "whole_level", "unit": "whole_unit", "value": "whole"}
    )
    return parts.merge(whole, on=["table", "whole_level", "whole_unit", "period", "measure"])


def _by_whole(it: Screened) -> pd.DataFrame:
    families = _families(it).assign(hidden=lambda rows: rows["value"].isna())
    key = ["table", "level", "whole_level", "whole_unit", "period", "period_label", "measure"]
    return (
        families.groupby(key, sort=False)
        .agg(parts=("value", "sum"), hidden=("hidden", "sum"), whole=("whole", "first"))
        .reset_index()
    )


def _named(rows: pd.DataFrame) -> Places:
    for row in rows.itertuples():
        yield (
            f"{row.table}: {row.whole_level} {row.whole_unit} over {row.level}, "
            f"{row.period_label}, {row.measure}"
        )


def sums(it: Screened) -> Places:
    """Parts that are all shown add up to the whole that is shown."""
    found = _by_whole(it)
    complete = found[(found["hidden"] == 0) & found["whole"].notna()]
    yield from _named(complete[complete["parts"] != complete["whole"]])


def lone_hidden(it: Screened) -> Places:
    """No whole that is shown with exactly one hidden part: subtraction would give it."""
    found = _by_whole(it)
    yield from _named(found[(found["hidden"] == 1) & found["whole"].notna()])


def parts_within(it: Screened) -> Places:
    """No part is larger than its whole, and the shown parts together are not either."""
    found = _by_whole(it)
    over = found["whole"].notna() & (found["parts"] > found["whole"])
    yield from _named(found[over.fillna(False)])


def single_parts(it: Screened) -> Places:
    """A whole with one part has the value and status of that part."""
    families = _families(it)
    key = ["table", "level", "whole_level", "whole_unit", "period", "measure"]
    alone = families[families.groupby(key)["unit"].transform("size").eq(1)]
    shown = alone["value"].notna()
    differs = shown.ne(alone["whole"].notna()) | (shown & alone["value"].ne(alone["whole"]))
    yield from places(alone[differs.fillna(True)])


def same_population(it: Screened) -> Places:
    """Pupils and clients of a unit are the same in every table that shows them as a total."""
    shown = it.totals[it.totals["value"].notna() & it.totals["status"].ne(CellStatus.ROUNDED)]
    distinct = shown.groupby(["level", "unit", "period", "measure"])["value"].transform("nunique")
    yield from places(shown[distinct > 1])


def clients_within_pupils(it: Screened) -> Places:
    """No more children with help than pupils."""
    cells = it.cells[it.cells["category"].eq("")]
    pupils = cells[cells["measure"].eq(PUPILS)].set_index(_CELL)["value"]
    clients = cells[cells["measure"].eq(CLIENTS)].join(pupils.rename("pupils"), on=_CELL)
    yield from places(clients[(clients["value"] > clients["pupils"]).fillna(False)])


def categories_within_total(it: Screened) -> Places:
    """No category holds more children than the total."""
    cells = it.cells[it.cells["measure"].eq(CLIENTS) & it.cells["status"].ne(CellStatus.ROUNDED)]
    whole = cells[cells["category"].eq("")].set_index(_UNIT)["value"]
    parts = cells[cells["category"].ne("")].join(whole.rename("whole"), on=_UNIT)
    yield from places(parts[(parts["value"] > parts["whole"]).fillna(False)])


def categories_reach_total(it: Screened) -> Places:
    """Categories that are all shown exactly hold every child of the total at least once."""
    cells = it.cells[it.cells["measure"].eq(CLIENTS)]
    parts = cells[cells["category"].ne("")]
    exact = parts["value"].notna() & parts["status"].ne(CellStatus.ROUNDED)
    rows = parts.assign(exact=exact).groupby(_UNIT, sort=False)
    summed = rows.agg(parts=("value", "sum"), all_exact=("exact", "all"))
    whole = cells[cells["category"].eq("")].join(summed, on=_UNIT, how="inner")
    short = whole["all_exact"].eq(True) & whole["value"].notna() & (whole["parts"] < whole["value"])
    yield from places(whole[short.fillna(False)])


def rates_follow(it: Screened) -> Places:
    """A rate is its released count per 100 released pupils, in one decimal."""
    cells = it.cells
    rates = cells[cells["measure"].eq(RATE) & cells["value"].notna()]
    for measure in (PUPILS, CLIENTS):
        counts = cells[cells["measure"].eq(measure)].set_index(_CELL)["value"]
        rates = rates.join(counts.rename(measure), on=_CELL)
    known = rates[rates[PUPILS].fillna(0).gt(0) & rates[CLIENTS].notna()]
    scale = 100.0 * 10.0 ** known["decimals"].astype(float)
    exact = scale * known[CLIENTS].astype(float) / known[PUPILS].astype(float)
    off = (known["value"].astype(float) - exact).abs() > _HALF + _ROUNDING
    yield from places(known[off])


def combined_units(it: Screened) -> Places:
    """A unit of a combined level is made of a part per level that it combines."""
    rows = it.cells[["table", "level", "unit"]].drop_duplicates()
    for table, level, unit in rows.itertuples(index=False):
        if level.count(COMBINED) != unit.count(COMBINED):
            yield f"{table}: {level} {unit}"
