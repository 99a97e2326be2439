"""The program in which bodies are inspected: one process per body, which can do nothing else.

``linker.intake.child`` starts it once. It loads what an inspection needs, stays single-threaded,
and forks for every job: a *guard*, which waits and says how it ended, and under it a *worker*,
which has one descriptor, the socket with the job, and limits on memory, time and files. The worker
can open no file and no connection, and ends with its verdict.

A job is one line of JSON (``Rules`` and ``Confines``), then the body; the verdict is one line of
JSON. Linux only: it needs ``/proc``, and descriptors that are passed over a socket.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from linker.intake.figures import figures_of
from linker.intake.inspection import Rules, inspect_by, too_costly
from shared.contract.columns import WireSchema
from shared.contract.deliveries import OBJECTION_BLOCK, PSEUDONYM_BYTES, SCHEMAS
from shared.errors import MonitorError
from shared.service.hardening import forbid_core_dumps, forbid_new_privileges

READY = b"ready"
JOB = b"j"
_ONLY_DESCRIPTOR = 0
_SAMPLE_PERIODS, _SAMPLE_RESIDENCES = (10,), (0,)


def main() -> None:
    """Serve jobs until the service is gone."""
    forbid_core_dumps()
    forbid_new_privileges()
    control = socket.socket(fileno=os.dup(0))
    _warm_up()
    if len(list(Path("/proc/self/task").iterdir())) != 1:
        raise RuntimeError("a process with threads cannot be forked safely")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # guards need no one to wait for them
    control.sendall(READY)
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, len(JOB), 1)
        if not data:
            return
        (job,) = descriptors
        if os.fork() == 0:
            _only(job)
            os._exit(_guard())
        os.close(job)


def _warm_up() -> None:
    """Do a job of every schema once, so that no worker has anything left to load."""
    pa.set_cpu_count(1)
    for schema in SCHEMAS.values():
        table = _sample(schema)
        names, rows = tuple(table.column_names), table.num_rows
        sink = io.BytesIO()
        pq.write_table(
            table, sink, compression="zstd", write_statistics=False, use_dictionary=names[1:]
        )
        rules = Rules(schema.name, rows, names, rows, _SAMPLE_PERIODS, _SAMPLE_RESIDENCES)
        if "code" in _verdict(rules, sink.getvalue()):
            raise RuntimeError("an inspection that should have gone well did not")


def _sample(schema: WireSchema) -> pa.Table:
    """The fewest rows that are what they must be, about nobody."""
    rows = OBJECTION_BLOCK
    texts = {"school": b"99XA00", "provider": b"98000001"}
    columns = []
    for column in schema.columns:
        if column.name == "pseudonym":
            values: Sequence[object] = sorted(os.urandom(PSEUDONYM_BYTES) for _ in range(rows))
        else:
            least = False if column.low is None else column.low
            values = [texts.get(column.name, least)] * rows
        columns.append(pa.array(values, column.type))
    return pa.table(columns, schema=schema.arrow)


def _only(job: int) -> None:
    """Keep the socket of the job as the only descriptor."""
    os.dup2(job, _ONLY_DESCRIPTOR)
    os.closerange(_ONLY_DESCRIPTOR + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    sys.stdout = sys.stderr = sys.stdin = None


def _guard() -> int:
    """Let a worker do the job, end it when its time is over, and say how it died if it did."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    job = socket.socket(fileno=_ONLY_DESCRIPTOR)
    line = _read_line(job)
    worker = os.fork()
    if worker == 0:
        os._exit(_work(job, json.loads(line)))
    if signal.sigtimedwait({signal.SIGCHLD}, json.loads(line)["seconds"]) is None:
        os.kill(worker, signal.SIGKILL)
    _, status = os.waitpid(worker, 0)
    if status:
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        job.sendall(b'\n{"died":%d}\n' % ended)
    return 0


def _read_line(job: socket.socket) -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        octet = job.recv(1)
        if not octet:
            break
        line += octet
    return bytes(line)


def _work(job: socket.socket, order: dict[str, Any]) -> int:
    """Inspect one body under the limits of the order."""
    megabytes = order["megabytes"] * 1024 * 1024
    for limit, most in (
        (resource.RLIMIT_AS, megabytes),
        (resource.RLIMIT_DATA, megabytes),
        (resource.RLIMIT_CPU, order["seconds"]),
        (resource.RLIMIT_NOFILE, _ONLY_DESCRIPTOR + 1),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    try:
        body = _read_body(job, order["bytes"])
        verdict = _verdict(Rules(**order["rules"]), body)
    except MemoryError:
        verdict = _refused(too_costly())
    job.sendall(json.dumps(verdict).encode())
    return 0


def _read_body(job: socket.socket, size: int) -> bytes:
    body = bytearray(size)
    view, filled = memoryview(body), 0
    while filled < size and (received := job.recv_into(view[filled:])):
        filled += received
    return bytes(body[:filled])


def _verdict(rules: Rules, body: bytes) -> dict[str, Any]:
    try:
        inspected = inspect_by(body, rules)
        figures = figures_of(inspected.rows, rules.schema)
    except MonitorError as error:
        return _refused(error)
    return {
        "rows": figures.rows,
        "percents": dict(figures.percents),
        "held_for": inspected.held_for,
    }


def _refused(error: MonitorError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "hint": error.hint}


if __name__ == "__main__":
    main()
