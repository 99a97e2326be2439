"""How good the deliveries are, in SQL: figures per supplier, over what objections left.

Every answer has ``supplier_no`` and the same columns, so that they add up over shards.
"""

# ruff: noqa: S608
# Every part of a statement comes from the definitions and the contract, never from what is read.

from __future__ import annotations

from collections.abc import Sequence

from linker.linkage.database import Stage
from linker.linkage.stages import CARE_COLUMNS, YOUTH_CARE
from shared.contract.codes import Domain, Referrer
from shared.contract.periods import Period

_LEFT = "NOT EXISTS (SELECT 1 FROM objected WHERE objected.link_id = {rows}.link_id)"


def enrolment_quality(periods: Sequence[Period]) -> Stage:
    """Rows, persons and what is wrong with them, of deliveries of enrolments.

    In which periods a person was delivered, and was a client, is a set of bits.
    """
    return Stage(
        "enrolment_quality",
        f"""
        WITH persons AS (
            SELECT
                enrolment_rows.supplier_no,
                enrolment_rows.link_id,
                count(*) AS delivered,
                bit_or({_bit("period", periods)}) AS present,
                max(CASE WHEN linkable THEN 0 ELSE 1 END) AS not_linkable,
                count(CASE WHEN school_codes.school_no = 0 THEN 1 END) AS unknown_schools
            FROM enrolment_rows
            JOIN school_codes ON school_codes.school = enrolment_rows.school
            WHERE {_LEFT.format(rows="enrolment_rows")}
            GROUP BY enrolment_rows.supplier_no, enrolment_rows.link_id
        ),
        cared_for AS (
            SELECT link_id, bit_or({_bit("period", periods)}) AS present
            FROM clients
            GROUP BY link_id
        )
        SELECT
            persons.supplier_no,
            CAST(sum(persons.delivered) AS BIGINT) AS delivered,
            count(*) AS persons,
            count(*) AS linkage_base,
            count(CASE WHEN (persons.present & cared_for.present) <> 0 THEN 1 END) AS linked,
            CAST(sum(persons.not_linkable) AS BIGINT) AS not_linkable,
            CAST(sum(persons.delivered - ({_bits("persons.present", periods)})) AS BIGINT)
                AS duplicates,
            CAST(sum(persons.unknown_schools) AS BIGINT) AS unknown_schools,
            CAST(0 AS BIGINT) AS unknown_domains,
            CAST(0 AS BIGINT) AS unknown_referrers,
            CAST(0 AS BIGINT) AS unknown_providers,
            CAST(0 AS BIGINT) AS unknown_arrangements
        FROM persons
        LEFT JOIN cared_for ON cared_for.link_id = persons.link_id
        GROUP BY persons.supplier_no
        """,
    )


def _bit(column: str, periods: Sequence[Period]) -> str:
    cases = " ".join(f"WHEN {each.code} THEN {1 << bit}" for bit, each in enumerate(periods))
    return f"CAST(CASE {column} {cases} ELSE 0 END AS BIGINT)" if cases else "CAST(0 AS BIGINT)"


def _bits(column: str, periods: Sequence[Period]) -> str:
    """How many bits are set: in how many periods."""
    set_ = [f"CASE WHEN ({column} & {1 << bit}) <> 0 THEN 1 ELSE 0 END"
            for bit in range(len(periods))]  # fmt: skip
    return " + ".join(set_) or "0"


def care_quality() -> Stage:
    """Rows, persons and what is wrong with them, of deliveries of care."""
    columns = ", ".join(CARE_COLUMNS)
    qualified = ", ".join(f"care_rows.{column}" for column in CARE_COLUMNS)
    return Stage(
        "care_quality",
        f"""
        WITH distinct_rows AS (
            SELECT supplier_no, link_id, {columns}, count(*) AS delivered
            FROM (
                SELECT care_rows.supplier_no, care_rows.link_id, {qualified}
                FROM care_rows
                WHERE {_LEFT.format(rows="care_rows")}
            ) AS kept
            GROUP BY supplier_no, link_id, {columns}
        ),
        persons AS (
            SELECT
                distinct_rows.supplier_no,
                sum(distinct_rows.delivered) AS delivered,
                sum(distinct_rows.delivered - 1) AS duplicates,
                max(CASE WHEN {YOUTH_CARE} THEN 1 ELSE 0 END) AS is_client,
                max(CASE WHEN {YOUTH_CARE} AND pupils.linkable THEN 1 ELSE 0 END) AS linked,
                {_unknown(f"domain = {int(Domain.UNKNOWN)}", "unknown_domains")},
                {_unknown(f"referrer = {int(Referrer.UNKNOWN)}", "unknown_referrers")},
                {_unknown("providers.provider IS NULL", "unknown_providers")},
                {_unknown("distinct_rows.arrangement <> 0 AND arrangements.arrangement IS NULL",
                          "unknown_arrangements")}
            FROM distinct_rows
            LEFT JOIN pupils
                ON pupils.link_id = distinct_rows.link_id
                AND pupils.period = distinct_rows.period
            LEFT JOIN providers ON providers.provider = distinct_rows.provider
            LEFT JOIN arrangements ON arrangements.arrangement = distinct_rows.arrangement
            GROUP BY distinct_rows.supplier_no, distinct_rows.link_id
        )
        SELECT
            supplier_no,
            CAST(sum(delivered) AS BIGINT) AS delivered,
            count(*) AS persons,
            CAST(sum(is_client) AS BIGINT) AS linkage_base,
            CAST(sum(linked) AS BIGINT) AS linked,
            CAST(0 AS BIGINT) AS not_linkable,
            CAST(sum(duplicates) AS BIGINT) AS duplicates,
            CAST(0 AS BIGINT) AS unknown_schools,
            CAST(sum(unknown_domains) AS BIGINT) AS unknown_domains,
            CAST(sum(unknown_referrers) AS BIGINT) AS unknown_referrers,
            CAST(sum(unknown_providers) AS BIGINT) AS unknown_providers,
            CAST(sum(unknown_arrangements) AS BIGINT) AS unknown_arrangements
        FROM persons
        GROUP BY supplier_no
        """,
    )  # fmt: skip


def _unknown(where: str, name: str) -> str:
    return f"sum(CASE WHEN {where} THEN distinct_rows.delivered ELSE 0 END) AS {name}"


# Persons of a delivery whom objections took out, anywhere: with those that are left they are the
# persons as delivered, a number that the supplier knows itself.
OBJECTED_PERSONS = Stage(
    "objected_persons",
    f"""
    SELECT supplier_no, CAST(count(*) AS BIGINT) AS objected
    FROM (
        SELECT DISTINCT enrolment_rows.supplier_no, enrolment_rows.link_id
        FROM enrolment_rows
        JOIN objected ON objected.link_id = enrolment_rows.link_id
        UNION ALL
        SELECT DISTINCT care_rows.supplier_no, care_rows.link_id
        FROM care_rows
        JOIN objected ON objected.link_id = care_rows.link_id
        WHERE {YOUTH_CARE}
    ) AS gone
    GROUP BY supplier_no
    """,
)
