"""All that was found in the source files of one delivery, and how it is told.

What a finding holds stands in ``findings``; the order in which a report is read in ``report_view``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.hashing.checking.findings import CodeCount, FileCounts, Finding, shape
from shared.hashing.checking.report_html import as_html
from shared.hashing.checking.report_text import as_text
from shared.hashing.checking.report_view import View, arrange
from shared.hashing.checks import BY_CODE, Check, Effect
from shared.hashing.roles import FileRole

__all__ = [
    "ROWS_PER_CODE",
    "CodeCount",
    "FileCounts",
    "Finding",
    "Report",
    "ReportBuilder",
    "shape",
]

ROWS_PER_CODE = 20


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one preparation.

    Attributes:
        findings: places, at most ``ROWS_PER_CODE`` per code, file and column.
        rows: rows of the delivery that were made.
        not_shown: findings that only follow from a file that could not be used.
    """

    schema_name: str
    files: tuple[FileCounts, ...]
    counts: tuple[CodeCount, ...]
    findings: tuple[Finding, ...]
    rows: int
    not_shown: tuple[CodeCount, ...] = ()

    @property
    def fatal(self) -> tuple[Check, ...]:
        """The checks for which the delivery cannot be sealed."""
        checks = {BY_CODE[count.code] for count in self.counts}
        return tuple(
            sorted((c for c in checks if c.effect is Effect.FATAL), key=lambda check: check.code)
        )

    def count(self, check: Check) -> int:
        """How often ``check`` found something, over all files."""
        return sum(count.count for count in self.counts if count.code == check.code)

    @property
    def view(self) -> View:
        """The report in the order in which people read it."""
        hidden = sum(count.count for count in self.not_shown)
        return arrange(self.schema_name, self.files, self.counts, self.findings, self.rows, hidden)

    def to_json(self) -> str:
        """The report for machines; the same in every language, and each time the same text."""
        body = {
            "schema": self.schema_name,
            "sealable": not self.fatal,
            "fatal": [check.code for check in self.fatal],
            "rows": self.rows,
            "total": self.view.total.rows,
            "files": [{"role": each.role, "file": each.file} | each.rows for each in self.files],
            "counts": [_counted(item) for item in self.counts],
            "not_shown": [_counted(item) for item in self.not_shown],
            "findings": [_fields(item) for item in self.findings],
        }
        return json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    def to_text(self) -> str:
        """The report for people, in the chosen language."""
        return as_text(self.view)

    def to_html(self) -> str:
        """The report as a page that stands alone, in the chosen language."""
        return as_html(self.view)


def _fields(item: Finding | CodeCount) -> dict[str, str | int]:
    return {name: getattr(item, name) for name in item.__slots__}


def _counted(item: CodeCount) -> dict[str, str | int]:
    return _fields(item) | {"effect": BY_CODE[item.code].effect.value}


class ReportBuilder:
    """Collects findings while files are read."""

    def __init__(self, schema_name: str) -> None:
        self._schema_name = schema_name
        self._files: dict[tuple[str, int], FileCounts] = {}
        self._counts: Counter[tuple[int, str, int, str]] = Counter()
        self._findings: list[Finding] = []
        self.is_fatal = False
        """Whether something was found for which the delivery cannot be sealed."""

    def add_file(self, counts: FileCounts) -> None:
        """Add row counts of a file that has been read, or what changed in them since.

        It is fatal when most rows are refused.
        """
        key = (counts.role, counts.file)
        counts = self._files[key].plus(counts) if key in self._files else counts
        self._files[key] = counts
        if 2 * counts.refused > counts.read:
            self.fatal(Check.ROWS_MOSTLY_REFUSED, counts.role, counts.file)

    def add(
        self,
        check: Check,
        role: str,
        file: int,
        column: str,
        count: int,
        places: Iterable[tuple[int, str]] = (),
    ) -> None:
        """Add ``count`` findings of one check, with some places as (row, shape)."""
        key = (check.code, role, file, column)
        room = ROWS_PER_CODE - self._counts[key]
        self._counts[key] += count
        self.is_fatal = self.is_fatal or check.effect is Effect.FATAL
        for row, form in list(places)[: max(room, 0)]:
            self._findings.append(Finding(check.code, role, file, row, column, form))

    def fatal(self, check: Check, role: str, file: int, column: str = "") -> None:
        """Add a finding for which the delivery cannot be sealed."""
        self.add(check, role, file, column, 1)

    def build(self, rows: int) -> Report:
        """The report, in a fixed order."""
        counts = tuple(CodeCount(*key, count) for key, count in sorted(self._counts.items()))
        follow = _that_follow(counts)
        findings = sorted(
            (each for each in self._findings if each.code not in follow),
            key=lambda f: (f.code, f.role, f.file, f.column, f.row),
        )
        return Report(
            self._schema_name,
            tuple(sorted((*self._files.values(), *self._unread_files()), key=_place)),
            tuple(count for count in counts if count.code not in follow),
            tuple(findings),
            rows,
            tuple(count for count in counts if count.code in follow),
        )

    def _unread_files(self) -> Iterable[FileCounts]:
        """Files that could not be read to their end: they count no rows."""
        named = {(role, file) for _code, role, file, _column in self._counts if file}
        return (FileCounts(*place) for place in named - self._files.keys())


def _place(file: FileCounts) -> tuple[int, int]:
    """Files in the order in which they are asked for."""
    return list(FileRole).index(FileRole(file.role)), file.file


def _that_follow(counts: Sequence[CodeCount]) -> frozenset[int]:
    """Codes that say no more than that another file could not be used."""
    follow = set()
    unusable = {
        FileRole(count.role)
        for count in counts
        if BY_CODE[count.code].effect is Effect.FATAL and count.code != Check.NOTHING_LEFT.code
    }
    if unusable:
        follow.add(Check.NOTHING_LEFT.code)
    if FileRole.ASSIGNMENTS in unusable:
        follow |= {Check.COST_UNMATCHED.code, Check.START_UNMATCHED.code}
    return frozenset(follow)
