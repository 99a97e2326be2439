"""Facts of parts of schools on their way to ranges of units.

What is counted per school and provider grows with the population. So where shards are staged, what
was counted of a part of the schools is at once divided over ranges of units, for every level, and
staged. Range after range is then gathered and made into cells, so that no more is in memory than a
few ranges need. The highest levels have too few units for that: their facts are divided by period.

Levels of which units are made of the same few places share what is staged: a *group*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from threading import Lock

import numpy as np
import numpy.typing as npt

from linker.linkage.count_stages import Grain, Place
from linker.linkage.counter import give_back
from linker.linkage.counting import Family
from linker.linkage.facts import PERIODS, Facts, Ints
from linker.linkage.levels import ABOVE, Maker, Range, Take
from linker.linkage.packed_facts import packed_facts, unpacked_facts
from linker.linkage.rollup import FactsKey, FactsOf, families_at, of_families
from linker.linkage.rollup import place_of as place_of_level
from linker.linkage.sealed_file import Chunk, SealedFile, place_of
from linker.linkage.units import LevelUnits, Parts, merged
from shared.reference import JOINT_LEVELS, Level

PLACES_AT_ONCE = 3_000
"""Schools behind a range of units: some million facts, of which each takes a few dozen bytes."""
_MOST_RANGES = 200
_ADDED_UP_FROM = 400_000
"""Facts of a range that are added up before all of them are gathered."""
_PURPOSE = b"MOJ/1 staged facts"

_OF_SCHOOLS = ((Level.SCHOOL, Level.INSTITUTION), (Level.BOARD,))
_OF_MERGED = (Level.TYPE_MUNICIPALITY, Level.MUNICIPALITY, Level.SWV_PO, Level.SWV_VO)
_PERIOD, _PLACE = 0, 1
"""Rows of the keys of facts."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Levels that are made of the same facts.

    Attributes:
        place: of which places the counts are.
        merged: whether schools that are alike at all levels above them are one place already.
        parts: which places are added up before they are staged; None where none are.
        ranges: per range the levels with the units of the range, and its period; None is all.
        by: the row of the keys of facts that says in which range a fact is: period or place.
        range_of: the range of each of these keys; -1 of one that is in none.
        families: what the tables show at these levels; nothing else is staged.
    """

    place: Place
    merged: bool
    parts: Parts | None
    ranges: tuple[tuple[tuple[LevelUnits, ...], int | None], ...]
    by: int
    range_of: npt.NDArray[np.int16]
    families: tuple[Family, ...]

    def of(self, facts: FactsOf) -> FactsOf:
        """Of the facts those that are staged for these levels."""
        mine = {key: each for key, each in facts.items() if key[1] is self.place}
        return of_families(mine, self.families)


def _groups(
    levels: Sequence[LevelUnits], periods: Sequence[int], count: int
) -> tuple[Parts, tuple[_Group, ...]]:
    """Every level in a group, and which schools are alike for those that have them merged."""
    by = {level.level: level for level in levels}
    alike, above = merged([level for level in levels if level.level in {*ABOVE, *_OF_MERGED}])
    over = {level.level: level for level in above}
    top, highest = merged([level for level in above if level.level not in _OF_MERGED])
    groups = [
        *(_by_units([by[name] for name in names], count) for names in _OF_SCHOOLS),
        _by_units([by[Level.RESIDENCE]], count),
        *(_by_units([_itself(over[name])], count, over[name].parts) for name in _OF_MERGED),
        _by_period(highest, periods, top, merged=True),
        *(
            _by_period([_itself(by[name])], periods, by[name].parts, merged=False)
            for name in JOINT_LEVELS
        ),
    ]
    return alike, tuple(groups)


def _itself(level: LevelUnits) -> LevelUnits:
    """The level made of its own units."""
    return replace(level, parts=Parts.of((unit, unit) for unit in range(len(level.units))))


def _by_units(levels: Sequence[LevelUnits], count: int, parts: Parts | None = None) -> _Group:
    """A group in so many ranges, each of whole units of the last level.

    Args:
        parts: which merged places are added up before they are staged; without it places are
            schools, or municipalities of residence.
    """
    last = levels[-1]
    most = max((int(level.parts.places.max(initial=0)) for level in levels), default=0)
    ranges = last.ranges(np.ones(most + 1, np.int64), max(1, -(-len(last.parts.places) // count)))
    range_of = np.full(most + 1, -1, np.int16)  # few bits: rows are sorted by it, and often
    for number, each in enumerate(ranges):
        range_of[each.parts.places] = number
    divided = zip(*(_along(level, ranges) for level in levels), strict=True)
    return _Group(
        place_of_level(last), parts is not None, parts, tuple((each, None) for each in divided),
        _PLACE, range_of, _families_of(levels),
    )  # fmt: skip


def _by_period(
    levels: Sequence[LevelUnits], periods: Sequence[int], parts: Parts, *, merged: bool
) -> _Group:
    """A group with a range for every period, of all units."""
    range_of = np.full(PERIODS, -1, np.int16)
    range_of[list(periods)] = np.arange(len(periods))
    ranges = tuple((tuple(levels), period) for period in periods)
    return _Group(
        place_of_level(levels[-1]), merged, parts, ranges, _PERIOD, range_of, _families_of(levels)
    )


def _families_of(levels: Sequence[LevelUnits]) -> tuple[Family, ...]:
    return families_at({level.level for level in levels})


def _along(level: LevelUnits, ranges: Sequence[LevelUnits]) -> Iterator[LevelUnits]:
    """A level in the ranges of a level above it, whose units follow theirs: BRIN and location."""
    unit_of = np.full(int(level.parts.places.max(initial=0)) + 1, -1)
    unit_of[level.parts.places] = level.parts.units[level.parts.group]
    start = 0
    for each in ranges:
        units = unit_of[each.parts.places]
        if units.min() < start:
            raise RuntimeError(f"units of level {level.level} do not follow those above them")
        shown = range(start, int(units.max()) + 1)
        yield replace(level, parts=level.parts.within(shown), shown=shown)
        start = shown.stop


class Gathering:
    """Facts by group and range; more than one thread may add and make.

    Args:
        levels: every level with its units.
        periods: codes of the periods of the round.
        file: where they are staged.
        places_at_once: schools behind a range of units.
    """

    def __init__(
        self,
        levels: Sequence[LevelUnits],
        periods: Sequence[int],
        file: SealedFile,
        places_at_once: int = PLACES_AT_ONCE,
    ) -> None:
        schools = next(level for level in levels if level.level is Level.SCHOOL)
        count = min(_MOST_RANGES, max(1, -(-len(schools.units) // places_at_once)))
        self._alike, self._groups = _groups(levels, periods, count)
        self._file = file
        self._chunks: dict[tuple[int, int], list[Chunk | None]] = {}
        self._empty: dict[FactsKey, Facts] = {}
        self._lock = Lock()

    def add(self, facts: FactsOf) -> None:
        """Stage the facts of a part; those without a provider are no provider's.

        Raises:
            StorageError: ``staging-full``.
        """
        found = {
            key: each.taken(each.extra != 0) if key[2] == Grain.PROVIDER.value else each
            for key, each in facts.items()
        }
        with self._lock:
            for key, each in found.items():
                self._empty.setdefault(key, each.taken(np.zeros(0, np.int64)))
        alike = {
            key: self._alike.rolled_up(each)
            for key, each in found.items()
            if key[1] is Place.SCHOOL
        }
        for number, group in enumerate(self._groups):
            mine = group.of(alike if group.merged else found)
            if group.parts is not None:
                mine = {key: group.parts.rolled_up(each) for key, each in mine.items()}
            self._divide(number, group, mine)

    def _divide(self, number: int, group: _Group, facts: FactsOf) -> None:
        chosen: list[dict[FactsKey, Facts]] = [{} for _ in group.ranges]
        for key, each in facts.items():
            for place, rows in _rows_by_range(group, each):
                chosen[place][key] = each.taken(rows)
        for place, some in enumerate(chosen):
            if some:
                self._stage((number, place), some)

    def _stage(self, where: tuple[int, int], facts: Mapping[FactsKey, Facts]) -> None:
        with self._lock:
            chunks = self._chunks.setdefault(where, [])
            order = len(chunks)
            chunks.append(None)
        chunks[order] = self._file.write(packed_facts(facts), place_of(_PURPOSE, *where, order))

    def make(self, maker: Maker, take: Take, threads: int = 1) -> None:
        """Make the cells of every range of units, as ``make_cells`` does.

        Raises:
            TrustError: ``staged-chunk-altered``.
        """
        places = [
            (number, place)
            for number, group in enumerate(self._groups)
            for place in range(len(group.ranges))
        ]

        def each(where: tuple[int, int]) -> None:
            number, place = where
            facts, families = self._gathered(where), self._groups[number].families
            levels, period = self._groups[number].ranges[place]
            for level in levels:
                if level.units:
                    take(maker.cells(Range(level, facts, families=families, period=period)))
            give_back()

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(each, places))

    def _gathered(self, where: tuple[int, int]) -> FactsOf:
        """The facts of a range; what is of one place and key can stand there more than once."""
        group = self._groups[where[0]]
        found = {key: [each] for key, each in group.of(self._empty).items()}
        rows = dict.fromkeys(found, 0)
        for order, chunk in enumerate(self._chunks.pop(where, ())):
            assert chunk is not None
            what = f"chunk {order + 1} of facts of range {where[1] + 1} in group {where[0] + 1}"
            plain = self._file.read(chunk, place_of(_PURPOSE, *where, order), what)
            for key, each in unpacked_facts(plain):
                found[key].append(each)
                rows[key] += len(each)
                if rows[key] > _ADDED_UP_FROM + 2 * len(found[key][0]):
                    found[key] = [Facts.together(found[key])]
                    rows[key] = 0
        return {key: Facts.joined(parts) for key, parts in found.items()}


def _rows_by_range(group: _Group, facts: Facts) -> Iterator[tuple[int, Ints]]:
    """Numbers of the facts of each range that has any."""
    keys = facts.keys[group.by]
    known = np.minimum(keys, len(group.range_of) - 1)
    range_of = np.where(keys < len(group.range_of), group.range_of[known], np.int16(-1))
    order = np.argsort(range_of, kind="stable")
    bounds = np.searchsorted(range_of[order], np.arange(len(group.ranges) + 1))
    for number, (start, end) in enumerate(pairwise(bounds.tolist())):
        if start < end:
            yield number, order[start:end]
