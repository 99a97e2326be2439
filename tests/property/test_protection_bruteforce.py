"""Against brute force: the verdict on a small linked table is never safer than the truth.

Every integer table that a reader can believe in is enumerated in plain loops. Set
``MOJ_PROTECTION_EXAMPLES`` for more examples than the fast default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from publisher.protection.audit import audit_claim
from publisher.protection.cellfile import Cells, Spec
from publisher.protection.verification.cells import claim_of_cells
from publisher.protection.verification.claim import Demand
from tests.support.protection import believable, protect_small, small_cells, small_spec

EXAMPLES = int(os.environ.get("MOJ_PROTECTION_EXAMPLES", "60"))
FAST = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
ROOM = 3
"""How far above the greatest count the enumeration goes; a witness rarely moves further."""

Rows = list[dict[str, object]]


@st.composite
def crossing_tables(draw: st.DrawFn) -> tuple[Spec, Rows]:
    """Three or four units in two crossing levels."""
    units = draw(st.integers(3, 4))
    levels: list[list[str]] = draw(
        st.sampled_from([[["p"], ["q"], []], [["p"], ["q"]], [["p", "q"], []], [[]]])
    )
    zeros = draw(st.sampled_from(["publish", "protect"]))
    slide = draw(st.integers(1, 2))
    direction = draw(st.sampled_from(["either", "either", "up", "both"]))
    union = draw(st.booleans())
    spec = small_spec(
        levels, threshold=2 * slide + 1, slide=slide, zeros=zeros, direction=direction, union=union
    )
    rows: Rows = [
        {"u": f"u{i}", "p": draw(st.sampled_from("ab")), "q": draw(st.sampled_from("xy")),
         "n": draw(st.integers(0, 5))}
        for i in range(units)
    ]  # fmt: skip
    return spec, rows


@st.composite
def breakdown_tables(draw: st.DrawFn) -> tuple[Spec, Rows]:
    """Two units by two categories, adding up or overlapping, with a level above them."""
    overlap = draw(st.booleans())
    group = draw(st.booleans())
    spec = small_spec([[]], breakdown=True, overlap=overlap, threshold=3, group=group)
    rows: Rows = []
    for unit in "uv":
        parts = [draw(st.integers(0, 5)) for _ in "xy"]
        rows += [{"u": unit, "b": b, "n": n} for b, n in zip("xy", parts, strict=True)]
        if overlap:
            total = draw(st.integers(max(parts), sum(parts)))
            rows.append({"u": unit, "b": "", "n": total})
    return spec, rows


@FAST
@given(crossing_tables())
@example((small_spec([["p"], ["q"], []]), [
    {"u": "a", "p": "a", "q": "x", "n": 1}, {"u": "b", "p": "a", "q": "y", "n": 1},
    {"u": "c", "p": "b", "q": "x", "n": 1}, {"u": "d", "p": "b", "q": "y", "n": 6},
]))  # fmt: skip
def test_crossing_levels_are_never_safer_than_the_truth(table: tuple[Spec, Rows]) -> None:
    spec, rows = table
    _check_protected(spec, rows, most=max(int(str(row["n"])) for row in rows) + ROOM)


@FAST
@given(breakdown_tables())
def test_breakdowns_are_never_safer_than_the_truth(table: tuple[Spec, Rows]) -> None:
    spec, rows = table
    _check_protected(spec, rows, most=max(int(str(row["n"])) for row in rows) + 2)


@FAST
@given(st.one_of(crossing_tables(), breakdown_tables()), st.randoms(use_true_random=False))
def test_the_audit_of_any_pattern_agrees_with_enumeration(
    table: tuple[Spec, Rows], chance: object
) -> None:
    """Not only of good patterns: of any cells that happen to be withheld."""
    spec, rows = table
    cells = small_cells(spec, rows)
    everything = sorted(claim_of_cells(spec, cells, frozenset()).true)
    withheld = frozenset(key for key in everything if chance.random() < 0.5)  # type: ignore[attr-defined]
    assume(withheld)
    claim = claim_of_cells(spec, cells, withheld)
    seen = _seen(spec, cells, withheld, max(int(str(row["n"])) for row in rows) + 2)
    exposed = {key for key in withheld if len(seen[key]) == 1}
    assert set(audit_claim(claim).exact) <= exposed


def _seen(spec: Spec, cells: Cells, withheld: frozenset[str], most: int) -> Mapping[str, set[int]]:
    """The values of every withheld cell over all tables that a reader can believe in."""
    seen: dict[str, set[int]] = {key: set() for key in withheld}
    for alternative in believable(spec, cells, withheld, most):
        for key in withheld:
            seen[key].add(alternative[key])
    return seen


def _check_protected(spec: Spec, rows: Rows, most: int) -> None:
    small = protect_small(spec, rows)
    true, seen = small.claim.true, _seen(spec, small.cells, small.hidden, most)
    assert all(len(values) > 1 for values in seen.values()), "a withheld cell is exposed"
    for demand in small.claim.demands:
        assert any(abs(value - true[demand.cell]) >= demand.level for value in seen[demand.cell]), (
            "a sensitive cell is too narrow"
        )
        _check_class(demand, seen[demand.cell], true[demand.cell])
    if spec.rules.direction != "either":
        for demand in small.claim.demands:
            assert max(seen[demand.cell]) >= true[demand.cell] + demand.level


def _check_class(demand: Demand, seen: set[int], true: int) -> None:
    """Some alternative lies in the class, or the class has no value that is possible at all."""
    within = {
        value
        for value in seen
        if abs(value - true) >= demand.level
        and demand.low <= value
        and (demand.high is None or value <= demand.high)
    }
    nothing_lower = min(seen) > true - demand.level
    assert within or (
        demand.high is not None and nothing_lower and true + demand.level > demand.high
    )
