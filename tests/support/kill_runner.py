"""Kills the life of a round at many lines, and has each one taken up again from what is on disk.

A process of its own, ``python -m tests.support.kill_runner``: it loads everything, starts no
thread, and forks for every piece of work. Its order comes on stdin; it prints one JSON line.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from tests.support.killing import (
    END,
    ROOT,
    SINGLE_THREADED,
    Lines,
    Point,
    acting_at,
    draw_points,
    executed,
    forked,
    killed_at,
)
from tests.support.life_laws import (
    check_always,
    check_no_needles,
    differences,
    expected_cells,
    find_needles,
    likeness,
    temporary,
    witness_heads,
)
from tests.support.lives import LIFE, Step
from tests.support.parties import MiniRegion
from tests.support.world import World, begin

HANDLES_ROWS = ("put", "supersede", "object", "link")
"""The steps in which rows of persons are in memory."""
SPARE = 4
"""So many points are drawn more than asked: some lines are reached by chance only."""


@dataclass(frozen=True)
class Order:
    """What one runner does.

    Attributes:
        once: kills after each of which a life goes on.
        twice: kills of which the process that takes up the life is killed too.
        looks: moments of a link at which every file is looked through.
        finish_every: of so many kills one life is taken to its last day; after every other one
            the end of the step is compared with that of the life without a crash.
        only: how the names of the steps begin that are killed; empty for all.
    """

    once: int
    twice: int
    looks: int
    seed: int
    finish_every: int
    only: str = ""


@dataclass
class Outcome:
    """What became of all points.

    Attributes:
        tried: kills that happened, once or twice as was asked.
        missed: points that were not reached again.
        finished: lives that were taken to their end.
        lines: different lines at which was killed.
        steps: the steps in which was killed.
    """

    tried: int = 0
    passed: int = 0
    missed: int = 0
    finished: int = 0
    lines: int = 0
    steps: list[str] = field(default_factory=list)
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Straight:
    """The life without a crash: before each step a snapshot, of each step its lines and end."""

    facts: MiniRegion
    folder: Path
    lines: dict[str, Lines]
    ends: dict[str, dict[str, object]]

    def snapshot(self, step: Step) -> Path:
        return self.folder / step.name


def live_straight(folder: Path) -> Straight:
    """Live once without a crash."""
    life = folder / "life"
    life.mkdir()
    facts = begin(life)
    temporary(life).mkdir()
    straight = Straight(facts, folder / "snapshots", {}, {})
    for step in LIFE:
        ended = forked(partial(_trace_step, straight, life, step))
        if ended.value is None:
            raise RuntimeError(f"{step.name} without a crash: {ended.failure}")
        lines, straight.ends[step.name] = ended.value
        straight.lines[step.name] = lines or straight.lines[step.like]
    _warm_up(World(facts, life, LIFE[-1].day))
    return straight


def _warm_up(world: World) -> None:
    """Do once in this process what every fork does, so that none has to find it out anew."""
    check_always(world)
    likeness(world)
    world.close()
    expected_cells()
    gc.collect()
    gc.freeze()


def _trace_step(
    straight: Straight, life: Path, step: Step
) -> tuple[Lines | None, dict[str, object]]:
    _use_temporary(life)
    world = World(straight.facts, life, step.day)
    step.prepare(world)
    world.close()
    shutil.copytree(life, straight.snapshot(step))
    world = World(straight.facts, life, step.day)
    act = partial(step.act, world)
    lines = None if step.like else executed(act)
    if step.like:
        act()
    check_always(world)
    end = likeness(world)
    witness_heads(world)
    return lines, end


def _use_temporary(folder: Path) -> None:
    """Have this process and its libraries put temporary files where they are seen."""
    os.environ["TMPDIR"] = tempfile.tempdir = str(temporary(folder))
    os.chdir(temporary(folder))


def _act(straight: Straight, folder: Path, step: Step, point: Point) -> None:
    """A process that takes a step and is killed at ``point``."""
    _use_temporary(folder)
    killed_at(point, partial(step.act, World(straight.facts, folder, step.day)))


def _recover(straight: Straight, folder: Path, step: Step, to_the_end: bool) -> None:
    """A new process: the laws as it finds them, the step again, and what it leaves."""
    _use_temporary(folder)
    world = World(straight.facts, folder, step.day)
    if step.name.startswith(HANDLES_ROWS):
        check_no_needles(folder)
    check_always(world)
    step.act(world)
    differs = differences(likeness(world), straight.ends[step.name])
    assert not differs, "; ".join(differs)
    world.close()
    if to_the_end:
        _finish(straight, folder, step)


def _finish(straight: Straight, folder: Path, after: Step) -> None:
    """Every later step, and what is there on the last day."""
    for step in LIFE[LIFE.index(after) + 1 :]:
        world = World(straight.facts, folder, step.day)
        step.prepare(world)
        step.act(world)
        check_always(world)
        world.close()
    world = World(straight.facts, folder, LIFE[-1].day)
    differs = differences(likeness(world), straight.ends[LIFE[-1].name])
    assert not differs, "; ".join(differs)


def kill(straight: Straight, order: Order, count: int, *, twice: bool) -> Outcome:
    """Kill at ``count`` points, as many in each step: at its end, then where the seed decides.

    Args:
        twice: kill the process that takes the step again too.
    """
    draw, outcome = random.Random(order.seed), Outcome()
    life = [step for step in LIFE if step.name.startswith(order.only)]
    each = -(-count // len(life)) * 2 + SPARE
    points = {
        step.name: iter([END, *draw_points(straight.lines[step.name], each, draw)]) for step in life
    }
    lines: set[tuple[str, int]] = set()
    steps: set[str] = set()
    for step in islice(cycle(draw.sample(life, len(life))), 4 * count):
        if outcome.tried == count:
            break
        point = next(points[step.name], None)
        if point is None:
            continue
        second = next(points[step.name], point) if twice else None
        to_the_end = outcome.tried % order.finish_every == 0
        failure = _one(straight, step, point, second, to_the_end)
        if failure is None:
            outcome.missed += 1
            continue
        lines.add((point.file, point.line))
        steps.add(step.name)
        outcome.tried += 1
        outcome.finished += to_the_end
        outcome.passed += not failure
        if failure:
            outcome.failures.append(f"{step.name} at {point} then {second}: {failure}")
    outcome.lines, outcome.steps = len(lines), sorted(steps)
    return outcome


def _one(
    straight: Straight, step: Step, point: Point, second: Point | None, to_the_end: bool
) -> str | None:
    """Kill at one point; empty where all held, None where a point was not reached."""
    folder = straight.folder / "killed"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(straight.snapshot(step), folder)
    ended = forked(partial(_act, straight, folder, step, point))
    if not ended.was_killed:
        return ended.failure or None
    if second is not None:
        again = forked(partial(_act, straight, folder, step, second))
        if not again.was_killed:
            return again.failure or None
    return forked(partial(_recover, straight, folder, step, to_the_end)).failure


def look_during(straight: Straight, count: int, seed: int) -> Outcome:
    """Look for pseudonyms in every file of the life while it links, and in what a link opens."""
    draw, outcome = random.Random(seed), Outcome()
    step = next(step for step in LIFE if step.name.startswith("link"))
    folder = straight.folder / "killed"
    for point in draw_points(straight.lines[step.name], 2 * count, draw):
        if outcome.tried == count:
            break
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(straight.snapshot(step), folder)
        ended = forked(partial(_look, straight, folder, step, point))
        looked, wrong = ended.value or (1, [ended.failure])
        if not looked:
            outcome.missed += 1
            continue
        outcome.tried += 1
        outcome.passed += not wrong
        outcome.failures += [f"{step.name} at {point}: {each}" for each in wrong]
    return outcome


def _look(straight: Straight, folder: Path, step: Step, point: Point) -> tuple[int, list[str]]:
    """How many files were looked through at ``point``, and what is wrong with them."""
    _use_temporary(folder)
    looked, wrong = 0, []
    before = set(_open_files())

    def look() -> None:
        nonlocal looked
        scanned, findings = find_needles(folder)
        looked += scanned
        wrong.extend(findings)
        for path in set(_open_files()) - before:
            if not (path.exists() and path.is_relative_to(folder)):
                wrong.append(f"a link keeps {path} open")

    acting_at(point, look, partial(step.act, World(straight.facts, folder, step.day)))
    return looked, wrong


def _open_files() -> Iterator[Path]:
    """Files on a disk that this process has open, deleted ones too."""
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the descriptor with which this is listed
            if stat.S_ISREG(descriptor.stat().st_mode):
                yield descriptor.readlink()


def run(order: Order, folder: Path) -> dict[str, Outcome]:
    """Do so in a process that loads everything anew; the outcome of each kind."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.support.kill_runner", str(folder)],
        cwd=ROOT,
        env={**os.environ, **SINGLE_THREADED},
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    said = json.loads(ran.stdout.splitlines()[-1])
    return {kind: Outcome(**outcome) for kind, outcome in said.items()}


def main() -> None:
    """Entry point: the order comes on stdin."""
    folder, order = Path(sys.argv[1]), Order(**json.load(sys.stdin))
    straight = live_straight(folder)
    outcomes = {}
    for kind, work in (
        ("once", partial(kill, straight, order, order.once, twice=False)),
        ("twice", partial(kill, straight, order, order.twice, twice=True)),
        ("looks", partial(look_during, straight, order.looks, order.seed)),
    ):
        begun = time.monotonic()
        outcome = work()
        outcome.seconds = time.monotonic() - begun
        outcomes[kind] = asdict(outcome)
    sys.stdout.write(json.dumps(outcomes) + "\n")


if __name__ == "__main__":
    main()
