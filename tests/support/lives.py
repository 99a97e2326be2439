"""The life of a round and its releases, in steps that can be taken again after a crash.

A step *prepares* what happens outside the services and then *acts*: that is what is killed. To
take a step again is what an operator or a supplier does who never saw it end: it looks how things
stand, as its command lines say, and asks once more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from unittest.mock import patch

import httpx2

from linker.intake.deliveries import decide_delivery
from linker.intake.plausibility import Bands
from linker.intake.steps import Intake as LinkerIntake
from linker.rounds import lifecycle as linker_rounds
from linker.rounds.reopening import ReopenReason, reopen_round
from linker.store import DeliveryState, RoundState
from linker.tallying.making import make_tally
from linker.tallying.outbox import send_pending
from publisher.intake.steps import Intake as PublisherIntake
from publisher.policies import ReleaseState
from publisher.releasing.approvals import STATEMENT_FILE, approve, read_package, write_package
from publisher.rounds import lifecycle as publisher_rounds
from shared.contract.periods import PeriodKind
from shared.envelope import read_header
from shared.hashing.custody.ceremony import Plan, make_round
from shared.service.retaining import save_missing
from shared.statement import Statement
from tests.support.parties import (
    NOW,
    ROUND,
    care_table,
    enrolment_table,
    objection_table,
    seal_letter,
    suppliers,
)
from tests.support.rounds import SETTINGS, Children, children
from tests.support.world import LINKER, PUBLISHER, InProcess, World

CHILDREN = 24
OBJECTORS = (3, 5)
SHORT = 3
"""One in so many rows stands in a replacement that is held because it is far smaller."""


def rows() -> Children:
    """The children of the life, as they are delivered first."""
    return children(seed=7, count=CHILDREN)


def short_care() -> list[dict[str, object]]:
    """The care of one municipality as it is replaced by far fewer rows."""
    return rows().care[197][::SHORT]


def better_care() -> list[dict[str, object]]:
    """The care of the other as it is corrected."""
    return [{**row, "form": 3} for row in rows().care[222]]


Act = Callable[[World], None]


def _nothing(_world: World) -> None:
    return


@dataclass(frozen=True)
class Step:
    """One step of the life.

    Attributes:
        day: on which it is taken, counted from the first.
        prepare: what happens outside the services before it.
        like: the earlier step that executes the same lines; empty for none.
    """

    name: str
    day: int
    act: Act
    prepare: Act = _nothing
    like: str = ""


def _offer_linker(world: World) -> None:
    offer = world.linker_retention.offers.make(ROUND, world.region.clock)
    world.keep(f"offer-{LINKER}.json", offer.to_bytes())


def _offer_publisher(world: World) -> None:
    offer = world.publisher_retention.offers.make(ROUND, world.region.clock)
    world.keep(f"offer-{PUBLISHER}.json", offer.to_bytes())


def _make_round(world: World) -> None:
    region = world.region
    plan = Plan(
        region="proef",
        closes_on=NOW.date() + timedelta(days=30),
        synthetic=True,
        period_kind=PeriodKind.SCHOOL_YEAR,
        first_years=(2024, 2025),
        suppliers=suppliers(),
    )
    offers = (world.statement(f"offer-{LINKER}.json"), world.statement(f"offer-{PUBLISHER}.json"))
    sha256, register = region.reference.sha256, region.register
    made = make_round(
        region.office, ROUND, plan, region.policy, register, sha256, offers, region.clock
    )
    world.keep("made.json", made.to_bytes())


def _accept_linker(world: World) -> None:
    region = world.region
    accepted = linker_rounds.accept_round(
        world.linker,
        region.identities[LINKER],
        region.linker_keys,
        region.files(statement=world.statement("made.json")),
        region.pinned_agreements,
        region.clock,
    )
    world.keep("accepted.json", accepted.to_bytes())


def _accept_publisher(world: World) -> None:
    region = world.region
    publisher_rounds.accept_round(
        world.publisher_retention,
        region.files(statement=world.statement("accepted.json")),
        region.pinned_agreements,
        region.clock,
    )


def _seal(
    world: World, name: str, party: str, schema: str, table: object, **changes: object
) -> None:
    letter = seal_letter(world.region, world.trusted, party, table, schema, **changes)  # type: ignore[arg-type]
    world.keep(f"letters/{name}.moj", letter.data)


def _seal_enrolments(world: World) -> None:
    """Two parts of one delivery."""
    enrolments = rows().enrolments
    half = len(enrolments) // 2
    first, second = enrolment_table(enrolments[:half]), enrolment_table(enrolments[half:])
    _seal(world, "duo-1", "duo", "enrolment/1", first, last=0)
    context = {"delivery": world.delivery("duo-1"), "part": 2}
    previous = read_header(world.letter("duo-1")).sha256
    _seal(world, "duo-2", "duo", "enrolment/1", second, previous=previous, **context)


def _seal_care(name: str, place: int, *, of: Callable[[], list[dict[str, object]]],
               replaces: str = "", last: int = 1) -> Act:  # fmt: skip
    def seal(world: World) -> None:
        supersedes = world.delivery(replaces) if replaces else ""
        table = care_table(of())
        party = f"gm{place:04d}"
        _seal(world, name, party, "care/1", table, supersedes=supersedes, last=last)

    return seal


def _seal_objections(world: World) -> None:
    _seal(world, "bezwaren-197", "gm0197", "objection/1", objection_table(list(OBJECTORS)))


def _seal_enrolments_again(world: World) -> None:
    table = enrolment_table(rows().enrolments)
    _seal(world, "duo-weer", "duo", "enrolment/1", table, supersedes=world.delivery("duo-1"))


def _put(name: str) -> Act:
    def put(world: World) -> None:
        region, envelope = world.region, world.letter(name)
        intake = LinkerIntake(
            world.linker,
            region.identities[LINKER],
            region.linker_keys,
            lambda: region.agreements,
            region.clock,
            Bands(one_code_percent=100),
            InProcess(),
        )
        header = read_header(envelope)
        admitted = intake.admit(header.sha256, envelope[: header.size])
        world.keep(f"receipts/{name}.json", intake.store(admitted, envelope[header.size :]))

    return put


def _decide(name: str, *, accept: bool) -> Act:
    undecided = {DeliveryState.HELD, DeliveryState.INCOMPLETE}

    def decide(world: World) -> None:
        if world.delivery_state(name) in undecided:
            decide_delivery(world.linker, world.delivery(name), accept=accept)

    return decide


def _close(world: World) -> None:
    if world.round_state() is RoundState.OPEN:
        linker_rounds.close_round(world.linker, ROUND)


def _link(world: World) -> None:
    if world.round_state() is RoundState.CLOSED:
        region = world.region
        make_tally(world.linker, region.identities[LINKER], region.linker_keys, ROUND, SETTINGS)


def _send(world: World) -> None:
    region = world.region
    with patch("linker.tallying.outbox.httpx2.put", partial(_receive, world)):
        send_pending(world.linker, "http://publicist.invalid", region.identities[PUBLISHER].card)


def _receive(world: World, url: str, *, content: bytes, **_: object) -> httpx2.Response:
    """What the publisher's service answers."""
    region = world.region
    intake = PublisherIntake(world.publisher, region.identities[PUBLISHER], region.publisher_keys)
    header = read_header(content)
    admitted = intake.admit(url.rpartition("/")[2], content[: header.size])
    receipt = intake.store(admitted, content[header.size :])
    return httpx2.Response(201, content=receipt)


def release_id(revision: int) -> str:
    return f"{ROUND}-v{revision}.0"


def _stage(revision: int) -> Act:
    def stage(world: World) -> None:
        if world.release_state(release_id(revision)) is None:
            world.releases.stage(ROUND)

    return stage


def _package(world: World, revision: int) -> Path:
    """The last package of a release that was written to its end, or the next one to write."""
    folders = (world.outside / f"package-{revision}-{number}" for number in range(100))
    return next(each for each in folders if (each / STATEMENT_FILE).exists() or not each.exists())


def _submit(revision: int) -> Act:
    def submit(world: World) -> None:
        release, summary = world.releases.submit(
            release_id(revision), PUBLISHER, world.region.agreements
        )
        folder = _package(world, revision)
        if not folder.exists():
            statement = Statement.from_bytes(release.statement)
            write_package(folder, statement, release.tables, summary)

    return submit


def _approve(revision: int, party: str) -> Act:
    def sign(world: World) -> None:
        region, name = world.region, f"approval-{revision}-{party}.json"
        if not (world.outside / name).exists():
            card = region.identities[PUBLISHER].card
            package = read_package(_package(world, revision), card, card.fingerprint)
            statement = approve(package, region.identities[party], world.now)
            world.keep(name, statement.to_bytes())
        world.releases.record_approval(
            world.statement(name), region.identities[party].card, region.pinned_agreements
        )

    return sign


def _publish(revision: int) -> Act:
    def publish(world: World) -> None:
        if world.release_state(release_id(revision)) is ReleaseState.APPROVED:
            world.releases.publish(release_id(revision), world.region.agreements)

    return publish


def _reopen(world: World) -> None:
    if world.round_state() is not RoundState.OPEN:
        until = (world.now + timedelta(days=5)).date()
        reopen_round(world.linker, ROUND, ReopenReason.CORRECTION, until)


def _withdraw(world: World) -> None:
    statement = world.releases.withdraw(release_id(2), "Er staat een fout in een toelichting.")
    world.keep("withdrawal-2.json", statement.to_bytes())


def _retain_linker(world: World) -> None:
    retention = world.linker_retention
    list(retention.retain(world.now, policy=world.region.policy.policy, clock_confirmed=True))
    save_missing(retention.statements(), _statements(world, LINKER))


def _retain_publisher(world: World) -> None:
    retention = world.publisher_retention
    list(retention.retain(world.now, policy=world.region.policy.policy, clock_confirmed=True))
    save_missing(retention.statements(), _statements(world, PUBLISHER))


def _statements(world: World, party: str) -> Path:
    folder = world.outside / f"destroyed-{party}"
    folder.mkdir(exist_ok=True)
    return folder


def _release_steps(revision: int, day: int) -> tuple[Step, ...]:
    # Staging and publishing again execute over a million lines: counted once is enough.
    stage, publish = ("", "") if revision == 1 else ("stage 1", "publish 1")
    return (
        Step(f"send {revision}", day, _send),
        Step(f"stage {revision}", day, _stage(revision), like=stage),
        Step(f"submit {revision}", day, _submit(revision)),
        Step(f"approve {revision} a", day, _approve(revision, "goedkeurder-a")),
        Step(f"approve {revision} b", day, _approve(revision, "goedkeurder-b")),
        Step(f"publish {revision}", day, _publish(revision), like=publish),
    )


def _care_of(place: int) -> list[dict[str, object]]:
    return rows().care[place]


_CARE_197 = _seal_care("zorg-197", 197, of=partial(_care_of, 197))
_CARE_197_SHORT = _seal_care("zorg-197-kort", 197, of=short_care, replaces="zorg-197")
_CARE_222 = _seal_care("zorg-222", 222, of=partial(_care_of, 222))
_CARE_222_BETTER = _seal_care("zorg-222-beter", 222, of=better_care, replaces="zorg-222")
_CARE_222_LOST = _seal_care("zorg-222-half", 222, of=better_care, replaces="zorg-222-beter", last=0)

LIFE = (
    Step("offer linker", 0, _offer_linker),
    Step("offer publisher", 0, _offer_publisher),
    Step("accept linker", 0, _accept_linker, _make_round),
    Step("accept publisher", 0, _accept_publisher),
    Step("put part 1", 1, _put("duo-1"), _seal_enrolments),
    Step("put part 2", 1, _put("duo-2")),
    Step("put care", 1, _put("zorg-197"), _CARE_197),
    Step("put held", 1, _put("zorg-197-kort"), _CARE_197_SHORT),
    Step("decide accept", 1, _decide("zorg-197-kort", accept=True)),
    Step("put other care", 1, _put("zorg-222"), _CARE_222),
    Step("supersede", 2, _put("zorg-222-beter"), _CARE_222_BETTER),
    Step("put half", 2, _put("zorg-222-half"), _CARE_222_LOST),
    Step("decide reject", 2, _decide("zorg-222-half", accept=False)),
    Step("object", 2, _put("bezwaren-197"), _seal_objections),
    Step("close 1", 3, _close),
    Step("link 1", 3, _link),
    *_release_steps(1, 3),
    Step("reopen", 5, _reopen),
    Step("supersede again", 6, _put("duo-weer"), _seal_enrolments_again),
    Step("close 2", 7, _close),
    Step("link 2", 7, _link),
    *_release_steps(2, 7),
    Step("withdraw", 9, _withdraw),
    Step("retain linker", 200, _retain_linker),
    Step("retain publisher", 800, _retain_publisher),
    Step("expire", 5000, _retain_publisher),
)
"""From the first offer to the last day of what readers see."""
