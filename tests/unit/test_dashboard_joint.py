"""An arrangement before and after: computed once more, by hand and by another method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import sqrt

import numpy as np
import pyarrow as pa
import pytest

from publisher.dashboard.blocks.joint import TABLE, before_and_after, cost_table
from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.charts.making import chart_data
from publisher.dashboard.findings import CLIENTS, RATE, Findings
from publisher.dashboard.language import number
from publisher.dashboard.verdicts import Direction, Share, apart, change, direction_of
from publisher.released import CellStatus, Release, ReleasedTable
from shared.reference import Arrangement, Level
from tests.support.region_release import region, region_release
from tests.support.releases import PERIODS

(JOINT,) = region().arrangements
START, LAST = 2, 5
"""Places of the last period before the start, and of the last one."""
_Z = 1.959963984540054


def _findings(release: Release | None = None, joint: Arrangement = JOINT) -> Findings:
    book = region().model_copy(update={"arrangements": (joint,)})
    return Findings(release or region_release(), book)


def _changed(change_row: Callable[[dict[str, object]], None]) -> Release:
    """The release with rows of the table about arrangements changed."""
    release = region_release()

    def changed(table: ReleasedTable) -> ReleasedTable:
        rows = table.cells.to_pylist()
        for row in rows:
            change_row(row)
        return ReleasedTable.make(
            table.id, table.title, pa.Table.from_pylist(rows, table.cells.schema)
        )

    tables = tuple(changed(each) if each.id == TABLE else each for each in release.tables)
    return replace(release, tables=tables)


def _released(level: Level, measure: str, place: int) -> int:
    """A released value, read from the rows and not through the pages."""
    (table,) = [each for each in region_release().tables if each.id == TABLE]
    (value,) = [
        row["value"]
        for row in table.cells.to_pylist()
        if (row["level"], row["measure"], row["period"], row["category"])
        == (level.value, measure, PERIODS[place].code, "")
    ]
    assert isinstance(value, int)
    return value


# --- costs, with the lump sum -------------------------------------------------------------------


def test_costs_have_the_lump_sum_from_the_year_of_the_start() -> None:
    table = cost_table(_findings(), JOINT)
    assert table is not None
    for place, row in enumerate(table.rows):
        cost = _released(Level.ARRANGEMENT, "cost_eur", place)
        lump = 60_000 if place > START else 0
        pupils = _released(Level.ARRANGEMENT, "pupils", place)
        others = _released(Level.COMPARISON, "cost_eur", place)
        beside = others / _released(Level.COMPARISON, "pupils", place)
        assert [figure.text for figure in row.figures] == [
            number(cost), number(lump), number(cost + lump),
            number(int((cost + lump) / pupils + 0.5)), number(int(beside + 0.5)),
        ]  # fmt: skip


def test_what_is_withheld_stays_withheld_in_every_sum() -> None:
    def hide(row: dict[str, object]) -> None:
        if (row["level"], row["measure"], row["period"]) == (
            "arrangement", "cost_eur", PERIODS[LAST].code,
        ):  # fmt: skip
            row["value"], row["status"] = None, CellStatus.WITHHELD.value

    findings = _findings(_changed(hide))
    table = cost_table(findings, JOINT)
    assert table is not None
    assert [figure.text for figure in table.rows[LAST].figures][:4] == ["■", "60.000", "■", "■"]
    found = before_and_after(findings, JOINT)
    assert found is not None
    assert found.costs == ()


def test_a_lump_sum_that_was_not_released_makes_no_total() -> None:
    def lose(row: dict[str, object]) -> None:
        if row["measure"] == "lump_sum_eur" and row["period"] == PERIODS[LAST].code:
            row["measure"] = "another"

    table = cost_table(_findings(_changed(lose)), JOINT)
    assert table is not None
    assert [figure.text for figure in table.rows[LAST].figures][1:4] == ["?", "?", "?"]
    assert table.rows[START].figures[2].has_value


# --- before and after ---------------------------------------------------------------------------


def _bounds(clients: int, pupils: int) -> tuple[float, float]:
    """Wilson's interval by halving: where the score test just no longer rejects."""
    rate = clients / pupils

    def accepts(p: float) -> bool:
        return abs(rate - p) <= _Z * sqrt(p * (1 - p) / pupils)

    def edge(inside: float, outside: float) -> float:
        for _ in range(100):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if accepts(middle) else (inside, middle)
        return inside

    return edge(rate, 0.0), edge(rate, 1.0)


def _by_hand() -> list[tuple[float, float, float, float, float]]:
    """Per group: rate before and after, and the interval of the change, from released rows."""
    found = []
    for level in (Level.ARRANGEMENT, Level.COMPARISON):
        (c1, n1), (c2, n2) = (
            (_released(level, "clients", place), _released(level, "pupils", place))
            for place in (START, LAST)
        )
        (l1, u1), (l2, u2) = _bounds(c1, n1), _bounds(c2, n2)
        p1, p2 = c1 / n1, c2 / n2
        found.append((p1, p2, p2 - p1, sqrt((p2 - l2) ** 2 + (u1 - p1) ** 2),
                      sqrt((u2 - p2) ** 2 + (p1 - l1) ** 2)))  # fmt: skip
    return found


def _words(per_pupil: float) -> str:
    told = f"{abs(per_pupil) * 100:.1f}".replace(".", ",")
    return f"{told} {'meer' if per_pupil > 0 else 'minder'}"


def test_the_intervals_are_the_ones_of_another_method() -> None:
    found = before_and_after(_findings(), JOINT)
    assert found is not None
    assert (found.first.label, found.last.label) == ("2021/2022", "2024/2025")
    own, others = _by_hand()
    for moved, (p1, p2, moved_by, down, up) in ((found.own, own), (found.others, others)):
        assert moved is not None
        assert moved.before == f"{p1 * 100:.1f}".replace(".", ",")
        assert moved.after == f"{p2 * 100:.1f}".replace(".", ",")
        assert (moved.low, moved.high) == (_words(moved_by - down), _words(moved_by + up))
    apart_by = own[2] - others[2]
    low = apart_by - sqrt(own[3] ** 2 + others[4] ** 2)
    high = apart_by + sqrt(own[4] ** 2 + others[3] ** 2)
    assert (found.low, found.high) == (_words(low), _words(high))
    assert low < 0 < high
    assert found.direction is Direction.SAME


def test_a_break_or_a_start_without_a_year_before_it_makes_no_comparison() -> None:
    for starts_on in ("2019-08-01", "2020-08-01", "2025-08-01"):
        joint = JOINT.model_copy(update={"starts_on": starts_on})
        # The break is in 2020/2021, which is the first year after a start in 2020.
        assert before_and_after(_findings(joint=joint), joint) is None
    joint = JOINT.model_copy(update={"starts_on": "2021-08-01"})
    assert before_and_after(_findings(joint=joint), joint) is not None


def test_one_withheld_group_leaves_the_other_and_no_difference() -> None:
    def hide(row: dict[str, object]) -> None:
        if (row["level"], row["measure"]) == ("arrangement", "clients"):
            row["value"], row["status"] = None, CellStatus.WITHHELD.value

    found = before_and_after(_findings(_changed(hide)), JOINT)
    assert found is not None
    assert (found.own, found.direction, found.low) == (None, None, "")
    assert found.others is not None


def test_two_groups_that_differ_by_chance_alone_are_seldom_called_different() -> None:
    """Drawn with one chance for everybody: 95 % of the intervals must hold no difference."""
    draw = np.random.default_rng(20261122)
    sizes = ((300, 300), (1980, 1925))
    inside, times = 0, 2_000
    for _ in range(times):
        own, others = (
            (Share(int(draw.binomial(a, 0.12)), a), Share(int(draw.binomial(b, 0.15)), b))
            for a, b in sizes
        )
        low, high = apart(own, others)
        inside += low <= 0 <= high
    assert 0.94 <= inside / times <= 0.97


def test_a_change_of_one_group_alone_is_found() -> None:
    steady = (Share(240, 2000), Share(240, 2000))
    fallen = (Share(240, 2000), Share(120, 2000))
    assert direction_of(apart(fallen, steady)) is Direction.LESS
    assert direction_of(apart(steady, fallen)) is Direction.MORE
    assert direction_of(apart(steady, steady)) is Direction.SAME
    # A group of which nothing is left to chance adds nothing to the width.
    sure = (Share(120_000_000, 1_000_000_000), Share(120_000_000, 1_000_000_000))
    assert apart(fallen, sure) == pytest.approx(change(*fallen), abs=1e-4)


@pytest.mark.parametrize(("measure", "lines"), [(RATE, 2), (CLIENTS, 1)])
def test_only_shares_stand_on_one_axis_with_comparable_schools(measure: str, lines: int) -> None:
    """A few dozen beside some thousands would be a line along the axis."""
    key = ChartKey(ChartKind.TREND, TABLE, measure, Level.ARRANGEMENT, str(JOINT.number))
    drawn = chart_data(_findings(), key)
    assert drawn is not None
    assert len(drawn.series) == lines
