"""Inspection in a child: what it can reach, what it may use, and what its end does to the service.

Most tests put a hostile function in the place of the inspection, as if a body had taken it over.
"""

from __future__ import annotations

import json
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linker import child
from linker.child import REFUSALS, Confines, Inspector
from linker.child_main import _warm_up
from linker.figures import figures_of
from linker.inspection import Rules
from shared.contract.deliveries import CARE, SCHEMAS
from shared.errors import BusyError, InputError, MonitorError, PolicyError
from shared.hashing.delivering.sealing import to_parquet
from tests.support.parties import care_table, pseudonym

ROWS = 50
RULES = Rules("care/1", ROWS, tuple(CARE.arrow.names), 1_000, (25,), ())
BODY = to_parquet(care_table([{"pseudonym": pseudonym(number)} for number in range(ROWS)]))

FIVE_SECONDS = Confines(seconds=5)

WithWorker = Callable[..., Inspector]


@pytest.fixture
def with_worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[WithWorker]:
    """An inspector whose workers do something else, given as Python statements."""
    made: list[Inspector] = []

    def make(statements: str, confines: Confines = FIVE_SECONDS) -> Inspector:
        lines = "\n".join(f"    {line}" for line in statements.splitlines())
        program = (
            "import linker.child_main as main\n"
            "import ctypes, fcntl, json, os, resource, signal, socket, sys, time\n"
            f"def act(rules, body):\n{lines}\n"
            "inspect, warmed = main._verdict, main._warm_up\n"
            "def warm_up():\n    warmed()\n    main._verdict = act\n"
            "main._warm_up = warm_up\n"
            "main.main()\n"
        )
        monkeypatch.setattr(child, "COMMAND", (sys.executable, "-I", "-c", program))
        made.append(Inspector(confines))
        return made[-1]

    yield make
    for inspector in made:
        inspector.close()


@pytest.fixture(scope="module")
def inspector() -> Iterator[Inspector]:
    """An inspector as the service has it."""
    inspector = Inspector()
    inspector.start()
    yield inspector
    inspector.close()


def said_by(inspector: Inspector) -> str:
    """What a hostile worker said in the place of a refusal's message."""
    with pytest.raises(InputError) as refused:
        inspector.inspect(BODY, RULES)
    return refused.value.message


def code_of(inspector: Inspector, body: bytes = BODY) -> str:
    with pytest.raises(MonitorError) as refused:
        inspector.inspect(body, RULES)
    return refused.value.code


SAY = 'return {"code": "body-damaged", "message": %s, "hint": ""}'


def test_a_good_body_gives_numbers_and_no_row(inspector: Inspector) -> None:
    verdict = inspector.inspect(BODY, RULES)
    assert (verdict.rows, verdict.held_for) == (ROWS, "")
    assert verdict.figures.percents["form=2"] == 100
    table = care_table([{"pseudonym": pseudonym(number)} for number in range(ROWS)])
    assert verdict.figures == figures_of(table, CARE)


def test_a_small_part_is_inspected_at_once(inspector: Inspector) -> None:
    times = []
    for _ in range(15):
        began = time.perf_counter()
        inspector.inspect(BODY, RULES)
        times.append(time.perf_counter() - began)
    assert statistics.median(times) < 0.3, times


def test_a_worker_has_one_descriptor_and_can_get_no_other(with_worker: WithWorker) -> None:
    inspector = with_worker(
        "held = []\n"
        "for number in range(4096):\n"
        "    try:\n"
        "        fcntl.fcntl(number, fcntl.F_GETFD)\n"
        "        held.append(number)\n"
        "    except OSError:\n"
        "        pass\n"
        "for attempt in (lambda: os.open('/etc/hostname', os.O_RDONLY), socket.socket, os.pipe):\n"
        "    try:\n"
        "        attempt()\n"
        "        held.append('reached')\n"
        "    except OSError:\n"
        "        pass\n" + SAY % "json.dumps(held)"
    )
    assert said_by(inspector) == "[0]"


def test_a_worker_knows_nothing_of_the_service(
    with_worker: WithWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOJ_PASSPHRASE", "geheim")
    inspector = with_worker(
        "loaded = [name for name in ('sqlalchemy', 'cryptography', 'fastapi', 'shared.identity')\n"
        "          if name in sys.modules]\n" + SAY % "json.dumps(sorted(os.environ) + loaded)"
    )
    # Python itself sets LC_CTYPE where no language is set.
    assert set(json.loads(said_by(inspector))) - {"LC_CTYPE"} == set(child._ENVIRONMENT)


def test_a_worker_has_limits_and_leaves_no_core(with_worker: WithWorker) -> None:
    confines = Confines(megabytes=400, seconds=7)
    names = ("AS", "DATA", "CPU", "NOFILE", "FSIZE", "CORE")
    found = ", ".join(f"resource.getrlimit(resource.RLIMIT_{name})[1]" for name in names)
    dumpable = "ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)"
    inspector = with_worker(SAY % f"json.dumps([{found}, {dumpable}])", confines)
    size = 400 * 1024 * 1024
    assert said_by(inspector) == f"[{size}, {size}, 7, 1, 0, 0, 0]"


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ("ctypes.string_at(0)", "body-damaged"),
        ("os.abort()", "body-damaged"),
        ("os._exit(3)", "body-damaged"),
        ("raise KeyError(body)", "body-damaged"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "body-too-costly"),
        ("return bytearray(600 * 1024 * 1024)", "body-too-costly"),
        ("return 'garbage'", "body-damaged"),
        ("return {'rows': -1, 'percents': {}, 'held_for': ''}", "body-damaged"),
        ("return {'rows': 1, 'percents': {'999000007': 1}, 'held_for': ''}", "body-damaged"),
        ("return {'rows': 1, 'percents': {}, 'held_for': '999000007'}", "body-damaged"),
        ("return {'code': 'made-up', 'message': '', 'hint': ''}", "body-damaged"),
        ("return {'code': 'body-damaged', 'message': 'x' * 301, 'hint': ''}", "body-damaged"),
        ("return {'code': 'x' * 10_000_000, 'message': '', 'hint': ''}", "body-damaged"),
    ],
)
def test_whatever_becomes_of_a_worker_is_a_refusal_and_the_next_is_inspected(
    with_worker: WithWorker, statements: str, code: str
) -> None:
    inspector = with_worker(f"if len(body) == 1:\n    {statements}\nreturn inspect(rules, body)")
    assert code_of(inspector, b"x") == code
    assert inspector.inspect(BODY, RULES).rows == ROWS


@pytest.mark.parametrize("statements", ["while True: pass", "time.sleep(60)"])
def test_a_worker_that_does_not_end_is_ended(with_worker: WithWorker, statements: str) -> None:
    inspector = with_worker(statements, Confines(seconds=1))
    began = time.monotonic()
    assert code_of(inspector) == "body-too-costly"
    assert time.monotonic() - began < 10


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
    source = (Path(child.__file__).parent / "inspection.py").read_text()
    guards = (Path(child.__file__).parents[1] / "shared/contract/guards.py").read_text()
    assert {code for code in REFUSALS if f'"{code}"' in source + guards} == set(REFUSALS)
    assert {code for code, kind in REFUSALS.items() if kind is PolicyError} == {
        "attribute-undeclared"
    }


def test_an_empty_body_of_every_schema_warms_the_program_up() -> None:
    _warm_up()
    assert set(SCHEMAS) == {"care/1", "enrolment/1", "objection/1"}
