"""The parts of the search: sums, needs, integers, fallback and blocks."""

from __future__ import annotations

import random
from typing import Any

import highspy
import pytest

from publisher.protection import engine, secondary, solver
from publisher.protection.blocks import split_into_blocks
from publisher.protection.cellproblem import CellProblem
from publisher.protection.effort import Effort
from publisher.protection.highs import quiet_highs
from publisher.protection.needs import Move, needs_of
from publisher.protection.primary import Rule
from publisher.protection.problem import Problem, ProblemBuilder, Sensitive
from publisher.protection.rules import Direction, Rules
from publisher.protection.secondary import Pattern, suppress
from publisher.protection.solver import Witness, WitnessModel
from publisher.protection.sums import plan_sums
from publisher.protection.verification.cells import claim_of_cells
from publisher.protection.verification.check import check_claim
from shared.errors import ProtectionError
from tests.support.small_tables import protect_small, small_cells, small_spec


def _row_of(*counts: int, level: int = 1) -> Problem:
    """One published total over some counts, the first of which is sensitive."""
    builder = ProblemBuilder()
    parts = [builder.cell([f"p{i}"], n, may_withhold=n > 0) for i, n in enumerate(counts)]
    whole = builder.cell(["whole"], sum(counts), may_withhold=True, priority=9)
    builder.equal(whole, parts)
    builder.sensitive.append(Sensitive(0, Rule.THRESHOLD, level, 1, 4, (), (whole, *parts)))
    return builder.build()


class TestSums:
    def test_units_are_sums_of_the_widest_units_that_tile_them(self) -> None:
        sets = [frozenset("ab"), frozenset("cd"), frozenset("abcd"), frozenset("a")]
        plan = plan_sums("abcd", sets)
        equations = {
            plan.sets[whole]: {plan.sets[part] for part in parts} for whole, parts in plan.equations
        }
        assert equations[frozenset("abcd")] == {frozenset("ab"), frozenset("cd")}
        assert equations[frozenset("ab")] == {frozenset("a"), frozenset("b")}
        assert {plan.sets[group] for group in plan.groups} == {
            frozenset("a"), frozenset("b"), frozenset("cd"),
        }  # fmt: skip

    def test_crossing_units_meet_in_groups(self) -> None:
        plan = plan_sums("abc", [frozenset("ab"), frozenset("bc")])
        assert {plan.sets[group] for group in plan.groups} == {frozenset(x) for x in "abc"}

    def test_the_same_units_in_another_order_give_the_same_groups(self) -> None:
        units = [frozenset("ab"), frozenset("bc"), frozenset("abc")]
        assert set(plan_sums("abc", units).sets) == set(plan_sums("abc", units[::-1]).sets)


class TestNeeds:
    @pytest.mark.parametrize(
        ("count", "direction", "moves"),
        [
            (1, "either", [[(1, 3)]]),
            (2, "either", [[(1, 2), (-1, -1)]]),
            (4, "either", [[(-3, -1)]]),
            (2, "up", [[(1, 2)]]),
            (4, "up", [[(-3, -1)], [(1, None)]]),
            (2, "both", [[(1, 2)], [(-1, -1)]]),
            (1, "both", [[(1, 3)]]),
        ],
    )
    def test_moves_stay_within_the_class_and_above_the_lower_bound(
        self, count: int, direction: Direction, moves: list[list[tuple[int, int | None]]]
    ) -> None:
        needs = needs_of(_row_of(count, 20), 0, direction)
        assert [[(move.low, move.high) for move in need.moves] for need in needs] == moves


class TestSearch:
    def test_the_cheapest_company_is_withheld(self) -> None:
        pattern = suppress(_row_of(3, 50, 20, 90), Rules())
        assert pattern.secondary == {2}

    def test_pruning_publishes_what_is_not_needed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Cells that an early step withheld are often made needless by a later one."""
        chance = random.Random(2)
        spec = small_spec([["m"], []], breakdown=True)
        rows = [
            {"u": f"u{i:02d}", "m": f"m{i % 8}", "b": b, "n": chance.choice((0, 0, 1, 2, 3, 4, 9))}
            for i in range(40)
            for b in "wxyz"
        ]
        monkeypatch.setattr(secondary._Search, "improve", lambda search, **_: None)
        pruned = protect_small(spec, rows).solution.secondary
        monkeypatch.setattr(secondary._Search, "prune", lambda search: None)
        assert len(pruned) < len(protect_small(spec, rows).solution.secondary)

    def test_relations_that_the_truth_breaks_are_refused(self) -> None:
        builder = ProblemBuilder()
        part, whole = (builder.cell([key], n, may_withhold=True) for key, n in (("p", 3), ("w", 4)))
        builder.equal(whole, [part])
        with pytest.raises(ProtectionError, match="relation-broken"):
            builder.build()

    def test_a_fractional_change_is_made_whole(self) -> None:
        """2·x = y + z over a triangle of pairs: the linear program alone answers in halves."""
        builder = ProblemBuilder()
        x, y, z = (builder.latent([key], 4) for key in "xyz")
        pairs = [builder.cell([f"w{i}"], 8, may_withhold=True) for i in range(3)]
        for pair, parts in zip(pairs, ((x, y), (y, z), (x, z)), strict=True):
            builder.equal(pair, parts)
        problem = builder.build()
        model = WitnessModel(problem)
        model.hide(pairs[:1])
        assert model.cheapest(Move(pairs[0], 1, None)) == {pairs[0]: 2, x: 1, y: 1, z: -1}
        assert model.cheapest(Move(pairs[0], 1, 1)) is None
        model.hide(pairs[1:])
        witness = model.cheapest(Move(pairs[0], 1, 1))
        assert witness is not None
        assert witness[pairs[0]] == 1

    def test_a_fallback_hides_the_unit_before_giving_up(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where the search fails although a change exists, hiding the total lets it succeed."""
        problem = _row_of(3, 50, 20)
        total = 3

        class Weak(WitnessModel):
            def cheapest(self, move: Move, *, thorough: bool = True) -> Witness | None:
                hidden = self.is_hidden(total)
                return super().cheapest(move, thorough=thorough) if hidden else None

        monkeypatch.setattr(secondary, "WitnessModel", Weak)
        monkeypatch.setattr(secondary._Search, "improve", lambda search, **_: None)
        with pytest.raises(ProtectionError, match="protection-unmet"):
            suppress(problem, Rules())
        assert total in suppress(problem, Rules(fallback=True)).secondary


def test_a_solver_that_stops_early_is_a_coded_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def hasty() -> highspy.Highs:
        highs = quiet_highs()
        highs.setOptionValue("simplex_iteration_limit", 0)
        return highs

    monkeypatch.setattr(solver, "quiet_highs", hasty)
    with pytest.raises(ProtectionError, match="solver-stopped"):
        suppress(_row_of(3, 50, 20), Rules())


def test_blocks_are_units_that_no_level_ties() -> None:
    spec = small_spec([["m"]])
    rows = [{"u": f"u{i}", "m": "ab"[i % 2], "n": i} for i in range(6)]
    blocks = split_into_blocks(spec, small_cells(spec, rows))
    assert [block.units for block in blocks] == [("u0", "u2", "u4"), ("u1", "u3", "u5")]
    together = small_spec([["m"], []])
    assert len(split_into_blocks(together, small_cells(together, rows))) == 1


def test_a_block_is_settled_before_cheaper_patterns_are_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What quick patterns open is closed first; the last pattern is improved, and protects."""
    spec = small_spec([["m"], []], union=True, slide=1)
    counts = (1, 2, 30, 40, 3, 20, 8, 25)
    rows = [{"u": f"u{at}", "m": f"m{at // 4}", "n": n} for at, n in enumerate(counts)]
    cells = small_cells(spec, rows)
    efforts: list[Effort] = []

    def noted(*given: Any, effort: Effort, **how: Any) -> Pattern:
        efforts.append(effort)
        return suppress(*given, effort=effort, **how)

    monkeypatch.setattr(engine, "suppress", noted)
    build = CellProblem.of(spec, cells).build
    solution = engine.protect_block(build, spec.rules, settle_first=True)
    assert efforts[0] is Effort.FIRST
    assert efforts.count(Effort.USUAL) == 1
    assert check_claim(claim_of_cells(spec, cells, solution.withheld), solution.certificates)
