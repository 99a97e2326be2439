"""From assignments, messages, declarations and budgets to ``care/1`` rows.

1. Start and stop messages, then assignments and budgets: checked and held as numbers.
2. What was removed or replaced by a later row of the same assignment goes.
3. Overlapping care of one child, form, provider and funding becomes one trajectory.
4. Declarations are read some at a time and added to the trajectory and period they belong to.

Source: DESIGN 4 and 5; DOMAIN 1.1 to 1.4.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.codes import EndReason
from shared.contract.deliveries import CARE
from shared.contract.periods import Period
from shared.hashing.checks import Check
from shared.hashing.deriving.assignments import RECORD, Records, read_block
from shared.hashing.deriving.context import NUMBER, Context, with_number
from shared.hashing.deriving.corrections import replaced, withdrawn
from shared.hashing.deriving.costs import CostBook, DeliveredCare
from shared.hashing.deriving.fields import AGB_DIGITS, Ints
from shared.hashing.deriving.keys import numbers_of
from shared.hashing.deriving.late import report_late
from shared.hashing.deriving.starts import StartBook
from shared.hashing.deriving.trajectories import Assignments, PeriodRows, Trajectories, merge
from shared.hashing.deriving.trajectories import cut as cut_into_periods
from shared.hashing.reading.dates import day_number, whole_years
from shared.hashing.roles import FileRole

Flags = npt.NDArray[np.bool_]


def care_rows(context: Context) -> Iterator[pa.Table]:
    """One row per child, trajectory, period and funding, still with the normalised number.

    A trajectory needs all assignments of its child: they are held as numbers, some 70 bytes
    each, while the declarations are read and added up some at a time.
    """
    records = _records(context)
    people, person = np.unique(records["person"].astype(np.int64), return_inverse=True)
    trajectories = merge(_assignments(records, person))
    rows = cut_into_periods(trajectories, context.periods)
    keys = records["key"].copy()
    book = CostBook(DeliveredCare(people, keys, trajectories, rows, context.periods))
    cents, start, end = (records[name].astype(np.int64) for name in ("cents", "start", "end"))
    del records
    book.add_direct(cents, start, end)
    for declared in context.rows(FileRole.DECLARATIONS):
        book.add(declared, context.profile)
    book.finish()
    yield from _tables(context, people, trajectories, rows, book)


def _records(context: Context) -> Records:
    """The rows of all assignment and budget files that count."""
    messages = StartBook(context)
    sound: list[Records] = [np.zeros(0, RECORD)]
    removed: list[Records] = [np.zeros(0, RECORD)]
    for role in (FileRole.ASSIGNMENTS, FileRole.PGB):
        for rows in context.rows(role):
            block = read_block(rows, context, role, messages.starts)
            sound.append(block.sound)
            removed.append(block.removed)
    records = np.concatenate(sound)
    messages.report_unmatched(records["person"], records["key"])
    records = _without(context, Check.CARE_WITHDRAWN, records,
                       withdrawn(records, np.concatenate(removed)))  # fmt: skip
    records = _without(context, Check.CARE_CORRECTED, records, replaced(records))
    _report(context, Check.BIRTH_DIFFERS, records[_births_differ(records)])
    return records


def _without(context: Context, check: Check, records: Records, gone: Flags) -> Records:
    _report(context, check, records[gone])
    return records[~gone]


def _report(context: Context, check: Check, records: Records) -> None:
    for role, budget in ((FileRole.ASSIGNMENTS, False), (FileRole.PGB, True)):
        report_late(context, check, role, records[records["budget"] == budget])


def _births_differ(records: Records) -> Flags:
    """Rows of children who stand in the delivery with more than one whole date of birth."""
    exact = records["born_exact"]
    people, of = np.unique(records["person"], return_inverse=True)
    first = np.full(len(people), np.iinfo(np.int32).max, np.int32)
    last = np.full(len(people), np.iinfo(np.int32).min, np.int32)
    np.minimum.at(first, of[exact], records["born"][exact])
    np.maximum.at(last, of[exact], records["born"][exact])
    differ: Flags = (first < last)[of]
    return differ


def _assignments(records: Records, person: Ints) -> Assignments:
    names = ("form", "domain", "provider", "referrer", "funding", "end_reason", "start", "end",
             "born", "arrangement")  # fmt: skip
    columns = {name: records[name].astype(np.int64) for name in names}
    return Assignments(person=person.astype(np.int64), **columns)


def _tables(
    context: Context, people: Ints, trajectories: Trajectories, rows: PeriodRows, book: CostBook
) -> Iterator[pa.Table]:
    """The columns of the contract, a period at a time."""
    euros = _capped(context, "cost_eur", book.euros())
    half_days = _capped(context, "half_days", book.half_days())
    for index, period in enumerate(context.periods):
        here = rows.period == index
        yield _table(period, people, trajectories, rows.trajectory[here], euros[here],
                     half_days[here])  # fmt: skip


def _table(
    period: Period,
    people: Ints,
    trajectories: Trajectories,
    of: Ints,
    euros: Ints,
    half_days: Ints,
) -> pa.Table:
    first_day, last_day = day_number(period.starts_on), day_number(period.ends_on)
    start, end = trajectories.start[of], trajectories.end[of]
    until = np.minimum(end, last_day)
    ended = end <= last_day
    age = whole_years(trajectories.born[of].astype(np.int32), start.astype(np.int32))
    columns: dict[str, npt.NDArray[np.int64] | npt.NDArray[np.bool_]] = {
        "period": np.full(len(of), period.code, np.int64),
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
        "cost_eur": euros,
        "half_days": half_days,
        "arrangement": trajectories.arrangement[of],
    }
    arrays = {name: pa.array(values) for name, values in columns.items()}
    arrays[NUMBER] = numbers_of(people[trajectories.person[of]])
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
