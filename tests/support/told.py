"""What the reader of ``attacker.py`` is told by the release of a tally, as one set of places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from publisher.protection import Protected, Published, Rules
from publisher.released import COLUMNS, ReleasedTable
from shared.contract.tally import Tally
from shared.reference import Reference
from tests.support.attack_intervals import Attack, System, exposed, too_narrow
from tests.support.attacker import (
    Place,
    View,
    careless_cells,
    named,
    small_groups,
    smallest,
    subtraction,
)
from tests.support.protection import PERIOD

Told = tuple[str, str, str]
"""Level, unit and category of what a reader is told."""
_MANY = 1000


@dataclass(frozen=True)
class Case:
    """A small region and what is published of it."""

    bundle: Reference
    tally: Tally
    published: tuple[Published, ...]
    rules: Rules


@dataclass(frozen=True)
class Reading:
    """A case as it was released, with the truth that only its maker has."""

    case: Case
    view: View
    truth: Mapping[tuple[str, str, str, str], int]

    @classmethod
    def of(cls, case: Case, protected: Protected) -> Reading:
        """Read the release of a case."""
        truth = {
            (row["level"], row["unit"], row["measure"], named(row["table"], row["category"])): (
                row["value"]
            )
            for row in case.tally.cells.to_pylist()
        }
        return cls(case, View.of(released(protected.cells), case.bundle, PERIOD), truth)

    def computed(self) -> set[Place]:
        """What is computed, or placed closer than the policy asks of a sensitive number.

        By a reader who also knows which withheld numbers are not zero.
        """
        intervals = Attack(System(self.view, self._positive())).intervals()
        assert intervals or not self.view.hidden(), "the truth itself must fit"
        narrow = {place for place in too_narrow(intervals) if self._is_small(place)}
        return subtraction(self.view) | exposed(intervals) | narrow

    def known_small(self) -> set[Place]:
        """Small numbers of which only one value is small: a reader may know that they are."""
        found = set()
        for place, (low, high) in (
            Attack(System(self.view, self._positive())).intervals(_MANY).items()
        ):
            most = smallest((place.measure, place.category)) - 1
            if self._is_small(place) and min(high, most) <= max(low, 1):
                found.add(place)
        return found

    def careless(self) -> set[Place]:
        """What a published number tells by itself or, where the rules ask, about a small group."""
        found = {place for _, place in careless_cells(self.view)}
        if self.case.rules.union:
            found |= {place for why, place in small_groups(self.view) if "few" in why}
        return found

    def _true(self, place: Place) -> int:
        return self.truth.get((place.level, place.unit, place.measure, place.category), 0)

    def _is_small(self, place: Place) -> bool:
        return 1 <= self._true(place) < smallest((place.measure, place.category))

    def _positive(self) -> set[Place]:
        return {place for place in self.view.hidden() if self._true(place)}


def told(case: Case, protected: Protected) -> set[Told]:
    """Everything that a reader is told and should not be."""
    reading = Reading.of(case, protected)
    found = reading.computed() | reading.known_small() | reading.careless()
    return {(place.level, place.unit, place.category) for place in found}


def released(cells: pd.DataFrame) -> tuple[ReleasedTable, ...]:
    """Protected cells as readers get them, without labels."""
    tables = []
    for name, rows in cells.groupby("table"):
        columns = {column: rows.get(column, pd.Series("", rows.index)) for column in COLUMNS.names}
        columns["decimals"] = pd.Series(0, rows.index)
        columns["value"] = pa.array(rows["value"], pa.int64(), from_pandas=True)
        tables.append(ReleasedTable.make(str(name), "", pa.table(columns, schema=COLUMNS)))
    return tuple(tables)
