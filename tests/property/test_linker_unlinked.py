"""Every delivered row has one cause, and it is the one that loops over rows give."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from linker.linkage.database import Database, EngineSettings
from linker.linkage.inputs import Delivered, Inputs, suppliers_of
from linker.tallying.causes import Cause, Explained
from linker.tallying.unlinked import Explainer
from tests.support.assurance import figure, record
from tests.support.causes import Causes, naive_causes
from tests.support.micro_drawing import full_region, micro_regions
from tests.support.micro_rows import Care, Enrolment
from tests.support.microregion import (
    MUNICIPALITIES,
    Region,
    deliveries_of,
    everywhere,
    objection_rows,
)

EXAMPLES = figure(30, 1_000)


def explained(region: Region, *, key: str = "", parts: int = 1, shards: int = 1) -> Explained:
    """What the linker says of a region's rows."""
    deliveries = deliveries_of(region, key=key, parts=parts)
    objections = Delivered("gm1", "objection/1", (1,), objection_rows(region.objections, key))
    suppliers = suppliers_of(deliveries)
    with Database(EngineSettings(memory_limit_mb=256, threads=1)) as database:
        explainer = Explainer(database, suppliers)
        explainer.begin(region.covered)
        for index in range(shards):
            rows = [each.shard(index, shards) for each in (*deliveries, objections)]
            explainer.count(Inputs.of(rows, suppliers))
    return explainer.result()


def by_cause(found: Explained) -> dict[str | int, Causes]:
    """In the form of the naive count: only what is not nothing."""
    said: dict[str | int, Causes] = {}
    for (supplier, schema), rows in found.items():
        name = supplier if schema == "enrolment/1" else int(supplier.removeprefix("gm"))
        causes = Counter({(period, str(cause)): n for (period, cause), n in rows.counts.items()})
        if causes:
            said[name] = causes
    return said


def compared(region: Region) -> Explained:
    """What the linker says, after it was compared with loops over the rows."""
    found = explained(region)
    assert by_cause(found) == naive_causes(region.delivered)
    for (supplier, schema), rows in found.items():
        mine = [
            row for row in (*region.enrolments, *region.care)
            if (isinstance(row, Enrolment) and row.supplier == supplier)
            or (isinstance(row, Care) and f"gm{row.municipality}" == supplier)
        ]  # fmt: skip
        assert rows.rows == len(mine) == sum(rows.by_period().values())
        assert rows.persons == len({row.person for row in mine})
        if schema == "care/1":
            assert rows.repeats == len(mine) - len(set(mine))
    return found


def test_every_row_has_the_cause_of_a_naive_count() -> None:
    seen: Counter[Cause] = Counter()

    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow],
        derandomize=True,
    )  # fmt: skip
    @given(micro_regions())
    def check(region: Region) -> None:
        for rows in compared(region).values():
            seen.update(rows.by_cause())

    check()
    for number in range(figure(2, 40)):
        for rows in compared(full_region(number)).values():
            seen.update(rows.by_cause())
    record("linker: rows with the cause of a naive count", seen.total(), seen.total(), 0, 0.0)
    assert set(+seen) == set(Cause)


def test_neither_order_nor_parts_nor_shards_nor_the_link_key_changes_a_cause() -> None:
    region = full_region(5, persons=40)
    turned = replace(region, enrolments=region.enrolments[::-1], care=region.care[::-1])
    said = explained(region)
    assert explained(turned) == said
    assert explained(region, key="another") == said
    assert explained(region, parts=3) == said
    assert explained(region, shards=5) == said


def test_who_objected_cannot_be_told_from_who_is_not_known() -> None:
    """A child that objected, and a child that nobody enrolled or gave care: the same report."""
    enrolments = tuple(Enrolment(person) for person in range(5))
    care = tuple(Care(person) for person in range(5))
    region = Region(
        reference=full_region(1).reference, enrolments=enrolments, care=care, objections=(3,),
        covered=everywhere(*MUNICIPALITIES),
    )  # fmt: skip
    stranger = tuple(replace(row, person=99) if row.person == 3 else row for row in care)
    unknown = replace(region, care=stranger, objections=())
    assert explained(region) == explained(unknown)
