"""One command as a whole process, with what it cost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_MEASURE = Path(__file__).with_name("measure.py")
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TMPDIR")


class RunFailedError(Exception):
    """A command ended with an error, took too long, or did not do what it was given."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of one command, as ``measure.py`` gives it."""

    exit_code: int
    wall_seconds: float
    cpu_seconds: float
    peak_pss_bytes: int
    peak_rss_bytes: int
    samples: int


def run_measured(
    command: Sequence[str],
    folder: Path,
    limit_seconds: float,
    *,
    inside: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Cost, Path]:
    """Run a command; its cost, and the file with what it printed.

    Args:
        command: its first part is a path.
        folder: its home, where the cost and what it prints are written.
        limit_seconds: it is stopped after so long.
        inside: where it runs; in the folder unless this says otherwise.
        environment: variables beside the few that are handed on.

    Raises:
        RunFailedError: it could not be started or took too long. What it printed stays out of
            the error; an exit code other than 0 stands in the cost.
    """
    result, printed = folder / "cost.json", folder / "printed"
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(_MEASURE), str(result), str(printed), *command],
        cwd=inside or folder,
        env={**kept, "HOME": str(folder), "PYTHONUTF8": "1", **(environment or {})},
        start_new_session=True,
    )
    try:
        process.wait(limit_seconds)
    except subprocess.TimeoutExpired as error:
        raise RunFailedError(f"took over {limit_seconds:.0f} s") from error
    finally:  # also when the benchmark is interrupted: nothing may write after the clean-up
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode:
        raise RunFailedError("could not be started")
    return Cost(**json.loads(result.read_text(encoding="ascii"))), printed
