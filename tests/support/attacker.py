"""An attack on a published release by a reader who computes; it shares no code with protection.

It has what every reader has: released tables, the public reference bundle and the rules of
docs/protection.md. From these it states its own relations, and then tries three ways in:

1. ``subtraction``: sums and differences of published numbers, exactly (linear algebra).
2. ``small_groups`` and ``careless_cells``: published numbers that together tell about a few
   children, although no withheld cell is computed.
3. ``intervals`` (``tests.support.attack_intervals``): the least and the greatest value of each
   withheld cell over all tables of whole numbers that fit.

Findings name places and never values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from publisher.released import ReleasedTable
from shared.reference import UNKNOWN_TYPE, Level, Reference

Quantity = tuple[str, str]  # measure, category; other than of a form, with what it splits by
Name = tuple[str, str]  # level, unit
Group = frozenset[str]  # pieces: schools, elsewhere per type, or places of residence
Remainder = tuple[Name, Group, tuple[Group, ...]]  # unit, what is left, what was taken out

PUPILS, CLIENTS, NOT_COVERED = ("pupils", ""), ("clients", ""), ("not_covered", "")
COUNTED = {measure for measure, _ in (PUPILS, CLIENTS, NOT_COVERED)}
"""What this attacker knows relations of."""
QUOTIENTS = {"clients_per_100_pupils": (PUPILS, CLIENTS), "coverage_percent": (PUPILS,)}
THRESHOLD, SPLIT_THRESHOLD, ZERO_PARENT_MIN, SLIDE, SPLIT_SLIDE = 5, 10, 10, 1, 2
"""The parameters that docs/protection.md gives to every reader."""
_SPLIT_BY = {
    "clients_by_education": "education",
    "clients_by_flow": "flow",
    "clients_by_provider": "provider",
}
"""Tables of which a code can also be that of a form."""
_OVERLAPPING = ("form", "provider")
"""A child can have several; of other splits the categories add up to the total."""
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
    return SPLIT_THRESHOLD if is_split(quantity) else THRESHOLD


def is_split(quantity: Quantity) -> bool:
    """Whether it tells something sensitive of a part: which education pupils follow does not."""
    return bool(quantity[1]) and quantity[0] != PUPILS[0]


def named(table: str, category: str) -> str:
    """A category under a name of its own: 1 to 4 are forms, and educations as well."""
    return f"{_SPLIT_BY[table]}={category}" if category and table in _SPLIT_BY else category


def _split_by(split: Quantity) -> str:
    by, equals, _ = split[1].partition("=")
    return by if equals else "form"


def whole_of(split: Quantity) -> Quantity:
    """The total that a zero of a split stands under."""
    return (PUPILS[0], split[1]) if split[1].startswith("education=") else CLIENTS


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
                category = named(table.id, row["category"])
                known = cells.setdefault((measure, category), {})
                if name in known and known[name] != row["value"]:
                    torn.add(Place(period, measure, category, *name))
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

    @property
    def overlapping(self) -> list[list[Quantity]]:
        """The splits of which a child can be in several, together by what they split by."""
        found: dict[str, list[Quantity]] = {}
        for split in self.splits:
            found.setdefault(_split_by(split), []).append(split)
        return [found[by] for by in _OVERLAPPING if by in found]

    @property
    def sums(self) -> list[tuple[Quantity, list[Quantity]]]:
        """Totals with the categories that add up to them."""
        found: dict[tuple[str, str], list[Quantity]] = {}
        for measure, category in self.cells:
            by = _split_by((measure, category))
            if category and by not in _OVERLAPPING:
                found.setdefault((measure, by), []).append((measure, category))
        return [((measure, ""), parts) for (measure, _), parts in found.items()]

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
    def joint_of_piece(self) -> dict[str, frozenset[Name]]:
        """Around arrangements a school is a part of several units of one level, or of none."""
        joint = self.reference.arrangements
        taken = {code for each in joint for code in each.schools}
        type_of = {each.code: each.type for each in self.reference.schools if each.in_region}
        return {
            code: frozenset(
                ("arrangement" if code in each.schools else "comparison", str(each.number))
                for each in joint
                if code in each.schools
                or (code not in taken and kind in {type_of.get(own) for own in each.schools})
            )
            for code, kind in type_of.items()
        }

    def names_of_piece(self, piece: str) -> list[Name]:
        """Every unit that a piece is a part of, those around arrangements last."""
        joint = self.joint_of_piece.get(piece, frozenset())
        return [*self.units_of_piece[piece].items(), *sorted(joint)]

    @cached_property
    def groups(self) -> dict[Name, Group]:
        """The pieces that each named unit is the sum of."""
        found: dict[Name, set[str]] = {}
        for piece in self.units_of_piece:
            for name in self.names_of_piece(piece):
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
            whole = view.cells[whole_of(split)].get(name)
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
    for whole, part in [(PUPILS, CLIENTS), *((whole_of(split), split) for split in view.splits)]:
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
