"""The auditor: attack intervals by a separate path (PROTECTION section 5).

It reads the relations that the verifier states, not those of the search, and asks for every
withheld cell how low and how high it can be. Cells that earlier solutions already prove wide
are skipped. An interval of a linear program contains the integer one: narrow is final.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from publisher.protection.highs import must, quiet_highs
from publisher.protection.verification.claim import Claim, Relation

_TOLERANCE = 1e-6
_BULK_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Interval:
    """Integers between which a withheld cell is seen to lie; final where it is narrow."""

    low: int
    high: int

    @property
    def width(self) -> int:
        """0 where the cell is exactly exposed."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Audit:
    """What an attack on one block finds.

    Attributes:
        exact: withheld cells that a reader can compute.
        too_narrow: sensitive quantities whose interval is narrower than their level.
        smallest_union: the smallest sum of withheld children of a published parent, None
            where no parent has any.
    """

    exact: tuple[str, ...]
    too_narrow: tuple[str, ...]
    smallest_union: int | None


def audit_claim(claim: Claim) -> Audit:
    """Attack every withheld cell and every sensitive latent quantity of a block."""
    wanted = dict.fromkeys(sorted(claim.withheld), 1)
    for demand in claim.demands:
        if claim.is_hidden(demand.cell):
            wanted[demand.cell] = max(demand.level, wanted.get(demand.cell, 1))
    if not wanted:
        return Audit((), (), _smallest_union(claim))
    intervals = _Attack(claim).intervals(wanted)
    exact = tuple(key for key, interval in intervals.items() if interval.width == 0)
    narrow = tuple(
        demand.cell for demand in claim.demands if _too_narrow(intervals, demand.cell, demand.level)
    )
    return Audit(exact, narrow, _smallest_union(claim))


def _too_narrow(intervals: dict[str, Interval], cell: str, level: int) -> bool:
    return cell not in intervals or intervals[cell].width < level


def _smallest_union(claim: Claim) -> int | None:
    sums = [
        sum(claim.true[child] for child in union.children if child in claim.withheld)
        for union in claim.unions
        if union.parent not in claim.withheld
    ]
    return min((total for total in sums if total), default=None)


class _Attack:
    """A reader's linear program over the quantities that are not published."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._keys = [key for key in claim.true if claim.is_hidden(key)]
        self._column = {key: place for place, key in enumerate(self._keys)}
        true = np.array([claim.true[key] for key in self._keys], dtype=np.float64)
        self._least, self._most = true.copy(), true.copy()
        self._highs = quiet_highs()
        must(self._highs.passModel(self._program()))

    def intervals(self, wanted: dict[str, int]) -> dict[str, Interval]:
        """Interval per cell; only as wide as ``wanted`` asks, which saves most programs."""
        for _ in range(_BULK_ROUNDS):
            for sign in (1.0, -1.0):
                narrow = [key for key in wanted if self._width(key) < wanted[key]]
                self._solve(narrow, sign)
        for key, level in wanted.items():
            for sign in (1.0, -1.0):
                if self._width(key) < level:
                    self._solve([key], sign)
        return {key: self._interval(key) for key in wanted}

    def _interval(self, key: str) -> Interval:
        column = self._column[key]
        low = math.ceil(self._least[column] - _TOLERANCE)
        return Interval(low, max(math.floor(self._most[column] + _TOLERANCE), low))

    def _width(self, key: str) -> int:
        return self._interval(key).width

    def _solve(self, keys: Sequence[str], sign: float) -> None:
        """Push the keys together in one direction and note how far every quantity went."""
        if not keys:
            return
        columns = np.array([self._column[key] for key in keys], dtype=np.int32)
        must(self._highs.changeColsCost(len(columns), columns, np.full(len(columns), sign)))
        must(self._highs.run())
        status = self._highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"the audit ended with status {status.name}")
        values = np.array(self._highs.getSolution().col_value)
        self._least = np.minimum(self._least, values)
        self._most = np.maximum(self._most, values)
        must(self._highs.changeColsCost(len(columns), columns, np.zeros(len(columns))))

    def _program(self) -> highspy.HighsLp:
        claim, program = self._claim, highspy.HighsLp()
        ties = [tie for relation in claim.relations if (tie := self._tie(relation)) is not None]
        program.num_col_, program.num_row_ = len(self._keys), len(ties)
        program.col_cost_ = np.zeros(len(self._keys))
        program.col_lower_ = np.array([float(claim.floor(key)) for key in self._keys])
        # Beyond every total no value is interesting; a bound keeps each program finite.
        program.col_upper_ = np.full(len(self._keys), 2.0 * sum(claim.true.values()) + 1000.0)
        program.row_lower_ = np.array([low for _, _, low, _ in ties])
        program.row_upper_ = np.array([high for _, _, _, high in ties])
        lengths = [len(columns) for columns, _, _, _ in ties]
        matrix = program.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
        matrix.index_ = np.array([c for columns, _, _, _ in ties for c in columns], dtype=np.int32)
        matrix.value_ = np.array([f for _, factors, _, _ in ties for f in factors])
        return program

    def _tie(self, relation: Relation) -> tuple[list[int], list[float], float, float] | None:
        """A relation over what is hidden; what is published moves to its bounds."""
        known = sum(
            factor * self._claim.true[key]
            for key, factor in relation.terms
            if key not in self._column
        )
        hidden = [(key, factor) for key, factor in relation.terms if key in self._column]
        if not hidden:
            return None
        return (
            [self._column[key] for key, _ in hidden],
            [float(factor) for _, factor in hidden],
            -math.inf if relation.low is None else float(relation.low - known),
            math.inf if relation.high is None else float(relation.high - known),
        )
