"""An attack on a published release by a reader who computes; it shares no code with protection.

It has what every reader has: released tables, the public reference bundle and the rules of
docs/protection.md. From these it states its own relations, and then tries three ways in:

1. ``subtraction``: sums and differences of published numbers, exactly (linear algebra).
2. ``small_groups`` and ``careless_cells``: published numbers that together tell about a few
   children, although no withheld cell is computed.
3. ``intervals``: the least and the greatest value of each withheld cell over all tables of whole
   numbers that fit (HiGHS through SciPy), with every relation in one system.

Findings name places and never values.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from publisher.released import ReleasedTable
from shared.reference import UNKNOWN_TYPE, Level, Reference

Quantity = tuple[str, str]  # measure, category
Name = tuple[str, str]  # level, unit
Group = frozenset[str]  # pieces: schools, elsewhere per type, or places of residence
Columns = tuple[int, ...]
Remainder = tuple[Name, Group, tuple[Group, ...]]  # unit, what is left, what was taken out
Interval = tuple[int, int]  # the least and the greatest value that was seen to fit

PUPILS, CLIENTS, NOT_COVERED = ("pupils", ""), ("clients", ""), ("not_covered", "")
COUNTED = {measure for measure, _ in (PUPILS, CLIENTS, NOT_COVERED)}
"""What this attacker knows relations of."""
QUOTIENTS = {"clients_per_100_pupils": (PUPILS, CLIENTS), "coverage_percent": (PUPILS,)}
THRESHOLD, SPLIT_THRESHOLD, ZERO_PARENT_MIN, SLIDE, SPLIT_SLIDE = 5, 10, 10, 1, 2
"""The parameters that docs/protection.md gives to every reader."""
_MANY = 1_000_000
_BULK_ROUNDS = 12
_EPSILON = 1e-6


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a cell stands; never what it is."""

    period: int
    measure: str
    category: str
    level: str
    unit: str


Finding = tuple[str, Place]  # what a release tells and should not, and where


def smallest(quantity: Quantity) -> int:
    return SPLIT_THRESHOLD if quantity[1] else THRESHOLD


@dataclass(frozen=True)
class View:
    """One period of a release, as a reader has it: a value, or None where it is withheld."""

    period: int
    reference: Reference
    cells: Mapping[Quantity, Mapping[Name, int | None]]
    quotients: Mapping[str, Mapping[Name, int | None]]
    torn: frozenset[Place]  # withheld in one table, shown in another

    @classmethod
    def of(cls, tables: Iterable[ReleasedTable], reference: Reference, period: int) -> View:
        """Read a period; tables that give one quantity twice are put together."""
        cells: dict[Quantity, dict[Name, int | None]] = {}
        quotients: dict[str, dict[Name, int | None]] = {}
        torn: set[Place] = set()
        for table in tables:
            for row in table.select(period=period).to_pylist():
                if row["status"] not in ("", "c") or row["measure"] == "duo_pupils":
                    continue
                name, measure = (row["level"], row["unit"]), row["measure"]
                if measure not in COUNTED | set(QUOTIENTS):
                    continue  # amounts and providers have tests of their own
                if measure in QUOTIENTS:
                    quotients.setdefault(measure, {})[name] = row["value"]
                    continue
                known = cells.setdefault((measure, row["category"]), {})
                if name in known and known[name] != row["value"]:
                    torn.add(Place(period, measure, row["category"], *name))
                known[name] = row["value"] if row["value"] is not None else known.get(name)
        return cls(period, reference, cells, quotients, frozenset(torn))

    def place(self, quantity: Quantity, name: Name) -> Place:
        return Place(self.period, *quantity, *name)

    def hidden(self) -> list[Place]:
        """Every withheld cell, quotients not counted."""
        cells = ((q, *cell) for q, cells in self.cells.items() for cell in cells.items())
        return [self.place(quantity, name) for quantity, name, value in cells if value is None]

    @property
    def splits(self) -> list[Quantity]:
        return [quantity for quantity in self.cells if quantity[0] == "clients" and quantity[1]]

    @cached_property
    def units_of_piece(self) -> dict[str, dict[str, str]]:
        """Level → unit per piece: what adds up to what."""
        pieces: dict[str, dict[str, str]] = {}
        for school in self.reference.schools:
            units = {level.value: unit for level, unit in school.units().items()}
            pieces[units.get("school", f"elsewhere {units.get('elsewhere')}")] = units
        elsewhere = {"elsewhere": UNKNOWN_TYPE, "total": "total"}
        pieces[f"elsewhere {UNKNOWN_TYPE}"] = elsewhere
        for cells in self.cells.values():
            for level, unit in cells:
                if level == Level.ELSEWHERE.value:
                    pieces[f"elsewhere {unit}"] = {**elsewhere, "elsewhere": unit}
                elif level == Level.RESIDENCE.value:
                    pieces[f"residence {unit}"] = {"residence": unit}
        return pieces

    @cached_property
    def groups(self) -> dict[Name, Group]:
        """The pieces that each named unit is the sum of."""
        found: dict[Name, set[str]] = {}
        for piece, units in self.units_of_piece.items():
            for name in units.items():
                found.setdefault(name, set()).add(piece)
        return {name: frozenset(pieces) for name, pieces in found.items()}

    def known(self, quantity: Quantity) -> dict[Group, int]:
        """The groups of which a quantity is published, under whatever name."""
        cells = self.cells.get(quantity, {})
        return {self.groups[name]: value for name, value in cells.items() if value is not None}


def subtraction(view: View) -> set[Place]:
    """Withheld cells that are a sum or difference of published ones (of one quantity)."""
    found: set[Place] = set()
    order = sorted(view.units_of_piece)
    homes = frozenset(piece for piece in order if piece.startswith("residence "))
    for quantity, cells in view.cells.items():
        known = view.known(quantity)
        empty = frozenset[str]().union(*(group for group, value in known.items() if value == 0))
        ties = [*known, *(frozenset({piece}) for piece in empty)]
        rows = [[float(piece in group) for piece in order] for group in ties]
        if any(level == Level.RESIDENCE.value for level, _ in cells):
            rows.append([-1.0 if piece in homes else 1.0 for piece in order])
        names = [name for name, value in cells.items() if value is None]
        if rows and names:
            wanted = np.array([[float(p in view.groups[name]) for p in order] for name in names])
            matrix = np.array(rows).T
            way = np.linalg.lstsq(matrix, wanted.T, rcond=None)[0]
            left = np.abs(matrix @ way - wanted.T).max(axis=0)
            told = np.flatnonzero(left < _EPSILON).tolist()
            found |= {view.place(quantity, names[at]) for at in told}
    return found


def careless_cells(view: View) -> list[Finding]:
    """Published cells that break a documented rule by themselves."""
    found = [("withheld here, shown there", place) for place in view.torn]
    for quantity, cells in view.cells.items():
        for name, value in cells.items():
            if value is not None and 1 <= value < smallest(quantity):
                found.append(("small number shown", view.place(quantity, name)))
    for split in view.splits:
        for name, value in view.cells[split].items():
            whole = view.cells[CLIENTS].get(name)
            if value == 0 and (whole is None or 0 < whole < ZERO_PARENT_MIN):
                found.append(("zero under a small total", view.place(split, name)))
    for measure, cells in view.quotients.items():
        for name, value in cells.items():
            parts = [view.cells[part].get(name) for part in QUOTIENTS[measure]]
            if value is not None and None in parts:
                found.append(("quotient of a hidden cell", view.place((measure, ""), name)))
    return found


def small_groups(view: View) -> list[Finding]:
    """Groups of a few children that differences of published cells tell exactly.

    A group is a published unit without its published parts of one level, then without every
    other published group inside. Few without care, or without one form, is nearly everybody.
    """
    found: dict[tuple[Quantity, str, Group], Finding] = {}
    for quantity in view.cells:
        known = view.known(quantity)
        for name, rest, taken in _remainders(view, known):
            if taken and 1 <= _left(known, name, taken, view) < smallest(quantity):
                named = _is_withheld(view, quantity, rest)
                why = "few in withheld parts" if named else "few in a rest"
                found.setdefault((quantity, why, rest), (why, view.place(quantity, name)))
    for whole, part in [(PUPILS, CLIENTS), *((CLIENTS, split) for split in view.splits)]:
        wholes, parts = view.known(whole), view.known(part)
        both = parts.keys() & wholes.keys()
        for name, rest, taken in _remainders(view, both):
            care = _left(parts, name, taken, view)
            others = _left(wholes, name, taken, view) - care
            if care >= 1 and others < smallest(part):
                why = "nearly all of a rest" if taken else "nearly all"
                found.setdefault((part, why, rest), (why, view.place(part, name)))
    return list(found.values())


def _remainders(view: View, known: Collection[Group]) -> Iterator[Remainder]:
    """Every published unit: whole, and per level without its published parts of that level."""
    groups = view.groups.items()
    levels = {level: {g for name, g in groups if name[0] == level} for level, _ in view.groups}
    for name, whole in view.groups.items():
        if whole not in known:
            continue
        yield name, whole, ()
        inside = [group for group in known if group < whole]
        inside.sort(key=lambda group: (-len(group), sorted(group)))
        for of_level in levels.values():
            rest, taken = whole, []
            for group in sorted(inside, key=of_level.__contains__, reverse=True):
                if group <= rest:
                    rest -= group
                    taken.append(group)
            if rest and taken:
                yield name, rest, tuple(taken)


def _left(known: Mapping[Group, int], name: Name, taken: Sequence[Group], view: View) -> int:
    return known[view.groups[name]] - sum(known[group] for group in taken)


def _is_withheld(view: View, quantity: Quantity, rest: Group) -> bool:
    """Whether a rest is nothing but withheld units."""
    for name, value in view.cells[quantity].items():
        if value is None and view.groups[name] <= rest:
            rest -= view.groups[name]
    return not rest


@dataclass(slots=True)
class System:
    """Every relation of a period over pieces that no published level can tell apart."""

    view: View
    positive: Collection[Place] | None = None
    columns: dict[tuple[Quantity, Group], int] = field(default_factory=dict)
    rows: list[tuple[dict[int, int], float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        persons = [quantity for quantity in (PUPILS, CLIENTS) if quantity in self.view.cells]
        every = {level for cells in self.view.cells.values() for level, _ in cells}
        atoms = {quantity: self._atoms(every) for quantity in persons}
        for quantity in self.view.cells:
            if quantity not in persons:
                own = {level for level, _ in self.view.cells[quantity]}
                atoms[quantity] = self._atoms(own - {Level.RESIDENCE.value})
        for quantity, groups in atoms.items():
            for group in groups:
                self.columns[quantity, group] = len(self.columns)
        for quantity in self.view.cells:
            self._add_cells(quantity)
        if len(persons) == 2:
            for group in atoms[CLIENTS]:
                self._at_most(group, CLIENTS, PUPILS)
        splits = self.view.splits  # a form is at most the clients, and these the sum over forms
        for group in dict.fromkeys(group for of, group in self.columns if of in splits):
            for split in splits:
                self._at_most(group, split, CLIENTS)
            self._at_most(group, CLIENTS, *splits)
        for together in ((PUPILS,), (NOT_COVERED, PUPILS)):
            for group in atoms.get(together[0], ()):
                self._within_duo(group, *together)

    def _atoms(self, levels: Collection[str]) -> list[Group]:
        """The finest groups that units of these levels are sums of."""
        atoms: dict[tuple[Name, ...], set[str]] = {}
        for piece, units in self.view.units_of_piece.items():
            signature = tuple(name for name in sorted(units.items()) if name[0] in levels)
            if signature:
                atoms.setdefault(signature, set()).add(piece)
        return [frozenset(pieces) for pieces in atoms.values()]

    def parts(self, quantity: Quantity, group: Group) -> Columns:
        """The columns that a group is the sum of."""
        return tuple(
            at for (of, atom), at in self.columns.items() if of == quantity and atom <= group
        )

    def _at_most(self, group: Group, less: Quantity, *more: Quantity) -> None:
        terms = {column: 1 for each in more for column in self.parts(each, group)}
        terms |= dict.fromkeys(self.parts(less, group), -1)
        self.rows.append((terms, 0, math.inf))

    def _add_cells(self, quantity: Quantity) -> None:
        """What is published is fixed; what is withheld has a least value."""
        for name, value in self.view.cells[quantity].items():
            terms = dict.fromkeys(self.parts(quantity, self.view.groups[name]), 1)
            low = self._least(quantity, name) if value is None else value
            self.rows.append((terms, low, math.inf if value is None else value))
        if any(level == Level.RESIDENCE.value for level, _ in self.view.cells[quantity]):
            whole = self.view.groups[Level.TOTAL.value, "total"]
            homes = self.parts(quantity, frozenset(self.view.units_of_piece) - whole)
            terms = dict.fromkeys(self.parts(quantity, whole), 1)
            self.rows.append((terms | dict.fromkeys(homes, -1), 0, 0))

    def _least(self, quantity: Quantity, name: Name) -> int:
        """What the rules say of a withheld cell, from what is shown beside it."""
        cells = self.view.cells
        parts = {PUPILS: [CLIENTS], CLIENTS: self.view.splits}.get(quantity, [])
        least = int(not quantity[1])
        if self.positive is not None:
            least = int(self.view.place(quantity, name) in self.positive)
        for part in parts:
            shown = cells.get(part, {}).get(name)
            if shown == 0 and part[1]:  # a zero of a split is shown under a large total only
                least = max(least, ZERO_PARENT_MIN)
            elif shown:  # a part that is shown leaves many others
                least = max(least, shown + smallest(part))
        return least

    def _within_duo(self, group: Group, *quantities: Quantity) -> None:
        """Residents, and those who are not covered, fit in DUO's total; where that can be."""
        totals = [self.view.reference.pupil_total(piece, self.view.period) for piece in group]
        high = sum(total.high for total in totals if total is not None)
        shown = sum(self.view.known(quantity).get(group, 0) for quantity in quantities)
        if None not in totals and shown <= high:
            terms = {column: 1 for each in quantities for column in self.parts(each, group)}
            self.rows.append((terms, -math.inf, high))


class Attack:
    """Places withheld cells of a period between bounds, in whole numbers."""

    def __init__(self, system: System) -> None:
        terms, lows, highs = zip(*system.rows, strict=True)
        ties = _sparse(terms, len(system.columns))
        self._constraint = LinearConstraint(ties, lows, highs)
        self._places: dict[Columns, list[Place]] = {}
        for place in system.view.hidden():
            group = system.view.groups[place.level, place.unit]
            columns = system.parts((place.measure, place.category), group)
            self._places.setdefault(columns, []).append(place)
        self._cells = _sparse([dict.fromkeys(c, 1) for c in self._places], len(system.columns))
        self._low = np.full(len(self._places), _MANY)
        self._high = np.full(len(self._places), -1)

    def _solve(self, weights: NDArray[np.float64]) -> bool:
        """One believable table, pushed along ``weights``; False where there is none."""
        answer = milp(
            self._cells.T @ weights,
            integrality=1,
            bounds=Bounds(0, _MANY),
            constraints=self._constraint,
            options={"mip_rel_gap": 0.0},
        )
        if answer.x is not None:
            values = np.round(self._cells @ np.round(answer.x)).astype(np.int64)
            self._low = np.minimum(self._low, values)
            self._high = np.maximum(self._high, values)
        return answer.x is not None

    def intervals(self, wanted: int = 2) -> dict[Place, Interval]:
        """Bounds per withheld cell; empty where no table fits what the attacker believes.

        A cell that is seen to be as wide as ``wanted`` is left alone; many are pushed at once
        before each is on its own.
        """
        chance, count = np.random.default_rng(1), len(self._places)
        if not count or not self._solve(np.zeros(count)):
            return {}
        for turn in range(_BULK_ROUNDS):
            sign = chance.choice((-1.0, 1.0), count) if turn > 1 else np.full(count, 1.0 - 2 * turn)
            self._solve(self._narrow(wanted) * sign)
        for one in np.eye(count):
            if (self._narrow(wanted) & (one > 0)).any():
                self._solve(one)
                self._solve(-one)
        bounds = zip(self._low.tolist(), self._high.tolist(), strict=True)
        pairs = zip(self._places.values(), bounds, strict=True)
        return {place: bound for places, bound in pairs for place in places}

    def _narrow(self, wanted: int) -> NDArray[np.bool_]:
        return np.array(self._high - self._low < wanted, dtype=np.bool_)


def _sparse(rows: Sequence[Mapping[int, int]], width: int) -> csr_array:
    where = [(at, column) for at, terms in enumerate(rows) for column in terms]
    values = [float(factor) for terms in rows for factor in terms.values()]
    places = tuple(np.array(where, dtype=np.int64).reshape(-1, 2).T)
    return csr_array((values, places), shape=(len(rows), width))


def exposed(intervals: Mapping[Place, Interval]) -> set[Place]:
    return {place for place, (low, high) in intervals.items() if low == high}


def too_narrow(intervals: Mapping[Place, Interval]) -> set[Place]:
    """Cells closer than the policy asks of a sensitive one."""
    widths = ((place, high - low) for place, (low, high) in intervals.items())
    return {place for place, width in widths if width < (SPLIT_SLIDE if place.category else SLIDE)}
