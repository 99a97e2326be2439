"""From pupil files to ``enrolment/1`` rows: who went to which school on 1 October.

Source: DESIGN 4 and 5; DOMAIN 2 (DUO C-levering).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.codes import Education
from shared.contract.deliveries import ENROLMENT
from shared.contract.periods import Period
from shared.hashing.checking.rows import Coded, Mask, Rows
from shared.hashing.checks import Check
from shared.hashing.deriving.context import NUMBER, Context, with_number
from shared.hashing.deriving.fields import UNKNOWN, YES_NO, municipality_codes
from shared.hashing.deriving.keys import numbers_of, person_codes
from shared.hashing.deriving.link_file import Links, read_links
from shared.hashing.reading.dates import NO_DATE, Dates, DateState, day_number, whole_years
from shared.hashing.roles import FileRole
from shared.hashing.systems.profile import Profile

_SCHEMA = with_number(ENROLMENT.arrow)
_YEAR_PATTERN = r"^(?P<year>20\d{2})(?:\s*[/-]\s*(?:20)?\d{2})?$"
_SCHOOL_PATTERN = r"^\d{2}[A-Z]{2}\d{2}$"
_NUMBER_TYPES = {"B": 0, "BSN": 0, "O": 1, "ONDERWIJSNUMMER": 1}
AUGUST = 7
"""Months since January, of the month in which a school year starts."""

Ints = npt.NDArray[np.int64]


def enrolment_rows(context: Context) -> Iterator[pa.Table]:
    """One row per pupil, period and school, still with the normalised number."""
    links = read_links(context)
    for rows in context.rows(FileRole.PUPILS):
        yield _part(rows, context, links)


def _part(rows: Rows, context: Context, links: Links) -> pa.Table:
    periods = context.periods
    numbers = rows.numbers()
    linkable = _linkable(rows, numbers)
    if len(links.education):
        person, linked = links.linked(person_codes(numbers))
        rows.flag(Check.LINK_USED, linked, "number")
        numbers = pc.if_else(pa.array(linked), numbers_of(person), numbers)
        linkable |= linked
    residence = _residence(rows, context.municipalities)
    year = _period(rows, periods)
    school = _school(rows)
    reference = _reference_days(year, periods)
    _check_enrolled(rows, reference)
    age = _age(rows, reference)
    columns = {
        NUMBER: numbers,
        "period": pa.array(year - 2000),
        "school": school,
        "education": pa.array(_education(rows, context.profile)),
        "residence": pa.array(residence),
        "age": pa.array(age),
        "linkable": pa.array(linkable),
        "main": pa.array(_main(rows)),
    }
    alive = pa.array(rows.alive)
    kept = [columns[field.name].filter(alive).cast(field.type) for field in _SCHEMA]
    return pa.Table.from_arrays(kept, schema=_SCHEMA)


def _linkable(rows: Rows, numbers: pa.StringArray) -> Mask:
    education_number: Mask = pc.starts_with(numbers, "onr:").fill_null(False).to_numpy(False)
    declared = rows.coded("number_type").lookup(_NUMBER_TYPES, UNKNOWN)
    other = (declared != UNKNOWN) & (declared != education_number)
    rows.flag(Check.NUMBER_OTHER_TYPE, other, "number_type")
    return ~education_number


def _residence(rows: Rows, municipalities: frozenset[int]) -> Ints:
    residence = municipality_codes(rows.coded("residence"))
    rows.flag(Check.RESIDENCE_UNUSABLE, residence < 0, "residence")
    rows.flag(Check.RESIDENCE_OTHER, ~np.isin(residence, sorted(municipalities)), "residence")
    return residence


def _period(rows: Rows, periods: Sequence[Period]) -> Ints:
    """The year in which the row's 1 October lies: from the school year, else the count date."""
    written = _school_years(rows.coded("school_year"))
    counted = _school_year_of(rows.dates("counted_on"))
    year = np.where(written == UNKNOWN, counted, written)
    rows.flag(Check.PERIOD_UNUSABLE, year == UNKNOWN, "school_year")
    known = [period.year for period in periods]
    rows.flag(Check.PERIOD_OTHER, ~np.isin(year, known), "school_year")
    conflict = (written != UNKNOWN) & (counted != UNKNOWN) & (written != counted)
    rows.flag(Check.PERIOD_CONFLICT, conflict, "counted_on")
    return year


def _school_years(column: Coded) -> Ints:
    found = pc.extract_regex(column.values, _YEAR_PATTERN)
    years: Ints = pc.struct_field(found, "year").cast(pa.int64()).fill_null(UNKNOWN).to_numpy(False)
    return years[column.indices]


def _school_year_of(dates: Dates) -> Ints:
    months = np.where(dates.usable, dates.days, 0).astype("datetime64[D]").astype("datetime64[M]")
    number = months.astype(np.int64)
    year = number // 12 + 1970 - (number % 12 < AUGUST)
    return np.where(dates.usable, year, UNKNOWN)


def _reference_days(year: Ints, periods: Sequence[Period]) -> Ints:
    """The reference date of each row's period; of another period, nothing that counts."""
    days = np.full(len(year), NO_DATE, np.int64)
    for period in periods:
        days[year == period.year] = day_number(period.reference_on)
    return days


def _check_enrolled(rows: Rows, reference: Ints) -> None:
    """Enrolled on the reference date: came on or before it, and left after it or not at all."""
    came, left = rows.dates("enrolled_on"), rows.dates("left_on")
    rows.flag(Check.ENROLLED_UNUSABLE, came.is_state(DateState.INVALID), "enrolled_on")
    rows.flag(Check.ENROLLED_UNUSABLE, left.is_state(DateState.INVALID), "left_on")
    gone = left.usable & (left.days <= reference)
    rows.flag(Check.NOT_ENROLLED, (came.usable & (came.days > reference)) | gone, "")
    rows.flag(Check.ENROLLED_EMPTY, came.is_state(DateState.EMPTY), "enrolled_on")
    rows.partial("enrolled_on", came)
    rows.partial("left_on", left)


def _school(rows: Rows) -> pa.Array:
    """BRIN and location as six characters; where they stand apart, joined."""
    column = rows.coded("school")
    codes = pc.utf8_upper(column.values).take(pa.array(column.indices))
    good = column.matches(f"(?i){_SCHOOL_PATTERN}")
    empty = column.empty()
    if empty.any():
        brin = pc.utf8_upper(rows.coded("institution").texts())
        location = pc.utf8_lpad(rows.coded("location").texts(), 2, "0")
        joined = pc.binary_join_element_wise(brin, location, "")
        codes = pc.if_else(pa.array(empty), joined, codes)
        good = pc.match_substring_regex(codes, _SCHOOL_PATTERN).to_numpy(zero_copy_only=False)
    rows.flag(Check.SCHOOL_UNUSABLE, ~good, "school")
    return codes.cast(pa.binary())


def _age(rows: Rows, reference: Ints) -> Ints:
    born = rows.dates("born_on")
    rows.flag(Check.BIRTH_UNUSABLE, ~born.usable, "born_on")
    rows.partial("born_on", born)
    safe = np.where(born.usable & (reference != NO_DATE), born.days, 0).astype(np.int32)
    on = np.where(reference == NO_DATE, 0, reference).astype(np.int32)
    age = whole_years(safe, on)
    rows.flag(Check.BIRTH_AFTER_START, age < 0, "born_on")
    return np.clip(age, 0, 120).astype(np.int64)


def _education(rows: Rows, profile: Profile) -> Ints:
    column = rows.coded("education")
    codes = column.lookup(profile.education, UNKNOWN)
    rows.flag(Check.EDUCATION_UNKNOWN, codes == UNKNOWN, "education")
    return np.where(codes == UNKNOWN, Education.AS_SCHOOL, codes)


def _main(rows: Rows) -> Mask:
    if not rows.has("main"):  # a delivery of main enrolments only
        return np.ones(len(rows.alive), np.bool_)
    codes = rows.coded("main").lookup(YES_NO, UNKNOWN)
    rows.flag(Check.MAIN_UNKNOWN, codes == UNKNOWN, "main")
    main: Mask = codes == 1
    return main
