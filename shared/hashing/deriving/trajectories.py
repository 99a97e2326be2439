"""Merge assignments into trajectories, the way CBS does, and cut them into periods.

Overlapping assignments of one child, form, provider and funding are one trajectory, from the
first start to the last end.

Source: DESIGN 4; DOMAIN 1.3 (CBS: "traject").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from shared.contract.codes import Domain, EndReason, Referrer
from shared.contract.periods import Period
from shared.hashing.reading.dates import day_number

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

OPEN = day_number(date(9999, 12, 31))
"""The end of care that has no end date; a date from 2100 on means the same."""
OPEN_FROM = day_number(date(2100, 1, 1))
_SPAN = 1 << 23
"""More than all days that can occur, so that group and day fit in one number."""


@dataclass(frozen=True, slots=True)
class Assignments:
    """Assignments of all files: one value per assignment in every array.

    Attributes:
        person: number of the child within this delivery.
        start, end, born: days since 1970-01-01, both ends inside; ``OPEN`` where running.
    """

    person: Ints
    form: Ints
    domain: Ints
    provider: Ints
    referrer: Ints
    funding: Ints
    end_reason: Ints
    start: Ints
    end: Ints
    born: Ints
    arrangement: Ints


@dataclass(frozen=True, slots=True)
class Trajectories:
    """Merged trajectories: one value per trajectory in every array but ``of_assignment``.

    Attributes:
        first: the earliest of this child in this delivery.
        of_assignment: the trajectory of each assignment.
    """

    person: Ints
    form: Ints
    domain: Ints
    provider: Ints
    referrer: Ints
    funding: Ints
    end_reason: Ints
    start: Ints
    end: Ints
    born: Ints
    arrangement: Ints
    first: Flags
    of_assignment: Ints


@dataclass(frozen=True, slots=True)
class PeriodRows:
    """One row per trajectory and period that it overlaps.

    Attributes:
        trajectory: index of the trajectory.
        period: index of the period.
        row_of: row of every trajectory × period, -1 where there is none.
    """

    trajectory: Ints
    period: Ints
    row_of: npt.NDArray[np.int32]


def merge(rows: Assignments) -> Trajectories:
    """Merge overlapping assignments: one that starts on or before the running last end.

    Of domain, referrer and arrangement the first known one counts, of the end reason that of the
    last end; ties go to the lowest code, so that the order of the files makes no difference.
    """
    order = np.lexsort((rows.end, rows.start, rows.funding, rows.provider, rows.form, rows.person))
    begins = _begins(rows, order)
    firsts = np.flatnonzero(begins)
    of_assignment = np.empty(len(order), np.int64)
    of_assignment[order] = np.cumsum(begins) - 1
    heads = order[firsts]
    start = rows.start[heads]
    person = rows.person[heads]
    return Trajectories(
        person=person,
        form=rows.form[heads],
        domain=_best(rows.domain, of_assignment, rows.domain == Domain.UNKNOWN, rows.start),
        provider=rows.provider[heads],
        referrer=_best(rows.referrer, of_assignment, rows.referrer == Referrer.UNKNOWN, rows.start),
        funding=rows.funding[heads],
        end_reason=_best(
            rows.end_reason, of_assignment, -rows.end, rows.end_reason == EndReason.UNKNOWN
        ),
        start=start,
        end=_reduce(np.maximum, rows.end[order], firsts),
        born=_reduce(np.minimum, rows.born[order], firsts),
        arrangement=_best(rows.arrangement, of_assignment, rows.arrangement == 0, rows.start),
        first=start == _earliest(person, start)[person] if len(person) else start == start,
        of_assignment=of_assignment,
    )


def _begins(rows: Assignments, order: Ints) -> Flags:
    """Where, in order, a new trajectory begins."""
    if not len(order):
        return np.zeros(0, np.bool_)
    group = np.zeros(len(order), np.int64)
    for key in (rows.person, rows.form, rows.provider, rows.funding):
        group[1:] |= key[order][1:] != key[order][:-1]
    new_group = group.astype(np.bool_)
    new_group[0] = True
    # The group in the high part makes one running maximum over all rows start anew per group.
    base = np.cumsum(new_group) * _SPAN
    running = np.maximum.accumulate(base + rows.end[order]) - base
    begins = new_group.copy()
    begins[1:] |= rows.start[order][1:] > running[:-1]
    return begins


def _reduce(operation: np.ufunc, values: Ints, firsts: Ints) -> Ints:
    result: Ints = operation.reduceat(values, firsts) if len(firsts) else values
    return result


def _best(codes: Ints, group: Ints, *preference: Ints | Flags) -> Ints:
    """Per group the code that comes first by the preferences, then by its own value."""
    order = np.lexsort((codes, *reversed(preference), group))
    head = np.ones(len(order), np.bool_)
    head[1:] = group[order][1:] != group[order][:-1]
    return codes[order[head]]


def _earliest(person: Ints, start: Ints) -> Ints:
    earliest = np.full(int(person.max()) + 1, OPEN, np.int64)
    np.minimum.at(earliest, person, start)
    return earliest


def cut(trajectories: Trajectories, periods: Sequence[Period]) -> PeriodRows:
    """The rows of the delivery, period by period."""
    row_of = np.full((len(trajectories.start), len(periods)), -1, np.int32)
    pieces: list[Ints] = []
    made = 0
    for index, period in enumerate(periods):
        overlaps = (trajectories.start <= day_number(period.ends_on)) & (
            trajectories.end >= day_number(period.starts_on)
        )
        piece = np.flatnonzero(overlaps)
        row_of[piece, index] = np.arange(made, made + len(piece))
        made += len(piece)
        pieces.append(piece)
    trajectory = np.concatenate(pieces) if pieces else np.empty(0, np.int64)
    period_of = np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces])
    return PeriodRows(trajectory, period_of, row_of)
