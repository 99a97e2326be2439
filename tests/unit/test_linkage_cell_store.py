"""Cells that wait to be written: they come back in order, from memory or from a sealed file."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from linker.linkage.cell_store import CellStore
from linker.linkage.count_stages import Place
from linker.linkage.facts import Facts, pack
from linker.linkage.indicators import catalogue
from linker.linkage.laws import Laws, _slice
from linker.linkage.packed_facts import packed_facts, unpacked_facts
from linker.linkage.sealed_file import SealedFile, place_of
from shared.contract.tally import CELLS
from shared.errors import StateError, TrustError
from tests.support.micro_rows import Care, Enrolment
from tests.support.microregion import (
    PERIODS,
    Region,
    arrangement,
    bundle,
    everywhere,
    link_region,
    periods,
    school,
)

REFERENCE = bundle([school("99XA00"), school("99XA01", municipality=2)])
WORDS = {
    field.name: pa.array(["", "a", "b", "c"])
    for field in CELLS
    if pa.types.is_dictionary(field.type)
}
RANGES = [("b", "school", 0), ("a", "school", 7), ("a", "board", 3), ("a", "school", 0)]


@pytest.fixture
def file() -> Iterator[SealedFile]:
    file = SealedFile()
    yield file
    file.close()


def cells(unit: int, rows: int = 3, value: int = 41) -> pa.Table:
    """Cells of one unit, with the dictionaries that all of them share."""
    columns = []
    for field in CELLS:
        if field.name in WORDS:
            numbers = pa.array([unit if field.name == "unit" else 1] * rows, pa.int32())
            columns.append(pa.DictionaryArray.from_arrays(numbers, WORDS[field.name]))
        elif field.name == "contributions":
            pairs = [[{"municipality": 7, "clients": row}] * row for row in range(rows)]
            columns.append(pa.array(pairs, field.type))
        else:
            columns.append(pa.array([value % 100] * rows, field.type))
    return pa.Table.from_arrays(columns, schema=CELLS)


@pytest.mark.parametrize("staged", [True, False])
def test_cells_come_back_in_the_order_of_a_tally(file: SealedFile, staged: bool) -> None:
    store = CellStore(file if staged else None)
    for unit, key in enumerate(RANGES):
        store.add(key, cells(unit))
    store.add(("a", "type", 0), CELLS.empty_table())
    assert store.ranges() == sorted(RANGES)
    assert store.ranges("a", "school") == [("a", "school", 0), ("a", "school", 7)]
    assert store.sizes() == {"a": 9, "b": 3}
    assert len(store) == 12
    expected = pa.concat_tables([cells(RANGES.index(key)) for key in sorted(RANGES)])
    assert store.table().equals(expected)
    assert store.ends(RANGES[1]) == ("a", "a")


@pytest.mark.parametrize("staged", [True, False])
def test_periods_that_were_kept_apart_come_back_as_one_range(
    file: SealedFile, staged: bool
) -> None:
    whole = tally()
    whole = whole.filter(pc.equal(whole["table"], "clients_by_form"))
    whole = whole.filter(pc.equal(whole["level"], "school"))
    years = sorted(set(whole["period"].to_pylist()))
    assert len(years) > 1 < len(set(whole["unit"].to_pylist()))
    store, key = CellStore(file if staged else None), ("clients_by_form", "school", 0)
    for year in reversed(years):
        store.add(key, whole.filter(pc.equal(whole["period"], year)))
    assert store.read(key).equals(whole)
    assert len(store.read(key, lambda cells: cells.slice(0, 0))) == 0
    assert store.read(key, lambda cells: cells.slice(0, 1))["period"].to_pylist() == years
    assert store.sizes() == {"clients_by_form": len(whole)}
    assert store.ends(key) == (whole["unit"][0].as_py(), whole["unit"][-1].as_py())
    with pytest.raises(RuntimeError, match="made twice of one period"):
        store.add(key, whole.slice(0, 1))


def test_no_cells_are_an_empty_table() -> None:
    assert CellStore().table().equals(CELLS.empty_table())


def test_a_chunk_of_another_range_does_not_open(file: SealedFile) -> None:
    store = CellStore(file)
    for unit, key in enumerate(RANGES):
        store.add(key, cells(unit))
    store._kept[RANGES[0]] = store._kept[RANGES[1]]
    with pytest.raises(TrustError, match="table b at level school from unit 1"):
        list(store.in_order())


def test_the_file_shows_nothing_of_a_cell(file: SealedFile) -> None:
    store = CellStore(file)
    store.add(RANGES[0], cells(1, rows=100))
    size = os.fstat(file._file.fileno()).st_size
    written = os.pread(file._file.fileno(), size, 0)
    assert size > 1_000
    assert b"municipality" not in written
    assert b"contributors" not in written
    assert os.fstat(file._file.fileno()).st_nlink == 0


def test_no_two_places_are_bound_alike() -> None:
    places: list[tuple[int | str, ...]] = [
        ("a", "bc", 1),
        ("ab", "c", 1),
        ("a", "bc", 2),
        ("a", "b", "c"),
    ]
    assert len({place_of(b"x", *place) for place in places}) == len(places)


def test_facts_come_back_as_they_were() -> None:
    draws = np.random.default_rng(3)
    wide = Facts(
        draws.integers(0, 9, (4, 5), np.int32),
        draws.integers(0, 9, (3, 5), np.uint8),
        draws.integers(-(1 << 40), 1 << 40, (2, 5)),
        np.zeros((0, 5), np.uint8),
        draws.integers(0, 9, (1, 5), np.uint16),
    )
    none = wide.taken(np.zeros(0, np.int64))
    told = {("base", Place.SCHOOL, "rows"): wide, ("x", Place.RESIDENCE, ""): none}
    found = dict(unpacked_facts(packed_facts(told)))
    assert list(found) == list(told)
    for key, each in told.items():
        for name in ("keys", "counts", "amounts", "first", "second"):
            mine, theirs = getattr(each, name), getattr(found[key], name)
            assert mine.dtype == theirs.dtype
            assert np.array_equal(mine, theirs)


def test_numbers_of_providers_with_gaps_still_pack() -> None:
    keys = np.array([[20] * 4, [100_000, 100_000, 7, 7], [30_000, 0, 3, 3],
                     [55_000_000, 8, 9, 55_000_000]], np.int32)  # fmt: skip
    packed = pack(keys)
    assert packed.argsort().tolist() == [2, 3, 1, 0]
    assert len(set(packed.tolist())) == 4


def test_a_unit_in_two_ranges_is_a_key_that_is_there_twice(file: SealedFile) -> None:
    store = CellStore(file)
    store.add(("pupils_and_clients", "school", 0), cells(2))
    store.add(("pupils_and_clients", "school", 5), cells(2))
    laws = Laws(catalogue(REFERENCE), REFERENCE, periods())
    with pytest.raises(StateError, match="unique-keys, got one that breaks it at table pupils"):
        laws.check_levels(store)


def tally() -> pa.Table:
    rows = tuple(
        Enrolment(person, period, school=f"99XA0{person % 2}")
        for person in range(6)
        for period in PERIODS
    )
    care = tuple(
        Care(person, municipality=1, period=period, cost_eur=10)
        for person in range(4)
        for period in PERIODS
    )
    return link_region(Region(REFERENCE, rows, care, (), everywhere(1, 2))).cells


JOINT = bundle(
    schools=[school(f"99XA0{number}") for number in range(3)],
    arrangements=[arrangement(7, "99XA00")],
)


def joint_tally() -> pa.Table:
    rows = tuple(
        Enrolment(person, period, school=f"99XA0{person % 3}")
        for person in range(9)
        for period in PERIODS
    )
    return link_region(Region(JOINT, rows, (), (), everywhere(1, 2))).cells


@pytest.mark.parametrize("at_once", [1, 50, 1_000_000])
def test_levels_that_do_not_add_up_are_found_in_any_slices(file: SealedFile, at_once: int) -> None:
    sound = tally()

    def check(cells: pa.Table) -> None:
        Laws(catalogue(REFERENCE), REFERENCE, periods(), at_once).check_levels(stored(cells, file))

    check(sound)
    index = next(
        number
        for number, row in enumerate(sound.to_pylist())
        if (row["table"], row["level"], row["measure"]) == ("clients_by_form", "region", "clients")
        and row["category"]
    )
    values = sound["value"].to_pylist()
    values[index] += 1
    place = sound.schema.get_field_index("value")
    broken = sound.set_column(place, CELLS.field("value"), pa.array(values))
    with pytest.raises(StateError, match=r"sum-of-schools.*clients_by_form, level region"):
        check(broken)


@pytest.mark.parametrize("lost", ["arrangement", "comparison"])
@pytest.mark.parametrize("how", ["changed", "gone", "gone in a period"])
def test_what_is_around_an_arrangement_and_no_sum_of_schools_is_found(
    file: SealedFile, lost: str, how: str
) -> None:
    sound = joint_tally()
    Laws(catalogue(JOINT), JOINT, periods()).check_levels(stored(sound, file))
    rows = sound.to_pylist()
    mine = [
        row["table"] == "arrangement_schools"
        and row["level"] == lost
        and row["measure"] == "pupils"
        and (row["period"] == PERIODS[1] or how != "gone in a period")
        for row in rows
    ]
    assert any(mine)
    if how == "changed":
        values = [row["value"] + (1 if at else 0) for row, at in zip(rows, mine, strict=True)]
        place = sound.schema.get_field_index("value")
        wrong = sound.set_column(place, CELLS.field("value"), pa.array(values))
    else:
        wrong = sound.filter(pa.array([not at for at in mine]))
    with pytest.raises(StateError, match=r"sum-of-schools.*"):
        Laws(catalogue(JOINT), JOINT, periods()).check_levels(stored(wrong, file))


@pytest.mark.parametrize("count", [2, 5, 23, 46])
def test_slices_are_of_about_one_size_and_hold_every_cell_once(count: int) -> None:
    sound = tally()
    measures, categories = 23, 4_000
    names = {
        "category": pa.DictionaryArray.from_arrays(
            pa.array(np.arange(categories, dtype=np.int32)),
            pa.array([f"{number:05d}" for number in range(categories)]),
        ),
        "measure": pa.DictionaryArray.from_arrays(
            pa.array(np.full(categories, 3, np.int32)),
            pa.array([f"m{number:02d}" for number in range(measures)]),
        ),
    }
    one = sound.take(pa.array(np.zeros(categories, np.int64)))
    for name, column in names.items():
        one = one.set_column(one.schema.get_field_index(name), CELLS.field(name), column)
    slices = [_slice(one, number, count) for number in range(count)]
    assert sum(map(len, slices)) == categories
    assert len(set().union(*(each["category"].to_pylist() for each in slices))) == categories
    assert max(map(len, slices)) < 1.5 * categories / count


def stored(cells: pa.Table, file: SealedFile) -> CellStore:
    """Cells by table and level, as a linkage keeps them."""
    store = CellStore(file)
    cells = cells.unify_dictionaries().combine_chunks()
    pairs = list(zip(cells["table"].to_pylist(), cells["level"].to_pylist(), strict=True))
    for pair in sorted(set(pairs)):
        chosen = pa.array([each == pair for each in pairs])
        store.add((*pair, 0), cells.filter(chosen))
    return store
