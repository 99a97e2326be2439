"""Why a delivered row is not linked: every row of every delivery has one cause, or is linked.

Rows are counted as they were delivered. A child who objected is left out of everything that is
linked, so that its rows have the cause that the rows of a child have of whom nobody knows more:
how many children objected follows from no number here.

Persons are divided over shards, so every count is a sum over shards.

Source: DESIGN 5; docs/handleiding/koppelaar.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from linker.linkage.database import Database, Stage
from linker.linkage.inputs import Inputs, Suppliers
from linker.tallying.causes import Cause, DeliveredRows, Explained
from shared.contract.deliveries import CARE

SCHOOL_AGE, GROWN_UP_AGE = 4, 18
_DAYS = 365


@dataclass
class Explainer:
    """Counts shard after shard on an engine of its own, which is closed with it."""

    database: Database
    suppliers: Suppliers
    _counts: dict[int, Counter[tuple[int, Cause]]] = field(default_factory=dict)
    _persons: Counter[int] = field(default_factory=Counter)
    _repeats: Counter[int] = field(default_factory=Counter)

    def begin(self, covered: Mapping[int, Collection[int]]) -> None:
        """Make known which residents are the population, per period."""
        pairs = [(period, place) for period, places in covered.items() for place in sorted(places)]
        relation = pa.table(
            {
                "period": pa.array([period for period, _ in pairs], pa.uint8()),
                "residence": pa.array([place for _, place in pairs], pa.uint16()),
            }
        )
        self.database.load("explained_residences", relation)

    def count(self, inputs: Inputs) -> None:
        """Add the rows of the persons of one shard.

        Raises:
            StateError: ``linkage-out-of-memory``.
        """
        database = self.database
        database.load("enrolment_rows", inputs.enrolment_rows)
        database.load("care_rows", inputs.care_rows)
        database.load("objection_rows", inputs.objection_rows)
        for stage in _STAGES:
            database.define(stage)
        for stage in (_ENROLMENT_CAUSES, _CARE_CAUSES):
            for row in database.fetch(stage).to_pylist():
                by = self._counts.setdefault(row["supplier_no"], Counter())
                by[row["period"], Cause(row["cause"])] += row["row_count"]
        for row in database.fetch(_PERSONS).to_pylist():
            self._persons[row["supplier_no"]] += row["persons"]
        for row in database.fetch(_REPEATS).to_pylist():
            self._repeats[row["supplier_no"]] += row["repeats"]

    def result(self) -> Explained:
        """What was counted."""
        return {
            supplier: DeliveredRows(
                dict(self._counts.get(number, {})), self._persons[number], self._repeats[number]
            )
            for number, supplier in enumerate(self.suppliers)
        }


_OBJECTED = Stage("explained_objected", "SELECT DISTINCT link_id FROM objection_rows")

# Which row of a pupil counts is decided by delivered values only, as in the linkage itself.
_PLACED = Stage(
    "explained_placed",
    """
    SELECT
        preferred.supplier_no,
        preferred.link_id,
        preferred.period,
        preferred.linkable,
        preferred.preference,
        explained_residences.residence IS NOT NULL AS covered,
        explained_objected.link_id IS NOT NULL AS objected
    FROM (
        SELECT
            supplier_no,
            link_id,
            period,
            linkable,
            residence,
            row_number() OVER (
                PARTITION BY link_id, period
                ORDER BY
                    main DESC, school, residence, education, age, linkable, supplier_no
            ) AS preference
        FROM enrolment_rows
    ) AS preferred
    LEFT JOIN explained_residences
        ON explained_residences.period = preferred.period
        AND explained_residences.residence = preferred.residence
    LEFT JOIN explained_objected ON explained_objected.link_id = preferred.link_id
    """,
)

_CARED_FOR = Stage(
    "explained_cared_for",
    """
    SELECT DISTINCT care_rows.link_id, care_rows.period
    FROM care_rows
    WHERE NOT EXISTS (
        SELECT 1 FROM explained_objected WHERE explained_objected.link_id = care_rows.link_id
    )
    """,
)

_ENROLLED = Stage(
    "explained_enrolled",
    "SELECT DISTINCT link_id FROM explained_placed WHERE NOT objected",
)

_STAGES = (_OBJECTED, _PLACED, _CARED_FOR, _ENROLLED)

_ENROLMENT_CAUSES = Stage(
    "explained_enrolments",
    f"""
    SELECT
        explained_placed.supplier_no,
        explained_placed.period,
        CASE
            WHEN explained_placed.preference > 1 THEN '{Cause.REPEATED}'
            WHEN NOT explained_placed.linkable THEN '{Cause.NOT_LINKABLE}'
            WHEN NOT explained_placed.covered THEN '{Cause.NOT_COVERED}'
            WHEN explained_cared_for.link_id IS NULL THEN '{Cause.NO_CARE}'
            ELSE '{Cause.LINKED}'
        END AS cause,
        count(*) AS row_count
    FROM explained_placed
    LEFT JOIN explained_cared_for
        ON explained_cared_for.link_id = explained_placed.link_id
        AND explained_cared_for.period = explained_placed.period
    GROUP BY 1, 2, 3
    """,  # noqa: S608 - codes of this module
)

# The age in a period: at the start, and the whole years of the trajectory since then.
_AGE_DAYS = f"(care_rows.age_at_start * {_DAYS} + care_rows.days_since_start - 1)"

_CARE_CAUSES = Stage(
    "explained_care",
    f"""
    SELECT
        care_rows.supplier_no,
        care_rows.period,
        CASE
            WHEN pupils.link_id IS NOT NULL AND NOT pupils.linkable THEN '{Cause.NOT_LINKABLE}'
            WHEN pupils.link_id IS NOT NULL AND NOT pupils.covered THEN '{Cause.NOT_COVERED}'
            WHEN pupils.link_id IS NOT NULL THEN '{Cause.LINKED}'
            WHEN {_AGE_DAYS} < {SCHOOL_AGE * _DAYS} THEN '{Cause.TOO_YOUNG}'
            WHEN {_AGE_DAYS} >= {GROWN_UP_AGE * _DAYS} THEN '{Cause.GROWN_UP}'
            WHEN explained_enrolled.link_id IS NOT NULL THEN '{Cause.OTHER_PERIOD}'
            ELSE '{Cause.ABSENT}'
        END AS cause,
        count(*) AS row_count
    FROM care_rows
    LEFT JOIN (
        SELECT link_id, period, linkable, covered
        FROM explained_placed
        WHERE preference = 1 AND NOT objected
    ) AS pupils
        ON pupils.link_id = care_rows.link_id AND pupils.period = care_rows.period
    LEFT JOIN explained_enrolled ON explained_enrolled.link_id = care_rows.link_id
    GROUP BY 1, 2, 3
    """,  # noqa: S608 - codes of this module
)

_PERSONS = Stage(
    "explained_persons",
    """
    SELECT supplier_no, count(DISTINCT link_id) AS persons
    FROM enrolment_rows
    GROUP BY supplier_no
    UNION ALL
    SELECT supplier_no, count(DISTINCT link_id) AS persons
    FROM care_rows
    GROUP BY supplier_no
    """,
)

_CARE_COLUMNS = ", ".join(column.name for column in CARE.columns if column.name != "pseudonym")

_REPEATS = Stage(
    "explained_repeats",
    f"""
    SELECT supplier_no, CAST(sum(row_count - 1) AS BIGINT) AS repeats
    FROM (
        SELECT supplier_no, count(*) AS row_count
        FROM care_rows
        GROUP BY supplier_no, link_id, {_CARE_COLUMNS}
    ) AS same_rows
    GROUP BY supplier_no
    """,  # noqa: S608 - columns of the contract
)
