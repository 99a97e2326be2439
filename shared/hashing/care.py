"""From assignments and declarations to ``care/1`` rows.

Source: DESIGN 4 and 5; DOMAIN 1.1 to 1.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.codes import EndReason, Funding, Referrer
from shared.contract.deliveries import CARE
from shared.contract.periods import Period
from shared.hashing.checks import Check
from shared.hashing.context import NUMBER, Context, with_number
from shared.hashing.costs import CostBook, DeliveredCare
from shared.hashing.dates import Dates, DateState, day_number, whole_years
from shared.hashing.fields import (
    AGB_DIGITS,
    EMPTY,
    UNKNOWN,
    Ints,
    assignment_keys,
    known_meaning,
    leave_out_other_care,
    meaning,
    municipality_codes,
    providers,
)
from shared.hashing.roles import FileRole
from shared.hashing.rows import Rows
from shared.hashing.trajectories import (
    OPEN,
    OPEN_FROM,
    Assignments,
    PeriodRows,
    Trajectories,
    merge,
)
from shared.hashing.trajectories import cut as cut_into_periods

REMOVED = r"^13$"
"""JZ002 *verwijderd*: the assignment counts as never sent."""
ADULT_AGE = 23


@dataclass(frozen=True, slots=True)
class _Read:
    """Sound assignments with the texts that identify them."""

    numbers: pa.StringArray = field(repr=False)
    keys: pa.StringArray = field(repr=False)
    values: dict[str, Ints] = field(repr=False)


def care_rows(context: Context) -> pa.Table:
    """One row per child, trajectory, period and funding, still with the normalised number."""
    read = [_assignments(rows, context) for rows in context.rows(FileRole.ASSIGNMENTS)]
    numbers = pa.concat_arrays([item.numbers for item in read] or [pa.array([], pa.string())])
    people = numbers.dictionary_encode()
    values = {
        name.name: np.concatenate([item.values[name.name] for item in read] or [_NO_ROWS])
        for name in fields(Assignments)
        if name.name != "person"
    }
    person = people.indices.to_numpy().astype(np.int64)
    trajectories = merge(Assignments(person=person, **values))
    rows = cut_into_periods(trajectories, context.periods)
    keys = pa.concat_arrays([item.keys for item in read] or [pa.array([], pa.string())])
    care = DeliveredCare(people.dictionary, keys, trajectories, rows, context.periods)
    book = CostBook(care)
    for declared in context.rows(FileRole.DECLARATIONS):
        book.add(declared, context.profile)
    return _table(context, people.dictionary, trajectories, rows, book)


_NO_ROWS = np.empty(0, np.int64)


def _assignments(rows: Rows, context: Context) -> _Read:
    rows.flag(Check.CARE_REMOVED, rows.coded("change_reason").matches(REMOVED), "change_reason")
    leave_out_other_care(rows, context.profile)
    numbers = rows.numbers()
    municipality = _municipality(rows, context.municipalities)
    provider = providers(rows)
    start, end = _interval(rows)
    born = _born(rows, start)
    funding = _funding(rows, context)
    product = known_meaning(rows, meaning(rows, context.profile, municipality))
    values = {
        "form": product.form,
        "domain": product.domain,
        "provider": provider,
        "referrer": _referrer(rows, context),
        "funding": funding,
        "end_reason": _end_reason(rows, context, end),
        "start": start,
        "end": end,
        "born": born,
    }
    _report_span(rows, start, end, context.periods)
    alive = pa.array(rows.alive)
    return _Read(
        numbers.filter(alive),
        assignment_keys(rows).filter(alive),
        {name: column[rows.alive].astype(np.int64) for name, column in values.items()},
    )


def _municipality(rows: Rows, municipalities: frozenset[int]) -> Ints:
    """The municipality of every row; where it is empty and only one delivers, that one."""
    codes = municipality_codes(rows.coded("municipality"))
    rows.flag(Check.MUNICIPALITY_UNUSABLE, codes == UNKNOWN, "municipality")
    other = (codes >= 0) & ~np.isin(codes, sorted(municipalities))
    rows.flag(Check.MUNICIPALITY_OTHER, other, "municipality")
    if len(municipalities) == 1:
        return np.where(codes == EMPTY, min(municipalities), codes)
    return codes


def _interval(rows: Rows) -> tuple[Ints, Ints]:
    """When care was given: the real start and stop, else those of the assignment."""
    start = rows.dates("care_starts_on").otherwise(rows.dates("starts_on"))
    end = rows.dates("care_ends_on").otherwise(rows.dates("ends_on"))
    rows.flag(Check.START_UNUSABLE, ~start.usable | (start.days >= OPEN_FROM), "starts_on")
    rows.flag(Check.END_UNUSABLE, end.is_state(DateState.INVALID), "ends_on")
    days = _open_ends(end)
    rows.flag(Check.END_BEFORE_START, days < start.days, "ends_on")
    rows.partial("starts_on", start)
    rows.partial("ends_on", end)
    return np.where(start.usable, start.days, 0).astype(np.int64), days


def _open_ends(end: Dates) -> Ints:
    open_ended = ~end.usable | (end.days >= OPEN_FROM)
    return np.where(open_ended, OPEN, end.days).astype(np.int64)


def _born(rows: Rows, start: Ints) -> Ints:
    born = rows.dates("born_on")
    rows.flag(Check.BIRTH_UNUSABLE, ~born.usable, "born_on")
    rows.partial("born_on", born)
    days = np.where(born.usable, born.days, 0).astype(np.int32)
    age = whole_years(days, start.astype(np.int32))
    rows.flag(Check.BIRTH_AFTER_START, days > start, "born_on")
    rows.flag(Check.AGE_ADULT, age >= ADULT_AGE, "born_on")
    return days.astype(np.int64)


def _funding(rows: Rows, context: Context) -> Ints:
    column = rows.coded("funding")
    codes = column.lookup(context.profile.funding, UNKNOWN)
    empty = column.empty()
    rows.flag(Check.FUNDING_UNKNOWN, (codes == UNKNOWN) & ~empty, "funding")
    rows.flag(Check.FUNDING_EMPTY, empty, "funding")
    return np.where(empty, Funding.IN_KIND, codes)


def _referrer(rows: Rows, context: Context) -> Ints:
    column = rows.coded("referrer")
    codes = column.lookup(context.profile.referrer, UNKNOWN)
    empty = column.empty()
    rows.flag(Check.REFERRER_EMPTY, empty, "referrer")
    rows.flag(Check.REFERRER_UNKNOWN, (codes == UNKNOWN) & ~empty, "referrer")
    return np.where(codes == UNKNOWN, Referrer.UNKNOWN, codes)


def _end_reason(rows: Rows, context: Context, end: Ints) -> Ints:
    column = rows.coded("end_reason")
    codes = column.lookup(context.profile.end_reason, UNKNOWN)
    rows.flag(Check.END_REASON_UNKNOWN, (codes == UNKNOWN) & ~column.empty(), "end_reason")
    known = np.where(codes == UNKNOWN, EndReason.UNKNOWN, codes)
    return np.where(end == OPEN, EndReason.RUNNING, known)


def _report_span(rows: Rows, start: Ints, end: Ints, periods: tuple[Period, ...]) -> None:
    first = min(day_number(period.starts_on) for period in periods)
    last = max(day_number(period.ends_on) for period in periods)
    rows.flag(Check.CARE_OUTSIDE, (end < first) | (start > last), "")
    too_long = np.minimum(end, last) - start >= _highest("days_since_start")
    rows.flag(Check.DAYS_CAPPED, too_long, "starts_on")


def _table(
    context: Context,
    people: pa.StringArray,
    trajectories: Trajectories,
    rows: PeriodRows,
    book: CostBook,
) -> pa.Table:
    """The columns of the contract, period by period."""
    of = rows.trajectory
    first_day = np.array([day_number(p.starts_on) for p in context.periods])[rows.period]
    last_day = np.array([day_number(p.ends_on) for p in context.periods])[rows.period]
    start, end = trajectories.start[of], trajectories.end[of]
    until = np.minimum(end, last_day)
    ended = end <= last_day
    age = whole_years(trajectories.born[of].astype(np.int32), start.astype(np.int32))
    columns: dict[str, npt.NDArray[np.int64] | npt.NDArray[np.bool_]] = {
        "period": np.array([period.code for period in context.periods])[rows.period],
        "form": trajectories.form[of],
        "domain": trajectories.domain[of],
        "referrer": trajectories.referrer[of],
        "funding": trajectories.funding[of],
        "started": start >= first_day,
        "first": trajectories.first[of],
        "ended": ended,
        "end_reason": np.where(ended, trajectories.end_reason[of], EndReason.RUNNING),
        "days_in_period": until - np.maximum(start, first_day) + 1,
        "days_since_start": np.minimum(until - start + 1, _highest("days_since_start")),
        "age_at_start": np.clip(age, 0, _highest("age_at_start")).astype(np.int64),
        "cost_eur": _capped(context, "cost_eur", book.euros()),
        "half_days": _capped(context, "half_days", book.half_days()),
        "arrangement": np.zeros(len(of), np.int64),
    }
    arrays = {name: pa.array(values) for name, values in columns.items()}
    arrays[NUMBER] = people.take(pa.array(trajectories.person[of]))
    provider = pa.array(trajectories.provider[of]).cast(pa.string())
    arrays["provider"] = pc.utf8_lpad(provider, AGB_DIGITS, "0").cast(pa.binary())
    schema = with_number(CARE.arrow)
    return pa.Table.from_arrays(
        [arrays[item.name].cast(item.type) for item in schema], schema=schema
    )


def _capped(context: Context, name: str, values: Ints) -> Ints:
    capped = np.clip(values, CARE.column(name).low, _highest(name))
    beyond = int((capped != values).sum())
    if beyond:
        context.report.add(Check.COST_CAPPED, FileRole.DECLARATIONS.value, 0, "", beyond)
    return capped


def _highest(name: str) -> int:
    """The largest value that the contract allows in a column."""
    high = CARE.column(name).high
    assert high is not None
    return high
