"""A round of the tiny region, linked: enough children for something to be published."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient

from linker.linkage.database import EngineSettings
from linker.rounds.lifecycle import close_round
from linker.tallying.making import make_tally
from linker.tallying.outbox import pending
from publisher.intake.steps import Intake
from publisher.releasing.releases import Releases
from publisher.rounds.lifecycle import accept_round
from publisher.rounds.retention import Retention
from shared.contract.tally import Tally
from shared.envelope import read_header
from shared.round import TrustedRound
from shared.statement import Statement
from tests.support.parties import (
    PLACES,
    ROUND,
    MiniRegion,
    care_table,
    enrolment_table,
    pseudonym,
    seal_letter,
)

SCHOOLS = (b"99XA00", b"99XA01", b"99XB00", b"99XC00", b"99ZZ00")
CHILDREN = 600
EVERY_DELIVERY = frozenset({("duo", "enrolment/1"), ("gm0197", "care/1"), ("gm0222", "care/1")})
"""What the round expects; a test of a pilot or of an empty round closes without some of it."""
SETTINGS = EngineSettings(memory_limit_mb=512, threads=1)


@dataclass(frozen=True)
class Children:
    """Rows of a made-up region: enrolments of all, care per municipality."""

    enrolments: list[dict[str, Any]]
    care: dict[int, list[dict[str, Any]]]


def children(seed: int = 1, count: int = CHILDREN) -> Children:
    """``count`` children in two school years, every fourth or so with care."""
    draw = random.Random(seed)
    enrolments, care = [], {place: [] for place in PLACES}  # type: ignore[var-annotated]
    for number in range(count):
        place = draw.choice(PLACES)
        school = draw.choice(SCHOOLS)
        cared_for = draw.random() < 0.25
        for period in (24, 25):
            enrolments.append(
                {
                    "pseudonym": pseudonym(number),
                    "period": period,
                    "school": school,
                    "residence": place,
                }
            )
            if cared_for:
                form = draw.choice((1, 2, 2, 2, 3, 4, 11, 14))
                care[place].append({"pseudonym": pseudonym(number), "period": period, "form": form})
    return Children(enrolments, care)


def deliver(region: MiniRegion, client: TestClient, trusted: TrustedRound, of: Children) -> None:
    """Send the deliveries of every supplier."""
    letters = [seal_letter(region, trusted, "duo", enrolment_table(of.enrolments), "enrolment/1")]
    for place, rows in of.care.items():
        table = care_table(rows)
        letters.append(seal_letter(region, trusted, f"gm{place:04d}", table, "care/1"))
    for letter in letters:
        answer = client.put(f"/envelopes/{letter.address}", content=letter.data)
        assert answer.status_code == 201, answer.text


def linked(region: MiniRegion, trusted: TrustedRound, of: Children) -> tuple[Tally, bytes]:
    """Deliver, close and link; the tally and its sealed envelope."""
    with region.linker_client() as client:
        deliver(region, client, trusted, of)
    database = region.linker_database()
    close_round(database, ROUND, without=EVERY_DELIVERY)
    tally = make_tally(
        database, region.identities["koppelaar"], region.linker_keys, ROUND, SETTINGS
    )
    envelope = pending(database)[0].envelope
    database.close()
    assert envelope is not None
    return tally, envelope


def publisher_of(region: MiniRegion, accepted: Statement) -> Releases:
    """A publisher that accepted the round."""
    database = region.publisher_database()
    accept_round(
        Retention(database, region.publisher_keys, region.identities["publicist"]),
        region.files(statement=accepted),
        region.pinned_agreements,
        region.clock,
    )
    return Releases(database, region.identities["publicist"], region.publisher_keys)


def take(releases: Releases, envelope: bytes) -> bytes:
    """Take a tally in; its receipt."""
    header = read_header(envelope)
    intake = Intake(releases.database, releases.identity, releases.keys)
    admitted = intake.admit(header.sha256, envelope[: header.size])
    return intake.store(admitted, envelope[header.size :])
