"""Read assignments and personal budgets: one compact record per sound row.

The records of all files are held until every file has been read, because a trajectory needs all
rows of its child; that is why they hold numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.codes import EndReason, Funding, Referrer
from shared.contract.deliveries import CARE
from shared.contract.periods import Period
from shared.hashing.checking.rows import Mask, Rows
from shared.hashing.checks import Check
from shared.hashing.deriving.context import Context
from shared.hashing.deriving.fields import (
    EMPTY,
    UNKNOWN,
    WITHDRAWN,
    Ints,
    arrangements,
    known_meaning,
    leave_out_other_care,
    meaning,
    municipality_codes,
    providers,
)
from shared.hashing.deriving.keys import NO_KEY, NOBODY, person_codes, text_codes
from shared.hashing.deriving.quantities import MAX_CENTS
from shared.hashing.deriving.starts import Starts
from shared.hashing.deriving.trajectories import OPEN, OPEN_FROM
from shared.hashing.reading.amounts import AmountState, parse_cents, parse_hundredths
from shared.hashing.reading.dates import Dates, DateState, day_number, whole_years
from shared.hashing.roles import FileRole

REMOVED = r"^13$"
"""JZ002 *verwijderd*: the assignment counts as never sent."""
ADULT_AGE = 23
_MINUTES_A_DAY = 1_440
_CLOCK = r"^(?P<hours>\d{1,2}):(?P<minutes>\d{2})"

RECORD = np.dtype(
    [
        ("person", np.int32), ("municipality", np.int16), ("key", np.int64), ("line", np.int64),
        ("provider", np.int32), ("form", np.int8), ("domain", np.int8), ("referrer", np.int8),
        ("funding", np.int8), ("end_reason", np.int8), ("start", np.int32), ("end", np.int32),
        ("born", np.int32), ("born_exact", np.bool_), ("cents", np.int64),
        ("stamp", np.int64), ("changed", np.bool_),
        ("budget", np.bool_), ("file", np.int16), ("row", np.int32), ("arrangement", np.int16),
    ]
)  # fmt: skip
"""One row. ``key`` and ``line`` are its assignment number and its product; ``stamp`` is when it
was assigned, in minutes, or -1; ``changed`` says that it has a reason for a change; ``budget`` that
it stood in a file of personal budgets."""

Records = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Block:
    """What one block of rows gave.

    Attributes:
        sound: rows that count, unless a later row of the same assignment replaces them.
        removed: rows that say that their assignment counts as never sent.
    """

    sound: Records = field(repr=False)
    removed: Records = field(repr=False)


def read_block(rows: Rows, context: Context, role: FileRole, starts: Starts) -> Block:
    """Check one block of rows of an assignment or budget file, and reduce it to records."""
    gone = rows.coded("change_reason").matches(REMOVED) | rows.coded("status").matches(WITHDRAWN)
    rows.flag(Check.CARE_REMOVED, gone, "change_reason")
    leave_out_other_care(rows, context.profile)
    records = np.zeros(len(rows.alive), RECORD)
    numbers = rows.numbers()
    records["person"] = person_codes(numbers)
    records["key"] = text_codes(rows.coded("assignment"))
    records["line"] = _line(rows)
    records["municipality"] = _municipality(rows, context.municipalities)
    funding = _funding(rows, context, role)
    records["funding"] = funding
    records["provider"] = providers(rows, funding == Funding.PERSONAL_BUDGET)
    _interval(rows, records, starts)
    _end_reason(rows, context, records, starts)
    _born(rows, records)
    municipality = _wide(records["municipality"])
    product = known_meaning(rows, meaning(rows, context.profile, municipality))
    records["form"], records["domain"] = product.form, product.domain
    records["arrangement"] = arrangements(rows, context.profile, municipality)
    records["referrer"] = _referrer(rows, context)
    records["cents"] = _cents(rows)
    records["stamp"] = _stamp(rows)
    records["changed"] = ~rows.coded("change_reason").empty()
    records["budget"] = role is FileRole.PGB
    records["file"], records["row"] = rows.origin
    _report_span(rows, records, context.periods)
    known = (records["person"] != NOBODY) & (records["key"] != NO_KEY)
    return Block(records[rows.alive], records[gone & known])


def _wide(values: npt.NDArray[np.generic]) -> Ints:
    return np.asarray(values, np.int64)


def _line(rows: Rows) -> Ints:
    """The product of an assignment number; where it has none, its category or its form."""
    line = text_codes(rows.coded("product"))
    for name in ("category", "form"):
        line = np.where(line == NO_KEY, text_codes(rows.coded(name)), line)
    return line


def _municipality(rows: Rows, municipalities: frozenset[int]) -> Ints:
    """The municipality of every row; where it is empty and only one delivers, that one."""
    codes = municipality_codes(rows.coded("municipality"))
    rows.flag(Check.MUNICIPALITY_UNUSABLE, codes == UNKNOWN, "municipality")
    other = (codes >= 0) & ~np.isin(codes, sorted(municipalities))
    rows.flag(Check.MUNICIPALITY_OTHER, other, "municipality")
    if len(municipalities) == 1:
        return np.where(codes == EMPTY, min(municipalities), codes)
    return codes


def _interval(rows: Rows, records: Records, starts: Starts) -> None:
    """When care was given: the real start and stop, else those of the assignment.

    What a start or stop message says goes before what stands beside the assignment.
    """
    began, stopped = starts.dates(_wide(records["person"]), records["key"])
    start = began.otherwise(rows.dates("care_starts_on")).otherwise(rows.dates("starts_on"))
    end = stopped.otherwise(rows.dates("care_ends_on")).otherwise(rows.dates("ends_on"))
    rows.flag(Check.START_UNUSABLE, ~start.usable | (start.days >= OPEN_FROM), "starts_on")
    rows.flag(Check.END_UNUSABLE, end.is_state(DateState.INVALID), "ends_on")
    days = _open_ends(end)
    rows.flag(Check.END_BEFORE_START, days < start.days, "ends_on")
    rows.flag(Check.CARE_ONE_DAY, start.usable & (days == start.days), "ends_on")
    rows.partial("starts_on", start)
    rows.partial("ends_on", end)
    records["start"], records["end"] = np.where(start.usable, start.days, 0), days


def _open_ends(end: Dates) -> Ints:
    open_ended = ~end.usable | (end.days >= OPEN_FROM)
    return np.where(open_ended, OPEN, end.days).astype(np.int64)


def _born(rows: Rows, records: Records) -> None:
    born = rows.dates("born_on")
    rows.flag(Check.BIRTH_UNUSABLE, ~born.usable, "born_on")
    rows.partial("born_on", born)
    days = np.where(born.usable, born.days, 0).astype(np.int32)
    start = records["start"]
    rows.flag(Check.BIRTH_AFTER_START, days > start, "born_on")
    rows.flag(Check.AGE_ADULT, whole_years(days, start) >= ADULT_AGE, "born_on")
    records["born"], records["born_exact"] = days, born.is_state(DateState.OK)


def _funding(rows: Rows, context: Context, role: FileRole) -> Ints:
    if role is FileRole.PGB:
        return np.full(len(rows.alive), int(Funding.PERSONAL_BUDGET), np.int64)
    if not rows.has("funding"):  # a source of care in kind only
        return np.full(len(rows.alive), int(Funding.IN_KIND), np.int64)
    column = rows.coded("funding")
    codes = column.lookup(context.profile.funding, UNKNOWN)
    empty = column.empty()
    rows.flag(Check.FUNDING_UNKNOWN, (codes == UNKNOWN) & ~empty, "funding")
    rows.flag(Check.FUNDING_EMPTY, empty, "funding")
    return np.where(empty, Funding.IN_KIND, codes)


def _referrer(rows: Rows, context: Context) -> Ints:
    if not rows.has("referrer"):
        return np.full(len(rows.alive), int(Referrer.UNKNOWN), np.int64)
    column = rows.coded("referrer")
    codes = column.lookup(context.profile.referrer, UNKNOWN)
    empty = column.empty()
    rows.flag(Check.REFERRER_EMPTY, empty, "referrer")
    rows.flag(Check.REFERRER_UNKNOWN, (codes == UNKNOWN) & ~empty, "referrer")
    return np.where(codes == UNKNOWN, Referrer.UNKNOWN, codes)


def _end_reason(rows: Rows, context: Context, records: Records, starts: Starts) -> None:
    column = rows.coded("end_reason")
    own = column.lookup(context.profile.end_reason, UNKNOWN)
    rows.flag(Check.END_REASON_UNKNOWN, (own == UNKNOWN) & ~column.empty(), "end_reason")
    said = starts.end_reasons(_wide(records["person"]), records["key"])
    codes = np.where(said == EndReason.UNKNOWN, own, said)
    known = np.where(codes == UNKNOWN, EndReason.UNKNOWN, codes)
    records["end_reason"] = np.where(records["end"] == OPEN, EndReason.RUNNING, known)


def _cents(rows: Rows) -> Ints:
    """What the row itself says that its care cost: what was paid, else the whole budget."""
    paid = rows.amounts("paid_cents", parse_cents).otherwise(
        rows.amounts("paid_eur", parse_hundredths)
    )
    budget = rows.amounts("budget_eur", parse_hundredths)
    without = paid.is_state(AmountState.EMPTY) & budget.is_state(AmountState.OK)
    amounts = paid.otherwise(budget)
    column = next((n for n in ("paid_cents", "paid_eur", "budget_eur") if rows.has(n)), "")
    rows.flag(Check.BUDGET_TAKEN, without, "budget_eur")
    rows.flag(Check.ROW_COST_UNUSABLE, amounts.is_state(AmountState.INVALID), column)
    rows.flag(Check.AMOUNT_TOO_LARGE, np.abs(amounts.values) > MAX_CENTS, column)
    spent: Mask = amounts.is_state(AmountState.OK) & (amounts.values == 0)
    rows.flag(Check.ROW_COST_ZERO, spent, column)
    return amounts.values


def _stamp(rows: Rows) -> Ints:
    """When the row was assigned: minutes since 1970; -1 where no date says so."""
    on, at = rows.dates("assigned_on"), rows.coded("assigned_at")
    clock = pc.extract_regex(at.values, _CLOCK)
    hours, minutes = (
        pc.struct_field(clock, name).cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        for name in ("hours", "minutes")
    )
    in_day = (hours * 60 + minutes)[at.indices]
    return np.where(on.usable, on.days.astype(np.int64) * _MINUTES_A_DAY + in_day, -1)


def _report_span(rows: Rows, records: Records, periods: tuple[Period, ...]) -> None:
    first = min(day_number(period.starts_on) for period in periods)
    last = max(day_number(period.ends_on) for period in periods)
    outside: Mask = (records["end"] < first) | (records["start"] > last)
    rows.flag(Check.CARE_OUTSIDE, outside, "")
    longest = CARE.column("days_since_start").high
    too_long: Mask = np.minimum(records["end"], last) - records["start"] >= longest
    rows.flag(Check.DAYS_CAPPED, too_long, "starts_on")
