"""The columns of a download, in English for programs and in Dutch for Excel.

CSV, XLSX, Parquet, the codebook and the data package's schema are all made from these two
tables, so that a column is the same everywhere. Each column is computed for all rows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from publisher.downloads.extract import Extract
from publisher.downloads.words import LEVEL_WORDS, STATUS_WORDS, decimal_text
from publisher.released import CellStatus
from shared.reference import Level

Values = Sequence[Any]
ROUNDING_REACH = 4
"""How far a count that was rounded to a multiple of 5 may lie from what was counted."""


class Kind(StrEnum):
    """What a column holds; the names are those of Frictionless Table Schema."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"  # with as many decimals as were released


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    Attributes:
        meaning: for the codebook, in Dutch.
        values: text, whole numbers, or pairs of value and decimals; None is an empty cell.
    """

    name: str
    kind: Kind
    meaning: str
    values: Callable[[Extract], Values]


def _plain(name: str) -> Callable[[Extract], Values]:
    return lambda extract: extract.rows[name].to_pylist()


def _same(of: Callable[[Extract], str]) -> Callable[[Extract], Values]:
    return lambda extract: [of(extract)] * extract.rows.num_rows


def _level_words(extract: Extract) -> Values:
    return [LEVEL_WORDS[Level(each)] for each in extract.rows["level"].to_pylist()]


def _status_words(extract: Extract) -> Values:
    return [STATUS_WORDS[CellStatus(each)] for each in extract.rows["status"].to_pylist()]


def _pairs(extract: Extract) -> list[tuple[int | None, int, str]]:
    rows = extract.rows
    columns = (rows[name].to_pylist() for name in ("value", "decimals", "status"))
    return list(zip(*columns, strict=True))


def _values(extract: Extract) -> Values:
    return [None if value is None else (value, decimals) for value, decimals, _ in _pairs(extract)]


def bounds_of(value: int, status: str) -> tuple[int, int]:
    """Between which whole numbers the count lies of which ``value`` was released.

    Source: PROTECTION 7.
    """
    if status != CellStatus.ROUNDED:
        return value, value
    return max(0, value - ROUNDING_REACH), value + ROUNDING_REACH


def _bound(which: int) -> Callable[[Extract], Values]:
    def values(extract: Extract) -> Values:
        return [
            None if value is None else (bounds_of(value, status)[which], decimals)
            for value, decimals, status in _pairs(extract)
        ]

    return values


def digits(values: Values, *, comma: str) -> list[str]:
    """The values of a ``NUMBER`` column in digits, exactly; an empty cell stays empty."""
    return ["" if each is None else decimal_text(*each, comma=comma) for each in values]


def numbers(values: Values) -> list[int | float | None]:
    """The values of a ``NUMBER`` column as numbers: the nearest float where there are decimals."""
    return [None if each is None else _number(*each) for each in values]


def _number(value: int, decimals: int) -> int | float:
    return float(value / 10**decimals) if decimals else value


_MARK = ("Kenmerk van cijfers die niet echt zijn; leeg bij echte cijfers.", _same(lambda e: e.mark))
_RELEASE = (
    "De uitgave waar de rij uit komt.",
    _same(lambda e: e.manifest.release_id),
)
_UNIT = ("Code van de school, gemeente of andere eenheid.", _plain("unit"))
_UNIT_LABEL = ("Naam van de eenheid.", _plain("unit_label"))
_PERIOD_LABEL = ("De periode, zoals 2024/2025.", _plain("period_label"))
_CATEGORY = ("Code van de uitsplitsing; leeg voor het totaal.", _plain("category"))
_CATEGORY_LABEL = ("Naam van de uitsplitsing.", _plain("category_label"))
_MEASURE = ("Code van de maat; zie de lijst van maten.", _plain("measure"))
_MEASURE_LABEL = ("Naam van de maat.", _plain("measure_label"))
_VALUE = ("Het cijfer; leeg als het niet getoond wordt. Lees leeg nooit als nul.", _values)
_LOWER = ("Het kleinste aantal dat bij een afgerond cijfer hoort; anders het cijfer.", _bound(0))
_UPPER = ("Het grootste aantal dat bij een afgerond cijfer hoort; anders het cijfer.", _bound(1))
_STATUS = ("Leeg, of een letter die zegt wat er met het cijfer is.", _plain("status"))

ENGLISH = (
    Column("mark", Kind.TEXT, *_MARK),
    Column("release", Kind.TEXT, *_RELEASE),
    Column("level", Kind.TEXT, "Code van het niveau; zie de lijst van niveaus.", _plain("level")),
    Column("unit", Kind.TEXT, *_UNIT),
    Column("unit_label", Kind.TEXT, *_UNIT_LABEL),
    Column(
        "period",
        Kind.INTEGER,
        "Code van de periode: het eerste jaar min 2000.",
        _plain("period"),
    ),
    Column("period_label", Kind.TEXT, *_PERIOD_LABEL),
    Column("category", Kind.TEXT, *_CATEGORY),
    Column("category_label", Kind.TEXT, *_CATEGORY_LABEL),
    Column("measure", Kind.TEXT, *_MEASURE),
    Column("measure_label", Kind.TEXT, *_MEASURE_LABEL),
    Column("value", Kind.NUMBER, *_VALUE),
    Column("lower", Kind.NUMBER, *_LOWER),
    Column("upper", Kind.NUMBER, *_UPPER),
    Column("status", Kind.TEXT, *_STATUS),
)
"""For programs: codes beside labels."""

DUTCH = (
    Column("kenmerk", Kind.TEXT, *_MARK),
    Column("uitgave", Kind.TEXT, *_RELEASE),
    Column("niveau", Kind.TEXT, "Het niveau, in woorden.", _level_words),
    Column("eenheid", Kind.TEXT, *_UNIT),
    Column("naam", Kind.TEXT, *_UNIT_LABEL),
    Column("periode", Kind.TEXT, *_PERIOD_LABEL),
    Column("categorie", Kind.TEXT, *_CATEGORY),
    Column("naam_categorie", Kind.TEXT, *_CATEGORY_LABEL),
    Column("maat", Kind.TEXT, *_MEASURE),
    Column("naam_maat", Kind.TEXT, *_MEASURE_LABEL),
    Column("waarde", Kind.NUMBER, *_VALUE),
    Column("ondergrens", Kind.NUMBER, *_LOWER),
    Column("bovengrens", Kind.NUMBER, *_UPPER),
    Column("status", Kind.TEXT, *_STATUS),
    Column("uitleg_status", Kind.TEXT, "De status in woorden.", _status_words),
)
"""For people with a spreadsheet: words instead of codes where there are any."""
