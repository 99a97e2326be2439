"""Shards beside one another, care that is carried to schools, and cells made range by range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pytest

from linker.linkage.carrying import Carried, carried
from linker.linkage.cell_store import CellsKey, CellStore
from linker.linkage.count_stages import Place
from linker.linkage.counter import Totals
from linker.linkage.database import Database, EngineSettings, Stage
from linker.linkage.engine import link_shards
from linker.linkage.facts import Facts
from linker.linkage.gathering import Gathering
from linker.linkage.indicators import catalogue
from linker.linkage.inputs import Inputs
from linker.linkage.laws import Laws
from linker.linkage.levels import Maker, cells_of
from linker.linkage.protecting import SHIPPED_RULE
from linker.linkage.public_cells import public_cells
from linker.linkage.rollup import PUPILS
from linker.linkage.sealed_file import SealedFile
from linker.linkage.shards import Counting
from linker.linkage.units import LevelUnits, Parts
from shared.errors import StateError
from shared.reference import Level
from tests.support.micro_rows import Care, Enrolment
from tests.support.microregion import (
    Region,
    arrangement,
    bundle,
    deliveries_of,
    everywhere,
    periods,
    school,
)

SCHOOLS = [school(f"99XA{number:02}", municipality=1 + number % 3) for number in range(7)]
JOINT = [arrangement(7, "99XA00"), arrangement(8, "99XA01", "99XA00")]  # compared with the same
REFERENCE = bundle(SCHOOLS, arrangements=JOINT)
SETTINGS = EngineSettings(memory_limit_mb=256, threads=2)
PERSONS = 60
REGION = Region(
    REFERENCE,
    tuple(
        Enrolment(person, period=period, school=f"99XA{(person + period) % 8:02}",
                  residence=1 + person % 3)
        for person in range(PERSONS)
        for period in (20, 21)
    ),
    tuple(
        Care(person, municipality=1 + person % 3, period=20 + person % 2, form=2 + person % 3,
             cost_eur=person * person - 100, started=person % 5 == 0, first=person % 5 == 0)
        for person in range(0, PERSONS, 2)
    ),
    (4,),
    everywhere(1, 2, 3),
)  # fmt: skip


def inputs(count: int) -> list[Inputs]:
    deliveries = deliveries_of(REGION)
    suppliers = tuple(sorted({(each.supplier, each.schema) for each in deliveries}))
    return [
        Inputs.of([each.shard(index, count) for each in deliveries], suppliers)
        for index in range(count)
    ]


def counting(engine: Database, count: int) -> Counting:
    return Counting(engine, REFERENCE, REGION.covered, periods(), count, lambda _step: None)


def cells(count: int, hands: int, at_once: int = 1_000_000) -> pa.Table:
    with Database(SETTINGS, hands) as engine:
        found = counting(engine, count)
        found.count(inputs(count))
    public = tuple(public_cells(REFERENCE, periods()))
    return cells_of(found.totals.facts(), REFERENCE, catalogue(REFERENCE), SHIPPED_RULE, public,
                    threads=2, at_once=at_once)  # fmt: skip


ONE = cells(1, 1)


@pytest.mark.parametrize(("count", "hands"), [(3, 1), (3, 2)])
def test_shards_and_hands_change_no_cell(count: int, hands: int) -> None:
    assert len(ONE) > 500
    assert cells(count, hands).equals(ONE)


def staged_cells(count: int, places_at_once: int, waiting_rows: int) -> pa.Table:
    """The same cells with everything staged that can be, and every law checked on the way."""
    tables, file = catalogue(REFERENCE), SealedFile()
    public = tuple(public_cells(REFERENCE, periods()))
    maker = Maker.of(REFERENCE, tables, SHIPPED_RULE, public)
    codes = [period.code for period in periods()]
    gathering = Gathering(maker.levels, codes, file, places_at_once)
    store, laws = CellStore(file), Laws(tables, REFERENCE, periods(), at_once=200)

    def take(found: Mapping[CellsKey, pa.Table]) -> None:
        laws.check_units({key[0]: each for key, each in found.items()})
        for key, each in found.items():
            store.add(key, each)

    with Database(SETTINGS, 2) as engine:
        found = Counting(engine, REFERENCE, REGION.covered, periods(), count, lambda _step: None,
                         file, gathering)  # fmt: skip
        found._carried = Carried(REFERENCE, count, file, waiting_rows)
        found.count(inputs(count))
    gathering.add(found.totals.facts())
    gathering.make(maker, take, threads=2)
    laws.check_levels(store)
    assert laws.checked > 200
    whole = store.table()
    file.close()
    return whole


@pytest.mark.parametrize(("places", "waiting"), [(1, 0), (2, 10), (100, 1_000)])
def test_staged_facts_and_cells_change_no_cell(places: int, waiting: int) -> None:
    found = staged_cells(3, places, waiting)
    assert found.equals(ONE)
    assert found.column(0).num_chunks > (40 if places == 100 else 100)


@pytest.mark.parametrize("at_once", [1, 20])
def test_ranges_of_units_change_no_cell(at_once: int) -> None:
    found = cells(1, 1, at_once)
    assert found.column(0).num_chunks > ONE.column(0).num_chunks
    assert found.equals(ONE)


def test_a_shard_that_fails_stops_every_hand() -> None:
    begun: list[str] = []

    def shards() -> Iterator[Inputs]:
        yield inputs(9)[0]
        raise StateError("broken", "expected", hint="hint")

    with Database(SETTINGS, hands=2) as engine:
        found = Counting(engine, REFERENCE, REGION.covered, periods(), 9, begun.append)
        with pytest.raises(StateError, match="broken"):
            found.count(shards())
    assert begun == ["shard 1", "shard 2"]


def test_more_shards_than_were_announced_are_a_programmers_error() -> None:
    suppliers = tuple(sorted({(each.supplier, each.schema) for each in deliveries_of(REGION)}))
    with pytest.raises(RuntimeError, match="more shards"):
        link_shards(iter(inputs(3)), suppliers, REFERENCE, periods(), REGION.covered, SETTINGS,
                    count=2)  # fmt: skip


def test_every_hand_has_its_own_stages_and_the_same_limit() -> None:
    limit = Stage("limit", "SELECT current_setting('memory_limit') AS a")
    with Database(SETTINGS, hands=2) as engine:
        for number, hand in enumerate(engine.hands()):
            hand.load("numbers", pa.table({"a": [number]}))
            hand.define(Stage("kept", "SELECT a FROM numbers"))
        found = [hand.fetch(Stage("all", "SELECT a FROM kept")) for hand in engine.hands()]
        assert [each["a"].to_pylist() for each in found] == [[0], [1]]
        assert len({str(hand.fetch(limit)["a"][0]) for hand in engine.hands()}) == 1
        threads = Stage("threads", "SELECT current_setting('external_threads') AS a")
        assert engine.fetch(threads)["a"].to_pylist() == [2]
        assert engine.hands()[1].hands() == (engine.hands()[1],)


def carried_rows(*clients: tuple[int, int, int]) -> pa.Table:
    """One row of care per number, school and period."""
    columns = {name: [0] * len(clients) for name in _carried_columns()}
    columns |= {
        "pp": [number for number, _, _ in clients],
        "school_no": [school_no for _, school_no, _ in clients],
        "period": [period for _, _, period in clients],
        "cost_eur": list(range(1, len(clients) + 1)),
    }
    return pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()})


def _carried_columns() -> list[str]:
    select = carried().select.partition("FROM")[0].removeprefix("SELECT ")
    return [name.strip().partition(".")[2] for name in select.split(",")]


def test_carried_clients_keep_apart_and_follow_period_and_school() -> None:
    waiting = Carried(REFERENCE, 1)
    waiting.add(1, carried_rows((1, 5, 21), (2, 3, 20), (2, 3, 20)))
    waiting.add(2, carried_rows((1, 3, 20), (2, 0, 21)))
    found = waiting.take(0)
    clients = found["clients"].select(["pp", "period", "school_no"]).to_pylist()
    assert [tuple(each.values()) for each in clients] == [
        (1, 20, 3), (2, 20, 3), (3, 21, 0), (4, 21, 5),
    ]  # fmt: skip
    care = found["client_care"].select(["pp", "cost_eur"]).to_pylist()
    assert sorted(tuple(each.values()) for each in care) == [(1, 2), (1, 3), (2, 1), (3, 2), (4, 1)]


def test_carried_rows_are_divided_by_the_municipality_of_the_school() -> None:
    waiting = Carried(REFERENCE, 3)
    everywhere_once = [(number, number, 20) for number in range(len(SCHOOLS) + 1)]
    waiting.add(1, carried_rows(*everywhere_once))
    found = [waiting.take(part)["clients"]["school_no"].to_pylist() for part in range(3)]
    assert sorted(number for part in found for number in part) == list(range(len(SCHOOLS) + 1))
    assert found == [[0, 1, 4, 7], [2, 5], [3, 6]]


def test_what_was_counted_adds_up_in_any_order_and_few_lie_beside_one_another() -> None:
    totals, key = Totals(), (PUPILS, Place.SCHOOL, "")
    for number in range(1, 9):
        totals._merge(key, _facts(number))
        assert len(totals._parts[key]) == 1
    assert totals.facts()[key].counts[0].tolist() == [36]


def _facts(count: int) -> Facts:
    keys = np.array([[20], [1], [0], [0]], np.int32)
    none = np.zeros((0, 1), np.uint8)
    return Facts(keys, np.array([[count]], np.uint8), none, none, none)


PAIRS = [(1, "a"), (2, "a"), (2, "b"), (3, "b"), (4, "c"), (5, "d")]


def test_ranges_hold_every_unit_once_with_its_places() -> None:
    level = LevelUnits.of(Level.BOARD, PAIRS)
    sizes = np.array([0, 5, 5, 5, 1, 1], np.int64)
    ranges = level.ranges(sizes, at_once=10)
    assert [each.shown_units for each in ranges] == [("a",), ("b", "c", "d")]
    assert all(each.units == level.units for each in ranges)
    for each in ranges:
        wanted = {place for place, unit in PAIRS if unit in each.shown_units}
        assert set(each.parts.places.tolist()) == wanted


def test_a_place_in_two_units_counts_in_the_range_of_each() -> None:
    parts = Parts.of([(2, 0), (2, 1), (7, 1)])
    assert parts.sizes_of_units(np.array([0, 0, 10]), 2).tolist() == [10, 10]
    first, second = parts.within(range(1)), parts.within(range(1, 2))
    assert (first.places.tolist(), first.units.tolist()) == ([2], [0])
    assert (second.places.tolist(), second.units.tolist()) == ([2, 7], [1, 1])
    none = parts.within(range(2, 3))
    assert (none.places.tolist(), none.sizes.tolist()) == ([], [])


def test_a_level_without_units_has_no_range() -> None:
    assert LevelUnits.of(Level.ARRANGEMENT, []).ranges(np.zeros(1, np.int64), 10) == []
