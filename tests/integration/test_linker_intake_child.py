"""Inspection in a child: what it can reach, what it may use, and what its end does to the service.

Most tests let a body run as a program in the worker, as if it had taken the reader over.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from linker.intake import child
from linker.intake.child import REFUSALS, Confines, Inspector
from linker.intake.child_main import _warm_up
from linker.intake.figures import figures_of
from linker.intake.inspection import Rules
from shared.contract.deliveries import CARE, SCHEMAS
from shared.errors import BusyError, InputError, MonitorError, PolicyError
from shared.hashing.delivering.sealing import to_parquet
from tests.support.parties import as_sent, care_table, pseudonym

ROWS = 50
RULES = Rules("care/1", ROWS, tuple(CARE.arrow.names), 1_000, (25,), ())
BODY = to_parquet(as_sent(care_table([{"pseudonym": pseudonym(n)} for n in range(ROWS)])))

SCRIPT = b"# taken over\n"
"""A body that begins so is run by the worker, as if it had found a hole in the reader."""

_PUPPET = """
import linker.intake.child_main as main
import ctypes, fcntl, json, os, resource, signal, socket, sys, time
inspect, warmed = main._verdict, main._warm_up

def act(rules, body):
    if not body.startswith(b"# taken over"):
        return inspect(rules, body)
    said = {"verdict": None}
    exec(body.decode(), globals() | said, said)
    return said["verdict"]

def warm_up():
    warmed()
    main._verdict = act

main._warm_up = warm_up
main.main()
"""


@pytest.fixture(scope="module")
def puppet() -> Iterator[Inspector]:
    """An inspector whose workers do what a body tells them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "COMMAND", (sys.executable, "-I", "-c", _PUPPET))
        patch.setenv("MOJ_PASSPHRASE", "geheim")
        inspector = Inspector(Confines(seconds=5))
        inspector.start()
    yield inspector
    inspector.close()


@contextmanager
def confined(inspector: Inspector, confines: Confines) -> Iterator[None]:
    """The same workers under other limits."""
    usual, inspector._confines = inspector._confines, confines
    try:
        yield
    finally:
        inspector._confines = usual


@pytest.fixture(scope="module")
def inspector() -> Iterator[Inspector]:
    """An inspector as the service has it."""
    inspector = Inspector()
    inspector.start()
    yield inspector
    inspector.close()


def code_of(inspector: Inspector, script: str) -> str:
    """The code with which a body is refused that does what ``script`` says."""
    with pytest.raises(MonitorError) as refused:
        inspector.inspect(SCRIPT + script.encode(), RULES)
    return refused.value.code


def said_by(inspector: Inspector, script: str) -> Any:
    """What ``script`` leaves in ``found``, told in the place of a refusal's message."""
    told = 'verdict = {"code": "body-damaged", "message": json.dumps(found), "hint": ""}'
    with pytest.raises(InputError) as refused:
        inspector.inspect(SCRIPT + f"{script}\n{told}".encode(), RULES)
    return json.loads(refused.value.message)


def test_a_good_body_gives_numbers_and_no_row(inspector: Inspector) -> None:
    verdict = inspector.inspect(BODY, RULES)
    assert (verdict.rows, verdict.held_for) == (ROWS, "")
    assert verdict.figures.percents["form=2"] == 100
    table = care_table([{"pseudonym": pseudonym(number)} for number in range(ROWS)])
    assert verdict.figures == figures_of(table, CARE)


def test_a_worker_has_one_descriptor_and_can_get_no_other(puppet: Inspector) -> None:
    script = """
found = []
for number in range(4096):
    try:
        fcntl.fcntl(number, fcntl.F_GETFD)
        found.append(number)
    except OSError:
        pass
for attempt in (lambda: os.open("/etc/hostname", os.O_RDONLY), socket.socket, os.pipe):
    try:
        attempt()
        found.append("reached")
    except OSError:
        pass
"""
    assert said_by(puppet, script) == [0]


def test_a_worker_knows_nothing_of_the_service(puppet: Inspector) -> None:
    script = """
found = list(os.environ)
for name in ("sqlalchemy", "cryptography", "fastapi", "shared.identity"):
    if name in sys.modules:
        found.append(name)
"""
    # Python itself sets LC_CTYPE where no language is set.
    assert set(said_by(puppet, script)) - {"LC_CTYPE"} == set(child._ENVIRONMENT)


def test_a_worker_has_limits_and_leaves_no_core(puppet: Inspector) -> None:
    script = """
found = [resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1]
         for name in ("AS", "DATA", "CPU", "NOFILE", "FSIZE", "NPROC", "CORE")]
found.append(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
    with confined(puppet, Confines(megabytes=400, seconds=7)):
        size = 400 * 1024 * 1024
        assert said_by(puppet, script) == [size, size, 7, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("ctypes.string_at(0)", "body-damaged"),
        ("os.abort()", "body-damaged"),
        ("os._exit(3)", "body-damaged"),
        ("raise KeyError(body)", "body-damaged"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "body-too-costly"),
        ("bytearray(600 * 1024 * 1024)", "body-too-costly"),
        ("verdict = 'garbage'", "body-damaged"),
        ("verdict = {'rows': -1, 'percents': {}, 'held_for': ''}", "body-damaged"),
        ("verdict = {'rows': 1, 'percents': {'999000007': 1}, 'held_for': ''}", "body-damaged"),
        ("verdict = {'rows': 1, 'percents': {}, 'held_for': '999000007'}", "body-damaged"),
        ("verdict = {'code': 'made-up', 'message': '', 'hint': ''}", "body-damaged"),
        ("verdict = {'code': 'body-damaged', 'message': 'x' * 301, 'hint': ''}", "body-damaged"),
        ("verdict = {'code': 'x' * 10_000_000, 'message': '', 'hint': ''}", "body-damaged"),
    ],
)
def test_whatever_becomes_of_a_worker_is_a_refusal_and_the_next_is_inspected(
    puppet: Inspector, script: str, code: str
) -> None:
    program = puppet._process
    assert code_of(puppet, script) == code
    assert puppet.inspect(BODY, RULES).rows == ROWS
    assert puppet._process is program


@pytest.mark.parametrize("script", ["while True: pass", "time.sleep(60)"])
def test_a_worker_that_does_not_end_is_ended(puppet: Inspector, script: str) -> None:
    with confined(puppet, Confines(seconds=1)):
        assert code_of(puppet, script) == "body-too-costly"


def test_an_inspector_whose_program_was_killed_starts_it_again(inspector: Inspector) -> None:
    process = inspector._process
    assert process is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert inspector.inspect(BODY, RULES).rows == ROWS
    assert inspector._process is not process


def test_a_program_that_dies_at_every_job_is_no_fault_of_the_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = "import socket\nsocket.socket(fileno=0).sendall(b'ready')"
    monkeypatch.setattr(child, "COMMAND", (sys.executable, "-I", "-c", program))
    inspector = Inspector()
    with pytest.raises(BusyError, match="inspection-unavailable"):
        inspector.inspect(BODY, RULES)
    inspector.close()


def test_the_program_ends_with_the_service() -> None:
    inspector = Inspector()
    inspector.start()
    assert inspector._process is not None
    pid = inspector._process.pid
    inspector.close()
    assert not Path(f"/proc/{pid}").exists()


def test_no_descriptor_is_left_behind(inspector: Inspector) -> None:
    inspector.inspect(BODY, RULES)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for body in (BODY, b"", b"x" * 100_000, BODY[:-9]):
        try:
            inspector.inspect(body, RULES)
        except InputError:
            continue
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_codes_are_those_that_an_inspection_has() -> None:
    root = Path(child.__file__).parents[2]
    files = (
        "linker/intake/inspection.py",
        "linker/intake/parquet_form.py",
        "shared/contract/guards.py",
    )
    source = "".join((root / each).read_text() for each in files)
    # Both ways: a code that is not on the list would be told as a body that broke the reader.
    raised = set(re.findall(r'(?:Error|_as|_damaged)\(\s*"([a-z]+(?:-[a-z]+)+)"', source))
    raised |= set(re.findall(r'code(?:: str )?= ?"([a-z-]+)"', source))
    assert {code for code in REFUSALS if f'"{code}"' in source} == set(REFUSALS)
    assert raised <= set(REFUSALS)
    assert {code for code, kind in REFUSALS.items() if kind is PolicyError} == {
        "attribute-undeclared"
    }


def test_an_empty_body_of_every_schema_warms_the_program_up() -> None:
    _warm_up()
    assert set(SCHEMAS) == {"care/1", "enrolment/1", "objection/1"}
