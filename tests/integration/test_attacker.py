"""A reader who computes attacks small releases: nothing is found, unless protection is broken."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import select

from publisher.protection import Published, Rules, derive_rates, protect_tally
from publisher.released import COLUMNS, ReleasedTable
from publisher.store import ReleasedTableRow
from shared.contract.tally import Tally
from shared.reference import Level, Reference
from shared.round import TrustedRound
from shared.statement import Statement
from tests.support import attacker
from tests.support.attack_intervals import Attack, System, exposed, too_narrow
from tests.support.attacker import (
    Place,
    View,
    careless_cells,
    small_groups,
    smallest,
    subtraction,
)
from tests.support.parties import ROUND, MiniRegion
from tests.support.protection import PERIOD, PUBLISHED, some_region
from tests.support.rounds import children, linked, publisher_of, take

COVERAGE = Published("coverage", (Level.MUNICIPALITY, Level.REGION, Level.TOTAL))
"""Not per school, as the policy has it."""


@dataclass(frozen=True)
class Target:
    """A release, with the truth that only its maker has."""

    reference: Reference
    tables: tuple[ReleasedTable, ...]
    truth: Mapping[Place, int] = field(repr=False)

    def view(self, period: int = PERIOD) -> View:
        return View.of(self.tables, self.reference, period)

    def is_sensitive(self, place: Place) -> bool:
        return 1 <= self.truth.get(place, 0) < smallest((place.measure, place.category))

    def positive(self, view: View) -> set[Place]:
        return {place for place in view.hidden() if self.truth.get(place, 0) > 0}

    def mapped(self, change: Callable[[Place, int | None], int | None]) -> Target:
        """The release with other values: ``change`` gets every count and what was released."""
        tables = tuple(_changed(table, change) for table in self.tables)
        return Target(self.reference, tables, self.truth)


def truth_of(tally: Tally) -> dict[Place, int]:
    return {_place(row["table"], row): row["value"] for row in tally.cells.to_pylist()}


def _place(table: str, row: Mapping[str, object]) -> Place:
    period, measure, category, *name = (
        str(row[column]) for column in ("period", "measure", "category", "level", "unit")
    )
    return Place(int(period), measure, attacker.named(table, category), *name)


def _changed(
    table: ReleasedTable, change: Callable[[Place, int | None], int | None]
) -> ReleasedTable:
    rows = table.cells.to_pylist()
    for row in rows:
        if row["status"] in ("", "c") and row["measure"] not in attacker.QUOTIENTS:
            row["value"] = change(_place(table.id, row), row["value"])
            row["status"] = "c" if row["value"] is None else ""
    return ReleasedTable.make(table.id, table.title, pa.Table.from_pylist(rows, schema=COLUMNS))


def released(cells: pd.DataFrame) -> tuple[ReleasedTable, ...]:
    """Protected cells as readers get them, without labels."""
    tables = []
    for name, rows in cells.groupby("table"):
        columns = {column: rows.get(column, pd.Series("", rows.index)) for column in COLUMNS.names}
        columns["value"] = pa.array(rows["value"], pa.int64(), from_pandas=True)
        tables.append(ReleasedTable.make(str(name), "", pa.table(columns, schema=COLUMNS)))
    return tuple(tables)


@cache
def generated(seed: int) -> Target:
    """A release of some twenty schools with crossing boundaries."""
    reference, tally = some_region(seed, 20)
    rules = Rules(fallback=True)
    protected = protect_tally(tally, reference, rules, (*PUBLISHED[:2], COVERAGE))
    tables = released(derive_rates(protected.cells, reference, rules))
    return Target(reference, tables, truth_of(tally))


@pytest.fixture
def target(region: MiniRegion, accepted: Statement, trusted: TrustedRound) -> Target:
    """The staged release of the small region's round."""
    tally, envelope = linked(region, trusted, children())
    releases = publisher_of(region, accepted)
    take(releases, envelope)
    releases.stage(ROUND)
    rounded = {table.id for table in region.policy.policy.tables if table.method == "round"}
    with releases.database.reading() as session:
        stored = session.scalars(select(ReleasedTableRow)).all()
        tables = tuple(
            ReleasedTable.from_bytes(row.table_id, row.title, row.data)
            for row in stored
            if row.data and row.table_id not in rounded  # those have attacks of their own
        )
    releases.database.close()
    return Target(region.reference, tables, truth_of(tally))


def found(target: Target, period: int = PERIOD) -> set[Place]:
    """Cells that a reader computes, or places closer than policy allows.

    Attacked twice: by a reader, and by one who also knows which withheld cells are positive.
    """
    view = target.view(period)
    places = subtraction(view)
    for positive in (None, target.positive(view)):
        intervals = Attack(System(view, positive)).intervals()
        assert intervals, "the truth itself must fit what the attacker believes"
        narrow = too_narrow(intervals)
        places |= exposed(intervals) | {place for place in narrow if target.is_sensitive(place)}
    return places


def imports_of(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


def test_the_attacker_shares_no_code_with_protection() -> None:
    ours = {
        name for name in imports_of(Path(attacker.__file__)) if name.startswith(("publ", "sha"))
    }
    assert ours == {"publisher.released", "shared.reference"}


def test_nothing_is_found_in_the_release_of_a_round(target: Target) -> None:
    for period in (24, 25):
        view = target.view(period)
        assert len(view.hidden()) > 10
        assert not found(target, period)
        assert not careless_cells(view)
        assert not small_groups(view)


@pytest.mark.parametrize("seed", [2, 3])
def test_nothing_is_computed_from_a_generated_release(seed: int) -> None:
    target = generated(seed)
    assert len(target.view().hidden()) > 200
    assert not found(target)
    assert not careless_cells(target.view())


@pytest.mark.parametrize("seed", [2, 3])
def test_no_rest_of_a_published_total_is_a_few_children(seed: int) -> None:
    assert not [place for why, place in small_groups(generated(seed).view()) if "few" in why]


def test_a_secondary_cell_that_is_shown_after_all_gives_others_away() -> None:
    target = generated(3)
    telling = [place for place in secondary(target) if found(shown(target, {place}))]
    assert len(telling) > 5


def secondary(target: Target) -> list[Place]:
    """Totals that are withheld for the sake of others, one at a time."""
    view = target.view()
    large = (p for p in view.hidden() if target.truth.get(p, 0) >= smallest(("", p.category)))
    return sorted(place for place in large if place.level in ("type*municipality", "school"))[:12]


def shown(target: Target, places: Iterable[Place]) -> Target:
    """The release with the true value of some groups, under every name that they have."""
    view = target.view()
    groups = {(p.measure, p.category, view.groups[p.level, p.unit]) for p in places}

    def change(place: Place, value: int | None) -> int | None:
        group = view.groups[place.level, place.unit]
        told = (place.measure, place.category, group) in groups
        return target.truth.get(place, 0) if told else value

    return target.mapped(change)


def test_primary_suppression_alone_gives_cells_away() -> None:
    target = generated(3)

    def change(place: Place, value: int | None) -> int | None:
        if value is None and not hidden_by_itself(target, place):
            return target.truth.get(place, 0)
        return value

    view = target.mapped(change).view()
    computed = subtraction(view)
    intervals = Attack(System(view)).intervals()
    assert len(computed) > 10
    assert computed <= exposed(intervals)
    assert all(intervals[place] == (target.truth.get(place, 0),) * 2 for place in computed)
    assert small_groups(view)


def hidden_by_itself(target: Target, place: Place) -> bool:
    return target.is_sensitive(place) or bool(place.category and not target.truth.get(place, 0))


def test_a_cell_that_one_table_hides_and_another_shows_is_found() -> None:
    target = generated(3)
    place = Place(PERIOD, "clients", "", "region", "region")
    torn = target.tables[0].cells.to_pylist()
    for row in torn:
        if _place(target.tables[0].id, row) == place:
            row["value"], row["status"] = None, "c"
    table = ReleasedTable.make("x", "", pa.Table.from_pylist(torn, schema=COLUMNS))
    view = Target(target.reference, (table, *target.tables[1:]), {}).view()
    assert ("withheld here, shown there", place) in careless_cells(view)


def test_a_rate_beside_a_withheld_count_is_found() -> None:
    target = generated(3)
    place = Place(PERIOD, "clients", "", "region", "region")
    view = target.mapped(lambda here, value: None if here == place else value).view()
    why = "quotient of a hidden cell"
    assert (why, Place(PERIOD, "clients_per_100_pupils", "", "region", "region")) in careless_cells(
        view
    )
