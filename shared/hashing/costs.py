"""Bring declarations to the trajectory and the period that they belong to.

A declaration is spread over the days of its own period. What falls in a period of the round
lands on that period's row of the trajectory; where the trajectory has no row there, on the
nearest one, so that no money gets lost within the round.

Source: DESIGN 3.2 (cost pro rata by day); DOMAIN 7, indicator 9 (awarded, else submitted; D - C).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.codes import Form
from shared.contract.periods import Period
from shared.hashing.amounts import Amounts, AmountState, parse_cents, parse_hundredths
from shared.hashing.checks import Check
from shared.hashing.dates import day_number
from shared.hashing.fields import (
    UNKNOWN,
    Ints,
    assignment_keys,
    leave_out_other_care,
    meaning,
    providers,
)
from shared.hashing.profile import Profile
from shared.hashing.rows import Mask, Rows
from shared.hashing.trajectories import PeriodRows, Trajectories

MAX_CENTS = 100_000_000
HALF_DAY_UNIT = {"16": 1}
"""WJ756: *dagdeel*, four hours."""
_SIGNS = {"D": 1, "DEBET": 1, "C": -1, "CREDIT": -1}
_PROVIDERS = 10**8


@dataclass(frozen=True, slots=True)
class DeliveredCare:
    """What declarations are matched with.

    Attributes:
        people: the normalised number of every person.
        keys: the assignment number of every assignment; empty where it has none.
    """

    people: pa.StringArray = field(repr=False)
    keys: pa.StringArray = field(repr=False)
    trajectories: Trajectories = field(repr=False)
    rows: PeriodRows = field(repr=False)
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class _Declared:
    """Declarations that are sound."""

    person: Ints
    key: Ints
    provider: Ints
    form: Ints
    begin: Ints
    end: Ints


class _Index:
    """Trajectories by a key and a provider."""

    def __init__(self, keys: Ints, providers: Ints, trajectories: Ints) -> None:
        pairs = np.unique(
            np.stack([_joined(keys, providers), trajectories], axis=1)[keys >= 0], axis=0
        )
        self._keys, self._trajectories = pairs[:, 0], pairs[:, 1]

    def candidates(self, keys: Ints, providers: Ints) -> tuple[Ints, Ints]:
        """Pairs of a row and a trajectory that it can belong to."""
        wanted = np.where(keys < 0, -1, _joined(keys, providers))
        low = np.searchsorted(self._keys, wanted, "left")
        high = np.searchsorted(self._keys, wanted, "right")
        counts = high - low
        rows = np.repeat(np.arange(len(wanted)), counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, self._trajectories[np.repeat(low, counts) + within]


def _joined(keys: Ints, providers: Ints) -> Ints:
    return keys * _PROVIDERS + providers


class CostBook:
    """Adds up cents and half days per row of the delivery."""

    def __init__(self, care: DeliveredCare) -> None:
        self._care = care
        self._keys = pc.unique(care.keys).filter(pc.not_equal(pc.unique(care.keys), ""))
        key = _positions(care.keys, self._keys)
        of = care.trajectories.of_assignment
        every = np.arange(len(care.trajectories.start))
        self._by_key = _Index(key, care.trajectories.provider[of], of)
        self._by_person = _Index(care.trajectories.person, care.trajectories.provider, every)
        self._target = _nearest(care.rows.row_of)
        self._cents = np.zeros(len(care.rows.trajectory), np.int64)
        self._half_days = np.zeros(len(care.rows.trajectory), np.int64)

    def euros(self) -> Ints:
        """Whole euros per row, half a euro away from zero."""
        return _rounded(self._cents)

    def half_days(self) -> Ints:
        """Whole half days (*dagdelen*) per row; a credit beyond what was given counts as 0."""
        return np.maximum(_rounded(self._half_days), 0)

    def add(self, rows: Rows, profile: Profile) -> None:
        """Add the declarations of one file."""
        leave_out_other_care(rows, profile)
        cents, hundredths = _quantities(rows)
        declared = self._declared(rows, profile)
        self._check_in_round(rows, declared)
        if not len(self._care.trajectories.start):
            rows.flag(Check.COST_UNMATCHED, rows.alive, "assignment")
            return
        trajectory = self._match(declared)
        lost = (trajectory < 0) | (self._target[trajectory, 0] < 0)
        rows.flag(Check.COST_UNMATCHED, lost, "assignment")
        used = np.flatnonzero(rows.alive)
        day_care = self._care.trajectories.form[trajectory] == Form.DAY_CARE
        hundredths = np.where(day_care, hundredths, 0)
        moved = np.zeros(len(trajectory), np.bool_)
        for index, period in enumerate(self._care.periods):
            first, last = day_number(period.starts_on), day_number(period.ends_on)
            inside = used[(declared.begin[used] <= last) & (declared.end[used] >= first)]
            moved[inside] |= self._care.rows.row_of[trajectory[inside], index] < 0
            target = self._target[trajectory[inside], index]
            span = (declared.begin[inside], declared.end[inside], first, last)
            np.add.at(self._cents, target, spread(cents[inside], *span))
            np.add.at(self._half_days, target, spread(hundredths[inside], *span))
        rows.flag(Check.COST_MOVED, moved, "declared_from")

    def _declared(self, rows: Rows, profile: Profile) -> _Declared:
        numbers = rows.numbers(refuse=False)
        begin, end = rows.dates("declared_from"), rows.dates("declared_to")
        wrong = ~begin.usable | ~end.usable | (end.days < begin.days)
        rows.flag(Check.DECLARED_PERIOD_UNUSABLE, wrong, "declared_from")
        provider = providers(rows)
        nowhere = np.full(len(provider), UNKNOWN, np.int64)
        return _Declared(
            _positions(numbers, self._care.people),
            _positions(assignment_keys(rows), self._keys),
            provider,
            meaning(rows, profile, nowhere).form,
            np.where(wrong, 0, begin.days).astype(np.int64),
            np.where(wrong, 0, end.days).astype(np.int64),
        )

    def _check_in_round(self, rows: Rows, declared: _Declared) -> None:
        outside = np.ones(len(declared.begin), np.bool_)
        for period in self._care.periods:
            first, last = day_number(period.starts_on), day_number(period.ends_on)
            outside &= (declared.end < first) | (declared.begin > last)
        rows.flag(Check.COST_OUTSIDE, outside, "declared_from")

    def _match(self, declared: _Declared) -> Ints:
        """The trajectory of every declaration, or -1.

        1. By assignment number and provider, unless the number is of another child.
        2. Else by child and provider, where the declared period overlaps the care.
        """
        result = np.full(len(declared.begin), -1, np.int64)
        rows, found = self._by_key.candidates(declared.key, declared.provider)
        person = declared.person[rows]
        own = (person < 0) | (person == self._care.trajectories.person[found])
        self._choose(result, declared, rows[own], found[own])
        rows, found = self._by_person.candidates(declared.person, declared.provider)
        open_ = (result[rows] < 0) & (self._overlap(declared, rows, found) > 0)
        self._choose(result, declared, rows[open_], found[open_])
        return result

    def _overlap(self, declared: _Declared, rows: Ints, found: Ints) -> Ints:
        care = self._care.trajectories
        until = np.minimum(declared.end[rows], care.end[found])
        days: Ints = until - np.maximum(declared.begin[rows], care.start[found]) + 1
        return np.maximum(days, 0)

    def _choose(self, result: Ints, declared: _Declared, rows: Ints, found: Ints) -> None:
        """Of several trajectories: the one of the same form, most overlap, earliest start."""
        care = self._care.trajectories
        other_form = care.form[found] != declared.form[rows]
        overlap = self._overlap(declared, rows, found)
        order = np.lexsort((found, care.start[found], -overlap, other_form, rows))
        best = np.ones(len(order), np.bool_)
        best[1:] = rows[order][1:] != rows[order][:-1]
        result[rows[order][best]] = found[order][best]


def _quantities(rows: Rows) -> tuple[Ints, Ints]:
    """Signed cents, and signed hundredths of half days."""
    amounts = _amounts(rows)
    rows.flag(Check.AMOUNT_UNUSABLE, ~amounts.is_state(AmountState.OK), _amount_column(rows))
    rows.flag(Check.AMOUNT_TOO_LARGE, np.abs(amounts.values) > MAX_CENTS, _amount_column(rows))
    column = rows.coded("sign")
    signs = column.lookup(_SIGNS, UNKNOWN * 2)
    rows.flag(Check.SIGN_UNKNOWN, (signs == UNKNOWN * 2) & ~column.empty(), "sign")
    credit = signs == _SIGNS["C"]
    cents = np.where(credit, -np.abs(amounts.values), amounts.values)
    volume = rows.amounts("volume", parse_hundredths)
    in_half_days = rows.coded("unit").lookup(HALF_DAY_UNIT, 0) == 1
    unreadable = in_half_days & volume.is_state(AmountState.INVALID)
    rows.flag(Check.VOLUME_UNUSABLE, unreadable, "volume")
    given = np.where(in_half_days, volume.values, 0)
    return cents, np.where(credit, -np.abs(given), given)


def _amounts(rows: Rows) -> Amounts:
    """What was awarded, else what was submitted."""
    awarded = rows.amounts("granted_cents", parse_cents).otherwise(
        rows.amounts("granted_eur", parse_hundredths)
    )
    return awarded.otherwise(rows.amounts("submitted_cents", parse_cents)).otherwise(
        rows.amounts("submitted_eur", parse_hundredths)
    )


def _amount_column(rows: Rows) -> str:
    names = ("granted_cents", "granted_eur", "submitted_cents", "submitted_eur")
    return next((name for name in names if rows.has(name)), "")


def _positions(texts: pa.StringArray, of: pa.StringArray) -> Ints:
    """Where each text stands in ``of``; -1 where it does not."""
    found = pc.index_in(texts, value_set=of, skip_nulls=True).fill_null(-1)
    positions: Ints = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return positions


def _nearest(row_of: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Per trajectory and period the row of the nearest period that has one; -1 for none at all."""
    nearest = row_of.copy()
    count = row_of.shape[1]
    for index in range(count):
        for other in sorted(range(count), key=lambda p: (abs(p - index), p)):
            gap: Mask = nearest[:, index] < 0
            nearest[gap, index] = row_of[gap, other]
    return nearest


def spread(amounts: Ints, begin: Ints, end: Ints, first: int, last: int) -> Ints:
    """The part of each amount that falls from ``first`` to ``last``, pro rata by day.

    The parts of adjoining intervals add up to the amount exactly.
    """
    days = end - begin + 1
    before = np.clip(first - begin, 0, days)
    until = np.clip(last + 1 - begin, 0, days)
    size = np.abs(amounts)
    part: Ints = np.sign(amounts) * (size * until // days - size * before // days)
    return part


def _rounded(hundredths: Ints) -> Ints:
    whole: Ints = np.sign(hundredths) * ((np.abs(hundredths) + 50) // 100)
    return whole
