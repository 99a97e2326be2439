"""Linkage quality per supplier and schema, over complete deliveries, once per revision.

All figures here are over what is left after objections; the tally's header replaces ``rows``
by those delivered, whose difference would tell the number of objections. Persons and the rest are
for the sealed tally; a supplier is told a blurred share only (``linker.linkage.feedback``), because
a supplier that counts its own rows could read from these how many of its children objected
elsewhere.

Source: DESIGN 5 (intake judges a delivery by itself; match rates only at close).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa

from linker.linkage.inputs import Suppliers
from shared.contract.deliveries import ENROLMENT
from shared.contract.tally import SupplierQuality

SMALLEST_BASE = 1_000
"""Persons, or rows, over which a share is given; over fewer it would tell about individuals."""

_FIGURES = (
    "delivered",
    "persons",
    "linkage_base",
    "linked",
    "not_linkable",
    "duplicates",
    "unknown_schools",
    "unknown_domains",
    "unknown_referrers",
    "unknown_providers",
    "unknown_arrangements",
)


def supplier_quality(
    suppliers: Suppliers, parts: Iterable[pa.Table]
) -> tuple[SupplierQuality, ...]:
    """Add the figures of every shard and make shares of them.

    - ``rows``, ``duplicates``, ``unknown_schools``: rows. A duplicate enrolment is every row
      beyond the first of a person in a period, a duplicate care row one that repeats another.
    - ``persons``, ``not_linkable``: distinct persons over all periods.
    - ``linked_percent``: of an enrolment delivery, the share of its persons who are a client
      in a period; of a care delivery, the share of its persons with youth care who are found
      in the enrolments of a period in which they have it.
    - ``unknown_…_percent``: the share of rows with such a code.

    Args:
        suppliers: supplier and schema by number, also those without a row left.
        parts: Arrow tables with ``supplier_no`` and the figures; persons of a shard each.
    """
    totals: dict[int, Counter[str]] = {number: Counter() for number in range(len(suppliers))}
    for part in parts:
        for row in part.to_pylist():
            totals[row["supplier_no"]].update({figure: row[figure] for figure in _FIGURES})
    return tuple(
        SupplierQuality(
            supplier=supplier,
            schema_name=schema,
            rows=total["delivered"],
            persons=total["persons"],
            linked_percent=_percent(total["linked"], total["linkage_base"]),
            not_linkable=total["not_linkable"],
            duplicates=total["duplicates"],
            unknown_schools=total["unknown_schools"],
            **_unknown(schema, total),
        )
        for (supplier, schema), total in zip(suppliers, totals.values(), strict=True)
    )


def _unknown(schema: str, total: Counter[str]) -> dict[str, int | None]:
    figures = (
        {"unknown_school_percent": "unknown_schools"}
        if schema == ENROLMENT.name
        else {
            "unknown_domain_percent": "unknown_domains",
            "unknown_referrer_percent": "unknown_referrers",
            "unknown_provider_percent": "unknown_providers",
            "unknown_arrangement_percent": "unknown_arrangements",
        }
    )
    rows = total["delivered"]
    return {name: _percent(total[figure], rows) for name, figure in figures.items()}


def _percent(part: int, base: int) -> int | None:
    """Whole per cents, half up; None over too few."""
    return (200 * part + base) // (2 * base) if base >= SMALLEST_BASE else None
