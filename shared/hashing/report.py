"""What was found in the source files: counts and places, never a value.

A finding is a code, a file by role and order, a row number as Excel shows it, a column by its
name in the profile, and the shape of the cell (``NNNN-LL``). A file's name may hold a number of
a person too, so it is not repeated.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from shared.hashing.checks import BY_CODE, Check, Effect
from shared.hashing.roles import FileRole

ROWS_PER_CODE = 20
SHAPE_LENGTH = 24
_PLAIN = frozenset(" .,;:/+-_()\"'")


def shape(text: str) -> str:
    """The form of a cell: ``N`` for a digit, ``L`` for a letter, ``?`` for anything odd."""
    marks = (
        "N" if mark.isnumeric() else "L" if mark.isalpha() else mark if mark in _PLAIN else "?"
        for mark in text[:SHAPE_LENGTH]
    )
    return "".join(marks) + ("…" if len(text) > SHAPE_LENGTH else "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a check found something; ``row`` is 0 where it is about the file."""

    code: int
    role: str
    file: int
    row: int
    column: str
    shape: str


@dataclass(frozen=True, slots=True)
class FileCounts:
    """Rows of one file: ``read`` is ``kept`` plus ``refused`` plus ``left_out``."""

    role: str
    file: int
    read: int = 0
    kept: int = 0
    refused: int = 0
    left_out: int = 0

    def plus(self, more: FileCounts) -> FileCounts:
        """The counts with those of another part of the same file."""
        return FileCounts(
            self.role,
            self.file,
            self.read + more.read,
            self.kept + more.kept,
            self.refused + more.refused,
            self.left_out + more.left_out,
        )


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How often a check found something in one column of one file."""

    code: int
    role: str
    file: int
    column: str
    count: int


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one preparation.

    Attributes:
        findings: places, at most ``ROWS_PER_CODE`` per code, file and column.
        rows: rows of the delivery that were made.
    """

    schema_name: str
    files: tuple[FileCounts, ...]
    counts: tuple[CodeCount, ...]
    findings: tuple[Finding, ...]
    rows: int

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

    def to_json(self) -> str:
        """The report for machines; the same report always gives the same text."""
        body = {
            "schema": self.schema_name,
            "fatal": [check.code for check in self.fatal],
            "rows": self.rows,
            "files": [_fields(item) for item in self.files],
            "counts": [
                _fields(item) | {"effect": BY_CODE[item.code].effect.value} for item in self.counts
            ],
            "findings": [_fields(item) for item in self.findings],
        }
        return json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    def to_text(self) -> str:
        """The report for people, in Dutch."""
        lines = [f"Controle van de bestanden voor {self.schema_name}", ""]
        for item in self.files:
            lines.append(
                f"{_label(item.role)} {item.file}: {item.read} rijen gelezen, "
                f"{item.kept} gebruikt, {item.refused} afgekeurd, {item.left_out} overgeslagen"
            )
        lines.append(f"Rijen in de levering: {self.rows}")
        for code in sorted({count.code for count in self.counts}):
            lines += ["", *self._lines_of(BY_CODE[code])]
        verdict = (
            "Deze levering kan NIET worden verzegeld."
            if self.fatal
            else "Deze levering kan worden verzegeld."
        )
        return "\n".join([*lines, "", verdict]) + "\n"

    def _lines_of(self, check: Check) -> Iterable[str]:
        counts = [count for count in self.counts if count.code == check.code]
        yield f"{check.code} ({_EFFECTS[check.effect]}) {check.text}"
        yield f"     Wat kunt u doen? {check.fix}"
        for count in counts:
            places = [
                f"{item.row} ({item.shape})" if item.shape else f"{item.row}"
                for item in self.findings
                if item.row
                and (item.code, item.role, item.file, item.column)
                == (count.code, count.role, count.file, count.column)
            ]
            column = f", kolom {count.column}" if count.column else ""
            rows = f"; rij {', '.join(places)}" if places else ""
            more = " …" if len(places) < count.count and places else ""
            number = f" {count.file}" if count.file else ""
            yield f"     {_label(count.role)}{number}{column}: {count.count} keer{rows}{more}"


_EFFECTS = {
    Effect.FATAL: "fout",
    Effect.REFUSED: "rij afgekeurd",
    Effect.LEFT_OUT: "rij overgeslagen",
    Effect.CHANGED: "rij aangepast",
    Effect.KEPT: "let op",
}


def _label(role: str) -> str:
    return FileRole(role).label


def _fields(item: Finding | FileCounts | CodeCount) -> dict[str, str | int]:
    return {name: getattr(item, name) for name in item.__slots__}


class ReportBuilder:
    """Collects findings while files are read."""

    def __init__(self, schema_name: str) -> None:
        self._schema_name = schema_name
        self._files: list[FileCounts] = []
        self._counts: Counter[tuple[int, str, int, str]] = Counter()
        self._findings: list[Finding] = []

    def add_file(self, counts: FileCounts) -> None:
        """Add the row counts of a file that has been read; fatal when most rows are refused."""
        self._files.append(counts)
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
        for row, form in list(places)[: max(room, 0)]:
            self._findings.append(Finding(check.code, role, file, row, column, form))

    def fatal(self, check: Check, role: str, file: int, column: str = "") -> None:
        """Add a finding for which the delivery cannot be sealed."""
        self.add(check, role, file, column, 1)

    def build(self, rows: int) -> Report:
        """The report, in a fixed order."""
        counts = tuple(CodeCount(*key, count) for key, count in sorted(self._counts.items()))
        findings = sorted(self._findings, key=lambda f: (f.code, f.role, f.file, f.column, f.row))
        return Report(self._schema_name, tuple(self._files), counts, tuple(findings), rows)
