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

from shared.contract.codes import Form
from shared.contract.periods import Period
from shared.hashing.checking.rows import Mask, Rows
from shared.hashing.checks import Check
from shared.hashing.deriving.declared import SeenLines
from shared.hashing.deriving.fields import UNKNOWN, Ints, leave_out_other_care, meaning, providers
from shared.hashing.deriving.keys import NO_KEY, person_codes, row_hashes, text_codes
from shared.hashing.deriving.quantities import Lines, quantities
from shared.hashing.deriving.trajectories import OPEN_FROM, PeriodRows, Trajectories
from shared.hashing.reading.dates import day_number
from shared.hashing.systems.profile import Profile

_PROVIDERS = 10**8


@dataclass(frozen=True, slots=True)
class DeliveredCare:
    """What declarations are matched with.

    Attributes:
        people: the number of every person as ``person_codes`` has it, in order.
        keys: the assignment number of every assignment, as ``text_codes`` has it.
    """

    people: Ints = field(repr=False)
    keys: Ints = field(repr=False)
    trajectories: Trajectories = field(repr=False)
    rows: PeriodRows = field(repr=False)
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class _Declared:
    """What declarations are about.

    Attributes:
        number, written, product: the child, the assignment number and the product as codes.
        person, key: where that child and that assignment number stand; -1 where they do not.
    """

    number: Ints
    written: Ints
    product: Ints
    person: Ints
    key: Ints
    provider: Ints
    form: Ints
    begin: Ints
    end: Ints


@dataclass(frozen=True, slots=True)
class _Booking:
    """Amounts on their way to the rows of a trajectory."""

    trajectory: Ints
    begin: Ints
    end: Ints
    cents: Ints
    half_days: Ints

    def take(self, at: npt.NDArray[np.int64]) -> _Booking:
        """Those at ``at``."""
        return _Booking(
            self.trajectory[at], self.begin[at], self.end[at], self.cents[at], self.half_days[at]
        )


class _Index:
    """Trajectories by a key and a provider."""

    def __init__(self, keys: Ints, providers: Ints, trajectories: Ints) -> None:
        pairs = np.unique(
            np.stack([_joined(keys, providers), trajectories], axis=1)[keys >= 0], axis=0
        )
        self._keys, begins = np.unique(pairs[:, 0], return_index=True)
        self._begins = np.append(begins, len(pairs))
        self._trajectories = pairs[:, 1].copy()

    def candidates(self, keys: Ints, providers: Ints) -> tuple[Ints, Ints]:
        """Pairs of a row and a trajectory that it can belong to."""
        at = _positions(np.where(keys < 0, -1, _joined(keys, providers)), self._keys)
        low = np.where(at < 0, 0, self._begins[at])
        counts = np.where(at < 0, 0, self._begins[at + 1] - low)
        rows = np.repeat(np.arange(len(keys)), counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, self._trajectories[np.repeat(low, counts) + within]


def _joined(keys: Ints, providers: Ints) -> Ints:
    return keys * _PROVIDERS + providers


class CostBook:
    """Adds up cents and half days per row of the delivery."""

    def __init__(self, care: DeliveredCare) -> None:
        self._care = care
        self._keys = np.unique(care.keys[care.keys != NO_KEY])
        key = _positions(care.keys, self._keys)
        of = care.trajectories.of_assignment
        every = np.arange(len(care.trajectories.start))
        self._by_key = _Index(key, care.trajectories.provider[of], of)
        self._by_person = _Index(care.trajectories.person, care.trajectories.provider, every)
        self._target = _nearest(care.rows.row_of)
        self._cents = np.zeros(len(care.rows.trajectory), np.int64)
        self._half_days = np.zeros(len(care.rows.trajectory), np.int64)
        self._lines = SeenLines()
        self._taken_back: list[tuple[npt.NDArray[np.uint64], _Booking]] = []

    def euros(self) -> Ints:
        """Whole euros per row, half a euro away from zero."""
        return _rounded(self._cents)

    def half_days(self) -> Ints:
        """Whole half days (*dagdelen*) per row; a credit beyond what was given counts as 0."""
        return np.maximum(_rounded(self._half_days), 0)

    def add(self, rows: Rows, profile: Profile) -> None:
        """Add a block of declarations."""
        leave_out_other_care(rows, profile)
        lines = quantities(rows)
        declared = self._declared(rows, profile)
        self._check_in_round(rows, declared)
        if not len(self._care.trajectories.start):
            rows.flag(Check.COST_UNMATCHED, rows.alive, "assignment")
            return
        trajectory = self._match(declared)
        lost = (trajectory < 0) | (self._target[trajectory, 0] < 0)
        rows.flag(Check.COST_UNMATCHED, lost, "assignment")
        day_care = self._care.trajectories.form[trajectory] == Form.DAY_CARE
        half_days = np.where(day_care, lines.half_days, 0)
        booking = _Booking(trajectory, declared.begin, declared.end, lines.cents, half_days)
        self._leave_out_again(rows, declared, lines, booking)
        used = np.flatnonzero(rows.alive)
        moved = np.zeros(len(trajectory), np.bool_)
        moved[used] = self._book(booking.take(used), 1)
        rows.flag(Check.COST_MOVED, moved, "declared_from")

    def add_direct(self, cents: Ints, start: Ints, end: Ints) -> None:
        """Add what the assignments themselves say that they cost, spread over their own days.

        Args:
            cents: per assignment, in the order of ``keys``.
            start, end: its days; care that still runs is spread until the round's last day.
        """
        used = np.flatnonzero(cents)
        if not used.size:
            return
        trajectory = self._care.trajectories.of_assignment[used]
        last = max(day_number(period.ends_on) for period in self._care.periods)
        until = np.where(end[used] >= OPEN_FROM, np.maximum(last, start[used]), end[used])
        nothing = np.zeros(len(used), np.int64)
        booking = _Booking(trajectory, start[used], until, cents[used], nothing)
        self._book(booking.take(np.flatnonzero(self._target[trajectory, 0] >= 0)), 1)

    def finish(self) -> None:
        """Take back the lines that another line withdraws; call once, after the last file."""
        for hashes, booking in self._taken_back:
            self._book(booking.take(np.flatnonzero(self._lines.take_back(hashes))), -1)
        self._taken_back.clear()

    def _leave_out_again(
        self, rows: Rows, declared: _Declared, lines: Lines, booking: _Booking
    ) -> None:
        """Count a line once where two files hold it, or where its own reference comes twice."""
        reference = text_codes(rows.coded("reference"))
        hashes = row_hashes(
            [declared.number, declared.written, declared.provider, declared.product, declared.begin,
             declared.end, lines.cents, lines.volume, reference]
        )  # fmt: skip
        taken_back = np.flatnonzero(rows.alive & lines.taken_back)
        if taken_back.size:
            self._taken_back.append((hashes[taken_back], booking.take(taken_back)))
        rows.flag(Check.LINE_WITHDRAWN, lines.taken_back, "status")
        file, _ = rows.origin
        again, double = self._lines.judge(file, hashes, rows.alive)
        once = double & (reference != NO_KEY)
        rows.flag(Check.LINE_AGAIN, again | once, "reference")
        rows.flag(Check.LINE_DOUBLE, double & ~once, "")

    def _book(self, booking: _Booking, sign: int) -> Mask:
        """Bring amounts to their rows; returns which fell partly in a period without a row."""
        moved = np.zeros(len(booking.trajectory), np.bool_)
        for index, period in enumerate(self._care.periods):
            first, last = day_number(period.starts_on), day_number(period.ends_on)
            inside = np.flatnonzero((booking.begin <= last) & (booking.end >= first))
            part = booking.take(inside)
            moved[inside] |= self._care.rows.row_of[part.trajectory, index] < 0
            target = self._target[part.trajectory, index]
            span = (part.begin, part.end, first, last)
            np.add.at(self._cents, target, sign * spread(part.cents, *span))
            np.add.at(self._half_days, target, sign * spread(part.half_days, *span))
        return moved

    def _declared(self, rows: Rows, profile: Profile) -> _Declared:
        number = person_codes(rows.numbers(refuse=False))
        begin, end = rows.dates("declared_from"), rows.dates("declared_to")
        wrong = ~begin.usable | ~end.usable | (end.days < begin.days)
        rows.flag(Check.DECLARED_PERIOD_UNUSABLE, wrong, "declared_from")
        provider = providers(rows)
        nowhere = np.full(len(provider), UNKNOWN, np.int64)
        written = text_codes(rows.coded("assignment"))
        return _Declared(
            number,
            written,
            text_codes(rows.coded("product")),
            _positions(number, self._care.people),
            _positions(written, self._keys),
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


def _positions(codes: Ints, of: Ints) -> Ints:
    """Where each code stands in sorted ``of``; -1 where it does not."""
    if not len(of):
        return np.full(len(codes), -1, np.int64)
    at = np.minimum(np.searchsorted(of, codes), len(of) - 1)
    return np.where(of[at] == codes, at, -1)


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
