"""What every preparation needs to know about the round, and how it reads its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from shared.contract.periods import Period
from shared.hashing.checking.report import FileCounts, ReportBuilder
from shared.hashing.checking.rows import Rows
from shared.hashing.checks import Check, FileError
from shared.hashing.progress import Tell
from shared.hashing.reading.dates import KnownDates
from shared.hashing.reading.sources import read
from shared.hashing.roles import FileRole
from shared.hashing.systems.profile import Profile

NUMBER = "number"
"""The column with the normalised citizen number; it never leaves the building."""


@dataclass(frozen=True, slots=True)
class Context:
    """One preparation.

    Attributes:
        municipalities: CBS codes for which this supplier delivers.
    """

    files: Mapping[FileRole, Sequence[Path]]
    profile: Profile
    periods: tuple[Period, ...]
    municipalities: frozenset[int]
    report: ReportBuilder
    progress: Tell | None = None

    def rows(self, role: FileRole) -> Iterator[Rows]:
        """The rows of each file of a role that can be read, some at a time; others are reported."""
        paths = self.files.get(role, ())
        if not paths and self.profile.is_obligatory(role):
            self.report.fatal(Check.ROLE_MISSING, role.value, 0)
        for index, path in enumerate(paths, start=1):
            if self.progress:
                self.progress(role.label, index - 1, len(paths))
            layout = self.profile.layouts[role]
            counts = FileCounts(role.value, index)
            dates = KnownDates()
            try:
                for block in read(path, layout):
                    rows = Rows(block, layout, role, index, self.report, dates)
                    yield rows
                    counts = counts.plus(rows.counts())
            except FileError as error:
                self.report.fatal(error.check, role.value, index, error.column)
                continue
            self.report.add_file(counts)
        if self.progress and paths:
            self.progress(role.label, len(paths), len(paths))


def with_number(schema: pa.Schema) -> pa.Schema:
    """A wire schema with the normalised number in the pseudonym's place."""
    return schema.set(schema.get_field_index("pseudonym"), pa.field(NUMBER, pa.string(), False))
