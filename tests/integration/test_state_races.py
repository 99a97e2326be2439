"""Races of what people and services do at the same moment, on either kind of database.

After each race: exactly one of the outcomes that are allowed, nothing lost, and a ledger that
verifies with every receipt as its witness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from linker.intake.deliveries import decide_delivery
from linker.rounds.lifecycle import close_round
from linker.rounds.reopening import ReopenReason, reopen_round
from linker.store import DeliveryRow, DeliveryState, OutboxRow, PartRow, RoundRow, RoundState
from linker.tallying import making as tallying
from publisher.policies import ReleaseState
from publisher.releasing import releases as releases_module
from publisher.releasing.releases import Releases
from publisher.staging import stage as stage_tally
from publisher.store import ApprovalRow, ReleaseRow
from shared.ledger import Event
from shared.round import TrustedRound
from shared.state.database import Transaction
from tests.support.assurance import figure, recorded
from tests.support.parties import ROUND, MiniRegion
from tests.support.publishing import RELEASE, Publisher
from tests.support.races import Desk, Race, verified, where
from tests.support.rounds import EVERY_DELIVERY, SETTINGS, children, deliver

RACES = figure(50, 500)
FEWER = figure(25, 500)
"""Of the other races: as many on both databases together as of the others on each."""
SEED = 20261005


@pytest.fixture
def desk(region: MiniRegion, trusted: TrustedRound) -> Iterator[Desk]:
    desk = Desk(region, trusted, region.linker_database())
    yield desk
    desk.database.close()


@pytest.fixture
def race() -> Iterator[Race]:
    with Race(SEED) as race:
        yield race


def reopen(region: MiniRegion, desk: Desk) -> None:
    until = region.clock().date() + timedelta(days=10)
    reopen_round(desk.database, ROUND, ReopenReason.ERROR, until)


def delivery_state(desk: Desk, delivery: str) -> DeliveryState | None:
    with desk.database.reading() as session:
        row = session.get(DeliveryRow, delivery)
        return row.state if row else None


def test_a_round_is_closed_while_a_delivery_arrives(
    region: MiniRegion, desk: Desk, race: Race
) -> None:
    refused = 0
    with recorded("races: close and deliver", SEED) as tally:
        for _ in range(RACES):
            letter = desk.seal()
            before = desk.current()
            stored, closed = race.run(
                desk.storing(letter),
                lambda: close_round(desk.database, ROUND, without=EVERY_DELIVERY),
            )
            desk.keep(stored)
            assert closed.is_done, f"{race}: {closed.code}"
            assert stored.code in ("", "round-not-open"), f"{race}: {stored.code}"
            refused += not stored.is_done
            assert desk.current() == (letter.context.delivery if stored.is_done else before), race
            reopen(region, desk)
            tally.add(passed=True)
    assert desk.refusals() == ({"round-not-open": refused} if refused else {})
    chain, is_open = desk.check_ledger(), True
    assert len(list(where(chain, Event.PART_STORED))) == len(desk.receipts) == RACES - refused
    for entry in chain:
        if entry.event in (Event.ROUND_CLOSED, Event.ROUND_REOPENED):
            is_open = entry.event is Event.ROUND_REOPENED
        elif entry.event in (Event.PART_STORED, Event.DELIVERY_CURRENT):
            assert is_open, f"entry {entry.seq}: stored in a closed round"


def once(work: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, that does its work the first time only."""
    known: list[Any] = []
    turn = Lock()

    def answer(*given: Any, **named: Any) -> Any:
        with turn:
            if not known:
                known.append(work(*given, **named))
        return known[0]

    return answer


def test_a_round_is_linked_twice_at_once(
    region: MiniRegion, trusted: TrustedRound, desk: Desk, race: Race,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with region.linker_client() as client:
        deliver(region, client, trusted, children(count=24))
    with desk.database.reading() as session:
        held = session.scalars(
            select(DeliveryRow.delivery_id).where(DeliveryRow.state == DeliveryState.HELD)
        ).all()
    for delivery in held:  # so few children are not like a region
        decide_delivery(desk.database, delivery, accept=True)
    # What is opened and how it is linked is the same each time, and no part of the race.
    for name in ("open_deliveries", "link"):
        monkeypatch.setattr(tallying, name, once(getattr(tallying, name)))

    def make() -> int:
        keys, linker = region.linker_keys, region.identities["koppelaar"]
        made = tallying.make_tally(desk.database, linker, keys, ROUND, SETTINGS)
        return made.header.revision

    with recorded("races: link and link", SEED) as tally:
        for revision in range(1, RACES + 1):
            close_round(desk.database, ROUND, without=EVERY_DELIVERY)
            both = race.run(make, make)
            assert sorted(each.code for each in both) == ["", "round-state"], race
            assert [each.result for each in both if each.is_done] == [revision], race
            with desk.database.reading() as session:
                row = session.get_one(RoundRow, ROUND)
                queued = session.scalars(
                    select(OutboxRow.revision).where(OutboxRow.envelope.is_not(None))
                ).all()
            assert (row.state, row.revision, queued) == (RoundState.LINKED, revision, [revision])
            reopen(region, desk)
            tally.add(passed=True)
    chain = desk.check_ledger()
    for revision in range(1, RACES + 1):
        assert len(list(where(chain, Event.ROUND_LINKED, revision=revision))) == 1
    assert len(list(where(chain, Event.TALLY_QUEUED))) == RACES


def test_the_same_envelope_comes_twice_at_once(desk: Desk, race: Race) -> None:
    with recorded("races: the same envelope twice", SEED) as tally:
        for _ in range(FEWER):
            letter = desk.seal()
            one, two = race.run(desk.storing(letter), desk.storing(letter))
            assert (one.code, two.code) == ("", ""), race
            assert one.result == two.result, f"{race}: two receipts"
            assert desk.current() == letter.context.delivery, race
            desk.keep(one)
            tally.add(passed=True)
    chain = desk.check_ledger()
    assert len(list(where(chain, Event.PART_STORED))) == FEWER
    assert len(list(where(chain, Event.DELIVERY_CURRENT))) == FEWER
    assert desk.refusals() == {}


def test_two_envelopes_come_as_the_same_part_at_once(desk: Desk, race: Race) -> None:
    with recorded("races: two parts at once", SEED) as tally:
        for _ in range(FEWER):
            first = desk.seal(last=0)
            desk.store(first)
            rest = {
                "delivery": first.context.delivery,
                "supersedes": first.context.supersedes,
                "part": 2,
                "previous": first.address,
            }
            letters = [desk.seal(**rest), desk.seal(**rest)]
            both = race.run(*(desk.storing(letter) for letter in letters))
            assert sorted(each.code for each in both) == ["", "part-out-of-order"], race
            with desk.database.reading() as session:
                stored = [session.get(PartRow, letter.address) for letter in letters]
            assert [part is not None for part in stored] == [each.is_done for each in both], race
            assert desk.current() == first.context.delivery, race
            for each in both:
                desk.keep(each)
            tally.add(passed=True)
    chain = desk.check_ledger()
    assert len(list(where(chain, Event.PART_STORED))) == 2 * FEWER
    assert desk.refusals() == {"part-out-of-order": FEWER}


def test_a_held_delivery_is_accepted_while_another_takes_its_place(desk: Desk, race: Race) -> None:
    lost = 0
    with recorded("races: decide and supersede", SEED) as tally:
        for _ in range(FEWER):
            held, other = desk.seal(), desk.seal()
            desk.store(held, held_for="providers-like-citizen-numbers")
            decide = partial(decide_delivery, desk.database, held.context.delivery, accept=True)
            decided, stored = race.run(decide, desk.storing(other))
            desk.keep(stored)
            codes = sorted((decided.code, stored.code))
            assert codes == ["", "supersedes-not-current"], f"{race}: {codes}"
            winner = held if decided.is_done else other
            assert desk.current() == winner.context.delivery, race
            if stored.is_done:
                assert delivery_state(desk, held.context.delivery) is DeliveryState.HELD, race
                decide_delivery(desk.database, held.context.delivery, accept=False)
            else:
                assert delivery_state(desk, other.context.delivery) is None, race
                lost += 1
            tally.add(passed=True)
    chain = desk.check_ledger()
    assert len(list(where(chain, Event.DELIVERY_CURRENT))) == FEWER
    assert len(list(where(chain, Event.DELIVERY_SUPERSEDED))) == FEWER - 1
    assert desk.refusals() == ({"supersedes-not-current": lost} if lost else {})


def test_a_round_is_staged_twice_at_once(
    publisher: Publisher, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both were named before either was kept; one is kept, whole."""
    monkeypatch.setattr(releases_module, "stage", once(stage_tally))
    stage = partial(publisher.releases.stage, ROUND)
    both = race.run(stage, stage)
    assert sorted(each.code for each in both) == ["", "release-known"], race
    card = publisher.region.identities["publicist"].card
    assert len(list(where(verified(publisher.releases.database, card), Event.RELEASE_STAGED))) == 1


class Quick(Releases):
    """Leaves the certificates unread, which take long and change nothing."""

    def verify(self, release_id: str) -> int:
        return 0


def again(releases: Releases, state: ReleaseState) -> None:
    """The release as it was before the race."""

    def reset(tx: Transaction) -> None:
        tx.session.execute(
            update(ReleaseRow).values(state=state, withdrawal=None, reason="", published_at=None)
        )
        if state is ReleaseState.SUBMITTED:
            tx.session.execute(delete(ApprovalRow))

    releases.database.run(reset)


@pytest.fixture
def staged(publisher: Publisher, tmp_path: Path) -> tuple[Publisher, Path]:
    """A release that was submitted, and its package."""
    publisher.releases.stage(ROUND)
    return publisher, publisher.submit(tmp_path / "pakket")


def withdrawals(publisher: Publisher, event: Event) -> tuple[int, int]:
    """How often a release was withdrawn, and how often that happened which it raced with."""
    card = publisher.region.identities["publicist"].card
    chain = verified(publisher.releases.database, card)
    return tuple(len(list(where(chain, each))) for each in (Event.RELEASE_WITHDRAWN, event))  # type: ignore[return-value]


def test_a_release_is_withdrawn_while_it_is_approved(
    staged: tuple[Publisher, Path], race: Race
) -> None:
    publisher, folder = staged
    releases, count = publisher.releases, 0
    one, two = (publisher.sign(f"goedkeurder-{letter}", folder) for letter in "ab")
    with recorded("races: approve and withdraw", SEED) as tally:
        for _ in range(RACES):
            again(releases, ReleaseState.SUBMITTED)
            publisher.record(one, "goedkeurder-a")
            approved, withdrawn = race.run(
                lambda: publisher.record(two, "goedkeurder-b"),
                lambda: releases.withdraw(RELEASE, "proef"),
            )
            assert withdrawn.is_done, f"{race}: {withdrawn.code}"
            assert approved.code in ("", "release-state"), f"{race}: {approved.code}"
            assert publisher.state() is ReleaseState.WITHDRAWN, race
            with releases.database.reading() as session:
                second = session.get(ApprovalRow, (RELEASE, "goedkeurder-b"))
            assert (second is not None) == approved.is_done, race
            count += approved.is_done
            tally.add(passed=True)
    assert withdrawals(publisher, Event.RELEASE_APPROVED) == (RACES, count)


def test_a_release_is_withdrawn_while_it_is_published(
    staged: tuple[Publisher, Path], race: Race
) -> None:
    publisher, folder = staged
    releases, count = publisher.releases, 0
    quick = Quick(releases.database, releases.identity, releases.keys)
    for party in ("goedkeurder-a", "goedkeurder-b"):
        publisher.record(publisher.sign(party, folder), party)
    with recorded("races: publish and withdraw", SEED) as tally:
        for _ in range(FEWER):
            again(releases, ReleaseState.APPROVED)
            published, withdrawn = race.run(
                lambda: quick.publish(RELEASE, publisher.region.agreements),
                lambda: releases.withdraw(RELEASE, "proef"),
            )
            assert withdrawn.is_done, f"{race}: {withdrawn.code}"
            assert published.code in ("", "release-state"), f"{race}: {published.code}"
            with releases.database.reading() as session:
                row = session.get_one(ReleaseRow, RELEASE)
            assert row.state is ReleaseState.WITHDRAWN, race
            assert (row.published_at is not None) == published.is_done, race
            count += published.is_done
            tally.add(passed=True)
    assert withdrawals(publisher, Event.RELEASE_PUBLISHED) == (FEWER, count)
