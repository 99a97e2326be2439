"""Run one command and measure it as a whole; a small process, so that it adds nothing itself.

Started as a script with the standard library only: ``measure.py RESULT OUTPUT COMMAND…``. The
command's own output goes to OUTPUT; what was measured goes to RESULT as JSON:

    exit_code, wall_seconds
    cpu_seconds         user and system time of the command and of every child that it waited for
    peak_pss_bytes      highest sum over the process tree of the proportional set size: memory
                        that processes share counts once
    peak_rss_bytes      highest resident size of the largest single process, as the kernel kept it
    samples             how often the sum was taken
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

INTERVAL_SECONDS = 0.02
COST_FACTOR = 20
"""The pause is at least so many times what a sample took, so that sampling slows nothing down."""


def main(arguments: list[str]) -> int:
    """Run the command; its exit code stands in the result, not in ours."""
    result, output, *command = arguments
    sink = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, sink, 1),
        (os.POSIX_SPAWN_DUP2, sink, 2),
    ]
    started = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    sampler = Sampler(pid)
    sampler.start()
    _pid, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    sampler.stop()
    measured = {
        "exit_code": os.waitstatus_to_exitcode(status),
        "wall_seconds": wall,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_pss_bytes": sampler.peak,
        "peak_rss_bytes": usage.ru_maxrss * 1024,
        "samples": sampler.samples,
    }
    Path(result).write_text(json.dumps(measured), encoding="ascii")
    return 0


class Sampler(threading.Thread):
    """Takes the memory of a process tree again and again; 0 where the system does not tell it."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0
        self.samples = 0
        self._stopped = threading.Event()

    def run(self) -> None:
        """Sample until stopped."""
        pause = INTERVAL_SECONDS
        while not self._stopped.wait(pause):
            before = time.perf_counter()
            self.peak = max(self.peak, sum(_pss(pid) for pid in _tree(self.pid)))
            self.samples += 1
            pause = max(INTERVAL_SECONDS, COST_FACTOR * (time.perf_counter() - before))

    def stop(self) -> None:
        """No more samples."""
        self._stopped.set()
        self.join()


def _tree(root: int) -> list[int]:
    """A process and all that descends from it; what ends in the meantime is left out."""
    found, pending = [], [root]
    while pending:
        pid = pending.pop()
        found.append(pid)
        for listed in Path(f"/proc/{pid}/task").glob("*/children"):
            pending += map(int, _read(listed).split())
    return found


def _pss(pid: int) -> int:
    for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:  # the process ended between two looks: it holds nothing any more
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
