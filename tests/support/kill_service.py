"""Kills the linker's web service with SIGKILL while deliveries are uploaded, and starts it again.

A process of its own, ``python -m tests.support.kill_service``: it loads everything, forks a real
uvicorn for every try, and is the supplier. The moment of the kill is drawn by the seed: a number
of bytes that were sent, the last byte, the moment at which the database is being written, or the
receipt. Its order comes on stdin; it prints one JSON line.
"""

from __future__ import annotations

import gc
import http.client
import json
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import select as query

from linker import app as linker_app
from linker.intake.child import shared_inspector
from linker.rounds.lifecycle import accept_round
from linker.store import DeliveryRow, DeliveryState, PartRow
from shared.envelope import read_header
from shared.ledger import Head, verify_ledger
from shared.receipt import Receipt
from shared.service.logs import Log
from shared.service.serving import serve
from shared.state.database import Database, open_engine, sqlite_url
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement
from tests.support.killing import ROOT, SINGLE_THREADED, check_single_threaded, forked
from tests.support.parties import (
    MiniRegion,
    care_table,
    enrolment_table,
    make_region,
    objection_table,
    seal_letter,
)
from tests.support.rounds import children
from tests.support.world import LINKER, InProcess

HOST = "127.0.0.1"
SECONDS = 60.0
"""How long anything may take before the try has failed."""
CHILDREN = 800
REAL_EVERY = 5
"""One in so many tries has bodies inspected by a program of its own, as in production."""


class Moment(StrEnum):
    """When the service is killed."""

    BYTES = "after some bytes of a body"
    LAST = "after the last byte"
    WRITING = "while the database is written"
    ANSWERED = "after the receipt"


@dataclass
class Outcome:
    """What became of all tries."""

    tried: int = 0
    passed: int = 0
    seconds: float = 0.0
    moments: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Quick(InProcess):
    """Inspects in the service's own process, and so has nothing to start."""

    def start(self) -> None:
        """Nothing."""


class _Nowhere:
    def write(self, _text: str) -> None:
        return

    def flush(self) -> None:
        return


def _accept(region: MiniRegion) -> list[bytes]:
    """Accept the round, and seal what the suppliers will send."""
    database = region.linker_database()
    accepted = accept_round(
        database,
        region.identities[LINKER],
        region.linker_keys,
        region.files(),
        region.pinned_agreements,
        region.clock,
    )
    database.close()
    trusted, of = region.trusted(accepted), children(seed=5, count=CHILDREN)
    half = len(of.enrolments) // 2
    tables = [enrolment_table(of.enrolments[:half]), enrolment_table(of.enrolments[half:])]
    seal = partial(seal_letter, region, trusted)
    first = seal("duo", tables[0], "enrolment/1", last=0)
    second = seal(
        "duo",
        tables[1],
        "enrolment/1",
        delivery=first.context.delivery,
        part=2,
        previous=first.address,
    )
    care = [seal(f"gm{place:04d}", care_table(rows), "care/1") for place, rows in of.care.items()]
    objection = seal("gm0197", objection_table([3, 5]), "objection/1")
    return [letter.data for letter in (first, second, *care, objection)]


@dataclass
class Service:
    """A linker's uvicorn in a process of its own, over the state in ``folder``."""

    region: MiniRegion
    folder: Path
    real: bool
    port: int = 0
    process: int = 0

    @property
    def database(self) -> Path:
        return self.folder / "state.db"

    def start(self) -> None:
        """Start it and wait until it listens."""
        check_single_threaded()
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]
        self.process = os.fork()
        if self.process == 0:
            self._serve()
        self._await(self._listens)

    def _serve(self) -> None:
        """The fork's whole life."""
        code = 1
        try:
            settings = self.region.linker_settings.model_copy(
                update={
                    "database_url": sqlite_url(self.database),
                    "key_folder": self.folder / "keys",
                }
            )
            log = Log("linker", _Nowhere())  # type: ignore[arg-type]
            with patch("linker.app.shared_inspector", self._inspector()), \
                 patch("linker.intake.steps.shared_inspector", self._inspector()):  # fmt: skip
                app = linker_app.create_app(settings, clock=self.region.clock, log=log)
                serve(app, HOST, self.port)
            code = 0
        finally:
            os._exit(code)

    def _inspector(self) -> Callable[[], object]:
        return shared_inspector if self.real else _quick

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0

    @staticmethod
    def _await(is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + SECONDS
        while not is_so():
            if time.monotonic() > until:
                raise TimeoutError("waited too long for the service")
            time.sleep(0.005)

    def kill(self) -> None:
        """SIGKILL, and wait until it and the programs that it started are gone."""
        helpers = _children_of(self.process)
        os.kill(self.process, signal.SIGKILL)
        _, status = os.waitpid(self.process, 0)
        assert os.WIFSIGNALED(status), "the service was still there when it was killed"
        self._await(lambda: not any(Path(f"/proc/{each}").exists() for each in helpers))

    def stop(self) -> None:
        """SIGTERM: it finishes and ends well."""
        os.kill(self.process, signal.SIGTERM)
        _, status = os.waitpid(self.process, 0)
        # uvicorn ends by the signal that it caught, after everything was finished.
        assert status in (0, signal.SIGTERM), f"the service ended with {status}"


_QUICK = Quick()


def _quick() -> Quick:
    return _QUICK


def _children_of(process: int) -> list[int]:
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(each) for each in path.read_text().split()] if path.exists() else []


def _request(envelope: bytes) -> bytes:
    """An upload as it goes over the line."""
    address = read_header(envelope).sha256
    head = f"PUT /envelopes/{address} HTTP/1.1\r\nHost: linker\r\nContent-Length: {len(envelope)}"
    return f"{head}\r\n\r\n".encode() + envelope


def _put(port: int, envelope: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
    address = read_header(envelope).sha256
    connection.request("PUT", f"/envelopes/{address}", body=envelope)
    answer = connection.getresponse()
    said = answer.status, answer.read()
    connection.close()
    return said


def _cut_off(service: Service, envelope: bytes, moment: Moment, sent: int) -> bytes | None:
    """Upload and kill at ``moment``; the receipt where it came before."""
    request = _request(envelope)
    with socket.create_connection((HOST, service.port), SECONDS) as line:
        line.sendall(request[:sent] if moment is Moment.BYTES else request)
        if moment is Moment.ANSWERED:
            answer = http.client.HTTPResponse(line)
            answer.begin()
            assert answer.status == 201, answer.read()
            receipt = answer.read()
            service.kill()
            return receipt
        if moment is Moment.WRITING:
            journal = Path(f"{service.database}-journal")
            while not journal.exists() and not select.select([line], [], [], 0)[0]:
                pass  # the moment is short
        service.kill()
    return None


def _try(service: Service, letters: Sequence[bytes], draw: random.Random, moment: Moment) -> None:
    """Upload, kill, start again, upload everything again, and check that nothing is lost."""
    service.start()
    last = draw.randrange(len(letters))
    receipts: dict[int, bytes] = {}
    for number, envelope in enumerate(letters[:last]):
        status, receipts[number] = _put(service.port, envelope)
        assert status == 201, f"expected 201, found {status}"
    given = _cut_off(service, letters[last], moment, draw.randrange(len(_request(letters[last]))))
    if given is not None:
        receipts[last] = given
    service.start()
    for number, envelope in enumerate(letters):
        status, receipt = _put(service.port, envelope)
        assert status == (200 if number in receipts else status)
        assert status in (200, 201), f"expected a receipt after a restart, found {status}"
        assert receipts.setdefault(number, receipt) == receipt, "a receipt changed"
    service.stop()
    _check_nothing_lost(service, letters, list(receipts.values()))


def _check_nothing_lost(
    service: Service, letters: Sequence[bytes], receipts: Sequence[bytes]
) -> None:
    identity = service.region.identities[LINKER]
    database = Database(open_engine(sqlite_url(service.database)), identity, service.region.clock)
    with database.reading() as session:
        stored = {part.sha256: part.envelope for part in session.scalars(query(PartRow))}
        states = session.scalars(query(DeliveryRow.state)).all()
        ledger = [entry.line() for entry in entries(session.connection())]
    database.close()
    assert stored == {read_header(each).sha256: each for each in letters}, "every body is there"
    assert list(states) == [DeliveryState.CURRENT] * (len(letters) - 1), "every delivery is current"
    bodies = [Statement.from_bytes(each).read(Kind.RECEIPT, Receipt) for each in receipts]
    verify_ledger(ledger, identity.card, [Head(r.ledger_seq, r.ledger_sha256) for r in bodies])
    left = {path.name for path in service.folder.rglob("*") if path.is_file()}
    assert left <= {"state.db", "round.seed", "KEYS.txt"}, f"something was left: {sorted(left)}"


def kill_while_uploading(folder: Path, count: int, seed: int) -> Outcome:
    """Do so ``count`` times."""
    start = folder / "start"
    start.mkdir()
    region = make_region(start)
    prepared = forked(partial(_accept, region))
    if prepared.value is None:
        raise RuntimeError(prepared.failure)
    draw, outcome = random.Random(seed), Outcome()
    begun = time.monotonic()
    gc.freeze()
    for number in range(count):
        own = folder / "try"
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir()
        shutil.copy(start / LINKER / "state.db", own)
        shutil.copytree(start / LINKER / "keys", own / "keys")
        moment = draw.choice(list(Moment))
        service = Service(region, own, real=number % REAL_EVERY == 0)
        outcome.tried += 1
        outcome.moments.append(moment.value)
        try:
            _try(service, prepared.value, draw, moment)
        except (AssertionError, OSError) as error:
            outcome.failures.append(f"try {number}, {moment}: {error}")
        else:
            outcome.passed += 1
    outcome.seconds = time.monotonic() - begun
    return outcome


def run(folder: Path, count: int, seed: int) -> Outcome:
    """Do so in a process that loads everything anew."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.support.kill_service", str(folder)],
        cwd=ROOT,
        env={**os.environ, **SINGLE_THREADED},
        input=json.dumps([count, seed]),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    return Outcome(**json.loads(ran.stdout.splitlines()[-1]))


def main() -> None:
    """Entry point."""
    count, seed = json.load(sys.stdin)
    tempfile.tempdir = sys.argv[1]
    outcome = kill_while_uploading(Path(sys.argv[1]), count, seed)
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")


if __name__ == "__main__":
    main()
