"""The laws between measures and tables: one number per measure, and what holds what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from linker.linkage.coded import Coded, Ints
from linker.linkage.definitions import definitions
from shared.contract.tally import Table
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals over categories of one table, to be compared with those of others.

    Attributes:
        coded: its cells, to name a place.
        of_measure: per measure the cells, sorted by place and period.
        place: place and period of each cell as one number, the same in every table.
    """

    coded: Coded
    of_measure: dict[str, Ints]
    place: Ints

    @classmethod
    def of(cls, coded: Coded) -> Totals:
        """Take the totals of a table."""
        place = coded.places * 256 + coded.codes["period"]
        found: dict[str, Ints] = {}
        for measure in np.unique(coded.codes["measure"][coded.total]).tolist():
            rows = np.flatnonzero(coded.total & (coded.codes["measure"] == measure))
            found[coded.words["measure"][measure]] = rows[np.argsort(place[rows], kind="stable")]
        return cls(coded, found, place)

    def rows(self, measure: str, levels: Sequence[Level]) -> Ints:
        """The cells of a measure at some levels."""
        rows = self.of_measure.get(measure, np.zeros(0, np.int64))
        chosen = self.coded.having("level", [level.value for level in levels])
        found: Ints = rows[chosen[rows]]
        return found

    def value_at(self, measure: str, places: Ints) -> Ints:
        """The value of a measure at places and periods; 0 where there is no cell."""
        rows = self.of_measure.get(measure, np.zeros(0, np.int64))
        if not len(rows):
            return np.zeros(len(places), np.int64)
        at = np.minimum(np.searchsorted(self.place[rows], places), len(rows) - 1)
        values: Ints = self.coded.numbers["value"][rows[at]]
        return np.where(self.place[rows[at]] == places, values, 0)


def check_between(
    found: Mapping[str, Totals], tables: Sequence[Table]
) -> Iterator[tuple[str, str]]:
    """Compare the totals of tables; a name of every law that was checked.

    Raises:
        StateError: ``tally-breaks-law``.
    """
    tables = [table for table in tables if table.id in found]
    yield from _check_one_number(found, tables)
    yield from _check_nested(found, tables)


def _check_one_number(
    found: Mapping[str, Totals], tables: Sequence[Table]
) -> Iterator[tuple[str, str]]:
    """A measure that stands in more tables has the same totals in all of them."""
    for measure in definitions().measures:
        holding = [each for each in tables if measure.id in {m.id for m in each.measures}]
        for first, second in pairwise(holding):
            levels = [level for level in first.levels if level in second.levels]
            for one, other in ((first, second), (second, first)):
                mine, theirs = found[one.id], found[other.id]
                rows = mine.rows(measure.id, levels)
                differs = mine.coded.numbers["value"][rows] != theirs.value_at(
                    measure.id, mine.place[rows]
                )
                mine.coded.refuse("one-number-per-measure", rows[differs])
            yield measure.id, second.id


def _check_nested(
    found: Mapping[str, Totals], tables: Sequence[Table]
) -> Iterator[tuple[str, str]]:
    """A measure that holds another is at least as large, in the same place."""
    for measure in definitions().measures:
        for other in measure.at_most:
            law = f"{measure.id}-within-{other}".replace("_", "-")
            for table in tables:
                if measure.id in {each.id for each in table.measures}:
                    mine = found[table.id]
                    if _has(table, other):
                        _check_same_table(mine.coded, law, measure.id, other)
                    else:
                        rows = mine.rows(measure.id, table.levels)
                        value = mine.coded.numbers["value"][rows]
                        larger = _holder(tables, table, other)
                        limit = found[larger.id].value_at(other, mine.place[rows])
                        mine.coded.refuse(law, rows[value > limit])
                    yield law, table.id


def _has(table: Table, measure: str) -> bool:
    return any(each.id == measure for each in table.measures)


def _holder(tables: Sequence[Table], table: Table, measure: str) -> Table:
    """A table with the measure at every level of another."""
    return next(
        each for each in tables if _has(each, measure) and set(each.levels) >= set(table.levels)
    )


def _check_same_table(coded: Coded, law: str, measure: str, other: str) -> None:
    """In one table the law holds in every category."""
    rows = np.flatnonzero(coded.having("measure", [measure]))
    at = coded.find(coded.key(rows, measure=coded.number("measure", other)))
    value = coded.numbers["value"]
    coded.refuse(law, rows[value[rows] > np.where(at < 0, 0, value[at])])
