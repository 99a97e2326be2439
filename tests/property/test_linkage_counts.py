"""Every cell of a linkage, with its protection inputs, against a naive count."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from linker.linkage import quality
from linker.linkage.indicators import TABLES
from linker.linkage.protecting import PercentRule
from shared.contract.tally import CELL_KEY, CELLS, SupplierQuality
from tests.support.assurance import LONG, figure, record
from tests.support.micro_catalogue import PUBLIC, PUPIL_RULES, RULES
from tests.support.micro_count import Thresholds, differences
from tests.support.micro_drawing import micro_regions
from tests.support.micro_rows import NO_PROVIDER
from tests.support.microregion import (
    FORMS,
    MUNICIPALITIES,
    Region,
    link_region,
    naive_double_claims,
    pupils_of,
    wanted_cells,
    whole_cells,
    without_objections,
)

EXAMPLES = figure(16, 2_000)
# A failure is made small where there is time for it: hundreds of linkages.
PHASES = tuple(Phase) if LONG else (Phase.explicit, Phase.generate)
RULES_FOR_AMOUNTS = st.tuples(st.sampled_from([15, 1, 40, 100]), st.sampled_from([50, 0, 30, 99]))


def test_the_naive_count_knows_every_table_level_and_measure_of_the_catalogue() -> None:
    counted = {
        (rule.table, rule.measure, level)
        for rule in (*RULES, *PUPIL_RULES)
        for level in rule.levels
    }
    mine = counted | {(table, measure, "") for table, measure in PUBLIC}
    public = {measure for _, measure in PUBLIC}
    assert {
        (table.id, measure.id, "" if measure.id in public else level.value)
        for table in TABLES
        for measure in table.measures
        for level in table.levels
    } == mine


def test_a_linkage_is_what_a_naive_count_gives() -> None:
    """Every cell with every field, the order of the cells, and the quality of every supplier."""
    seen: set[tuple[str, str, str]] = set()
    checked = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )
    @given(micro_regions(), st.integers(1, 3), RULES_FOR_AMOUNTS)
    def every_region(region: Region, shards: int, percents: tuple[int, int]) -> None:
        nonlocal checked
        linked = link_region(region, shards=shards, rule=PercentRule(*percents))
        wanted = wanted_cells(region, Thresholds(*percents))
        assert differences(whole_cells(linked.cells), wanted) == []
        check_order(linked.cells)
        assert linked.double_claims == naive_double_claims(region)
        assert list(linked.quality) == naive_quality(region)
        seen.update((table, level, measure) for table, level, _, _, _, measure in wanted)
        checked += len(wanted)

    begin = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality, "SMALLEST_BASE", 1)
        every_region()
    # A draw that never makes a kind of cell would compare nothing there.
    assert seen >= {
        (rule.table, level, rule.measure)
        for rule in (*RULES, *PUPIL_RULES)
        for level in rule.levels
    }
    record("linkage: cells equal to a naive count", checked, checked, None,
           time.monotonic() - begin)  # fmt: skip


def check_order(cells: pa.Table) -> None:
    """The contract's columns, sorted by key, and contributions by municipality."""
    assert cells.cast(CELLS).schema.equals(CELLS)
    keys = list(zip(*(cells[name].to_pylist() for name in CELL_KEY), strict=True))
    assert keys == sorted(keys)
    for contributions in cells["contributions"].to_pylist():
        places = [pair["municipality"] for pair in contributions]
        assert places == sorted(set(places))
        assert all(pair["clients"] > 0 for pair in contributions)


def naive_quality(region: Region) -> list[SupplierQuality]:
    """Quality of every supplier, with a share over however few persons or rows."""
    left = without_objections(region)
    found = [
        *(_of_enrolments(left, supplier) for supplier in ("duo", "leerplicht")),
        *(_of_care(left, municipality) for municipality in MUNICIPALITIES),
    ]
    return sorted(found, key=lambda each: (each.supplier, each.schema_name))


def _of_enrolments(region: Region, supplier: str) -> SupplierQuality:
    pupils = pupils_of(region)
    known = {each.code for each in region.reference.schools}
    youth_care = {(row.person, row.period) for row in region.care if row.form in FORMS}
    clients = {
        place
        for place, one in pupils.items()
        if one.enrolment.linkable and one.covered and place in youth_care
    }
    rows = [row for row in region.enrolments if row.supplier == supplier]
    places = {(row.person, row.period) for row in rows}
    persons = {row.person for row in rows}
    unknown = sum(row.school not in known for row in rows)
    return SupplierQuality(
        supplier=supplier,
        schema_name="enrolment/1",
        rows=len(rows),
        persons=len(persons),
        linked_percent=_share(len({person for person, _ in places & clients}), len(persons)),
        not_linkable=len({row.person for row in rows if not row.linkable}),
        duplicates=len(rows) - len(places),
        unknown_schools=unknown,
        unknown_school_percent=_share(unknown, len(rows)),
    )


def _of_care(region: Region, municipality: int) -> SupplierQuality:
    enrolled = {place for place, one in pupils_of(region).items() if one.enrolment.linkable}
    listed = {agb for each in region.reference.provider_groups for agb in each.agb}
    numbers = {each.number for each in region.reference.arrangements} | {0}
    rows = [row for row in region.care if row.municipality == municipality]
    mine = {(row.person, row.period) for row in rows if row.form in FORMS}
    return SupplierQuality(
        supplier=f"gm{municipality}",
        schema_name="care/1",
        rows=len(rows),
        persons=len({row.person for row in rows}),
        linked_percent=_share(
            len({person for person, _ in mine & enrolled}), len({person for person, _ in mine})
        ),
        not_linkable=0,
        duplicates=len(rows) - len(set(rows)),
        unknown_schools=0,
        unknown_domain_percent=_share(sum(row.domain == 0 for row in rows), len(rows)),
        unknown_referrer_percent=_share(sum(row.referrer == 7 for row in rows), len(rows)),
        unknown_provider_percent=_share(
            sum(row.provider not in listed | {NO_PROVIDER} for row in rows), len(rows)
        ),
        unknown_arrangement_percent=_share(
            sum(row.arrangement not in numbers for row in rows), len(rows)
        ),
    )


def _share(part: int, whole: int) -> int | None:
    """Whole per cents, half up."""
    return math.floor(Fraction(100 * part, whole) + Fraction(1, 2)) if whole else None
