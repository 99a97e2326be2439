"""Rates and coverage: quotients of released cells only.

A rate cannot reveal a withheld count: it exists only where both the clients and the resident
pupils of the same unit and period are released, and whoever has those two numbers has the
rate. Were it shown beside a withheld count, count = rate · pupils / 100 would give the count
to the last child in every school of fewer than a thousand pupils; were it shown beside
withheld pupils, it would give those. So one withheld cell withholds the quotient, with the
same code. Below ``rate_min`` pupils the quotient is withheld because it means little; the two
counts stay published, and hiding it protects nothing.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from publisher.protection.grid import CLIENTS, PUPILS
from publisher.protection.primary import rate_unreliable
from publisher.protection.rules import Rules
from shared.reference import Level, Reference

RATE = "clients_per_100_pupils"
COVERAGE = "coverage_percent"
WITHHELD = "c"
NOT_APPLICABLE = "z"

_PLACE = ["table", "level", "unit", "period", "category"]
_ORDER = {level.value: place for place, level in enumerate(Level)}


def derive_rates(cells: pd.DataFrame, reference: Reference, rules: Rules) -> pd.DataFrame:
    """The released cells with rates and coverage added.

    Args:
        cells: released cells, as ``protect_tally`` gives them.
        reference: for DUO's total per school; a masked one gives no coverage.
        rules: for ``rate_min``.

    Returns:
        The same rows and those of ``clients_per_100_pupils`` (tenths: 123 is 12.3) and
        ``coverage_percent`` (whole per cents, schools only), with a column ``decimals``; sorted
        as the cells were.
    """
    released = cells.assign(decimals=0)
    pairs = _pairs(cells)
    added = [*_rates(pairs, rules), *_coverage(pairs, reference)]
    if not added:
        return released
    rows = pd.DataFrame(added, columns=list(released.columns)).astype(released.dtypes.to_dict())
    both = pd.concat([released, rows], ignore_index=True)
    order = both["level"].map(_ORDER)
    keyed = both.assign(_level=order).sort_values(
        ["table", "_level", "unit", "period", "category", "measure"], kind="stable"
    )
    return keyed.drop(columns="_level").reset_index(drop=True)


def _pairs(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Units whose resident pupils are a cell, with their clients where those are one too."""
    totals = cells[cells["category"] == ""]
    pupils = totals[totals["measure"] == PUPILS].drop(columns="measure")
    clients = totals[totals["measure"] == CLIENTS].drop(columns="measure")
    both = pupils.merge(clients, how="left", on=_PLACE, suffixes=("_pupils", "_clients"))
    return [{str(name): field for name, field in row.items()} for row in both.to_dict("records")]


def _rates(pairs: list[dict[str, Any]], rules: Rules) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for row in pairs:
        value: int | None = None
        if pd.isna(row["status_clients"]):
            continue
        if WITHHELD in (row["status_clients"], row["status_pupils"]):
            status = WITHHELD
        elif row["value_pupils"] == 0:
            status = NOT_APPLICABLE
        elif rate_unreliable(row["value_pupils"], rules.rate_min):
            status = WITHHELD
        else:
            value, status = _half_up(1000 * row["value_clients"], row["value_pupils"]), ""
        rows.append((*(row[column] for column in _PLACE), RATE, value, status, 1))
    return rows


def _coverage(pairs: list[dict[str, Any]], reference: Reference) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for row in pairs:
        at_school = row["level"] == Level.SCHOOL.value
        total = reference.pupil_total(row["unit"], row["period"]) if at_school else None
        if total is None or total.low != total.high or total.high == 0:
            continue
        hidden = row["status_pupils"] == WITHHELD
        value = None if hidden else _half_up(100 * row["value_pupils"], total.high)
        status = WITHHELD if hidden else ""
        rows.append((*(row[column] for column in _PLACE), COVERAGE, value, status, 0))
    return rows


def _half_up(numerator: int, denominator: int) -> int:
    """Quotient rounded to the nearest whole, halves upward, in integers."""
    return (2 * numerator + denominator) // (2 * denominator)
