"""Read dates in every way in which they stand in source files.

Day-month-year (31-12-2024), ISO (2024-12-31), JJJJMMDD with 00 for an unknown part, and Excel
serial numbers. A date before 1950 counts as empty: 01-01-1900 is what systems write for none.

Days are counted from 1970-01-01, as NumPy's ``datetime64[D]`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

FIRST_YEAR = 1950
NO_DATE = np.iinfo(np.int32).min
EXCEL_DAY_ZERO = -25_569
"""30 December 1899, from which Excel counts (its leap day of 1900 was never there)."""
DAYS_TO_1904 = 1_462
"""From there to the first day of workbooks that count from 1904."""

_TIME = r"(?:[ T]\d.*)?$"
_WRITTEN = (
    r"^(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})" + _TIME,
    r"^(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})" + _TIME,
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})$",
)
_SERIAL = r"^(?P<serial>\d{1,5})(?:[.,]\d+)?$"

_MOST_KNOWN = 100_000
_NONE = np.empty(0, np.int32)


class DateState(IntEnum):
    """What became of a text."""

    OK = 0
    EMPTY = 1  # nothing, or before 1950
    INVALID = 2
    PARTIAL = 3  # day or month unknown; the first one is taken


@dataclass(frozen=True, slots=True)
class Dates:
    """Parsed dates: days since 1970-01-01 (``NO_DATE`` where none) and a ``DateState``."""

    days: npt.NDArray[np.int32]
    states: npt.NDArray[np.uint8]

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Rows that have a date."""
        usable: npt.NDArray[np.bool_] = self.days != NO_DATE
        return usable

    def is_state(self, state: DateState) -> npt.NDArray[np.bool_]:
        """Rows in ``state``."""
        found: npt.NDArray[np.bool_] = self.states == state
        return found

    def take(self, indices: npt.NDArray[np.int32]) -> Dates:
        """The dates at ``indices``."""
        return Dates(self.days[indices], self.states[indices])

    def and_then(self, more: Dates) -> Dates:
        """These dates and those of ``more`` behind them."""
        return Dates(
            np.concatenate([self.days, more.days]), np.concatenate([self.states, more.states])
        )

    def otherwise(self, other: Dates) -> Dates:
        """These dates, and where one is empty that of ``other``."""
        empty = self.is_state(DateState.EMPTY)
        return Dates(
            np.where(empty, other.days, self.days), np.where(empty, other.states, self.states)
        )


def parse_dates(texts: pa.StringArray, *, first_day_1904: bool = False) -> Dates:
    """Read a column of trimmed texts.

    Args:
        first_day_1904: serial numbers count from 1904, as the workbook says.
    """
    days = np.full(len(texts), NO_DATE, np.int32)
    states = np.full(len(texts), DateState.INVALID, np.uint8)
    states[pc.equal(texts, "").to_numpy(zero_copy_only=False)] = DateState.EMPTY
    for pattern in _WRITTEN:
        rows, parts = _extract(texts, pattern, ("year", "month", "day"))
        days[rows], states[rows] = _from_parts(*parts)
    rows, (serial,) = _extract(texts, _SERIAL, ("serial",))
    zero = EXCEL_DAY_ZERO + DAYS_TO_1904 * first_day_1904
    days[rows], states[rows] = _not_before_first_year(serial + zero)
    return Dates(days, states)


class KnownDates:
    """Reads dates block by block, each distinct text once: a file repeats a few thousand dates."""

    def __init__(self) -> None:
        self._texts = pa.array([], pa.string())
        self._dates = Dates(np.empty(0, np.int32), np.empty(0, np.uint8))

    def read(self, texts: pa.StringArray, *, first_day_1904: bool) -> Dates:
        """The same as ``parse_dates``; the file must say the same of 1904 every time."""
        found = pc.index_in(texts, value_set=self._texts)
        if found.null_count:
            new = texts.filter(pc.is_null(found))
            more = parse_dates(new, first_day_1904=first_day_1904)
            if len(self._texts) > _MOST_KNOWN:
                self._texts, self._dates = texts.slice(0, 0), self._dates.take(_NONE)
            self._texts = pa.concat_arrays([self._texts, new])
            self._dates = self._dates.and_then(more)
            found = pc.index_in(texts, value_set=self._texts)
        if found.null_count:  # too many to remember them all
            return parse_dates(texts, first_day_1904=first_day_1904)
        return self._dates.take(found.to_numpy())


def _extract(
    texts: pa.StringArray, pattern: str, names: tuple[str, ...]
) -> tuple[npt.NDArray[np.int64], list[npt.NDArray[np.int64]]]:
    """Rows that match, and their named groups as numbers."""
    found = pc.extract_regex(texts, pattern)
    rows = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
    matched = found.drop_null()
    return rows, [pc.struct_field(matched, n).cast(pa.int64()).to_numpy() for n in names]


def _from_parts(
    year: npt.NDArray[np.int64], month: npt.NDArray[np.int64], day: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    partial = (month == 0) | (day == 0)
    day = np.where(month == 0, 1, np.maximum(day, 1))
    first = _first_of_month(year, np.maximum(month, 1))
    length = _first_of_month(year, np.maximum(month, 1) + 1) - first
    days, states = _not_before_first_year(first + day - 1)
    states[partial & (states == DateState.OK)] = DateState.PARTIAL
    wrong = (month > 12) | (day > length)
    days[wrong] = NO_DATE
    states[wrong] = DateState.INVALID
    return days, states


def _first_of_month(
    year: npt.NDArray[np.int64], month: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)


def _not_before_first_year(
    days: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    early = days < day_number(date(FIRST_YEAR, 1, 1))
    states = np.where(early, DateState.EMPTY, DateState.OK).astype(np.uint8)
    return np.where(early, NO_DATE, days).astype(np.int32), states


def day_number(day: date) -> int:
    """Days from 1970-01-01 to ``day``."""
    return (day - date(1970, 1, 1)).days


def whole_years(
    born: npt.NDArray[np.int32], on: npt.NDArray[np.int32] | int
) -> npt.NDArray[np.int32]:
    """Age in whole years; who was born on 29 February is a year older on 1 March."""
    birth_year, birth_day = _year_and_place(born)
    year, place = _year_and_place(np.asarray(on, np.int32))
    return (year - birth_year - (place < birth_day)).astype(np.int32)


def _year_and_place(
    days: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The year, and month and day as one number that sorts within the year."""
    first, years, places = _calendar()
    known = days - first
    if days.size and known.min() >= 0 and known.max() < len(years):
        return years[known], places[known]
    return _by_calendar(days)


@cache
def _calendar() -> tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The first day, and year and place of every day from it on, for nearly all dates there are."""
    first, end = day_number(date(FIRST_YEAR, 1, 1)), day_number(date(2100, 1, 1))
    return first, *_by_calendar(np.arange(first, end, dtype=np.int32))


def _by_calendar(
    days: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month_number = months.astype(np.int64)
    day = (dates - months.astype("datetime64[D]")).astype(np.int64)
    return month_number // 12 + 1970, month_number % 12 * 32 + day
