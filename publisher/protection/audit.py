"""The auditor: attack intervals by a separate path (PROTECTION section 5).

It reads the relations that the verifier states, not those of the search, and asks for every
withheld cell how low and how high it can be. Cells that earlier solutions already prove wide
are skipped. An interval of a linear program contains the integer one: narrow is final.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from publisher.protection.highs import check_ended, must, quiet_highs
from publisher.protection.verification.claim import Claim, Relation
from publisher.protection.verification.shortened import shortened

_TOLERANCE = 1e-6
_BULK_ROUNDS = 16
_PRIMAL = 4
"""HiGHS's name for the primal simplex method."""


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
            wanted[demand.cell] = max(demand.width, wanted.get(demand.cell, 1))
    if not wanted:
        return Audit((), (), _smallest_union(claim))
    intervals: dict[str, Interval] = {}
    for keys, ties in _parts(claim):
        of_part = {key: wanted[key] for key in keys if key in wanted}
        if of_part:
            intervals |= _Attack(claim, keys, ties).intervals(of_part)
    intervals = {key: intervals[key] for key in wanted}
    exact = tuple(key for key, interval in intervals.items() if interval.width == 0)
    narrow = tuple(
        demand.cell for demand in claim.demands if _too_narrow(intervals, demand.cell, demand.width)
    )
    return Audit(exact, narrow, _smallest_union(claim))


def together(audits: Sequence[Audit]) -> Audit:
    """The audits of the blocks of one period, counts first; only counts have unions of children."""
    return Audit(
        tuple(key for audit in audits for key in audit.exact),
        tuple(key for audit in audits for key in audit.too_narrow),
        audits[0].smallest_union,
    )


def _too_narrow(intervals: dict[str, Interval], cell: str, level: int) -> bool:
    return cell not in intervals or intervals[cell].width < level


def _smallest_union(claim: Claim) -> int | None:
    sums = [
        sum(claim.true[child] for child in union.children if child in claim.withheld)
        for union in claim.unions
        if union.parent not in claim.withheld
    ]
    return min((total for total in sums if total), default=None)


@dataclass(frozen=True, slots=True)
class _Tie:
    """A relation over what is hidden; what is published has moved to its bounds."""

    terms: tuple[tuple[str, int], ...]
    low: float
    high: float


def _parts(claim: Claim) -> list[tuple[list[str], list[_Tie]]]:
    """Hidden quantities that relations tie together, each part with its relations."""
    keys = [key for key in claim.true if claim.is_hidden(key)]
    place = {key: at for at, key in enumerate(keys)}
    relations = shortened(claim.relations)
    ties = [tie for relation in relations if (tie := _tie(claim, relation)) is not None]
    pairs = [(place[tie.terms[0][0]], place[key]) for tie in ties for key, _ in tie.terms]
    label = _labels(len(keys), pairs)
    parts: dict[int, tuple[list[str], list[_Tie]]] = {}
    for key in keys:
        parts.setdefault(label[place[key]], ([], []))[0].append(key)
    for tie in ties:
        parts[label[place[tie.terms[0][0]]]][1].append(tie)
    return list(parts.values())


def _labels(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """For each place the first one that pairs join it to, over however many others."""
    label = list(range(count))

    def first(place: int) -> int:
        while label[place] != place:
            label[place] = label[label[place]]
            place = label[place]
        return place

    for left, right in pairs:
        low, high = sorted((first(left), first(right)))
        label[high] = low
    return [first(place) for place in range(count)]


def _tie(claim: Claim, relation: Relation) -> _Tie | None:
    hidden = tuple(term for term in relation.terms if claim.is_hidden(term[0]))
    if not hidden:
        return None
    known = sum(
        factor * claim.true[key] for key, factor in relation.terms if not claim.is_hidden(key)
    )
    return _Tie(
        hidden,
        -math.inf if relation.low is None else float(relation.low - known),
        math.inf if relation.high is None else float(relation.high - known),
    )


def _direction(turn: int, place: int) -> float:
    """All up, all down, then halves against each other: what sums tie together moves apart."""
    if turn < 2:
        return 1.0 - 2.0 * turn
    half = (place >> (turn // 2 - 1)) & 1
    return 1.0 if half == turn % 2 else -1.0


class _Attack:
    """A reader's linear program over quantities that are not published."""

    def __init__(self, claim: Claim, keys: Sequence[str], ties: Sequence[_Tie]) -> None:
        self._claim = claim
        self._keys = keys
        self._column = {key: place for place, key in enumerate(self._keys)}
        true = np.array([claim.true[key] for key in self._keys], dtype=np.float64)
        self._least, self._most = true.copy(), true.copy()
        self._highs = quiet_highs()
        # Only prices change between programs: the last answer stays primal feasible.
        must(self._highs.setOptionValue("simplex_strategy", _PRIMAL))
        must(self._highs.passModel(self._program(ties)))

    def intervals(self, wanted: dict[str, int]) -> dict[str, Interval]:
        """Interval per cell; only as wide as ``wanted`` asks, which saves most programs."""
        for turn in range(_BULK_ROUNDS):
            narrow = [key for key in wanted if self._width(key) < wanted[key]]
            self._solve(narrow, [_direction(turn, place) for place in range(len(narrow))])
        for key, level in wanted.items():
            for sign in (1.0, -1.0):
                if self._width(key) < level:
                    self._solve([key], [sign])
        return {key: self._interval(key) for key in wanted}

    def _interval(self, key: str) -> Interval:
        column = self._column[key]
        low = math.ceil(self._least[column] - _TOLERANCE)
        return Interval(low, max(math.floor(self._most[column] + _TOLERANCE), low))

    def _width(self, key: str) -> int:
        return self._interval(key).width

    def _solve(self, keys: Sequence[str], signs: Sequence[float]) -> None:
        """Push the keys together, each in its direction, and note how far every quantity went."""
        if not keys:
            return
        columns = np.array([self._column[key] for key in keys], dtype=np.int32)
        must(self._highs.changeColsCost(len(columns), columns, np.array(signs)))
        must(self._highs.run())
        check_ended(self._highs.getModelStatus())
        values = np.array(self._highs.getSolution().col_value)
        self._least = np.minimum(self._least, values)
        self._most = np.maximum(self._most, values)
        must(self._highs.changeColsCost(len(columns), columns, np.zeros(len(columns))))

    def _program(self, ties: Sequence[_Tie]) -> highspy.HighsLp:
        claim, program = self._claim, highspy.HighsLp()
        program.num_col_, program.num_row_ = len(self._keys), len(ties)
        program.col_cost_ = np.zeros(len(self._keys))
        program.col_lower_ = np.array([float(claim.floor(key)) for key in self._keys])
        # Beyond every total no value is interesting; a bound keeps each program finite.
        most = 2.0 * sum(abs(claim.true[key]) for key in self._keys) + 1000.0
        program.col_upper_ = np.full(len(self._keys), most)
        program.row_lower_ = np.array([tie.low for tie in ties])
        program.row_upper_ = np.array([tie.high for tie in ties])
        terms = [term for tie in ties for term in tie.terms]
        matrix = program.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = np.cumsum([0, *(len(tie.terms) for tie in ties)]).astype(np.int32)
        matrix.index_ = np.array([self._column[key] for key, _ in terms], dtype=np.int32)
        matrix.value_ = np.array([float(factor) for _, factor in terms])
        return program
