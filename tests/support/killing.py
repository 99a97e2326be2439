"""Kills a process at one line of our code: which line, and the how-manieth time it is executed.

A process with everything loaded and no second thread forks for every case, so that a fork is a
fresh process. ``executed`` tells which lines a piece of work runs; ``killed_at`` runs it once more
and sends SIGKILL to itself just before one of them: nothing is flushed, closed or cleaned up.
"""

from __future__ import annotations

import gc
import os
import pickle
import random
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Generic, TypeVar

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
OURS = tuple(f"{ROOT / folder}{os.sep}" for folder in ("linker", "publisher", "shared"))
_WRITING = {str(ROOT / "shared" / "state" / "database.py"), str(ROOT / "shared" / "files.py")}
_WRITERS = {"transaction", "write_whole", "shred"}
"""The functions through which everything that lasts is written."""
Place = tuple[str, int]
SINGLE_THREADED = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""Environment of a process that forks: with it, no library starts a thread when it is loaded."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A line of our code, just before it is executed for the ``occurrence``-th time."""

    file: str
    line: int
    occurrence: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} #{self.occurrence}" if self.file else "its end"


END = Point("", 0, 0)
"""When everything was done and nobody has heard of it yet."""


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """How a fork ended: with a value, with what went wrong, or by a signal."""

    value: T | None
    failure: str
    by_signal: int

    @property
    def was_killed(self) -> bool:
        return self.by_signal == signal.SIGKILL


def check_single_threaded() -> None:
    """Refuse to fork a process in which a library started a thread."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise RuntimeError(f"expected one thread before a fork, found {threads}")


def forked(work: Callable[[], T]) -> Ended[T]:
    """Do ``work`` in a fork of this process, and wait for its end."""
    check_single_threaded()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _become(work, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Ended(None, "", os.WTERMSIG(status))
    # What was said comes from a fork of this very process.
    value, failure = pickle.loads(said) if said else (None, f"ended with status {status}")  # noqa: S301
    return Ended(value, failure, 0)


def _become(work: Callable[[], Any], writing: int) -> None:
    """The fork's whole life."""
    gc.disable()  # a short life; a collection would only copy pages of the parent
    value, failure = None, ""
    try:
        value = work()
    except BaseException:
        failure = traceback.format_exc()
    with os.fdopen(writing, "wb") as pipe:
        pickle.dump((value, failure), pipe)
    sys.stdout.flush()
    os._exit(0)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of our code that a piece of work executes.

    Attributes:
        counts: how often each is executed.
        changing: which times of that lie between the first and the last thing that is written.
    """

    counts: dict[Place, int]
    changing: dict[Place, list[int]]


def executed(work: Callable[[], object]) -> Lines:
    """The lines of our code that ``work`` executes."""
    counts: Counter[Place] = Counter()
    changing: list[tuple[Place, int]] = []
    last = 0

    def each(frame: FrameType) -> None:
        nonlocal last
        code = frame.f_code
        place = (code.co_filename, frame.f_lineno)
        counts[place] += 1
        writes = code.co_name in _WRITERS and code.co_filename in _WRITING
        if writes or changing:
            changing.append((place, counts[place]))
        if writes:
            last = len(changing)

    with _traced(lambda code: code.co_filename.startswith(OURS), each):
        work()
    times: dict[Place, list[int]] = {}
    for (file, line), occurrence in changing[:last]:
        times.setdefault((_short(file), line), []).append(occurrence)
    return Lines({(_short(file), line): count for (file, line), count in counts.items()}, times)


def killed_at(point: Point, work: Callable[[], T]) -> T:
    """Do ``work`` and kill this process at ``point``; its value where the point is not reached."""

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if point == END:
        work()
        die()
    return acting_at(point, die, work)


def acting_at(point: Point, act: Callable[[], object], work: Callable[[], T]) -> T:
    """Do ``work``, and at ``point`` first ``act``."""
    left = point.occurrence
    file = str(ROOT / point.file)

    def each(frame: FrameType) -> None:
        nonlocal left
        if frame.f_lineno == point.line:
            left -= 1
            if left == 0:
                act()

    with _traced(lambda code: code.co_filename == file, each):
        return work()


@contextmanager
def _traced(
    is_watched: Callable[[CodeType], bool], each: Callable[[FrameType], None]
) -> Iterator[None]:
    known: dict[CodeType, bool] = {}

    def line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            each(frame)
        return line

    def call(frame: FrameType, _event: str, _: Any) -> Any:
        code = frame.f_code
        watched = known.get(code)
        if watched is None:
            watched = known[code] = is_watched(code)
        return line if watched else None

    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(None)


def _short(file: str) -> str:
    return str(Path(file).relative_to(ROOT))


def draw_points(lines: Lines, count: int, draw: random.Random) -> list[Point]:
    """``count`` points: by turns one among what changes something, and one among all lines.

    Every line is as likely as another, however often it runs; of a line that runs often the
    first, the last and any other time are equally likely.
    """
    changing = _spread(sorted(lines.changing), (count + 1) // 2, draw)
    others = _spread(sorted(lines.counts), count - len(changing), draw)
    points = [Point(*place, _time(lines.changing[place], draw)) for place in changing]
    points += [Point(*place, _time(range(1, lines.counts[place] + 1), draw)) for place in others]
    draw.shuffle(points)
    return points


def _time(times: Sequence[int], draw: random.Random) -> int:
    return draw.choice((times[0], times[-1], draw.choice(times)))


def _spread(places: list[Place], count: int, draw: random.Random) -> list[Place]:
    """``count`` of ``places``; none twice before every one was taken once."""
    taken: list[Place] = []
    while places and len(taken) < count:
        taken += draw.sample(places, min(len(places), count - len(taken)))
    return taken
