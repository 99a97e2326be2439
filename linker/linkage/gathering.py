"""Facts of parts of schools on their way to ranges of units.

What is counted per school and provider grows with the population. So where shards are staged, what
was counted of a part of the schools is at once divided over ranges of units, for every level, and
staged. Range after range is then gathered and made into cells, so that no more is in memory than a
few ranges need.

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
from linker.linkage.facts import Facts, Ints
from linker.linkage.levels import ABOVE, Maker, Range, Take
from linker.linkage.packed_facts import packed_facts, unpacked_facts
from linker.linkage.rollup import FactsKey, FactsOf
from linker.linkage.rollup import place_of as place_of_level
from linker.linkage.sealed_file import Chunk, SealedFile, place_of
from linker.linkage.units import LevelUnits, Parts, merged
from shared.reference import Level

PLACES_AT_ONCE = 3_000
"""Schools behind a range of units: some million facts, of which each takes a few dozen bytes."""
_MOST_RANGES = 200
_ADDED_UP_FROM = 400_000
"""Facts of a range that are added up before all of them are gathered."""
_PURPOSE = b"MOJ/1 staged facts"

_OF_SCHOOLS = ((Level.SCHOOL, Level.INSTITUTION), (Level.BOARD,))
_OF_MERGED = (Level.TYPE_MUNICIPALITY, Level.MUNICIPALITY, Level.SWV_PO, Level.SWV_VO)
_JOINT = (Level.ARRANGEMENT, Level.COMPARISON)


@dataclass(frozen=True, slots=True)
class _Group:
    """Levels that are made of the same facts.

    Attributes:
        place: of which places the counts are.
        merged: whether schools that are alike at all levels above them are one place already.
        parts: which places are added up before they are staged; None where none are.
        ranges: per range the levels with the units of the range.
        range_of: the range of every place; -1 of a place that is in none.
    """

    place: Place
    merged: bool
    parts: Parts | None
    ranges: tuple[tuple[LevelUnits, ...], ...]
    range_of: npt.NDArray[np.int16]


def _groups(levels: Sequence[LevelUnits], count: int) -> tuple[Parts, tuple[_Group, ...]]:
    """Every level in a group, and which schools are alike for those that have them merged."""
    by = {level.level: level for level in levels}
    alike, above = merged([level for level in levels if level.level in {*ABOVE, *_OF_MERGED}])
    over = {level.level: level for level in above}
    top, highest = merged([level for level in above if level.level not in _OF_MERGED])
    groups = [
        *(_divided([by[name] for name in names], False, None, count) for names in _OF_SCHOOLS),
        _divided([by[Level.RESIDENCE]], False, None, count),
        *(_divided([_itself(over[name])], True, over[name].parts, count) for name in _OF_MERGED),
        _divided(highest, True, top, 1),
        *(_divided([_itself(by[name])], False, by[name].parts, 1) for name in _JOINT),
    ]
    return alike, tuple(groups)


def _itself(level: LevelUnits) -> LevelUnits:
    """The level made of its own units."""
    return replace(level, parts=Parts.of((unit, unit) for unit in range(len(level.units))))


def _divided(
    levels: Sequence[LevelUnits], is_merged: bool, parts: Parts | None, count: int
) -> _Group:
    """A group in so many ranges, each of whole units of the last level."""
    last = levels[-1]
    most = max((int(level.parts.places.max(initial=0)) for level in levels), default=0)
    range_of = np.zeros(most + 1, np.int16)  # few bits: rows are sorted by it, and often
    if count == 1:
        return _Group(place_of_level(last), is_merged, parts, (tuple(levels),), range_of)
    ones = np.ones(most + 1, np.int64)
    ranges = last.ranges(ones, max(1, -(-len(last.parts.places) // count)))
    range_of -= 1
    for number, each in enumerate(ranges):
        range_of[each.parts.places] = number
    divided = zip(*(_along(level, ranges) for level in levels), strict=True)
    return _Group(place_of_level(last), is_merged, parts, tuple(divided), range_of)


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
        file: where they are staged.
        places_at_once: schools behind a range of units.
    """

    def __init__(
        self,
        levels: Sequence[LevelUnits],
        file: SealedFile,
        places_at_once: int = PLACES_AT_ONCE,
    ) -> None:
        schools = next(level for level in levels if level.level is Level.SCHOOL)
        count = min(_MOST_RANGES, max(1, -(-len(schools.units) // places_at_once)))
        self._alike, self._groups = _groups(levels, count)
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
            source = alike if group.merged else found
            mine = {key: each for key, each in source.items() if key[1] is group.place}
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
            facts = self._gathered(where)
            for level in self._groups[number].ranges[place]:
                if level.units:
                    take(maker.cells(Range(level, facts)))
            give_back()

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(each, places))

    def _gathered(self, where: tuple[int, int]) -> FactsOf:
        """The facts of a range; what is of one place and key can stand there more than once."""
        place = self._groups[where[0]].place
        found = {key: [each] for key, each in self._empty.items() if key[1] is place}
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
    places = facts.keys[1]
    known = np.minimum(places, len(group.range_of) - 1)
    range_of = np.where(places < len(group.range_of), group.range_of[known], np.int16(-1))
    order = np.argsort(range_of, kind="stable")
    bounds = np.searchsorted(range_of[order], np.arange(len(group.ranges) + 1))
    for number, (start, end) in enumerate(pairwise(bounds.tolist())):
        if start < end:
            yield number, order[start:end]
