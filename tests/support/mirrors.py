"""A region of which one delivery is large enough for a match rate, and its mirrors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from fastapi.testclient import TestClient

from linker.linkage.feedback import Noise
from linker.rounds.lifecycle import close_round
from linker.tallying.making import make_tally
from shared.contract.tally import Tally
from shared.mirror import Mirror
from shared.round import TrustedRound
from shared.statement import Kind, Statement
from tests.support.parties import (
    ROUND,
    Letter,
    MiniRegion,
    care_table,
    enrolment_table,
    objection_table,
    pseudonym,
    seal_letter,
)
from tests.support.rounds import EVERY_DELIVERY, SETTINGS

PUPILS = 1_200
CLIENTS = range(200, 1_260)  # of Aalten: 1,060, of whom 1,000 are pupils
FEW = range(100, 200)  # of Doetinchem
OBJECTING = [150, 300, 1_250]  # a client of Doetinchem, one of Aalten, and one who is no pupil

Put = Callable[..., Letter]
"""Seals a table and sends it: care of Aalten, unless it is told otherwise."""


def no_noise() -> int:
    return 0


def putter(region: MiniRegion, trusted: TrustedRound, client: TestClient) -> Put:
    def put(table: pa.Table, schema: str = "care/1", party: str = "gm0197", **more: Any) -> Letter:
        letter = seal_letter(region, trusted, party, table, schema, **more)
        client.put(f"/envelopes/{letter.address}", content=letter.data)
        return letter

    return put


def care_of(numbers: range, **more: Any) -> pa.Table:
    return care_table([{"pseudonym": pseudonym(number), **more} for number in numbers])


def pupils() -> pa.Table:
    return enrolment_table([{"pseudonym": pseudonym(number)} for number in range(PUPILS)])


def looks_like_citizen_numbers() -> pa.Table:
    """Care whose provider codes nearly all pass the elfproef: held, until a person looked."""
    codes = (code for code in range(1_000_000, 1_100_000) if _passes(f"{code:09d}"))
    rows = [
        {"pseudonym": pseudonym(number), "provider": f"{next(codes):08d}".encode()}
        for number in range(400)
    ]
    return care_table(rows)


def _passes(number: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(w * int(digit) for w, digit in zip(weights, number, strict=True)) % 11 == 0


def deliver_all(put: Put) -> dict[str, Letter]:
    """A region with 1,200 pupils, a large and a small municipality, and objections."""
    return {
        "duo": put(pupils(), "enrolment/1", "duo"),
        "aalten": put(care_of(CLIENTS)),
        "doetinchem": put(care_of(FEW), party="gm0222"),
        "objections": put(objection_table(OBJECTING), "objection/1"),
    }


def read(region: MiniRegion, client: TestClient, letter: Letter) -> Mirror:
    answer = client.get(f"/envelopes/{letter.address}/mirror")
    assert answer.status_code == 200, answer.text
    statement = Statement.from_bytes(answer.content)
    statement.check_signed_by(region.identities["koppelaar"].card)
    mirror = statement.read(Kind.MIRROR, Mirror)
    assert (mirror.envelope, mirror.delivery) == (letter.address, letter.context.delivery)
    assert (mirror.supplier, mirror.as_of) == (letter.context.sender, region.clock())
    return mirror


def link_now(region: MiniRegion, noise: Noise = no_noise) -> Tally:
    database = region.linker_database()
    close_round(database, ROUND, without=EVERY_DELIVERY)
    koppelaar, keys = region.identities["koppelaar"], region.linker_keys
    tally = make_tally(database, koppelaar, keys, ROUND, SETTINGS, noise=noise)
    database.close()
    return tally
