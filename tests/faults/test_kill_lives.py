"""SIGKILL at executed lines over the whole life of a round and its releases, then taken up again.

Every step of the life is killed at lines that a seed draws; a new process finds what is on disk,
checks every law, takes the step again, and must end where the life without a crash ended. Some
lives are taken to their last day. See tests/support/kill_runner.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.assurance import LONG, figure, record
from tests.support.kill_runner import Order, Outcome, run
from tests.support.lives import LIFE

SEED = int(os.environ.get("MOJ_KILL_SEED", "2026"))
RUNNERS = figure(1, 2)
ONCE, TWICE, LOOKS = figure(300, 5_000), figure(50, 1_000), figure(20, 200)
FINISH_EVERY = figure(50, 5)

Outcomes = Mapping[str, list[Outcome]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """What became of every kill."""
    orders = [
        Order(ONCE // RUNNERS, TWICE // RUNNERS, LOOKS // RUNNERS, SEED + number, FINISH_EVERY)
        for number in range(RUNNERS)
    ]
    folders = [tmp_path_factory.mktemp("lives") for _ in orders]
    with ThreadPoolExecutor(RUNNERS) as pool:
        found = list(pool.map(run, orders, folders))
    return {kind: [each[kind] for each in found] for kind in found[0]}


def _check(outcomes: Outcomes, kind: str, row: str, count: int) -> None:
    found = outcomes[kind]
    passed = sum(each.passed for each in found)
    record(row, count, passed, SEED, max(each.seconds for each in found))
    failures = [failure for each in found for failure in each.failures]
    assert not failures, f"seed {SEED}: {len(failures)} failures, the first: {failures[0]}"
    assert (sum(each.tried for each in found), passed) == (count, count)


def test_a_life_survives_a_kill_at_any_line(outcomes: Outcomes) -> None:
    _check(outcomes, "once", "SIGKILL at an executed line, then recovered", ONCE)


def test_a_life_survives_a_kill_of_its_recovery_too(outcomes: Outcomes) -> None:
    _check(outcomes, "twice", "SIGKILL in the recovery from a SIGKILL", TWICE)


def test_no_file_holds_a_pseudonym_during_a_link(outcomes: Outcomes) -> None:
    _check(outcomes, "looks", "Files looked through during a link", LOOKS)


def test_every_step_is_killed_at_lines_all_over_it(outcomes: Outcomes) -> None:
    once = outcomes["once"]
    assert sum(each.finished for each in once) >= ONCE // FINISH_EVERY
    # A line can be killed twice, at another occurrence; most kills are at a line of their own.
    assert all(each.lines > 0.5 * min(each.tried, 2_000) for each in once)
    assert all(set(each.steps) == {step.name for step in LIFE} for each in once)
    if LONG:
        assert sum(each.tried for each in once) >= 5_000
