"""Covers, neighbourhoods, parts and the exact mode: cheaper patterns with the same proof."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import pytest

from benchmarks.protection.tables import Table
from publisher.protection import improving, secondary
from publisher.protection.audit import audit_claim
from publisher.protection.cellfile import read_cells, read_spec
from publisher.protection.cellproblem import CellProblem
from publisher.protection.covering import CoverModel
from publisher.protection.near import neighbourhoods
from publisher.protection.needs import needs_of
from publisher.protection.parts import HiddenParts, parts_of
from publisher.protection.problem import Kind, Problem
from publisher.protection.relations import Relations
from publisher.protection.secondary import suppress
from publisher.protection.standalone import protect_file, verify_file
from publisher.protection.verification.cells import claim_of_cells
from publisher.protection.verification.claim import Relation
from publisher.protection.verification.shortened import shortened
from tests.support.protection import small_cells, small_spec


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
    pattern = suppress(problem, small_spec().rules, exact=True)
    assert pattern.bound == pytest.approx(pattern.cost, abs=1e-6)
    if len(pattern.secondary) <= 3:
        assert pattern.cost == pytest.approx(_cheapest_by_trying(problem, pattern.cost), abs=1e-6)


def test_improving_never_makes_a_pattern_dearer(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [_problem(seed, 30) for seed in range(4)]
    rules = small_spec().rules
    improved = [suppress(problem, rules).cost for problem in problems]
    monkeypatch.setattr(secondary._Search, "improve", lambda search, exact: None)
    plain = [suppress(problem, rules).cost for problem in problems]
    assert all(after <= before + 1e-9 for after, before in zip(improved, plain, strict=True))
    assert sum(improved) < sum(plain)


def test_a_pattern_that_integers_do_not_prove_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = _problem(2, 30)
    monkeypatch.setattr(improving.Improver, "_proved", lambda *_, **__: False)
    cost = suppress(problem, small_spec().rules).cost
    monkeypatch.setattr(secondary._Search, "improve", lambda search, exact: None)
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
    result = protect_file(cells, spec, tmp_path / "out.csv", report, exact=True)
    assert result.bound == pytest.approx(result.cost, abs=1e-4)
    wanted = read_spec(spec.read_bytes())
    counts = read_cells(cells.read_bytes(), wanted)
    problem = CellProblem.of(wanted, counts).build(frozenset())
    pattern = suppress(problem, wanted.rules, exact=True)
    hidden = {key for at in pattern.primary | pattern.secondary for key in problem.nodes[at].keys}
    assert pattern.secondary
    for node in pattern.secondary:
        fewer = frozenset(hidden.difference(problem.nodes[node].keys))
        audit = audit_claim(claim_of_cells(wanted, counts, fewer))
        assert audit.exact or audit.too_narrow
