"""A round takes over what the one before it found, as far as it still holds, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from publisher.protection import engine, secondary
from publisher.protection.cellproblem import CellProblem
from publisher.protection.effort import Effort
from publisher.protection.engine import protect_block
from publisher.protection.needs import Move, Need
from publisher.protection.parts import HiddenParts
from publisher.protection.primary import Rule
from publisher.protection.problem import Problem, ProblemBuilder, Sensitive
from publisher.protection.relations import Relations
from publisher.protection.resuming import Remembered
from publisher.protection.rules import Rules
from publisher.protection.secondary import Pattern, suppress
from publisher.protection.solver import Witness, WitnessModel, best_witness
from tests.support.small_tables import small_cells, small_spec

RULES = Rules()


def _row(*counts: int) -> Problem:
    """One total over some counts, the first of which is sensitive."""
    builder = ProblemBuilder()
    parts = [builder.cell([f"p{at}"], count, may_withhold=True) for at, count in enumerate(counts)]
    whole = builder.cell(["whole"], sum(counts), may_withhold=True, priority=9)
    builder.equal(whole, parts)
    builder.sensitive.append(Sensitive(0, Rule.THRESHOLD, 1, 1, 4))
    return builder.build()


def _remembered(problem: Problem, pattern: Pattern) -> Remembered:
    return Remembered.of(problem, pattern.secondary, pattern.witnesses)


def test_a_second_round_asks_the_solver_nothing_that_it_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = _row(3, 50, 20, 90)
    first = suppress(problem, RULES, effort=Effort.FIRST)
    asked: list[Need | Move] = []

    def asking(model: WitnessModel, need: Need) -> Witness | None:
        asked.append(need)
        return best_witness(model, need)

    class Asked(HiddenParts):
        def cheapest(self, move: Move, *, everywhere: bool = True) -> Witness | None:
            asked.append(move)
            return super().cheapest(move, everywhere=everywhere)

    monkeypatch.setattr(secondary, "best_witness", asking)
    monkeypatch.setattr(secondary, "HiddenParts", Asked)
    again = suppress(problem, RULES, effort=Effort.FIRST, remembered=_remembered(problem, first))
    assert (again.secondary, again.witnesses) == (first.secondary, first.witnesses)
    assert not asked
    suppress(problem, RULES, effort=Effort.FIRST)
    assert asked


def test_a_witness_that_moves_what_is_published_now_is_forgotten() -> None:
    problem = _row(3, 50, 20)
    remembered = _remembered(problem, suppress(problem, RULES, effort=Effort.FIRST))
    (cell,) = remembered.withheld
    relations = Relations(problem)
    every = frozenset(range(len(problem.nodes)))
    place = next(at for at, node in enumerate(problem.nodes) if cell in node.keys)
    assert list(remembered.witnesses(problem, relations, every))
    assert not list(remembered.witnesses(problem, relations, every - {place}))


def test_a_witness_that_breaks_a_relation_of_now_is_forgotten() -> None:
    problem = _row(3, 50, 20)
    remembered = _remembered(problem, suppress(problem, RULES, effort=Effort.FIRST))
    fixed = tuple(
        replace(node, floor=node.true, ceiling=node.true) if node.keys == ("p0",) else node
        for node in problem.nodes
    )
    other = replace(problem, nodes=fixed)
    every = frozenset(range(len(problem.nodes)))
    assert not list(remembered.witnesses(other, Relations(other), every))


def test_a_witness_about_a_quantity_that_is_gone_is_forgotten() -> None:
    problem = _row(3, 50, 20)
    remembered = Remembered(frozenset({"p1"}), ((("elsewhere", 1), ("p0", -1)),))
    every = frozenset(range(len(problem.nodes)))
    assert remembered.cells(problem) == [1]
    assert not list(remembered.witnesses(problem, Relations(problem), every))


def test_a_quantity_without_a_key_follows_from_the_others() -> None:
    builder = ProblemBuilder()
    whole, part = (builder.cell([key], n, may_withhold=True) for key, n in (("w", 9), ("p", 7)))
    rest = builder.difference(whole, part)
    problem = builder.build()
    remembered = Remembered(frozenset(), ((("p", -1), ("w", 1)),))
    (witness,) = remembered.witnesses(problem, Relations(problem), frozenset({whole, part}))
    assert witness == {whole: 1, part: -1, rest: 2}


def test_rounds_that_remember_protect_as_rounds_that_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two oracles: the same rules hold of both, and neither withholds much more."""
    spec = small_spec([["m"], []], breakdown=True, union=True, zeros="protect")
    rows = [
        {"u": f"u{at:02d}", "m": f"m{at % 3}", "b": b, "n": (at * 7 + len(b) * 5) % 13 % 6}
        for at in range(12)
        for b in ("x", "yy", "zzz")
    ]
    cells = small_cells(spec, rows)
    build = CellProblem.of(spec, cells).build
    resumed = protect_block(build, spec.rules, settle_first=True)
    monkeypatch.setattr(
        engine, "suppress",
        lambda *given, remembered=None, **how: suppress(*given, **how),
    )  # fmt: skip
    fresh = protect_block(build, spec.rules, settle_first=True)
    assert resumed.primary == fresh.primary
    assert resumed.cost <= 1.2 * fresh.cost + 1


def test_a_round_that_was_broken_off_is_pruned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = _row(3, 50, 20, 90)
    first = suppress(problem, RULES, effort=Effort.FIRST)
    more = first.secondary | {3}
    for pruned, kept in ((True, more), (False, first.secondary)):
        remembered = Remembered.of(problem, more, first.witnesses, pruned=pruned)
        monkeypatch.setattr(secondary._Search, "forget_unmoved", lambda *_, **__: None)
        again = suppress(problem, RULES, effort=Effort.FIRST, remembered=remembered)
        assert again.secondary == kept


def test_a_round_that_only_adds_keeps_what_the_rounds_before_it_withheld() -> None:
    """Also a cell that nothing needs now: a witness moves it, so that nobody computes it."""
    problem = _row(3, 50, 20, 90)
    changes = ((("p0", -1), ("p1", 1)), (("p0", -1), ("p2", 1)))
    remembered = Remembered(frozenset({"p1", "p2"}), changes, pruned=False)
    kept = suppress(problem, RULES, effort=Effort.FIRST, remembered=remembered, only_add=True)
    assert kept.secondary == {1, 2}
    chosen = suppress(problem, RULES, effort=Effort.FIRST, remembered=remembered)
    assert len(chosen.secondary) == 1


def test_a_cell_that_no_witness_moves_is_not_kept() -> None:
    problem = _row(3, 50, 20, 90)
    remembered = Remembered(frozenset({"p1", "p2"}), ((("p0", -1), ("p1", 1)),), pruned=False)
    kept = suppress(problem, RULES, effort=Effort.FIRST, remembered=remembered, only_add=True)
    assert kept.secondary == {1}


def test_one_round_chooses_and_those_after_it_only_add(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each choice could tell groups that the last one did not, and the next the first again."""
    spec = small_spec([["m"], []], union=True, slide=1)
    counts = (1, 2, 30, 40, 3, 20, 8, 25)
    rows = [{"u": f"u{at}", "m": f"m{at // 4}", "n": n} for at, n in enumerate(counts)]
    asked: list[tuple[Effort, bool]] = []

    def noted(*given: Any, effort: Effort, only_add: bool, **how: Any) -> Pattern:
        asked.append((effort, only_add))
        return suppress(*given, effort=effort, only_add=only_add, **how)

    monkeypatch.setattr(engine, "suppress", noted)
    build = CellProblem.of(spec, small_cells(spec, rows)).build
    protect_block(build, spec.rules, settle_first=True)
    assert asked[0] == (Effort.FIRST, False)
    assert all(only_add is (effort is Effort.FIRST) for effort, only_add in asked[1:])
    assert (Effort.USUAL, False) in asked
    assert (Effort.FIRST, True) in asked
    asked.clear()
    protect_block(build, spec.rules)
    assert set(asked) == {(Effort.USUAL, False)}
