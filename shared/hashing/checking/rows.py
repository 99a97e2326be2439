"""The rows of one file while they are checked: which are still in, and what was found.

A column other than the key is a list of distinct texts and an index per row, so that a check
reads each distinct text once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.hashing.checking.report import ROWS_PER_CODE, FileCounts, ReportBuilder, shape
from shared.hashing.checks import Check, Effect
from shared.hashing.normalise import Reason, normalise_column
from shared.hashing.reading.amounts import Amounts
from shared.hashing.reading.dates import Dates, DateState, KnownDates
from shared.hashing.reading.headers import Layout
from shared.hashing.reading.sources import ROW, Source
from shared.hashing.roles import FileRole

Mask = npt.NDArray[np.bool_]

ERROR_MARK = "#"
"""What every error of Excel starts with: #N/B, #WAARDE!, #####."""

NUMBER_CHECKS = {
    Reason.EMPTY: Check.NUMBER_EMPTY,
    Reason.CHARACTERS: Check.NUMBER_CHARACTERS,
    Reason.LENGTH: Check.NUMBER_LENGTH,
    Reason.CHECKSUM: Check.NUMBER_CHECKSUM,
    Reason.SENTINEL: Check.NUMBER_SENTINEL,
}


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as distinct trimmed texts and an index per row."""

    values: pa.StringArray = field(repr=False)
    indices: npt.NDArray[np.int32] = field(repr=False)

    def lookup(self, codes: Mapping[str, int], unknown: int) -> npt.NDArray[np.int64]:
        """The code of every row's text in capitals; ``unknown`` where the list has none.

        Excel makes ``1`` of ``01``, so a single digit is also looked up with a zero before it.
        """
        texts = pc.utf8_upper(self.values).to_pylist()
        found = np.array(
            [codes.get(t, codes.get(t.zfill(2), unknown) if t else unknown) for t in texts],
            np.int64,
        )
        return found[self.indices]

    def empty(self) -> Mask:
        """Rows without text."""
        return self._per_row(pc.equal(self.values, ""))

    def matches(self, pattern: str) -> Mask:
        """Rows whose text matches a regular expression."""
        return self._per_row(pc.match_substring_regex(self.values, pattern))

    def starts_with(self, mark: str) -> Mask:
        """Rows whose text starts with ``mark``."""
        return self._per_row(pc.starts_with(self.values, mark))

    def texts(self) -> pa.StringArray:
        """The text of every row."""
        return self.values.take(pa.array(self.indices))

    def _per_row(self, of_values: pa.BooleanArray) -> Mask:
        mask: Mask = of_values.to_numpy(zero_copy_only=False)[self.indices]
        return mask


class Rows:
    """One file's rows under check; what is not ``alive`` is dropped and counted."""

    def __init__(
        self,
        source: Source,
        layout: Layout,
        role: FileRole,
        file: int,
        report: ReportBuilder,
        known_dates: KnownDates,
    ) -> None:
        self._table = source.table
        self._read = source.read
        self._first_day_1904 = source.first_day_1904
        self._unread = source.unread
        self._layout = layout
        self._place = (role.value, file)
        self._report = report
        self._known_dates = known_dates
        self._numbers = source.table.column(ROW).to_numpy()
        self._dropped = {Effect.REFUSED: 0, Effect.LEFT_OUT: 0}
        self._columns: dict[str, Coded] = {}
        self.alive: Mask = np.ones(source.table.num_rows, np.bool_)
        for check, rows in source.set_aside.items():
            if rows.size:
                places = [(int(row), "") for row in rows[:ROWS_PER_CODE]]
                report.add(check, *self._place, "", rows.size, places)
                self._dropped[check.effect] += rows.size

    @property
    def origin(self) -> tuple[int, npt.NDArray[np.int32]]:
        """Which file of its role the rows are of, and their numbers as Excel shows them."""
        return self._place[1], self._numbers

    def has(self, name: str) -> bool:
        """Whether the file has a column for this field."""
        return name in self._table.column_names

    def coded(self, name: str) -> Coded:
        """A column; one of empty texts where the file does not have it."""
        if name not in self._columns:
            self._columns[name] = self._coded(name)
            self.flag(Check.CELL_ERROR, self._columns[name].starts_with(ERROR_MARK), name)
        return self._columns[name]

    def _coded(self, name: str) -> Coded:
        if not self.has(name):
            return Coded(pa.array([""], pa.string()), np.zeros(len(self.alive), np.int32))
        column = self._table.column(name).combine_chunks()
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        if not len(column.dictionary):
            return Coded(pa.array([""], pa.string()), np.zeros(0, np.int32))
        return Coded(pc.utf8_trim_whitespace(column.dictionary), column.indices.to_numpy())

    def dates(self, name: str) -> Dates:
        """A column of dates."""
        column = self.coded(name)
        found = self._known_dates.read(column.values, first_day_1904=self._first_day_1904)
        return found.take(column.indices)

    def amounts(self, name: str, parse: Callable[[pa.StringArray], Amounts]) -> Amounts:
        """A column of amounts, read with ``parse``."""
        column = self.coded(name)
        return parse(column.values).take(column.indices)

    def numbers(self, *, refuse: bool = True) -> pa.StringArray:
        """The key column normalised; rows without a usable number are refused and reported."""
        keys = self._table.column(self._layout.key)
        errors: Mask = pc.starts_with(keys, ERROR_MARK).to_numpy()
        self.flag(Check.CELL_ERROR, errors, self._layout.key)
        normalised = normalise_column(keys)
        for reason, check in NUMBER_CHECKS.items():
            mask = normalised.reasons == reason
            self.flag(check if refuse else Check.DECLARATION_NUMBER, mask, self._layout.key)
        return normalised.numbers

    def partial(self, name: str, dates: Dates) -> None:
        """Report the dates of which the day or month is unknown."""
        self.flag(Check.DATE_PARTIAL, dates.is_state(DateState.PARTIAL), name)

    def flag(self, check: Check, mask: Mask, name: str = "") -> None:
        """Report the living rows in ``mask``, and drop them where the check does so."""
        rows = np.flatnonzero(mask & self.alive)
        if not rows.size:
            return
        texts = [""] * ROWS_PER_CODE
        if name and self.has(name):
            first = self._table.column(name).take(pa.array(rows[:ROWS_PER_CODE]))
            texts = first.cast(pa.string()).to_pylist()
        places = [
            (int(self._numbers[row]), shape(text))
            for row, text in zip(rows[:ROWS_PER_CODE], texts, strict=False)
        ]
        column = self._layout.shown(name) if name in self._layout.headers else ""
        self._report.add(check, *self._place, column, rows.size, places)
        if check.effect.drops:
            self._dropped[check.effect] += rows.size
            self.alive[rows] = False

    def counts(self) -> FileCounts:
        """How many rows are read, kept and dropped."""
        kept = int(self.alive.sum())
        refused = self._dropped[Effect.REFUSED]
        left_out = self._dropped[Effect.LEFT_OUT]
        columns = tuple(name for name in self._table.column_names if name != ROW)
        return FileCounts(*self._place, self._read, kept, refused, left_out, columns, self._unread)
