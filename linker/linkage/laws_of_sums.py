"""The laws of levels: what is counted of schools and of residences adds up to what is above."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np

from linker.linkage.coded import MUNICIPALITIES, Coded, Flags, Ints, added, largest, spread
from linker.linkage.definitions import Quantity, definitions
from shared.contract.tally import Table
from shared.reference import JOINT_LEVELS, UNKNOWN_SCHOOL_UNITS, Level, Reference, School

_PART_OF = {
    Level.TYPE: Level.TYPE_MUNICIPALITY,
    Level.MUNICIPALITY: Level.TYPE_MUNICIPALITY,
    Level.SECTOR: Level.TYPE,
    Level.REGION: Level.MUNICIPALITY,
    Level.TOTAL: Level.REGION,
}
"""Levels that are as well the sum of a level of fewer units than schools; it has that law too."""
_Unit = tuple[str, str]
Edges = tuple[Ints, Ints]
_SUM, _RESIDENCE, _SWV = "sum-of-schools", "residence-is-total", "swv-within-region"
_SWVS = (Level.SWV_PO, Level.SWV_VO)
_PUBLIC = tuple(each.id for each in definitions().measures if each.quantity is Quantity.PUBLIC)


def check_sums(coded: Coded, table: Table, parents: Parents) -> int:
    """Every level is the sum of its parts; what cannot be added lies between its parts and theirs.

    Raises:
        StateError: ``tally-breaks-law``.
    """
    inner = Level.SCHOOL if Level.SCHOOL in table.levels else Level.TYPE_MUNICIPALITY
    checked = 0
    for level in _above(table, inner):
        part = _PART_OF.get(level, inner)
        part = part if part in table.levels else inner
        children = np.flatnonzero(coded.having("level", [part.value, Level.ELSEWHERE.value]))
        _Sums(coded, coded, _SUM, level).check(children, parents.of(coded, part, level))
        checked += 1
    if Level.RESIDENCE in table.levels:
        residents = np.flatnonzero(coded.having("level", [Level.RESIDENCE.value]))
        _Sums(coded, coded, _RESIDENCE, Level.TOTAL).check(
            residents, parents.of(coded, Level.RESIDENCE, Level.TOTAL)
        )
        checked += 1
    return 3 * checked + (0 if inner is Level.SCHOOL else _check_swvs(coded))


def _check_swvs(coded: Coded) -> int:
    """Without schools to add up: samenwerkingsverbanden have no more together than the region.

    A school is in the region and in one of each at most. What adds up to a total over categories
    is held against other tables; this is what can be said of each category.
    """
    place = coded.place_of(Level.REGION.value, "region")
    counted = ~coded.having("measure", _PUBLIC)
    for level in _SWVS:
        rows = np.flatnonzero(counted & coded.having("level", [level.value]))
        region = coded.find(coded.key(rows, np.full(len(rows), place)))
        coded.refuse(_SWV, rows[region < 0])
        for name in ("value", "contributors"):
            together = coded.added(region, coded.numbers[name][rows])
            coded.refuse(_SWV, rows[together[region] > coded.numbers[name][region]])
    return len(_SWVS)


def check_joint(source: Coded, whole: Coded, table: Table, parents: Parents) -> int:
    """What is counted around arrangements is the sum of schools in the tables that have them.

    Args:
        source: of every measure of the table, the totals of schools.
        whole: the cells of the table.

    Raises:
        StateError: ``tally-breaks-law``.
    """
    children = np.arange(len(source))
    for level in table.levels:
        edges = parents.of(whole, Level.SCHOOL, level)
        _Sums(source, whole, _SUM, level).check(children, edges)
    return 3 * len(table.levels)


def totals_of_schools(coded: Coded, measure: str) -> Flags:
    """Which cells are the total of a measure over categories, of a school."""
    schools = coded.having("level", [Level.SCHOOL.value])
    found: Flags = coded.total & schools & coded.having("measure", [measure])
    return found


def _above(table: Table, inner: Level) -> list[Level]:
    """Levels that are sums of the innermost."""
    # Samenwerkingsverbanden do not follow the borders of municipalities.
    beside = () if inner is Level.SCHOOL else _SWVS
    not_above = (inner, Level.ELSEWHERE, Level.RESIDENCE, *beside)
    return [level for level in table.levels if level not in not_above]


class Parents:
    """Which unit is a part of which unit of a level above it, read once for all tables."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._numbered: dict[tuple[Level, Level], Edges] = {}

    def of(self, coded: Coded, inner: Level, level: Level) -> Edges:
        """Units of ``inner``, and of elsewhere, each with the unit above it.

        Every table of a tally numbers its texts alike, so that this is done once; as texts, the
        pairs of a nation would take more memory than its cells do.
        """
        if (inner, level) not in self._numbered:
            self._numbered[inner, level] = _edges(coded, self._pairs(inner, level))
        return self._numbered[inner, level]

    def _pairs(self, inner: Level, level: Level) -> set[tuple[_Unit, _Unit]]:
        if level in JOINT_LEVELS:
            return {
                ((Level.SCHOOL.value, school), (level.value, joint))
                for above, school, joint in self._reference.joint_units()
                if above is level
            }
        if inner is Level.RESIDENCE:
            total = (Level.TOTAL.value, "total")
            return {((inner.value, place.key), total) for place in self._reference.municipalities}
        of_schools = map(School.units, self._reference.schools)
        return {
            ((child.value, units[child]), (level.value, units[level]))
            for units in chain((UNKNOWN_SCHOOL_UNITS,), of_schools)
            for child in (inner, Level.ELSEWHERE)
            if child in units and level in units
        }


def _edges(coded: Coded, pairs: Iterable[tuple[_Unit, _Unit]]) -> Edges:
    """Places of children, sorted, and beside each the place of its parent."""
    edges = sorted((coded.place_of(*child), coded.place_of(*parent)) for child, parent in pairs)
    found = np.array(edges, np.int64).reshape(-1, 2)
    return found[:, 0].copy(), found[:, 1].copy()


class _Sums:
    """One level against the sum of its parts; the parts can stand in another table."""

    def __init__(self, parts: Coded, whole: Coded, law: str, level: Level) -> None:
        self._parts = parts
        self._whole = whole
        self._law = law
        counted = ~whole.having("measure", _PUBLIC)
        self._mine = np.flatnonzero(counted & whole.having("level", [level.value]))
        self._of_parts = ~parts.having("measure", _PUBLIC)

    def check(self, children: Ints, edges: Edges) -> None:
        """Compare sums of cells with the cells that they should give."""
        children = children[self._of_parts[children]]
        rows, above = _joined(edges[0], self._parts.places[children])
        of_child = children[rows]
        found = self._whole.find(self._parts.key(of_child, edges[1][above]))
        self._parts.refuse(self._law, of_child[found < 0])
        at = np.searchsorted(self._mine, found)
        adds = _adding(self._whole)[self._mine]
        for name in ("value", "contributors"):
            summed = added(at, self._parts.numbers[name][of_child], len(self._mine))
            differs = summed != self._whole.numbers[name][self._mine]
            chosen = adds if name == "value" else np.ones_like(adds)
            self._whole.refuse(self._law, self._mine[chosen & differs])
        self._check_between("providers", of_child, at, np.ones_like(adds))
        rest = ~_adding(self._parts)[of_child]
        self._check_between("value", of_child[rest], at[rest], ~adds)
        self._check_contributions(of_child, at)

    def _check_between(self, name: str, of_child: Ints, at: Ints, chosen: Flags) -> None:
        """Providers of a whole: at least those of its largest part, at most all of them."""
        numbers = self._whole.numbers[name][self._mine]
        of_parts = self._parts.numbers[name][of_child]
        most, least = (each(at, of_parts, len(numbers)) for each in (added, largest))
        self._whole.refuse("whole-within-parts", self._mine[chosen & (numbers > most)])
        self._whole.refuse("part-within-whole", self._mine[chosen & (numbers < least)])

    def _check_contributions(self, of_child: Ints, at: Ints) -> None:
        """Each municipality's contribution to a whole is the sum of those to its parts."""
        rows, told = self._parts.told(of_child)
        owner, mine = self._whole.told(self._mine)
        known = owner * MUNICIPALITIES + self._whole.municipality[mine]
        keys = at[rows] * MUNICIPALITIES + self._parts.municipality[told]
        found = np.searchsorted(known, keys)
        lacks = np.append(known, -1)[found] != keys
        self._parts.refuse(self._law, of_child[rows[lacks]])
        summed = added(found, self._parts.clients[told], len(mine))
        differs = summed != self._whole.clients[mine]
        self._whole.refuse(self._law, self._mine[owner[differs]])


def _joined(known: Ints, keys: Ints) -> tuple[Ints, Ints]:
    """Every pair of a key and a place in ``known`` (sorted) that has it."""
    first = np.searchsorted(known, keys, "left")
    times = np.searchsorted(known, keys, "right") - first
    return spread(first, times)


def _adding(coded: Coded) -> Flags:
    """Cells of measures of which a level is the sum of its parts."""
    return coded.having("measure", [m.id for m in definitions().measures if m.quantity.adds_up])
