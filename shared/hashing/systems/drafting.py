"""A first profile for a file: which column is which field, from headers and shapes of cells.

A column is taken for a field when its name is one that a shipped profile knows, or is much like
one, and its cells do not look like something else. What is not certain is a guess: a person
confirms it, or it stays open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from shared.errors import InputError
from shared.hashing.checks import Check, FileError
from shared.hashing.reading.first_rows import Column, Shape, Sheet, first_rows
from shared.hashing.reading.headers import SEARCHED_ROWS, Layout, plain
from shared.hashing.reading.sources import Source, read
from shared.hashing.roles import KEY, ONE_OF, REQUIRED, ROLES, FileRole
from shared.hashing.systems.profile import SHIPPED, shipped_profile

ALIKE = 0.8
"""From here on two names may be spellings of one."""
PERHAPS = 0.5
"""From here on a column is worth proposing for a field that is needed."""
SAME_LETTERS = 0.995
"""The same letters and digits, with other marks between them."""
HIDDEN = re.compile(r"[0-9]{8}")
"""A name of a column with such a run may hold a number of a person; it is never shown."""
MIN_ROWS = 10
_TRIED_ROWS = 3
_SHOWN_CODE = re.compile(r"[0-9A-Z]{1,6}")

_DATES = {Shape.DATE, Shape.SERIAL, Shape.EMPTY}
_COUNTS = {Shape.INTEGER, Shape.SERIAL, Shape.EMPTY}
_MONEY = {Shape.AMOUNT, *_COUNTS}
EUROS = ("granted_eur", "submitted_eur", "paid_eur", "budget_eur")
CENTS = ("granted_cents", "submitted_cents", "paid_cents")
_FITS = {
    KEY: {Shape.NUMBER, Shape.EMPTY},
    "citizen_number": {Shape.NUMBER, Shape.EMPTY},
    "provider": {Shape.PROVIDER, Shape.INTEGER, Shape.EMPTY},
    "school": {Shape.SCHOOL, Shape.EMPTY},
    **dict.fromkeys(("born_on", "starts_on", "ends_on", "care_starts_on", "care_ends_on"), _DATES),
    **dict.fromkeys(("assigned_on", "declared_from", "declared_to"), _DATES),
    **dict.fromkeys(("enrolled_on", "left_on", "counted_on"), _DATES),
    **dict.fromkeys((*EUROS, "volume"), _MONEY),
    **dict.fromkeys(CENTS, _COUNTS),
}
"""What the cells of a field look like, where that says something."""
CODED = ("category", "product", "form", "domain", "funding", "referrer", "end_reason", "education")
"""Fields whose texts the code lists of a profile give a meaning."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """What one file seems to be.

    Attributes:
        columns: those that may be named; one whose name may hold a number is not among them.
        fields: the name of the column of every field that is certain.
        guesses: columns that may be that of a field, for a person to say.
    """

    path: Path
    schema: str
    role: FileRole
    columns: tuple[Column, ...]
    fields: Mapping[str, str]
    guesses: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """Fields without which the profile cannot be used, and that have no column yet."""
        return missing(self.role, self.fields.keys())


def missing(role: FileRole, fields: Collection[str]) -> list[str]:
    """Fields that files of a role need and that have no column."""
    lacking = sorted(REQUIRED[role] - set(fields))
    if role is FileRole.DECLARATIONS and not {*EUROS, *CENTS} & set(fields):
        lacking.append("submitted_eur")
    choice = ONE_OF.get(role, ())
    return lacking if not choice or set(choice) & set(fields) else [*lacking, choice[-1]]


def draft(path: Path, schema: str = "", role: FileRole | None = None) -> Drafted:
    """Look at a file and say what its columns seem to be.

    Args:
        schema: only this schema; empty for the one that fits best.
        role: only this role of it; None for the one that fits best.

    Raises:
        FileError: the file cannot be read.
        InputError: ``header-not-found``.
    """
    found = [
        drafted
        for sheet in first_rows(path)
        for index in _likely_headers(sheet)
        for columns in [sheet.columns(index)]
        for each, kind in _candidates(schema, role)
        if _is_header(drafted := _drafted(path, columns, each, kind))
    ]
    best = max(found, key=_fit, default=None)
    if best is None:
        raise InputError(
            "header-not-found",
            "expected a row with names of columns within the first rows, found none that is known",
            hint="say with --schema and --role what the file is, or name its columns as the guide",
        )
    return best


def _likely_headers(sheet: Sheet) -> list[int]:
    """The row with most known names; where no row has any, the first rows with something."""
    known = {_letters(name) for role in FileRole for names in known_names(role).values()
             for name in names}  # fmt: skip
    counts = [sum(_letters(cell) in known for cell in row) for row in sheet.rows[:SEARCHED_ROWS]]
    if max(counts, default=0):
        return [counts.index(max(counts))]
    filled = [at for at, row in enumerate(sheet.rows[:SEARCHED_ROWS]) if any(map(str.strip, row))]
    return filled[:_TRIED_ROWS]


def _is_header(drafted: Drafted) -> bool:
    """Whether the row holds names of columns and no data: data would be shown as names.

    Two names that are known will do, or a name without digits above citizen numbers.
    """
    if len(drafted.fields) >= min(2, len(drafted.columns)):
        return bool(drafted.fields)
    above = [column.header for column in drafted.columns if column.shape is Shape.NUMBER]
    return bool(above) and not any(mark.isdigit() for mark in "".join(above))


def _candidates(schema: str, role: FileRole | None) -> list[tuple[str, FileRole]]:
    return [
        (each, kind)
        for each, kinds in ROLES.items()
        if schema in ("", each)
        for kind in kinds
        if role in (None, kind)
    ]


def _fit(drafted: Drafted) -> tuple[float, int]:
    """The more columns are known, and the more of what the role needs, the better it fits."""
    needed = REQUIRED[drafted.role]
    share = len(needed & drafted.fields.keys()) / len(needed)
    return len(drafted.fields) + 2 * share, len(drafted.guesses)


def _drafted(path: Path, columns: Sequence[Column], schema: str, role: FileRole) -> Drafted:
    usable = tuple(
        column for column in columns if column.header and not HIDDEN.search(column.header)
    )
    twice = {
        name for name, count in Counter(column.header for column in usable).items() if count > 1
    }
    usable = tuple(column for column in usable if column.header not in twice)
    fields: dict[str, str] = {}
    guesses: dict[str, str] = {}
    names = known_names(role)
    pairs = sorted(
        ((_likeness(column.header, names[name]), name, column) for name in names
         for column in usable),
        key=lambda pair: (-pair[0], pair[1] not in REQUIRED[role], pair[1], pair[2].header),
    )  # fmt: skip
    taken: set[str] = set()
    for likeness, name, column in pairs:
        least = PERHAPS if name in REQUIRED[role] else ALIKE
        if likeness < least or name in fields or column.header in taken:
            continue
        if _is_certain(name, likeness, column.shape):
            fields[name] = column.header
            taken.add(column.header)
        elif name not in _FITS or column.shape in _FITS[name]:
            guesses.setdefault(name, column.header)
    _guess_by_shape(role, usable, fields, guesses, taken)
    for assigned, real in (("starts_on", "care_starts_on"), ("ends_on", "care_ends_on")):
        if assigned in REQUIRED[role] and assigned not in fields and real in fields:
            fields[assigned] = fields[real]  # a source that only knows when care was given
    guesses = {name: header for name, header in guesses.items() if header not in taken}
    return Drafted(path, schema, role, usable, fields, guesses)


def _guess_by_shape(
    role: FileRole,
    columns: Sequence[Column],
    fields: dict[str, str],
    guesses: dict[str, str],
    taken: set[str],
) -> None:
    """A field whose shape only one free column has is that column; a provider's only probably."""
    for name, shape in (
        (KEY, Shape.NUMBER),
        ("school", Shape.SCHOOL),
        ("provider", Shape.PROVIDER),
    ):
        free = [c.header for c in columns if c.shape is shape and c.header not in taken]
        if name not in REQUIRED[role] or name in fields or len(free) != 1:
            continue
        guesses[name] = free[0]
        if name != "provider":  # many numbers of eight digits could be an AGB code
            fields[name] = guesses.pop(name)
            taken.add(fields[name])


def _is_certain(name: str, likeness: float, shape: Shape) -> bool:
    """Whether name and cells together leave no doubt.

    A factor of a hundred lies between euros and eurocents, so that an amount is only taken by the
    very name of a profile, or for its decimals.
    """
    if name in _FITS and shape not in _FITS[name]:
        return False
    if name in (*EUROS, *CENTS):
        return likeness == 1 or shape is Shape.AMOUNT
    return likeness >= SAME_LETTERS or (likeness >= ALIKE and name in _FITS)


@cache
def known_names(role: FileRole) -> dict[str, tuple[str, ...]]:
    """Per field of a role the names that the shipped profiles know."""
    names: dict[str, list[str]] = {}
    for shipped in SHIPPED:
        for name, headers in shipped_profile(shipped).files.get(role, {}).items():
            names.setdefault(name, []).extend(headers)
    return {name: tuple(dict.fromkeys(headers)) for name, headers in names.items()}


@cache
def _likeness(header: str, names: tuple[str, ...]) -> float:
    """1 for a known name, ``SAME_LETTERS`` for its letters; else how much it is like one."""
    if any(plain(header) == plain(name) for name in names):
        return 1.0
    own = _letters(header)
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(own)
    best = 0.0
    for name in names:
        if _letters(name) == own:
            return SAME_LETTERS
        matcher.set_seq1(_letters(name))
        if matcher.quick_ratio() > best:
            best = max(best, matcher.ratio())
    return min(best, 0.99)


def _letters(name: str) -> str:
    return "".join(mark for mark in name.casefold() if mark.isalnum())


def codes_in(drafted: Drafted, fields: Mapping[str, str]) -> dict[str, list[str]]:
    """The codes of the coded columns that may be shown: short, and on ten rows or more.

    A code is no person's value, but a column can hold something else than its name says. So a
    text of more than six characters, or on a few rows only, is never shown.
    """
    layout = Layout({name: (header,) for name, header in fields.items()}, frozenset({KEY}), KEY)
    counts: dict[str, Counter[str]] = {name: Counter() for name in CODED if name in fields}
    for block in _blocks(drafted.path, layout):
        for name, counter in counts.items():
            column = block.table.column(name).combine_chunks().dictionary_decode()
            for value in column.value_counts().to_pylist():
                text = value["values"].strip().upper()
                if _SHOWN_CODE.fullmatch(text):
                    counter[text] += value["counts"]
    return {
        name: sorted(text for text, count in counter.items() if count >= MIN_ROWS)
        for name, counter in counts.items()
    }


def _blocks(path: Path, layout: Layout) -> Iterator[Source]:
    """The rows of a file; none where it has a header row only."""
    try:
        yield from read(path, layout)
    except FileError as error:
        if error.check is not Check.FILE_HEADER_ONLY:
            raise
