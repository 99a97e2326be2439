"""The linkage in SQL, from rows as delivered to clients and their care.

One named SELECT per stage, in the order in which they build on another; what is counted of them
stands in ``count_stages``. Only SQL that other dialects have too; no stage sorts by a link id.
"""

# ruff: noqa: S608
# Every part of a statement comes from the definitions and the contract, never from what is read.

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from string import Template

from linker.linkage.counting import Flag, plan
from linker.linkage.database import Stage
from linker.linkage.relations import (
    NO_ARRANGEMENT,
    OTHER_PROVIDER,
    UNKNOWN_ARRANGEMENT,
    UNKNOWN_SCHOOL_NO,
    UNLISTED_PROVIDERS,
)
from shared.contract.codes import Form
from shared.contract.deliveries import CARE

CARE_COLUMNS = tuple(column.name for column in CARE.columns if column.name != "pseudonym")
YOUTH_CARE = f"form IN ({', '.join(str(form.value) for form in Form)})"
"""Which rows are youth care: every form of the contract; what has another code is none."""

FLAGS_PER_MASK = 63
"""A mask is a signed integer of 64 bits."""

_OBJECTED = Stage("objected", "SELECT DISTINCT link_id FROM objection_rows")

_NOT_OBJECTED = (
    "NOT EXISTS (SELECT 1 FROM objected WHERE objected.link_id = {rows}.link_id)"
)  # fmt: skip

# One school per pupil and period, so that persons add up over schools. What decides is packed in
# one integer, most significant first, and the smallest wins: a hash aggregate, not a window over
# all enrolments. It holds every delivered value: rows that tie in it are the same row.
_PREFERRED = Stage(
    "preferred",
    f"""
    SELECT
        enrolment_rows.link_id,
        enrolment_rows.period,
        min(
            CAST(CASE WHEN main THEN 0 ELSE 1125899906842624 END AS BIGINT)
            + CAST(school_codes.place AS BIGINT) * 67108864
            + CAST(residence AS BIGINT) * 4096
            + CAST(education AS BIGINT) * 256
            + CAST(age AS BIGINT) * 2
            + CASE WHEN linkable THEN 1 ELSE 0 END
        ) AS packed
    FROM enrolment_rows
    JOIN school_codes ON school_codes.school = enrolment_rows.school
    WHERE {_NOT_OBJECTED.format(rows="enrolment_rows")}
    GROUP BY enrolment_rows.link_id, enrolment_rows.period
    """,
    kept=False,
)

# Every delivered code in the order of the codes, also those that are in no bundle.
_SCHOOL_CODES = Stage(
    "school_codes",
    f"""
    SELECT
        delivered.school,
        row_number() OVER (ORDER BY delivered.school) AS place,
        coalesce(schools.school_no, {UNKNOWN_SCHOOL_NO}) AS school_no,
        coalesce(schools.special, FALSE) AS special
    FROM (SELECT DISTINCT school FROM enrolment_rows) AS delivered
    LEFT JOIN schools ON schools.school = delivered.school
    """,
)

_PUPILS = Stage(
    "pupils",
    """
    SELECT
        unpacked.link_id,
        unpacked.period,
        school_codes.school_no,
        school_codes.special,
        unpacked.residence,
        unpacked.education,
        unpacked.linkable,
        covered_residences.residence IS NOT NULL AS covered
    FROM (
        SELECT
            link_id,
            period,
            (packed >> 26) & 16777215 AS place,
            CAST((packed >> 12) & 16383 AS INTEGER) AS residence,
            CAST((packed >> 8) & 15 AS INTEGER) AS education,
            (packed & 1) = 1 AS linkable
        FROM preferred
    ) AS unpacked
    JOIN school_codes ON school_codes.place = unpacked.place
    LEFT JOIN covered_residences
        ON covered_residences.period = unpacked.period
        AND covered_residences.residence = unpacked.residence
    """,
)

# Identical rows of one municipality are one row; two municipalities may both deliver it.
_YOUTH_CARE = Stage(
    "youth_care",
    f"""
    SELECT DISTINCT municipality, link_id, {", ".join(CARE_COLUMNS)}
    FROM care_rows
    WHERE {YOUTH_CARE} AND {_NOT_OBJECTED.format(rows="care_rows")}
    """,
)

# A number per client and period, that costs less to group by than a link id. Numbers follow the
# period and the school, so that what is counted together stands together; ties get any.
_NUMBERED = Stage(
    "numbered",
    """
    SELECT
        row_number() OVER (ORDER BY pupils.period, pupils.school_no) AS pp,
        pupils.link_id,
        pupils.period,
        pupils.school_no,
        pupils.special,
        pupils.residence,
        pupils.education,
        in_care.first_period
    FROM (
        SELECT care.link_id, care.period, min(before.first_period) AS first_period
        FROM youth_care AS care
        JOIN (
            SELECT link_id, min(period) AS first_period FROM youth_care GROUP BY link_id
        ) AS before ON before.link_id = care.link_id
        GROUP BY care.link_id, care.period
    ) AS in_care
    JOIN pupils ON pupils.link_id = in_care.link_id AND pupils.period = in_care.period
    WHERE pupils.covered AND pupils.linkable
    """,
)

_CLIENT_CARE_ROWS = Stage(
    "client_care_rows",
    f"""
    SELECT
        numbered.pp,
        numbered.special AS special_school,
        numbered.first_period,
        numbered.education AS education_key,
        care.municipality,
        coalesce(providers.provider_no,
            {UNLISTED_PROVIDERS} + CAST(CAST(care.provider AS VARCHAR) AS INTEGER)) AS provider_no,
        coalesce(providers.provider_key, {OTHER_PROVIDER}) AS provider_key,
        CASE WHEN care.arrangement = 0 THEN {NO_ARRANGEMENT}
            ELSE coalesce(arrangements.arrangement_key, {UNKNOWN_ARRANGEMENT})
        END AS arrangement_key,
        coalesce(providers.provider_no, 1) <> 0 AS has_provider,
        {", ".join(f"care.{column}" for column in CARE_COLUMNS if column != "provider")}
    FROM youth_care AS care
    JOIN numbered ON numbered.link_id = care.link_id AND numbered.period = care.period
    LEFT JOIN providers ON providers.provider = care.provider
    LEFT JOIN arrangements ON arrangements.arrangement = care.arrangement
    """,
    kept=False,
)


@cache
def row_flags() -> dict[Flag, int]:
    """Every condition on a row with its place, which is its bit."""
    flags = (flag for family in plan().families for flag in family.flags)
    found = dict.fromkeys(flag for flag in flags if not flag.of_client)
    return {flag: place for place, flag in enumerate(found)}


def masks() -> tuple[str, ...]:
    """The columns that hold the flags of a row."""
    return tuple(f"flags_{number}" for number in range(-(-len(row_flags()) // FLAGS_PER_MASK)))


def holds(flag: Flag, rows: str, clients: str) -> str:
    """SQL that is true where a flag is set.

    Args:
        rows: relation with the masks.
        clients: relation with the properties of clients.
    """
    if flag.of_client:
        return f"{clients}.{flag.where}"
    mask, bit = divmod(row_flags()[flag], FLAGS_PER_MASK)
    return f"({rows}.flags_{mask} & {1 << bit}) <> 0"


def _mask(number: int) -> str:
    flags = tuple(row_flags())[number * FLAGS_PER_MASK : (number + 1) * FLAGS_PER_MASK]
    return "\n            + ".join(
        f"CASE WHEN {flag.where} THEN CAST({1 << bit} AS BIGINT) ELSE 0 END"
        for bit, flag in enumerate(flags)
    )


def care_columns() -> tuple[str, ...]:
    """The columns of a row of care of a client by which it is counted."""
    keys = (family.key_column for family in plan().families if family.key)
    summed = sorted({amount.column for family in plan().families for amount in family.amounts})
    return ("municipality", "provider_no", *keys, *summed, *masks())


def _client_care() -> Stage:
    """Every row of youth care of a client with its flags packed in a few integers."""
    flagged = {name: f"{_mask(number)} AS {name}" for number, name in enumerate(masks())}
    columns = ["pp", *(flagged.get(name, name) for name in care_columns()),
               "started", "first", "first_period", "period"]  # fmt: skip
    select = ",\n            ".join(columns)
    return Stage("client_care", f"SELECT\n            {select}\n        FROM client_care_rows")


# Continuing: a row that did not start in the period. New: a row with the child's first and a start,
# and no youth care in an earlier period, from anybody. Returning: the others.
_CLIENTS = Stage(
    "clients",
    """
    SELECT
        numbered.pp,
        numbered.link_id,
        numbered.period,
        numbered.school_no,
        numbered.residence,
        CASE
            WHEN entered.continuing = 1 THEN 1
            WHEN entered.entering = 1 AND numbered.first_period = numbered.period THEN 2
            ELSE 3
        END AS flow
    FROM numbered
    JOIN (
        SELECT
            pp,
            max(CASE WHEN started THEN 0 ELSE 1 END) AS continuing,
            max(CASE WHEN first AND started THEN 1 ELSE 0 END) AS entering
        FROM client_care
        GROUP BY pp
    ) AS entered ON entered.pp = numbered.pp
    """,
)


def person_stages() -> Iterator[Stage]:
    """What is made of the persons of a shard, before anything is counted."""
    yield from (_OBJECTED, _SCHOOL_CODES, _PREFERRED, _PUPILS, _YOUTH_CARE, _NUMBERED)
    yield from (_CLIENT_CARE_ROWS, _client_care(), _CLIENTS)


DOUBLE_CLAIMS = Stage(
    "double_claims",
    """
    SELECT count(*) AS double_claims
    FROM (
        SELECT pp
        FROM client_care
        GROUP BY pp
        HAVING min(municipality) < max(municipality)
    ) AS claimed
    """,
)

PUPIL_COUNTS = Template(
    """
    SELECT
        period,
        $place AS place,
        education AS key,
        0 AS extra,
        count(CASE WHEN covered THEN 1 END) AS n_0,
        count(CASE WHEN NOT covered THEN 1 END) AS n_1
    FROM pupils
    GROUP BY period, $place, education
    """
)
