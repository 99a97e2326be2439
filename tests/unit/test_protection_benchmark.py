"""The benchmark of protection: the same tables every time, and an attack that finds things."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.measuring.commands import RunFailedError, run_measured
from benchmarks.measuring.documents import write_block
from benchmarks.protection import report
from benchmarks.protection.attack import attack
from benchmarks.protection.contenders import OURS, Result, _peer_key, _run
from benchmarks.protection.curves import draw
from benchmarks.protection.goals import goals
from benchmarks.protection.report import Outcome
from benchmarks.protection.tables import Table
from publisher.protection.cellfile import read_cells, read_spec
from publisher.protection.effort import Effort
from publisher.protection.verification.cells import claim_of_cells


def test_a_table_is_the_same_every_time(tmp_path: Path) -> None:
    first, second = (Table("B", 40).write(tmp_path / name) for name in _folders(tmp_path))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert Table("A", 40).rows() == Table("B", 40).rows()
    assert Table("A", 40, seed=2).rows() != Table("A", 40).rows()


def _folders(tmp_path: Path) -> tuple[str, str]:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    return "one", "two"


def test_the_attack_computes_what_primary_suppression_alone_leaves(tmp_path: Path) -> None:
    files = Table("A", 40).write(tmp_path)
    spec = read_spec(files[1].read_bytes())
    claim = claim_of_cells(spec, read_cells(files[0].read_bytes(), spec), frozenset())
    primary = frozenset(demand.cell for demand in claim.demands)
    alone = attack(files, primary)
    assert alone.secondary == alone.hidden_value == alone.shown == 0
    assert alone.exact > 0
    nothing = attack(files, frozenset())
    assert (nothing.exact, nothing.shown) == (0, len(primary))
    everything = attack(files, frozenset(key for key, count in claim.true.items() if count))
    assert everything.exact == 0
    assert everything.cost > everything.secondary > 0


def test_places_of_the_peer_are_cells_of_ours(tmp_path: Path) -> None:
    files = Table("A", 40).write(tmp_path)
    spec = read_spec(files[1].read_bytes())
    claim = claim_of_cells(spec, read_cells(files[0].read_bytes(), spec), frozenset())
    for place in ("Total", "M001", "S00001"):
        for form in ("Total", "F0"):
            assert _peer_key(place, form) in claim.true


def test_a_command_that_fails_or_takes_too_long_did_not_run(tmp_path: Path) -> None:
    with pytest.raises(RunFailedError, match="exit code 1"):
        _run(["/bin/false"], 30, tmp_path)
    with pytest.raises(RunFailedError, match="took over"):
        run_measured(["/bin/sleep", "30"], tmp_path, 0.05)
    cost, printed = run_measured(["/bin/echo", "text"], tmp_path, 30)
    assert (cost.exit_code, printed.read_text(encoding="ascii")) == (0, "text\n")


def _outcomes(tmp_path: Path) -> list[Outcome]:
    """A small table that stands for those of the goals: what is asked is only what is compared."""
    files = Table("A", 40).write(tmp_path)
    found = attack(files, frozenset())
    optimum = {"optimum": {"cost": 5.0, "bound": 4.9, "gap": 0.02}}
    return [
        Outcome(Table("A", 400), OURS[Effort.USUAL], Result(frozenset(), 1.0, 2.0, 1.5), found),
        Outcome(
            Table("A", 400),
            OURS[Effort.EXACT],
            Result(frozenset(), 1.0, 2.0, 1.5, more=optimum),
            found,
        ),
        Outcome(Table("B", 400), OURS[Effort.QUICK], Result(frozenset(), 1.6, 2.0, 1.5), found),
        Outcome(Table("B", 2000), OURS[Effort.USUAL], Result(frozenset(), 31, 40, 50), found),
        Outcome(Table("B", 40), "peer", not_run="takes one hierarchy"),
    ]


def test_goals_are_compared_with_what_was_measured(tmp_path: Path) -> None:
    reached = {goal: ok for goal, _, ok in goals(_outcomes(tmp_path))}
    assert reached == {
        "nothing exposed, too narrow or shown, in any table": False,
        "A, 400 schools: at most 41 secondary cells": True,
        "A, 400 schools: at most 5 % above the optimum": True,
        "A, 400 schools: the optimum proved in at most 30 s": False,
        "B, 400 schools, --quick: at most 127 secondary cells in at most 1.5 s": False,
        "B, 2,000 schools: in at most 30 s": False,
    }


def test_the_block_names_goals_and_what_did_not_run(tmp_path: Path) -> None:
    outcomes = _outcomes(tmp_path)
    on = {"on": "2026-01-01", "cores": 2, "processor": "p", "memory_bytes": 1 << 30,
          "system": "s", "python": "3", "load_average_before": 0.0}  # fmt: skip
    names = report.write_curves(outcomes, tmp_path / "figures")
    text = report.markdown(outcomes, goals(outcomes), on, names)
    assert "not run: takes one hierarchy" in text
    assert "| nothing exposed, too narrow or shown, in any table |" in text
    document = tmp_path / "page.md"
    begin, end = f"<!-- {report.BLOCK}:begin -->", f"<!-- {report.BLOCK}:end -->"
    document.write_text(f"a\n{begin}\nold\n{end}\nb\n", encoding="utf-8")
    write_block(document, report.BLOCK, text)
    written = document.read_text(encoding="utf-8")
    assert written == f"a\n{begin}\n{text}\n{end}\nb\n"
    with pytest.raises(ValueError, match="once each"):
        write_block(document, "another", text)


def test_a_picture_is_well_formed_and_names_its_lines() -> None:
    picture = draw("Seconds & cells", "s", {"a <b>": [(100, 0.0), (400, 3.0)], "c": [(100, 9.0)]})
    texts = [element.text for element in ElementTree.fromstring(picture).iter()]  # noqa: S314
    assert "Seconds & cells" in texts
    assert any(text and text.endswith("a <b>") for text in texts)
