"""Start a server on one core, let readers ask on another, and time an export."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.measuring.commands import RunFailedError

HOST = "127.0.0.1"
START_SECONDS = 120
SERVER_CORE, READER_CORE = 0, 1
_LOAD = Path(__file__).parent / "peers" / "load.py"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    pid: int
    port: int

    @property
    def base(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self.port}"

    def cpu_seconds(self) -> float:
        """What it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
        return sum(map(int, fields.split()[11:13])) / _TICKS

    def memory_bytes(self) -> int:
        """What it holds now."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024


@dataclass(frozen=True, slots=True)
class Load:
    """What readers met.

    Attributes:
        durations: seconds of every answer, shortest first.
    """

    name: str
    readers: int
    seconds: float
    durations: tuple[float, ...]
    failed: int
    cpu_seconds: float

    def percentile(self, percent: int) -> float:
        """Seconds within which so many of a hundred answers were there."""
        return self.durations[min(len(self.durations) - 1, len(self.durations) * percent // 100)]

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.durations) / self.seconds

    @property
    def cpu_milliseconds(self) -> float:
        """Processor time of the server per answer."""
        return 1000 * self.cpu_seconds / len(self.durations)

    def to_json(self) -> dict[str, Any]:
        """The figures; not every single duration."""
        return {
            "name": self.name, "readers": self.readers, "answers": len(self.durations),
            "failed": self.failed, "per_second": self.per_second,
            "cpu_milliseconds": self.cpu_milliseconds,
            "seconds": {f"p{each}": self.percentile(each) for each in (50, 95, 99)},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Export:
    """A large file, asked for several times.

    Attributes:
        first: seconds until the first byte of the file itself, of each time.
        whole: seconds until the last byte.
        grown_bytes: how much more memory the server holds at most, while it sends and after.
    """

    format: str
    size_bytes: int
    first: tuple[float, ...]
    whole: tuple[float, ...]
    grown_bytes: int

    def to_json(self) -> dict[str, Any]:
        """Everything."""
        return {name: getattr(self, name) for name in self.__slots__}


@contextmanager
def served(module: str, arguments: Sequence[str], port: int, folder: Path) -> Iterator[Server]:
    """Run a server until the block ends.

    Raises:
        RunFailedError: it did not start.
    """
    with (folder / f"{module.rpartition('.')[2]}.log").open("wb") as sink:
        process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=sink,
                                   stderr=sink)  # fmt: skip
    try:
        _wait(process, port)
        yield Server(process.pid, port)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    ends_at = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < ends_at:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise RunFailedError("the server did not start")


def ask_all(server: Server, addresses: Sequence[str]) -> list[bytes]:
    """Every address once, which also makes what is kept; the bodies.

    Raises:
        RunFailedError: one of them is not answered.
    """
    bodies = []
    with httpx2.Client(base_url=server.base, trust_env=False, timeout=60) as client:
        for address in addresses:
            answer = client.get(address)
            if answer.status_code != 200:
                raise RunFailedError(f"{address} was answered by {answer.status_code}")
            bodies.append(answer.content)
    return bodies


def read_all(name: str, server: Server, python: Path, readers: int, seconds: float,
             addresses: Sequence[str], folder: Path) -> Load:  # fmt: skip
    """Let readers ask without a pause, from another core.

    Raises:
        RunFailedError: the readers ended with an error.
    """
    listed, result = folder / "addresses.txt", folder / "load.json"
    listed.write_text("\n".join(addresses), encoding="ascii")
    before = server.cpu_seconds()
    allowed = sorted(os.sched_getaffinity(0))
    run = subprocess.Popen(
        [str(python), str(_LOAD), server.base, str(readers), str(seconds), str(listed),
         str(result)]
    )  # fmt: skip
    os.sched_setaffinity(run.pid, {allowed[READER_CORE % len(allowed)]})
    if run.wait(seconds + 120):
        raise RunFailedError("the readers ended with an error")
    used = server.cpu_seconds() - before
    found = json.loads(result.read_text(encoding="ascii"))
    durations = sorted(each for some in found["durations"].values() for each in some)
    return Load(name, readers, found["seconds"], tuple(durations), found["failed"], used)


def export(server: Server, address: str, format_: str, times: int) -> Export:
    """Take a file several times, after once that does not count.

    Raises:
        RunFailedError: it is not answered.
    """
    _take(server, address)
    held = server.memory_bytes()
    runs = [_take(server, address) for _ in range(times)]
    return Export(
        format=format_,
        size_bytes=runs[0][2],
        first=tuple(run[0] for run in runs),
        whole=tuple(run[1] for run in runs),
        grown_bytes=max(run[3] for run in runs) - held,
    )


def _take(server: Server, address: str) -> tuple[float, float, int, int]:
    """Seconds to the first byte and to the last, the bytes, and the most memory on the way."""
    size, first, most = 0, 0.0, 0
    with httpx2.Client(base_url=server.base, trust_env=False, timeout=600) as client:
        began = time.perf_counter()
        with client.stream("GET", address) as answer:
            if answer.status_code != 200:
                raise RunFailedError(f"{address} was answered by {answer.status_code}")
            for number, piece in enumerate(answer.iter_raw()):
                first = first or time.perf_counter() - began
                size += len(piece)
                if number % 100 == 0:
                    most = max(most, server.memory_bytes())
        took = time.perf_counter() - began
    return first, took, size, max(most, server.memory_bytes())
