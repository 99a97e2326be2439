"""Rounded tables of generated regions, attacked: no count is placed closer than the policy asks.

The reader has the exact tables, the rounded ones and what the measures mean. It states its own
relations over schools, and places every rounded and every withheld count between bounds in whole
numbers. It shares no code with protection.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from publisher.protection import (
    Protected,
    Published,
    RoundedTable,
    Rounding,
    protect_tally,
    verify_protection,
)
from shared.contract.tally import Tally
from shared.redaction import Secret
from shared.reference import Level, Reference
from tests.support.assurance import figure, record
from tests.support.attacker import SPLIT_SLIDE, SPLIT_THRESHOLD
from tests.support.corrections import RULES, region
from tests.support.protection import FORMS, PUBLISHED, SPLIT_LEVELS, tally

KEY = Secret(bytes(range(32)))
MENTAL, VIA_GP = "clients_mental_health", "clients_mental_health_via_gp"
TABLES = (
    *PUBLISHED[:2],
    Published("clients_of_kind", (Level.SCHOOL, *SPLIT_LEVELS)),
    Published(VIA_GP, SPLIT_LEVELS),
)
ROUNDING = Rounding(
    (RoundedTable("forms_school", "clients_by_form"), RoundedTable("gp_school", VIA_GP)), KEY
)
FURTHEST = 4
"""Between a rounded count and the multiple that it is shown at."""

Quantity = tuple[str, str]  # measure, category
PART_OF: dict[Quantity, Quantity] = {
    (VIA_GP, ""): (MENTAL, ""),
    (MENTAL, ""): ("clients", ""),
    **{("clients", form): ("clients", "") for form in FORMS},
}
"""What a reader knows from what the measures mean: who is one of which others."""


@dataclass
class Reader:
    """What a reader can compute from one release."""

    bundle: Reference
    cells: pd.DataFrame
    rounded: pd.DataFrame
    columns: dict[tuple[Quantity, str], int] = field(default_factory=dict)
    rows: list[tuple[dict[int, int], float, float]] = field(default_factory=list)
    wanted: list[tuple[str, dict[int, int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        quantities = [*PART_OF, ("clients", "")]
        for quantity in quantities:
            for school in self.bundle.schools:
                self.columns[quantity, school.code] = len(self.columns)
        shown = self._read_exact(set(quantities))
        for part, whole in PART_OF.items():
            for school in self.bundle.schools:
                self._tie({(whole, school.code): 1, (part, school.code): -1}, 0)
            for (quantity, level, unit), value in shown.items():
                if quantity == part and value and shown.get((whole, level, unit)) is None:
                    # The rules show a part only where it leaves many others.
                    terms = self._terms(whole, level, unit)
                    self.rows.append((terms, value + SPLIT_THRESHOLD, np.inf))
        for school in self.bundle.schools:
            forms = {(("clients", form), school.code): 1 for form in FORMS}
            self._tie({**forms, (("clients", ""), school.code): -1}, 0)
        for row in self.rounded.to_dict("records"):
            column = self.columns[(row["measure"], row["category"]), row["unit"]]
            if row["status"] == "r":
                low, high = row["value"] - FURTHEST, row["value"] + FURTHEST
                self.rows.append(({column: 1}, low, high))
                self.wanted.append(("rounded", {column: 1}))

    def _read_exact(self, known: set[Quantity]) -> dict[tuple[Quantity, str, str], int | None]:
        shown: dict[tuple[Quantity, str, str], int | None] = {}
        for row in self.cells.to_dict("records"):
            quantity, level = (row["measure"], row["category"]), row["level"]
            if quantity not in known or level == Level.RESIDENCE.value:
                continue
            terms = self._terms(quantity, level, row["unit"])
            value = None if row["status"] == "c" else int(row["value"])
            shown[quantity, level, row["unit"]] = value
            if value is not None:
                self.rows.append((terms, value, value))
            elif quantity in PART_OF:
                self.wanted.append(("withheld", terms))
        return shown

    def _terms(self, quantity: Quantity, level: str, unit: str) -> dict[int, int]:
        return {
            self.columns[quantity, school.code]: 1
            for school in self.bundle.schools
            if school.units().get(Level(level)) == unit
        }

    def _tie(self, terms: dict[tuple[Quantity, str], int], low: float) -> None:
        self.rows.append(({self.columns[key]: n for key, n in terms.items()}, low, np.inf))

    def widths(self) -> Iterator[tuple[str, int]]:
        """Per count that is not known: what it is, and greatest minus least value that fits."""
        terms, lows, highs = zip(*self.rows, strict=True)
        ties = LinearConstraint(self._matrix(list(terms)), lows, highs)
        for kind, of in self.wanted:
            weights = self._matrix([of]).toarray()[0]
            ends = []
            for sign in (1.0, -1.0):
                answer = milp(
                    sign * weights, integrality=1, bounds=Bounds(0, 1_000), constraints=ties,
                    options={"presolve": False},
                )  # fmt: skip
                assert answer.x is not None, "the truth itself must fit"
                ends.append(round(float(weights @ np.round(answer.x))))
            yield kind, ends[1] - ends[0]

    def _matrix(self, rows: list[dict[int, int]]) -> csr_array:
        where = [(at, column) for at, terms in enumerate(rows) for column in terms]
        values = [float(factor) for terms in rows for factor in terms.values()]
        places = tuple(np.array(where, dtype=np.int64).reshape(-1, 2).T)
        return csr_array((values, places), shape=(len(rows), len(self.columns)))


def counted(seed: int) -> tuple[Reference, Tally]:
    bundle, places = region(seed, 16)
    return bundle, tally(bundle, places, kinds=True)


def protected(bundle: Reference, of: Tally) -> Protected:
    return protect_tally(of, bundle, RULES, TABLES, rounding=ROUNDING)


def test_no_rounded_or_withheld_count_is_placed_closely() -> None:
    attacked, begin = 0, time.monotonic()
    for seed in range(1, 1 + figure(2, 40)):
        bundle, of = counted(seed)
        made = protected(bundle, of)
        verify_protection(
            made.cells, of, bundle, RULES, TABLES, made.certificates, (), ROUNDING, made.rounded
        )
        shown = made.rounded[made.rounded["status"] == "r"]
        assert set(shown["table"]) == {"forms_school", "gp_school"}
        for kind, width in Reader(bundle, made.cells, made.rounded).widths():
            assert width >= (SPLIT_SLIDE if kind == "rounded" else 1)
            attacked += 1
    record("rounded and withheld counts beside each other, attacked in whole numbers",
           attacked, attacked, 0, time.monotonic() - begin)  # fmt: skip
    assert attacked > 100


def test_the_attack_sees_what_would_be_told_by_rounding_everything() -> None:
    """Mutation: a count of the rounded tables that was withheld is shown after all."""
    found = 0
    for seed in (1, 2):
        bundle, of = counted(seed)
        made = protected(bundle, of)
        truth = {
            (row["unit"], row["measure"], row["category"]): row["value"]
            for row in of.cells.to_pylist()
            if row["level"] == Level.SCHOOL.value
        }
        rows = made.rounded.copy()
        for at in rows.index[rows["status"] == "c"]:
            place = tuple(rows.loc[at, ["unit", "measure", "category"]])
            rows.loc[at, ["value", "status"]] = [5 * round(truth.get(place, 0) / 5), "r"]
        widths = Reader(bundle, made.cells, rows).widths()
        found += any(width < SPLIT_SLIDE for kind, width in widths if kind == "rounded")
    assert found
