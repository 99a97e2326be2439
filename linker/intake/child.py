"""Inspection in a child process: a hostile body can end the child, never the service.

What the child says is not trusted either: it had the body in its hands. A verdict is a code from
a closed list or a few numbers in their range; a child that dies is a refusal.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from functools import cache
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linker.intake.child_main import JOB, READY
from linker.intake.figures import Figures
from linker.intake.inspection import Rules, too_costly
from shared.errors import BusyError, InputError, MonitorError, PolicyError

MAX_VERDICT_BYTES = 64 * 1024
COMMAND = (sys.executable, "-I", "-m", "linker.intake.child_main")
_SLACK_SECONDS = 10

_ENVIRONMENT = {
    # One thread, so that forking is safe, and memory that can be counted.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""The whole environment of the child: a passphrase in that of the service does not reach it."""

REFUSALS: Final[dict[str, type[MonitorError]]] = {
    "attribute-undeclared": PolicyError,
    "body-damaged": InputError,
    "body-not-parquet": InputError,
    "body-too-costly": InputError,
    "body-too-large-inside": InputError,
    "code-malformed": InputError,
    "metadata-not-allowed": InputError,
    "objections-not-padded": InputError,
    "parquet-form-differs": InputError,
    "provider-missing": InputError,
    "raw-identifier": InputError,
    "residence-not-expected": InputError,
    "row-count-differs": InputError,
    "rows-not-sorted": InputError,
    "schema-differs": InputError,
    "too-many-rows": InputError,
    "value-not-allowed": InputError,
}
"""Every code with which an inspection refuses, and whose fault it is."""


@dataclass(frozen=True, slots=True)
class Confines:
    """What one inspection may use.

    Attributes:
        megabytes: of memory, the program itself included.
        seconds: of processor time, and of time.
    """

    megabytes: int = 512
    seconds: int = 30


DEFAULT_CONFINES = Confines()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the service hears of a body that is what it must be.

    Attributes:
        held_for: why a person must look at it first; empty when nobody needs to.
    """

    figures: Figures
    held_for: str

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.figures.rows


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Accepted(_Wire):
    rows: Annotated[int, Field(ge=0, le=100_000_000)]
    percents: dict[
        Annotated[str, Field(pattern=r"^[a-z_]{1,30}(=[0-9]{1,3})?$")],
        Annotated[int, Field(ge=0, le=100)],
    ]
    held_for: Annotated[str, Field(pattern=r"^[a-z-]{0,60}$")]


class _Refused(_Wire):
    code: str
    message: Annotated[str, Field(max_length=300)]
    hint: Annotated[str, Field(max_length=300)]


class Inspector:
    """Has bodies inspected by a child process, a few at a time.

    Args:
        confines: of each inspection.
        at_once: how many inspections may run at the same time.
    """

    def __init__(self, confines: Confines = DEFAULT_CONFINES, at_once: int = 2) -> None:
        self._confines = confines
        self._slots = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def inspect(self, body: bytes, rules: Rules) -> Verdict:
        """Have a body inspected.

        Raises:
            InputError: the body is not what its schema says, or cannot be read within limits.
            PolicyError: ``attribute-undeclared``.
            BusyError: ``inspection-unavailable``; nothing is known about the body.
        """
        order = {**asdict(self._confines), "bytes": len(body), "rules": asdict(rules)}
        with self._slots:
            for _ in range(2):  # a second time where the program itself had been ended
                said = self._ask(json.dumps(order).encode() + b"\n", body)
                if said:
                    return _read(said)
        raise BusyError(
            "inspection-unavailable",
            "expected an answer of the program that inspects bodies, got none",
            hint="nothing was stored; send it again later",
        )

    def start(self) -> None:
        """Start the program now, so that the first body need not wait for it."""
        with self._lock:
            self._running()

    def close(self) -> None:
        """End the program."""
        with self._lock:
            self._end()

    def _ask(self, order: bytes, body: bytes) -> bytes:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, self._lock:
                control = self._running()
                try:
                    socket.send_fds(control, [JOB], [theirs.fileno()])
                except OSError:  # it was ended a moment ago
                    self._end()
                    return b""
            ours.settimeout(self._confines.seconds + _SLACK_SECONDS)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                ours.sendall(order)
                ours.sendall(body)  # a worker that died has said so, or will by its silence
            with contextlib.suppress(OSError):
                ours.shutdown(socket.SHUT_WR)
            return _receive(ours)

    def _running(self) -> socket.socket:
        if self._process is not None and self._control is not None:
            if self._process.poll() is None:
                return self._control
            self._end()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                COMMAND,
                stdin=theirs.fileno(),
                env=_ENVIRONMENT,
                close_fds=True,
                start_new_session=True,  # Ctrl+C in the terminal is for the service
            )
        self._control = ours
        if ours.recv(len(READY)) != READY:
            self._end()
            raise RuntimeError("the program that inspects bodies did not start")
        return ours

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.wait()
        self._control = self._process = None


def _receive(job: socket.socket) -> bytes:
    said = bytearray()
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        while len(said) <= MAX_VERDICT_BYTES and (some := job.recv(8192)):
            said += some
    return bytes(said)


def _read(said: bytes) -> Verdict:
    """The verdict, from what a process said that may be in the hands of the body.

    Raises:
        MonitorError: the refusal.
    """
    try:
        document = json.loads(said.splitlines()[-1])
        if "died" in document:
            raise _death(document["died"])
        if "code" in document:
            refused = _Refused.model_validate(document)
            raise REFUSALS[refused.code](refused.code, refused.message, hint=refused.hint)
        accepted = _Accepted.model_validate(document)
    except (ValueError, ValidationError, LookupError, TypeError) as error:
        raise _death(0) from error
    return Verdict(Figures(accepted.rows, accepted.percents), accepted.held_for)


def _death(by: int) -> InputError:
    if by in (signal.SIGXCPU, signal.SIGKILL):
        return too_costly()
    return InputError(
        "body-damaged",
        "expected a readable Parquet table inside the envelope, found one that broke the reader",
        hint="seal the delivery again with the hasher",
    )


@cache
def shared_inspector() -> Inspector:
    """The inspector of this process; its program starts with the first body."""
    inspector = Inspector()
    owner = os.getpid()
    atexit.register(lambda: inspector.close() if os.getpid() == owner else None)
    return inspector
