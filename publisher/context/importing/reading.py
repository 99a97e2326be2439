"""From an original file to figures per area and period, as the catalogue says of its source.

Source: StatLine's open data as CSV (one row per area and period, keys with trailing spaces,
``.`` or nothing for an unknown value); DUO's open data (``;``, cp1252, ``<5`` for a masked one).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from publisher.context.catalogue import Catalogue, Measure, Source, Term
from publisher.context.figures import COUNTRY, Figures, Kind, Value
from publisher.context.importing.rows import Row, Sheet, read_sheet, wrong
from shared.canonical import sha256_hex
from shared.errors import InputError

_CBS_MUNICIPALITY = re.compile(r"GM[0-9]{4}")
_CBS_COUNTRY = re.compile(r"NL(00|01)")
_CBS_OTHER = re.compile(r"[A-Z]{2}[0-9A-Z]{2,8}")
"""Provinces, regions and parts of the country: known, and not shown."""
_NUMBER = re.compile(r"[0-9]{1,4}")
_CBS_YEAR = re.compile(r"([0-9]{4})JJ00")
_CBS_SCHOOL_YEAR = re.compile(r"([0-9]{4})SJ00")
_CBS_OTHER_PERIOD = re.compile(r"[0-9]{4}(KW|MM|HJ|W1|X0|G4|JJ|SJ)[0-9]{2}")
_YEAR = re.compile(r"([0-9]{4})(?:[-/]([0-9]{4}))?")
_UNKNOWN = frozenset({"", ".", "x", "X", "-"})
_MASKED = re.compile(r"<\s?[0-9]+")
_MOST_DIGITS = 15

_Place = tuple[str, str]
"""An area and a period."""


@dataclass(frozen=True, slots=True)
class About:
    """What the file does not say itself.

    Attributes:
        period: of all its figures, for a source whose file has no column of it.
        synthetic: it was invented for a demonstration.
    """

    retrieved_on: date
    period: str = ""
    synthetic: bool = False


@dataclass(slots=True)
class _Sum:
    """A numerator or denominator while its rows come by; unknown as soon as a part is."""

    total: Decimal = Decimal(0)
    is_known: bool = True
    parts: set[int] = field(default_factory=set)

    def add(self, part: int, value: Decimal | None) -> None:
        self.parts.add(part)
        if value is None:
            self.is_known = False
        else:
            self.total += value


def read_figures(data: bytes, source: Source, catalogue: Catalogue, about: About) -> Figures:
    """The figures of a file.

    Raises:
        InputError: ``context-column-missing``, ``context-period-missing``, ``context-area``,
            ``context-period``, ``context-value``, ``context-row-twice``, ``context-nothing`` or
            one of ``read_sheet``; nothing is read then.
    """
    sheet = read_sheet(data)
    reader = _Reader(source, about, _area_column(source, sheet))
    _check_columns(source, sheet)
    rows = [place for place in (reader.place(row) for row in sheet.rows) if place is not None]
    indicators = catalogue.indicators_of(source)
    decimals = {each.id: each.decimals for each in indicators if each.kind is Kind.GIVEN}
    values = tuple(
        value
        for measure in source.measures
        for value in _values(source, measure, rows, decimals.get(measure.indicator, 0))
    )
    if not any(value.numerator is not None for value in values):
        raise InputError(
            "context-nothing",
            f"expected a figure of a municipality or the country for {source.id}, found none",
            hint="check that the file is of this source, and holds municipalities and years",
        )
    return Figures(
        source=source.note,
        sha256=sha256_hex(data),
        retrieved_on=about.retrieved_on,
        synthetic=about.synthetic,
        indicators=indicators,
        values=values,
    )


def _area_column(source: Source, sheet: Sheet) -> str:
    if not source.area:
        return ""
    found = next((name for name in source.area if name in sheet.columns), None)
    if found is None:
        raise _missing(" or ".join(source.area))
    return found


def _check_columns(source: Source, sheet: Sheet) -> None:
    needed = [*source.keep, *([source.period] if source.period else [])]
    for measure in source.measures:
        for term in (*measure.numerator, *measure.denominator):
            needed += [*term.where, *([term.column] if term.column else [])]
    for name in needed:
        if name not in sheet.columns:
            raise _missing(name)


def _missing(name: str) -> InputError:
    return InputError(
        "context-column-missing",
        f"expected a column {name} on line 1, found none",
        hint="choose the right source with --as; where the holder changed its columns, describe "
        "them in a file of your own and give it with --sources",
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Finds the area and the period of a row."""

    source: Source
    about: About
    area_column: str

    def place(self, row: Row) -> tuple[_Place, Row] | None:
        """Where a row belongs, or None where it is about nothing that is shown."""
        for column, wanted in self.source.keep.items():
            if row.cells[column] not in wanted:
                return None
        area, period = self._area(row), self._period(row)
        return None if area is None or period is None else ((area, period), row)

    def _area(self, row: Row) -> str | None:
        if not self.area_column:
            return COUNTRY
        text = row.cells[self.area_column]
        if self.source.area_form == "number":
            if _NUMBER.fullmatch(text) is None or not int(text):
                raise wrong("context-area", row.line, self.area_column, "a number of 4 digits")
            return f"GM{int(text):04d}"
        if _CBS_MUNICIPALITY.fullmatch(text):
            return text
        if _CBS_COUNTRY.fullmatch(text):
            return COUNTRY
        if _CBS_OTHER.fullmatch(text):
            return None
        raise wrong("context-area", row.line, self.area_column, "a code such as GM0197 or NL00")

    def _period(self, row: Row) -> str | None:
        column = self.source.period
        if not column:
            return self._given()
        text = row.cells[column]
        if self.source.period_form == "year":
            return _year(text) or self._refuse(row, "a year such as 2023 or 2023/2024")
        if found := _CBS_YEAR.fullmatch(text):
            return found[1]
        if found := _CBS_SCHOOL_YEAR.fullmatch(text):
            return f"{found[1]}/{int(found[1]) + 1}"
        if _CBS_OTHER_PERIOD.fullmatch(text):
            return None
        return self._refuse(row, "a period such as 2023JJ00 or 2022SJ00")

    def _refuse(self, row: Row, expected: str) -> str:
        raise wrong("context-period", row.line, self.source.period, expected)

    def _given(self) -> str:
        found = _year(self.about.period)
        if found is None:
            raise InputError(
                "context-period-missing",
                f"expected the year of the file of {self.source.id}, which has no column of it",
                hint="give it with --period, such as 2024 or 2024/2025",
            )
        return found


def _year(text: str) -> str | None:
    found = _YEAR.fullmatch(text)
    if found is None:
        return None
    if found[2] is None:
        return found[1]
    return f"{found[1]}/{found[2]}" if int(found[2]) == int(found[1]) + 1 else None


def _values(
    source: Source, measure: Measure, rows: list[tuple[_Place, Row]], decimals: int
) -> Iterator[Value]:
    numerators = _sums(source, measure.numerator, rows)
    denominators = _sums(source, measure.denominator, rows)
    for area, period in numerators:
        numerator = _whole(numerators[area, period], len(measure.numerator), decimals)
        denominator = None
        if measure.denominator:
            below = denominators.get((area, period), _Sum(is_known=False))
            denominator = _whole(below, len(measure.denominator), 0)
        yield Value(
            indicator=measure.indicator,
            area=area,
            period=period,
            numerator=numerator,
            denominator=denominator,
        )


def _sums(
    source: Source, terms: tuple[Term, ...], rows: list[tuple[_Place, Row]]
) -> dict[_Place, _Sum]:
    found: dict[_Place, _Sum] = {}
    for (area, period), row in rows:
        for number, term in enumerate(terms):
            if source.adds_up:  # an area without such a row has 0 of them, not nothing
                found.setdefault((area, period), _Sum()).parts.add(number)
            if not all(row.cells[column] in wanted for column, wanted in term.where.items()):
                continue
            part = found.setdefault((area, period), _Sum())
            if number in part.parts and not source.adds_up:
                raise wrong("context-row-twice", row.line, term.column, "one row per area and year")
            part.add(number, _amount(row, term))
    return found | _country(found, len(terms)) if source.sums_to_country else found


def _country(found: dict[_Place, _Sum], terms: int) -> dict[_Place, _Sum]:
    """The country as the sum of its municipalities, unknown where a part of one of them is."""
    whole: dict[_Place, _Sum] = {}
    for (_, period), part in found.items():
        country = whole.setdefault((COUNTRY, period), _Sum())
        country.total += part.total
        country.is_known &= part.is_known and len(part.parts) == terms
        country.parts |= part.parts
    return whole


def _amount(row: Row, term: Term) -> Decimal | None:
    if not term.column:
        return Decimal(1)
    text = row.cells[term.column]
    if text in _UNKNOWN or _MASKED.fullmatch(text):
        return None
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation as error:
        raise wrong("context-value", row.line, term.column, "a number") from error
    if not value.is_finite() or value < 0 or value.adjusted() >= _MOST_DIGITS:
        raise wrong("context-value", row.line, term.column, "a number of 0 or more")
    return value * term.times


def _whole(found: _Sum, terms: int, decimals: int) -> int | None:
    """A sum of which every term came by, in whole units of 10 ** -decimals; else None."""
    if not found.is_known or len(found.parts) < terms:
        return None
    return int(found.total.scaleb(decimals).to_integral_value())
