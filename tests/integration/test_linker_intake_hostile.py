"""Hostile bodies and envelopes: refused with a code, while the service lives and stays small."""

from __future__ import annotations

import random
import resource
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import httpx2
import pytest
from sqlalchemy import func, select

from linker.intake.child import REFUSALS, Inspector
from linker.intake.inspection import Rules, inspect_by
from linker.intake.steps import Intake
from linker.store import DeliveryRow, PartRow
from shared.clock import Clock
from shared.contract.deliveries import SCHEMAS
from shared.envelope import MAX_HEADER_BYTES
from shared.errors import MonitorError
from shared.hashing.delivering.sealing import to_parquet
from shared.round import TrustedRound
from tests.support.assurance import figure, recorded
from tests.support.bombs import Bomb, bombs
from tests.support.mutating import mutated_body, mutated_envelope
from tests.support.parties import (
    MiniRegion,
    as_sent,
    care_table,
    enrolment_table,
    objection_table,
    pseudonym,
    seal_letter,
)
from tests.support.serving import served_linker

SEED = 20261122
BODIES, ENVELOPES = figure(1_000, 20_000), figure(1_000, 10_000)
MOST_MEGABYTES = 512
SENDERS = {"care/1": "gm0197", "enrolment/1": "duo", "objection/1": "gm0197"}
_CHUNK = 100

ROWS = [{"pseudonym": pseudonym(number)} for number in range(40)]
TABLES = {
    "care/1": care_table(ROWS),
    "enrolment/1": enrolment_table(ROWS),
    "objection/1": objection_table(list(range(40))),
}
BODY = {schema: to_parquet(as_sent(table)) for schema, table in TABLES.items()}


# --- bombs -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def all_bombs() -> list[Bomb]:
    return list(bombs())


def test_forty_bombs_are_refused_by_a_service_that_lives_and_stays_small(
    region: MiniRegion, trusted: TrustedRound, all_bombs: list[Bomb]
) -> None:
    assert len({bomb.name for bomb in all_bombs}) == len(all_bombs) == 40
    found: dict[str, tuple[int, str]] = {}
    with (
        recorded("bombs", None) as tally,
        served_linker(region) as linker,
        httpx2.Client(base_url=linker.url, timeout=60, trust_env=False) as client,
    ):
        for bomb in all_bombs:
            sender, table = SENDERS[bomb.schema], TABLES[bomb.schema]
            rows = 0 if bomb.schema == "objection/1" else bomb.rows
            letter = seal_letter(
                region, trusted, sender, table, bomb.schema, body=bomb.body, rows=rows
            )
            answer = client.put(f"/envelopes/{letter.address}", content=letter.data)
            found[bomb.name] = (answer.status_code, answer.json().get("code", ""))
            tally.add(passed=answer.status_code in (400, 403))
        honest = seal_letter(region, trusted, "gm0197", TABLES["care/1"], "care/1")
        assert client.put(f"/envelopes/{honest.address}", content=honest.data).status_code == 201
        peak = linker.peak_megabytes()
    assert [name for name, (_, code) in found.items() if code not in REFUSALS] == []
    assert {status for status, _ in found.values()} <= {400, 403}
    assert "body-too-costly" in {code for _, code in found.values()}
    assert peak < MOST_MEGABYTES


# --- mutated and signed again ------------------------------------------------------------------


def rules_of(schema: str) -> Rules:
    stated = None if schema == "objection/1" else len(ROWS)
    return Rules(schema, stated, tuple(SCHEMAS[schema].arrow.names), 1_000, (24, 25), (197, 222))


def nth_body(number: int) -> tuple[str, bytes]:
    """The schema and the body of one case."""
    draw = random.Random(SEED + number)
    schema = draw.choice(sorted(BODY))
    return schema, mutated_body(BODY[schema], draw)


def _confine() -> None:
    size = MOST_MEGABYTES * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _judge(numbers: range) -> list[str]:
    """What the child's function makes of some cases; runs in a child that lives on."""
    codes = []
    for number in numbers:
        schema, body = nth_body(number)
        try:
            inspect_by(body, rules_of(schema))
            codes.append("")
        except MonitorError as error:
            codes.append(error.code)
    return codes


def _judge_apart(numbers: range) -> Iterator[str]:
    """The same for cases one of which ended a child: each in a child of its own."""
    inspector = Inspector()
    for number in numbers:
        schema, body = nth_body(number)
        try:
            inspector.inspect(body, rules_of(schema))
            yield ""
        except MonitorError as error:
            yield error.code
    inspector.close()


def judged(numbers: range) -> Counter[str]:
    """The codes of all cases, from a pool of children that is renewed where one dies."""
    chunks = [numbers[at : at + _CHUNK] for at in range(0, len(numbers), _CHUNK)]
    codes: Counter[str] = Counter()
    while chunks:
        broken: list[range] = []
        with ProcessPoolExecutor(2, get_context("spawn"), initializer=_confine) as pool:
            for chunk, future in [(chunk, pool.submit(_judge, chunk)) for chunk in chunks]:
                try:
                    codes.update(future.result())
                except BrokenProcessPool:
                    broken.append(chunk)
        if broken:  # the first that was running may be to blame, the rest go to a new pool
            codes.update(_judge_apart(broken[0]))
            if len(broken) > 1:
                codes.update(_judge_apart(broken[1]))
        chunks = broken[2:]
    return codes


def test_mutated_bodies_are_read_or_refused_with_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", "system")  # as the child of the service has
    with recorded("mutated and re-signed bodies", SEED) as tally:
        codes = judged(range(BODIES))
        for code, count in codes.items():
            for _ in range(count):
                tally.add(passed=code == "" or code in REFUSALS)
    assert set(codes) - {""} <= set(REFUSALS), f"seed {SEED}: {codes}"
    assert codes.total() == BODIES
    assert {"", "body-damaged", "body-not-parquet"} <= set(codes)


def test_mutated_bodies_leave_the_service_alive(region: MiniRegion, trusted: TrustedRound) -> None:
    statuses: Counter[int] = Counter()
    with region.linker_client() as client:
        for number in range(figure(25, 250)):
            schema, body = nth_body(number)
            sender, table = SENDERS[schema], TABLES[schema]
            letter = seal_letter(region, trusted, sender, table, schema, body=body, last=0)
            answer = client.put(f"/envelopes/{letter.address}", content=letter.data)
            statuses[answer.status_code] += 1
        assert client.get("/healthz").status_code == 200
    assert set(statuses) <= {201, 400, 403, 409}, f"seed {SEED}: {statuses}"
    assert statuses[400] > statuses[201]


# --- mutated envelopes and spliced headers -----------------------------------------------------


def test_no_mutated_envelope_is_accepted(region: MiniRegion, trusted: TrustedRound) -> None:
    letters = [
        seal_letter(region, trusted, party, TABLES[schema], schema, last=last, rows=rows)
        for party, schema in (("gm0197", "care/1"), ("gm0222", "care/1"), ("duo", "enrolment/1"))
        for last, rows in ((1, 40), (0, 40), (1, 41))
    ]
    clock: Clock = region.clock
    database = region.linker_database()
    intake = Intake(
        database, region.identities["koppelaar"], region.linker_keys,
        lambda: region.agreements, clock,
    )  # fmt: skip
    codes: Counter[str] = Counter()
    with recorded("mutated envelopes and spliced headers", SEED) as tally:
        for number in range(ENVELOPES):
            address, data = mutated_envelope(letters, random.Random(SEED + number))
            try:  # anything else than one of our own errors is a server error, and ends the test
                admitted = intake.admit(address, data[:MAX_HEADER_BYTES])
                intake.store(admitted, data[admitted.header.size :])
                codes["accepted"] += 1
            except MonitorError as error:
                codes["server error" if error.http_status >= 500 else error.code] += 1
            tally.add(passed=codes["accepted"] == 0)
    with database.reading() as session:
        rows = [
            session.scalar(select(func.count()).select_from(kind))
            for kind in (PartRow, DeliveryRow)
        ]
    database.close()
    assert (codes["accepted"], codes["server error"]) == (0, 0), f"seed {SEED}: {codes}"
    assert rows == [0, 0]
    assert {"header-invalid", "address-differs", "signature-invalid", "body-altered"} <= set(codes)
