"""Run the real command line on many files: one process loads it, and forks for every file.

The parent of the forks starts no Arrow thread, so a fork is a fresh process that has everything
loaded. Orders come on stdin, one JSON object a line, and answers go to stdout in the same way.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
"""A command that takes longer is stopped, which fails the test."""
ADDRESS_BYTES = 16 << 30
"""A command that asks for more dies, also on a machine that would promise it."""
CRASHES = {
    "reading": ("shared.hashing.reading.sources", "_sift"),
    "checking": ("shared.hashing.checking.rows", "normalise_column"),
    "workbook": ("shared.hashing.reading.workbook_pieces", "CalamineWorkbook"),
    "sealing": ("shared.hashing.delivering.steps", "seal_delivery"),
}
"""Where a crash can be provoked: a function that fails with what a file holds in its message."""


@dataclass(frozen=True)
class Ran:
    """How one command ended."""

    code: int
    out: str
    err: str
    peak_mb: int

    @property
    def shown(self) -> str:
        return self.out + self.err


class Runner:
    """The process that forks; one command at a time."""

    def __init__(self, now: datetime) -> None:
        environment = {
            **os.environ, "MOJ_LANG": "nl", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1",
            "COLUMNS": "200",
        }  # fmt: skip
        for name in ("MOJ_DEBUG", "MOJ_HOME", "MOJ_PASSPHRASE"):
            environment.pop(name, None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.hostile_runner", now.isoformat()],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(SECONDS)
        self._process.stdout.close()

    def run(self, *arguments: str | Path, crash: str = "", saying: str = "") -> Ran:
        """Run ``hasher`` with these arguments.

        Args:
            crash: a place in ``CRASHES`` that fails with a message that holds ``saying``.
        """
        with tempfile.TemporaryDirectory() as folder:
            order = {
                "argv": ["hasher", *map(str, arguments)],
                "out": f"{folder}/out", "err": f"{folder}/err", "crash": crash, "saying": saying,
            }  # fmt: skip
            with self._lock:
                assert self._process.stdin is not None
                assert self._process.stdout is not None
                self._process.stdin.write(json.dumps(order) + "\n")
                self._process.stdin.flush()
                answer = json.loads(self._process.stdout.readline())
            out, err = (Path(folder, name).read_text("utf-8", errors="replace")
                        for name in ("out", "err"))  # fmt: skip
        return Ran(answer["code"], out, err, answer["peak_kb"] // 1024)


def serve(now: datetime, orders: Iterable[str]) -> None:
    """Answer orders until there are no more."""
    load_everything(now)
    for line in orders:
        order = json.loads(line)
        child = os.fork()
        if not child:
            end = 70
            try:
                end = obey(order)
            finally:
                os._exit(end)
        _, status, usage = os.wait4(child, 0)
        code = os.waitstatus_to_exitcode(status)
        sys.stdout.write(json.dumps({"code": code, "peak_kb": usage.ru_maxrss}) + "\n")
        sys.stdout.flush()


class WithoutPandas(MetaPathFinder):
    """Finds no pandas, as in the hasher's own environment; where there is one, Arrow loads it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "pandas":
            raise ModuleNotFoundError("no pandas here", name=fullname)
        return None


def load_everything(now: datetime) -> None:
    """Load the command line and what its commands load when they need it."""
    sys.meta_path.insert(0, WithoutPandas())
    import shared.clock

    shared.clock.system_clock = lambda: now

    import shared.hashing.checking.report_html
    import shared.hashing.cli
    import shared.hashing.delivering.steps
    import shared.hashing.reading.workbook
    from shared.hashing.language import Language, texts

    for language in Language:
        texts(language)  # read once, before the forks
    gc.collect()
    gc.freeze()  # so that a fork need not copy what it only looks at


def obey(order: dict[str, Any]) -> int:
    """Run one command in this process; its exit code."""
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES, ADDRESS_BYTES))
    for number, name in ((1, "out"), (2, "err")):
        target = os.open(order[name], os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(target, number)
        os.close(target)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sys.stdin = sys.__stdin__
    if order["crash"]:
        provoke(order["crash"], order["saying"])
    sys.argv = order["argv"]
    from shared.hashing.cli import main

    code = 0
    try:
        main()
    except SystemExit as error:
        code = int(error.code or 0)
    except BaseException:
        traceback.print_exc()  # what the shell would show; a test fails on it
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def provoke(place: str, saying: str) -> None:
    """Let something fail with a message that quotes a file."""
    module, name = CRASHES[place]

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot convert {saying!r}") from ValueError(saying)

    __import__(module)
    setattr(sys.modules[module], name, fails)


if __name__ == "__main__":
    serve(datetime.fromisoformat(sys.argv[1]), sys.stdin)
