"""Start and stop messages (JW305, JW307): when the care of an assignment really began and stopped.

Of several messages about one assignment the earliest start and the last stop count, so that their
order makes no difference. Where a start comes after the last stop, care goes on: it was stopped
for a while only (JZ588 = 20).

Source: DOMAIN 1.2; COD467: a message with status 3 takes back the message with the same dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shared.contract.codes import EndReason
from shared.hashing.checking.rows import Mask, Rows
from shared.hashing.checks import Check
from shared.hashing.deriving.context import Context
from shared.hashing.deriving.fields import UNKNOWN, WITHDRAWN, Ints
from shared.hashing.deriving.keys import NO_KEY, NOBODY, person_codes, row_hashes, text_codes
from shared.hashing.deriving.late import report_late
from shared.hashing.reading.dates import NO_DATE, Dates, DateState
from shared.hashing.roles import FileRole

_RECORD = np.dtype(
    [
        ("person", np.int64), ("key", np.int64), ("began", np.int32), ("stopped", np.int32),
        ("reason", np.int64), ("file", np.int16), ("row", np.int32),
    ]
)  # fmt: skip
_NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Starts:
    """What the messages say, per child and assignment number, in the order of ``child_and_key``.

    Attributes:
        began, stopped: days since 1970-01-01; ``NO_DATE`` where no message says so.
    """

    child_and_key: npt.NDArray[np.uint64] = field(repr=False)
    began: npt.NDArray[np.int32] = field(repr=False)
    stopped: npt.NDArray[np.int32] = field(repr=False)
    reasons: Ints = field(repr=False)

    def dates(self, person: Ints, key: Ints) -> tuple[Dates, Dates]:
        """When the care of each assignment began and stopped, as far as messages say."""
        at, known = self._find(person, key)
        return _as_dates(self.began, at, known), _as_dates(self.stopped, at, known)

    def end_reasons(self, person: Ints, key: Ints) -> Ints:
        """Why the care of each assignment stopped; ``EndReason.UNKNOWN`` where none says so."""
        at, known = self._find(person, key)
        if not len(self.reasons):
            return np.full(len(person), int(EndReason.UNKNOWN), np.int64)
        return np.where(known, self.reasons[at], EndReason.UNKNOWN)

    def _find(self, person: Ints, key: Ints) -> tuple[Ints, Mask]:
        return _places(self.child_and_key, person, key)


def _places(known: npt.NDArray[np.uint64], person: Ints, key: Ints) -> tuple[Ints, Mask]:
    """Where each child and key stands in sorted ``known``, and whether it does."""
    if not len(known):
        return np.zeros(len(person), np.int64), np.zeros(len(person), np.bool_)
    wanted = row_hashes([person, key])
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return at, (known[at] == wanted) & (person != NOBODY) & (key != NO_KEY)


def _as_dates(days: npt.NDArray[np.int32], at: Ints, known: Mask) -> Dates:
    found = np.full(len(at), NO_DATE, np.int32)
    found[known] = days[at[known]]
    states = np.where(found == NO_DATE, DateState.EMPTY, DateState.OK).astype(np.uint8)
    return Dates(found, states)


class StartBook:
    """Reads the messages, and tells afterwards which of them had no assignment."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._records = np.zeros(0, _RECORD)
        sound, withdrawn = [], []
        for rows in context.rows(FileRole.STARTS):
            records, gone = _read(rows, context)
            sound.append(records)
            withdrawn.append(gone)
        if sound:
            self._records = _without(np.concatenate(sound), np.concatenate(withdrawn), context)
        self.starts = _reduced(self._records)

    def report_unmatched(self, person: Ints, key: Ints) -> None:
        """Report the messages that are about none of these assignments."""
        known = np.unique(row_hashes([person, key]))
        records = self._records
        _, matched = _places(known, records["person"], records["key"])
        report_late(self._context, Check.START_UNMATCHED, FileRole.STARTS, records[~matched])


def _read(rows: Rows, context: Context) -> tuple[npt.NDArray[np.void], ...]:
    withdrawn = rows.coded("status").matches(WITHDRAWN)
    numbers = rows.numbers()
    began, stopped = rows.dates("care_starts_on"), rows.dates("care_ends_on")
    key = text_codes(rows.coded("assignment"))
    wrong = began.is_state(DateState.INVALID) | stopped.is_state(DateState.INVALID)
    rows.flag(Check.START_DATES_UNUSABLE, wrong | (~began.usable & ~stopped.usable))
    rows.flag(Check.START_KEY_EMPTY, key == NO_KEY, "assignment")
    column = rows.coded("end_reason")
    reason = column.lookup(context.profile.end_reason, UNKNOWN)
    rows.flag(Check.END_REASON_UNKNOWN, (reason == UNKNOWN) & ~column.empty(), "end_reason")
    records = np.zeros(len(rows.alive), _RECORD)
    records["person"], records["key"] = person_codes(numbers), key
    records["began"], records["stopped"] = began.days, stopped.days
    records["reason"] = np.where(reason == UNKNOWN, EndReason.UNKNOWN, reason)
    records["file"], records["row"] = rows.origin
    gone = records[rows.alive & withdrawn]
    rows.flag(Check.START_WITHDRAWN, withdrawn, "status")
    return records[rows.alive], gone


def _without(
    sound: npt.NDArray[np.void], withdrawn: npt.NDArray[np.void], context: Context
) -> npt.NDArray[np.void]:
    """Drop the messages that another message takes back."""

    def same(records: npt.NDArray[np.void]) -> npt.NDArray[np.uint64]:
        names = ("person", "key", "began", "stopped")
        return row_hashes([records[name].astype(np.int64) for name in names])

    gone = np.isin(same(sound), same(withdrawn))
    report_late(context, Check.START_WITHDRAWN, FileRole.STARTS, sound[gone])
    return sound[~gone]


def _reduced(records: npt.NDArray[np.void]) -> Starts:
    """One line per child and assignment number."""
    hashes = row_hashes([records["person"], records["key"]])
    known, group = np.unique(hashes, return_inverse=True)
    first = np.full(len(known), _NEVER, np.int32)
    last = np.full(len(known), NO_DATE, np.int32)
    stopped = np.full(len(known), NO_DATE, np.int32)
    has_start = records["began"] != NO_DATE
    np.minimum.at(first, group[has_start], records["began"][has_start])
    np.maximum.at(last, group, records["began"])
    np.maximum.at(stopped, group, records["stopped"])
    reasons = np.full(len(known), int(EndReason.UNKNOWN), np.int64)
    final = (records["stopped"] == stopped[group]) & (records["stopped"] != NO_DATE)
    np.minimum.at(reasons, group[final], records["reason"][final])
    goes_on = last > stopped
    return Starts(
        known,
        np.where(first == _NEVER, NO_DATE, first).astype(np.int32),
        np.where(goes_on, NO_DATE, stopped).astype(np.int32),
        np.where(goes_on, EndReason.UNKNOWN, reasons),
    )
