"""Against brute force: the verdict on a small linked table is never safer than the truth.

Every integer table that a reader can believe in is enumerated: each withheld innermost count
takes every value, sums follow by adding up, and tables that show anything else fall out. Five
hundred examples in ``make test`` and fifty thousand in ``make test-long``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from publisher.protection.audit import audit_claim
from publisher.protection.cellfile import Cells, Spec, level_units
from publisher.protection.keys import key_of
from publisher.protection.verification.cells import claim_of_cells
from publisher.protection.verification.claim import Demand
from shared.errors import ProtectionError
from tests.support.assurance import figure, record
from tests.support.enumeration import seen_values
from tests.support.small_tables import Small, protect_small, small_cells, small_spec

SEED = 0

Rows = list[dict[str, object]]
Table = tuple[Spec, Rows]


def _examples(short: int, long: int) -> settings:
    return settings(
        max_examples=figure(short, long),
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    )


@st.composite
def crossing_tables(draw: st.DrawFn) -> Table:
    """Three to five units in two crossing levels."""
    units = draw(st.integers(3, 5))
    levels: list[list[str]] = draw(
        st.sampled_from([[["p"], ["q"], []], [["p"], ["q"]], [["p", "q"], []], [[]]])
    )
    slide = draw(st.integers(1, 2))
    denominator = draw(st.booleans())
    spec = small_spec(
        levels,
        denominator=denominator,
        threshold=2 * slide + 1,
        slide=slide,
        zeros=draw(st.sampled_from(["publish", "protect"])),
        direction=draw(st.sampled_from(["either", "either", "up", "both"])),
        union=draw(st.booleans()),
        group=denominator,
    )
    rows: Rows = [
        {"u": f"u{i}", "p": draw(st.sampled_from("ab")), "q": draw(st.sampled_from("xy")),
         "n": draw(st.integers(0, 5)), "d": draw(st.integers(8, 12))}
        for i in range(units)
    ]  # fmt: skip
    return spec, rows


@st.composite
def breakdown_tables(draw: st.DrawFn) -> Table:
    """Two units by two categories, adding up or overlapping, with a level above them."""
    overlap = draw(st.booleans())
    spec = small_spec(
        draw(st.sampled_from([[[]], [["p"]]])),
        breakdown=True,
        overlap=overlap,
        threshold=3,
        zeros=draw(st.sampled_from(["publish", "protect"])),
        direction=draw(st.sampled_from(["either", "either", "up"])),
        union=draw(st.booleans()),
        group=draw(st.booleans()),
    )
    rows: Rows = []
    for unit in "uv":
        parts = [draw(st.integers(0, 5)) for _ in "xy"]
        rows += [{"u": unit, "p": "a", "b": b, "n": n} for b, n in zip("xy", parts, strict=True)]
        if overlap:
            total = draw(st.integers(max(parts), sum(parts)))
            rows.append({"u": unit, "p": "a", "b": "", "n": total})
    return spec, rows


def test_no_secondary_cell_of_a_pruned_pattern_can_be_left_out() -> None:
    """With any one of them published again, some cell lacks what its rule asks for."""
    dropped = 0

    @_examples(100, 10_000)
    @given(st.one_of(crossing_tables(), breakdown_tables()))
    def check(table: Table) -> None:
        nonlocal dropped
        # Of group disclosure the enumeration sees the cell and not the rest of its whole.
        assume(not table[0].rules.group)
        small = _protected(*table)
        assume(small is not None)
        assert small is not None
        for cell in sorted(small.solution.secondary):
            fewer = small.hidden - {cell}
            assert not _is_met(small.spec, small.cells, fewer), cell
            dropped += 1
        held()

    with _counted("secondary cells published again, against enumeration") as held:
        check()
    assert dropped > figure(40, 4_000)


def _is_met(spec: Spec, cells: Cells, withheld: frozenset[str]) -> bool:
    """Whether every rule holds for a pattern, over all tables that a reader can believe in."""
    claim, seen = claim_of_cells(spec, cells, withheld), _seen(spec, cells, withheld)
    least = _least(spec, cells)
    try:
        for demand in claim.demands:
            assert demand.cell in withheld
            true = claim.true[demand.cell]
            values = seen[demand.cell]
            assert any(abs(value - true) >= demand.level for value in values)
            assert spec.rules.direction == "either" or max(values) >= true + demand.level
            _check_class(demand, values, true, least[demand.cell])
        assert all(len(values) > 1 for values in seen.values())
        if spec.rules.union:
            _check_unions(spec, cells, withheld, claim.true)
    except AssertionError:
        return False
    return True


@contextmanager
def _counted(row: str) -> Iterator[Callable[[], None]]:
    """Record how many examples held; an example that fails ends the test."""
    count, begin = 0, time.monotonic()

    def held() -> None:
        nonlocal count
        count += 1

    try:
        yield held
    finally:
        record(row, count, count, SEED, time.monotonic() - begin)


def test_crossing_levels_are_never_safer_than_the_truth() -> None:
    @_examples(200, 20_000)
    @given(crossing_tables())
    @example((small_spec([["p"], ["q"], []]), [
        {"u": "a", "p": "a", "q": "x", "n": 1}, {"u": "b", "p": "a", "q": "y", "n": 1},
        {"u": "c", "p": "b", "q": "x", "n": 1}, {"u": "d", "p": "b", "q": "y", "n": 6},
    ]))  # fmt: skip
    def check(table: Table) -> None:
        _check_protected(*table)
        held()

    with _counted("protection against enumeration, crossing levels") as held:
        check()


def test_breakdowns_are_never_safer_than_the_truth() -> None:
    @_examples(150, 15_000)
    @given(breakdown_tables())
    def check(table: Table) -> None:
        _check_protected(*table)
        held()

    with _counted("protection against enumeration, SUM and DISTINCT breakdowns") as held:
        check()


def test_the_audit_of_any_pattern_agrees_with_enumeration() -> None:
    """Not only of good patterns: of any cells that happen to be withheld."""

    @_examples(150, 15_000)
    @given(st.one_of(crossing_tables(), breakdown_tables()), st.randoms(use_true_random=False))
    def check(table: Table, chance: object) -> None:
        spec, rows = table
        cells = small_cells(spec, rows)
        everything = sorted(claim_of_cells(spec, cells, frozenset()).true)
        withheld = frozenset(key for key in everything if chance.random() < 0.5)  # type: ignore[attr-defined]
        assume(withheld)
        claim = claim_of_cells(spec, cells, withheld)
        seen = _seen(spec, cells, withheld)
        exposed = {key for key in withheld if len(seen[key]) == 1}
        assert set(audit_claim(claim).exact) <= exposed
        held()

    with _counted("the audit against enumeration, any pattern") as held:
        check()


def _seen(spec: Spec, cells: Cells, withheld: frozenset[str]) -> Mapping[str, set[int]]:
    seen = seen_values(spec, cells, withheld)
    assume(seen is not None)
    assert seen is not None
    return seen


def _inner(cells: Cells) -> tuple[str, ...]:
    return ("", *cells.categories)


def _check_protected(spec: Spec, rows: Rows) -> None:
    small = _protected(spec, rows)
    if small is None:
        _check_that_nothing_helps(spec, small_cells(spec, rows))
        return
    true, seen = small.claim.true, _seen(spec, small.cells, small.hidden)
    least = _least(spec, small.cells)
    assert all(len(values) > 1 for values in seen.values()), "a withheld cell is exposed"
    for demand in small.claim.demands:
        assert any(abs(value - true[demand.cell]) >= demand.level for value in seen[demand.cell]), (
            "a sensitive cell is too narrow"
        )
        _check_class(demand, seen[demand.cell], true[demand.cell], least[demand.cell])
    if spec.rules.direction != "either":
        for demand in small.claim.demands:
            assert max(seen[demand.cell]) >= true[demand.cell] + demand.level
    if spec.rules.union:
        _check_unions(spec, small.cells, small.hidden, true)


def _protected(spec: Spec, rows: Rows) -> Small | None:
    try:
        return protect_small(spec, rows)
    except ProtectionError as error:
        if error.code != "protection-unmet":
            raise
        return None


def _check_that_nothing_helps(spec: Spec, cells: Cells) -> None:
    """Even when all that may be withheld is, some cell lacks the alternative that it needs."""
    true = claim_of_cells(spec, cells, frozenset()).true
    hidden = frozenset(key for key, n in true.items() if n or spec.rules.zeros == "protect")
    claim, seen = claim_of_cells(spec, cells, hidden), _seen(spec, cells, hidden)
    assert any(
        not any(abs(value - true[demand.cell]) >= demand.level for value in seen[demand.cell])
        or (spec.rules.direction != "either"
            and max(seen[demand.cell]) < true[demand.cell] + demand.level)
        or not any(
            value >= demand.low
            and (demand.high is None or value <= demand.high)
            and abs(value - true[demand.cell]) >= demand.level
            for value in seen[demand.cell]
        )
        for demand in claim.demands
    )  # fmt: skip


def _check_unions(
    spec: Spec, cells: Cells, hidden: frozenset[str], true: Mapping[str, int]
) -> None:
    """No published total leaves withheld units that together stay below the threshold."""
    units = level_units(spec, cells)
    inner = [unit for unit in units if unit.level == "unit"]
    for parent in units:
        for category in _inner(cells):
            children = [
                key_of("unit", *unit.key, category)
                for unit in inner
                if unit.members <= parent.members
            ]
            if len(children) > 1 and key_of(parent.level, *parent.key, category) not in hidden:
                together = sum(true[child] for child in children if child in hidden)
                assert together == 0 or together >= spec.rules.threshold


def _check_class(demand: Demand, seen: set[int], true: int, least: int) -> None:
    """Some alternative lies in the class, or no pattern at all leaves one.

    Args:
        demand: what the rule asks of a cell.
        seen: its values over all tables that a reader can believe in.
        true: its true value.
        least: the lowest that it can be where everything that is not zero is withheld.
    """
    within = {
        value
        for value in seen
        if abs(value - true) >= demand.level
        and demand.low <= value
        and (demand.high is None or value <= demand.high)
    }
    nothing_lower = least > true - demand.level
    assert within or (
        demand.high is not None and nothing_lower and true + demand.level > demand.high
    )


def _least(spec: Spec, cells: Cells) -> Mapping[str, int]:
    """Per cell the number of its positive innermost counts: each of them is at least 1."""
    found: dict[str, int] = {}
    for unit in level_units(spec, cells):
        for category in _inner(cells):
            parts = [category] if category or spec.overlap or not cells.categories else [
                *cells.categories
            ]  # fmt: skip
            found[key_of(unit.level, *unit.key, category)] = sum(
                cells.counts[member, part] > 0 for member in unit.members for part in parts
            )
    return found
