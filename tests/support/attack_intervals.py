"""The attacker's third way in: bounds of every withheld cell over all tables that fit.

Every relation that a reader knows stands in one system of whole numbers (HiGHS through SciPy).
Like ``tests.support.attacker`` it shares no code with protection.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from shared.reference import Level
from tests.support.attacker import (
    CLIENTS,
    NOT_COVERED,
    PUPILS,
    SLIDE,
    SPLIT_SLIDE,
    ZERO_PARENT_MIN,
    Group,
    Name,
    Place,
    Quantity,
    View,
    is_split,
    smallest,
    whole_of,
)

Columns = tuple[int, ...]
Interval = tuple[int, int]  # the least and the greatest value that was seen to fit

_MANY = 1_000_000
_BULK_ROUNDS = 12


@dataclass(slots=True)
class System:
    """Every relation of a period over pieces that no published level can tell apart."""

    view: View
    positive: Collection[Place] | None = None
    own: Mapping[tuple[Quantity, str], int] = field(default_factory=dict)  # a supplier's, by piece
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
        for (quantity, group), column in self.columns.items():
            least = sum(self.own.get((quantity, piece), 0) for piece in group)
            if least:
                self.rows.append(({column: 1}, least, math.inf))
        if len(persons) == 2:
            for group in atoms[CLIENTS]:
                self._at_most(group, CLIENTS, PUPILS)
        overlapping = self.view.overlapping
        for splits in overlapping:  # each is at most the clients, and these all of them together
            for group in dict.fromkeys(group for of, group in self.columns if of in splits):
                for split in splits:
                    self._at_most(group, split, CLIENTS)
                self._at_most(group, CLIENTS, *splits)
        apart = {split for splits in overlapping for split in splits}
        for split in (each for each in self.view.splits if each not in apart):
            for group in atoms[split]:
                self._at_most(group, split, whole_of(split))
        for total, parts in self.view.sums:
            for group in atoms[parts[0]]:
                self._equal(group, total, parts)
        for together in ((PUPILS,), (NOT_COVERED, PUPILS)):
            for group in atoms.get(together[0], ()):
                self._within_duo(group, *together)

    def _atoms(self, levels: Collection[str]) -> list[Group]:
        """The finest groups that units of these levels are sums of."""
        atoms: dict[tuple[Name, ...], set[str]] = {}
        for piece in self.view.units_of_piece:
            names = sorted(self.view.names_of_piece(piece))
            signature = tuple(name for name in names if name[0] in levels)
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

    def _equal(self, group: Group, total: Quantity, parts: Sequence[Quantity]) -> None:
        terms = {column: 1 for part in parts for column in self.parts(part, group)}
        terms |= dict.fromkeys(self.parts(total, group), -1)
        self.rows.append((terms, 0, 0))

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
        parts = [split for split in self.view.splits if whole_of(split) == quantity]
        if quantity == PUPILS:
            parts = [CLIENTS]
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
            # With it, whole numbers that have a solution are now and then said to have none.
            options={"mip_rel_gap": 0.0, "presolve": False},
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
    return {
        place
        for place, (low, high) in intervals.items()
        if high - low < (SPLIT_SLIDE if is_split((place.measure, place.category)) else SLIDE)
    }
