"""A supplier as the attacker: it knows its own clients at every school, and subtracts them.

It has what every reader has, and per school and form how many children it helps there itself;
that is counted here from the children, not taken from the tally. Two ways in: whole numbers by
program (``told_to``), and every table one by one (``enumerated``), which share nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from publisher.protection import Protected, Published, Rules, protect_tally, verify_protection
from publisher.protection.certificates import Certificate
from shared.contract.tally import Tally
from shared.reference import Reference, municipality_key
from tests.support.amounts import Child, amount_tally
from tests.support.attack_intervals import Attack, System, too_narrow
from tests.support.attacker import View
from tests.support.protection import PERIOD
from tests.support.told import released

FEW = 10
"""So many others a supplier must be left with, or none."""
MOST_TABLES = 400_000
ROOM = 3
"""How far above its true value the enumeration takes a count."""

Told = tuple[str, str]
"""Unit and form of a count that tells of few others."""
Counts = Counter[tuple[str, str]]
"""Children per piece and form; ``""`` is all of them together."""


@dataclass(frozen=True)
class Region:
    """Schools with their clients, and what is published of them."""

    bundle: Reference
    children: tuple[Child, ...]
    published: tuple[Published, ...]
    pupils: int = 400

    @cached_property
    def tally(self) -> Tally:
        """Counted in plain loops."""
        everywhere = {(school.code, 1): self.pupils for school in self.bundle.schools}
        return amount_tally(self.bundle, self.children, everywhere)

    def protect(self, rules: Rules) -> Protected:
        """Its release."""
        return protect_tally(self.tally, self.bundle, rules, self.published)

    def verify(
        self, made: Protected, rules: Rules, proofs: Sequence[Certificate] | None = None
    ) -> None:
        """The gate of a release, with its own certificates or with others."""
        certificates = made.certificates if proofs is None else proofs
        verify_protection(made.cells, self.tally, self.bundle, rules, self.published, certificates)

    def counts(self, supplier: int | None = None) -> Counts:
        """Children per school and per residence, by form; of one supplier where it is named."""
        found: Counts = Counter()
        for child in self.children:
            forms = {care.form for care in child.care if supplier in (None, care.supplier)}
            for piece in (child.school, f"residence {municipality_key(child.residence)}"):
                found.update((piece, form) for form in (*forms, *([""] if forms else [])))
        return found

    def suppliers(self) -> tuple[int, ...]:
        """Every municipality that helps somebody."""
        return tuple(sorted({care.supplier for child in self.children for care in child.care}))


def told_to(region: Region, made: Protected, supplier: int) -> set[Told]:
    """Counts of a form of which a supplier learns a small number of others, to within one."""
    view = View.of(released(made.cells), region.bundle, PERIOD)
    every, own = region.counts(), region.counts(supplier)
    shown, hidden = set[Told](), set()
    few: dict[object, Told] = {}
    for (measure, form), cells in view.cells.items():
        for (level, unit), value in cells.items():
            pieces = view.groups[level, unit] if measure == "clients" else frozenset[str]()
            true = sum(every[piece, form] for piece in pieces)
            mine = sum(own[piece, form] for piece in pieces)
            place = view.place((measure, form), (level, unit))
            if true and value is None:
                hidden.add(place)
            if form and mine and 1 <= true - mine < FEW:
                few[place] = (unit, form)
                if value is not None:
                    shown.add((unit, form))
    known = {(("clients", form), piece): count for (piece, form), count in own.items()}
    intervals = Attack(System(view, hidden, known)).intervals()
    assert intervals or not view.hidden(), "the truth itself must fit"
    return shown | {few[place] for place in too_narrow(intervals) if place in few}


def enumerated(
    region: Region, made: Protected, supplier: int, forms: Sequence[str]
) -> set[Told] | None:
    """The same of a region published per school and in all, from every table that fits.

    Args:
        region: its clients have these forms only.
        made: its release.
        supplier: who looks.
        forms: what is counted.

    Returns:
        None where there are too many tables, or where other forms are withheld: somebody can then
        have one of those.
    """
    schools = [school.code for school in region.bundle.schools]
    shown = _shown(made)
    if any(value is None and form not in ("", *forms) for (_, form), value in shown.items()):
        return None
    every, own = region.counts(), region.counts(supplier)
    places = [(code, form) for code in schools for form in ("", *forms)]
    options = [
        np.arange(max(own[place], min(every[place], 1)), every[place] + ROOM + 1)
        if shown[place] is None
        else np.array([every[place]])
        for place in places
    ]
    if np.prod([len(option) for option in options], dtype=np.float64) > MOST_TABLES:
        return None
    grid = [axis.ravel() for axis in np.meshgrid(*options, indexing="ij")]
    tables: dict[Told, NDArray[np.int64]] = dict(zip(places, grid, strict=True))
    for form in ("", *forms):
        tables["region", form] = np.sum([tables[code, form] for code in schools], axis=0)
        every["region", form] = sum(every[code, form] for code in schools)
        own["region", form] = sum(own[code, form] for code in schools)
    fits = np.ones(len(grid[0]), dtype=np.bool_)
    for code in schools:
        parts = [tables[code, form] for form in forms]
        fits &= (tables[code, ""] >= np.max(parts, axis=0)) & (
            tables[code, ""] <= np.sum(parts, axis=0)
        )
    for form in ("", *forms):
        if shown["region", form] is not None:
            fits &= tables["region", form] == every["region", form]
    assert fits.any(), "the truth itself must fit"
    return {
        place
        for place, values in tables.items()
        if place[1] and own[place] and 1 <= every[place] - own[place] < FEW
        and np.ptp(values[fits]) < 2
    }  # fmt: skip


def _shown(made: Protected) -> Mapping[Told, int | None]:
    rows = made.cells[made.cells["measure"] == "clients"]
    return {
        (unit, form): None if status == "c" else int(value)
        for unit, form, value, status in rows[["unit", "category", "value", "status"]].to_numpy()
    }
