"""Kills the life of a round at many lines, and has each one taken up again from what is on disk.

A process of its own, ``python -m tests.support.kill_runner``: it loads everything, starts no
thread, and forks for every piece of work. It prints one JSON line at its end.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from tests.support.killing import (
    ROOT,
    SINGLE_THREADED,
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
    likeness,
    temporary,
    witness_heads,
)
from tests.support.lives import LIFE, MiniRegion, Step, World, begin

HANDLES_ROWS = ("put", "supersede", "object", "link")
"""The steps in which rows of persons are in memory."""
SPARE = 4
"""So many points are drawn more than asked: some lines are reached by chance only."""


@dataclass
class Outcome:
    """What became of all points.

    Attributes:
        tried: kills that happened, once or twice as was asked.
        missed: points that were not reached again.
        finished: lives that were taken to their end.
        lines: different lines at which was killed.
    """

    tried: int = 0
    passed: int = 0
    missed: int = 0
    finished: int = 0
    lines: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Straight:
    """The life without a crash: before each step a snapshot, of each step its lines and end."""

    facts: MiniRegion
    folder: Path
    lines: dict[str, Counter[tuple[str, int]]]
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
        straight.lines[step.name], straight.ends[step.name] = ended.value
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
) -> tuple[Counter[tuple[str, int]], dict[str, object]]:
    _use_temporary(life)
    world = World(straight.facts, life, step.day)
    step.prepare(world)
    world.close()
    shutil.copytree(life, straight.snapshot(step))
    world = World(straight.facts, life, step.day)
    lines = executed(partial(step.act, world))
    check_always(world)
    end = likeness(world)
    witness_heads(world)
    return lines, end


def _use_temporary(folder: Path) -> None:
    """Have this process and its libraries put temporary files where they are seen."""
    os.environ["TMPDIR"] = tempfile.tempdir = str(temporary(folder))
    os.chdir(temporary(folder))


def _act(straight: Straight, folder: Path, step: Step, point: Point | None) -> None:
    """A process that takes a step, killed at ``point`` if there is one."""
    _use_temporary(folder)
    work = partial(step.act, World(straight.facts, folder, step.day))
    if point is None:
        work()
    else:
        killed_at(point, work)


def _recover(straight: Straight, folder: Path, step: Step, to_the_end: bool) -> None:
    """A new process: the laws as it finds them, the step again, and what it leaves."""
    _use_temporary(folder)
    world = World(straight.facts, folder, step.day)
    if step.name.startswith(HANDLES_ROWS):
        check_no_needles(folder)
    check_always(world)
    step.act(world)
    check_always(world)
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


def kill(straight: Straight, count: int, seed: int, *, twice: bool, finish_every: int) -> Outcome:
    """Kill at ``count`` points, as many in each step, in an order that the seed decides.

    Args:
        twice: kill the process that takes the step again too.
        finish_every: of so many points one life is taken to its end; after every other one the
            step's end is compared with that of the life without a crash.
    """
    draw, outcome = random.Random(seed), Outcome()
    each = -(-count // len(LIFE)) * 2 + SPARE
    points = {step.name: iter(draw_points(straight.lines[step.name], each, draw)) for step in LIFE}
    lines: set[tuple[str, int]] = set()
    for step in islice(cycle(draw.sample(LIFE, len(LIFE))), 4 * count):
        if outcome.tried == count:
            break
        point = next(points[step.name], None)
        if point is None:
            continue
        second = next(points[step.name], point) if twice else None
        to_the_end = outcome.tried % finish_every == 0
        failure = _one(straight, step, point, second, to_the_end)
        if failure is None:
            outcome.missed += 1
            continue
        lines.add((point.file, point.line))
        outcome.tried += 1
        outcome.finished += to_the_end
        outcome.passed += not failure
        if failure:
            outcome.failures.append(f"{step.name} at {point} then {second}: {failure}")
    outcome.lines = len(lines)
    return outcome


def _one(
    straight: Straight, step: Step, point: Point, second: Point | None, to_the_end: bool
) -> str | None:
    """Kill at one point; empty where all held, None where the point was not reached."""
    folder = straight.folder / "killed"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(straight.snapshot(step), folder)
    ended = forked(partial(_act, straight, folder, step, point))
    if not ended.was_killed:
        return ended.failure or None
    if second is not None:
        again = forked(partial(_act, straight, folder, step, second))
        if again.failure:
            return again.failure
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
        if ended.value == 0:
            outcome.missed += 1
            continue
        outcome.tried += 1
        outcome.passed += not ended.failure
        if ended.failure:
            outcome.failures.append(f"{step.name} at {point}: {ended.failure}")
    return outcome


def _look(straight: Straight, folder: Path, step: Step, point: Point) -> int:
    _use_temporary(folder)
    looked = 0

    def look() -> None:
        nonlocal looked
        looked += check_no_needles(folder)
        for descriptor in Path("/proc/self/fd").iterdir():
            target = Path(os.readlink(descriptor)) if descriptor.is_symlink() else None
            if target is not None and target.is_absolute() and descriptor.is_file():
                inside = target.is_relative_to(folder) and target.exists()
                assert inside or target.is_relative_to(sys.prefix), f"a link keeps {target} open"

    acting_at(point, look, partial(step.act, World(straight.facts, folder, step.day)))
    return looked


def run(mode: str, count: int, seed: int, finish_every: int, folder: Path) -> Outcome:
    """Do so in a process that loads everything anew."""
    arguments = (mode, str(count), str(seed), str(finish_every), str(folder))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.support.kill_runner", *arguments],
        cwd=ROOT,
        env={**os.environ, **SINGLE_THREADED},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    return Outcome(**json.loads(ran.stdout.splitlines()[-1]))


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=("once", "twice", "look"))
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("finish_every", type=int)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    straight = live_straight(given.folder)
    if given.mode == "look":
        outcome = look_during(straight, given.count, given.seed)
    else:
        twice = given.mode == "twice"
        outcome = kill(
            straight, given.count, given.seed, twice=twice, finish_every=given.finish_every
        )
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")


if __name__ == "__main__":
    main()
