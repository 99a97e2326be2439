"""What is counted of clients and their care, in SQL: wide, at the finest grain, per shard.

Rows become *holders* first: one per client and category key, or per client, key and municipality,
or per client, key and provider group. Each holder has its flags (set where one of its rows has
them) and its sums. Counting holders at a school then counts persons, never rows.
"""

# ruff: noqa: S608
# Every part of a statement comes from the definitions and the contract, never from what is read.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

import pyarrow as pa

from linker.linkage.counting import Amount, Family, Flag
from linker.linkage.database import Stage
from linker.linkage.facts import Matrix, stacked
from linker.linkage.stages import FLAGS_PER_MASK, PUPIL_COUNTS, holds, masks, row_flags
from shared.errors import StateError


class Place(StrEnum):
    """Where a client is counted: two cuts of the same persons."""

    SCHOOL = "school_no"
    RESIDENCE = "residence"


class Grain(StrEnum):
    """Of whom a holder's rows are, beside the client's own."""

    CLIENT = ""
    SUPPLIER = "municipality"
    PROVIDER = "provider_no"


LANES = 3
LANE_BITS = FLAGS_PER_MASK // LANES
"""A mask is counted as three lanes of so many bits: one sum counts the flags at the same place in
each lane. ``counts_of`` refuses as many at one place that a count could reach the next lane."""
_LANE = sum(1 << (LANE_BITS * lane) for lane in range(LANES))
_COUNT = (1 << LANE_BITS) - 1
_EVERY = "every_one"

HOLDERS = "holders"
_FIRSTS = "firsts"
FIRSTS = Stage("all_firsts", f"SELECT * FROM {_FIRSTS}")
"""What ``counted`` with tops gave, once it was defined."""


def holders(family: Family, grain: Grain) -> Stage:
    """One row per client, key and whoever the grain names, with flags and sums."""
    by = ["pp", *([f"{family.key_column} AS key"] if family.key else ["0 AS key"])]
    by.append(f"{grain.value} AS extra" if grain.value else "0 AS extra")
    group = ["pp", *([family.key_column] if family.key else []), *([grain.value] * bool(grain))]
    sums = [_amount(amount, number, grain) for number, amount in enumerate(family.amounts)]
    select = [*by, *(f"bit_or({mask}) AS {mask}" for mask in masks()), *sums]
    return Stage(HOLDERS, f"SELECT {_list(select)} FROM client_care GROUP BY {', '.join(group)}")


def _amount(amount: Amount, number: int, grain: Grain) -> str:
    counts = holds(amount.flag, "client_care", "")
    total = f"sum(CASE WHEN {counts} THEN {amount.column} ELSE 0 END)"
    # What a client contributes counts by its size, whatever its sign; the others still add up.
    return f"CAST({total if grain.value else f'abs({total})'} AS BIGINT) AS a_{number}"


def counted(family: Family, place: Place, *, tops: bool) -> Stage:
    """Persons per flag, and sums, of the holders at a place.

    Args:
        tops: also the largest amount of one holder.
    """
    select = [
        "clients.period",
        f"clients.{place.value} AS place",
        "holders.key",
        "holders.extra",
        *_counts(family.flags, HOLDERS),
    ]
    for number in range(len(family.amounts)):
        select.append(f"CAST(sum(holders.a_{number}) AS BIGINT) AS a_{number}")
        if tops:
            select.append(f"max(holders.a_{number}) AS first_{number}")
    return Stage(
        _FIRSTS,
        f"""
        SELECT {_list(select)}
        FROM holders JOIN clients ON clients.pp = holders.pp
        GROUP BY clients.period, clients.{place.value}, holders.key, holders.extra
        """,
    )


def seconds(family: Family, place: Place) -> Stage:
    """The second largest amounts, given the largest (``counted`` with tops, defined before).

    Where two holders have the largest, it is the second too.
    """
    select = ["clients.period", f"clients.{place.value} AS place", "holders.key"]
    for number in range(len(family.amounts)):
        held, first = f"holders.a_{number}", f"firsts.first_{number}"
        select.append(
            f"CASE WHEN count(CASE WHEN {held} = {first} THEN 1 END) > 1 THEN max({first}) "
            f"ELSE coalesce(max(CASE WHEN {held} < {first} THEN {held} END), 0) END "
            f"AS second_{number}"
        )
    return Stage(
        "seconds",
        f"""
        SELECT {_list(select)}
        FROM holders
        JOIN clients ON clients.pp = holders.pp
        JOIN firsts
            ON firsts.period = clients.period
            AND firsts.place = clients.{place.value}
            AND firsts.key = holders.key
        GROUP BY clients.period, clients.{place.value}, holders.key
        """,
    )


def rows_counted(family: Family, place: Place) -> Stage:
    """Rows per flag at a place."""
    key = f"client_care.{family.key_column}" if family.key else "0"
    select = [
        "clients.period",
        f"clients.{place.value} AS place",
        f"{key} AS key",
        "0 AS extra",
        *_counts(family.rows, "client_care"),
    ]
    group = ["clients.period", f"clients.{place.value}", *([key] if family.key else [])]
    return Stage(
        "rows_counted",
        f"""
        SELECT {_list(select)}
        FROM client_care JOIN clients ON clients.pp = client_care.pp
        GROUP BY {", ".join(group)}
        """,
    )


def pupils_counted(place: Place) -> Stage:
    """Pupils of the population, and those outside it, by education."""
    return Stage("pupils_counted", PUPIL_COUNTS.substitute(place=place.value))


def counts_of(answer: pa.Table, flags: Sequence[Flag]) -> Matrix:
    """The count of each flag, a row per flag, from an answer of ``counted`` or ``rows_counted``.

    Raises:
        StateError: ``shard-too-large``.
    """
    if int(answer.column(_EVERY).to_numpy().max(initial=0)) > _COUNT:
        raise StateError(
            "shard-too-large",
            f"expected at most {_COUNT:,} rows of one school or municipality in a shard, got more",
            hint="link again with more shards",
        )
    lines = (
        (answer.column(name).to_numpy() >> (LANE_BITS * lane)) & _COUNT
        for name, lane in map(_column_of, flags)
    )
    return stacked(lines, answer.num_rows)


def _counts(flags: Sequence[Flag], rows: str) -> Iterator[str]:
    """Columns that hold the counts of all flags, several to a column, and of all there is."""
    yield f"count(*) AS {_EVERY}"
    of_clients = {_column_of(flag)[0]: flag for flag in flags if flag.of_client}
    for name, flag in of_clients.items():
        yield f"count(CASE WHEN {holds(flag, rows, 'clients')} THEN 1 END) AS {name}"
    for name in dict.fromkeys(_column_of(flag)[0] for flag in flags if not flag.of_client):
        _, mask, place = name.split("_")
        yield f"CAST(sum(({rows}.flags_{mask} >> {place}) & {_LANE}) AS BIGINT) AS {name}"


def _column_of(flag: Flag) -> tuple[str, int]:
    """The column in which a flag is counted, and its lane there."""
    if flag.of_client:
        return f"of_{''.join(each for each in flag.where if each.isalnum())}", 0
    mask, bit = divmod(row_flags()[flag], FLAGS_PER_MASK)
    lane, place = divmod(bit, LANE_BITS)
    return f"n_{mask}_{place}", lane


def _list(expressions: list[str]) -> str:
    return ",\n            ".join(expressions)
