"""Covers, neighbourhoods, parts and the exact mode: cheaper patterns with the same proof."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

import pytest

from benchmarks.protection.tables import Table
from publisher.protection import crew, improving, parts, secondary, trading
from publisher.protection.audit import audit_claim
from publisher.protection.cellfile import read_cells, read_spec
from publisher.protection.cellproblem import CellProblem
from publisher.protection.covering import CoverModel
from publisher.protection.effort import Effort
from publisher.protection.near import neighbourhoods
from publisher.protection.needs import Move, needs_of
from publisher.protection.parts import HiddenParts, parts_of
from publisher.protection.problem import Kind, Problem, ProblemBuilder
from publisher.protection.relations import Relations
from publisher.protection.secondary import suppress
from publisher.protection.served import Served
from publisher.protection.standalone import protect_file, verify_file
from publisher.protection.verification.cells import claim_of_cells
from publisher.protection.verification.claim import Relation
from publisher.protection.verification.shortened import shortened
from tests.support.small_tables import small_cells, small_spec


def _problem(seed: int, units: int = 9, *, group: bool = False) -> Problem:
    chance = random.Random(seed)
    spec = small_spec([["m"], []], breakdown=True, group=group)
    rows = [
        {"u": f"u{i:02d}", "m": f"m{i % 3}", "b": b, "n": chance.choice((0, 1, 2, 4, 7, 9, 12))}
        for i in range(units)
        for b in "xy"
    ]
    return CellProblem.of(spec, small_cells(spec, rows)).build(frozenset())


def _cheapest_by_trying(problem: Problem, most: float) -> float:
    """The least cost of a pattern whose needs all have a witness, by trying every set of cells."""
    primary = {item.node for item in problem.sensitive}
    cells = [
        at for at, node in enumerate(problem.nodes) if node.kind is Kind.CELL and at not in primary
    ]
    needs = [
        need for at in range(len(problem.sensitive)) for need in needs_of(problem, at, "either")
    ]
    best = most
    for size in range(4):
        for chosen in combinations(cells, size):
            cost = sum(problem.nodes[cell].cost for cell in chosen)
            if cost >= best - 1e-9:
                continue
            parts = HiddenParts(problem, Relations(problem), primary.union(chosen))
            if all(any(parts.cheapest(move) for move in need.moves) for need in needs):
                best = cost
    return best


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_the_exact_mode_finds_what_trying_everything_finds(seed: int) -> None:
    problem = _problem(seed)
    pattern = suppress(problem, small_spec().rules, effort=Effort.EXACT)
    assert pattern.bound == pytest.approx(pattern.cost, abs=1e-6)
    if len(pattern.secondary) <= 3:
        assert pattern.cost == pytest.approx(_cheapest_by_trying(problem, pattern.cost), abs=1e-6)


def test_improving_never_makes_a_pattern_dearer(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [_problem(seed, 30) for seed in range(4)]
    rules = small_spec().rules
    improved = [suppress(problem, rules).cost for problem in problems]
    monkeypatch.setattr(secondary._Search, "improve", lambda search, **_: None)
    plain = [suppress(problem, rules).cost for problem in problems]
    assert all(after <= before + 1e-9 for after, before in zip(improved, plain, strict=True))
    assert sum(improved) < sum(plain)


def test_a_pattern_that_integers_do_not_prove_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = _problem(2, 30)
    monkeypatch.setattr(trading.Trader, "_proof", lambda *_, **__: None)
    cost = suppress(problem, small_spec().rules).cost
    monkeypatch.setattr(secondary._Search, "improve", lambda search, **_: None)
    assert suppress(problem, small_spec().rules).cost == pytest.approx(cost)


def test_every_cover_meets_every_pattern_that_protects() -> None:
    """What the dual proves: a pattern that avoids a cover leaves a need without a witness."""
    problem = _problem(3)
    rules = small_spec().rules
    pattern = suppress(problem, rules)
    primary = frozenset(item.node for item in problem.sensitive)
    model = CoverModel(problem, Relations(problem), primary)
    model.withhold(())
    found = 0
    for at in range(len(problem.sensitive)):
        covers, remedy = model.covers(needs_of(problem, at, "either")[0])
        assert bool(covers) <= bool(remedy)
        for cover in covers:
            found += 1
            assert cover & pattern.secondary
            assert cover & remedy
    assert found


def test_what_two_trades_break_together_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is right by itself: the first publishes what the witness of the second relies on."""
    problem = _problem(2, 30)
    relations = Relations(problem)
    needs = [
        need for at in range(len(problem.sensitive)) for need in needs_of(problem, at, "either")
    ]
    served = Served(problem, needs)
    primary = frozenset(item.node for item in problem.sensitive)
    cells = [
        at for at, node in enumerate(problem.nodes) if node.kind is Kind.CELL and at not in primary
    ]
    first, second, third = cells[:3]
    served.witness_of[:2] = [{first: 1}, {second: 1}]
    improver = improving.Improver(problem, relations, primary, served, 0)
    pattern = frozenset((first, second))
    trade = trading.Trade(frozenset((second,)), frozenset((first,)), frozenset(), ())
    relying = trading.Bargain(frozenset((third,)), {0: {second: 1, third: 1}})
    assert improver._taken(pattern - {second}, trade, relying) is None
    assert served.witness_of[0] == {first: 1}
    without_second = {1: {third: 1}}
    useless = trading.Bargain(frozenset(), without_second)
    assert improver._taken(pattern, trade, useless) is None
    assert improver._taken(pattern, trade, relying) == frozenset((second, third))
    assert served.witness_of[0] == {second: 1, third: 1}
    assert improver._taken(pattern, trade, trading.Bargain(trade.freed)) == pattern


def test_the_trades_are_the_same_for_any_number_of_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is asked at the same time, and from which pattern, never follows from the machine."""
    asked: dict[int, list[list[trading.Trade]]] = {}

    @contextmanager
    def recording(
        problem: Problem, primary: frozenset[int], patience: trading.Patience, processes: int
    ) -> Iterator[crew.Answer]:
        asked[processes] = []
        trader = trading.Trader(problem, Relations(problem), primary)

        def answer(trades: Sequence[trading.Trade]) -> list[trading.Bargain]:
            asked[processes].append(list(trades))
            return [trader.best(trade, patience) for trade in trades]

        yield answer

    monkeypatch.setattr(secondary, "crew", recording)
    monkeypatch.setattr(improving, "_MOST", 20)
    problem = _problem(2, 30)
    for processes in (1, 3):
        suppress(problem, small_spec().rules, processes=processes)
    assert asked[1] == asked[3]
    assert max(map(len, asked[1])) > 1


def test_a_witness_serves_only_the_needs_that_it_meets() -> None:
    problem = _problem(1)
    needs = [needs_of(problem, at, "either")[0] for at in range(len(problem.sensitive))]
    served = Served(problem, needs)
    move = needs[1].moves[0]
    enough = move.low if move.upward else move.high
    assert enough
    assert served.keep({move.node: 50}) == []
    assert served.keep({move.node: enough}) == [1]
    assert served.witness_of[1] == {move.node: enough}
    assert served.keep({move.node: enough}) == []


@pytest.mark.parametrize("effort", [Effort.QUICK, Effort.USUAL])
def test_any_number_of_processes_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, effort: Effort
) -> None:
    """One block, so that its processes share the neighbourhoods; small, so that it is said here."""
    monkeypatch.setattr(crew, "WORTH", 0)
    cells, spec = Table("B", 80).write(tmp_path)
    results = []
    for processes in (1, 2):
        out, proof = tmp_path / f"{processes}.csv", tmp_path / f"{processes}.jsonl"
        report = tmp_path / f"{processes}.json"
        found = protect_file(cells, spec, out, report, proof, processes, effort=effort)
        results.append((out.read_bytes(), proof.read_bytes(), found.cost, found.secondary))
    assert results[0] == results[1]


def test_a_quick_pattern_protects_and_costs_more(tmp_path: Path) -> None:
    cells, spec = Table("B", 200).write(tmp_path)
    found = {}
    for effort in (Effort.QUICK, Effort.USUAL):
        out, proof = tmp_path / f"{effort.value}.csv", tmp_path / f"{effort.value}.jsonl"
        report = tmp_path / f"{effort.value}.json"
        found[effort] = protect_file(cells, spec, out, report, proof, effort=effort)
        assert not found[effort].audit.exact
        assert not found[effort].audit.too_narrow
        assert verify_file(cells, spec, out, proof) == found[effort].issued
        assert found[effort].bound is None
    assert found[Effort.QUICK].cost > found[Effort.USUAL].cost


def test_corners_of_a_part_are_tried_before_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that a corner allows keeps everything else; what no corner allows, the part may."""
    monkeypatch.setattr(parts, "_LARGE", 3)
    monkeypatch.setattr(parts, "_CORNER", 3)
    builder = ProblemBuilder()
    cells = [builder.cell([f"c{at}"], 5, may_withhold=True) for at in range(4)]
    for at in range(3):
        pair = builder.cell([f"pair{at}"], 10, may_withhold=True)
        builder.equal(pair, cells[at : at + 2])
    hidden = HiddenParts(builder.build(), Relations(builder.build()), cells)
    move = Move(cells[0], 1, None)
    assert hidden.cheapest(move, everywhere=False) is None
    assert hidden.cheapest(move) == {cells[0]: 1, cells[1]: -1, cells[2]: 1, cells[3]: -1}
    hidden.close(cells[3])
    assert hidden.cheapest(move) is None
    hidden.hide(cells[3])
    assert hidden.cheapest(move) is not None
    monkeypatch.setattr(parts, "_CORNER", 4)
    wider = HiddenParts(builder.build(), Relations(builder.build()), cells)
    assert wider.cheapest(move, everywhere=False) == hidden.cheapest(move)


def test_parts_leave_out_what_is_exposed_and_split_what_no_row_ties() -> None:
    spec = small_spec([["m"]])
    rows = [{"u": f"u{i}", "m": "abc"[i // 3], "n": 3} for i in range(9)]
    problem = CellProblem.of(spec, small_cells(spec, rows)).build(frozenset())
    of_key = {key: at for at, node in enumerate(problem.nodes) for key in node.keys}
    hidden = [of_key[f"unit/u{i}/"] for i in (0, 1, 3, 4, 6)]
    parts = parts_of(problem, Relations(problem), hidden)
    assert [tuple(part) for part in parts] == [tuple(hidden[:2]), tuple(hidden[2:4])]


def test_neighbourhoods_partition_the_nodes_and_stay_small() -> None:
    problem = _problem(1, 30)
    found = neighbourhoods(problem, most=30)
    assert sorted(node for nodes in found for node in nodes) == list(range(len(problem.nodes)))
    assert max(map(len, found)) <= 30
    assert len(found) > 1


def test_shortened_relations_have_the_same_solutions() -> None:
    whole = Relation((("w", 1), ("a", -1), ("b", -1), ("c", -1)), 0, 0)
    part = Relation((("p", 1), ("a", -1), ("b", -1)), 0, 0)
    at_most = Relation((("w", 1), ("a", -1)), 0, None)
    assert shortened((whole, part, at_most)) == (
        Relation((("w", 1), ("p", -1), ("c", -1)), 0, 0), part, at_most,
    )  # fmt: skip


def test_a_large_block_is_searched_near_by_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above ``WHOLE`` quantities: other cells, the same guarantees, and the same bytes again."""
    monkeypatch.setattr(secondary, "WHOLE", 10)
    cells, spec = Table("B", 60).write(tmp_path)
    outs = []
    for name in ("one", "two"):
        out, proof = tmp_path / f"{name}.csv", tmp_path / f"{name}.jsonl"
        report = protect_file(cells, spec, out, tmp_path / f"{name}.json", proof)
        assert not report.audit.exact
        assert not report.audit.too_narrow
        assert verify_file(cells, spec, out, proof) == report.issued
        outs.append((out.read_bytes(), proof.read_bytes()))
    assert outs[0] == outs[1]


def test_no_secondary_cell_of_an_optimum_is_needless(tmp_path: Path) -> None:
    cells, spec = Table("A", 60).write(tmp_path)
    report = tmp_path / "report.json"
    result = protect_file(cells, spec, tmp_path / "out.csv", report, effort=Effort.EXACT)
    assert result.bound == pytest.approx(result.cost, abs=1e-4)
    wanted = read_spec(spec.read_bytes())
    counts = read_cells(cells.read_bytes(), wanted)
    problem = CellProblem.of(wanted, counts).build(frozenset())
    pattern = suppress(problem, wanted.rules, effort=Effort.EXACT)
    hidden = {key for at in pattern.primary | pattern.secondary for key in problem.nodes[at].keys}
    assert pattern.secondary
    for node in pattern.secondary:
        fewer = frozenset(hidden.difference(problem.nodes[node].keys))
        audit = audit_claim(claim_of_cells(wanted, counts, fewer))
        assert audit.exact or audit.too_narrow
