"""Every cell of a linkage against a naive count, and what must never change a count."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linker.linkage import quality
from shared.contract.tally import CELL_KEY, CELLS, SupplierQuality
from tests.support.microregion import (
    FORMS,
    MUNICIPALITIES,
    Care,
    Cell,
    Enrolment,
    Key,
    Region,
    cells_of,
    link_region,
    micro_regions,
    naive_cells,
    naive_double_claims,
    pupils_of,
    without_objections,
)

_few = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
_many = settings(_few, max_examples=60)


@_many
@given(micro_regions(), st.integers(1, 3))
def test_every_cell_is_what_a_naive_count_gives(region: Region, shards: int) -> None:
    linked = link_region(region, shards=shards)
    assert cells_of(linked) == naive_cells(region)
    assert linked.double_claims == naive_double_claims(region)


@_few
@given(micro_regions(), st.integers(1, 2))
def test_quality_is_what_a_naive_count_gives(region: Region, shards: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality, "SMALLEST_BASE", 1)
        linked = link_region(region, shards=shards)
    assert list(linked.quality) == naive_quality(region)


@_few
@given(micro_regions())
def test_cells_have_the_contracts_schema_and_order(region: Region) -> None:
    cells = link_region(region).cells
    assert cells.schema.equals(CELLS)
    keys = list(zip(*(cells[name].to_pylist() for name in CELL_KEY), strict=True))
    assert keys == sorted(keys)
    assert min(cells["value"].to_pylist(), default=1) >= 1
    for contributions in cells["contributions"].to_pylist():
        places = [pair["municipality"] for pair in contributions]
        assert places == sorted(set(places))


@_few
@given(micro_regions(), st.randoms(use_true_random=False))
def test_row_order_parts_and_shards_change_nothing(region: Region, random: Random) -> None:
    shuffled = replace(
        region,
        enrolments=tuple(random.sample(region.enrolments, len(region.enrolments))),
        care=tuple(random.sample(region.care, len(region.care))),
    )
    expected, got = link_region(region), link_region(shuffled, parts=2, shards=3)
    assert got.cells.equals(expected.cells)
    assert got.quality == expected.quality
    assert got.double_claims == expected.double_claims


@_few
@given(micro_regions())
def test_delivering_every_row_twice_changes_no_count(region: Region) -> None:
    twice = replace(region, enrolments=region.enrolments * 2, care=region.care * 2)
    expected, got = link_region(region), link_region(twice)
    assert got.cells.equals(expected.cells)
    assert got.double_claims == expected.double_claims


@_few
@given(micro_regions())
def test_another_link_key_changes_nothing(region: Region) -> None:
    expected, got = link_region(region, key="one"), link_region(region, key="another")
    assert got.cells.equals(expected.cells)
    assert got.quality == expected.quality


@_few
@given(micro_regions(), st.sampled_from(FORMS))
def test_an_unlinkable_child_adds_a_pupil_and_no_client(region: Region, form: int) -> None:
    newcomer = 99
    row = Enrolment(newcomer, school=region.reference.schools[0].code, linkable=False)
    more = replace(
        region,
        enrolments=(*region.enrolments, row),
        care=(*region.care, Care(newcomer, form=form)),
    )
    before, after = cells_of(link_region(region)), cells_of(link_region(more))
    assert _only(before, "clients") == _only(after, "clients")
    measure = "pupils" if 1 in region.covered[20] else "not_covered"
    changed = {key for key in after if after[key] != before.get(key)}
    assert changed
    assert {key[-1] for key in changed} == {measure}


def _only(cells: dict[Key, Cell], measure: str) -> dict[Key, Cell]:
    return {key: cell for key, cell in cells.items() if key[-1] == measure}


@_few
@given(micro_regions())
def test_an_objection_is_as_if_the_child_was_never_delivered(region: Region) -> None:
    never = replace(without_objections(region), objections=())
    expected, got = link_region(never), link_region(region)
    # A match is over the persons as delivered, so that an objection does not show in it.
    assert got == replace(expected, cells=got.cells, matches=got.matches)
    assert got.cells.equals(expected.cells)
    linked = {supplier: match.linked for supplier, match in expected.matches.items()}
    assert {supplier: match.linked for supplier, match in got.matches.items()} == linked


def naive_quality(region: Region) -> list[SupplierQuality]:
    """Quality of every supplier, with a share over however few persons."""
    region = without_objections(region)
    pupils = pupils_of(region)
    known = {each.code for each in region.reference.schools}
    youth_care = {(row.person, row.period) for row in region.care if row.form in FORMS}
    enrolled = {place for place, one in pupils.items() if one.enrolment.linkable}
    clients = {place for place in youth_care & enrolled if pupils[place].covered}
    found = []
    for supplier in ("duo", "leerplicht"):
        rows = [row for row in region.enrolments if row.supplier == supplier]
        places = {(row.person, row.period) for row in rows}
        persons = {row.person for row in rows}
        found.append(
            SupplierQuality(
                supplier=supplier,
                schema_name="enrolment/1",
                rows=len(rows),
                persons=len(persons),
                linked_percent=_share({person for person, _ in places & clients}, persons),
                not_linkable=len({row.person for row in rows if not row.linkable}),
                duplicates=len(rows) - len(places),
                unknown_schools=sum(row.school not in known for row in rows),
            )
        )
    for municipality in MUNICIPALITIES:
        care = [row for row in region.care if row.municipality == municipality]
        mine = {(row.person, row.period) for row in care if row.form in FORMS}
        linked = {person for person, _ in mine & enrolled}
        found.append(
            SupplierQuality(
                supplier=f"gm{municipality}",
                schema_name="care/1",
                rows=len(care),
                persons=len({row.person for row in care}),
                linked_percent=_share(linked, {person for person, _ in mine}),
                not_linkable=0,
                duplicates=len(care) - len(set(care)),
                unknown_schools=0,
            )
        )
    return sorted(found, key=lambda each: (each.supplier, each.schema_name))


def _share(part: set[int], whole: set[int]) -> int | None:
    return int(100 * len(part) / len(whole) + 0.5) if whole else None
