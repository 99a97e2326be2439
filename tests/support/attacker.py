"""An attack on a published release by a reader who computes; it shares no code with protection.

What it has is what every reader has: released tables, the public reference bundle and the rules
of docs/protection.md. From these it states its own relations, and then tries three ways in:

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
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from publisher.released import ReleasedTable
from shared.reference import UNKNOWN_TYPE, Level, Reference

Quantity = tuple[str, str]  # measure, category
Name = tuple[str, str]  # level, unit
Group = frozenset[str]  # pieces: schools, elsewhere per type, or places of residence
Columns = tuple[int, ...]

PUPILS, CLIENTS, NOT_COVERED = ("pupils", ""), ("clients", ""), ("not_covered", "")
QUOTIENTS = {"clients_per_100_pupils": (PUPILS, CLIENTS), "coverage_percent": (PUPILS,)}
_PRIME = 2_147_483_629
_MANY = 1_000_000
_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class PublicRules:
    """The parameters that docs/protection.md gives to every reader."""

    threshold: int = 5
    split_threshold: int = 10
    zero_parent_min: int = 10
    slide: int = 1
    split_slide: int = 2

    def smallest(self, quantity: Quantity) -> int:
        return self.split_threshold if quantity[1] else self.threshold


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a cell stands; never what it is."""

    period: int
    measure: str
    category: str
    level: str
    unit: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that a release tells and should not."""

    why: str
    place: Place


@dataclass(frozen=True, slots=True)
class Interval:
    """All that the attacker knows of a withheld cell; wider than this where ``final`` is false."""

    low: int
    high: int
    final: bool

    @property
    def width(self) -> int:
        return self.high - self.low


@dataclass(frozen=True)
class View:
    """One period of a release, as a reader has it: a value, or None where it is withheld."""

    period: int
    reference: Reference
    rules: PublicRules
    cells: Mapping[Quantity, Mapping[Name, int | None]]
    quotients: Mapping[str, Mapping[Name, int | None]]

    @classmethod
    def of(
        cls,
        tables: Iterable[ReleasedTable],
        reference: Reference,
        period: int,
        rules: PublicRules | None = None,
    ) -> View:
        """Read a period; tables that give one quantity twice are put together."""
        cells: dict[Quantity, dict[Name, int | None]] = {}
        quotients: dict[str, dict[Name, int | None]] = {}
        for table in tables:
            for row in table.select(period=period).to_pylist():
                if row["status"] not in ("", "c") or row["measure"] == "duo_pupils":
                    continue
                name, measure = (row["level"], row["unit"]), row["measure"]
                if measure in QUOTIENTS:
                    quotients.setdefault(measure, {})[name] = row["value"]
                    continue
                known = cells.setdefault((measure, row["category"]), {})
                known[name] = row["value"] if row["value"] is not None else known.get(name)
        return cls(period, reference, rules or PublicRules(), cells, quotients)

    def place(self, quantity: Quantity, name: Name) -> Place:
        return Place(self.period, *quantity, *name)

    def hidden(self) -> list[Place]:
        """Every withheld cell, quotients not counted."""
        return [
            self.place(quantity, name)
            for quantity, cells in self.cells.items()
            for name, value in cells.items()
            if value is None
        ]

    @property
    def splits(self) -> list[Quantity]:
        """The categories of the breakdown, in order."""
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


# --- 1 subtraction -----------------------------------------------------------------------------


def subtraction(view: View) -> set[Place]:
    """Withheld cells that are a sum or difference of published ones (of one quantity)."""
    found: set[Place] = set()
    for quantity, cells in view.cells.items():
        known = view.known(quantity)
        zeros = frozenset[str]().union(*(group for group, value in known.items() if value == 0))
        order = sorted(view.units_of_piece)
        ties = [*known, *(frozenset({piece}) for piece in zeros)]
        residents = [piece for piece in order if piece.startswith("residence ")]
        rows = _matrix(ties, order)
        if any(level == Level.RESIDENCE.value for level, _ in cells):
            both = np.array([-1 if piece in residents else 1 for piece in order], dtype=np.int64)
            rows = np.vstack([rows, both])
        basis = _echelon(rows)
        for name, value in cells.items():
            row = _matrix([view.groups[name]], order)[0]
            if value is None and not _rest(row, basis).any():
                found.add(view.place(quantity, name))
    return found


def _matrix(groups: Sequence[Group], order: Sequence[str]) -> npt.NDArray[np.int64]:
    rows = [[int(piece in group) for piece in order] for group in groups]
    return np.array(rows, dtype=np.int64).reshape(len(groups), len(order))


def _echelon(rows: npt.NDArray[np.int64]) -> dict[int, npt.NDArray[np.int64]]:
    """A basis of the row space by pivot, modulo a prime, so that nothing is rounded."""
    basis: dict[int, npt.NDArray[np.int64]] = {}
    for row in rows:
        rest = _rest(row, basis)
        if rest.any():
            pivot = int(np.flatnonzero(rest)[0])
            basis[pivot] = rest * pow(int(rest[pivot]), -1, _PRIME) % _PRIME
    return basis


def _rest(
    row: npt.NDArray[np.int64], basis: Mapping[int, npt.NDArray[np.int64]]
) -> npt.NDArray[np.int64]:
    rest = row % _PRIME
    for column in range(len(rest)):
        if rest[column] and column in basis:
            rest = (rest - rest[column] * basis[column]) % _PRIME
    return rest


# --- 2 published numbers -----------------------------------------------------------------------


def careless_cells(view: View) -> list[Finding]:
    """Published cells that break a documented rule by themselves."""
    found = []
    for quantity, cells in view.cells.items():
        for name, value in cells.items():
            if value is not None and 1 <= value < view.rules.smallest(quantity):
                found.append(Finding("small number shown", view.place(quantity, name)))
    for split in view.splits:
        for name, value in view.cells[split].items():
            whole = view.cells[CLIENTS].get(name)
            if value == 0 and (whole is None or 0 < whole < view.rules.zero_parent_min):
                found.append(Finding("zero under a small total", view.place(split, name)))
    for measure, cells in view.quotients.items():
        for name, value in cells.items():
            parts = [view.cells[part].get(name) for part in QUOTIENTS[measure]]
            if value is not None and None in parts:
                found.append(
                    Finding("quotient of a withheld cell", view.place((measure, ""), name))
                )
    return found


def small_groups(view: View) -> list[Finding]:
    """Groups of a few children that differences of published cells tell exactly.

    A group is a published unit without its published parts of one level, and then without
    every other published group inside. Children without care, or without one form, count too:
    where they are few, the others are nearly everybody.
    """
    found: dict[tuple[Quantity, str, Group], Finding] = {}
    for quantity in view.cells:
        known = view.known(quantity)
        for name, rest, taken in _remainders(view, known):
            if taken and 1 <= _left(known, name, taken, view) < view.rules.smallest(quantity):
                why = "withheld parts" if _is_withheld(view, quantity, rest) else "rest"
                place = view.place(quantity, name)
                found.setdefault((quantity, why, rest), Finding(f"few in {why}", place))
    pairs = [(PUPILS, CLIENTS), *((CLIENTS, split) for split in view.splits)]
    for whole, part in pairs:
        wholes, parts = view.known(whole), view.known(part)
        both = [group for group in parts if group in wholes]
        for name, rest, taken in _remainders(view, both):
            care = _left(parts, name, taken, view)
            others = _left(wholes, name, taken, view) - care
            if care >= 1 and others < view.rules.smallest(part):
                why = "nearly all of a rest" if taken else "nearly all"
                found.setdefault((part, why, rest), Finding(why, view.place(part, name)))
    return list(found.values())


def _remainders(
    view: View, known: Collection[Group]
) -> Iterator[tuple[Name, Group, tuple[Group, ...]]]:
    """Published units with what is left of them and what was taken out, per level and at all."""
    levels = {level: set[Group]() for level, _ in view.groups}
    for (level, _), group in view.groups.items():
        levels[level].add(group)
    for name, whole in view.groups.items():
        if whole not in known:
            continue
        yield name, whole, ()
        inside = sorted((group for group in known if group < whole), key=_size)
        for of_level in levels.values():
            rest, taken = whole, []
            for group in sorted(inside, key=of_level.__contains__, reverse=True):
                if group <= rest:
                    rest -= group
                    taken.append(group)
            if rest and taken:
                yield name, rest, tuple(taken)


def _size(group: Group) -> tuple[int, list[str]]:
    return -len(group), sorted(group)


def _left(known: Mapping[Group, int], name: Name, taken: Sequence[Group], view: View) -> int:
    return known[view.groups[name]] - sum(known[group] for group in taken)


def _is_withheld(view: View, quantity: Quantity, rest: Group) -> bool:
    """Whether a rest is nothing but withheld units."""
    for name, value in view.cells[quantity].items():
        if value is None and view.groups[name] <= rest:
            rest -= view.groups[name]
    return not rest


# --- 3 intervals -------------------------------------------------------------------------------


@dataclass(slots=True)
class System:
    """Every relation of a period over pieces that no published level can tell apart."""

    view: View
    positive: Collection[Place] | None = None
    with_duo: bool = True
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
                self._at_most([(CLIENTS, group)], [(PUPILS, group)])
        self._add_splits()
        if self.with_duo and PUPILS in persons:
            self._add_duo(atoms[PUPILS])

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
            column
            for (of, atom), column in self.columns.items()
            if of == quantity and atom <= group
        )

    def _tie(self, terms: Mapping[int, int], low: float, high: float) -> None:
        self.rows.append((dict(terms), low, high))

    def _at_most(
        self, less: Sequence[tuple[Quantity, Group]], more: Sequence[tuple[Quantity, Group]]
    ) -> None:
        terms = {column: 1 for one in more for column in self.parts(*one)}
        terms |= {column: -1 for one in less for column in self.parts(*one)}
        self._tie(terms, 0, math.inf)

    def _add_cells(self, quantity: Quantity) -> None:
        """What is published is fixed; what is withheld has a least value."""
        for name, value in self.view.cells[quantity].items():
            terms = dict.fromkeys(self.parts(quantity, self.view.groups[name]), 1)
            if value is not None:
                self._tie(terms, value, value)
            else:
                self._tie(terms, self._least(quantity, name), math.inf)
        if any(level == Level.RESIDENCE.value for level, _ in self.view.cells[quantity]):
            whole = self.view.groups[Level.TOTAL.value, "total"]
            everywhere = dict.fromkeys(self.parts(quantity, whole), 1)
            every = frozenset(self.view.units_of_piece) - whole
            self._tie(everywhere | dict.fromkeys(self.parts(quantity, every), -1), 0, 0)

    def _least(self, quantity: Quantity, name: Name) -> int:
        """What the rules say of a withheld cell, from what is shown beside it."""
        cells, rules = self.view.cells, self.view.rules
        parts = {PUPILS: [CLIENTS], CLIENTS: self.view.splits}.get(quantity, [])
        least = 0
        for part in parts:
            shown = cells.get(part, {}).get(name)
            if shown == 0 and part[1]:  # a zero of a split is shown under a large total only
                least = max(least, rules.zero_parent_min)
            elif shown:  # a part that is shown leaves many others
                least = max(least, shown + rules.smallest(part))
        if least:
            return least
        if self.positive is not None:
            return int(self.view.place(quantity, name) in self.positive)
        return int(not quantity[1])

    def _add_splits(self) -> None:
        """A form is at most the clients, and the clients are at most the sum over forms."""
        splits = self.view.splits
        for group in {group for quantity, group in self.columns if quantity in splits}:
            for split in splits:
                self._at_most([(split, group)], [(CLIENTS, group)])
            self._at_most([(CLIENTS, group)], [(split, group) for split in splits])

    def _add_duo(self, atoms: Sequence[Group]) -> None:
        """Residents, and those who are not covered, fit in DUO's total; where that can be."""
        for group in atoms:
            self._within([PUPILS], group)
        for quantity, group in list(self.columns):
            if quantity == NOT_COVERED:
                self._within([PUPILS, NOT_COVERED], group)

    def _within(self, quantities: Sequence[Quantity], group: Group) -> None:
        totals = [self.view.reference.pupil_total(piece, self.view.period) for piece in group]
        high = sum(total.high for total in totals if total is not None)
        shown = [self.view.known(quantity).get(group, 0) for quantity in quantities]
        if None in totals or sum(shown) > high:
            return
        self._tie({c: 1 for q in quantities for c in self.parts(q, group)}, -math.inf, high)


def guess_positive(view: View) -> set[Place]:
    """Cells that a literal reader of the zero rule takes for positive.

    A zero is shown where its total is, and is large enough; so what is withheld there is none.
    """
    least = view.rules.zero_parent_min
    return {
        place
        for place in view.hidden()
        if not place.category or (view.cells[CLIENTS].get((place.level, place.unit)) or 0) >= least
    }


class Attack:
    """Places withheld cells of a period between bounds, as far as ``wanted`` asks."""

    def __init__(self, system: System, *, whole_numbers: bool = True) -> None:
        self.view, self._whole = system.view, whole_numbers
        count = len(system.columns)
        self._ties = self._sparse([terms for terms, _, _ in system.rows], count)
        lows, highs = ([row[side] for row in system.rows] for side in (1, 2))
        self._constraint = LinearConstraint(self._ties, lows, highs)
        self._places: dict[Columns, list[Place]] = {}
        for place in self.view.hidden():
            group = self.view.groups[place.level, place.unit]
            columns = system.parts((place.measure, place.category), group)
            self._places.setdefault(columns, []).append(place)
        self._keys = list(self._places)
        self._cells = self._sparse([dict.fromkeys(key, 1) for key in self._keys], count)
        self._low = np.full(len(self._keys), np.inf)
        self._high = np.full(len(self._keys), -np.inf)
        self._final = np.zeros(len(self._keys), dtype=bool)
        self.solved = 0

    @staticmethod
    def _sparse(rows: Sequence[Mapping[int, int]], width: int) -> csr_array:
        place = [(at, column) for at, terms in enumerate(rows) for column in terms]
        value = [float(factor) for terms in rows for factor in terms.values()]
        where = tuple(np.array(place, dtype=np.int64).reshape(-1, 2).T)
        return csr_array((value, where), shape=(len(rows), width))

    def _solve(self, weights: npt.NDArray[np.float64]) -> bool:
        """One believable table, pushed along ``weights``; False where there is none."""
        cost = self._cells.T @ weights
        answer = milp(
            cost,
            integrality=np.full(len(cost), int(self._whole)),
            bounds=Bounds(0, _MANY),
            constraints=self._constraint,
            options={"mip_rel_gap": 0.0},
        )
        self.solved += 1
        if answer.x is None:
            return False
        values = self._cells @ (np.round(answer.x) if self._whole else answer.x)
        self._low = np.minimum(self._low, values)
        self._high = np.maximum(self._high, values)
        return True

    def _interval(self, at: int) -> Interval:
        low = math.ceil(self._low[at] - _EPSILON)
        high = max(math.floor(self._high[at] + _EPSILON), low)
        return Interval(low, high, bool(self._final[at]))

    def intervals(self, wanted: int | None = 2, *, rounds: int = 12) -> dict[Place, Interval]:
        """Bounds per withheld cell; empty where no table fits what the attacker believes.

        Args:
            wanted: a cell is left alone when it is seen to be this wide; None for exact bounds.
            rounds: how often many cells are pushed at once, before each is on its own.
        """
        chance = np.random.default_rng(1)
        if not self._solve(np.zeros(len(self._keys))):
            return {}
        for turn in range(rounds):
            narrow = self._narrow(wanted)
            sign = chance.choice((-1.0, 1.0), len(self._keys)) if turn > 1 else 1.0 - 2.0 * turn
            if narrow.any():
                self._solve(narrow * sign)
        for at in np.flatnonzero(self._narrow(wanted)):
            one = np.eye(1, len(self._keys), at)[0]
            if wanted is None or self._interval(at).width < wanted:
                self._solve(one)
                self._solve(-one)
                self._final[at] = True
        return {
            place: self._interval(at)
            for at, key in enumerate(self._keys)
            for place in self._places[key]
        }

    def _narrow(self, wanted: int | None) -> npt.NDArray[np.bool_]:
        widths = np.array([self._interval(at).width for at in range(len(self._keys))])
        return np.ones(len(widths), dtype=bool) if wanted is None else widths < wanted


def exposed(intervals: Mapping[Place, Interval]) -> Iterator[Place]:
    """Cells of which one value fits."""
    return (place for place, interval in intervals.items() if interval.width == 0)


def too_narrow(intervals: Mapping[Place, Interval], rules: PublicRules) -> Iterator[Place]:
    """Cells closer than the policy asks of a sensitive one, that could be one."""
    for place, interval in intervals.items():
        split = bool(place.category)
        level = rules.split_slide if split else rules.slide
        if interval.width < level and interval.low < rules.smallest(("", place.category)):
            yield place
