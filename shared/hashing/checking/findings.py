"""What a report is made of: places and counts, never a value.

A finding is a code, a file by role and order, a row number as Excel shows it, a column by its
name in the profile, and the shape of the cell (``NNNN-LL``). A file's name may hold a number of
a person too, so it is not repeated.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.hashing.language import tr
from shared.hashing.roles import FileRole

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
    """Rows of one file: ``read`` is ``kept`` plus ``refused`` plus ``left_out``.

    Attributes:
        columns: our names of the columns that were read.
        unread: number of columns of the file that were not.
    """

    role: str
    file: int
    read: int = 0
    kept: int = 0
    refused: int = 0
    left_out: int = 0
    columns: tuple[str, ...] = ()
    unread: int = 0

    def plus(self, more: FileCounts) -> FileCounts:
        """The counts with those of another part of the same file."""
        return FileCounts(
            self.role,
            self.file,
            self.read + more.read,
            self.kept + more.kept,
            self.refused + more.refused,
            self.left_out + more.left_out,
            more.columns or self.columns,
            max(self.unread, more.unread),
        )

    @property
    def rows(self) -> dict[str, int]:
        """The counts of rows by name."""
        return {
            "read": self.read,
            "kept": self.kept,
            "refused": self.refused,
            "left_out": self.left_out,
        }

    @property
    def label(self) -> str:
        """The file by role and order, in the chosen language."""
        return file_label(self.role, self.file)


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How often a check found something in one column of one file."""

    code: int
    role: str
    file: int
    column: str
    count: int

    @property
    def label(self) -> str:
        """The file by role and order, in the chosen language."""
        return file_label(self.role, self.file)


def file_label(role: str, file: int) -> str:
    """A file by what it is for and its order among those; 0 is all files of the role."""
    label = tr(FileRole(role).label)
    return f"{label} {file}" if file else label
