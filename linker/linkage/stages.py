"""The linkage in SQL: one named SELECT per stage, in the order in which they build on another.

Standard SQL only, so that another dialect can be derived; no stage sorts by a link id.
``municipality`` 0 marks the value of a cell, another number a contribution to it.
"""

from __future__ import annotations

from string import Template

from linker.linkage.database import Stage
from linker.linkage.indicators import PersonCount
from linker.linkage.relations import UNKNOWN_SCHOOL_NO, VALUE
from shared.contract.deliveries import CARE

_OBJECTED = Stage("objected", "SELECT DISTINCT link_id FROM objection_rows")

_ENROLMENTS = Stage(
    "enrolments",
    """
    SELECT delivered.*
    FROM enrolment_rows AS delivered
    WHERE NOT EXISTS (SELECT 1 FROM objected WHERE objected.link_id = delivered.link_id)
    """,
    kept=False,
)

_CARE = Stage(
    "care",
    """
    SELECT delivered.*
    FROM care_rows AS delivered
    WHERE NOT EXISTS (SELECT 1 FROM objected WHERE objected.link_id = delivered.link_id)
    """,
    kept=False,
)

# One school per pupil and period, so that persons add up over schools. The tie-break is over
# delivered values only: rows that tie in all of them are the same row.
_PUPILS = Stage(
    "pupils",
    Template(
        """
    SELECT
        chosen.link_id,
        chosen.period,
        coalesce(schools.school_no, $unknown) AS school_no,
        chosen.residence,
        chosen.education,
        chosen.age,
        chosen.linkable,
        covered_residences.residence IS NOT NULL AS covered
    FROM (
        SELECT
            enrolments.*,
            row_number() OVER (
                PARTITION BY link_id, period
                ORDER BY main DESC, school, residence, education, age, linkable
            ) AS preference
        FROM enrolments
    ) AS chosen
    LEFT JOIN schools ON schools.school = chosen.school
    LEFT JOIN covered_residences
        ON covered_residences.period = chosen.period
        AND covered_residences.residence = chosen.residence
    WHERE chosen.preference = 1
    """
    ).substitute(unknown=UNKNOWN_SCHOOL_NO),
)

_POPULATION = Stage(
    "population",
    "SELECT link_id, period, school_no, residence FROM pupils WHERE covered",
    kept=False,
)

_NOT_COVERED = Stage(
    "not_covered",
    "SELECT link_id, period, school_no, residence FROM pupils WHERE NOT covered",
    kept=False,
)

# Every youth-care row of the population, beside the pupil's own school and residence.
_CLIENT_CARE = Stage(
    "client_care",
    """
    SELECT
        care.link_id,
        care.period,
        pupils.school_no,
        pupils.residence,
        care.municipality,
        youth_care_forms.category AS form
    FROM care
    JOIN youth_care_forms ON youth_care_forms.form = care.form
    JOIN pupils ON pupils.link_id = care.link_id AND pupils.period = care.period
    WHERE pupils.covered AND pupils.linkable
    """,
)

_CLIENTS = Stage("clients", "SELECT DISTINCT link_id, period FROM client_care")

PERSON_STAGES: tuple[Stage, ...] = (
    _OBJECTED,
    _ENROLMENTS,
    _CARE,
    _PUPILS,
    _POPULATION,
    _NOT_COVERED,
    _CLIENT_CARE,
    _CLIENTS,
)
"""What is made of the persons of a shard, before anything is counted."""

_COUNT = Template(
    """
    SELECT
        '$table' AS table_id,
        '$measure' AS measure,
        period,
        school_no,
        residence,
        category,
        municipality,
        count(*) AS persons
    FROM (
        SELECT DISTINCT
            link_id,
            period,
            school_no,
            residence,
            $category AS category,
            CAST($municipality AS SMALLINT) AS municipality
        FROM $persons
    ) AS counted
    GROUP BY period, school_no, residence, category, municipality
    """
)


def count_stages(count: PersonCount) -> tuple[Stage, ...]:
    """The facts of one count: values and, where rows were claimed, contributions."""

    def stage(kind: str, municipality: str) -> Stage:
        select = _COUNT.substitute(
            table=count.table.id,
            measure=count.measure.id,
            persons=count.persons,
            category=count.category or "''",
            municipality=municipality,
        )
        return Stage(f"{count.table.id}_{count.measure.id}_{kind}", select)

    values = stage("values", str(VALUE))
    return (values, stage("contributions", "municipality")) if count.claimed else (values,)


DOUBLE_CLAIMS = Stage(
    "double_claims",
    """
    SELECT count(*) AS double_claims
    FROM (
        SELECT link_id, period
        FROM client_care
        GROUP BY link_id, period
        HAVING count(DISTINCT municipality) > 1
    ) AS claimed
    """,
)

ENROLMENT_QUALITY = Stage(
    "enrolment_quality",
    """
    WITH person_periods AS (
        SELECT
            enrolments.supplier_no,
            enrolments.link_id,
            enrolments.period,
            count(*) AS delivered,
            max(CASE WHEN enrolments.linkable THEN 0 ELSE 1 END) AS not_linkable,
            sum(CASE WHEN schools.school IS NULL THEN 1 ELSE 0 END) AS unknown_schools
        FROM enrolments
        LEFT JOIN schools ON schools.school = enrolments.school
        GROUP BY enrolments.supplier_no, enrolments.link_id, enrolments.period
    ),
    persons AS (
        SELECT
            person_periods.supplier_no,
            sum(person_periods.delivered) AS delivered,
            sum(person_periods.delivered - 1) AS duplicates,
            max(person_periods.not_linkable) AS not_linkable,
            sum(person_periods.unknown_schools) AS unknown_schools,
            max(CASE WHEN clients.link_id IS NULL THEN 0 ELSE 1 END) AS linked
        FROM person_periods
        LEFT JOIN clients
            ON clients.link_id = person_periods.link_id
            AND clients.period = person_periods.period
        GROUP BY person_periods.supplier_no, person_periods.link_id
    )
    SELECT
        supplier_no,
        CAST(sum(delivered) AS BIGINT) AS delivered,
        count(*) AS persons,
        count(*) AS linkage_base,
        CAST(sum(linked) AS BIGINT) AS linked,
        CAST(sum(not_linkable) AS BIGINT) AS not_linkable,
        CAST(sum(duplicates) AS BIGINT) AS duplicates,
        CAST(sum(unknown_schools) AS BIGINT) AS unknown_schools
    FROM persons
    GROUP BY supplier_no
    """,
)

_CARE_COLUMNS = ", ".join(column.name for column in CARE.columns if column.name != "pseudonym")

CARE_QUALITY = Stage(
    "care_quality",
    Template(
        """
    WITH distinct_rows AS (
        SELECT supplier_no, link_id, $columns, count(*) AS delivered
        FROM care
        GROUP BY supplier_no, link_id, $columns
    ),
    persons AS (
        SELECT
            distinct_rows.supplier_no,
            sum(distinct_rows.delivered) AS delivered,
            sum(distinct_rows.delivered - 1) AS duplicates,
            max(CASE WHEN youth_care_forms.form IS NULL THEN 0 ELSE 1 END) AS is_client,
            max(
                CASE WHEN youth_care_forms.form IS NOT NULL AND pupils.linkable THEN 1 ELSE 0 END
            ) AS linked
        FROM distinct_rows
        LEFT JOIN youth_care_forms ON youth_care_forms.form = distinct_rows.form
        LEFT JOIN pupils
            ON pupils.link_id = distinct_rows.link_id
            AND pupils.period = distinct_rows.period
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
        CAST(0 AS BIGINT) AS unknown_schools
    FROM persons
    GROUP BY supplier_no
    """
    ).substitute(columns=_CARE_COLUMNS),
)

# Persons of a delivery whom objections took out, anywhere: with those that are left they are the
# persons as delivered, a number that the supplier knows itself.
OBJECTED_PERSONS = Stage(
    "objected_persons",
    """
    SELECT supplier_no, CAST(count(*) AS BIGINT) AS objected
    FROM (
        SELECT DISTINCT enrolment_rows.supplier_no, enrolment_rows.link_id
        FROM enrolment_rows
        JOIN objected ON objected.link_id = enrolment_rows.link_id
        UNION ALL
        SELECT DISTINCT care_rows.supplier_no, care_rows.link_id
        FROM care_rows
        JOIN objected ON objected.link_id = care_rows.link_id
        JOIN youth_care_forms ON youth_care_forms.form = care_rows.form
    ) AS gone
    GROUP BY supplier_no
    """,
)

# From schools to every level above them, and by residence; both from the same facts, so that
# they have the same grand total.
ROLL_UP = Stage(
    "roll_up",
    """
    WITH placed AS (
        SELECT facts.*, units.level, units.unit
        FROM facts
        JOIN units ON units.school_no = facts.school_no
        UNION ALL
        SELECT facts.*, 'residence' AS level, residence_units.unit
        FROM facts
        JOIN residence_units ON residence_units.residence = facts.residence
    )
    SELECT
        placed.table_id,
        placed.level,
        placed.unit,
        placed.period,
        placed.category,
        placed.measure,
        placed.municipality,
        CAST(sum(placed.persons) AS BIGINT) AS persons
    FROM placed
    JOIN table_levels
        ON table_levels.table_id = placed.table_id AND table_levels.level = placed.level
    GROUP BY
        placed.table_id, placed.level, placed.unit, placed.period, placed.category,
        placed.measure, placed.municipality
    UNION ALL
    SELECT table_id, level, unit, period, category, measure, municipality, persons
    FROM reference_cells
    ORDER BY table_id, level, unit, period, category, measure, municipality
    """,
)
