"""Zeros that are mostly shown are withheld where they would tell what a rule withholds."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pandas as pd
import pyarrow as pa
import pytest

from publisher.protection import Published, Rules, protect_tally, verify_protection
from publisher.protection.engine import protect_block
from publisher.protection.primary import Rule
from publisher.protection.problem import Kind, Problem, ProblemBuilder, Sensitive
from shared.contract.tally import CELLS, Table, Tally
from shared.errors import ProtectionError
from shared.reference import ALL_LEVELS, Level, Reference
from tests.support.amounts import Care, Child, amount_tally, measure
from tests.support.protection import PERIOD, reference, school

RULES = Rules(fallback=True)
FLOWS = ("continuing", "new", "returning")
LEVELS = (Level.SCHOOL, Level.REGION)
PUBLISHED = tuple(
    Published(table, LEVELS) for table in ("pupils_and_clients", "starts_and_ends", "flow")
)


def with_flow(bundle: Reference, tally: Tally, children: list[Child]) -> Tally:
    """The tally with a table of new and continuing clients (none returns), in a plain loop."""
    table = Table(
        id="flow", title="flow", levels=ALL_LEVELS, measures=(measure("clients"),),
        breakdown="flow", categories=tuple((code, code) for code in FLOWS), overlaps=False,
    )  # fmt: skip
    counts: dict[tuple[str, str, str], int] = {}
    for child in children:
        flow = FLOWS[all(care.started for care in child.care)]
        for level, unit in bundle.school_by_code[child.school].units().items():
            for category in ("", flow):
                place = (level.value, unit, category)
                counts[place] = counts.get(place, 0) + 1
    rows = [
        {
            "table": "flow", "level": level, "unit": unit, "period": PERIOD, "category": category,
            "measure": "clients", "value": count, "contributors": count, "contributions": [],
            "providers": 3, "largest_share": 0, "protect_clients": 0, "protect_providers": 0,
            "protect_suppliers": 0, "dominated": 0,
        }
        for (level, unit, category), count in sorted(counts.items())
    ]  # fmt: skip
    header = tally.header.model_copy(update={"tables": (*tally.header.tables, table)})
    return Tally(header, pa.concat_tables([tally.cells, pa.Table.from_pylist(rows, schema=CELLS)]))


def nobody_started() -> tuple[Reference, Tally]:
    """Three clients at one school, none of whom started in the period; many at another."""
    bundle = reference([school("01AA00"), school("02AA00")])
    children = [Child("01AA00", 1, (Care(),)) for _ in range(3)]
    children += [Child("02AA00", 1, (Care(started=at % 2 == 0),)) for at in range(60)]
    tally = amount_tally(bundle, children, {("01AA00", 1): 200, ("02AA00", 1): 200})
    return bundle, with_flow(bundle, tally, children)


def status_of(cells: pd.DataFrame, school_code: str) -> dict[tuple[str, str], str]:
    own = cells[cells["unit"] == school_code]
    return dict(zip(zip(own["measure"], own["category"], strict=True), own["status"], strict=True))


def new_clients_that_fit(status: dict[tuple[str, str], str]) -> set[int]:
    """By enumeration: how many new clients a reader thinks possible at the small school."""
    most = range(4)
    return {
        new
        for continuing, new, started, trajectories in product(most, most, most, most)
        if continuing + new >= 1
        and (continuing >= 1 or status["clients", "continuing"] != "c")
        and new <= started <= min(continuing + new, trajectories)
        and (started == 0 or status["clients_started", ""] == "c")
        and (trajectories == 0 or status["started_trajectories", ""] == "c")
    }


def test_a_zero_that_tells_a_withheld_one_is_withheld_with_it() -> None:
    bundle, tally = nobody_started()
    protected = protect_tally(tally, bundle, RULES, PUBLISHED)
    verify_protection(protected.cells, tally, bundle, RULES, PUBLISHED, protected.certificates)
    status = status_of(protected.cells, "01AA00")
    assert status["clients", ""] == status["clients", "new"] == "c"
    assert status["clients_started", ""] == status["started_trajectories", ""] == "c"
    assert status["pupils", ""] == ""


def test_without_the_fallback_the_same_region_is_refused() -> None:
    bundle, tally = nobody_started()
    with pytest.raises(ProtectionError, match="protection-unmet"):
        protect_tally(tally, bundle, replace(RULES, fallback=False), PUBLISHED)


def test_a_reader_computes_it_where_that_zero_is_shown_and_the_verifier_refuses() -> None:
    """Attack: the defence taken out by hand, cell by cell."""
    bundle, tally = nobody_started()
    protected = protect_tally(tally, bundle, RULES, PUBLISHED)
    assert len(new_clients_that_fit(status_of(protected.cells, "01AA00"))) > 1
    shown = protected.cells.copy()
    zeros = (shown["unit"] == "01AA00") & (shown["measure"] == "clients_started")
    shown.loc[zeros, "value"], shown.loc[zeros, "status"] = 0, ""
    assert new_clients_that_fit(status_of(shown, "01AA00")) == {0}
    with pytest.raises(ProtectionError, match="verification-failed"):
        verify_protection(shown, tally, bundle, RULES, PUBLISHED, protected.certificates)


def test_a_zero_that_tells_nothing_stays_shown() -> None:
    """Without the table that it would tell of, nobody started is a number like any other."""
    bundle, tally = nobody_started()
    cells = protect_tally(tally, bundle, RULES, PUBLISHED[:2]).cells
    assert status_of(cells, "01AA00")["clients_started", ""] == ""


def _few(*, reserve: bool, closed: frozenset[str] = frozenset()) -> Problem:
    """A sensitive zero under a published one, beside another that may be withheld freely."""
    builder = ProblemBuilder()
    part = builder.cell(["part"], 0, may_withhold=True)
    zero = builder.cell(["zero"], 0, may_withhold="zero" in closed)
    other = builder.cell(["other"], 0, may_withhold=False)
    builder.at_most((part,), (zero,))
    builder.sensitive.append(Sensitive(part, Rule.ZERO, 1, 1, 9))
    if reserve:
        builder.reserve += [zero, other]
    return builder.build()


def test_only_the_zero_that_stands_in_the_way_is_opened() -> None:
    solution = protect_block(lambda closed: _few(reserve=True, closed=closed), RULES)
    assert solution.withheld == {"part", "zero"}
    with pytest.raises(ProtectionError, match="protection-unmet"):
        protect_block(lambda closed: _few(reserve=False, closed=closed), RULES)


def test_a_zero_of_the_reserve_is_published_to_begin_with() -> None:
    kinds = {node.keys[0]: node.kind for node in _few(reserve=True).nodes}
    assert kinds == {"part": Kind.CELL, "zero": Kind.PUBLIC, "other": Kind.PUBLIC}
