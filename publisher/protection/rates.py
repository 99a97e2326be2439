"""Rates, means and coverage: quotients of released cells only.

A rate cannot reveal a withheld count: it exists only where both the clients and the resident
pupils of the same unit and period are released, and whoever has those two numbers has the
rate. Were it shown beside a withheld count, count = rate · pupils / 100 would give the count
to the last child in every school of fewer than a thousand pupils; were it shown beside
withheld pupils, it would give those. So one withheld cell withholds the quotient, with the
same code. The same holds for a mean: an amount is withheld wherever its count is, so that an
amount, its count and its mean together tell nothing that two of them do not. Below ``rate_min``
pupils a rate is withheld because it means little; the two counts stay published, and hiding it
protects nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from publisher.protection.measures import CLIENTS, PUPILS
from publisher.protection.primary import rate_unreliable
from publisher.protection.rules import Rules
from shared.reference import Level, Reference

RATE = "clients_per_100_pupils"
COVERAGE = "coverage_percent"


@dataclass(frozen=True, slots=True)
class Quotient:
    """A quotient of the totals of two measures, in the table of the first.

    Attributes:
        factor: what the quotient is multiplied by before it is rounded.
        decimals: how many of its digits stand behind the comma.
        per_pupil: whether it needs ``rate_min`` pupils; any other needs a count that is large
            enough for a split.
    """

    id: str
    table: str
    numerator: str
    denominator: str
    factor: int = 1
    decimals: int = 0
    per_pupil: bool = False


QUOTIENTS = (
    Quotient("cost_per_client", "costs", "cost_eur", CLIENTS),
    Quotient("cost_per_pupil", "costs", "cost_eur", PUPILS, per_pupil=True),
    Quotient("mean_days_ended", "ended_by_duration", "ended_days", "ended_trajectories"),
    Quotient("mean_days_running", "running_by_duration", "running_days", "running_trajectories"),
    Quotient(
        "half_days_per_client", "day_treatment", "half_days", "clients_day_treatment", 10, 1
    ),
    Quotient(
        "planned_end_percent", "starts_and_ends", "ended_as_planned_trajectories",
        "ended_trajectories", 100,
    ),
)  # fmt: skip
DERIVED = frozenset({RATE, COVERAGE, *(quotient.id for quotient in QUOTIENTS)})
"""Measures that are made from released numbers, and are not counted."""
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
        The same rows and those of ``clients_per_100_pupils`` (tenths: 123 is 12.3),
        ``coverage_percent`` (whole per cents, schools only) and ``QUOTIENTS``, with a column
        ``decimals``; sorted as the cells were.
    """
    released = cells.assign(decimals=0)
    pairs = _pairs(cells)
    added = [
        *_rates(pairs, rules),
        *_coverage(pairs, reference),
        *(row for quotient in QUOTIENTS for row in _quotients(cells, quotient, rules)),
    ]
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
    pupils = cells[cells["measure"] == PUPILS].drop(columns="measure")
    clients = cells[cells["measure"] == CLIENTS].drop(columns="measure")
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
        at_school = row["level"] == Level.SCHOOL.value and row["category"] == ""
        total = reference.pupil_total(row["unit"], row["period"]) if at_school else None
        if total is None or total.low != total.high or total.high == 0:
            continue
        hidden = row["status_pupils"] == WITHHELD
        value = None if hidden else _half_up(100 * row["value_pupils"], total.high)
        status = WITHHELD if hidden else ""
        rows.append((*(row[column] for column in _PLACE), COVERAGE, value, status, 0))
    return rows


def _quotients(
    cells: pd.DataFrame, quotient: Quotient, rules: Rules
) -> Iterator[tuple[object, ...]]:
    """The quotient of every total of which the other measure is released somewhere."""
    totals = cells[cells["category"] == ""]
    place = ["level", "unit", "period"]
    above = totals[(totals["table"] == quotient.table) & (totals["measure"] == quotient.numerator)]
    below = totals[totals["measure"] == quotient.denominator].drop_duplicates(place)
    both = above.merge(below, on=place, suffixes=("", "_below"))
    least = rules.rate_min if quotient.per_pupil else rules.split_threshold
    for row in both.to_dict("records"):
        value: int | None = None
        if WITHHELD in (row["status"], row["status_below"]):
            status = WITHHELD
        elif row["value_below"] == 0:
            status = NOT_APPLICABLE
        elif rate_unreliable(row["value_below"], least):
            status = WITHHELD
        else:
            value, status = _half_up(quotient.factor * row["value"], row["value_below"]), ""
        where = (row[column] for column in _PLACE)
        yield (*where, quotient.id, value, status, quotient.decimals)


def _half_up(numerator: int, denominator: int) -> int:
    """Quotient rounded to the nearest whole, halves upward, in integers."""
    return (2 * numerator + denominator) // (2 * denominator)
